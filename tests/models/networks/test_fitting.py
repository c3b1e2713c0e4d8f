from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.data.windows import cut_windows
from forecast.errors import DataError, TrainingError
from forecast.models.covariates.covariate_model import learn_covariates
from forecast.models.covariates.encoding import Encoding, learn_encoding
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.networks import fitting, training
from forecast.models.networks.descent.batches import CHUNK, TrainingData
from forecast.models.networks.fitting import RecurrentForecaster, kept_covariates, panel_digest, prepare_views
from forecast.models.networks.recurrent import measure_series
from forecast.models.networks.smoothed_base import fit_smoothing
from forecast.models.networks.training import train_network
from forecast.models.networks.training_log import curve_series
from forecast.models.registry import train_on
from forecast.models.views import see, view_maps
from forecast.run import NO_CACHE, SILENT, Cache, Run
from forecast.specs import View
from marks import slow
from runs import QUIET, run_with
from tiny import SEASON, VIEWS, awkward_panel, tiny_spec, wave, with_values
from told import shops, told_model, told_spec


def fit(spec, panel=None, watcher=None, threads=1):
    forecaster = RecurrentForecaster(spec.cell, spec, run_with(threads=threads))
    return forecaster.fit(panel or awkward_panel(), watcher or Watcher())


def assert_same_networks(first, second):
    assert [(n.view, n.seed) for n in first.networks] == [(n.view, n.seed) for n in second.networks]
    for one, other in zip(first.networks, second.networks, strict=True):
        for name, array in one.weights.items():
            np.testing.assert_array_equal(array, other.weights[name], err_msg=name)


@pytest.mark.slow
def test_one_network_is_trained_for_each_view_and_seed(trained, awkward):
    model = trained("gru")
    assert [(n.view, n.seed) for n in model.networks] == [(view, seed) for view in VIEWS for seed in (0, 1)]
    spec = model.spec
    for network in model.networks:
        statistics = measure_series(awkward, network.view, CURRENT.views)
        windows = cut_windows(awkward, spec.window, spec.horizon, network.view.season)
        data = TrainingData(windows, statistics.level, statistics.scale)
        maps = view_maps(network.view, spec.window, spec.horizon, CURRENT.views, model.statistics[network.view].base)
        alone = train_network(spec, maps, data, network.seed, run=QUIET)
        for name, array in alone.items():
            np.testing.assert_array_equal(array, network.weights[name], err_msg=name)


def test_smoothed_base_is_fitted_to_the_training_windows_in_the_view_s_unit(awkward):
    for log in (False, True):
        view = View("smoothed", SEASON, log=log)
        model = fit(tiny_spec("linear", views=(view,)), awkward)
        windows = cut_windows(awkward, 8, 3, SEASON)
        everything = np.arange(len(windows))
        past, future = windows.lookbacks(everything), windows.horizons(everything)
        statistics, series = measure_series(awkward, view, CURRENT.views), windows.series
        scale = see(
            past, view_maps(view, 8, 3, CURRENT.views), statistics.level[series], statistics.scale[series]
        ).scale
        if log:
            mean = past.mean(axis=1, keepdims=True)
            past, future = (
                np.log(past / mean + CURRENT.views.log_offset),
                np.log(future / mean + CURRENT.views.log_offset),
            )
        np.testing.assert_allclose(model.statistics[view].base, fit_smoothing(past, future, scale, SEASON), rtol=1e-6)


def test_memory_trains_the_same_spec_on_the_same_data_once():
    memory, panel = {}, awkward_panel()
    spec = tiny_spec("linear")

    def remembered(spec, panel):
        shares = []
        model = RecurrentForecaster("linear", spec, QUIET, memory).fit(panel, Watcher(shares.append))
        assert shares[-1] == 1
        return model

    first = remembered(spec, panel)
    assert remembered(spec, awkward_panel()) is first
    assert remembered(spec.with_(steps=9), panel) is not first
    changed = panel.values.copy()
    changed[3] += 1
    other = remembered(spec, with_values(panel, changed))
    assert other is not first
    assert_same_networks(other, fit(spec, with_values(panel, changed)))


