"""Cells and losses of one's own in Python: named by the function that takes them, kept by the file they stand in."""

import pytest

import min_gru
from commands import csv_bytes, visits
from forecast import ForecastError, load, register_cell, train
from forecast.models.networks.cells import CELLS
from untrained import train_nothing

BARE = {"horizon": 7, "folds": 1, "seeds": 1, "calendar": False}


@pytest.fixture(autouse=True)
def forgotten():
    CELLS._unlisted.clear()
    yield
    CELLS._unlisted.clear()


def test_record_is_trained_and_loaded_by_whoever_registers_it(tmp_path, monkeypatch):
    train_nothing(monkeypatch)
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    name = register_cell(min_gru.MIN_GRU)
    model = train(tmp_path / "visits.csv", name, store=tmp_path / "store", **BARE)
    assert (name, model.model) == ("min-gru", "min-gru")
    CELLS._unlisted.clear()
    with pytest.raises(ForecastError, match=r"needs min-gru of min_gru.py") as caught:
        load("visits", store=tmp_path / "store")
    assert "register_cell" in caught.value.hint
    register_cell(min_gru.MIN_GRU)
    found = load("visits", store=tmp_path / "store").predict()
    assert found["forecast"].tolist() == model.predict()["forecast"].tolist()


@pytest.mark.parametrize(
    ("cell", "message"),
    [(3, "A cell can't be int"), (lambda units: units, "A cell without a name"), ("lstm", "A cell can't be str")],
)
def test_what_is_no_cell_is_refused(cell, message):
    with pytest.raises(ForecastError, match=message) as caught:
        register_cell(cell)
    assert caught.value.hint


def test_cell_whose_source_is_nowhere_is_refused():
    made = {}
    exec("def mine(units):\n    return units", made)
    with pytest.raises(ForecastError, match="The source of mine can't be found"):
        register_cell(made["mine"])


@pytest.mark.slow
def test_layer_and_loss_of_ones_own_are_trained_for_real(tmp_path):
    from forecast.models.networks.tensorflow import keras, tf

    def twice(units):
        return keras.layers.GRU(units)

    def squared(truth, made):
        return tf.square(truth - made)

    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(80)))
    fast = {**BARE, "steps": 5, "preset": "fast", "units": 4}
    model = train(tmp_path / "visits.csv", register_cell(twice), loss=squared, **fast)
    usual = train(tmp_path / "visits.csv", "twice", loss="mse", **fast)
    assert model.predict()["forecast"].tolist() == pytest.approx(usual.predict()["forecast"].tolist(), rel=1e-4)
