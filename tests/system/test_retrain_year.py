"""A quarter of weekly retrains on a real series, replayed: is the champion's live error better than without them?"""

import csv
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from commands import csv_bytes
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.evaluation.metrics import rmse
from forecast.experiment.retraining.request import Change, RetrainRequest
from forecast.experiment.versions.stored_model import load_version
from forecast.production.promotion import Gate
from forecast.production.store.store import Store
from forecast.production.triggers import Rules, Tolerance
from forecast.specs import Overrides, Settings
from forecast.workflows.retrain import retrain
from forecast.workflows.train import TrainRequest, train
from places import SHARED
from runs import run_at

DATA = SHARED / "data"
HORIZON, WEEK, NOISE = 14, 7, 1.05
SETTINGS = Settings(horizon=HORIZON, folds=1, preset="fast", seeds=1, overrides=Overrides(steps=50))


def rows_of(name):
    path = DATA / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"needs {path}, which is not part of the project")
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["ds"], row["y"]) for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bike_sharing_daily", "female_births"])
def test_a_quarter_of_weekly_retrains_is_no_worse_than_none(name, tmp_path, capsys):
    rows = rows_of(name)
    weeks = min(13, (len(rows) - 150) // WEEK)
    start = len(rows) - weeks * WEEK - HORIZON
    data, store, known = tmp_path / "shop.csv", Store(tmp_path / "store"), read_everything(rows, tmp_path)
    data.write_bytes(csv_bytes(rows[:start], "day,sales"))
    now = datetime(2026, 1, 1, 3, 15, tzinfo=UTC)
    train(
        TrainRequest(str(data), ReadOptions(), SETTINGS, "gru", None, tmp_path / "out", "none"),
        store,
        run_at(now),
    )
    first = load_version(store.model("shop").champion()).trained
    live, never, outcomes = [], [], Counter()
    for week in range(1, weeks + 1):
        now += timedelta(weeks=1)
        end = start + week * WEEK
        data.write_bytes(csv_bytes(rows[:end], "day,sales"))
        usual = (Change(warm=True), Gate(), Rules(), Tolerance())
        request = RetrainRequest("shop", str(data), None, *usual, tmp_path / "out")
        outcomes[retrain(request, store, run_at(now), lambda event, facts: None).record.outcome] += 1
        past, truth = known.until([end]), known.values[end : end + HORIZON]
        champion = load_version(store.model("shop").champion()).trained
        live.append(truth - champion.forecast(past, HORIZON).point[0, : len(truth)])
        never.append(truth - first.forecast(past, HORIZON).point[0, : len(truth)])
    retrained, untouched = (rmse(np.concatenate(errors), 0.0) for errors in (live, never))
    report = f"{name}: {weeks} weeks, {dict(outcomes)}, live RMSE {retrained:.4g}, never retrained {untouched:.4g}"
    with capsys.disabled():
        sys.stdout.write(f"\n{report}\n")
    assert retrained <= NOISE * untouched
    assert sum(outcomes.values()) == len(store.model("shop").history()) - 1
    assert outcomes.keys() <= {"promoted", "kept"}


def read_everything(rows, folder):
    path = folder / "all.csv"
    path.write_bytes(csv_bytes(rows, "day,sales"))
    return read_panel(str(path)).panel
