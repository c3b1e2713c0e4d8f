"""What changed, in sentences as a planner says it.

sales, December 2026: 4.1 % less than was said on 2026-11-01 (9,880 instead of 10,300): −5.0 % from the data since,
+0.9 % from new weights (v4 instead of v3).
From 2026-11-02 to 2026-11-30 came 9,100 where 9,600 was expected, 5.2 % less.
"""

from dataclasses import dataclass

import numpy as np

from forecast.data.frequency import is_row, readable
from forecast.data.panel import FloatArray
from forecast.errors import UsageError
from forecast.evaluation.fold_forecasts import Manner
from forecast.experiment.changes.choice import moment_text
from forecast.experiment.changes.comparison import ForecastComparison, period_edges
from forecast.experiment.changes.difference import PARTS
from forecast.wording import MONTHS, about, counted, gap_percent, joined, listed, percent

ROUNDING = 1e-9
"""Share of what is forecast below which a difference is one of rounding."""
WORTH = 0.0005
"""Share of what is forecast from which on a part is worth a word: half of the last digit that is told."""
MANY = 10.0
"""From so many times as much on, a share says nothing."""


@dataclass(frozen=True)
class TotalChange:
    """What two forecasts come to over all that both speak of, and what the difference comes from.

    Attributes:
        before: added up or on average, by ``manner``; of prices the mean at the last step.
        after: likewise.
        parts: by name; None where they can't be told apart. They add up to ``after`` less ``before``.
        when: the steps, such as ``December 2026``.
        series: how many are in it.
        steps: of all of them.
    """

    before: float
    after: float
    parts: dict[str, float] | None
    manner: Manner
    when: str
    series: int
    steps: int

    @property
    def difference(self) -> float:
        """By how much more is forecast later."""
        return self.after - self.before

    @property
    def share(self) -> float | None:
        """The difference as a share of what was forecast before; None where that is 0."""
        return share_of(self.difference, self.before)


def share_of(difference: float, of: float) -> float | None:
    """Returns a difference as a share of the size of a number; None where that is 0 or out of all proportion."""
    size = abs(of)
    return difference / size if size > 0 and abs(difference) <= 1e6 * size else None


def total_change(comparison: ForecastComparison) -> TotalChange:
    """Returns what two forecasts come to, over the series that are no sums of others."""
    points, which = comparison.points, comparison.leaves.copy()
    if not which.any():  # those that were asked for are all sums of others
        which[:] = True
    if comparison.manner == "standing":
        which &= points.timestamps == points.timestamps[which].max()
    count = 1 if comparison.manner == "total" else int(which.sum())

    def joined_up(values: FloatArray) -> float:
        return float(values[which].sum()) / count

    parts = comparison.parts
    return TotalChange(
        before=joined_up(points.before),
        after=joined_up(points.after),
        parts=None if parts is None else {name: joined_up(values) for name, values in parts.items()},
        manner=comparison.manner,
        when=_when(comparison, which),
        series=len(np.unique(points.series[which])),
        steps=len(np.unique(points.timestamps[which])),
    )


def _when(comparison: ForecastComparison, which: np.ndarray) -> str:
    """Returns the steps in words: a whole month or year by its name, else by their dates."""
    stamps = comparison.points.timestamps[which]
    first, last = stamps.min(), stamps.max()
    if is_row(first):
        return f"row {readable(first)}" if first == last else f"rows {readable(first)} to {readable(last)}"
    month = first.astype("datetime64[M]")
    if comparison.frequency is not None and comparison.manner != "standing" and last.astype("datetime64[M]") == month:
        try:
            periods = period_edges("month", comparison.frequency, comparison.points)
        except UsageError:  # a step is longer than a month
            return f"{readable(first)} to {readable(last)}" if first != last else readable(first)
        if periods.is_whole[which].all():
            number = int(month.astype(np.int64))
            return f"{MONTHS[number % 12]} {1970 + number // 12}"
    return readable(first) if first == last else f"{readable(first)} to {readable(last)}"


def change_sentences(comparison: ForecastComparison) -> tuple[str, ...]:
    """Returns what changed and why; what came since; and how the old interval holds the new forecast."""
    total = total_change(comparison)
    told = [change_sentence(comparison, total), *_since(comparison), *_within(comparison), *_largest(comparison, total)]
    return tuple(told)


def change_sentence(comparison: ForecastComparison, total: TotalChange) -> str:
    """Returns in one sentence what changed, and what of it comes from what."""
    several = f" of all {total.series:,} series" if total.series > 1 else ""
    average = " on average" if total.manner == "mean" else ""
    said = _said(comparison)
    lead = f"{comparison.target}{several}, {total.when}: "
    size = max(abs(total.before), abs(total.after))
    if abs(total.difference) <= ROUNDING * size:
        return f"{lead}as {said}, {_number(total.after, total.manner)}{average}{_hidden(comparison)}."
    now, then = _apart(total.after, total.before, total.manner)
    told = f"{_amount(total)} than {said} ({now} instead of {then}{average})"
    return f"{lead}{told}{_why(comparison, total)}."


def _hidden(comparison: ForecastComparison) -> str:
    """Returns that single steps differ where the total does not."""
    return ", though single steps moved" if has_moved(comparison) else ""


def has_moved(comparison: ForecastComparison) -> bool:
    """Returns whether any step differs by more than rounding."""
    points = comparison.points
    return bool((np.abs(points.difference) > ROUNDING * np.abs(points.before)).any())


def _said(comparison: ForecastComparison) -> str:
    """Returns who said it or when: the version where both are of one day, and the time of day where that is the same.

    Such as ``was said on 2026-11-01`` or ``v3 said``, to stand behind ``than``.
    """
    old, new = comparison.before.mark, comparison.after.mark
    if old.moment.date() != new.moment.date():
        return f"was said on {moment_text(old.moment)}"
    if old.number != new.number:
        return f"{old.label} said"
    return f"was said at {old.moment:%H:%M:%S} UTC that day"


