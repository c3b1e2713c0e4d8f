"""`forecast doctor`: is everything there that training needs?"""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import numpy as np

from forecast import __version__
from forecast.errors import ForecastError
from forecast.production.store.store import Store
from forecast.run import Run
from forecast.specs import Machine

PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "pyarrow", "scikit-learn", "matplotlib", "typer")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: ``ok``, or a ``note`` that hinders nothing, or ``failed``."""

    name: str
    status: Literal["ok", "note", "failed"]
    detail: str
    hint: str = ""


def examine(store: Store, run: Run) -> tuple[Check, ...]:
    """Returns all checks; none of them raises."""
    checks = [Check("forecast", "ok", __version__)]
    checks.append(Check("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"))
    checks += [_package(name) for name in PACKAGES]
    checks.append(_guarded("store", lambda: _store(store)))
    looks = {"threads": lambda: _threads(run.machine), "gpu": _gpu, "training": lambda: _training_step(run)}
    checks += [_guarded(name, look) for name, look in looks.items()]
    return tuple(checks)


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    """Runs a check; what it raises becomes its result."""
    try:
        return look()
    except ForecastError as error:
        return Check(name, "failed", error.message, error.hint)
    except ImportError as error:
        return Check(
            name,
            "failed",
            f"TensorFlow can't be imported: {error}",
            "pip install --force-reinstall tensorflow",
        )


def _package(name: str) -> Check:
    try:
        return Check(name, "ok", version(name))
    except PackageNotFoundError:
        return Check(name, "failed", "not installed", f"pip install {name}")


def _store(store: Store) -> Check:
    store.check_writable()
    return Check("store", "ok", f"{store.root} can be written")


def _threads(machine: Machine) -> Check:
    return Check("threads", "ok", f"{machine.threads} CPU threads: so many networks train side by side")


def _gpu() -> Check:
    from forecast.models.networks.tensorflow import report_gpus

    report = report_gpus()
    if report.names:
        return Check("gpu", "ok", ", ".join(report.names))
    return Check("gpu", "note", f"none: {report.reason}; training runs on the CPU")


def _training_step(run: Run) -> Check:
    from forecast.data.panel import panel_from_series
    from forecast.models.forecaster import Watcher
    from forecast.models.networks.cells import REFERENCE
    from forecast.models.networks.fitting import RecurrentForecaster
    from forecast.models.networks.tensorflow import find_machine
    from forecast.specs import ModelSpec

    spec = ModelSpec(REFERENCE, window=8, horizon=2, units=4, steps=1, batch_size=4, seeds=(0,))
    run = run.on(find_machine(run.machine))
    panel = panel_from_series([np.sin(np.arange(40.0))], "D")
    began = run.clock.seconds()
    fitted = RecurrentForecaster(REFERENCE, spec, run).fit(panel, Watcher())
    finite = np.isfinite(fitted.predict_members(panel, run).values).all()
    seconds = run.clock.seconds() - began
    kernel = "an XLA-compiled loop" if run.machine.jit else "cuDNN kernels"
    if not finite:
        return Check("training", "failed", "one step gave a forecast that is not a number", "forecast doctor --debug")
    return Check(
        "training",
        "ok",
        f"one step on the {run.machine.device.upper()} with {kernel}, compiled and run in {seconds:.1f} s",
    )
