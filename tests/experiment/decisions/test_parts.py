"""The parts of a forecast: they add up to it, and each is what it is called."""

from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.experiment.decisions.parts import NAMES, as_usual, parts_of
from forecast.models.forecaster import Forecasts

H = 14


def trained(season=7):
    return SimpleNamespace(season=season, usual=None, model=SimpleNamespace(covariate_model=None))


def panel_of(*values):
    ids = [f"s{k}" for k in range(len(values))]
    return panel_from_series([np.asarray(own, float) for own in values], "D", series_ids=ids)


def forecasts_of(panel, point):
    return Forecasts(panel.series_ids, panel.future_timestamps(np.shape(point)[1]), np.asarray(point, float))


def test_parts_add_up_to_the_forecast():
    rng = np.random.default_rng(0)
    panel = panel_of(rng.normal(50, 9, 100), rng.normal(20, 3, 30))
    made, usual = (forecasts_of(panel, rng.normal(40, 9, (2, H))) for _ in range(2))
    parts = parts_of(trained(), panel, made, usual)
    assert sum(getattr(parts, name) for name in NAMES) == pytest.approx(made.point)
    assert parts.plan == pytest.approx(made.point - usual.point)
    joint = parts.joined("all", "total")
    assert sum(getattr(joint, name) for name in NAMES)[0] == pytest.approx(made.point.sum(axis=0))


def test_level_is_that_of_whole_seasons_and_season_what_repeats_in_them():
    week = np.array([0, 0, 0, 0, 0, 14.0, -7.0])
    values = 100 + np.tile(week, 10)
    panel = panel_of(values)
    point = 100 + np.tile(week, 2) + np.arange(H)
    parts = parts_of(trained(), panel, forecasts_of(panel, point[None]), None)
    assert parts.level[0] == pytest.approx(np.full(H, 101.0))
    assert parts.season[0] == pytest.approx(np.tile(week, 2) - 1)
    assert parts.rest[0] == pytest.approx(np.arange(H))
    assert not parts.plan.any()
    assert list(parts.by_name) == ["level", "season", "rest"]


def test_gaps_and_series_shorter_than_a_season_do_not_matter():
    values = 100 + np.tile(np.arange(7.0), 6)
    values[[3, 17, 30]] = np.nan
    panel = panel_of(values, [5.0, np.nan], [np.nan, np.nan])
    parts = parts_of(trained(), panel, forecasts_of(panel, np.full((3, H), 103.0)), None)
    assert parts.level[1:, 0] == pytest.approx([5.0, 103.0])
    assert not parts.season[1:].any()
    assert np.isfinite(parts.rest).all()


def test_rows_tell_what_parts_come_to_and_a_season_nothing():
    panel = panel_of(100 + np.tile(np.arange(7.0), 6))
    parts = parts_of(trained(), panel, forecasts_of(panel, np.full((1, H), 110.0)), None)
    [(name, (level, season, rest, whole))] = parts.rows(("level", "season", "rest"), "total")
    assert (name, level, season, rest, whole) == ("s0", pytest.approx(103 * H), 0.0, pytest.approx(7 * H), 110 * H)


def test_without_known_columns_nothing_is_told():
    assert as_usual(trained(), panel_of(np.ones(9)), 3) is None
