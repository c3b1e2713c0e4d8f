"""One awkward series among healthy ones: its own forecast stays sane, and its neighbours hardly notice."""

import functools

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.backtest import backtest
from forecast.evaluation.member_forecasts import forecast_points
from forecast.evaluation.metrics import rmse
from forecast.evaluation.scales import lowest_values
from forecast.evaluation.splits import rolling_origins
from forecast.models.networks.fitting import RecurrentForecaster
from forecast.models.networks.presets import make_spec
from forecast.specs import Overrides, Plan, Settings
from marks import slow_but
from runs import QUIET
from tiny import wave

SEASON, H, STEPS, GOOD = 4, 4, 96, 10
NOISE = np.random.default_rng(5)
JUMP = np.r_[np.full(STEPS - 10, 7.0), np.full(10, 7.001)]
BAD = {
    "constant": (np.full(STEPS, 5.0), 0),
    "nearly constant": (5 + 1e-9 * NOISE.normal(size=STEPS), 0),
    "constant until it moves": (JUMP, 0),
    "shorter than a window": (wave(9, seed=40), STEPS - 9),
    "a single value": (np.array([3.0]), STEPS - 1),
    "only zeros": (np.zeros(STEPS), 0),
    "mostly zeros": (np.where(np.arange(STEPS) % 7 == 0, 4.0, 0.0), 0),
    "huge": (1e9 * wave(STEPS, seed=41), 0),
    "tiny": (1e-9 * wave(STEPS, seed=42), 0),
    "negative": (-wave(STEPS, seed=43), 0),
    "one wild value": (np.where(np.arange(STEPS) == 50, 1e7, wave(STEPS, seed=44)), 0),
    "began late": (wave(30, seed=45), STEPS - 30),
    "ended early": (wave(60, seed=46), 0),
    "only gaps": (np.full(STEPS, np.nan), 0),
}
OFTEN = ["nearly constant", "only zeros"]


@functools.cache
def experiment(bad=None):
    """Trains a small network on healthy series, and perhaps a bad one at the end.

    Returns:
        The panel, the truths of the folds, the model's backtest, and what the network says of the steps after the data.
    """
    series, first = [wave(STEPS, level=20 + 5 * i, seed=i) for i in range(GOOD)], [0] * GOOD
    if bad:
        series, first = [*series, BAD[bad][0]], [*first, BAD[bad][1]]
    panel = panel_from_series(series, "D", first=first)
    nonnegative = bool((panel.values[panel.observed] >= 0).all())
    plan = Plan(H, 16, (SEASON,), folds=2, refit=False, nonnegative=nonnegative)
    overrides = Overrides(units=4, steps=100, batch_size=16)
    spec = make_spec("gru", plan, Settings(seeds=1, overrides=overrides), windows=GOOD * STEPS)
    folds = rolling_origins(panel, H, 2, SEASON + 1)
    memory = {}
    forecaster = RecurrentForecaster("gru", spec, QUIET, memory)
    result = backtest(panel, folds, [forecaster], SEASON, refit=False, metric="rmsse", run=QUIET)
    [tested], [model] = result.models, memory.values()
    ahead = forecast_points(model.predict_members(panel), tested.combination, lowest_values(panel))
    return panel, result.truths, tested, ahead


def widths(tested):
    """Returns the mean width of the neighbours' 80 % interval on the last fold."""
    inner = next(interval for interval in tested.intervals if interval.level == 80)
    return float((inner.upper - inner.lower)[-1, :GOOD].mean())


@pytest.fixture(scope="module")
def healthy():
    _, truths, tested, _ = experiment()
    return rmse(truths, tested.forecasts), widths(tested)


@pytest.mark.parametrize("bad", slow_but(OFTEN, BAD))
@pytest.mark.slow
def test_bad_series_explodes_nowhere_and_poisons_no_neighbour(bad, healthy):
    panel, truths, tested, ahead = experiment(bad)
    values = panel.series(GOOD)[~np.isnan(panel.series(GOOD))]
    low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
    room = 2 * (high - low) + 0.01 * max(abs(low), abs(high)) + 1e-9
    own = ahead[GOOD]
    assert np.isfinite(tested.forecasts).all()
    assert np.isfinite(ahead).all()
    assert (own >= low - room).all()
    assert (own <= high + room).all()
    for interval in tested.intervals:  # NaN where there is none
        assert not (interval.lower[:, GOOD] < low - 10 * room).any()
        assert not (interval.upper[:, GOOD] > high + 10 * room).any()
    error, width = healthy
    assert rmse(truths[:, :GOOD], tested.forecasts[:, :GOOD]) == pytest.approx(error, rel=0.15)
    assert widths(tested) == pytest.approx(width, rel=0.3)


@pytest.mark.slow
def test_series_that_never_varied_has_no_interval_rather_than_one_of_no_width():
    _, _, tested, _ = experiment("constant")
    for interval in tested.intervals:
        assert np.isnan(interval.lower[:, GOOD]).all()
        assert np.isnan(interval.upper[:, GOOD]).all()
        assert np.isfinite(interval.upper[-1, :GOOD]).all()


@pytest.mark.slow
def test_what_never_sold_is_forecast_to_sell_nothing():
    _, _, tested, ahead = experiment("only zeros")
    assert (ahead[-1] == 0).all()
    assert (tested.forecasts[:, -1] == 0).all()
