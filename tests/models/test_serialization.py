"""Every model that is no network can be stored as JSON and arrays, and forecasts the same when it is read back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from commands import csv_bytes, run, visits
from forecast.errors import DataError
from forecast.models.forecaster import Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.networks.serialization import Arrays, pack_arrays, unpack_arrays
from forecast.models.registry import is_same_recipe, make_forecaster, rivals
from forecast.models.serialization import dump_fitted, load_fitted
from forecast.specs import ModelSpec
from imported import imported_by
from marks import slow_but
from runs import QUIET
from told import told

PLAIN = rivals()
SPECS = {"linear": ModelSpec("linear", 14, 5, season=7)}
DAYS, AHEAD = 80, 5


def panel():
    """Two series of days, sold more where there is a promotion."""
    rng = np.random.default_rng(0)
    promo = [(rng.random(DAYS + AHEAD + 3) < 0.3).astype(float) for _ in range(2)]
    cycle = 3 * np.sin(2 * np.pi * np.arange(DAYS) / 7)
    values = [40 + 10 * i + cycle + 8 * promo[i][:DAYS] + rng.normal(0, 1, DAYS) for i in range(2)]
    return told(values, {"promo": promo}, static={"size": [1.0, 2.0]})


def stored(model):
    """Returns a model after a way through a file."""
    documents, arrays = dump_fitted(model)
    return json.loads(json.dumps(documents)), Arrays(unpack_arrays(pack_arrays(arrays)))


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_read_back_forecasts_the_same(name):
    data = panel()
    fitted = make_forecaster(name, SPECS, 7, QUIET).fit(data, Watcher())
    again = load_fitted(*stored(fitted), data.series_ids, CURRENT)
    np.testing.assert_array_equal(again.predict_members(data).values, fitted.predict_members(data).values)
    assert (again.horizon, again.lookback, again.seasons) == (fitted.horizon, fitted.lookback, fitted.seasons)
    assert (again.parameters, again.anchors) == (fitted.parameters, ())


@pytest.mark.parametrize(
    ("name", "is_demand"), [("tsb", True), ("imapa", True), ("smoothing", True), ("naive", False), ("ridge", False)]
)
def test_rules_that_forecast_means_of_rare_demand_say_so_also_when_read_back(name, is_demand):
    data = panel()
    specs = {cell: replace(spec, anchors=("naive", "pooled")) for cell, spec in SPECS.items()}
    fitted = make_forecaster(name, specs, 7, QUIET).fit(data, Watcher())
    again = load_fitted(*stored(fitted), data.series_ids, CURRENT)
    assert [each.predict_members(data).is_demand for each in (fitted, again)] == [is_demand] * 2
    plain = make_forecaster(name, SPECS, 7, QUIET).fit(data, Watcher())
    assert not plain.predict_members(data).is_demand


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("naive", {"rule": "prophet"}),
        ("naive", {"seasons": []}),
        ("naive", {"horizon": 0}),
        ("naive", {"horizon": None}),
        ("ridge", {"regression": "lasso"}),
        ("ridge", {"view": {"base": "last-season", "colour": 1}}),
        ("ridge", {"knowledge": {"columns": 3}}),
        ("boosting", {"seed": "x"}),
    ],
)
def test_document_that_does_not_fit_is_refused(name, change):
    data = panel()
    [document], arrays = stored(make_forecaster(name, SPECS, 7, QUIET).fit(data, Watcher()))
    with pytest.raises(DataError, match="The stored model is incomplete") as caught:
        load_fitted([document | change], arrays, data.series_ids, CURRENT)
    assert caught.value.hint


@pytest.mark.parametrize("change", [np.zeros((5, 3)), np.full((5, 14), np.nan)])
def test_weights_that_do_not_fit_are_refused(change):
    data = panel()
    documents, arrays = stored(make_forecaster("ridge", SPECS, 7, QUIET).fit(data, Watcher()))
    with pytest.raises(DataError, match="The stored model is incomplete: the array 'weights'"):
        load_fitted(documents, Arrays({**arrays, "part0/estimator/weights": change}), data.series_ids, CURRENT)


def test_recipe_is_the_same_only_if_its_settings_are():
    data = panel()
    for name in PLAIN:
        fitted = make_forecaster(name, SPECS, 7, QUIET).fit(data, Watcher())
        again = load_fitted(*stored(fitted), data.series_ids, CURRENT)
        other = {"linear": replace(SPECS["linear"], horizon=4)}
        assert is_same_recipe(again, make_forecaster(name, SPECS, 7, QUIET), SPECS)
        assert not is_same_recipe(again, make_forecaster(name, other, 7, QUIET), other)


# On the command line


@pytest.mark.parametrize("name", slow_but(["ridge", "smoothing"], PLAIN))
@pytest.mark.slow
def test_any_row_of_the_table_is_trained_saved_predicted_with_and_retrained(name, tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    quick = ("--horizon", "7", "--folds", "1", "--plots", "none")
    done = run("train", "visits.csv", "--model", name, *quick, "--json", folder=tmp_path)
    assert done.code == 0, done.err
    assert (done.document["model"], done.document["spec"]["cell"]) == (name, name)
    issued = (tmp_path / "forecasts" / "visits.csv").read_text()
    assert run("predict", "visits", folder=tmp_path).out == issued
    assert len(run("predict", "visits", "--horizon", "9", folder=tmp_path).rows) == 9
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(days=75)))
    again = run("retrain", "visits", "--force", "--json", folder=tmp_path)
    assert (again.code, again.document["outcome"]) == (0, "promoted"), again.err
    (tmp_path / "visits.csv").unlink()  # the version holds all that its forecast stands on
    expected = (tmp_path / "forecasts" / "visits.csv").read_text()
    assert run("predict", "visits", folder=tmp_path).out == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("explain", "visits"), "it has no recurrent cell"),
        (("models", "export", "visits", "v1", "x.keras"), "Keras opens networks only"),
        (("retrain", "visits", "--warm", "--force"), "--warm begins from a network's weights"),
    ],
)
def test_what_only_networks_can_is_refused(words, message, tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    quick = ("--horizon", "7", "--folds", "1", "--plots", "none")
    run("train", "visits.csv", "--model", "naive", *quick, folder=tmp_path)
    done = run(*words, folder=tmp_path)
    assert done.code == 2
    assert message in done.err


@pytest.mark.slow
@pytest.mark.parametrize("name", slow_but(["boosting"], ["boosting", "ridge"]))
def test_predicting_with_a_regression_needs_neither_scikit_learn_nor_tensorflow(name, tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    quick = ("--horizon", "7", "--folds", "1", "--plots", "none")
    run("train", "visits.csv", "--model", name, *quick, folder=tmp_path)
    assert not {"sklearn", "tensorflow", "keras"} & imported_by("predict", "visits", folder=tmp_path)
