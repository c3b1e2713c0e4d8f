import itertools

import numpy as np
import pytest

from alone import series_statistics
from forecast.data.panel import panel_from_series
from forecast.data.windows import last_lookbacks
from forecast.models.classical.baselines import baseline, naive, seasonal_naive
from forecast.models.method_settings import CURRENT
from forecast.models.networks import recurrent
from forecast.models.networks.recurrent import SeriesStatistics, measure_series, run_network, run_view
from forecast.models.networks.smoothed_base import Smoothing, maps_of
from forecast.models.views import restore, see, view_maps
from forecast.specs import View
from runs import run_with
from tiny import SEASON, VIEWS, random_model, random_weights, tiny_spec, wave, with_values

MINMAX = View(base="zero", level="series", scale="range")


def test_members_are_views_times_seeds_in_order(awkward):
    spec = tiny_spec("gru", views=VIEWS, seeds=(4, 9))
    members = random_model(spec, awkward).predict_members(awkward)
    assert members.views == tuple(view.label for view in VIEWS for _ in range(2))
    assert members.seeds == (4, 9) * len(VIEWS)
    assert members.values.shape == (2 * len(VIEWS), len(awkward), 3)
    assert np.isfinite(members.values).all()


def test_each_member_is_its_network_run_through_its_view(awkward):
    spec = tiny_spec("lstm", views=VIEWS, seeds=(0, 1))
    model = random_model(spec, awkward)
    for network, values in zip(model.networks, model.predict_members(awkward).values, strict=True):
        maps = view_maps(network.view, spec.window, spec.horizon, CURRENT.views, model.statistics[network.view].base)
        bounds = itertools.pairwise(awkward.offsets)
        level, scale = np.array([series_statistics(awkward.filled[a:b], network.view) for a, b in bounds]).T
        seen = see(last_lookbacks(awkward, spec.window, network.view.season), maps, level, scale)
        expected = restore(run_network(spec, network.weights, seen.inputs), seen, maps)
        np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_many_series_are_forecast_side_by_side_and_alike(awkward, monkeypatch):
    model = random_model(tiny_spec("gru", views=VIEWS, seeds=(0, 1)), awkward)
    in_turn = model.predict_members(awkward)
    monkeypatch.setattr(recurrent, "MANY_SERIES", 1)
    np.testing.assert_array_equal(model.predict_members(awkward, run_with(threads=3)).values, in_turn.values)


def test_anchors_are_those_of_the_spec_the_naive_forecasts_by_default(awkward):
    members = random_model(tiny_spec("gru"), awkward).predict_members(awkward)
    np.testing.assert_array_equal(members.anchors["naive"], naive(awkward, 3))
    np.testing.assert_array_equal(members.anchors["seasonal-naive"], seasonal_naive(awkward, 3, SEASON))
    three = tiny_spec("gru", anchors=("smoothing", "naive", "seasonal-naive"))
    anchors = random_model(three, awkward).predict_members(awkward).anchors
    assert list(anchors) == list(three.anchors)
    smoothed = baseline("smoothing", awkward, 3, (SEASON,), CURRENT.classical)
    for name, expected in {**members.anchors, "smoothing": smoothed}.items():
        np.testing.assert_array_equal(anchors[name], expected)
    rolled = tiny_spec("gru", rolled=True, highway=False, views=(MINMAX,))
    assert random_model(rolled, awkward).predict_members(awkward).anchors is None


def test_forecasts_follow_their_series_whatever_the_order(awkward):
    model = random_model(tiny_spec("gru", views=(*VIEWS, MINMAX)), awkward)
    whole = model.predict_members(awkward).values
    order = [4, 0, 5, 2, 3, 1]
    np.testing.assert_allclose(model.predict_members(awkward.select(order)).values, whole[:, order], rtol=1e-5)
    np.testing.assert_allclose(model.predict_members(awkward.select([2])).values, whole[:, [2]], rtol=1e-5)


def test_statistics_are_those_of_training_not_of_the_panel_to_predict(awkward):
    model = random_model(tiny_spec("rnn", views=(MINMAX,)), awkward)
    moved = with_values(awkward, np.array([1e6, *awkward.values[1:]]))  # long before any lookback
    np.testing.assert_array_equal(model.predict_members(moved).values, model.predict_members(awkward).values)


