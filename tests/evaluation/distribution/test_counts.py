"""Distributions of counts: calibrated, zero included, whole where the data are, and with the forecast as their mean."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import poisson

from forecast.data.checks.demand import INTERVAL
from forecast.evaluation.distribution.count_fit import fit_count_distribution, fit_counts, fit_mixed_distribution
from forecast.evaluation.distribution.counts import CountShape
from forecast.evaluation.distribution.difficulty import FEATURES, Difficulty
from forecast.evaluation.distribution.distribution import Distribution, ErrorRecord
from forecast.evaluation.distribution.persistence import memories
from forecast.evaluation.distribution.shape import normal_scores

FloatArray = NDArray[np.float64]
RNG = np.random.default_rng(3)
RATES = RNG.gamma(0.6, 0.8, (300, 1)) + 1e-3
PAST, CAME = (RNG.poisson(RATES, (300, steps)).astype(float) for steps in (40, 12))
POINT = np.repeat(RATES, 12, axis=1)
NO_LIMIT = np.zeros(300)


def _told(past: FloatArray = PAST, unit: float = 1.0) -> Difficulty:
    demands = np.stack([(past > 0).sum(axis=1), unit * past.sum(axis=1)]).astype(float)
    count = len(past)
    nothing = np.full((len(FEATURES), count, 12), np.nan, dtype=np.float32)
    return Difficulty(np.ones(count), np.ones(count), np.zeros(count, dtype=np.int64), nothing, demands)


@pytest.fixture(scope="module")
def shape() -> CountShape:
    found = fit_counts(POINT[None], CAME[None], [_told()])
    assert found is not None
    return found


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.8, 0.9, 0.95])
def test_counts_of_a_poisson_process_have_its_quantiles(shape: CountShape, probability: float) -> None:
    found = shape.quantiles(POINT, _told(), normal_scores([probability])[:, None, None])[0]
    assert (found == np.round(found)).all()
    assert found.min() == 0
    assert np.abs(found - poisson.ppf(probability, POINT)).mean() < 0.15


def test_the_mean_of_the_distribution_is_the_forecast(shape: CountShape) -> None:
    smooth = CountShape(shape.usual, shape.start, shape.slope, shape.sizes, is_whole=False)
    drawn = smooth.quantiles(POINT, _told(), RNG.normal(size=(300, 300, 12)))
    assert drawn.mean() == pytest.approx(POINT.mean(), rel=0.02)


def test_measurements_are_not_rounded_and_scale_with_their_unit(shape: CountShape) -> None:
    other = fit_counts(0.25 * POINT[None], 0.25 * CAME[None], [_told(unit=0.25)])
    assert other is not None
    assert not other.is_whole
    assert (other.start, other.slope) == pytest.approx((shape.start, shape.slope))
    assert other.sizes == pytest.approx(shape.sizes)


def test_what_is_forecast_as_nothing_has_nothing_at_every_quantile(shape: CountShape) -> None:
    assert (shape.quantiles(0 * POINT, _told(), np.full((1, 300, 12), 3.0)) == 0).all()


def _distribution(truth: FloatArray = CAME) -> Distribution:
    found = fit_count_distribution([ErrorRecord(0, POINT, truth, _told())], tuple(map(str, range(300))))
    assert found is not None
    return found


def test_past_of_few_series_tells_how_demands_of_a_horizon_belong_together() -> None:
    record, names = ErrorRecord(0, POINT, CAME, _told()), tuple(map(str, range(300)))
    strays = []
    for taken in (0.0, 1.0):
        past = np.array([0.0 if own == (taken, 1.0) else -1e4 for own in memories()])
        found = fit_count_distribution([record], names, past)
        assert found is not None
        strays.append((found.dependence.own @ found.dependence.own.T).sum())
    assert strays[1] > strays[0]


def test_quantiles_never_cross_and_paths_hold_to_them() -> None:
    known = _distribution()
    names, levels = known.series_ids, (0.1, 0.5, 0.9)
    quantiles = known.quantiles(POINT, _told(), names, levels, NO_LIMIT).values
    assert (np.diff(quantiles, axis=0) >= 0).all()
    paths = np.stack(list(known.paths(POINT, _told(), names, 200, NO_LIMIT, which=[0, 1, 2])))
    assert (paths == np.round(paths)).all()
    assert (paths <= quantiles[2, :3, None, 0].max(axis=-1)[:, None, None] + 20).all()
    assert paths.mean() == pytest.approx(POINT[:3].mean(), rel=0.25)


def test_wider_is_wider_and_nothing_known_is_no_distribution() -> None:
    known = _distribution()
    wide = known.widened(2.0).quantiles(POINT, _told(), known.series_ids, (0.9,), NO_LIMIT).values
    assert wide.sum() > known.quantiles(POINT, _told(), known.series_ids, (0.9,), NO_LIMIT).values.sum()
    unknown = ErrorRecord(0, POINT, np.full_like(CAME, np.nan), _told())
    assert fit_count_distribution([unknown], known.series_ids) is None


def _tree_distribution(leaves: int = 40) -> tuple[Distribution, ErrorRecord]:
    """A total over leaves of which every second one sells now and then."""
    rng, levels = np.random.default_rng(5), np.repeat([0, 1], [1, leaves])
    rare = (np.arange(leaves + 1) % 2 == 0) & (levels == 1)
    point = np.where(rare, 0.5, 40.0)[:, None] * np.ones((1, 12))
    point[0] = point[1:].sum(axis=0)
    demands = np.where(rare, 10.0, np.nan) * np.ones((2, 1))
    features = np.zeros((len(FEATURES), leaves + 1, 12), dtype=np.float32)
    ones = np.ones(leaves + 1)
    told = Difficulty(ones, ones, np.zeros(leaves + 1, dtype=np.int64), features, demands)
    records = []
    for fold in range(4):
        truth = np.where(rare[:, None], rng.poisson(point), point + rng.normal(0, 4, point.shape))
        truth[0] = truth[1:].sum(axis=0)
        records.append(ErrorRecord(fold, point, truth, told))
    ids = tuple(map(str, range(leaves + 1)))
    found = fit_mixed_distribution(records, ids, 1, levels=levels, nonnegative=True)
    assert found is not None
    return found, records[0]


def test_leaves_of_a_hierarchy_that_sell_now_and_then_have_counts_and_others_have_not() -> None:
    found, last = _tree_distribution()
    lowest = np.zeros(len(found.series_ids))
    paths = np.stack(list(found.paths(last.point, last.difficulty, found.series_ids, 400, lowest)))
    rare = last.difficulty.has_demands
    np.testing.assert_array_equal(paths[rare], np.round(paths[rare]))
    assert paths[rare].mean() == pytest.approx(0.5, rel=0.15)
    assert (paths[rare] == 0).mean() == pytest.approx(np.exp(-0.5), abs=0.05)
    assert (paths[~rare] != np.round(paths[~rare])).all()
    assert paths[~rare][1:].std(axis=(1, 2)).mean() == pytest.approx(4, rel=0.15)


def test_of_a_panel_those_that_sell_all_the_time_have_errors_and_all_counts_where_none_does() -> None:
    _, last = _tree_distribution()
    known, mixed = (replace(last.difficulty, demands=own) for own in (np.full((2, 41), 10.0), last.difficulty.demands))
    ids = tuple(map(str, range(41)))
    every, some = (
        fit_mixed_distribution([replace(last, difficulty=own)] * 3, ids, 1, nonnegative=True, few=5.0)
        for own in (known, mixed)
    )
    assert every is not None
    assert some is not None
    assert every.counts is not None
    assert every.rare is None
    assert some.counts is None
    assert some.rare is not None
    assert (some.rare.interval, some.rare.few) == (INTERVAL, 5.0)
    found = some.quantiles(last.point, mixed, ids, (0.1, 0.5, 0.9), np.zeros(41)).values
    rare = mixed.has_demands
    np.testing.assert_array_equal(found[:, rare], np.round(found[:, rare]))
    assert (found[0, rare] == 0).all()
    assert (np.diff(found, axis=0) >= 0).all()
    assert (found[0, ~rare] > 20).all()


def test_where_nothing_came_of_those_that_sell_all_the_time_there_are_counts_for_all() -> None:
    _, last = _tree_distribution()
    truth = np.where(last.difficulty.has_demands[:, None], last.truth, np.nan)
    found = fit_mixed_distribution([replace(last, truth=truth)], tuple(map(str, range(41))), 1, nonnegative=True)
    assert found is not None
    assert found.counts is not None
    assert np.isfinite([found.counts.usual, found.counts.start, found.counts.slope, *found.counts.sizes]).all()
    assert np.isfinite(found.dependence.own).all()


def test_wider_leaves_of_a_hierarchy_are_wider_too() -> None:
    found, last = _tree_distribution()
    told = (last.point, last.difficulty, found.series_ids, 400, np.zeros(len(found.series_ids)))
    plain, wide = (np.stack(list(each.paths(*told)))[2::2] for each in (found, found.widened(1.5)))
    assert (wide >= np.where(plain > np.median(plain), plain, 0)).all()
    assert wide.sum() > 1.2 * plain.sum()
