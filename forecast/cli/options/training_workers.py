"""From ``--workers`` to who trains the networks of a backtest, and what such a process does."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forecast.experiment.panels.fold_networks import TrainingWorkers
    from forecast.run import Run


def training_workers(count: int | None) -> "TrainingWorkers":
    """Returns so many processes, each with the clock of its own."""
    from forecast.experiment.panels.fold_networks import TrainingWorkers

    return TrainingWorkers(count or 1, f"{__name__}:{train_networks.__name__}")


def train_networks(spec: Mapping[str, Any], run: "Run") -> Mapping[str, Any]:
    """Trains networks of a backtest in a process of its own, whose clock tells how long that took."""
    from forecast.experiment.panels.fold_networks import train_fold_networks
    from forecast.process import SystemClock

    return train_fold_networks(spec, replace(run, clock=SystemClock()))