@pytest.mark.parametrize(
    "other",
    [
        {"is_fresh": True},
        {"settings": replace(CURRENT.views, log_offset=0.5)},
        {"panel": panel_from_series([wave(240, seed=3)], "D")},
    ],
    ids=["fresh", "settings", "panel"],
)
def test_what_is_prepared_for_one_fit_is_not_taken_for_another(other):
    view = View("last-season", SEASON, scale="series", log=True, ridge=True)
    usual = {"panel": panel_from_series([wave(240)], "D"), "settings": CURRENT.views, "is_fresh": False}

    def prepared(run, panel, settings, is_fresh):
        statistics, data = prepare_views(panel, (view,), 8, 3, settings, run, is_fresh=is_fresh)
        return statistics[view].scale.tolist(), data[view].highway is None

    run = Run(QUIET.machine, SILENT, QUIET.clock, Cache())
    first = prepared(run, **usual)
    expected = prepared(replace(run, cache=NO_CACHE), **{**usual, **other})
    assert first != expected
    assert prepared(run, **{**usual, **other}) == expected


@pytest.mark.slow
def test_what_is_prepared_is_not_compiled_again(monkeypatch):
    built = []
    build = training.build_network
    monkeypatch.setattr(training, "build_network", lambda *a, **more: built.append(1) or build(*a, **more))
    spec, panel = tiny_spec("gru", views=VIEWS, seeds=(0,)), panel_from_series([wave(60)], "D")
    run = Run(QUIET.machine, SILENT, QUIET.clock, Cache())
    RecurrentForecaster("gru", spec, run).prepare(panel)
    prepared = len(built)
    model = RecurrentForecaster("gru", spec, run).fit(panel, Watcher())
    assert (prepared > 0, len(built) - prepared) == (True, 0)
    assert_same_networks(model, fit(spec, panel))


def test_threads_change_nothing():
    spec = tiny_spec("linear", views=VIEWS, seeds=(0, 1))
    assert_same_networks(fit(spec, threads=1), fit(spec, threads=2))


def test_views_of_different_seasons_are_padded_each_by_its_own():
    spec = tiny_spec("linear", views=(View("last-season", 4), View("last-season", 2)))
    panel = panel_from_series([wave(40), wave(9)], "D")
    model = fit(spec, panel)
    alone = fit(spec.with_(views=spec.views[1:]), panel)
    np.testing.assert_array_equal(
        model.networks[1].weights["highway/kernel"], alone.networks[0].weights["highway/kernel"]
    )


@pytest.mark.slow
def test_rolled_network_is_trained_on_one_step(awkward):
    spec = tiny_spec("rnn", rolled=True, highway=False, views=(View("zero", level="series", scale="range"),))
    model = fit(spec, awkward)
    assert model.networks[0].weights["head/kernel"].shape == (3, 1)
    assert model.predict_members(awkward).values.shape == (1, len(awkward), 3)


def test_progress_goes_from_nought_to_one():
    shares = []
    fit(tiny_spec("linear", views=VIEWS, seeds=(0, 1)), watcher=Watcher(shares.append), threads=2)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)


def test_curve_is_the_error_of_each_moment_and_training_does_not_see_it():
    panel = awkward_panel()
    truth = np.random.default_rng(0).normal(20, 5, (len(panel), 3))
    truth[1, 2] = np.nan
    spec = tiny_spec("linear", views=VIEWS, seeds=(0, 1), steps=2 * CHUNK + 3)
    watched, blind = fit(spec, panel, Watcher(truth=truth)), fit(spec, panel)
    assert_same_networks(watched, blind)
    assert blind.curve is None
    curve = watched.curve
    assert list(curve.steps) == [0, CHUNK, 2 * CHUNK, 2 * CHUNK + 3]
    assert curve.seconds[0] >= 0
    assert (np.diff(curve.seconds) > 0).all()
    members = watched.predict_members(panel)
    first = [values for seed, values in zip(members.seeds, members.values, strict=True) if seed == 0]
    expected = np.mean([np.sqrt(np.nanmean((values - truth) ** 2)) for values in first])
    assert curve.rmse[-1] == pytest.approx(expected)


