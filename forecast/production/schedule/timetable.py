"""When a model is retrained: one timetable, read from a time, a weekday or a cron expression, for cron and systemd."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from forecast import wording
from forecast.errors import UsageError, did_you_mean

LONG_DAYS = tuple(name.lower() for name in (wording.DAYS[-1], *wording.DAYS[:-1]))
DAYS = tuple(name[:3] for name in LONG_DAYS)
MONTHS = tuple(name[:3].lower() for name in wording.MONTHS)
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
EXAMPLE = "--cron '15 3 * * *' for 03:15 each day: minute, hour, day of the month, month, day of the week"
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class Field:
    """One of the five places of a cron expression: its limits, both included, and the names of its values."""

    noun: str
    first: int
    last: int
    names: tuple[str, ...] = ()


FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of the week", 0, 7, DAYS),  # 0 and 7 are both Sunday
)


@dataclass(frozen=True)
class Timetable:
    """The minutes at which a job starts.

    Attributes:
        cron: the five fields as cron reads them.
        values: what each field allows, in ascending order; days of the week from 0, Sunday, to 6.
    """

    cron: str
    values: tuple[tuple[int, ...], ...]

    @property
    def is_once_an_hour_or_less(self) -> bool:
        """Whether two starts are never closer than an hour."""
        return len(self.values[0]) == 1

    def on_calendar(self) -> tuple[str, ...]:
        """Returns the same minutes as systemd writes them, one or two expressions.

        Cron starts a job when the day of the month *or* of the week fits, if neither begins with a star.
        """
        minute, hour, day, month, _ = (_joined(field, own) for field, own in zip(FIELDS, self.values, strict=True))
        weekday = "" if len(self.values[4]) == len(DAYS) else ",".join(DAYS[i].title() for i in self.values[4]) + " "
        clock = f"{hour}:{minute}:00"
        _, _, day_text, _, weekday_text = self.cron.split()
        if day_text.startswith("*") or weekday_text.startswith("*"):
            return (f"{weekday}*-{month}-{day} {clock}",)
        return f"*-{month}-{day} {clock}", f"{weekday}*-{month}-* {clock}"

    def is_on(self, day: date) -> bool:
        """Whether the job starts on a day."""
        _, _, days, months, weekdays = self.values
        _, _, day_text, _, weekday_text = self.cron.split()
        fits = day.day in days, (day.weekday() + 1) % 7 in weekdays
        both = day_text.startswith("*") or weekday_text.startswith("*")
        return day.month in months and (all(fits) if both else any(fits))


@dataclass(frozen=True)
class Skipped:
    """A day on which the clock jumps over all times of a timetable.

    Attributes:
        times: hours and minutes that are not on that day's clock.
        then: the first minute after the jump.
    """

    day: date
    times: tuple[tuple[int, int], ...]
    then: datetime


def skipped_days(timetable: Timetable, zone: ZoneInfo, today: date, days: int = 366) -> Iterator[Skipped]:
    """Yields the days to come, today included, on which summer time begins and no time of the timetable is left."""
    times = tuple(product(timetable.values[1], timetable.values[0]))
    for day in (today + timedelta(days=i) for i in range(days)):
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        noon = midnight.replace(hour=23, minute=59)
        if (noon.utcoffset() or timedelta()) <= (midnight.utcoffset() or timedelta()) or not timetable.is_on(day):
            continue
        starts = [midnight.replace(hour=hour, minute=minute) for hour, minute in times]
        there = [start.astimezone(UTC).astimezone(zone) for start in starts]  # moved on where there is no such time
        if all(
            start.replace(tzinfo=None) != real.replace(tzinfo=None) for start, real in zip(starts, there, strict=True)
        ):
            yield Skipped(day, times, _after_jump(starts[0], zone))


def _after_jump(start: datetime, zone: ZoneInfo) -> datetime:
    """Returns the first minute on the clock after a time that is jumped over."""
    then = start.replace(second=0)
    while then.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != then.replace(tzinfo=None):
        then += timedelta(minutes=1)
    return then


def daily(text: str) -> Timetable:
    """Returns the timetable of a time of day, ``03:15``.

    Raises:
        UsageError: it is no time on a clock of 24 hours.
    """
    hour, minute = _clock(text, "--daily {}")
    return read_cron(f"{minute} {hour} * * *")


def weekly(text: str) -> Timetable:
    """Returns the timetable of a day of the week, or several joined by commas, and a time: ``sun 03:15``.

    Raises:
        UsageError: a part is missing, or is no day or no time.
    """
    words = text.replace(",", ", ").split()
    if len(words) < 2 or ":" not in words[-1]:
        raise UsageError(f"--weekly takes a day and a time, not '{text}'.", "--weekly 'sun 03:15'")
    days = [word for word in "".join(words[:-1]).lower().split(",") if word]
    for day in days:
        if day not in {*DAYS, *LONG_DAYS}:
            raise UsageError(
                f"'{day}' is no day of the week.{did_you_mean(day, (*DAYS, *LONG_DAYS))}",
                f"--weekly 'sun {words[-1]}'; the days are {', '.join(DAYS)}",
            )
    hour, minute = _clock(words[-1], f"--weekly '{','.join(days)} {{}}'")
    numbers = sorted({DAYS.index(day[:3]) for day in days})
    return read_cron(f"{minute} {hour} * * {','.join(map(str, numbers))}")


def read_cron(text: str) -> Timetable:
    """Returns the timetable of a cron expression: five fields, or a nickname such as ``@daily``.

    A field is ``*``, a number, a name (``mon``, ``jan``), a range ``1-5``, each with a step ``*/15``, and lists
    of these with commas.

    Raises:
        UsageError: it is none, or it names a day that no month has.
    """
    text = " ".join(text.split())
    if text.startswith("@"):
        return read_cron(_nickname(text))
    words = text.split()
    if len(words) != len(FIELDS):
        raise UsageError(f"A cron expression has 5 fields; '{text}' has {len(words)}.", EXAMPLE)
    values = [_values(word, field) for word, field in zip(words, FIELDS, strict=True)]
    values[4] = tuple(sorted({day % 7 for day in values[4]}))
    is_any_weekday = words[4].startswith("*")
    if is_any_weekday and all(values[2][0] > _DAYS_IN_MONTH[month - 1] for month in values[3]):
        raise UsageError(f"'{text}' never comes: no such month has a day {values[2][0]}.", EXAMPLE)
    return Timetable(text.lower(), tuple(values))


def _nickname(text: str) -> str:
    if text == "@reboot":
        raise UsageError("@reboot names no time, and a model is not trained at each start.", "--daily 03:15")
    if text.lower() not in NICKNAMES:
        known = ", ".join(NICKNAMES)
        raise UsageError(f"'{text}' is no time.{did_you_mean(text, NICKNAMES)}", f"--cron with one of {known}")
    return NICKNAMES[text.lower()]


def _clock(text: str, flag: str) -> tuple[int, int]:
    """Returns hour and minute; ``flag`` with the mended time in it is the hint."""
    found = re.fullmatch(r"(\d{1,2}):(\d\d)\s*(am|pm)?", text.strip().lower())
    if found is None:
        hint = flag.format("03:15") + " (hours 00 to 23, minutes 00 to 59)"
        raise UsageError(f"'{text}' is no time of day.", hint)
    hour, minute = int(found[1]), int(found[2])
    if found[3] and 1 <= hour <= 12 and minute < 60:
        mended = f"{hour % 12 + 12 * (found[3] == 'pm'):02d}:{minute:02d}"
        raise UsageError(f"'{text}' is not on a clock of 24 hours.", flag.format(mended))
    if found[3] or hour > 23 or minute > 59:
        hint = flag.format(f"{min(hour, 23):02d}:{min(minute, 59):02d}")
        raise UsageError(f"'{text}' is no time of day: hours go to 23 and minutes to 59.", hint)
    return hour, minute


def _values(word: str, field: Field) -> tuple[int, ...]:
    """Returns all values that one field of a cron expression allows."""
    values: set[int] = set()
    for part in word.split(","):
        span, slash, step_text = part.partition("/")
        if slash and not (step_text.isascii() and step_text.isdigit() and int(step_text) > 0):
            raise UsageError(f"The step in '{part}', the {field.noun}, must be a number above 0.", EXAMPLE)
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = field.first, field.last
        else:
            low = _value(first, field, part)
            high = _value(last, field, part) if dash else low
            if slash and not dash:
                raise UsageError(
                    f"'{part}', the {field.noun}, has a step but no range.", f"'{span}-{field.last}/{step_text}'"
                )
        if high < low:
            raise UsageError(
                f"The range '{span}', the {field.noun}, runs backwards.",
                f"'{low}-{field.last},{field.first}-{high}' goes over the end",
            )
        values.update(range(low, high + 1, int(step_text) if slash else 1))
    return tuple(sorted(values))


def _value(text: str, field: Field, part: str) -> int:
    if text.isascii() and text.isdigit():
        value = int(text)
        if field.first <= value <= field.last:
            return value
        raise UsageError(f"{value} is no {field.noun}: it goes from {field.first} to {field.last}.", EXAMPLE)
    if text.lower() in field.names:
        return field.names.index(text.lower()) + (1 if field.noun == "month" else 0)
    known = f"{did_you_mean(text, field.names)}"
    where = "" if text == part else f" in '{part}'"
    raise UsageError(f"'{text}'{where} is no {field.noun}.{known}", EXAMPLE)


def _joined(field: Field, values: tuple[int, ...]) -> str:
    """Returns the values of a field as systemd writes them: a star for all, else two digits each."""
    everything = field.last - field.first + 1
    return "*" if len(values) == everything else ",".join(f"{value:02d}" for value in values)
