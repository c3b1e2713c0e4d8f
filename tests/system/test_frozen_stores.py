"""A version in a user's store forecasts what it did on the day it was published, whatever program reads it."""

import csv
import io
import shutil
import subprocess
import sys

import numpy as np
import pytest

from commands import run
from places import FROZEN

STORES = FROZEN / "stores"
MODELS = [
    pytest.param(store, model.name, id=f"{store.name}-{model.name}")
    for store in sorted(path for path in STORES.iterdir() if path.is_dir())
    for model in sorted((store / "models").iterdir())
]
NUMBERS = ("forecast", "lower_80", "upper_80", "lower_95", "upper_95")


@pytest.fixture
def store(request, tmp_path):
    return shutil.copytree(request.param, tmp_path / "store")


def numbers_of(rows):
    return np.array([[float(row[name] or "nan") for name in NUMBERS] for row in rows])


@pytest.mark.parametrize(("store", "name"), MODELS, indirect=["store"])
def test_frozen_version_forecasts_what_it_did_when_it_was_published(request, store, name, tmp_path):
    """Of long series the earliest program kept the end alone, and intervals hang on all: these need their file."""
    (issued,) = (store / "models" / name / "versions").glob("*/forecast.csv")
    published = list(csv.DictReader(io.StringIO(issued.read_text(encoding="utf-8"))))
    data = []
    if request.node.callspec.id == "a984722-stocks":
        subprocess.run([sys.executable, STORES / "make_store.py", tmp_path], check=True)
        data = ["--data", tmp_path / "stocks.csv"]
    done = run("predict", name, *data, "--store", store, "--format", "csv", folder=tmp_path)
    assert done.code == 0, done.err
    assert [(row["series_id"], row["timestamp"]) for row in done.rows] == [
        (row["series_id"], row["timestamp"]) for row in published
    ]
    np.testing.assert_allclose(numbers_of(done.rows), numbers_of(published), rtol=1e-6)


@pytest.mark.parametrize("name", ["shops", "kiosks"])
@pytest.mark.parametrize("what", ["quantiles", "totals"])
def test_frozen_distribution_says_what_it_did_when_it_was_published(what, name, tmp_path):
    """Two of the first that have one: three shops with covariates, and kiosks that are harder on Saturdays."""
    store = shutil.copytree(STORES / "1c99ba4", tmp_path / "store")
    published = list(csv.DictReader(io.StringIO((STORES / f"1c99ba4-{name}-{what}.csv").read_text(encoding="utf-8"))))
    numbers = [column for column in published[0] if column.startswith(("forecast", "q0.", "lower_", "upper_"))]
    asked = {
        "quantiles": ["--quantiles", "0.001,0.025,0.1,0.5,0.9,0.975,0.999"],
        "totals": ["--total", "week", "--total-by", "all"],
    }[what]
    done = run("predict", name, "--store", store, *asked, "--format", "csv", folder=tmp_path)
    assert done.code == 0, done.err
    assert len(numbers) > 4
    found, expected = (
        np.array([[float(row[each]) for each in numbers] for row in rows]) for rows in (done.rows, published)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("program", ["a984722", "0d56c31"])
def test_a_store_of_every_kind_of_train_is_frozen(program):
    names = {name for store, name in (param.values for param in MODELS) if store.name == program}
    assert names == {"passengers", "shops", "stocks"}


@pytest.mark.parametrize("store", [STORES / "a984722"], indirect=True)
def test_frozen_store_is_listed_shown_and_told(store, tmp_path):
    listed = run("models", "list", "--store", store, "--json", folder=tmp_path)
    assert {row["name"] for row in listed.document["models"]} == {"passengers", "shops", "stocks"}
    for name in ("passengers", "shops", "stocks"):
        assert run("models", "show", name, "--store", store, folder=tmp_path).code == 0
        assert len(run("history", name, "--store", store, folder=tmp_path).rows) == 1


@pytest.mark.parametrize("store", [STORES / "a984722"], indirect=True)
def test_a_version_of_an_earlier_program_is_known_as_such(store, tmp_path):
    shown = run("models", "show", "stocks", "--store", store, folder=tmp_path)
    assert "v1 was trained by an earlier forecast (0.1.0, rules 1): it forecasts as it did then" in shown.err
    told = run("predict", "stocks", "--store", store, "--verbose", folder=tmp_path)
    assert "stocks v1, by forecast 0.1.0, rules 1" in told.err
