"""--weight: who learns from rows and who is scored on them heeds what a column says of them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from commands import run
from forecast.data.panel import panel_from_series
from forecast.models.forecaster import Watcher
from forecast.models.networks.training import mean_loss, tf
from forecast.models.registry import make_forecaster
from marks import slow_but
from runs import QUIET
from tiny import SEASON, VIEWS, tiny_spec, wave


def test_the_loss_counts_each_target_as_it_weighs():
    rng = np.random.default_rng(0)
    outputs, targets, weights = (rng.random((5, 3)).astype(np.float32) for _ in range(3))
    found = float(mean_loss("mae", tf.constant(outputs), tf.constant(targets), tf.constant(weights)))
    assert found == pytest.approx((weights * np.abs(outputs - targets)).sum() / weights.sum(), rel=1e-5)


@pytest.mark.parametrize("name", slow_but(["ridge", "boosting", "linear"], ["ridge", "boosting", "linear", "gru"]))
def test_a_series_of_weight_nought_teaches_nothing(name):
    """Its values may be anything: what is learned, and forecast of the others, stays the same."""
    views = VIEWS[:1]
    specs = {cell: tiny_spec(cell, steps=10, views=views) for cell in ("linear", "gru")}
    learned = []
    for other in (wave(40, seed=2), 1e4 * wave(40, seed=3)[::-1]):
        panel = panel_from_series([wave(40), other], "QS")
        panel = replace(panel, weights=np.repeat([1.0, 0.0], 40))
        fitted = make_forecaster(name, specs, SEASON, QUIET).fit(panel, Watcher())
        learned.append(fitted.predict_members(panel.select([0])).values)
    np.testing.assert_array_equal(*learned)


@pytest.mark.parametrize("name", ["ridge", "boosting", "linear"])
def test_weights_change_what_is_learned(name):
    panel = panel_from_series([wave(60), wave(60, trend=-0.2, seed=2)], "QS")
    specs = {"linear": tiny_spec("linear", steps=10)}
    found = [
        make_forecaster(name, specs, SEASON, QUIET).fit(each, Watcher()).predict_members(panel).values
        for each in (panel, replace(panel, weights=np.repeat([1.0, 0.01], 60)))
    ]
    assert not np.allclose(*found, rtol=1e-6)


def sales(steps, weight=lambda i: 1):
    values = 50 + 10 * np.sin(np.arange(steps) * np.pi / 6) + np.random.default_rng(0).normal(0, 2, steps)
    rows = [f"{2014 + i // 12}-{i % 12 + 1:02}-01,{v:.4f},{weight(i)}\n" for i, v in enumerate(values)]
    return "month,sales,trust\n" + "".join(rows)


FLAGS = ("--weight", "trust", "--horizon", "3", "--plots", "none")


def board_of(folder, *flags, text):
    (folder / "sales.csv").write_text(text)
    outcome = run("train", "sales.csv", *FLAGS, *flags, "--json", folder=folder)
    assert outcome.code == 0, outcome.err
    return outcome.document


def test_errors_are_weighted_and_the_verdict_says_so(tmp_path):
    plain = board_of(tmp_path, "--model", "naive", "--name", "a", text=sales(60))
    late = board_of(tmp_path, "--model", "naive", "--name", "b", text=sales(60, lambda i: 1 if i >= 57 else 1e-9))
    assert late["verdict"].endswith("Errors are weighted by trust.")
    values = [float(line.split(",")[1]) for line in sales(60).splitlines()[1:]]
    newest = np.sqrt(np.mean((np.array(values[57:]) - values[56]) ** 2))
    naive = next(row for row in late["leaderboard"] if row["model"] == "naive")
    assert naive["rmse"] == pytest.approx(newest, rel=1e-5)
    assert naive["rmse"] != next(row for row in plain["leaderboard"] if row["model"] == "naive")["rmse"]


@pytest.mark.slow
def test_a_version_keeps_its_weights_for_retrain_and_needs_none_to_predict(tmp_path):
    board_of(tmp_path, "--model", "ridge", "--folds", "1", text=sales(60))
    issued = (tmp_path / "forecasts/sales.csv").read_text()
    bare = "\n".join(line.rpartition(",")[0] for line in sales(60).splitlines()) + "\n"
    (tmp_path / "sales.csv").write_text(bare)
    assert run("predict", "sales", "--format", "csv", folder=tmp_path).out == issued
    lost = run("retrain", "sales", "--force", folder=tmp_path)
    assert lost.code == 5
    assert "has no column 'trust'" in lost.err
    (tmp_path / "sales.csv").write_text(sales(66, lambda i: 1 + i))
    outcome = run("retrain", "sales", "--force", folder=tmp_path)
    assert outcome.code == 0, outcome.err
    settled = [
        json.loads((path / "manifest.json").read_text())["data"]["settled"]
        for path in (tmp_path / ".forecast/models/sales/versions").iterdir()
    ]
    assert [each["weight"] for each in settled] == ["trust", "trust"]


def test_the_clean_table_keeps_the_weights(tmp_path):
    (tmp_path / "sales.csv").write_text(sales(60, lambda i: i % 3 + 0.5))
    outcome = run("check", "sales.csv", "--weight", "trust", "--fix", "clean.csv", "--format", "table", folder=tmp_path)
    assert outcome.code == 0, outcome.err
    assert "forecast train clean.csv --weight trust" in outcome.err
    again = run("check", "clean.csv", "--weight", "trust", "--fix", "again.csv", folder=tmp_path)
    assert again.code == 0, again.err
    assert (tmp_path / "clean.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()
    assert (tmp_path / "clean.csv").read_text().startswith("month,sales,trust\n2014-01-01,")


def test_a_clean_table_of_several_targets_has_no_room_for_weights(tmp_path):
    (tmp_path / "sales.csv").write_text(
        "month,a,b,trust\n" + "".join(f"2014-{m:02}-01,{m},{m},1\n" for m in range(1, 13))
    )
    flags = ("--target", "a,b", "--weight", "trust", "--fix", "clean.csv")
    outcome = run("check", "sales.csv", *flags, folder=tmp_path)
    assert outcome.code == 2
    assert "has room for weights and limits beside one target only" in outcome.err


def test_rows_of_weight_nought_before_the_first_fold_leave_nothing_to_learn_from(tmp_path):
    (tmp_path / "sales.csv").write_text(sales(60, lambda i: int(i > 50)))
    outcome = run("train", "sales.csv", "--model", "ridge", *FLAGS, folder=tmp_path)
    assert outcome.code == 5
    assert "Every row before the earliest fold has a weight of 0" in outcome.err
    assert "hint:  weights above 0" in outcome.err
