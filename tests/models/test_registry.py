import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from forecast.errors import UsageError
from forecast.models.forecaster import Watcher
from forecast.models.registry import (
    MODELS,
    OF_NETWORKS,
    check_names,
    check_settings,
    make_forecaster,
    rivals,
    settings_of,
    spec_names,
    without_effect,
)
from forecast.specs import Settings
from runs import QUIET
from tiny import awkward_panel, tiny_spec, with_values

INSTALLED = [name for name in MODELS if MODELS[name].group != "classical" or find_spec("statsforecast")]


def fit(name, panel, watcher=None):
    specs = {cell: tiny_spec(cell) for cell in spec_names(name)}
    forecaster = make_forecaster(name, specs, season=4, run=QUIET)
    assert forecaster.name == name
    return forecaster.fit(panel, watcher or Watcher())


@pytest.fixture(scope="module", autouse=True)
def three_trees():
    """What boosting promises, it promises with few trees, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecast.models.regression.TREES", 3)
        yield


@pytest.fixture(scope="module")
def fitted(awkward):
    return {name: fit(name, awkward) for name in INSTALLED}


@pytest.mark.parametrize("name", INSTALLED)
def test_every_model_forecasts_an_awkward_panel_in_finite_numbers(name, fitted, awkward):
    members = fitted[name].predict_members(awkward)
    assert members.values.shape == (len(spec_names(name)), len(awkward), 3)
    assert np.isfinite(members.values).all()
    assert len(members.views) == len(members.seeds) == len(set(members.views)) == len(members.values)
    assert fitted[name].parameters is None or fitted[name].parameters > 0


@pytest.mark.parametrize("name", INSTALLED)
def test_every_model_forecasts_a_series_the_same_wherever_it_stands(name, fitted, awkward):
    order = [3, 5, 0, 1, 4, 2]
    whole = fitted[name].predict_members(awkward).values
    np.testing.assert_allclose(fitted[name].predict_members(awkward.select(order)).values, whole[:, order], rtol=1e-5)


@pytest.mark.parametrize("name", rivals())
def test_models_that_draw_no_windows_learn_the_same_from_any_order_of_series(name, fitted, awkward):
    order = [3, 5, 0, 1, 4, 2]
    expected = fitted[name].predict_members(awkward).values[:, order]
    shuffled = awkward.select(order)
    np.testing.assert_allclose(fit(name, shuffled).predict_members(shuffled).values, expected, rtol=1e-6)


@pytest.mark.parametrize("name", INSTALLED)
def test_every_model_is_the_same_when_trained_again_and_tells_its_progress(name, fitted, awkward):
    shares = []
    again = fit(name, awkward_panel(), Watcher(shares.append))
    np.testing.assert_array_equal(again.predict_members(awkward).values, fitted[name].predict_members(awkward).values)
    assert shares[-1] == 1


@pytest.mark.parametrize("name", MODELS.of("network", "regression"))
def test_a_series_in_other_units_does_not_move_its_neighbours(name, fitted):
    """One huge series among small ones: each is normalised by itself, so only rounding may differ."""
    panel = awkward_panel()
    values = panel.values.copy()
    values[panel.offsets[0] : panel.offsets[1]] *= 1e6
    huge = fit(name, with_values(panel, values)).predict_members(panel).values
    np.testing.assert_allclose(huge[:, 1:], fitted[name].predict_members(panel).values[:, 1:], rtol=1e-3)


def test_names_are_kept_once_in_the_order_given():
    assert check_names(("gru", "naive", "gru", "rnn")) == ("gru", "naive", "rnn")
    assert check_names(tuple(MODELS)) == tuple(MODELS)


@pytest.mark.parametrize(("word", "meant"), [("ltsm", "lstm"), ("GRU", "gru"), ("sesonal-naive", "seasonal-naive")])
def test_misspelt_model_gets_the_one_that_was_meant(word, meant):
    with pytest.raises(UsageError, match=f"There is no model '{word}'. Did you mean '{meant}'") as error:
        check_names(("rnn", word))
    assert error.value.hint == f"--models {','.join(MODELS)}"


def test_unknown_model_is_refused_without_a_guess():
    with pytest.raises(UsageError, match=r"(?m)There is no model 'prophet'\.$"):
        check_names(("prophet",))


def test_registry_and_baselines_need_neither_tensorflow_nor_scikit_learn():
    code = (
        "import sys; from forecast.models.registry import *; from forecast.specs import *\n"
        "from forecast.run import ALONE\n"
        "specs = {'linear': ModelSpec('linear', 4, 2)}\n"
        "for name in rivals(): make_forecaster(name, specs, 1, Machine())\n"
        "import forecast.evaluation.trained_model, forecast.evaluation.leaderboard\n"
        "import forecast.models.networks.serialization\n"
        "assert not {'tensorflow', 'keras', 'sklearn', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


OTHERWISE = {
    "segment": 4,
    "units": 5,
    "layers": 2,
    "dropout": 0.3,
    "recurrent_dropout": 0.3,
    "loss": "mse",
    "steps": 7,
    "batch_size": 3,
    "learning_rate": 0.1,
    "weight_decay": 0.5,
    "seeds": (0, 1),
}
"""Of each setting of networks but the views, another value than ``tiny_spec`` has."""


@pytest.mark.parametrize(
    "name", [name for name in MODELS if without_effect(OTHERWISE, (name,)) and MODELS[name].group != "classical"]
)
def test_settings_that_a_model_has_not_change_nothing_of_its_forecasts(name, fitted, awkward):
    lacks = without_effect(OTHERWISE, (name,))
    specs = {cell: tiny_spec(cell, **{setting: OTHERWISE[setting] for setting in lacks}) for cell in spec_names(name)}
    others = make_forecaster(name, specs, season=4, run=QUIET).fit(awkward, Watcher())
    np.testing.assert_array_equal(others.predict_members(awkward).values, fitted[name].predict_members(awkward).values)


def test_a_setting_that_no_model_has_is_refused_and_one_that_some_model_has_is_not():
    assert settings_of("lstm") == settings_of("ensemble") == {*OF_NETWORKS}
    given = Settings.of({"units": 8, "learning_rate": 0.1})
    check_settings(given, ("naive", "gru"))
    check_settings(Settings.of({"learning_rate": 0.1}), ("linear",))
    check_settings(Settings(), ("naive",))
    with pytest.raises(UsageError, match="--units is a setting of recurrent cells; linear has no such") as told:
        check_settings(given, ("linear",))
    assert told.value.hint == "leave out --units, or a network such as lstm"
    with pytest.raises(UsageError, match=r"--seeds is a setting of networks; ridge and naive have no such setting"):
        check_settings(Settings.of({"seeds": 2}), ("ridge", "naive"))
