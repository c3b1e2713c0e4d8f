"""Totals of single series: how the errors of a horizon belong together, where folds are few.

    python benchmarks/tuning/single_totals.py [--quick]

Generated series (noise, autoregressions, levels that move, walks; with a season and without), tables of R packages, and
single series of training parts, whose ends are cut off at random, so that they do not share a last date. Forecasts are
those of ``distribution.py``, smoothing beside a seasonal repetition, from all origins of four folds; the total is that
of the horizon after them. Measured are the pinball loss of its deciles and an eighth of the score of the 95 % interval,
over the scale of the series. Printed first is how many totals lie inside of their intervals, and how far they stray
beside what is told: 1 is right, 0.5 twice too wide.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from distribution import made, pinball, record_of
from held_back import FloatArray, filled, training_part
from single_series import CODES, HORIZONS, recursion, series
from study import Constant, Study, main

PATHS, PERSISTENCE = "forecast.evaluation.distribution.paths", "forecast.evaluation.distribution.persistence"
FOLDS, DRAWN, ROOM = 4, 400, 6
PROBABILITIES = (0.025, 0.1, 0.5, 0.9, 0.975)
NORMAL_80, FAR = 2 * 1.2816, 6.0
STEPS = {(1, 6): "YS", (1, 14): "D", (4, 8): "QS", (12, 12): "MS", (7, 28): "D"}
"""Season and horizon of generated series, and their frequency."""
SEASONS = {
    (1, 6): (45, 70, 120),
    (1, 14): (110, 250),
    (4, 8): (60, 100, 160),
    (12, 12): (84, 140, 240),
    (7, 28): (220, 400),
}
PANELS = {
    "nn5_daily": (28, 400),
    "m4_hourly": (48, 500),
    "walmart_weekly_sub200": (13, 150),
    "m3_monthly": (18, 160),
    "tourism_monthly": (24, 300),
    "m4_monthly_sub200": (18, 200),
}
"""Horizon, and steps of a series at most."""
CONSTANTS = (
    Constant(PERSISTENCE, "TAKEN", ((0.0, 0.2, 1.0), (0.2, 0.5, 1.0))),
    Constant(PERSISTENCE, "LEFT", ((1.0,), (1.0, 0.8))),
    Constant(PERSISTENCE, "SHARED", ((0.05, 0.6), (1e-6, 1e-5))),
    Constant(PERSISTENCE, "STEADY_PRIOR", (0.0, 0.65, 3.0)),
    Constant(PERSISTENCE, "STEADY", (-1.0, 0.1, 0.2)),
    Constant(PERSISTENCE, "HISTORY_TRUST", (0.0, 0.25, 0.5, 2.0)),
    Constant(PATHS, "BELIEF", (1.0, 8.0, 80.0, 1e6)),
)


@dataclass(frozen=True, eq=False)
class Single:
    """One series at its last origin.

    Attributes:
        known: the records (``ErrorRecord``) of the folds before it.
        now: its forecast, and what came.
        past: (T,), its values up to then.
        season: of the scale.
    """

    known: list[Any]
    now: Any
    past: FloatArray
    season: int


@cache
def cases(quick: bool) -> dict[str, tuple[Single, ...]]:
    """Returns single series by kind."""
    groups: dict[tuple[int, int, str], list[tuple[str, FloatArray]]] = {}
    for kind, key, values in every_series(1 if quick else 6):
        season, horizon, _ = key
        if len(values) >= ROOM * horizon + 2 * season + ROOM and np.ptp(values[: -(FOLDS + 1) * horizon]) > 0:
            groups.setdefault(key, []).append((kind, values))
    found: dict[str, list[Single]] = {}
    for key, own in groups.items():
        for (kind, _), one in zip(own, singles(key, [values for _, values in own]), strict=True):
            if np.isfinite(one.now.difficulty.scales).all():
                found.setdefault(kind, []).append(one)
    return {kind: tuple(found[kind]) for kind in sorted(found)}


def every_series(most: int) -> Iterator[tuple[str, tuple[int, int, str], FloatArray]]:
    """Yields kind, season with horizon and frequency, and values of series: about so many of each source."""
    rng = np.random.default_rng(11)
    for (season, horizon), code in STEPS.items():
        for steps in SEASONS[season, horizon]:
            for _ in range(most):
                yield from ((kind, (season, horizon, code), own) for kind, own in generated(steps, season, rng))
    for kind, season, own in series(2 * most):
        if kind != "generated":
            yield kind, (season, HORIZONS[season], CODES[season]), ending(own, HORIZONS[season], season, 3, rng)[-300:]
    for name, (horizon, longest) in PANELS.items():
        case = training_part(name, 10 * most)
        for own in filled(case):
            key = (case.season, horizon, str(case.panel.frequency.code))
            yield name, key, ending(own, horizon, case.season, 12, rng)[-longest:]


def ending(values: FloatArray, horizon: int, season: int, most: int, rng: np.random.Generator) -> FloatArray:
    """Returns a series without a random part of its end, of so many horizons at the most."""
    room = min(len(values) - ROOM * (horizon + 1) - 2 * season, most * horizon)
    return values[: len(values) - int(rng.integers(0, max(room, 1)))]


def generated(steps: int, season: int, rng: np.random.Generator) -> Iterator[tuple[str, FloatArray]]:
    """Yields noise, autoregressions, a level that moves below noise, and a walk, each with the season."""
    normal, phases = 3 * rng.normal(size=(6, steps + 50)), np.arange(steps) % season
    cycle = 3 * rng.normal(size=season)[phases] + 9 * np.sin(2 * np.pi * phases / season)
    cycle = 100 + (cycle if season > 1 else 0 * cycle)
    yield "noise", cycle + normal[0, :steps]
    yield "noise, heavy tails", cycle + 3 * rng.standard_t(4, size=steps)
    yield "autoregression of 0.5", cycle + recursion(normal[1], 0.5)[50:]
    yield "autoregression of 0.9", cycle + recursion(normal[2], 0.9)[50:]
    yield "level that moves", cycle + np.cumsum(0.3 * normal[3, :steps]) + normal[4, :steps]
    yield "walk", 100 + cycle + np.cumsum(normal[5, :steps])


def singles(key: tuple[int, int, str], values: list[FloatArray]) -> list[Single]:
    """Returns series at their last origins; all are forecast at once, which changes no forecast of one."""
    from forecast.data.panel import panel_from_series

    season, horizon, code = key
    panel, made_at = panel_from_series(values, code), {}
    for back in range((FOLDS + 1) * horizon, horizon - 1, -1 if horizon <= 28 else -2):
        train = panel.until(panel.lengths - back)
        truth = np.stack([own[len(own) - back :][:horizon] for own in values])
        made_at[back] = record_of(train, season, FOLDS, made(train, horizon, season), truth)
    found = []
    for i, own in enumerate(values):
        known = [
            told(one(record, i), *divmod((FOLDS + 1) * horizon - back, horizon))
            for back, record in made_at.items()
            if back > horizon
        ]
        found.append(Single(known, one(made_at[horizon], i), own[: len(own) - horizon], season))
    return found


def one(record: Any, i: int) -> Any:
    """Returns the record of one series of a panel."""
    known = record.difficulty
    own = replace(
        known,
        scales=known.scales[[i]],
        levels=known.levels[[i]],
        origins=known.origins[[i]],
        features=known.features[:, [i]],
    )
    return replace(record, point=record.point[[i]], truth=record.truth[[i]], difficulty=own)


def told(record: Any, fold: int, shift: int) -> Any:
    """Returns a record from so many steps after a fold's origin with the truths that are known after all folds."""
    horizon = record.point.shape[1]
    late = np.arange(1, horizon + 1) + shift > (FOLDS - fold) * horizon
    return replace(record, fold=fold, truth=np.where(late, np.nan, record.truth))


