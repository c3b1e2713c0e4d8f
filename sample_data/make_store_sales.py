"""Makes ``store_sales.csv``: a SYNTHETIC daily panel of ten invented stores over three years.

    python sample_data/make_store_sales.py        # writes the very same bytes each time

Because the sales are made, the best forecast that anyone could give is known: ``simulate().expected`` holds
the sales without their noise, and ``noise_rmse`` is the error of that perfect forecast.

    expected = level × trend × week × year × price ** elasticity × promotion × holiday × open
    sales    = round(expected × noise),   noise log-normal, mean 1, standard deviation about NOISE

Shapes: ``S`` stores, ``T`` days.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SEED = 20240630
NOISE = 0.10
FIRST_DAY, LAST_DAY = date(2021, 7, 1), date(2024, 6, 30)
TARGET_FILE = Path(__file__).with_name("store_sales.csv")


@dataclass(frozen=True)
class Store:
    """The traits of one store. ``growth`` is a share a year, ``promotion`` the factor on a promoted day."""

    name: str
    region: str
    level: float
    growth: float
    price: float
    elasticity: float
    promotion: float
    opens_sundays: bool = False
    opens_holidays: bool = False


STORES = (
    Store("S01", "city", 1450, 0.04, 3.20, -1.6, 1.50),
    Store("S02", "city", 980, -0.03, 3.40, -1.4, 1.45),
    Store("S03", "city", 640, 0.09, 3.10, -1.9, 1.60),
    Store("S04", "city", 1900, 0.02, 3.30, -1.5, 1.40, opens_sundays=True, opens_holidays=True),
    Store("S05", "country", 420, 0.01, 2.60, -1.8, 1.55),
    Store("S06", "country", 300, -0.06, 2.70, -2.0, 1.65),
    Store("S07", "country", 560, 0.05, 2.50, -1.7, 1.50, opens_sundays=True),
    Store("S08", "coast", 850, 0.03, 2.90, -1.3, 1.40, opens_sundays=True, opens_holidays=True),
    Store("S09", "coast", 510, 0.07, 3.00, -1.5, 1.45, opens_sundays=True, opens_holidays=True),
    Store("S10", "coast", 380, 0.00, 2.80, -1.6, 1.55, opens_sundays=True),
)

WEEK = {  # factor from Monday to Sunday
    "city": (0.95, 0.92, 0.94, 1.00, 1.20, 1.35, 0.80),
    "country": (0.88, 0.86, 0.92, 1.02, 1.30, 1.40, 0.75),
    "coast": (0.80, 0.80, 0.85, 0.95, 1.15, 1.45, 1.30),
}
SUMMER = {"city": -0.08, "country": 0.04, "coast": 0.40}  # height of the wave that peaks late in July
CHRISTMAS = {"city": 0.45, "country": 0.30, "coast": 0.15}  # height of the bump before 20 December

EVE, DAY_BEFORE_EVE, HOLIDAY, DAY_AFTER = 1.30, 1.12, 0.60, 0.88


@dataclass(frozen=True, eq=False)
class StoreSales:
    """The whole panel, and what nobody could know: the expected sales before noise and rounding."""

    days: tuple[date, ...]
    promo: BoolArray  # (S, T)
    holiday: BoolArray  # (T,)
    price: FloatArray  # (S, T)
    expected: FloatArray  # (S, T)
    sales: NDArray[np.int64]  # (S, T)

    @property
    def noise_rmse(self) -> float:
        """RMSE of the perfect forecast over all stores and days: no model can be expected to go below it."""
        return float(np.sqrt(np.mean((self.sales - self.expected) ** 2)))


def simulate(seed: int = SEED) -> StoreSales:
    """Returns the panel of a seed; the default seed is the one of the file."""
    # PCG64 by name: numpy may give default_rng another generator one day, and the file must not change.
    rng = np.random.Generator(np.random.PCG64(seed))
    days = tuple(FIRST_DAY + timedelta(i) for i in range((LAST_DAY - FIRST_DAY).days + 1))
    holidays = {day for year in range(FIRST_DAY.year, LAST_DAY.year + 2) for day in holidays_of(year)}
    holiday = np.array([day in holidays for day in days])
    promo = np.array([_campaigns(len(days), rng) for _ in STORES])
    price = np.array([_prices(store, len(days), rng) for store in STORES])
    expected = np.array(
        [_expected(store, days, p, q, holiday) for store, p, q in zip(STORES, promo, price, strict=True)]
    )
    noise = np.exp(NOISE * rng.standard_normal(expected.shape) - NOISE**2 / 2)
    return StoreSales(days, promo, holiday, price, expected, np.rint(expected * noise).astype(np.int64))


def holidays_of(year: int) -> list[date]:
    """Returns the nine national holidays of Germany, four of which move with Easter."""
    easter = _easter(year)
    fixed = [date(year, 1, 1), date(year, 5, 1), date(year, 10, 3), date(year, 12, 25), date(year, 12, 26)]
    return sorted(fixed + [easter + timedelta(n) for n in (-2, 1, 39, 50)])


def to_csv(panel: StoreSales) -> bytes:
    """Returns the file: one row a store and day, stores one after the other, days ascending."""
    lines = ["date,store,region,promo,holiday,price,sales"]
    for s, store in enumerate(STORES):
        lines += [
            f"{day},{store.name},{store.region},{panel.promo[s, t]:d},{panel.holiday[t]:d},"
            f"{panel.price[s, t]:.2f},{panel.sales[s, t]}"
            for t, day in enumerate(panel.days)
        ]
    return ("\n".join(lines) + "\n").encode()


def _expected(
    store: Store, days: tuple[date, ...], promo: BoolArray, price: FloatArray, holiday: BoolArray
) -> FloatArray:
    """Returns the mean sales of one store on each day: (T,), zero where it is closed."""
    weekday = np.array([day.weekday() for day in days])
    years = np.arange(len(days)) / 365.25
    season = np.array([day.timetuple().tm_yday for day in days])
    summer = 1 + SUMMER[store.region] * np.cos(2 * np.pi * (season - 205) / 365.25)
    christmas = 1 + CHRISTMAS[store.region] * np.exp(-(((season - 354) / 10) ** 2))

    closed = ((weekday == 6) & (not store.opens_sundays)) | (holiday & (not store.opens_holidays))
    expected: FloatArray = (
        store.level
        * (1 + store.growth) ** years
        * np.array(WEEK[store.region])[weekday]
        * summer
        * christmas
        * (price / store.price) ** store.elasticity
        * np.where(promo, store.promotion, 1.0)
        * _around_holidays(holiday)
        * ~closed
    )
    return expected


def _around_holidays(holiday: BoolArray) -> FloatArray:
    """Returns the factor of each day: more on the two days before a holiday, less on it and the day after."""
    factor = np.ones(len(holiday))
    factor[1:][holiday[:-1]] = DAY_AFTER
    factor[:-2][holiday[2:]] = DAY_BEFORE_EVE
    factor[:-1][holiday[1:]] = EVE
    factor[holiday] = HOLIDAY
    return factor


def _campaigns(days: int, rng: np.random.Generator) -> BoolArray:
    """Returns the promoted days of one store: campaigns of 5 to 10 days, 25 to 70 days apart."""
    promo = np.zeros(days, dtype=np.bool_)
    start = int(rng.integers(5, 60))
    while start < days:
        end = start + int(rng.integers(5, 11))
        promo[start:end] = True
        start = end + int(rng.integers(25, 71))
    return promo


def _prices(store: Store, days: int, rng: np.random.Generator) -> FloatArray:
    """Returns the shelf price of each day: set anew every 40 to 120 days, within 12 % of the store's own."""
    price = np.empty(days)
    start = 0
    while start < days:
        end = start + int(rng.integers(40, 121))
        price[start:end] = round(store.price * (0.88 + 0.24 * rng.random()), 2)
        start = end
    return price


def _easter(year: int) -> date:
    """Returns Easter Sunday by Meeus, Jones and Butcher's rule (Meeus, Astronomical Algorithms, ch. 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


if __name__ == "__main__":
    made = simulate()
    TARGET_FILE.write_bytes(to_csv(made))
    print(f"{TARGET_FILE}: {made.sales.size:,} rows, RMSE of the noise {made.noise_rmse:.2f} units")
