"""Demand that comes now and then, from the file to the forecast: one train, and what is read off it."""

import csv
import io
import json

import numpy as np
import pytest

from commands import run

pytestmark = pytest.mark.slow
MONTHS = [f"{2019 + k // 12}-{k % 12 + 1:02}-01" for k in range(48)]
TINY = ("--preset", "fast", "--model", "linear", "--steps", "25", "--plots", "none")


def _rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a file of 14 items, one that never sold, one new and one that ended, and a version of it."""
    folder, rng = tmp_path_factory.mktemp("shop"), np.random.default_rng(4)
    sold = {f"item {i}": rng.poisson(rng.gamma(0.8, 0.7), 48).tolist() for i in range(14)}
    sold |= {"never": [0] * 48, "ended": [2, 0, 1, 0, 3] + [0] * 43}
    lines = [f"{name},{month},{value}" for name, own in sold.items() for month, value in zip(MONTHS, own, strict=True)]
    lines += [f"new,{month},{value}" for month, value in zip(MONTHS[-4:], (0, 1, 0, 2), strict=True)]
    (folder / "shop.csv").write_text("item,month,sold\n" + "\n".join(lines) + "\n")
    outcome = run("train", "shop.csv", *TINY, "--format", "json", folder=folder)
    assert outcome.code == 0, outcome.err
    return folder, outcome


def test_train_scores_the_rules_of_its_kind_beside_the_network_and_says_what_misleads(shop):
    document = shop[1].document
    assert {"tsb", "sba", "adida", "imapa"} <= {row["model"] for row in document["leaderboard"]}
    assert "MASE and sMAPE reward forecasts near zero and mislead" in document["verdict"]
    assert document["mixture"]["anchor"] == "pooled"
    network = next(iter(document["networks"].values())) if "networks" in document else {"loss": "mse"}
    assert network.get("loss", "mse") == "mse"


def test_items_that_the_others_tell_more_of_are_named(shop):
    assert "1 series (never) never sold" in shop[1].err
    assert "1 series (ended) has not sold for long" in shop[1].err
    assert "1 series (new) has few rows" in shop[1].err


def test_forecasts_are_means_above_zero_and_quantiles_are_whole_with_zero_among_them(shop):
    rows = _rows((shop[0] / "forecasts" / "shop.csv").read_text())
    points = np.array([float(row["forecast"]) for row in rows])
    bounds = np.array([[float(row[name]) for name in ("lower_80", "upper_80", "upper_95")] for row in rows])
    assert (points > 0).mean() > 0.9
    assert (bounds == np.round(bounds)).all()
    assert (bounds[:, 0] == 0).any()
    assert (bounds[:, 2] >= bounds[:, 1]).all()
    never = [float(row["forecast"]) for row in rows if row["series_id"] == "never"]
    assert max(never) < points.mean() / 2


def test_predict_repeats_the_forecast_and_answers_of_one_item_as_of_all(shop):
    folder = shop[0]
    trained = _rows((folder / "forecasts" / "shop.csv").read_text())
    again = _rows(run("predict", "shop", folder=folder).out)
    assert [row["forecast"] for row in again] == [row["forecast"] for row in trained]
    assert [row["upper_95"] for row in again] == [row["upper_95"] for row in trained]
    alone = _rows(run("predict", "shop", "--series", "item 3", folder=folder).out)
    expected = [float(row["forecast"]) for row in trained if row["series_id"] == "item 3"]
    assert [float(row["forecast"]) for row in alone] == pytest.approx(expected, rel=1e-9)  # BLAS rounds by rows


def test_totals_are_told_and_a_keras_file_is_refused_in_one_sentence(shop):
    total = _rows(run("predict", "shop", "--total", "year", folder=shop[0]).out)
    assert all(float(row["forecast"]) >= 0 for row in total)
    refused = run("models", "export", "shop", "champion", "shop.keras", folder=shop[0])
    assert refused.code == 2
    assert "all series together taught the mean" in refused.err


def test_a_manifest_whose_pooled_mean_is_none_is_refused(shop):
    manifest = next((shop[0] / ".forecast").rglob("manifest.json"))
    document = json.loads(manifest.read_text())
    assert document["is_mean"] is True
    assert document["distribution"]["counts"]["is_whole"] is True
    assert document["forecast_settings"]["methods"]["classical"]["pooled"]["share"] == 0.75