def test_curve_without_a_truth_is_silent():
    panel = awkward_panel()
    curve = fit(tiny_spec("linear"), panel, Watcher(truth=np.full((len(panel), 3), np.nan))).curve
    assert np.isnan(curve.rmse).all()


def test_curve_looks_at_a_hundred_series_at_most():
    assert len(curve_series(panel_from_series([[1.0]] * 7, "D"))) == 7
    chosen = curve_series(panel_from_series([[1.0]] * 777, "D"))
    assert len(chosen) == 100
    assert (chosen[0], chosen[-1]) == (0, 776)


def test_too_short_a_panel_is_an_error_before_anything_is_trained():
    shares = []
    with pytest.raises(DataError, match="No series is long enough for one window of 8 steps and a horizon of 3"):
        fit(tiny_spec("gru"), panel_from_series([wave(6)], "D"), Watcher(shares.append))
    assert shares == []


def test_divergence_of_one_network_ends_the_fit():
    spec = tiny_spec("linear", views=VIEWS, seeds=(0, 1), learning_rate=1e39, schedule="constant")
    with pytest.raises(TrainingError, match="linear diverged"):
        fit(spec, threads=2)


@pytest.mark.parametrize("threads", [1, 2])
def test_interrupt_stops_every_thread_after_its_chunk(threads):
    calls = []

    def interrupted(share):
        calls.append(share)
        if len(calls) == 3:
            raise KeyboardInterrupt

    spec = tiny_spec("linear", seeds=(0, 1, 2), steps=5000)
    with pytest.raises(KeyboardInterrupt):
        fit(spec, watcher=Watcher(interrupted), threads=threads)
    assert len(calls) < 3 * 5000 / CHUNK / 4


@pytest.mark.slow
def test_warm_start_begins_from_the_weights_of_the_model_before(trained, awkward):
    before = trained("gru")
    still = before.spec.with_(learning_rate=1e-9)
    after = RecurrentForecaster("gru", still, QUIET, start=before).fit(awkward, Watcher())
    for old, new in zip(before.networks, after.networks, strict=True):
        assert (old.view, old.seed) == (new.view, new.seed)
        for name, weights in old.weights.items():
            np.testing.assert_allclose(new.weights[name], weights, atol=1e-6)


def test_a_model_that_is_trained_on_keeps_its_members_and_moves_their_weights(trained, awkward):
    before = EnsembleModel((trained("linear"), trained("gru")))
    after = train_on(before, awkward, QUIET, Watcher())
    one, other = before.predict_members(awkward), after.predict_members(awkward)
    assert (one.views, one.seeds) == (other.views, other.seeds)
    assert not np.allclose(one.values, other.values)
    assert [part.spec for part in after.parts] == [part.spec for part in before.parts]


# With covariates


def train_on_shops(start, panel):
    return train_on(EnsembleModel((start,)), panel, QUIET, Watcher()).parts[0]


def test_warm_start_keeps_the_inputs_and_measures_the_effects_anew():
    before = told_model(shops(steps=50), "linear")
    panel = shops(steps=70, seed=1)
    after = train_on_shops(before, panel)
    assert after.spec == before.spec
    assert after.covariate_model.encoding is before.covariate_model.encoding
    assert [regressor.name for regressor in after.covariate_model.effects.regressors.used][:1] == ["promo"]
    assert np.abs(after.covariate_model.effects.own - before.covariate_model.effects.own).max() > 0
    assert np.isfinite(after.predict_members(panel).values).all()


