"""What was forecast on the folds, beside what came: of all series together as sums of paths, and of the largest."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.hierarchy import Hierarchy
from forecast.data.panel import panel_from_series
from forecast.evaluation.backtest import Backtest
from forecast.evaluation.fold_forecasts import LARGEST, MOST_STEPS, fold_forecasts
from forecast.evaluation.splits import rolling_origins
from forecast.evaluation.total_scores import PATHS
from forecast.models.forecaster import Quantiles

H = 4


@dataclass
class Known:
    """Joint futures that are known to the test."""

    point: np.ndarray  # (S, H)
    futures: np.ndarray  # (S, N, H)

    def paths(self, count, *, which=None):
        return iter(self.futures if which is None else self.futures[list(which)])


def held(values, folds=2, *, is_known=True, horizon=H):
    """Returns a panel, its backtest and that of a model whose forecasts are one too high."""
    panel = panel_from_series(values, "D", target="sales", series_ids=[f"s{k}" for k in range(len(values))])
    every = rolling_origins(panel, horizon, folds, 10)
    truths = np.array([fold.truth(panel) for fold in every[1:]])
    rng = np.random.default_rng(0)
    points = np.nan_to_num(truths) + 1
    known = tuple(Known(own, own[:, None] + rng.normal(0, 1, (len(values), PATHS, horizon))) for own in points)
    bounds = Quantiles((0.1, 0.9), np.stack([points - 2, points + 2]))
    tested = SimpleNamespace(
        forecasts=points,
        distributed=known if is_known else (),
        levels=(80,),
        interval=lambda level: bounds.interval(80),
    )
    return panel, Backtest(every, truths, None, None, (), True), tested


def test_all_series_together_come_first_with_the_interval_of_their_sum():
    panel, backtest, tested = held([np.arange(40.0), np.arange(40.0) + 100])
    told = fold_forecasts(panel, backtest, tested, "total")
    assert [(own.series, own.fold) for own in told] == [
        (name, fold) for name in ("all 2 series", "s1", "s0") for fold in (1, 2)
    ]
    first = told[0]
    assert first.truths == pytest.approx(tuple(2 * np.arange(32, 36) + 100))
    assert first.came == pytest.approx(sum(first.truths))
    assert first.expected == pytest.approx(first.came + 2 * H)
    sums = tested.distributed[0].futures.sum(axis=(0, 2))
    assert (first.lowest, first.highest) == pytest.approx(tuple(np.quantile(sums, [0.1, 0.9])), rel=1e-4)
    steps = np.quantile(tested.distributed[0].futures.sum(axis=0), 0.1, axis=0)
    assert first.lower == pytest.approx(tuple(steps), rel=1e-4)
    assert first.first == "1970-02-02T00:00:00"


def test_of_a_hierarchy_all_together_are_not_told_a_second_time_as_the_total():
    panel, backtest, tested = held([np.arange(40.0) + 100, np.arange(40.0) + 60, np.arange(40.0) + 40])
    tree = Hierarchy("shop", ("total", "shop"), np.array([0, 1, 1]), np.array([0, 2, 3, 4]), np.array([1, 2, 1, 2]))
    told = fold_forecasts(replace(panel, hierarchy=tree), backtest, tested, "total")
    assert list(dict.fromkeys(own.series for own in told))[:3] == ["all 2 series", "s1", "s2"]


def test_a_series_by_itself_has_the_bounds_that_it_was_scored_by():
    panel, backtest, tested = held([np.arange(40.0)])
    told = fold_forecasts(panel, backtest, tested, "total")
    assert {own.series for own in told} == {"s0"}
    assert told[1].lower == pytest.approx(tuple(np.arange(36, 40) - 1.0))
    assert told[1].came == pytest.approx(36 + 37 + 38 + 39)


@pytest.mark.parametrize(("manner", "came"), [("total", 32 + 33 + 34 + 35), ("mean", 33.5), ("standing", 35.0)])
def test_steps_become_one_number_as_the_headline_does(manner, came):
    panel, backtest, tested = held([np.arange(40.0)])
    assert fold_forecasts(panel, backtest, tested, manner)[0].came == pytest.approx(came)


def test_what_was_not_observed_is_left_out_of_truth_and_forecast_alike():
    values = [np.arange(40.0), np.arange(40.0)]
    values[1][33] = np.nan
    panel, backtest, tested = held(values)
    told = fold_forecasts(panel, backtest, tested, "total")
    assert told[0].truths[1] == pytest.approx(33)
    assert told[0].forecasts[1] == pytest.approx(34)
    alone = next(own for own in told if own.series == "s1")
    assert (alone.truths[1], alone.came) == (None, None)


def test_prices_have_no_sum_and_without_paths_there_is_no_interval_of_one():
    panel, backtest, tested = held([np.arange(40.0), np.arange(40.0)], is_known=False)
    assert {own.series for own in fold_forecasts(panel, backtest, tested, "standing")} == {"s0", "s1"}
    told = fold_forecasts(panel, backtest, tested, "total")[0]
    assert (told.lowest, told.highest, set(told.lower)) == (None, None, {None})


def test_of_many_steps_only_all_series_together_are_told():
    long = MOST_STEPS // 2 + 1
    panel, backtest, tested = held([np.arange(4.0 * long)] * (LARGEST + 2), horizon=long)
    assert {own.series for own in fold_forecasts(panel, backtest, tested, "total")} == {"all 5 series"}