def _amount(total: TotalChange) -> str:
    """Returns by how much the forecast differs: ``4.1 % less``, or in the unit where a share says nothing."""
    side = "more" if total.difference > 0 else "less"
    if total.manner != "total":
        side = "higher" if total.difference > 0 else "lower"
    share = total.share
    if share is None or abs(share) >= MANY or total.manner == "mean":
        return f"{about(abs(total.difference))} {side}"
    return f"{gap_percent(abs(share))} {side}"


def _why(comparison: ForecastComparison, total: TotalChange) -> str:
    """Returns the parts of a difference, the first words after a colon; empty where they can't be told apart."""
    parts = total.parts
    if parts is None:
        return "; what comes from what can't be told"
    size = max(abs(total.before), abs(total.after))
    told = [name for name in PARTS if abs(parts[name]) >= WORTH * size]
    if not told:
        told = [max(PARTS, key=lambda name: abs(parts[name]))]
    words = {name: part_words(comparison, name) for name in told}
    if len(told) == 1:
        return f": all of it {words[told[0]]}"
    return ": " + joined([f"{_signed(parts[name], total)} {words[name]}" for name in told])


def part_words(comparison: ForecastComparison, part: str) -> str:
    """Returns where a part of a difference comes from, such as ``from the data since``."""
    if part == "weights":
        old, new = (
            f"{side.mark.label}{f', {side.stored.trained.name}' if side.stored and differs else ''}"
            for differs in [_differs(comparison)]
            for side in (comparison.before, comparison.after)
        )
        return f"from new weights ({new}{' instead of ' if ',' not in old else ', instead of '}{old})"
    if part == "covariates":
        what = listed(comparison.columns) or "the steps to come"
        return f"from what is now planned ({what})"
    first, later = (side.table.origins.max() for side in (comparison.before, comparison.after))
    if comparison.is_folded:
        return "from data and plans since"
    if later > first:
        return "from the data since"
    return "from values corrected since" if later == first else "from the data of then"


def _differs(comparison: ForecastComparison) -> bool:
    old, new = comparison.before.stored, comparison.after.stored
    return bool(old and new and old.trained.name != new.trained.name)


def _signed(value: float, total: TotalChange) -> str:
    share = share_of(value, total.before)
    if share is None or abs(share) >= MANY or total.manner == "mean":
        text = f"{'+' if value > 0 else ''}{about(value)}"
    else:
        text = percent(share, 1, signed=True)
    return text.replace("-", "−")


def _number(value: float, manner: Manner) -> str:
    return about(value, 4 if manner == "standing" else 3)


def _apart(now: float, then: float, manner: Manner) -> tuple[str, str]:
    """Returns two numbers that differ with as many digits as it takes to see that."""
    least = 4 if manner == "standing" else 3
    for digits in range(least, least + 5):
        first, second = about(now, digits), about(then, digits)
        if first != second:
            return first, second
    return first, second


def _since(comparison: ForecastComparison) -> list[str]:
    since = comparison.since
    if since is None:
        return []
    first, last = readable(since.first), readable(since.last)
    span = f"On {first}" if first == last else f"From {first} to {last}"
    average = " on average" if comparison.manner == "mean" else ""
    more = since.came - since.said
    share = share_of(more, since.said)
    if abs(more) <= WORTH * max(abs(since.came), abs(since.said)):
        return [f"{span} came what had been forecast, {_number(since.came, comparison.manner)}{average}."]
    came, said = _apart(since.came, since.said, comparison.manner)
    gap = (
        about(abs(more))
        if share is None or abs(share) >= MANY or comparison.manner == "mean"
        else gap_percent(abs(share))
    )
    return [f"{span} came {came} where {said} had been forecast{average}, {gap} {'more' if more > 0 else 'less'}."]


def _within(comparison: ForecastComparison) -> list[str]:
    """Returns how many new forecasts the old intervals hold: a change within them is none that surprises."""
    points = comparison.points
    known = np.isfinite(points.lower) & np.isfinite(points.upper)
    if not known.any():
        return []
    inside = int(((points.after >= points.lower) & (points.after <= points.upper))[known].sum())
    of = int(known.sum())
    if of == 1:
        return [f"The new forecast lies {'within' if inside else 'outside of'} the 80 % interval of before."]
    how = "All" if inside == of else f"{inside:,} of" if inside else "None of the"
    rest = f" {of:,} new forecasts lie within the 80 % intervals of before."
    return [how + rest]


def _largest(comparison: ForecastComparison, total: TotalChange) -> list[str]:
    """Returns the series that changed most, where there are several and their sum means something."""
    points = comparison.points
    which = comparison.leaves
    if total.series < 3 or total.manner != "total":
        return []
    sums = np.bincount(points.series[which], points.difference[which], len(points.series_ids))
    order = np.argsort(-np.abs(sums), kind="stable")[:3]
    texts = [f"{points.series_ids[i]} {'+' if sums[i] > 0 else ''}{about(float(sums[i]))}" for i in order if sums[i]]
    return [f"Most of it: {joined(texts)}.".replace(" -", " −")] if texts else []


def left_out_words(comparison: ForecastComparison) -> str:
    """Returns how many points only one forecast speaks of; empty where there are none."""
    points = comparison.points
    several = len(points.series_ids) > 1
    parts = [
        f"{counted(number, 'step')}{' of series' if several else ''} that only the {which} forecast has"
        for number, which in ((points.only_before, "earlier"), (points.only_after, "later"))
        if number
    ]
    return f"Not compared: {' and '.join(parts)}." if parts else ""
