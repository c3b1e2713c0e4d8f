"""Days and months that changed places in some rows, as a spreadsheet of another country leaves them.

    in the file   01/11/2022  01/12/2022  13/01/2022  14/01/2022  …  02/01/2022
    as read       1 November  1 December  13 January  14 January     2 January      back and forth
    as meant      11 January  12 January  13 January  14 January     1 February     day after day

What is read looks whole; only the order of the rows tells.

Shapes: ``R`` rows, ``N`` of them whose date is another than that of the row before.
"""

from dataclasses import dataclass

import numpy as np

from forecast.data.dates.dates import Dates, Stamps
from forecast.data.frequency import DAY, most_common
from forecast.data.panel import IntArray
from forecast.wording import MONTHS

LEAST = 3  # pairs of neighbours that only the other order of day and month puts side by side
IN_ORDER = 0.8  # share of all rows that must go on from row to row then
NEAR = 4 * DAY


@dataclass(frozen=True)
class Swapped:
    """Two rows that tell that day and month changed places, and the span of dates if they did."""

    row: int  # whose day and month are the other way round
    other: int  # whose day can't be a month
    first: np.datetime64
    last: np.datetime64


def find_swapped(dates: Dates) -> Swapped | None:
    """Returns two rows of which one has day and month in each other's place; None where nothing tells that."""
    rows = np.flatnonzero(dates.codes >= 0)
    codes = dates.codes[rows]
    is_new = np.append(True, codes[1:] != codes[:-1])
    rows, codes = rows[is_new], codes[is_new]
    other_way = _swapped(dates.stamps)
    read, meant = (stamps.astype(np.int64)[codes] for stamps in (dates.stamps, other_way))
    differs = read != meant
    clear = np.flatnonzero(_day_of_month(dates.stamps)[codes] > len(MONTHS))
    if rows.size < 2 or differs.sum() < LEAST or clear.size == 0:
        return None
    step = most_common(np.diff(read))

    def follows(later: IntArray, earlier: IntArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        moves = np.sign(step) * (later[1:] - earlier[:-1])
        return np.asarray((moves > 0) & (moves <= max(2 * abs(step), NEAR)))

    broken = ~follows(read, read)
    both = broken & follows(meant, meant) & differs[1:] & differs[:-1]
    begins = broken & follows(meant, read) & differs[1:]
    ends = broken & follows(read, meant) & differs[:-1]
    mended = both | begins | ends
    if both.sum() < LEAST or (~broken | mended).mean() < IN_ORDER:
        return None
    changed = np.append(False, both | begins) | np.append(both | ends, False)
    day = np.append(0, np.cumsum(np.diff(read // DAY) != 0))  # rows of one day, one after the other
    changed = np.bincount(day, changed)[day] > 0
    resolved = np.where(changed, meant, read)
    back = [int((np.sign(step) * np.diff(order) < 0).sum()) for order in (read, resolved)]
    if 2 * back[1] > back[0]:
        return None
    resolved = resolved.astype("datetime64[s]")
    return Swapped(int(rows[changed.argmax()]), int(rows[clear[0]]), resolved.min(), resolved.max())


def day_and_month(stamp: np.datetime64, *, swapped: bool = False) -> str:
    """Returns such as ``2 January``, of the date or of the one whose day and month are the other way round."""
    day = (_swapped(np.array([stamp], "datetime64[s]"))[0] if swapped else stamp).astype("datetime64[D]").item()
    return f"{day.day} {MONTHS[day.month - 1]}"


def _day_of_month(stamps: Stamps) -> IntArray:
    days = stamps.astype("datetime64[D]") - stamps.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray(days.astype(np.int64) + 1)


def _swapped(stamps: Stamps) -> Stamps:
    """Returns timestamps with day and month in each other's place, where the day can be a month."""
    years = stamps.astype("datetime64[Y]")
    months = (stamps.astype("datetime64[M]") - years.astype("datetime64[M]")).astype(np.int64) + 1
    day = _day_of_month(stamps)
    time = stamps - stamps.astype("datetime64[D]")
    other = (years.astype("datetime64[M]") + (day - 1)).astype("datetime64[D]") + (months - 1)
    return np.where(day <= len(MONTHS), other.astype("datetime64[s]") + time, stamps).astype("datetime64[s]")
