"""The regular step between timestamps: what it is called, and where its steps lie.

A frequency numbers the steps of the calendar with consecutive whole numbers, its *ordinals*, so that
everything downstream counts steps and never meets a month of 28 days or a weekend:

    monthly    2024-01-31  2024-02-29  2024-03-31      business-daily    Thu    Fri    Mon    Tue
    ordinals          648         649         650                      14093  14094  14095  14096

Data without dates has the frequency ``row``. Its timestamps are days of a calendar so long ago that they are taken
for nothing else, and they are written as the numbers of the rows: see ``row_of``.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast import wording
from forecast.decoding import MayLack
from forecast.errors import DataError, UsageError, did_you_mean
from forecast.wording import adverb

Unit = Literal["minute", "hour", "day", "business-day", "week", "month", "quarter", "year", "row"]
Timestamps = NDArray[np.datetime64]
Ordinals = NDArray[np.int64]

FIRST_DATE = np.datetime64("0000-01-01")

DAY = 86_400
FIXED_UNITS: tuple[Unit, ...] = ("week", "day", "hour", "minute")
SECONDS: dict[str, int] = {"minute": 60, "hour": 3600, "day": DAY, "week": 7 * DAY}
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
YEAR_WEEKS = 52  # from a week to the same week of the next year; ISO years have one more now and then
LAST_DAY = 31  # of a month of any length
ROW_ZERO = -40_000_000  # days since 1970 that stand for row 0
WEEKDAYS = tuple(name[:3].upper() for name in wording.DAYS)
MONTH_NAMES = tuple(name[:3].upper() for name in wording.MONTHS)
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
AGREED = 0.5  # share of timestamps that lie at one place of a step, and so tell where it is
SCATTERED = 0.05  # share of them that may lie anywhere
MONTH_ENDS = 0.9  # share that makes dates month ends; 28 February ends three months of four

ALIASES: dict[str, Unit] = {  # old pandas spellings included
    **dict.fromkeys(("min", "t", "minute", "minutes", "minutely"), "minute"),
    **dict.fromkeys(("h", "hour", "hours", "hourly"), "hour"),
    **dict.fromkeys(("d", "day", "days", "daily"), "day"),
    **dict.fromkeys(("b", "business-day", "business-days", "business-daily"), "business-day"),
    **dict.fromkeys(("w", "week", "weeks", "weekly"), "week"),
    **dict.fromkeys(("m", "ms", "me", "month", "months", "monthly"), "month"),
    **dict.fromkeys(("q", "qs", "qe", "quarter", "quarters", "quarterly"), "quarter"),
    **dict.fromkeys(("y", "ys", "ye", "a", "as", "year", "years", "yearly", "annual", "annually"), "year"),
}
FIRST_OR_LAST = {**dict.fromkeys(("ms", "qs", "ys", "as"), 1), **dict.fromkeys(("me", "qe", "ye"), LAST_DAY)}
BELOW_MINUTES = {"s", "sec", "secs", "second", "seconds", "secondly", "ms", "l", "us", "ns"} - {*ALIASES}
OFTEN_A_MONTH = {"sm", "sms", "sme", "semi-month", "semi-monthly", "semimonthly", "half-monthly", "bimonthly"}
GRAMMAR = re.compile(r"(?P<count>\d*)[ -]?(?P<word>business-[a-z]+|[a-z]+)(?:-(?P<name>[a-z]+))?(?:-(?P<day>\d+))?")


@dataclass(frozen=True)
class Frequency:
    """The regular step between two timestamps; maps timestamps to consecutive whole numbers and back.

    Attributes:
        unit: What is counted.
        every: How many units make one step.
        phase: Where the steps lie, modulo the step. Minutes to weeks: seconds since 1970. Months to years:
            months since January 1970. Business days: 0.
        day: Day of the month for months, quarters and years; 31 is the last day of every month.
        second: Second of the day for business days, months, quarters and years.
        is_closing: Steps are known to be called after their last day, as weeks that were made of days are.
    """

    unit: Unit
    every: int = 1
    phase: int = 0
    day: int = 1
    second: int = 0
    is_closing: MayLack[bool] = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.every < 1 or (self.unit == "business-day" and self.every > 1):
            raise UsageError(f"There is no frequency of {self.every} {self.unit}s.", "--freq B or --freq D")

    @property
    def code(self) -> str:
        """The short form that ``--freq`` takes, such as 15min, h, D, B, W-FRI, MS, ME, M-15, QS or YE-JUN."""
        count = str(self.every) if self.every > 1 else ""
        if self.unit == "week":
            return f"{count}W-{WEEKDAYS[(self.phase // DAY + EPOCH_WEEKDAY) % 7]}"
        if self.unit not in MONTHS:
            return count + {"minute": "min", "hour": "h", "day": "D", "business-day": "B", "row": "row"}[self.unit]
        edge = {1: "S", LAST_DAY: "E"}.get(self.day, "")
        usual = _usual_phase(MONTHS[self.unit] * self.every, self.day)
        month = f"-{MONTH_NAMES[self.phase % 12]}" if self.phase != usual else ""
        return f"{count}{self.unit[0].upper()}{edge}{month}" + ("" if edge else f"-{self.day}")

    @property
    def name(self) -> str:
        """The word for a sentence, such as monthly, weekly, daily, business-daily, hourly or 15-minutely."""
        often = adverb(self.unit)
        return f"{self.every}-{often}" if self.every > 1 else often

    @property
    def days(self) -> float:
        """How many days a step takes, on average."""
        first, last = seconds_of(self.timestamps(np.array([0, 1000])))
        return float(last - first) / 1000 / DAY

    @property
    def seasons(self) -> tuple[int, ...]:
        """The seasons that this frequency may have, in steps, shortest first; none for yearly data."""
        if self.unit in {"business-day", "row"}:
            return (5,) if self.unit == "business-day" else ()
        if self.unit in MONTHS:
            cycles, step = [12], MONTHS[self.unit] * self.every
        elif self.unit == "week":
            cycles, step = [YEAR_WEEKS], self.every
        elif self.unit == "day":
            cycles, step = [7, 365], self.every
        else:
            cycles, step = [DAY, 7 * DAY], SECONDS[self.unit] * self.every
        return tuple(cycle // step for cycle in cycles if cycle % step == 0 and cycle > step)

    def on_step(self, timestamps: Timestamps) -> NDArray[np.bool_]:
        """Returns which of the timestamps lie exactly on a step."""
        return np.asarray(self.timestamps(self._nearby(timestamps)) == timestamps)

    def ordinals(self, timestamps: Timestamps) -> Ordinals:
        """Returns the number of each timestamp's step, in the shape given.

        Raises:
            DataError: A timestamp lies beside the steps; the first one is named.
        """
        on_step = self.on_step(timestamps)
        if not on_step.all():
            stray = readable(timestamps[~on_step].flat[0])
            message = f"{stray} is not one of the {self.name} steps of the data ({self.code})."
            raise DataError(message, "correct the date, or give the step with --freq")
        return self._nearby(timestamps)

    def timestamps(self, ordinals: Ordinals) -> Timestamps:
        """Returns the timestamp of each step, as ``datetime64[s]``, in the shape given."""
        if self.unit in MONTHS:
            months = (ordinals * (MONTHS[self.unit] * self.every) + self.phase).astype("datetime64[M]")
            starts = months.astype("datetime64[D]").astype(np.int64)
            ends = (months + 1).astype("datetime64[D]").astype(np.int64) - 1
            seconds = np.minimum(starts + self.day - 1, ends) * DAY + self.second
        elif self.unit == "business-day":
            weeks, weekdays = np.divmod(ordinals, 5)
            seconds = (weeks * 7 + weekdays - EPOCH_WEEKDAY) * DAY + self.second
        elif self.unit == "row":
            seconds = (np.asarray(ordinals) + ROW_ZERO) * DAY
        else:
            seconds = ordinals * (SECONDS[self.unit] * self.every) + self.phase
        return seconds.astype("datetime64[s]")

    def periods(self, timestamps: Timestamps) -> Ordinals:
        """Returns the step within whose period each timestamp lies.

        Periods are the calendar's. One that is called after its last day, as a week or QE is, ends with that day: then
        Tuesday belongs to the next Sunday of W-SUN, as in pandas. A weekend belongs to the business day before it.
        """
        if self.unit == "week":
            days = timestamps.astype("datetime64[D]").astype(np.int64) * DAY
            return -((self.phase // DAY * DAY - days) // (SECONDS["week"] * self.every))
        if self.unit in MONTHS and self.day == LAST_DAY:
            return -((self.phase - months_of(timestamps)) // (MONTHS[self.unit] * self.every))
        return self._nearby(timestamps)

    def period_begins(self, ordinals: Ordinals) -> Timestamps:
        """Returns when the period of each step begins, as ``datetime64[s]``, in the shape given."""
        if self.unit == "week":
            days = self.timestamps(ordinals).astype("datetime64[D]")
            return (days - (7 * self.every - 1)).astype("datetime64[s]")
        stamps = self.timestamps(ordinals)
        if self.unit in MONTHS:
            before = MONTHS[self.unit] * self.every - 1 if self.day == LAST_DAY else 0
            return (stamps.astype("datetime64[M]") - before).astype("datetime64[s]")
        return stamps.astype("datetime64[D]").astype("datetime64[s]") if self.unit == "business-day" else stamps

    def _nearby(self, timestamps: Timestamps) -> Ordinals:
        """Returns the step of each timestamp that is on one, and some step near it for the others."""
        if self.unit in MONTHS:
            return (months_of(timestamps) - self.phase) // (MONTHS[self.unit] * self.every)
        seconds = seconds_of(timestamps)
        if self.unit == "business-day":
            weeks, weekdays = np.divmod(seconds // DAY + EPOCH_WEEKDAY, 7)
            return weeks * 5 + np.minimum(weekdays, 4)
        if self.unit == "row":
            return seconds // DAY - ROW_ZERO
        return (seconds - self.phase) // (SECONDS[self.unit] * self.every)


ROW = Frequency("row")


def parse_frequency(text: str, timestamps: Timestamps | None = None) -> Frequency:
    """Returns the frequency that a person wrote, such as ``15min``, ``h``, ``W-FRI``, ``MS`` or ``monthly``.

    Args:
        text: A code or a word, in any case.
        timestamps: Tell the weekday, the day of the month and the time of day, where the text does not.

    Raises:
        UsageError: The text is no frequency.
    """
    match = GRAMMAR.fullmatch(text.strip().lower())
    word = match["word"] if match else text.strip().lower()
    if match and word in BELOW_MINUTES:
        message = f"'{text}' is less than a minute, the shortest step that can be forecast by dates."
        raise UsageError(message, "--aggregate mean --freq min, or --no-dates if each row is one step")
    if match and text.strip().lower() in OFTEN_A_MONTH:
        message = f"'{text}', twice a month, is no even step."
        raise UsageError(message, "--no-dates --season 24 if each row is one step, or --aggregate sum --freq M")
    if match is None or word not in ALIASES or match["count"].strip("0") == "" != match["count"]:
        hint = "--freq takes 15min, h, D, B, W, M, Q, Y or a word such as weekly; left out, it is inferred"
        raise UsageError(f"'{text}' is not a frequency.{did_you_mean(word, ALIASES)}", hint)
    unit, every = ALIASES[word], int(match["count"] or 1)
    name, day = (match["name"] or "").upper(), int(match["day"] or 0)
    names = WEEKDAYS if unit == "week" else MONTH_NAMES if unit in MONTHS else ()
    day_fits = unit in MONTHS and word not in FIRST_OR_LAST and 1 <= day <= LAST_DAY
    if (name and name not in names) or (match["day"] and not day_fits):
        raise UsageError(f"The ending of the frequency '{text}' is not known.", "such as --freq W-FRI, QS-FEB, M-15")
    if unit in MONTHS:
        return of_months(MONTHS[unit] * every, timestamps, FIRST_OR_LAST.get(word, day), name)
    if unit == "business-day":
        second = 0 if timestamps is None else most_common(seconds_of(timestamps) % DAY)
        return Frequency(unit, every, second=second)
    return of_seconds(SECONDS[unit] * every, timestamps, name)


def of_seconds(step: int, timestamps: Timestamps | None, weekday: str = "") -> Frequency:
    """Returns the frequency of so many seconds, in the largest unit that divides them."""
    unit: Unit = next(unit for unit in FIXED_UNITS if step % SECONDS[unit] == 0)
    anchored = weekday or (unit == "week" and timestamps is None)
    phase = (WEEKDAYS.index(weekday or "SUN") - EPOCH_WEEKDAY) % 7 * DAY if anchored else 0
    if timestamps is not None:
        rest = _usual_rest(seconds_of(timestamps) - phase, step)
        phase += rest - rest % SECONDS["week"] + rest % DAY if anchored else rest
    return Frequency(unit, step // SECONDS[unit], phase % step)


def _usual_rest(seconds: Ordinals, step: int) -> int:
    """Returns where in a step most timestamps lie; of those that lie around a step, each elsewhere, where it is."""
    rests = seconds % step
    usual = most_common(rests)
    if step > DAY or (rests == usual).mean() >= AGREED:
        return usual
    turns = rests * (2 * np.pi / step)
    centre = float(np.angle(np.exp(1j * turns).mean())) * step / (2 * np.pi)
    away = (rests - centre + step / 2) % step - step / 2
    if np.quantile(np.abs(away), 1 - SCATTERED) > step / 4:
        if (rests == usual).mean() > SCATTERED:
            return usual
        return 0 if step == DAY else int(rests[0])
    for unit in (step, SECONDS["hour"], 15 * 60, SECONDS["minute"]):  # the roundest of the times that may be meant
        near = round(centre / unit) * unit
        if unit <= step and abs(near - centre) <= max(float(np.abs(away).mean()), 1.0):
            return int(near % step)
    return round(centre) % step


def of_months(step: int, timestamps: Timestamps | None, day: int = 0, month: str = "") -> Frequency:
    """Returns the frequency of so many months; a day of 0 and an empty month are read from the timestamps."""
    unit: Unit = "year" if step % 12 == 0 else "quarter" if step % 3 == 0 else "month"
    every = step // MONTHS[unit]
    if timestamps is None:
        phase = MONTH_NAMES.index(month) if month else _usual_phase(step, day)
        return Frequency(unit, every, phase % step, day or 1)
    phase = MONTH_NAMES.index(month) if month else 0
    rest = most_common((months_of(timestamps) - phase) % step)
    phase += rest - rest % MONTHS[unit] if month else rest
    second = most_common(seconds_of(timestamps) % DAY)
    return Frequency(unit, every, phase % step, day or _day_of_month(timestamps), second)


def _usual_phase(step: int, day: int) -> int:
    """Returns the phase that needs no month name: to December for ends of months, from January otherwise."""
    return step - 1 if day == LAST_DAY else 0


def _day_of_month(timestamps: Timestamps) -> int:
    """Returns the day that the timestamps share, 31 when they are the last of their months."""
    dates = timestamps.astype("datetime64[D]")
    is_last = months_of(dates + 1) != months_of(dates)
    if is_last.mean() >= MONTH_ENDS:
        return LAST_DAY
    # The last of a short month may stand for a day that it does not have: 28 February for the 30th.
    days = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    return most_common(days[~is_last])


def readable(stamp: np.datetime64) -> str:
    """Returns the timestamp as a person writes it: without the time of day at midnight; of a row, its number."""
    if is_row(stamp):
        return iso_text(stamp)
    return str(stamp).removesuffix("T00:00:00").replace("T", " ")


def iso_text(stamp: np.datetime64) -> str:
    """Returns the timestamp in ISO 8601; of a row, its number."""
    return str(row_of(np.array([stamp]))[0]) if is_row(stamp) else str(stamp)


def is_row(stamp: np.datetime64) -> bool:
    """Returns whether a timestamp stands for the number of a row."""
    return bool(stamp < FIRST_DATE)


def row_of(stamps: Timestamps) -> Ordinals:
    """Returns the numbers of the rows that timestamps stand for, in the shape given."""
    return stamps.astype("datetime64[D]").astype(np.int64) - ROW_ZERO


def months_of(timestamps: Timestamps) -> Ordinals:
    """Returns the months since January 1970."""
    return timestamps.astype("datetime64[M]").astype(np.int64)


def seconds_of(timestamps: Timestamps) -> Ordinals:
    """Returns the seconds since 1970."""
    return timestamps.astype("datetime64[s]").astype(np.int64)


def most_common(numbers: Ordinals) -> int:
    """Returns the number that comes most often; the smallest of several."""
    values, counts = np.unique(numbers, return_counts=True)
    return int(values[counts.argmax()])
