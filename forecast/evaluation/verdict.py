"""The verdict: who won, by how much, and whether that is more than luck, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from forecast.data.frequency import Frequency
from forecast.evaluation.significance import Standing, chance_words, gap_words, standing
from forecast.metric_records import METRICS
from forecast.specs import Metric
from forecast.wording import about, counted, gap_percent, joined, percent, rare_percent, score_text

REFERENCE = "seasonal-naive"
NAIVE = {"naive": "the last value repeated", REFERENCE: "the seasonal naive", "drift": "the straight line drawn on"}
ALL, MANIFOLD = 0.995, 1.995
"""From this share on, nearly all; from this ratio on, so many times."""
AS_IN_TABLE = 4
"""Digits of an error that stands alone; two that are compared have one more."""
AS_REMEMBERED = 2
"""Digits of an error that a person remembers."""
ALIKE = 0.005
"""Errors that differ by less than this share are as large as each other to a person."""
NEARLY = 0.02
"""A season is a year, a week or a day where it is no further from one than this share."""
CYCLES = {365.25: "last year", 30.4375: "last month", 7.0: "last week", 1.0: "the day before"}
"""Days that pass before something comes round again, as a person calls it."""
WORTH = 0.01
"""A gain on the best naive forecast smaller than this share is not called one."""


class ScoredRow(Protocol):
    """What the verdict reads of a row of the leaderboard."""

    @property
    def model(self) -> str:
        """Its name."""

    @property
    def rmse(self) -> float:
        """In the target's unit."""

    @property
    def rmse_std(self) -> float:
        """Over seeds."""

    @property
    def skill(self) -> float | None:
        """1 − rmse / rmse of seasonal naive."""

    @property
    def p_best(self) -> float | None:
        """That the difference to the best row is chance."""

    @property
    def same(self) -> str:
        """The baseline that forecasts the same and has no row of its own."""

    def error(self, metric: str) -> float:
        """By a metric of the list."""


class MeasuredRow(ScoredRow, Protocol):
    """What the plain verdict reads beside that."""

    @property
    def mae(self) -> float:
        """In the target's unit."""


@dataclass(frozen=True)
class ForecastTerms:
    """What a person calls the forecast.

    Attributes:
        target: the user's name of the column.
        frequency: of the steps.
        season: in steps, that the seasonal naive repeats.
        series: how many.
    """

    target: str
    frequency: Frequency
    season: int
    series: int


def plain_verdict(rows: Sequence[MeasuredRow], model: str, told: ForecastTerms) -> str:
    """Returns how far off the forecasts of a model are, as whoever orders by them would say it, in one sentence.

    On average over all scored points, beside the simplest rule that errs least: "Forecasts of passengers by lstm are
    off by about 22 a month (5 %), 36 % less than repeating last year."
    """
    row = next(row for row in rows if model in {row.model, row.same})
    often = _often(told.frequency) + (" in each series" if told.series > 1 else "")
    share = row.error("wape")
    size = f" ({rare_percent(share)})" if 0 < share < 1 else ""
    sentence = f"Forecasts of {told.target} by {model} are off by about {about(row.mae, AS_REMEMBERED)} {often}{size}"
    simple = simplest(rows)
    if simple is None or row.model in NAIVE:
        return f"{sentence}."
    return f"{sentence}, {_beside(row.mae, simple.mae)} {_rule(simple.model, told)}."


class _WithError(Protocol):
    """What is read of a row to tell which rule errs least."""

    @property
    def model(self) -> str:
        """Its name."""

    @property
    def mae(self) -> float | None:
        """In the target's unit; None where that is not known."""


_Row = TypeVar("_Row", bound=_WithError)


def simplest(rows: Sequence[_Row]) -> _Row | None:
    """Returns the naive forecast that errs least on average; None where there is none."""
    own = [(each.mae, each) for each in rows if each.model in NAIVE and each.mae is not None]
    return min(own, key=lambda pair: pair[0])[1] if own else None


def _beside(own: float, other: float) -> str:
    if abs(own - other) <= ALIKE * other:
        return "as much as"
    if own < other:
        return f"{gap_percent(1 - own / other)} less than"
    ratio = own / other if other else np.inf
    if not np.isfinite(ratio):
        return "where there is no error in"
    return (
        f"{gap_percent(ratio - 1)} more than" if ratio < MANIFOLD else f"{about(ratio, AS_REMEMBERED)} times as much as"
    )


def _rule(model: str, told: ForecastTerms) -> str:
    """Returns what a naive forecast does: ``repeating last year``."""
    if model == "drift":
        return "drawing a straight line on"
    if model != REFERENCE or told.season <= 1:
        return "repeating the last value"
    if told.frequency.unit == "business-day" and told.season == 5:
        return "repeating last week"
    days = told.season * told.frequency.days
    names = [name for cycle, name in CYCLES.items() if abs(days / cycle - 1) <= NEARLY]
    if told.frequency.unit == "row" or not names:
        return f"repeating the last {counted(told.season, 'row' if told.frequency.unit == 'row' else 'step')}"
    return f"repeating {names[0]}"


def _often(frequency: Frequency) -> str:
    """Returns ``a month`` or ``an hour``, or where a step is several, ``in 15 minutes``."""
    if frequency.every > 1:
        return f"in {counted(frequency.every, frequency.unit)}"
    unit = "day" if frequency.unit == "business-day" else frequency.unit
    return f"{'an' if unit == 'hour' else 'a'} {unit}"


def tied(rows: Sequence[ScoredRow]) -> tuple[str, ...]:
    """Returns the models that can't be told apart from the best one, itself first; none where it stands alone."""
    others = tuple(row.model for row in rows[1:] if _stands(rows[0], row) == "tie")
    return (rows[0].model, *others) if others else ()


