"""What intervals for 80 and 95 % hold at several origins of training parts, step by step and of totals.

    python benchmarks/tuning/coverage.py

One origin is one draw: all series of it have much in common. Forecasts are those of ``distribution.py``, smoothing
beside a seasonal repetition; each origin's distribution is of the origins before it, two at least.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from distribution import distribution_of, folds_of, forecast_from, record_of
from held_back import Case, FloatArray, training_part

PROBABILITIES, PATHS = (0.025, 0.1, 0.9, 0.975), 400
SETS = {
    "m3_monthly": (300, 12, 6, None),
    "tourism_monthly": (200, 12, 8, 12),
    "nn5_daily": (80, 28, 8, 7),
    "m4_monthly_sub200": (200, 12, 6, None),
}
"""Series at most, horizon, origins, and steps of a total."""


def case_of(name: str, most: int, horizon: int, origins: int) -> Case:
    """Returns the series of a training part that are long enough for so many origins."""
    case = training_part(name, most)
    long = np.flatnonzero(case.panel.lengths >= (origins + 1) * horizon + 2 * case.season + 4)
    return replace(case, panel=case.panel.select(long), horizon=horizon, folds=origins)


def held(case: Case, steps: int | None) -> Iterator[tuple[float, ...]]:
    """Yields what intervals hold at each origin in turn: at 80 %, at 95 %, and totals of so many steps at 80 %."""
    from forecast.evaluation.scales import lowest_values

    panel, records = case.panel, []
    for number, fold in enumerate(folds_of(case)):
        train = fold.train(panel)
        now = record_of(train, case.season, number, *forecast_from(case, number, 0))
        if number > 1:
            told, lowest = (now.point, now.difficulty, panel.series_ids), lowest_values(train)
            distribution = distribution_of(records, panel.series_ids, case.season, lowest)
            low95, low80, high80, high95 = distribution.quantiles(*told, PROBABILITIES, lowest).values
            bounds = ((low80, high80), (low95, high95))
            shares = [share_inside(now.truth, lower, upper) for lower, upper in bounds]
            if steps:
                paths = np.stack(list(distribution.paths(*told, PATHS, lowest)), axis=1)  # (N, S, H)
                sums = np.quantile(totals(paths, steps), (0.1, 0.9), axis=0)
                shares.append(share_inside(totals(now.truth, steps), *sums))
            yield tuple(shares)
        records.append(now)


def totals(values: FloatArray, steps: int) -> FloatArray:
    """Returns the sums of so many steps each, (…, H) -> (…, H // steps); NaN where a step is."""
    whole = values.shape[-1] // steps * steps
    return np.asarray(values[..., :whole].reshape(*values.shape[:-1], -1, steps).sum(axis=-1))


def share_inside(truth: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Returns the share of known truths between two bounds."""
    known = ~np.isnan(truth) & ~np.isnan(lower)
    return float(((truth >= lower) & (truth <= upper))[known].mean())


def main() -> None:
    """Prints the table."""
    print("| set | series | in 80 % | in 95 % | totals in 80 % |\n|---|---|---|---|---|")
    for name, (most, horizon, origins, steps) in SETS.items():
        case = case_of(name, most, horizon, origins)
        columns = list(zip(*held(case, steps), strict=True))
        cells = [f"{', '.join(f'{100 * x:.1f}' for x in each)}: {100 * np.mean(each):.1f}" for each in columns]
        print(f"| {name} | {len(case.panel)} | {' | '.join([*cells, '–'][:3])} |", flush=True)


if __name__ == "__main__":
    main()