@cache
def lowest_of(single: Single) -> FloatArray:
    """Returns 0 where a series never was negative, else −inf, (1,)."""
    return np.array([0.0 if single.past.min() >= 0 else -np.inf])


def total_of(single: Single) -> tuple[FloatArray, float]:
    """Returns the total of the horizon in many futures, (N,), and what came."""
    from forecast.data.panel import panel_from_series
    from forecast.evaluation.distribution.distribution import fit_distribution
    from forecast.evaluation.distribution.persistence import memory_likelihoods
    from forecast.models.method_settings import CURRENT

    lowest, past = lowest_of(single), panel_from_series([single.past], "D")
    memories = memory_likelihoods(past, single.season, CURRENT.classical.seasonality)
    nonnegative = bool((lowest >= 0).all())
    fitted = fit_distribution(single.known, ("series",), single.season, nonnegative=nonnegative, memories=memories)
    assert fitted is not None
    (paths,) = fitted.paths(single.now.point, single.now.difficulty, ("series",), DRAWN, lowest)
    return paths.sum(axis=1), float(single.now.truth.sum())


def errors(single: Single) -> FloatArray:
    """Returns the loss of a total, (1,)."""
    paths, truth = total_of(single)
    size = single.now.difficulty.scales * single.now.point.shape[1]
    low, high = np.quantile(paths, (0.025, 0.975))
    score = high - low + 40 * (max(low - truth, 0.0) + max(truth - high, 0.0))
    return pinball(np.array([truth]), paths[None], size) + np.minimum(score / size, 100.0) / 8


def held(group: tuple[Single, ...]) -> tuple[float, ...]:
    """Returns what intervals for 80 and 95 % held, and how far totals strayed beside what was told."""
    inside = []
    for single in group:
        paths, truth = total_of(single)
        low, lower, middle, upper, high = np.quantile(paths, PROBABILITIES)
        away = (truth - middle) / max((upper - lower) / NORMAL_80, 1e-9)
        inside.append((lower <= truth <= upper, low <= truth <= high, min(away**2, FAR**2)))
    within_80, within_95, strays = np.mean(inside, axis=0)
    return 100 * within_80, 100 * within_95, strays**0.5


STUDIES = (Study(CONSTANTS, cases, errors),)

if __name__ == "__main__":
    print("| series | count | in 80 % | in 95 % | strays beside what is told |\n|---|---|---|---|---|")
    for kind, group in cases("--quick" in sys.argv).items():
        print(f"| {kind} | {len(group)} | {' | '.join(f'{each:.3g}' for each in held(group))} |", flush=True)
    print()
    main(__doc__, STUDIES)