def verdict(rows: Sequence[ScoredRow], networks: Sequence[str], origins: int = 1) -> str:
    """Returns the verdict on rows that stand best first; a gap is always a share of the larger RMSE.

    Args:
        rows: of the leaderboard.
        networks: the models that are to beat the naive forecasts.
        origins: how many independent origins the scores stand on.
    """
    nets = [row for row in rows if row.model in networks]
    naive = next((row for row in rows if row.model in NAIVE), None)
    if nets and naive and nets[0].rmse > (1 - WORTH) * naive.rmse:
        return _nothing_gained(rows[0], nets[0], naive)
    if len(rows) == 1:
        return f"{rows[0].model} has RMSE {score_text(rows[0].rmse, AS_IN_TABLE)}; there is nothing to compare it with."
    best, second = rows[0], rows[1]
    sentence = f"{best.model} has the lowest RMSE, {score_text(best.rmse, AS_IN_TABLE)}"
    reference = next((row for row in rows if REFERENCE in {row.model, row.same}), None)
    if reference and reference not in {best, second}:
        sentence += f", {_below(best, reference)} {_title(reference)}"
    ties = [row for row in rows[1:] if _stands(best, row) == "tie"]
    if len(ties) > 1:
        names = joined([row.model for row in ties])
        ps = [row.p_best for row in ties if row.p_best is not None]
        basis = f" (p ≥ {min(ps):.2f}, {_many(origins)})" if ps else ""
        return f"{sentence}. {names} can't be told apart from it{basis}: a tie."
    return f"{sentence}. It is {_below(best, second)} {_title(second)}{_weight(best, second, origins)}."


def saved_words(
    rows: Sequence[ScoredRow],
    chosen: str,
    metric: Metric,
    others: Sequence[str] = (),
    heaviest: tuple[str, float] | None = None,
) -> str:
    """Returns what is to be known of a model that is saved though a baseline did better; empty where none did.

    Args:
        rows: of the leaderboard, best first.
        chosen: the model that is saved.
        metric: by which it was chosen, as rows name it.
        others: models that it was chosen from.
        heaviest: of several series, the one that has most of the chosen model's squared error, and its share.
    """
    row = next(row for row in rows if chosen in {row.model, row.same})
    naive = min((each for each in rows if each.model in NAIVE), key=lambda each: each.rmse, default=row)
    if chosen in NAIVE or naive.rmse >= row.rmse:
        return ""
    ratio = row.rmse / naive.rmse if naive.rmse else np.inf
    above = f"{100 * (ratio - 1):.2g} % above" if ratio < MANIFOLD else f"{score_text(round(ratio, 1))} times"
    above = "above" if np.isinf(ratio) else above  # that one has no error at all
    sentence = f"{chosen}, which is saved, has an RMSE {above} that of {NAIVE[naive.model]} on the folds"
    own, other, record = row.error(metric), naive.error(metric), METRICS[metric]
    if heaviest and record.weighs and own < other:
        share = "nearly all" if heaviest[1] > ALL else percent(heaviest[1])
        sentence += f"; it was chosen by {record.label}, {record.weighs}: {score_text(own)} against {score_text(other)}"
        sentence += f". Of its squared error, {share} is that of {heaviest[0]}"
    ways = [f"--model {naive.model} saves that one"]
    best = next((each for each in rows if each.model in others), row)
    if best.rmse < (1 - 2 * WORTH) * row.rmse and metric != "rmse":
        ways.append(f"--metric rmse would choose {best.model}")
    return f"{sentence}; {', '.join(ways)}."


def _title(row: ScoredRow) -> str:
    """Returns a row's name within a sentence; of the baseline in words."""
    return "seasonal naive" if row.model == REFERENCE else row.model


def _below(best: ScoredRow, other: ScoredRow) -> str:
    """Returns by how much the best RMSE is below another one."""
    return gap_words(best.rmse, other.rmse)


def _stands(best: ScoredRow, row: ScoredRow) -> Standing:
    return standing(best.rmse, row.rmse, max(best.rmse_std, row.rmse_std), row.p_best)


def _many(origins: int) -> str:
    return counted(origins, "independent origin")


def _nothing_gained(best: ScoredRow, net: ScoredRow, naive: ScoredRow) -> str:
    """Returns the verdict where no network beats the best naive forecast by as much as is worth a word."""
    figures = f"{score_text(net.rmse)} against {score_text(naive.rmse)}"
    if net.rmse >= naive.rmse:
        sentence = f"No network beats {NAIVE[naive.model]} here: the best, {net.model}, has RMSE {figures}."
    else:
        sentence = f"Nothing is gained on {NAIVE[naive.model]} here: {net.model} has RMSE {figures}."
    if best.model not in {net.model, naive.model} and best.rmse < (1 - WORTH) * naive.rmse:
        sentence += f" {best.model} leads with {score_text(best.rmse)}."
    return sentence


def _weight(best: ScoredRow, second: ScoredRow, origins: int) -> str:
    """Returns what a gap is worth: against the spread between seeds, and against chance."""
    gap, spread, p = second.rmse - best.rmse, max(best.rmse_std, second.rmse_std), second.p_best
    side = "more" if gap > spread else "less"
    words = f", which is {side} than the spread between seeds (±{score_text(spread, AS_REMEMBERED)})" if spread else ""
    stands = _stands(best, second)
    basis = "" if p is None else f" ({chance_words(p)}, {_many(origins)})"
    if stands == "tie":
        return words + (f": a tie{basis}" if basis else ": call it a tie")
    return (
        words
        + {
            "untold": "; too few points to say if that is chance",
            "unproven": f", but that may be chance{basis}",
            "behind": f", and not chance{basis}",
        }[stands]
    )
