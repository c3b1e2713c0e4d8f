"""How evenly timestamps are spaced: what tells 5 February from 2 May where both could be meant.

Data comes in steps. Read in the right order, the dates of a weekly file are all Fridays; in the wrong one, they are
scattered over the years. Where both orders are as even, nobody can tell.
"""

from collections.abc import Sequence

import numpy as np

from forecast.data.frequency import DAY, Timestamps

LEAST_DATES = 5  # fewer are even by accident
SCATTERED = 4  # weekdays, where another order gives always the same one
EVEN = 0.5  # share of the steps that are there, at least, in the right order …
RIVAL = 0.35  # … and of those, at most, in a wrong one


def evenness(stamps: Timestamps) -> float:
    """Returns the share of the steps from the first timestamp to the last that are there, between 0 and 1.

    Args:
        stamps: Sorted, each once. The step is the widest that leads to all of them: seconds, days, weeks, or months
            where all are on the same day or on the last of their month.
    """
    if stamps.size < 2:
        return 0.0
    seconds = stamps.astype("datetime64[s]").astype(np.int64)
    shares = [_share(seconds)]
    days = stamps.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    day_of_month = (days - months.astype("datetime64[D]")).astype(np.int64)
    is_last = (days + 1).astype("datetime64[M]") > months
    if np.diff(months).all() and ((day_of_month == day_of_month[0]).all() or is_last.all()):
        shares.append(_share(months.astype(np.int64)))
    if (seconds % DAY == 0).all() and np.is_busday(days).all():
        shares.append(stamps.size / max(1, int(np.busday_count(days[0], days[-1])) + 1))
    return max(shares)


def most_even(readings: Sequence[Timestamps]) -> int | None:
    """Returns which of several readings of the same dates is even, where the others are not; None where that is open.

    Args:
        readings: The timestamps in each, sorted, each once.
    """
    if min(stamps.size for stamps in readings) < LEAST_DATES:
        return None
    weekdays = [np.unique(stamps.astype("datetime64[D]").astype(np.int64) % 7).size for stamps in readings]
    if weekdays.count(1) == 1 and sorted(weekdays)[1] >= SCATTERED:
        return weekdays.index(1)
    shares = [evenness(stamps) for stamps in readings]
    best = int(np.argmax(shares))
    rest = max(share for i, share in enumerate(shares) if i != best)
    return best if shares[best] >= EVEN and rest <= RIVAL * shares[best] else None


def only_in_order(readings: Sequence[Timestamps]) -> int | None:
    """Returns which of several readings of the same dates is even and goes on from row to row, as no other does.

    Args:
        readings: The timestamps in each, row by row.
    """
    ahead = [max((moves > 0).mean(), (moves < 0).mean()) if moves.size else 0.0 for moves in map(_moves, readings)]
    best = int(np.argmax(ahead))
    is_even = evenness(np.unique(readings[best])) >= EVEN and np.unique(readings[best]).size >= LEAST_DATES
    others = [share for i, share in enumerate(ahead) if i != best]
    return best if is_even and ahead[best] == 1 and max(others) < 1 else None


def _moves(stamps: Timestamps) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Returns the steps in seconds from row to row, without those of 0."""
    moves = np.diff(stamps.astype("datetime64[s]").astype(np.int64))
    return np.asarray(moves[moves != 0])


def _share(places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    distances = np.diff(places)
    return float(places.size / ((places[-1] - places[0]) // np.gcd.reduce(distances) + 1))
