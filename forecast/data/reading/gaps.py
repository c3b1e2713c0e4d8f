"""Gaps: a few steps without a row are filled with a word, very many are a question that only a person can answer.

Fri 15:30   5.1      a market that is closed: each row a step?  the price stays?
Fri 16:00   5.2      a shop that sold nothing: 0?
      ⋮              a sensor that failed: a line from here to there?
Mon 09:30   5.0
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecast.data.findings import Finding
from forecast.data.frequency import DAY, EPOCH_WEEKDAY, Frequency, readable
from forecast.data.panel import FloatArray, IntArray, Panel
from forecast.data.read_options import ReadOptions
from forecast.wording import DAYS, counted, percent

ASKED = 0.2  # share of the steps without a row above which nobody but a person knows what stands there
CLOSED = 0.95  # share of a day of the week, such as Sundays, that has no value where a shop is closed then
FEWEST_WEEKS = 4
OPEN = 0.8  # share of the usual number of rows that a day has at least, where rows come at some hours only
MANY = 10  # one step in so many must be missing for a day of the week to be
LEVEL = 0.05  # usual change from value to value, over the usual value, up to which values are levels, as prices are
LEAST_VALUES = 10
WHOLE_WEEKS = {4, 5, 6}  # between the beginnings of months that are made of weeks; 6 in a year of 53
MONTHS_A_YEAR = 12
FILLS = {
    "zero": ("--fill zero", "nothing happened then"),
    "previous": ("--fill previous", "the value before stays"),
    "interpolate": ("--fill interpolate", "a line between the values around"),
}


@dataclass(frozen=True)
class GapQuestion:
    """What is asked about the steps without a row: in words, and each answer as flags with what it means."""

    text: str
    answers: Mapping[str, str]

    @property
    def finding(self) -> Finding:
        """The question as a finding that forbids a forecast."""
        return Finding("error", "gaps", self.text, " or ".join(self.answers))


def gap_question(panel: Panel, absent: int, options: ReadOptions, named: str, *, in_order: bool) -> GapQuestion | None:
    """Returns what is to be asked about the steps without a row; None where they are few or the answer was given.

    Args:
        panel: What the file holds.
        absent: Steps that have no row at all, more than ``ASKED`` of all.
        options: How the file is read; ``--fill`` and ``--freq`` answer the question.
        named: Flags of the columns that the file would not show without its dates, each after a blank.
        in_order: The rows of each series are in the order of their dates, so that they could be counted.
    """
    is_answered = options.fill is not None or options.freq is not None or options.no_dates
    if is_answered:
        return None
    share = absent / panel.values.size
    first, length = longest_gap(panel)
    stamp = readable(panel.frequency.timestamps(np.array([first.step]))[0])
    whose = f" of {panel.series_ids[first.series]}" if len(panel) > 1 else ""
    season, why = _rows_of_a_season(panel)
    text = f"{absent:,} of {panel.values.size:,} {panel.frequency.name} steps have no row ({percent(share)}), and the "
    text += f"forecast depends on what stands there; the longest gap is {counted(length, 'step')} from {stamp}{whose}"
    text += why
    answers = {}
    can_count = in_order and not (options.time or options.date_format or options.aggregate)
    if season and can_count:
        answers[f"--no-dates --season {season}{named}"] = "each row is one step"
    if season and panel.frequency.unit == "week":  # sums of whole periods: nothing stands between them
        answers |= dict([FILLS["interpolate"]])
    elif are_levels(panel.values):
        answers |= dict([FILLS["previous"], FILLS["interpolate"]])
    else:
        answers |= dict([FILLS["zero"], FILLS["interpolate"]])
    return GapQuestion(text, answers)


@dataclass(frozen=True)
class Place:
    """A step of a series."""

    series: int
    step: int  # ordinal


def longest_gap(panel: Panel) -> tuple[Place, int]:
    """Returns where the longest run of steps without a value begins, and how long it is; there must be one."""
    missing = np.flatnonzero(~panel.observed)
    begins = np.flatnonzero(np.diff(missing, prepend=-2) != 1)
    lengths = np.diff(np.append(begins, missing.size))
    place, length = int(missing[begins[lengths.argmax()]]), int(lengths.max())
    series = int(panel.series_of(np.array([place]))[0])
    return Place(series, int(panel.first[series] + place - panel.offsets[series])), length


def are_levels(values: FloatArray) -> bool:
    """Returns whether values are levels that stay, such as prices: never 0, and little changed from one to the next."""
    known = values[~np.isnan(values)]
    if known.size < LEAST_VALUES or known.min() <= 0:
        return False
    return bool(np.median(np.abs(np.diff(known))) <= LEVEL * np.median(known))


def closed_days(panel: Panel) -> tuple[str, int]:
    """Returns which days of the week of a daily panel have next to no value, in words, and how many days are left.

    A shop that is closed on Sundays has no rows of them. Where as little as one step in ten is missing, no day of the
    week can be. Without such a day the words are empty.
    """
    missing = ~panel.observed
    if panel.frequency != Frequency("day", phase=panel.frequency.phase) or missing.sum() <= missing.size // MANY:
        return "", 7
    weekday = (_ordinals(panel) + EPOCH_WEEKDAY) % 7
    all_of, none_of = np.bincount(weekday, minlength=7), np.bincount(weekday[missing], minlength=7)
    is_closed = (none_of >= CLOSED * all_of) & (all_of >= FEWEST_WEEKS)
    if not is_closed.any() or is_closed.all():
        return "", 7
    names = " or ".join(DAYS[day] for day in np.flatnonzero(is_closed))
    some = "no" if (none_of == all_of)[is_closed].all() else "hardly a"
    return f"; {some} {names} has a value", 7 - int(is_closed.sum())


def _rows_of_a_season(panel: Panel) -> tuple[int, str]:
    """Returns how many rows make a season where rows come at some times only, and when, in words; else 0."""
    words, days = closed_days(panel)
    if words:
        return days, words
    if panel.frequency.unit == "week" and panel.frequency.every == 1:
        seen = np.flatnonzero(panel.observed)
        series = panel.series_of(seen)
        apart = set(np.diff(seen)[np.diff(series) == 0].tolist())
        if {4, 5} <= apart <= WHOLE_WEEKS:
            return MONTHS_A_YEAR, "; the dates are 4 and 5 weeks apart, as months of whole weeks are"
    if panel.frequency.unit in {"minute", "hour"}:
        return _rows_of_a_day(panel)
    return 0, ""


def _rows_of_a_day(panel: Panel) -> tuple[int, str]:
    """Returns how many rows a day has, where most days with a row have as many, at the same hours."""
    seconds = panel.frequency.timestamps(_ordinals(panel)[panel.observed]).astype(np.int64)
    series = np.repeat(np.arange(len(panel)), panel.lengths)[panel.observed]
    days, clock = np.divmod(seconds, DAY)
    _, counts = np.unique(series * (days.max() + 1) + days, return_counts=True)
    usual = int(np.median(counts))
    times, held = np.unique(clock, return_counts=True)
    kept = times[held >= OPEN * counts.size]  # times of the day that nearly all days have
    if usual < 2 or kept.size < OPEN * usual or (counts >= OPEN * usual).mean() < OPEN:
        return 0, ""
    first, last = (str(np.datetime64(int(clock), "s"))[11:16] for clock in (kept[0], kept[-1]))
    whole = kept.size * int(np.diff(panel.frequency.timestamps(np.arange(2))).astype(np.int64)[0]) >= DAY
    return usual, "; there are rows on some days only" if whole else f"; there are rows from {first} to {last} only"


def _ordinals(panel: Panel) -> IntArray:
    return np.arange(panel.values.size) + np.repeat(panel.first - panel.offsets[:-1], panel.lengths)
