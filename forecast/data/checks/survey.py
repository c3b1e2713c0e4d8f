"""A panel looked at from all sides: each kind of trouble once, with all series that have it.

Shapes: ``S`` series, ``N`` steps of all series together, ``K`` of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf

import numpy as np
from numpy.typing import NDArray

from forecast.data.checks.demand import demand_classes
from forecast.data.checks.explained import Label, described, explanations
from forecast.data.checks.outliers import EXTREME, outliers
from forecast.data.checks.seasons import MOST_STEPS, examined
from forecast.data.checks.shifts import level_shifts
from forecast.data.checks.spans import constant, gaps, share_of, unfinished
from forecast.data.findings import Finding, Grade
from forecast.data.frequency import Frequency, readable
from forecast.data.panel import FloatArray, IntArray, Panel
from forecast.data.reading.missing_codes import find_sentinels
from forecast.data.reading.row_findings import FILLED, closed_words, end_findings
from forecast.name_lists import flag_value
from forecast.wording import counted, digits, listed, rare_percent

MANY_MISSING = 0.1
FEW_NEGATIVE = 0.01  # a smaller share of all steps is rather a mistake
MANY_SHIFTED = 0.1  # of the series
MANY_ZEROS = 0.3  # of a series' steps: demand that comes now and then
LONGER = {"D": 1, "W": 7, "MS": 28, "QS": 90, "YS": 365}
"""Steps to add up to, and the fewest days that each has."""
NOTHING = np.empty(0, np.int64)
MENDED, LEFT_BEHIND = "correct those cells or empty them", "leave out the rows before, if that level is gone"


@dataclass(frozen=True, eq=False)
class Spot:
    """A finding and where it is."""

    finding: Finding
    series: IntArray  # that it is about; empty where it is about the file
    steps: IntArray  # (K,) positions in the panel's flat buffer, ascending; empty where it is about whole series


@dataclass(frozen=True, eq=False)
class Unexpected:
    """What a model of the same file did not expect: positions in the panel's flat buffer, ascending.

    Attributes:
        by: name and label of the version.
        alone: spikes and dips.
        sure: of these, the ones that are beyond chance.
        shifts: where the level jumps and stays.
        courses: the middle of spans that vary more than usual, or whose course is unlike all others.
    """

    by: str
    alone: IntArray
    sure: IntArray
    shifts: IntArray
    courses: IntArray


def survey(
    panel: Panel, labels: Sequence[Label] = (), unexpected: Unexpected | None = None, *, are_leaves: bool = False
) -> list[Spot]:
    """Returns what is out of the ordinary in a panel: of each kind one finding, without order.

    Args:
        panel: To be looked at.
        labels: Columns beside the target that may explain an outlier.
        unexpected: By a model's forecasts; None for a quick look at what lies around each value.
        are_leaves: Of a hierarchy, whose sums are forecast beside them.
    """
    chosen, known = examined(panel), measured(panel)
    demand, lists = (partial(look, are_leaves=are_leaves) for look in (_demand, _listed))
    looks = (_negative, _zeros, demand, lists, _unfinished, _spans)
    spots = [*_gaps(panel), *_constant(panel), *(spot for look in looks for spot in look(known))]
    if unexpected is not None:
        return [*spots, *_unexpected(known, unexpected, labels)]
    return [*spots, *_outliers(known, chosen, labels), *_shifts(known, chosen), *_unseen(panel, chosen)]


def not_measured(panel: Panel) -> IntArray:
    """Returns the positions of numbers that stand for "not measured"."""
    return np.flatnonzero(np.isin(panel.values, [sentinel.value for sentinel in find_sentinels(panel.values)]))


def measured(panel: Panel) -> Panel:
    """Returns the panel with nothing where a number stands for "not measured"."""
    values = panel.values.copy()
    values[not_measured(panel)] = np.nan
    return replace(panel, values=values)


def _gaps(panel: Panel) -> list[Spot]:
    found = gaps(panel)
    total = int(found.missing.sum())
    if total == 0:
        return []
    worst = int(found.longest.argmax())
    share = total / panel.values.size
    text = f"{_of(panel, found.missing > 0, 'has gaps', 'have gaps')}: " if len(panel) > 1 else ""
    text += f"{counted(total, 'step')} of {panel.values.size:,} without a value ({rare_percent(share)})"
    longest = counted(int(found.longest[worst]), "step") + (f" in {panel.series_ids[worst]}" if len(panel) > 1 else "")
    text += f", the longest gap {longest}; {FILLED[panel.fill]}{closed_words(panel)}"
    grade: Grade = "warning" if share > MANY_MISSING else "note"
    series, steps = np.flatnonzero(found.missing), np.flatnonzero(~(panel.observed | panel.is_ignored))
    return [Spot(Finding(grade, "gaps", text, "--fill"), series, steps)]


def _constant(panel: Panel) -> list[Spot]:
    flat = constant(panel)
    if not flat.any():
        return []
    text = f"{_of(panel, flat, 'never changes', 'never change')}{_such_as(panel, flat)}"
    return [Spot(Finding("warning", "constant", text), np.flatnonzero(flat), NOTHING)]


def _negative(panel: Panel) -> list[Spot]:
    below = panel.values < 0
    share = float(below.mean())
    if share == 0 or share > MANY_ZEROS:
        return []
    steps = np.flatnonzero(below)
    series, _ = _where(panel, steps)
    text = f"{counted(steps.size, 'value')} of {panel.values.size:,} below 0"
    text += f" in {len(series):,} of {len(panel):,} series" if len(panel) > 1 else ""
    text += f", the lowest {digits(float(np.nanmin(panel.values)))}"
    return [Spot(Finding("warning" if share < FEW_NEGATIVE else "note", "negative", text), series, steps)]


def _zeros(panel: Panel) -> list[Spot]:
    shares = share_of(panel, panel.values == 0)
    many = (shares >= MANY_ZEROS) & ~constant(panel)
    if not many.any():
        return []
    if len(panel) == 1:
        text = (
            f"{rare_percent(float(shares[0]))} of the values are 0: sales that come now and then are hard to forecast"
        )
    else:
        text = f"{_of(panel, many, 'is', 'are')} 0 in {rare_percent(MANY_ZEROS)} or more of their steps"
    flag = longer_step(panel.frequency)
    text += "; a longer step may help" if flag else ""
    return [Spot(Finding("note", "zeros", text, flag), np.flatnonzero(many), NOTHING)]


def longer_step(frequency: Frequency) -> str:
    """Returns the flags that add up to the next longer step; none of years, nor of rows without dates."""
    days = inf if frequency.unit == "row" else frequency.days
    code = next((code for code, least in LONGER.items() if least > days), "")
    return f"--aggregate sum --freq {code}" if code else ""


def _demand(panel: Panel, *, are_leaves: bool) -> list[Spot]:
    """Returns which series sell now and then, of which kind, and what follows for their forecasts."""
    found = demand_classes(panel)
    sparse, lumpy = found.is_sparse, found.is_lumpy
    if not sparse.any():
        return []
    text = f"{_of(panel, sparse, 'sells', 'sell')} now and then"
    if lumpy.any():
        text += (
            f", {'in' if lumpy.sum() == sparse.sum() else f'{int(lumpy.sum()):,} of them in'} sizes far apart (lumpy)"
        )
    if are_leaves:
        text += (
            ": their means, and below sums counts, are forecast; RMSSE and WQL tell how well, MASE and sMAPE mislead"
        )
    elif found.is_mostly_sparse:
        text += ": means and distributions of counts are forecast; RMSSE and WQL tell how well, MASE and sMAPE mislead"
    else:
        text += (
            ": their means, and counts around them, are forecast; MASE and sMAPE of these mislead, RMSSE and WQL don't"
        )
    return [Spot(Finding("note", "demand", text, "--metric rmsse"), np.flatnonzero(sparse), NOTHING)]


def _listed(panel: Panel, *, are_leaves: bool) -> list[Spot]:
    """Returns which series of demand never sold, are new, or have ended: the forecast of each leans on the others."""
    found = demand_classes(panel)
    if len(panel) == 1 or not found.is_mostly_sparse:
        return []
    spots = []
    nothing = "little or nothing is forecast" if are_leaves else "a little is forecast, as usual of such series"
    little = "few steps tell of its mean" if are_leaves else "the forecast leans on what is usual"
    for which, one, several, kind, then in (
        (found.never_sold, "never sold", "never sold", "never", nothing),
        (found.is_new, "is newly listed", "are newly listed", "new", little),
        (found.has_ended, "has ended", "have ended", "ended", "the forecast fades towards zero"),
    ):
        if which.any():
            text = f"{_of(panel, which, one, several)}{_such_as(panel, which)}: {then}"
            spots.append(Spot(Finding("note", kind, text), np.flatnonzero(which), NOTHING))
    return spots


def _unfinished(panel: Panel) -> list[Spot]:
    steps = unfinished(panel)
    ending = int((panel.last == panel.last.max()).sum())
    if steps.size == 0 or 2 * steps.size <= ending:
        return []
    last = readable(panel.frequency.timestamps(panel.last.max()[None])[0])
    whose = "" if len(panel) == 1 else f" of {steps.size:,} of {len(panel):,} series"
    text = f"the last value{whose}, {last}, is less than half of all just before it: the step may not be over yet"
    return [Spot(Finding("warning", "last", text, "leave out that row"), *_where(panel, steps))]


def _spans(panel: Panel) -> list[Spot]:
    """Returns which series begin later or end earlier than most of the others."""
    spots = []
    early, late = panel.last < panel.last.max(), panel.first > panel.first.min()
    spots += [Spot(finding, np.flatnonzero(early), NOTHING) for finding in end_findings(panel)]
    if late.any():
        first = readable(panel.frequency.timestamps(panel.first.min()[None])[0])
        text = f"{_of(panel, late, 'begins', 'begin')} after {first}{_such_as(panel, late)}"
        spots.append(Spot(Finding("note", "starts", text), np.flatnonzero(late), NOTHING))
    return spots


def _outliers(panel: Panel, chosen: IntArray, labels: Sequence[Label]) -> list[Spot]:
    """Returns the values far from those around them: those that have a reason, and those that may be mistakes."""
    every = np.array(_each(panel, chosen, outliers), dtype=np.int64)
    why = explanations(panel, every, labels) if every.size else {}
    told = np.array(sorted(why), dtype=np.int64)
    return [*_explained(panel, told, why), *_unexplained(panel, np.setdiff1d(every, told), chosen)]


def _unexpected(panel: Panel, unexpected: Unexpected, labels: Sequence[Label]) -> list[Spot]:
    """Returns what a model did not expect, those values first that are beyond chance."""
    why = explanations(panel, unexpected.alone, labels) if unexpected.alone.size else {}
    by = f"that {unexpected.by} did not expect"
    told = np.array(sorted(why), dtype=np.int64)
    steps = np.setdiff1d(unexpected.alone, told)
    spots, sure = _explained(panel, told, why), np.intersect1d(steps, unexpected.sure)
    if steps.size:
        text = f"{counted(steps.size, 'value')} {by}: "
        text += _places(panel, np.array([*sure, *np.setdiff1d(steps, sure)], dtype=np.int64))
        finding = Finding("warning" if sure.size else "note", "outliers", text, MENDED if sure.size else "")
        spots.append(Spot(finding, *_where(panel, steps)))
    if unexpected.shifts.size:
        text = f"{counted(unexpected.shifts.size, 'new level')} {by}: {_places(panel, unexpected.shifts)}"
        spots.append(Spot(Finding("note", "shifts", text, LEFT_BEHIND), *_where(panel, unexpected.shifts)))
    if unexpected.courses.size:
        what = "1 stretch" if unexpected.courses.size == 1 else f"{unexpected.courses.size:,} stretches"
        text = f"{what} whose values together {by.removeprefix('that ')}: {_places(panel, unexpected.courses)}"
        finding = Finding("note", "courses", text, f"forecast anomalies {unexpected.by.split()[0]}")
        spots.append(Spot(finding, *_where(panel, unexpected.courses)))
    return spots


def _explained(panel: Panel, steps: IntArray, why: Mapping[int, tuple[str, str]]) -> list[Spot]:
    if steps.size == 0:
        return []
    names = list(dict.fromkeys(name for _, name in why.values() if name))
    text = f"{counted(steps.size, 'value')} far from those around, explained by {described(why)}"
    flag = f"--known {flag_value(names)}" if names else ""
    return [Spot(Finding("note", "explained", text, flag), *_where(panel, steps))]


def _unexplained(panel: Panel, steps: IntArray, chosen: IntArray) -> list[Spot]:
    if steps.size == 0:
        return []
    series, _ = _where(panel, steps)
    what = f"{counted(steps.size, 'value')} far from those around"
    if len(panel) == 1:
        what += " it" if steps.size == 1 else " them"
    else:
        what += f" in {series.size:,} of {chosen.size:,} series"
    extreme = np.intersect1d(_each(panel, series, partial(outliers, limit=EXTREME)), steps)
    text = f"{what}: {_places(panel, np.array([*extreme, *np.setdiff1d(steps, extreme)], dtype=np.int64))}"
    grade: Grade = "warning" if extreme.size else "note"
    return [Spot(Finding(grade, "outliers", text, MENDED if extreme.size else ""), series, steps)]


def _shifts(panel: Panel, chosen: IntArray) -> list[Spot]:
    steps = np.array(_each(panel, chosen, level_shifts), dtype=np.int64)
    if steps.size == 0:
        return []
    series, _ = _where(panel, steps)
    what = "the level jumps and stays at" if len(panel) == 1 else (
        f"the level jumps and stays in {series.size:,} of {chosen.size:,} series:"
    )  # fmt: skip
    text = f"{what} {_places(panel, steps)}"
    grade: Grade = "warning" if series.size >= MANY_SHIFTED * len(panel) else "note"
    return [Spot(Finding(grade, "shifts", text, LEFT_BEHIND), series, steps)]


def _unseen(panel: Panel, chosen: IntArray) -> list[Spot]:
    """Returns a note where there are too many steps to look at each."""
    text = f"outliers and jumps of the level were looked for in {chosen.size:,} of {len(panel):,} series only"
    return [Spot(Finding("note", "extent", text), NOTHING, NOTHING)] if chosen.size < len(panel) else []


def _each(panel: Panel, chosen: IntArray, find: Callable[[FloatArray, Sequence[int]], IntArray]) -> list[int]:
    """Returns the positions in the flat buffer of what is found in each of the chosen series."""
    found: list[int] = []
    for i in chosen:
        values = panel.series(int(i))[-MOST_STEPS:]
        found += (panel.offsets[i + 1] - values.size + find(values, panel.frequency.seasons)).tolist()
    return found


def _where(panel: Panel, steps: IntArray) -> tuple[IntArray, IntArray]:
    return np.unique(panel.series_of(steps)), steps


def _places(panel: Panel, steps: IntArray, most: int = 3) -> str:
    """Returns the first few steps as a person names them: ``2024-03-01 (5,120) of store 7``."""
    words = []
    for step in steps[:most]:
        i = int(panel.series_of(step[None])[0])
        stamp = readable(panel.frequency.timestamps((panel.first[i] + step - panel.offsets[i])[None])[0])
        words.append(
            f"{stamp} ({digits(panel.values[step])})" + (f" of {panel.series_ids[i]}" if len(panel) > 1 else "")
        )
    return listed(words, most, steps.size)


def _of(panel: Panel, chosen: NDArray[np.bool_], one: str, several: str) -> str:
    number = int(chosen.sum())
    if number == len(panel):
        whole = {1: "the series", 2: "both series"}.get(number, f"all {number:,} series")
        return f"{whole} {one if number == 1 else several}"
    return f"{number:,} of {len(panel):,} series {one if number == 1 else several}"


def _such_as(panel: Panel, chosen: NDArray[np.bool_]) -> str:
    if chosen.all():
        return ""
    return (": " if chosen.sum() == 1 else ", such as ") + panel.series_ids[int(chosen.argmax())]
