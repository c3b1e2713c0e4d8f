"""The regular step that timestamps share, gaps and a few strays allowed: months first, then seconds to weeks."""

import numpy as np

from forecast.data.frequency import (
    DAY,
    EPOCH_WEEKDAY,
    LAST_DAY,
    SECONDS,
    Frequency,
    Ordinals,
    Timestamps,
    months_of,
    most_common,
    of_months,
    of_seconds,
    readable,
    seconds_of,
)
from forecast.errors import DataError

STRAYS = 0.2  # share of steps that may contradict the most common one; ordinals() then names the first
WEEKENDS = 0.05  # share of dates on a weekend that business-daily data may have
LOOSE_DAYS = 7  # within so many days of a month lie its third Fridays and its first and last trading days
OCCUPANCY = 0.1  # a grid with a smaller share of its steps observed is an accident
FEWEST_NEAR = 12  # dates that show a step beside which each of them lies
NEAR = 0.15  # of a step: so far beside it dates may lie
FEW = 0.02  # share of them that may lie farther
ROUND_STEPS = (
    *(60 * minutes for minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)),
    *(3600 * hours for hours in (1, 2, 3, 4, 6, 8, 12, 24)),
)  # seconds, that divide an hour or a day
FEWEST_MONTHS = 6
OFTEN = {2: "two", 3: "three", 4: "four"}  # dates a month that are no step
SECONDS_HINT = "--aggregate mean --freq min makes one value of each minute"
HALF = 0.5  # with fewer of its steps observed, a frequency gives way to months


def infer_frequency(timestamps: Timestamps) -> Frequency:
    """Returns the frequency of timestamps that may have gaps.

    Args:
        timestamps: Of one series or of a whole panel together, sorted and without repetition.

    Raises:
        DataError: There is no common step.
    """
    stamps = timestamps.astype("datetime64[s]")
    hint = "--freq D, or another step: 15min, h, B, W, M, Q, Y"
    if stamps.size < 2:
        raise DataError("the frequency can't be told from a single date.", hint)
    frequency = _infer_calendar(stamps) or _infer_fixed(stamps)
    if frequency is None or _occupancy(frequency, stamps) < HALF:
        frequency = _infer_loose_months(stamps) or frequency  # third Fridays are no weeks
    frequency = frequency or _infer_near(stamps)
    if frequency is None:
        raise _no_step(stamps, hint)
    return frequency


def _no_step(stamps: Timestamps, hint: str) -> DataError:
    """Returns what to do with dates that have no common step, or one that can't be forecast by dates."""
    distances = np.diff(seconds_of(stamps))
    usual = most_common(distances)
    if usual % SECONDS["minute"] and _common_step(distances):
        message = f"the dates are {duration(usual)} apart, and no step but whole minutes can be forecast by dates."
        return DataError(message, f"{SECONDS_HINT}, or --no-dates if each row is one step")
    _, counts = np.unique(months_of(stamps), return_counts=True)
    each = most_common(counts[1:-1]) if counts.size >= FEWEST_MONTHS else 1
    if each in OFTEN and (counts[1:-1] == each).mean() >= 1 - STRAYS:
        days = [readable(stamp) for stamp in stamps[counts[0] : counts[0] + each]]
        message = f"there are {OFTEN[each]} dates a month, such as {' and '.join(days)}, which is no even step."
        return DataError(message, f"--no-dates --season {12 * each} if each row is one step; --aggregate sum --freq M")
    shortest, longest = duration(int(distances.min())), duration(int(distances.max()))
    message = f"the frequency can't be inferred: from {shortest} to {longest} lie between two dates."
    return DataError(
        message, f"{hint}; --no-dates if each row is one step; for single events, --aggregate sum --freq D"
    )


def _infer_near(stamps: Timestamps) -> Frequency | None:
    """Returns minutes to days where each date lies near a step of its own: 12:00:02, 12:04:57, 12:10:01."""
    seconds = seconds_of(stamps)
    distances = np.diff(seconds)
    if stamps.size < FEWEST_NEAR:
        return None
    usual = float(np.median(distances))
    step = min(ROUND_STEPS, key=lambda each: abs(each / usual - 1))
    if abs(step / usual - 1) > NEAR or np.mean(np.abs(distances / step - np.round(distances / step)) > 2 * NEAR) > FEW:
        return None
    frequency = of_seconds(step, stamps)
    return frequency if (distances / step < 0.5).mean() <= FEW else None


def _infer_calendar(stamps: Timestamps) -> Frequency | None:
    """Returns months, quarters or years when no month holds two timestamps and nearly all share the day."""
    distances = np.diff(months_of(stamps))
    step = _common_step(distances) if distances.all() else None
    if step is None:
        return None
    frequency = of_months(step, stamps)
    return frequency if frequency.on_step(stamps).mean() >= 1 - STRAYS else None


def _infer_fixed(stamps: Timestamps) -> Frequency | None:
    """Returns minutes to weeks, or business days when a daily series has next to no weekends."""
    seconds = seconds_of(stamps)
    step = _common_step(np.diff(seconds))
    if step is None or step % SECONDS["minute"]:
        return None
    if step == DAY and seconds[-1] - seconds[0] >= SECONDS["week"]:
        weekdays = (seconds // DAY + EPOCH_WEEKDAY) % 7
        if (weekdays >= 5).mean() <= WEEKENDS:
            return Frequency("business-day", second=most_common(seconds % DAY))
    return of_seconds(step, stamps)


def _occupancy(frequency: Frequency, stamps: Timestamps) -> float:
    """Returns the share of the steps from the first timestamp to the last that are there."""
    first, last = frequency.periods(stamps[[0, -1]])
    return float(stamps.size / (last - first + 1))


def _infer_loose_months(stamps: Timestamps) -> Frequency | None:
    """Returns months, quarters or years when each has one timestamp on about the same day, as the last trading day."""
    distances = np.diff(months_of(stamps))
    step = _common_step(distances) if stamps.size > LOOSE_DAYS and distances.all() else None
    if step is None or (distances % step).any():
        return None
    from_start = (stamps.astype("datetime64[D]") - stamps.astype("datetime64[M]")).astype(np.int64)
    next_month = (stamps.astype("datetime64[M]") + 1).astype("datetime64[D]")
    to_end = (next_month - stamps.astype("datetime64[D]")).astype(np.int64) - 1
    if to_end.max() < LOOSE_DAYS:
        return of_months(step, stamps, LAST_DAY)
    if from_start.max() < LOOSE_DAYS:
        return of_months(step, stamps, 1)
    return of_months(step, stamps, most_common(from_start) + 1) if np.ptp(from_start) < LOOSE_DAYS else None


def _common_step(distances: Ordinals) -> int | None:
    """Returns the step of which the distances between neighbours are multiples, all but a few strays."""
    sizes, counts = np.unique(distances, return_counts=True)
    usual = int(sizes[counts.argmax()])
    if counts[sizes % usual == 0].sum() >= (1 - STRAYS) * distances.size:
        return usual
    divisor = int(np.gcd.reduce(sizes))
    return divisor if (distances.size + 1) * divisor >= OCCUPANCY * distances.sum() else None


def duration(seconds: int) -> str:
    """Returns so many seconds in words, such as 1 hour or 2.5 days."""
    unit = next((unit for unit in ("day", "hour", "minute") if seconds >= SECONDS[unit]), None)
    if unit is None:
        return f"{seconds} second{'s' * (seconds != 1)}"
    count = round(seconds / SECONDS[unit], 1)
    return f"{count:g} {unit}" + ("" if count == 1 else "s")
