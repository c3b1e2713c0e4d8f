"""What the lengths of months and Easter are worth in a short single series, and how often they are taken by chance.

    python benchmarks/tuning/calendar_of_short_series.py

First: monthly and quarterly series without either, and in how many of 100 each is used. Then: parts of the training
parts of three panels, forecast by exponential smoothing with and without the effects, the geometric mean of the ratio
of the RMSE where effects are used. It chose ``measuring.LEAST_STEPS``; run it with that table empty.
"""

from collections import Counter
from pathlib import Path

import numpy as np

from forecast.data.panel import Panel, panel_from_series
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.models.classical.theta import exponential_smoothing
from forecast.models.covariates.effect_fit import fit_effects
from forecast.models.covariates.effects import Effects
from forecast.models.covariates.regressors import find_regressors, without_cycles
from forecast.models.method_settings import CURRENT

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LENGTHS = {"MS": (24, 30, 36, 48, 60, 72, 96, 144), "QS": (12, 20, 28, 40, 60)}
PANELS = (("m3_monthly", 12, 12), ("tourism_monthly", 12, 12), ("tourism_regions", 4, 4))
PIECES = 200


def effects_of(panel: Panel, season: int) -> Effects | None:
    """Returns the effects of the calendar."""
    regressors = find_regressors(panel, None, calendar=True, country=None)
    return fit_effects(panel, without_cycles(regressors, panel.frequency, {season}), season, season)


def by_chance() -> None:
    """Prints how often each group is used where it does nothing."""
    rng = np.random.default_rng(0)
    for code, lengths in LENGTHS.items():
        season = 12 if code == "MS" else 4
        for steps in lengths:
            cycle = 100 + 8.5 * np.sin(2 * np.pi * np.arange(steps) / season)
            for name, level in (("season", cycle), ("white", 100.0)):
                used: Counter[str] = Counter()
                for _ in range(100):
                    series = level + rng.normal(0, 1 if name == "season" else 10, steps)
                    found = effects_of(panel_from_series([series], code), season)
                    used.update({regressor.group for regressor in found.regressors.used} if found else ())
                print(code, steps, name, dict(used), flush=True)


def worth() -> None:
    """Prints what the effects are worth to smoothing of pieces of real series."""
    for name, season, horizon in PANELS:
        panel = read_panel(str(DATA / f"{name}.csv"), ReadOptions()).panel
        for steps in (2 * season, 3 * season, 4 * season, 5 * season, 12 * season):
            rng, ratios = np.random.default_rng(1), []
            for i in rng.permutation(np.flatnonzero(panel.lengths >= steps + horizon))[:PIECES]:
                start = int(rng.integers(0, panel.lengths[i] - steps - horizon + 1))
                values = panel.series(int(i))[start : start + steps + horizon]
                if np.isnan(values).any():
                    continue
                own = panel_from_series([values[:steps]], panel.frequency, first=[int(panel.first[i]) + start])
                found = effects_of(own, season)
                if found is None:
                    continue
                plain = exponential_smoothing(
                    own, horizon, season, CURRENT.classical.theta, CURRENT.classical.seasonality
                )
                told = found.restore(
                    exponential_smoothing(
                        found.remove(own), horizon, season, CURRENT.classical.theta, CURRENT.classical.seasonality
                    )[None],
                    own,
                )[0]
                errors = [np.sqrt(((each[0] - values[steps:]) ** 2).mean()) for each in (told, plain)]
                ratios.append(np.log(errors[0] / errors[1]))
            print(name, steps, f"used {len(ratios)}", round(float(np.exp(np.mean(ratios))), 3) if ratios else "")


if __name__ == "__main__":
    by_chance()
    worth()
