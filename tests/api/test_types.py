"""The types of the Python face: a type checker passes what is right in a user's program, and finds what is wrong."""

import os
import subprocess
import sys

import pytest

from places import ROOT

RIGHT = """
from pathlib import Path

import numpy as np
import pandas as pd

from forecast import Comparison, ForecastError, Model, compare, load, read_panel, train
from forecast.data.panel import Panel
from forecast.models.forecaster import Members, Watcher
from forecast.run import ALONE, Run


class Mean:
    name = "mean"

    def fit(self, panel: Panel, watcher: Watcher) -> "FittedMean":
        return FittedMean()


class FittedMean:
    parameters = None
    curve = None
    train_seconds = 0.0

    def predict_members(self, panel: Panel, run: Run = ALONE) -> Members:
        means = np.array([np.full(7, panel.series(i).mean()) for i in range(len(panel))])
        return Members(("mean",), (0,), means[None])


def work(frame: pd.DataFrame, series: "pd.Series[float]") -> pd.DataFrame:
    reading = read_panel(series, target="sales", known=["promo", "price"], fill="zero")
    found: Comparison = compare(reading, ["lstm", Mean()], horizon=7, time_limit="2m", levels=[50, 90])
    print(found.verdict, found.leaderboard["rmse"].min())
    model: Model = train(frame, "gru", store=Path("store"), preset="fast", seeds=1)
    page = model.report("page.html").html
    model.plot().save("forecast.png")
    print(page, model.explain(teach=True).sentences, model.export("model.keras").name)
    try:
        return load("shop").predict(7, quantiles=[0.1, 0.9], cost={"under": 3, "over": "waste"})
    except ForecastError as error:
        print(error.hint)
        raise
"""
WRONG = """
from forecast import compare, train

train("sales.csv", horizn=7)
train("sales.csv", preset="slow")
compare("sales.csv", models=3)
train(5)
"""


@pytest.mark.slow
def test_user_code_is_checked_as_it_is_meant(tmp_path):
    for name, code in (("right", RIGHT), ("wrong", WRONG)):
        (tmp_path / f"{name}.py").write_text(code)
    words = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(ROOT / ".mypy_cache")]
    words += ["--follow-imports", "silent", "right.py", "wrong.py"]
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    lines = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert {line.partition(": error:")[0] for line in lines} == {f"wrong.py:{number}" for number in (4, 5, 6, 7)}, done
