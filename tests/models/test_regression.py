from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.data.windows import cut_windows
from forecast.errors import DataError
from forecast.models import regression
from forecast.models.forecaster import Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.regression import ALPHAS, RegressionForecaster
from forecast.models.views import CLIP
from forecast.specs import View
from tiny import SEASON, VIEWS, tiny_spec, wave

SPEC = tiny_spec("linear")
NAMES = ["ridge", "boosting"]


def forecaster(name, view=VIEWS[0], horizon=3, seed=0):
    return RegressionForecaster(name, SPEC.with_(horizon=horizon), view, CURRENT, seed)


def forecast(name, panel, **changes):
    model = forecaster(name, **changes).fit(panel, Watcher())
    return model.predict_members(panel).values[0]


def ridge_slowly(inputs, targets):
    """Ridge with an intercept, its strength chosen by leaving one row out at a time, refitted each time."""

    def fit(x, y, alpha):
        centred = x - x.mean(axis=0)
        slope = np.linalg.solve(centred.T @ centred + alpha * np.eye(x.shape[1]), centred.T @ (y - y.mean(axis=0)))
        return slope, y.mean(axis=0) - x.mean(axis=0) @ slope

    def error(alpha):
        total = 0.0
        for row in range(len(inputs)):
            others = np.arange(len(inputs)) != row
            slope, level = fit(inputs[others], targets[others], alpha)
            total += ((inputs[row] @ slope + level - targets[row]) ** 2).sum()
        return total

    return fit(inputs, targets, min(ALPHAS, key=error))


def test_ridge_is_the_textbook_formula_on_normalised_windows():
    values = wave(40)
    panel = panel_from_series([values], "D")
    inputs, targets = [], []
    for start in range(40 - 8 - 3 + 1):
        window, future = values[start : start + 8], values[start + 8 : start + 11]
        scale = np.abs(window[4:] - window[:-4]).mean()
        scale = max(scale, 0.1 * np.abs(values[4:] - values[:-4]).mean())
        inputs.append((window - window[-4:].mean()) / scale)
        targets.append(np.clip((future - window[4:7]) / scale, -CLIP, CLIP))
    slope, level = ridge_slowly(np.array(inputs), np.array(targets))
    window = values[-8:]
    scale = max(np.abs(window[4:] - window[:-4]).mean(), 0.1 * np.abs(values[4:] - values[:-4]).mean())
    expected = window[4:7] + scale * ((window - window[-4:].mean()) / scale @ slope + level)
    np.testing.assert_allclose(forecast("ridge", panel)[0], expected, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("view", VIEWS)
def test_scaling_the_series_scales_the_forecasts(name, view):
    values = wave(60)
    small, large = (forecast(name, panel_from_series([k * values], "D"), view=view) for k in (1, 1024))
    np.testing.assert_allclose(large, 1024 * small, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_that_holds_in_the_past_is_found(name):
    values = 20 + 2.0 * np.arange(80) + 3 * np.sin(2 * np.pi * np.arange(80) / SEASON)
    expected = 20 + 2.0 * np.arange(80, 83) + 3 * np.sin(2 * np.pi * np.arange(80, 83) / SEASON)
    np.testing.assert_allclose(forecast(name, panel_from_series([values], "D"))[0], expected, rtol=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_filled_targets_teach_nothing(name, monkeypatch):
    values = wave(30)
    values[-2:] = np.nan  # in no lookback of a window, only in horizons
    panel = panel_from_series([values], "D")
    expected = forecast(name, panel)

    def poisoned(*arguments):
        windows = cut_windows(*arguments)
        return replace(windows, buffer=np.where(windows.observed, windows.buffer, 1e9))

    monkeypatch.setattr(regression, "cut_windows", poisoned)
    np.testing.assert_array_equal(forecast(name, panel), expected)


def test_ridge_without_one_whole_window_stays_near_the_base():
    values = wave(30)
    values[::3] = np.nan
    panel = panel_from_series([values], "D")
    assert np.isfinite(forecast("ridge", panel)).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [8, 9, 11])
def test_a_handful_of_windows_is_enough(name, steps):
    assert np.isfinite(forecast(name, panel_from_series([wave(steps)], "D"))).all()


@pytest.mark.parametrize("name", NAMES)
def test_one_step_ahead(name):
    assert forecast(name, panel_from_series([wave(40), wave(30)], "D"), horizon=1).shape == (2, 1)


@pytest.mark.parametrize("name", NAMES)
def test_constant_and_zero_series_are_forecast_as_they_are(name):
    panel = panel_from_series([np.full(30, 7.0), np.zeros(30)], "D")
    np.testing.assert_allclose(forecast(name, panel), [[7, 7, 7], [0, 0, 0]], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_too_short_a_panel_is_an_error(name):
    with pytest.raises(DataError, match="No series is long enough for one window"):
        forecast(name, panel_from_series([wave(6)], "D"))


@pytest.mark.parametrize("name", NAMES)
def test_more_windows_than_are_needed_are_sampled_by_the_seed(name, monkeypatch):
    monkeypatch.setattr(regression, "MOST_ROWS", 40)
    panel = panel_from_series([wave(100), wave(100, seed=1)], "D")
    first, again, other = (forecast(name, panel, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


def test_only_ridge_has_parameters_to_count():
    panel = panel_from_series([wave(40)], "D")
    assert forecaster("ridge").fit(panel, Watcher()).parameters == 8 * 3
    assert forecaster("boosting").fit(panel, Watcher()).parameters is None


def test_logged_view_is_undone():
    values = np.exp(wave(60, level=1.0, trend=0.01, noise=0.02) / 3)
    ridge = forecast("ridge", panel_from_series([values], "D"), view=View("last-season", SEASON, log=True))
    np.testing.assert_allclose(ridge[0], values[-4:-1], rtol=0.2)
