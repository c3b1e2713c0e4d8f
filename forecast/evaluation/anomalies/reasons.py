"""Why an episode is told, in a person's words: ``214 sold, 95 to 130 expected, a Monday without promo``."""

import numpy as np

from forecast.data.future.extrapolation import Flags, yes_no_columns
from forecast.data.panel import Panel
from forecast.evaluation.anomalies.episodes import Episode
from forecast.wording import DAYS, about, counted

CLEARLY = 1.3
"""Times as far as usual, from which on the number says something."""
HOURLY = ("minute", "hour")
DAILY = ("day", "business-day")


def reason_of(episode: Episode, panel: Panel, flags: Flags | None = None) -> str:
    """Returns the reason of one episode.

    Args:
        episode: of the panel.
        panel: with the known columns where there are any.
        flags: its yes/no columns; None to look for them.
    """
    steps = counted(episode.end - episode.onset + 1, "step")
    if episode.kind == "level shift":
        before = "more" if episode.size > 0 else "less"
        late = "; too new to say whether it stays" if episode.is_new else ""
        return f"{about(abs(episode.size))} {before} from here on than before{late}{_with_others(episode)}"
    span = "around it" if episode.onset == episode.end else f"for {steps}"
    if episode.kind == "shape":
        return f"{span}, the series runs unlike anywhere else"
    if episode.kind == "variance" and (episode.size < CLEARLY or episode.onset == episode.end):
        return f"{span}, values vary more than usual"
    if episode.kind == "variance":
        return f"{span}, values are {about(episode.size, 2)} times as far from what was expected as usual"
    late = "; too new to say whether it stays" if episode.is_new else ""
    where = _when(episode, panel) + _with_flags(episode, panel, yes_no_columns(panel) if flags is None else flags)
    length = f", the worst of {steps}" if episode.end > episode.onset else ""
    name = panel.target
    return (
        f"{name} {about(episode.value)}, {about(episode.lower)} to {about(episode.upper)} expected"
        f"{', a ' + where if where else ''}{length}{late}{_with_others(episode)}"
    )


def _with_others(episode: Episode) -> str:
    """Returns how many series were off with this one, which then stands for all of them."""
    if not episode.others:
        return ""
    way = "higher" if episode.size > 0 else "lower"
    return f"; told once for {episode.alike:,} of {counted(episode.others, 'series')} that are {way} than expected"


def _when(episode: Episode, panel: Panel) -> str:
    stamp = _stamp(episode, panel)
    unit = panel.frequency.unit
    day = DAYS[int((stamp.astype("datetime64[D]").astype(int) + 3) % 7)]
    if unit in DAILY:
        return day
    return f"{day} at {str(stamp)[11:16]}" if unit in HOURLY else ""


def _stamp(episode: Episode, panel: Panel) -> np.datetime64:
    ordinal = panel.first[episode.series] + episode.peak - panel.offsets[episode.series]
    return np.datetime64(panel.frequency.timestamps(np.array([ordinal]))[0], "s")


def _with_flags(episode: Episode, panel: Panel, flags: Flags) -> str:
    """Returns which yes/no columns were on, or that the first was off: `` with promo``."""
    if not flags or panel.covariates is None:
        return ""
    history = panel.covariates.known_on(panel.offsets, panel.first)[episode.peak]
    names = [column.name for column in panel.covariates.of("known")]
    on = [name for name, pair in flags.items() if history[names.index(name)] == max(pair)]
    return f" with {' and '.join(on[:2])}" if on else f" without {' or '.join(list(flags)[:2])}"