@pytest.mark.slow
def test_warm_start_leaves_aside_what_its_networks_do_not_know():
    panel = shops()
    covariates = panel.covariates
    some = replace(panel, covariates=covariates.only(covariates.columns[:1]))
    after = train_on_shops(told_model(some, "linear"), panel)
    assert [column.name for column in after.covariate_model.encoding.columns] == ["promo"]
    bare = replace(panel, covariates=None)
    told = train_on_shops(fit(told_spec("linear"), bare), panel)
    assert told.covariate_model is None
    np.testing.assert_array_equal(told.predict_members(panel).values, told.predict_members(bare).values)


def test_warm_start_without_a_column_that_its_networks_need_is_refused():
    panel = shops()
    with pytest.raises(DataError, match="trained with sky, which the data doesn't have"):
        train_on_shops(told_model(panel), replace(panel, covariates=panel.covariates.without("sky")))


def test_curve_of_a_model_with_covariates_is_the_error_of_its_own_forecasts():
    panel = shops()
    truth = np.random.default_rng(0).normal(60, 5, (3, 5))
    model = fit(told_spec("linear"), panel, Watcher(truth=truth))
    error = np.sqrt(((model.predict_members(panel).values[0] - truth) ** 2).mean())
    assert model.curve.rmse[-1] == pytest.approx(error)


TWO_SEASONS = (View("last-season", 7), View("last-season", 5))


@pytest.mark.parametrize(("seed", "cell", "changes"), [(21, "linear", {}), slow(22, "gru", {"views": TWO_SEASONS})])
def test_fit_encodes_known_columns_once(monkeypatch, seed, cell, changes):
    encode, kinds = Encoding.encode, []

    def noted(self, kind, raw, centers):
        kinds.append(kind)
        return encode(self, kind, raw, centers)

    monkeypatch.setattr(Encoding, "encode", noted)
    panel = shops(seed=seed)  # of this test alone, so that nothing of it is kept
    model = fit(told_spec(cell, **changes), panel, Watcher(truth=np.ones((3, 5))))
    assert model.covariate_model.effects is not None
    assert len(model.curve.rmse) > 0
    assert kinds.count("known") == 1


@pytest.mark.parametrize("differs", ["settings", "encoding", "panel"])
def test_what_covariates_teach_is_learned_once_and_of_nothing_else(differs, monkeypatch):
    asked = []
    monkeypatch.setattr(fitting, "learn_covariates", lambda *given: asked.append(given) or learn_covariates(*given))
    run, spec = Run(QUIET.machine, SILENT, QUIET.clock, Cache()), told_spec("linear")
    usual = {"panel": shops(), "encoding": None, "settings": CURRENT.covariates}
    other = {
        "panel": shops(seed=5),
        "encoding": learn_encoding(shops(seed=5)),
        "settings": replace(CURRENT.covariates, edge=1.0),
    }
    first = kept_covariates(spec=spec, run=run, **usual)
    assert kept_covariates(spec=spec, run=run, **{**usual, "panel": shops()}) is first
    assert len(asked) == 1
    kept_covariates(spec=spec, run=run, **{**usual, differs: other[differs]})
    assert len(asked) == 2


@pytest.mark.slow
def test_rolled_network_takes_no_covariates():
    view = View("zero", level="series", scale="range")
    panel = shops()
    model = fit(told_spec("rnn", rolled=True, highway=False, views=(view,)), panel)
    assert model.covariate_model is None
    assert np.isfinite(model.predict_members(panel).values).all()


@pytest.mark.parametrize("part", ["values", "first", "known", "known_first", "past", "static", "columns"])
def test_digest_of_a_panel_is_that_of_all_that_can_be_learned_from_it(part):
    panel = shops()
    covariates = panel.covariates
    assert panel_digest(panel) == panel_digest(shops())
    if part in {"values", "first"}:
        other = replace(panel, **{part: getattr(panel, part) + 1})
    elif part == "columns":
        renamed = (replace(covariates.columns[0], name="other"), *covariates.columns[1:])
        other = replace(panel, covariates=replace(covariates, columns=renamed))
    else:
        other = replace(panel, covariates=replace(covariates, **{part: getattr(covariates, part) + 1}))
    assert panel_digest(other) != panel_digest(panel)
