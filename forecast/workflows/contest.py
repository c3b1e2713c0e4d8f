"""Plan, backtest, score: what `train` and `compare` share."""

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from forecast.data.panel import Panel
from forecast.data.readers import Reading
from forecast.evaluation.backtest import Backtest, backtest
from forecast.evaluation.leaderboard import Leaderboard, leaderboard
from forecast.evaluation.splits import rolling_origins
from forecast.models.recipe import make_spec
from forecast.models.registry import ENSEMBLE, NETWORKS, Memory, make_forecaster, spec_names
from forecast.specs import Cell, Device, Machine, ModelSpec, Plan, Settings
from forecast.workflows.planning import make_plan

LEARNED = (*NETWORKS, ENSEMBLE)


class Reporter(Protocol):
    """Hears what a workflow does while it does it; says it to the user or not."""

    def read(self, reading: Reading) -> None:
        """The data has been read."""

    def planned(self, reading: Reading, plan: Plan, specs: dict[str, ModelSpec], settings: Settings) -> None:
        """It is settled which networks will be trained, by their cell, and how all will be scored."""

    def progress(self, label: str, share: float) -> None:
        """A part of the work has come so far, from 0 to 1."""


class Silence:
    """A reporter that says nothing."""

    def read(self, reading: Reading) -> None:
        """Says nothing."""

    def planned(self, reading: Reading, plan: Plan, specs: dict[str, ModelSpec], settings: Settings) -> None:
        """Says nothing."""

    def progress(self, label: str, share: float) -> None:
        """Says nothing."""


@dataclass(frozen=True, eq=False)
class Contest:
    """Several models on the same data and folds, scored."""

    reading: Reading
    plan: Plan
    settings: Settings
    specs: dict[str, ModelSpec]  # by cell
    machine: Machine
    backtest: Backtest
    board: Leaderboard


def run_contest(
    reading: Reading, settings: Settings, models: tuple[str, ...], device: Device, reporter: Reporter
) -> Contest:
    """Backtests the models on a file that has been read.

    Raises:
        ForecastError: see ``make_plan``, ``rolling_origins`` and ``find_machine``.
    """
    panel = reading.panel
    plan = make_plan(panel, settings)
    least = min(plan.window, plan.season + 1)
    folds = rolling_origins(panel, plan.horizon, plan.folds, least)
    count = count_windows(panel, plan)
    cells = dict.fromkeys(cell for name in models for cell in spec_names(name))
    specs = {cell: make_spec(cast(Cell, cell), plan, settings, count) for cell in cells}
    trained = {cell for name in models if name in LEARNED for cell in spec_names(name)}
    reporter.planned(reading, plan, {cell: specs[cell] for cell in cells if cell in trained}, settings)
    if trained:
        reporter.progress("starting TensorFlow", 0.0)
    machine = machine_for(models, device)
    memory: Memory = {}
    forecasters = [make_forecaster(name, specs, plan.season, machine, memory) for name in models]

    def progress(name: str, share: float) -> None:
        reporter.progress(name, (models.index(name) + share) / len(models))

    result = backtest(
        panel, folds, forecasters, plan.season, refit=plan.refit, metric=settings.metric, progress=progress
    )
    return Contest(reading, plan, settings, specs, machine, result, leaderboard(result, LEARNED))


def machine_for(models: tuple[str, ...], device: Device) -> Machine:
    """Returns what the models train on; TensorFlow is asked only where a network is among them."""
    if not any(name in LEARNED for name in models):
        return Machine()
    from forecast.models.devices import find_machine  # noqa: PLC0415 - imports TensorFlow

    return find_machine(device)


def count_windows(panel: Panel, plan: Plan) -> int:
    """Returns how many windows the panel gives at its end, padding aside."""
    return int(np.maximum(panel.lengths - plan.window - plan.horizon + 1, 0).sum())
