"""Outliers that have a name: a column that says so, a holiday, the same day of other years. They are no mistakes.

Shapes: ``N`` steps of all series together.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from forecast.data.checks.cycles import without_cycles
from forecast.data.checks.outliers import level_on_either_side
from forecast.data.dates.calendar_features import easter
from forecast.data.frequency import YEAR_WEEKS
from forecast.data.panel import FloatArray, IntArray, Panel
from forecast.wording import DAYS, MONTHS, digits, quoted

FEW_LEVELS = 12  # different values of a column that says what kind of a day it is
RARE = 0.3  # share of the steps at which such a day may come
TIMES = 5  # as often as elsewhere must its days be outliers
ALIKE = 0.5  # share of an outlier that the same day of another year has at least
EASTER = "Easter"


@dataclass(frozen=True, eq=False)
class Label:
    """A column of few different values beside the target."""

    name: str
    values: FloatArray  # (M,) of the first steps; NaN where empty
    levels: tuple[str, ...] | None  # what its codes stand for; None of numbers

    def word(self, value: float) -> str:
        """Returns the column with one of its values: ``promo = 1``, ``event = 'fair'``."""
        return f"{self.name} = {digits(value) if self.levels is None else quoted(self.levels[int(value)])}"


def labels_of(
    numbers: Mapping[str, FloatArray], texts: Mapping[str, tuple[FloatArray, tuple[str, ...]]]
) -> list[Label]:
    """Returns the columns of few different values, of numbers and of text."""
    every = [Label(name, values, None) for name, values in numbers.items()]
    every += [Label(name, values, levels) for name, (values, levels) in texts.items()]
    return [
        one for one in every if 2 <= np.unique(one.values[~np.isnan(one.values)]).size <= FEW_LEVELS or _is_event(one)
    ]


def explanations(panel: Panel, steps: IntArray, labels: Sequence[Label]) -> dict[int, tuple[str, str]]:
    """Returns why some of the outliers are what they are, in a few words, with the column that says so or none.

    Args:
        panel: Of which they are.
        steps: Their positions in its flat buffer.
        labels: The columns beside the target that may say so.
    """
    found: dict[int, tuple[str, str]] = {}
    for label in labels:
        for value in np.unique(label.values[~np.isnan(label.values)]):
            named = _named_by(label.values == value, steps)
            found |= {step: (label.word(float(value)), label.name) for step in named if step not in found}
    if panel.frequency.unit in {"minute", "hour", "day", "business-day", "week"}:
        rest = np.array([step for step in steps.tolist() if step not in found], dtype=np.int64)
        for i in np.unique(panel.series_of(rest)):
            found |= {step: (why, "") for step, why in _of_calendar(panel, int(i), rest).items()}
    return found


def described(why: Mapping[int, tuple[str, str]]) -> str:
    """Returns the reasons with how often each holds: ``promo = 1 (9), Christmas (3)``."""
    counts = Counter(words for words, _ in why.values())
    return ", ".join(f"{words} ({number:,})" for words, number in counts.most_common())


def _is_event(label: Label) -> bool:
    """Returns whether a column is empty but for the days that it names, be they all alike."""
    return (
        bool(np.isnan(label.values).mean() >= 1 - RARE) and np.unique(label.values[~np.isnan(label.values)]).size == 1
    )


def _named_by(chosen: np.ndarray, steps: IntArray) -> list[int]:
    """Returns which outliers lie on chosen steps, (M,), where so many of these are some that it is no chance."""
    inside = steps[steps < chosen.size]
    named = inside[chosen[inside]]
    many, rest = int(chosen.sum()), chosen.size - int(chosen.sum())
    if named.size == 0 or many > RARE * chosen.size or 2 * named.size < min(many, 4):
        return []
    elsewhere = (inside.size - named.size) / max(rest, 1)
    return [int(step) for step in named] if named.size / many >= TIMES * elsewhere else []


def _of_calendar(panel: Panel, i: int, steps: IntArray) -> dict[int, str]:
    """Returns the outliers of a series that a feast or the same day of other years explains."""
    values, begin, end = panel.series(i), int(panel.offsets[i]), int(panel.offsets[i + 1])
    seen = np.flatnonzero(~np.isnan(values))
    flat = without_cycles(np.interp(np.arange(values.size), seen, values[seen]), panel.frequency.seasons)
    apart = flat - level_on_either_side(flat)
    apart[np.isnan(values)] = np.nan
    found = {}
    for step in steps[(steps >= begin) & (steps < end)].tolist():
        feast = _feast(panel, i, step - begin)
        best = {"": 0.0}
        for others, words in _other_years(panel, i, step - begin):
            shares = [_share(apart, places, step - begin) for places in others]
            known = [share for share in shares if not np.isnan(share)]
            if known:
                best[words] = float(np.mean([share >= ALIKE for share in known]))
        words = max(best, key=lambda each: best[each])
        if best[words] >= 0.5 or (feast and len(best) == 1):
            found[step] = feast or words
    return found


def _share(apart: FloatArray, places: Sequence[int], own: int) -> float:
    """Returns how much of a step's distance from those around it some other step has; NaN where there is none."""
    shares = [apart[place] / apart[own] for place in places if 0 <= place < apart.size and apart[own] != 0]
    known = [share for share in shares if not np.isnan(share)]
    return max(known) if known else np.nan


