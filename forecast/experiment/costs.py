"""Estimated memory and time of a run, told before anything of it is done.

Rough: memory within a factor of about one and a half, time within two or three. What could never be done is refused
at once, and what takes hours is said; ``--dry-run`` measures the time.

Shapes: ``S`` series, ``N`` steps of all, ``L`` lookback, ``H`` horizon, ``B`` windows looked at together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from forecast.data.files.free_memory import free_memory, more_memory, size_text
from forecast.data.panel import Panel
from forecast.errors import TrainingError
from forecast.models.networks.cells import CELLS
from forecast.models.networks.linear_init import MOST_WINDOWS
from forecast.models.networks.presets import spec_parameters, step_cost
from forecast.specs import ModelSpec, Plan

LIBRARIES = 700 << 20
"""Bytes that TensorFlow and the other libraries take."""
NUMBERS = 3
"""Arrays of windows, in double precision, whose memory is taken while a highway is begun; its own come besides."""
COPIES = 5
"""Weights, their gradient, Adam's two moments and what is kept."""
OF_A_STEP = 12
"""Arrays of one number a step that reading, filling, cutting and measuring a panel hold at a time."""
SPEED = 5e9
"""Multiply-adds a second of one thread in training."""
RECURRENT_STEP = 1e-4
"""Seconds that each recurrent step of a training step takes, however small the network."""
HOUR = 3600.0
USUAL = {"units": 32, "layers": 1, "horizon": 12, "window": 24}
"""Settings that take memory, and values of them that usually do; a hint goes no lower."""
FEW_COVARIATES = 20


@dataclass(frozen=True)
class Task:
    """What decides how much memory and time a run takes."""

    series: int
    steps: int  # of all series
    windows: int
    covariates: int
    folds: int  # the first one included
    fits: int
    threads: int  # that count at once

    @classmethod
    def of(cls, panel: Panel, plan: Plan, windows: int, threads: int) -> "Task":
        """Returns that of a panel and a plan."""
        width = len(panel.covariates.columns) if panel.covariates else 0
        fits = plan.folds + 1 if plan.refit else 1
        return cls(len(panel), panel.values.size, windows, width, plan.folds + 1, fits + 1, threads)


def memory_needed(task: Task, specs: Mapping[str, ModelSpec]) -> float:
    """Returns about how many bytes a run of these networks takes at its peak."""
    if not specs:
        return 0.0
    return LIBRARIES + 8.0 * OF_A_STEP * task.steps + max(_of_cell(task, spec, len(specs)) for spec in specs.values())


def _of_cell(task: Task, spec: ModelSpec, cells: int) -> float:
    """Returns the bytes that one cell's networks take, and what is kept of all cells' forecasts."""
    lookback, horizon, inputs = spec.window, 1 if spec.rolled else spec.horizon, 1 + task.covariates
    networks = len(spec.views) * len(spec.seeds)
    threads = min(task.threads, networks)
    looked_at = min(MOST_WINDOWS, max(task.windows, 1))
    begun = 0.0
    if any(view.ridge for view in spec.views):
        begun = threads * 8.0 * (NUMBERS * looked_at * (lookback + horizon) + 4 * lookback**2 + 9 * lookback * horizon)
    weights = 4.0 * COPIES * spec_parameters(_with_inputs(spec, task.covariates))
    gates = 2 * (len(CELLS[spec.cell].gates) if spec.is_recurrent else 0) + 2
    states = 4.0 * spec.batch_size * (lookback // spec.segment) * spec.units * gates * spec.layers
    batch = 4.0 * spec.batch_size * (lookback * inputs + horizon) * 4
    told = 4.0 * inputs * (3 * task.steps + 2 * task.series * lookback) if task.covariates else 0.0
    forecasts = 8.0 * task.series * spec.horizon * (3 * cells * networks + 8) * task.folds
    return max(begun, threads * (weights + states + batch)) + told + forecasts + 40.0 * lookback * horizon * networks


def _with_inputs(spec: ModelSpec, covariates: int) -> ModelSpec:
    return spec.with_(past=covariates) if covariates else spec


def training_seconds(task: Task, specs: Mapping[str, ModelSpec]) -> float:
    """Returns about how many seconds the training takes."""
    seconds = 0.0
    for spec in specs.values():
        networks = len(spec.views) * len(spec.seeds)
        wider = spec.batch_size * 6.0 * spec.window * task.covariates * spec.units
        rolled = spec.window // spec.segment * spec.layers * RECURRENT_STEP
        step = (step_cost(spec) + wider) / SPEED + rolled
        seconds += task.fits * networks * spec.steps * step / min(task.threads, networks)
    return seconds


def time_text(seconds: float) -> str:
    """Returns how long a run takes that takes hours; empty where it doesn't: ``about 5 hours``."""
    if seconds < HOUR:
        return ""
    hours = seconds / HOUR
    return f"about {hours:,.0f} hours" if hours >= 1.5 else "about an hour"


def check_memory(task: Task, specs: Mapping[str, ModelSpec]) -> None:
    """Refuses a run that the memory which is free could not hold, before anything is trained.

    Raises:
        TrainingError: it could not; the hint names the setting to change, and a value of it that fits.
    """
    needed, free = memory_needed(task, specs), free_memory()
    if needed <= free:
        return
    spec = max(specs.values(), key=lambda one: memory_needed(task, {one.cell: one}))
    hint = _way_out(task, specs, free) if free > 2 * LIBRARIES else "end other programs, or ulimit -v unlimited"
    shape = f"a horizon of {spec.horizon:,} steps from a window of {spec.window:,}"
    if spec.is_recurrent:
        shape += f", {spec.layers:,} × {spec.units:,} units"
    if task.covariates:
        shape += f", {task.covariates:,} covariates"
    message = f"This would take about {size_text(needed)} of memory, and {size_text(free)} is free: {shape}."
    raise TrainingError(message, f"{hint}; {more_memory(needed)}")


def _way_out(task: Task, specs: Mapping[str, ModelSpec], free: float) -> str:
    """Returns the flag that saves most, with the largest of its halved values that fits; or what else would help."""
    ways: list[tuple[float, str]] = []
    for name, least in USUAL.items():
        asked = value = max(getattr(spec, name) for spec in specs.values())
        while value > least and memory_needed(task, _all_lessened(specs, name, value)) > free:
            value = max(value // 2, least)
        if value < asked and memory_needed(task, _all_lessened(specs, name, value)) <= free:
            ways.append((memory_needed(task, _all_lessened(specs, name, least)), f"--{name} {value}"))
    if ways:
        return min(ways)[1]
    return "fewer covariates (--past, --known)" if task.covariates > FEW_COVARIATES else "fewer series, or less history"


def _all_lessened(specs: Mapping[str, ModelSpec], name: str, value: int) -> dict[str, ModelSpec]:
    return {cell: _lessened(spec, name, value) for cell, spec in specs.items()}


def _lessened(spec: ModelSpec, name: str, value: int) -> ModelSpec:
    if name == "window" and value != spec.window:
        return spec.with_(window=value, segment=1)
    return spec.with_(**{name: value})
