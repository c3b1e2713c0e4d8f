import sys
from importlib.util import find_spec

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.errors import DependencyError, ExitCode
from forecast.models.classical import statsforecast
from forecast.models.classical.baselines import naive
from forecast.models.classical.statsforecast import SHORTEST, make_classical
from forecast.models.forecaster import Watcher
from forecast.models.registry import MODELS, make_forecaster
from runs import QUIET
from tiny import SEASON, tiny_spec, wave, with_values

HORIZON = 6
needs_statsforecast = pytest.mark.skipif(
    find_spec("statsforecast") is None, reason="statsforecast is missing: pip install statsforecast"
)
every_method = pytest.mark.parametrize("name", MODELS.of("classical"))


def forecast(name, panel, season=SEASON):
    fitted = make_classical(name, HORIZON, season).fit(panel, Watcher())
    members = fitted.predict_members(panel)
    assert (members.views, members.seeds) == ((name,), (0,))
    assert (fitted.parameters, fitted.curve) == (None, None)
    return members.values[0]


@every_method
def test_missing_statsforecast_is_a_dependency_error_that_names_the_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    with pytest.raises(DependencyError, match=f"'{name}' needs statsforecast, which is not installed") as error:
        make_forecaster(name, {"linear": tiny_spec("linear")}, season=4, run=QUIET)
    assert error.value.hint == "pip install 'statsforecast>=2.0'"
    assert error.value.exit_code == ExitCode.DEPENDENCY == 3


@needs_statsforecast
@every_method
def test_a_trend_with_a_season_is_carried_on(name):
    panel = panel_from_series([wave(60, noise=0.05)], "D")
    truth = wave(60 + HORIZON, noise=0.0)[60:]
    np.testing.assert_allclose(forecast(name, panel)[0], truth, atol=0.6)


@needs_statsforecast
@every_method
def test_without_a_season_a_constant_series_stays_where_it_is(name):
    panel = panel_from_series([np.full(30, 5.0), np.zeros(30), np.full(30, -2.0)], "D")
    np.testing.assert_allclose(forecast(name, panel, season=1), [[5.0] * HORIZON, [0.0] * HORIZON, [-2.0] * HORIZON])


@needs_statsforecast
@every_method
def test_a_series_too_short_to_fit_gets_its_last_value(name):
    panel = panel_from_series([wave(SHORTEST - 1), [7.0], [], [np.nan] * 20], "D")
    np.testing.assert_array_equal(forecast(name, panel), naive(panel, HORIZON))


@needs_statsforecast
@every_method
@pytest.mark.parametrize("steps", range(SHORTEST, 3 * 12 + 1, 3))
def test_any_length_around_two_seasons_is_forecast(name, steps):
    values = forecast(name, panel_from_series([wave(steps)], "MS"), season=12)
    assert np.isfinite(values).all()
    assert (np.abs(values) < 100).all()


@needs_statsforecast
@every_method
def test_negative_sparse_and_gappy_series_are_forecast(name, awkward):
    rng = np.random.default_rng(0)
    rare = np.where(rng.random(80) < 0.1, 3.0, 0.0)
    panel = panel_from_series([wave(80) - 60, -np.exp(wave(40) / 4), rare, *map(awkward.series, range(6))], "D")
    values = forecast(name, panel)
    assert np.isfinite(values).all()
    assert (values[0] < 0).all()


@needs_statsforecast
@every_method
def test_a_series_is_forecast_as_if_it_were_alone(name, awkward):
    order = [3, 5, 0, 1, 4, 2]
    whole = forecast(name, awkward)
    np.testing.assert_array_equal(forecast(name, awkward.select(order)), whole[order])
    huge = awkward.values.copy()
    huge[awkward.offsets[0] : awkward.offsets[1]] *= 1e9
    np.testing.assert_array_equal(forecast(name, with_values(awkward, huge))[1:], whole[1:])


@needs_statsforecast
@every_method
def test_a_method_that_breaks_down_on_a_series_gives_it_its_last_value(name, awkward, monkeypatch):
    class Refuses:
        def forecast(self, y, h):
            if len(y) == 40:
                raise Exception("no model able to be fitted")
            return {"mean": np.full(h, np.nan)}

    recipe = make_classical(name, HORIZON, SEASON)
    monkeypatch.setattr(statsforecast, "_method", lambda *_: Refuses())
    np.testing.assert_array_equal(recipe.predict_members(awkward).values[0], naive(awkward, HORIZON))


@needs_statsforecast
def test_a_changed_statsforecast_is_not_taken_for_a_difficult_series(awkward, monkeypatch):
    recipe = make_classical("ets", HORIZON, SEASON)
    monkeypatch.setattr(statsforecast, "_method", lambda *_: object())
    with pytest.raises(AttributeError, match="forecast"):
        recipe.predict_members(awkward)


@needs_statsforecast
def test_many_series_on_all_cores_give_the_same_numbers(monkeypatch):
    panel = panel_from_series([wave(30, seed=seed) for seed in range(6)], "D")
    alone = forecast("theta", panel)
    monkeypatch.setattr(statsforecast, "MANY", 6)
    np.testing.assert_array_equal(forecast("theta", panel), alone)


@needs_statsforecast
@every_method
def test_nothing_is_printed(name, awkward, capfd):
    forecast(name, awkward)
    assert capfd.readouterr() == ("", "")