def test_series_never_trained_on_is_measured_by_itself(awkward):
    spec = tiny_spec("rnn", views=(MINMAX,))
    new = panel_from_series([300 + wave(30, seed=8)], "D", series_ids=["new"])
    expected = random_model(spec, new).predict_members(new).values
    np.testing.assert_allclose(random_model(spec, awkward).predict_members(new).values, expected, rtol=1e-6)


def test_series_that_had_no_values_in_training_is_measured_by_itself():
    spec = tiny_spec("rnn", views=(MINMAX,))
    later = panel_from_series([wave(30), 300 + wave(30, seed=8)], "D")
    model = random_model(spec, later.until([30, 0]))
    assert model.statistics[MINMAX].scale[1] == 0
    expected = random_model(spec, later).predict_members(later).values
    np.testing.assert_allclose(model.predict_members(later).values[:, 1], expected[:, 1], rtol=1e-6)


def test_rolled_network_feeds_its_forecasts_back():
    spec = tiny_spec("lstm", rolled=True, highway=False, views=(MINMAX,), horizon=5)
    panel = panel_from_series([wave(30), wave(30, seed=1)], "D")
    model = random_model(spec, panel)
    maps = view_maps(MINMAX, spec.window, 1, CURRENT.views)
    statistics = model.statistics[MINMAX]
    path = [list(panel.series(i)) for i in range(2)]
    for _ in range(5):
        seen = see(np.array([values[-8:] for values in path]), maps, statistics.level, statistics.scale)
        step = restore(run_network(spec, model.networks[0].weights, seen.inputs), seen, maps)
        for values, forecast in zip(path, step[:, 0], strict=True):
            values.append(forecast)
    np.testing.assert_allclose(model.predict_members(panel).values[0], [values[-5:] for values in path], rtol=1e-12)


def test_rolled_network_rolls_its_smoothed_base_too():
    view, panel = View("smoothed", SEASON), panel_from_series([wave(30)], "D")
    spec = tiny_spec("rnn", rolled=True, views=(view,))
    base = maps_of([Smoothing(0.4, 0.1, 0.2, 0.9)], 8, 1, SEASON)[0]
    untrained = {name: 0 * array for name, array in random_weights(spec).items()}
    path = list(panel.series(0))
    for _ in range(3):
        path.append(float(np.array(path[-8:]) @ base[:, 0]))
    statistics = SeriesStatistics(np.zeros(1), np.ones(1), base)
    maps = view_maps(view, 8, 1, CURRENT.views, base)
    np.testing.assert_allclose(run_view(spec, untrained, maps, panel.series(0)[None, -8:], statistics)[0], path[-3:])


def test_rolled_forecast_does_not_depend_on_how_far_it_rolls():
    spec = tiny_spec("gru", rolled=True, highway=False, views=(MINMAX,), horizon=6)
    panel = panel_from_series([wave(30)], "D")
    weights, statistics = random_weights(spec), measure_series(panel, MINMAX, CURRENT.views)
    lookbacks = last_lookbacks(panel, 8)
    maps = view_maps(MINMAX, 8, 1, CURRENT.views)
    far = run_view(spec, weights, maps, lookbacks, statistics)
    np.testing.assert_allclose(run_view(spec.with_(horizon=2), weights, maps, lookbacks, statistics), far[:, :2])


def test_parameters_are_counted_once_for_each_network(awkward):
    spec = tiny_spec("rnn", segment=1, units=3, views=VIEWS, seeds=(0, 1))
    assert random_model(spec, awkward).parameters == (1 * 3 + 3 * 3 + 3) + (3 * 3 + 3) + 8 * 3


@pytest.mark.parametrize("view", [*VIEWS, MINMAX])
def test_series_are_measured_one_by_one(awkward, view):
    measured = measure_series(awkward, view, CURRENT.views)
    for i in range(len(awkward)):
        own = series_statistics(awkward.filled[awkward.offsets[i] : awkward.offsets[i + 1]], view)
        assert (measured.level[i], measured.scale[i]) == own


def test_prediction_leaves_the_model_as_it_was(awkward):
    model = random_model(tiny_spec("rnn", views=(MINMAX,)), awkward.until([20, 20, 0, 20, 0, 20]))
    statistics = model.statistics[MINMAX]
    before = np.array([statistics.level, statistics.scale])
    first = model.predict_members(awkward).values
    np.testing.assert_array_equal(model.predict_members(awkward).values, first)
    np.testing.assert_array_equal([statistics.level, statistics.scale], before)
