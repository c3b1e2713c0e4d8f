"""Daylight saving: days of 25 and 23 hours, where hours are numbered.

    number        1  2  3  4  5 … 25          1  2  3 … 23
    hour begins   0  1  2  2  3 … 23          0  1  3 … 23

Which hour comes twice, or never, the numbers don't tell: it is the third in most of Europe, the second in America in
November and on the British half-hours.

Shapes: ``R`` rows.
"""

import numpy as np

from forecast.data.dates.date_forms import DAY
from forecast.data.frequency import EPOCH_WEEKDAY
from forecast.data.panel import FloatArray, IntArray

HOUR = 3600
SUNDAY = 6
SPRING = (3, 4, 9, 10)  # months in which clocks are put forward, on one of the halves of the earth
HALF_HOURS = 48
NOVEMBER = 11


def settle_days(days: IntArray, seconds: FloatArray) -> FloatArray:
    """Returns the seconds since midnight at which rows begin, (R,), on days of 23 and 25 hours too.

    What is no such day stays as it is, even where it goes beyond its day.

    Args:
        days: Since 1970, (R,).
        seconds: Since midnight, as if each day had 24 hours, (R,), without NaN.
    """
    labels = np.unique(seconds)
    slot = int(np.gcd.reduce(labels.astype(np.int64))) if (labels % 60 == 0).all() else 0
    if slot == 0 or HOUR % slot or labels.size < DAY // HOUR - 1:
        return seconds
    an_hour, a_day = HOUR // slot, DAY // slot
    is_called_by_end = bool(labels[0] >= slot and labels[-1] >= DAY)
    places = seconds.astype(np.int64) // slot - is_called_by_end
    present, owners = np.unique(days, return_inverse=True)
    width = int(places.max()) + 1
    filled = np.unique(owners * width + places)
    counts = np.bincount(filled // width)
    last = np.zeros(present.size, np.int64)
    np.maximum.at(last, owners, places)
    months = present.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    is_long = (counts == a_day + an_hour) & (last == a_day + an_hour - 1)
    is_short = (counts == a_day - an_hour) & (last == a_day - an_hour - 1)
    is_short &= ((present + EPOCH_WEEKDAY) % 7 == SUNDAY) & np.isin(months, SPRING)
    is_short &= (np.median(counts) == a_day) & (present != present[0]) & (present != present[-1])
    is_british = a_day == HALF_HOURS
    twice = np.where((months == NOVEMBER) | is_british, 1, 2)[owners]
    never = 1 if is_british else 2
    places -= an_hour * (is_long[owners] & (places >= (twice + 1) * an_hour))
    places += an_hour * (is_short[owners] & (places >= never * an_hour))
    return np.asarray((places + is_called_by_end) * slot, dtype=np.float64)
