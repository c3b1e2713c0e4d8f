"""Effects of known covariates: what an event is, what the filters take out, how far effects are drawn together.

    python benchmarks/tuning/covariate_effects.py [--quick]

Measured: the scaled error of exponential smoothing on what the effects leave, with the effects put back, over the last
horizons of weekly sales with a holiday flag, generated store sales (other seeds than the sample's), the same with a
text of 20 campaigns of a week and with prices that are missing, and daily hires of bicycles.
"""

import csv
import sys
import tempfile
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
from held_back import DATA, Case, chosen, rolling_errors, smoothed
from study import Constant, FloatArray, Study, main, replaced

SETTINGS = "forecast.models.covariates.covariate_settings"
REGRESSORS, FIT = "forecast.models.covariates.regressors", "forecast.models.covariates.effect_fit"
FILTERS, EFFECTS = "forecast.models.covariates.detrending", "forecast.models.covariates.effects"
SHRINKAGE, ENCODING = "forecast.models.covariates.shrinkage", "forecast.models.covariates.encoding"
SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
CONSTANTS = (
    Constant(REGRESSORS, "RARE", (0.0, 0.03, 0.3)),
    Constant(REGRESSORS, "SHORT_RUN", (0.5, 1.5, 10.0)),
    Constant(SETTINGS, "CovariateSettings.around", ((), (1, -1), (1, 2, 3, -1, -2))),
    Constant(FIT, "LEAST_HELP", (0.0, 0.01, 1.0)),
    Constant(FIT, "MOST_SERIES", (2, 5)),
    Constant(FIT, "LEAST_ROWS", (2, 20, 500)),
    Constant(FIT, "LOG_OFFSET", (0.002, 0.2)),
    Constant(FIT, "LEVEL_STEPS", (7, 31, 121)),
    Constant(FILTERS, "LONG_SEASON", (6, 60)),
    Constant(FILTERS, "TREND_STEPS", (5, 9, 27), cases=("walmart",)),
    Constant(FILTERS, "NEIGHBOURS", ((-1, 1), (-2, -1, 1, 2), tuple(each for each in range(-6, 7) if each))),
    Constant(SHRINKAGE, "START", (0.02, 0.1, 1.0)),
    Constant(SHRINKAGE, "ROUNDS", (1, 5, 100)),
    Constant(SHRINKAGE, "DEAR", (1.0, 1e12), cases=("walmart",)),
    Constant(SETTINGS, "CovariateSettings.closed", (-0.1, -1.0, -4.0), cases=("closed",)),
    Constant(SETTINGS, "CovariateSettings.lowest", (-0.1, -1.0, -9.0), cases=("closed",)),
    Constant(SETTINGS, "CovariateSettings.highest", (0.05, 1.0, 9.0)),
    Constant(SETTINGS, "CovariateSettings.edge", (0.5, 2.0, 20.0)),
    Constant(ENCODING, "MOST_LEVELS", (1, 4, 40), cases=("texts",)),
    Constant(ENCODING, "OFTEN_MISSING", (0.0, 0.05, 0.5), cases=("prices missing",)),
)


def cases(quick: bool) -> dict[str, Case | tuple[Case, ...]]:
    """Returns panels with covariates that are known ahead."""
    found = {
        "walmart holidays": weekly(("isholiday",), 6 if quick else 60),
        "walmart many": weekly(("isholiday", "temperature", "fuel_price", "cpi", "unemployment"), 3 if quick else 60),
        "bikes": read(
            DATA / "bike_sharing_daily.csv", ("holiday", "workingday", "weathersit", "temp", "windspeed"), 14
        ),
    }
    for kind in ("plain", "texts", "prices missing", "closed"):
        found[kind] = tuple(shortened(stores(seed, kind), quick) for seed in range(1, 2 if quick else 6))
    return found


def shortened(case: Case, quick: bool) -> Case:
    """Returns fewer and shorter series where it is to be quick."""
    return Case(chosen(case.panel, 3).tail(400), case.horizon, case.seasons, 2) if quick else case


def weekly(known: tuple[str, ...], most: int) -> Case:
    """Returns weekly sales, scored over Thanksgiving and Christmas too."""
    case = read(DATA / "walmart_weekly_sub200.csv", known, 13)
    return Case(chosen(case.panel, most), 13, (52,), 2)


@cache
def read(path: Path, known: tuple[str, ...], horizon: int, season: int = 7) -> Case:
    """Returns the series of a file with some columns that are known ahead."""
    from forecast.data.reading.reader import ReadOptions, read_panel

    target = ("sales",) if "store" in path.name else ("y",)
    ids = ("store",) if "store" in path.name else ("unique_id",)
    return Case(read_panel(str(path), ReadOptions(target=target, ids=ids, known=known)).panel, horizon, (season,), 3)


@cache
def stores(seed: int, kind: str) -> Case:
    """Returns generated store sales, as they are or with more to be told of them."""
    sys.path.insert(0, str(SAMPLE))
    import make_store_sales

    rows = list(csv.DictReader(StringIO(make_store_sales.to_csv(make_store_sales.simulate(seed)).decode())))
    rng = np.random.default_rng(seed)
    names = [*rows[0], "campaign"]
    weeks = rng.integers(24, size=2000)
    for number, row in enumerate(rows):
        drawn = int(weeks[number // 7] if kind == "texts" else rng.integers(60))
        row["campaign"] = f"c{drawn}" if kind == "texts" and drawn < 20 else "none"
        sales = float(row["sales"] or 0)
        if drawn < 20 and kind == "texts":
            row["sales"] = str(round(sales * (1 + 0.05 * (drawn - 8))))
        if kind == "prices missing" and rng.random() < 0.04:
            row["price"], row["sales"] = "", str(round(1.3 * sales))
        if kind == "closed" and drawn == 0:
            row["campaign"], row["sales"] = "closed", str(round(0.02 * sales))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"store{seed}.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
        known = ("promo", "holiday", "price", *(("campaign",) if kind in {"texts", "closed"} else ()))
        return read(path, known, 28)


def errors(case: Case) -> FloatArray:
    """Returns the errors of smoothing with effects."""
    return rolling_errors(case, lambda train: with_effects(case, train))


def with_effects(case: Case, train: object, *, calendar: bool = False) -> FloatArray:
    """Returns what smoothing forecasts without the effects, and these on their steps: (S, H)."""
    from forecast.models.covariates.covariate_model import fit_covariate_model
    from forecast.specs import ModelSpec

    season = case.season if case.season < 50 else 1
    spec = ModelSpec("linear", max(season, 2), case.horizon, season, calendar=calendar)
    learned = fit_covariate_model(train, spec)
    rest = learned.remove(train) if learned else train
    point = smoothed(rest, case.horizon, season)
    return learned.restore(point, train) if learned else point


def dear_errors(case: Case) -> FloatArray:
    """Returns the errors where every panel is taken for one that has fewer rounds."""
    with replaced(Constant(SHRINKAGE, "DEAR", ()), 1.0):
        return errors(case)


STUDIES = (
    Study(CONSTANTS, cases, errors),
    Study((Constant(SHRINKAGE, "FEWER_ROUNDS", (1, 5, 25)),), cases, dear_errors),
)

if __name__ == "__main__":
    main(__doc__, STUDIES)
