"""The sets that are benchmarked, where they lie, and the tasks they are made into.

A task is one origin: what may be known there, and what came. A set with an official hold-out is one task, the
others are several, one horizon apart. A gap in what is known is filled with the value before it, for the scale of
MASE and for contenders that know of no calendar: the rule that the published seasonal-naive scores follow.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from scoring import Outcome, Scores, seasonal_naive

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Dataset:
    """A set, and what the product has promised on it.

    Attributes:
        floors: the worst that is good enough, by measure.
        seconds: what one plain command may take, start-up included.
        official: it has a hold-out of its own; otherwise rolling origins.
        reference: the contender that a ``ratio`` floor is about.
    """

    name: str
    season: int
    horizon: int
    floors: dict[str, float] = field(default_factory=dict)
    seconds: int = 60
    official: bool = True
    reference: str = ""

    @property
    def path(self) -> Path:
        """The training part, or all of the data where there is no official split."""
        return DATA / f"{self.name}.csv"


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset("m4_hourly", 24, 48, {"owa": 0.430}),
        Dataset("tourism_monthly", 12, 24, {"mase": 1.43}),
        Dataset("m3_monthly", 12, 18, {"smape": 14.0, "mase": 0.875}),
        Dataset("nn5_daily", 7, 56, {"mase": 0.825}),
        Dataset("m4_monthly_sub200", 12, 18, {"mase": 0.875}),
        Dataset("airline_passengers", 12, 12, seconds=30, official=False),
        Dataset("champagne", 12, 12, seconds=30, official=False),
        Dataset("car_sales", 12, 12, seconds=30, official=False),
        Dataset("female_births", 7, 14, seconds=30, official=False),
        Dataset("stocks5_daily", 5, 20, {"ratio": 1.01}, official=False, reference="naive"),
    )
}
SINGLE = ("airline_passengers", "champagne", "car_sales", "female_births")
"""The series that the geometric means are over."""


@dataclass(frozen=True, eq=False)
class Task:
    """One origin of a set.

    Attributes:
        train: ``unique_id, ds, y`` up to the origin, y empty where nothing was observed.
        truth: the same for the steps after it, with their number ``step`` from 1.
    """

    train: pd.DataFrame
    truth: pd.DataFrame
    horizon: int
    season: int

    def outcomes(self, forecast: pd.DataFrame) -> list[Outcome]:
        """Returns the outcomes of a forecast given as ``unique_id, step, forecast``."""
        found = self.truth.merge(forecast, on=["unique_id", "step"], how="left")
        histories = {name: part.to_numpy() for name, part in without_gaps(self.train).groupby("unique_id")["y"]}
        return [
            Outcome(histories[name], part["y"].to_numpy(float), part["forecast"].to_numpy(float))
            for name, part in found.groupby("unique_id", sort=False)
        ]


def official_task(dataset: Dataset) -> Task:
    """Returns the task of a set with a hold-out of its own."""
    test = _read(dataset.path.with_name(f"{dataset.name}_test.csv"))
    return _task(_read(dataset.path), test, dataset)


def rolling_tasks(dataset: Dataset, origins: list[str]) -> list[Task]:
    """Returns a task an origin, its truths reaching to the next origin or to the end of the data."""
    table = _read(dataset.path)
    ends = [pd.Timestamp(origin) for origin in origins]
    tasks = []
    for origin, end in zip(ends, [*ends[1:], table["ds"].max()], strict=True):
        truth = table[(table["ds"] > origin) & (table["ds"] <= end)]
        tasks.append(_task(table[table["ds"] <= origin], truth, dataset))
    return tasks


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, usecols=["unique_id", "ds", "y"], parse_dates=["ds"], dtype={"unique_id": str})
    return table.sort_values(["unique_id", "ds"], kind="stable")


def _task(train: pd.DataFrame, truth: pd.DataFrame, dataset: Dataset) -> Task:
    step = truth.groupby("unique_id").cumcount() + 1
    return Task(train, truth.assign(step=step), dataset.horizon, dataset.season)


def without_gaps(train: pd.DataFrame) -> pd.DataFrame:
    """Returns ``unique_id, step, y`` with each gap filled with the value before it."""
    filled = train.groupby("unique_id")["y"].ffill().bfill().astype(float)
    return pd.DataFrame({"unique_id": train["unique_id"], "step": train.groupby("unique_id").cumcount(), "y": filled})


def published_naive() -> dict[str, Scores]:
    """Returns the seasonal-naive scores that the data's README states: sMAPE, MASE and mean RMSE, the pooled NaN."""
    text = (DATA / "README.md").read_text()
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", text, flags=re.MULTILINE)
    return {name: Scores(float(smape), float(mase), np.nan, float(rmse)) for name, rmse, mase, smape in rows}


def rule(task: Task, season: int) -> list[Outcome]:
    """Returns the outcomes of repeating the last season, or with season 1 the last value."""
    rows = []
    for series, part in without_gaps(task.train).groupby("unique_id"):
        values = seasonal_naive(part["y"].to_numpy(), task.horizon, season)
        steps = np.arange(1, task.horizon + 1)
        rows.append(pd.DataFrame({"unique_id": series, "step": steps, "forecast": values}))
    return task.outcomes(pd.concat(rows))