def _other_years(panel: Panel, i: int, place: int) -> list[tuple[list[list[int]], str]]:
    """Returns the places of the same date, and of the same weekday about it, a list a year; and how that is said."""
    frequency, first = panel.frequency, int(panel.first[i])
    years = range(-int(panel.lengths[i] * frequency.days / 365) - 1, int(panel.lengths[i] * frequency.days / 365) + 2)
    others = [year for year in years if year]
    if frequency.unit == "week":
        shift = YEAR_WEEKS // frequency.every
        weeks = [[place + year * shift + near for near in (-1, 0, 1)] for year in others]
        return [(weeks, "the same week each year")]
    stamp = frequency.timestamps(np.array([first + place]))[0].astype("datetime64[s]").item()
    day, clock = stamp.date(), timedelta(hours=stamp.hour, minutes=stamp.minute, seconds=stamp.second)
    same: list[list[int]] = []
    alike: list[list[int]] = []
    sunday: list[list[int]] = []
    for year in others:
        with_year = _in_year(day, day.year + year)
        about = [with_year + timedelta(days=(day.weekday() - with_year.weekday()) % 7 - back) for back in (0, 7)]
        moved = easter(day.year + year) + (day - easter(day.year))
        for days, places in (([with_year], same), (about, alike), ([moved], sunday)):
            moments = np.array([np.datetime64(each) + np.timedelta64(clock) for each in days], "datetime64[s]")
            places.append((frequency.periods(moments) - first).tolist())
    month = MONTHS[day.month - 1]
    fixed = [(same, f"{day.day} {month} each year"), (alike, f"a {DAYS[day.weekday()]} of {month} each year")]
    return [(sunday, EASTER)] if _feast_of(day) == EASTER else fixed


def _in_year(day: date, year: int) -> date:
    return day.replace(year=year) if (day.month, day.day) != (2, 29) else date(year, 2, 28)


def _feast(panel: Panel, i: int, place: int) -> str:
    """Returns the feast within a step that shops all over the world know; empty where there is none."""
    ordinal = int(panel.first[i]) + place
    begin, end = panel.frequency.period_begins(np.array([ordinal, ordinal + 1])).astype("datetime64[D]")
    days = [begin.item() + timedelta(days=d) for d in range(max(1, int((end - begin).astype(int))))]
    days = days if panel.frequency.unit == "week" else days[:1]
    return next((name for day in days for name in [_feast_of(day)] if name), "")


def _feast_of(day: date) -> str:
    if day.month == 12 and 24 <= day.day <= 26:
        return "Christmas"
    if (day.month, day.day) in {(12, 31), (1, 1)}:
        return "New Year"
    if -2 <= (day - easter(day.year)).days <= 1:
        return EASTER
    thanksgiving = date(day.year, 11, 22 + (3 - date(day.year, 11, 22).weekday()) % 7)
    return {0: "Thanksgiving", 1: "Black Friday", 4: "Cyber Monday"}.get((day - thanksgiving).days, "")
