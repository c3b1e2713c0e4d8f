"""The seasons that a panel shows, by one rule for `check`, `train` and `compare`: strong, weak, none or not to tell."""

from collections.abc import Sequence

import numpy as np

from forecast.data.checks.cycles import without_cycles
from forecast.data.checks.outliers import outliers
from forecast.data.checks.season_evidence import MOST_SEASONS, SeasonEvidence, season_evidence
from forecast.data.panel import FloatArray, IntArray, Panel, even_choice
from forecast.specs import Season
from forecast.wording import counted, percent

MOST_STEPS = 3_000_000  # of all series together, or of the one
MOST_SERIES = 100  # measured by benchmarks/tuning/season_rule.py
LEAST_CYCLES, TELLING_CYCLES = 2, 4  # measured by benchmarks/tuning/season_rule.py
"""Of fewer nothing can be said; and of fewer than so many never that there is no season."""
LEVEL = 0.01  # measured by benchmarks/tuning/season_rule.py
"""Chance by which what has no season may be said to have one."""
SEEN = 0.1  # measured by benchmarks/tuning/season_rule.py
"""Share of the series that have a season, from which on the panel has it."""
STRONG = 0.6  # measured by benchmarks/tuning/season_rule.py
"""Share of the movement that a strong season explains."""
NOTHING = 0.2  # measured by benchmarks/tuning/season_rule.py
"""A season that explains less than this for sure is none."""
KEYS = ("strength", "low", "high")
"""What is told of a season as the median over the series that have it."""


def season_line(seasons: Sequence[Season]) -> str:
    """Returns what is said of seasons, such as ``7 steps (none), 365 steps (strong, 95 % …, likely 89 to 98)``.

    One that the data is too short to tell is left out where something can be said of another.
    """
    told = [season for season in seasons if season.verdict != "too short to tell"]
    return ", ".join(map(_words, told or seasons)) or "none"


def _words(season: Season) -> str:
    steps = counted(season.steps, "step")
    if not season.is_seen:
        return f"{steps} ({season.verdict})"
    low, strength, high = (round(100 * share) for share in (season.low, season.strength, season.high))
    whose = f" in {percent(season.share)} of the series" if season.share < 1 else ""
    likely = f", likely {low} to {high}" if (low, high) != (strength, strength) else ""
    return f"{steps} ({season.verdict}, {strength} % of the movement{whose}{likely})"


def seasons_of(panel: Panel, seasons: tuple[int, ...] | None = None) -> tuple[Season, ...]:
    """Returns what the panel says of each season, shortest first.

    Args:
        panel: all the data. A season that half of the series are too short to show twice is too short to tell.
        seasons: in steps, ascending; None for those that the frequency may have.
    """
    chosen = examined(panel)
    chosen = chosen[:: max(1, chosen.size // MOST_SERIES)]
    seasons = panel.frequency.seasons if seasons is None else seasons
    whole: dict[int, FloatArray] = {}
    reach = min(MOST_STEPS, (MOST_SEASONS + 1) * max(seasons, default=0))
    found: list[Season] = []
    for season in seasons:
        long = [int(i) for i in chosen if panel.lengths[i] >= LEAST_CYCLES * season]
        if 2 * len(long) < chosen.size:
            found.append(Season(season, 0.0, 0.0, "too short to tell", 0.0, 1.0))
            continue
        for i in long:
            if i not in whole:
                whole[i] = _without_outliers(panel.series(i)[-reach:], seasons)
        shorter = [one.steps for one in found]  # a day comes again with every week
        evidence = season_evidence([without_cycles(whole[i], shorter) for i in long], season)
        found.append(judged(season, float(np.median(panel.lengths[long])) / season, evidence))
    return tuple(found)


def examined(panel: Panel, most_series: int = 5_000) -> IntArray:
    """Returns the series that are looked at step by step: all, or of very many an even choice."""
    most = min(len(panel), most_series, max(1, MOST_STEPS * len(panel) // panel.values.size))
    return even_choice(len(panel), most)


def judged(season: int, cycles: float, evidence: Sequence[SeasonEvidence]) -> Season:
    """Returns what several series, which typically hold so many cycles, say of a season together."""
    having = [each for each in evidence if each.p_value <= LEVEL]
    share = len(having) / len(evidence)
    if share >= SEEN and _beyond_chance(evidence):
        strength, low, high = (float(np.median([getattr(one, key) for one in having])) for key in KEYS)
        return Season(season, strength, share, "strong" if strength >= STRONG else "weak", low, high)
    high = float(np.median([each.high for each in evidence]))
    is_told = cycles >= TELLING_CYCLES and high < NOTHING
    return Season(season, 0.0, share, "none" if is_told else "too short to tell", 0.0, high)


def _beyond_chance(evidence: Sequence[SeasonEvidence]) -> bool:
    """Tells whether some series have a season, though many were asked (R. Simes 1986, an improved Bonferroni)."""
    ordered = np.sort([each.p_value for each in evidence])
    return bool((ordered <= LEVEL * np.arange(1, len(ordered) + 1) / len(ordered)).any())


def _without_outliers(values: FloatArray, seasons: Sequence[int]) -> FloatArray:
    """Returns the series with straight lines where nothing was observed and where an outlier was, (N,)."""
    known = np.setdiff1d(np.flatnonzero(~np.isnan(values)), outliers(values, seasons))
    if not known.size:
        return np.zeros(values.size)
    return np.interp(np.arange(values.size), known, values[known])
