"""What errors of short series hang on: within a series, and from one series to another.

    python benchmarks/tuning/error_slopes.py [--quick]

Absolute errors over the scale, of forecasts as in ``distribution.py`` from nine origins each, are explained by the
features of ``difficulty``: within by a gamma regression in which each series has a size of its own, between by the
means of each series. ``spread.PRIOR`` and ``PRIOR_PLAIN`` were chosen between these and the slopes of 189 trained
models, and rounded; ``distribution.py`` measures what they are worth.

Shapes: ``N`` errors, ``F`` features.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from distribution import made, record_of
from held_back import Case, FloatArray, chosen, r_series, r_years, summed, training_part
from numpy.typing import NDArray

ORIGINS = tuple(1 + number / 2 for number in range(9))
"""Horizons before the end."""
ROUNDS, DAMPING, RIDGE, WILD = 40, 0.7, 20.0, 12.0


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of one set.

    Attributes:
        features: (N, F), NaN where a forecast has none of the kind.
        sizes: (N,), absolute, over the scale.
        series: (N,), which.
    """

    features: FloatArray
    sizes: FloatArray
    series: NDArray[np.int64]


def cases(quick: bool) -> dict[str, Case]:
    """Returns short series: months, quarters, years and days."""
    some = 30 if quick else 150
    sets = {name: training_part(name, 10 * some) for name in ("m3_monthly", "m4_monthly_sub200", "tourism_monthly")}
    found = {name: at_most(case, some, 12) for name, case in sets.items()}
    found |= {f"quarters of {name}": at_most(summed(case, 3, "QS", 6, 4), some, 4) for name, case in sets.items()}
    found["years of m4"] = at_most(summed(sets["m4_monthly_sub200"], 12, "YS", 2, 1), some, 4)
    found["nn5_daily"] = at_most(training_part("nn5_daily", some // 2), some, 14)
    return found | r_series(some) | r_years(some)


def at_most(case: Case, most: int, horizon: int) -> Case:
    """Returns the ends of at most so many series that are long enough for all origins, as short series have them."""
    from forecast.data.panel import panel_from_series

    least, steps = 2 * case.season + 6 + 5 * horizon, 4 * case.season + 16 + 5 * horizon
    panel = chosen(case.panel.select(np.flatnonzero(case.panel.lengths >= least)), most)
    ends = [panel.series(i)[-steps:] for i in range(len(panel))]
    return Case(panel_from_series(ends, panel.frequency), horizon, case.seasons)


def errors_of(case: Case) -> Errors:
    """Returns the errors of all origins of a set."""
    features, sizes, series = zip(*_from_origins(case), strict=True)
    return Errors(np.concatenate(features), np.concatenate(sizes), np.concatenate(series))


def _from_origins(case: Case) -> Iterator[tuple[FloatArray, FloatArray, NDArray[np.int64]]]:
    horizon, season = case.horizon, case.season
    for back in sorted({round(number * horizon) for number in ORIGINS}):
        long = np.flatnonzero(case.panel.lengths - back >= 2 * season + 6)
        if not len(long):
            return
        panel = case.panel.select(long)
        train = panel.until(panel.lengths - back)
        truth = np.stack([panel.series(i)[int(end) :][:horizon] for i, end in enumerate(train.lengths)])
        record = record_of(train, season, 0, made(train, horizon, season), truth)
        errors = np.abs(record.truth - record.point) / record.difficulty.scales[:, None]
        known = np.isfinite(errors)
        features = record.difficulty.features.transpose(1, 2, 0)[known].astype(float)
        yield features, np.minimum(errors[known], WILD), np.repeat(long, known.sum(axis=1))


def within(sets: list[Errors]) -> FloatArray:
    """Returns the slopes of a gamma regression in which each series has a size of its own, sets alike, (F,)."""
    features, sizes, series, weights = _together(sets)
    count = np.bincount(series)
    centred = features - np.stack([np.bincount(series, one) / count for one in features.T], axis=1)[series]
    slopes = np.zeros(features.shape[1])
    normal = (centred * weights[:, None]).T @ centred + RIDGE * np.eye(len(slopes))
    for _ in range(ROUNDS):
        ratios = sizes / np.exp(np.clip(centred @ slopes, -5, 5))
        ratios /= np.maximum(np.bincount(series, ratios) / count, 1e-6)[series]
        slopes += DAMPING * np.linalg.solve(normal, centred.T @ (weights * (ratios - 1)) - RIDGE * slopes)
    return slopes


def between(sets: list[Errors]) -> FloatArray:
    """Returns the slopes by which the mean errors of series follow the means of their features, (F,)."""
    features, sizes, series, weights = _together(sets)
    count = np.bincount(series)
    means = np.stack([np.bincount(series, one) / count for one in features.T], axis=1)
    mean, weight = np.bincount(series, sizes) / count, np.bincount(series, weights)
    columns = np.column_stack([np.ones(len(means)), means - np.average(means, axis=0, weights=weight)])
    slopes, ridge = np.zeros(columns.shape[1]), RIDGE * np.eye(columns.shape[1])
    ridge[0, 0] = 0.0
    normal = (columns * weight[:, None]).T @ columns + ridge
    for _ in range(ROUNDS):
        ratios = mean / np.exp(np.clip(columns @ slopes, -5, 5))
        slopes += DAMPING * np.linalg.solve(normal, columns.T @ (weight * (ratios - 1)) - ridge @ slopes)
    return slopes[1:]


def _together(sets: list[Errors]) -> tuple[FloatArray, FloatArray, NDArray[np.int64], FloatArray]:
    """Returns the errors of all sets, series numbered through, and weights by which each set counts alike."""
    series = [np.unique(own.series, return_inverse=True)[1] for own in sets]
    starts = np.cumsum([0, *(int(own.max()) + 1 for own in series)])
    total = sum(len(own.sizes) for own in sets) / len(sets)
    return (
        np.nan_to_num(np.concatenate([own.features for own in sets])),
        np.concatenate([own.sizes for own in sets]),
        np.concatenate([own + start for own, start in zip(series, starts, strict=False)]),
        np.concatenate([np.full(len(own.sizes), total / len(own.sizes)) for own in sets]),
    )


def main() -> None:
    """Prints the table."""
    from forecast.evaluation.distribution import spread
    from forecast.evaluation.distribution.difficulty import FEATURES

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few series")
    found: dict[bool, list[Errors]] = {True: [], False: []}
    for case in cases(parser.parse_args().quick).values():
        if len(case.panel):
            found[case.season > 1].append(errors_of(case))
    columns = {
        "within, a season": (within(found[True]), spread.PRIOR),
        "within, none": (within(found[False]), spread.PRIOR_PLAIN),
        "between, a season": (between(found[True]), spread.PRIOR_BETWEEN),
    }
    print(f"| feature | {' | '.join(f'{name} | today' for name in columns)} |\n|---{'|---' * 2 * len(columns)}|")
    for place, feature in enumerate(FEATURES):
        cells = [f"{slopes[place]:.2f} | {today[place]:.2f}" for slopes, today in columns.values()]
        print(f"| {feature} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
