"""`--log-dir`: TensorBoard's files below the folder, and an MLflow run where mlflow is installed."""

import sys

import pytest

from commands import csv_bytes, run, visits
from forecast import ForecastError, compare, train
from forecast.run import ALONE
from forecast.workflows.pages.tracking import FOLDER, can_keep, tracking
from untrained import train_nothing

BARE = {"horizon": 7, "folds": 1, "seeds": 1, "calendar": False}
FLAGS = ("--horizon", "7", "--folds", "1", "--plots", "none")


@pytest.fixture
def kept(monkeypatch):
    """What MLflow would be told, without it."""
    runs = []
    monkeypatch.setattr("forecast.workflows.pages.tracking.can_keep", lambda: True)
    monkeypatch.setattr("forecast.workflows.pages.tracking.keep_run", lambda *told: runs.append(told))
    return runs


@pytest.fixture
def data(tmp_path, monkeypatch):
    train_nothing(monkeypatch)
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    return tmp_path / "visits.csv"


def test_nothing_is_tracked_where_nobody_asked(kept, data):
    with tracking(None, ALONE) as same:
        assert same is ALONE
    train(data, "naive", **BARE)
    assert kept == []


def test_run_that_is_tracked_has_a_tracker_that_is_closed_at_the_end(tmp_path):
    with tracking(tmp_path / "logs", ALONE) as tracked:
        tracked.tracker.add("gru", 1, {"loss": 1.0})
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["gru"]


def test_parameters_metrics_and_files_of_a_run_are_kept(kept, data, tmp_path):
    done = run("train", "visits.csv", "--model", "naive", *FLAGS, "--log-dir", "logs", folder=tmp_path)
    assert done.code == 0, done.err
    assert "tensorboard --logdir logs" in done.err
    found = compare(data, "naive", log_dir=tmp_path / "logs", **BARE)
    (folder, name, parameters, metrics, files), second = kept
    assert (folder.name, name, parameters["model"], parameters["plan.horizon"]) == ("logs", "visits", "naive", 7)
    assert files.keys() == {"leaderboard.csv", "verdict.txt", "visits.csv"}
    assert files["visits.csv"] == (tmp_path / "forecasts/visits.csv").read_bytes()
    assert metrics["naive/rmse"] > 0
    assert second[1] == "visits-compare"
    for row in found.leaderboard.itertuples():
        assert second[3][f"{row.model}/rmse"] == row.rmse


def test_compare_names_the_log(kept, data, tmp_path):
    done = run("compare", "visits.csv", "--models", "naive", *FLAGS, "--log-dir", "logs", folder=tmp_path)
    assert done.code == 0, done.err
    assert "tensorboard --logdir logs" in done.err
    assert [told[1] for told in kept] == ["visits-compare"]


def test_folder_that_can_not_be_made_is_refused_before_any_work(data, tmp_path):
    with pytest.raises(ForecastError, match=r"visits\.csv"):
        train(data, "naive", log_dir=data, **BARE)
    with pytest.raises(ForecastError, match="log_dir is 5; it must be a path"):
        train(data, "naive", log_dir=5, **BARE)


def test_without_mlflow_nothing_is_kept_for_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    assert not can_keep()


def test_mlflow_run_is_read_back(data, tmp_path):
    pytest.importorskip("mlflow", reason="mlflow is an extra: pip install 'forecast[mlflow]'")
    from mlflow.tracking import MlflowClient

    found = train(data, "naive", log_dir=tmp_path / "logs", **BARE)
    client = MlflowClient(tracking_uri=(tmp_path / "logs" / FOLDER).as_uri())
    (kept,) = client.search_runs([client.get_experiment_by_name("forecast").experiment_id])
    assert kept.info.status == "FINISHED"
    assert kept.data.params["model"] == "naive"
    rmse = found.leaderboard.set_index("model")["rmse"]
    assert kept.data.metrics["naive/rmse"] == rmse["naive"]
    names = {file.path for file in client.list_artifacts(kept.info.run_id)}
    assert names == {"leaderboard.csv", "verdict.txt", "visits.csv"}
