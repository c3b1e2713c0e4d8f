"""`forecast doctor`: is everything there that training needs?"""

import os
import platform
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import numpy as np

from forecast import __version__
from forecast.data.files.free_memory import free_memory
from forecast.errors import ForecastError
from forecast.production.schedule.clock_zone import machine_zone, time_zone_asked, zone_of
from forecast.production.schedule.next_start import schedule_of
from forecast.production.status import schedules
from forecast.production.store.links import user_name
from forecast.production.store.retention import size_of
from forecast.production.store.store import Store
from forecast.run import Run
from forecast.specs import Machine, ModelSpec
from forecast.wording import counted, listed, size_text

PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "pyarrow", "scikit-learn", "matplotlib", "typer")


LEAST_DISK, LEAST_MEMORY = 1e9, 1e9
"""Bytes below which a note is made of it: TensorFlow alone takes half as much memory."""


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
    fleet = {"versions": lambda: _versions(store), "disk": lambda: _disk(store), "memory": _memory, "clock": _clock}
    fleet |= {"permissions": lambda: _permissions(store), "schedule": lambda: _schedule(store)}
    checks += [_guarded(name, look) for name, look in fleet.items()]
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


def _versions(store: Store) -> Check:
    """Looks for versions that can't be read; `forecast models verify --all` reads every byte of those that can."""
    damaged, count = [], 0
    for name in store.names():
        models = store.model(name)
        count += len(models.versions())
        damaged += [f"{name} {version_id}" for version_id in models.damaged()]
    if damaged:
        return Check("versions", "failed", f"can't be read: {listed(damaged, 5)}", "forecast models verify --all")
    return Check("versions", "ok", f"{counted(count, 'version')} of {counted(len(store.names()), 'model')} can be read")


def _disk(store: Store) -> Check:
    free = shutil.disk_usage(_nearest(store.root)).free
    used = size_of([store.root])
    text = f"{size_text(free)} free for the store, which takes {size_text(used)}"
    if free < max(LEAST_DISK, used):
        return Check("disk", "note", text, "forecast models prune --all --keep 5")
    return Check("disk", "ok", text)


def _memory() -> Check:
    free = free_memory()
    text = f"{size_text(free)} free"
    return Check("memory", "ok", text) if free >= LEAST_MEMORY else Check("memory", "note", text, "fewer --workers")


def _clock() -> Check:
    """Tells the time zones of the machine and of this shell: cron goes by the first, dates in words by the other."""
    machine, own = machine_zone() or "a zone without a name", time_zone_asked()
    if own and zone_of(own) != machine_zone():
        return Check("clock", "note", f"the machine's is {machine}, by which cron goes; your TZ is {own}")
    return Check("clock", "ok", f"{machine}")


def _permissions(store: Store) -> Check:
    """Looks whether others may write into the store, or some of it is another user's."""
    root = store.root
    if not root.is_dir():
        return Check("permissions", "ok", "there is no store yet")
    folders = [root, *(store.model(name).folder for name in store.names())]
    strangers = sorted({user_name(folder.stat().st_uid) for folder in folders} - {user_name(os.geteuid())})
    if strangers:
        return Check("permissions", "note", f"part of the store belongs to {listed(strangers)}", f"chown -R {root}")
    if any(folder.stat().st_mode & stat.S_IWOTH for folder in folders):
        return Check("permissions", "note", "anybody may write into the store", f"chmod -R o-w {root}")
    return Check("permissions", "ok", f"the store is {user_name(root.stat().st_uid).removeprefix('the user ')}'s alone")


def _schedule(store: Store) -> Check:
    """Looks whether the crontab or a timer retrains the models, and whether cron is there to do so."""
    names, found = store.names(), schedules(store.root)
    if not names:
        return Check("schedule", "ok", "there is no model to retrain")
    missing = [name for name in names if schedule_of(name, found) is None]
    if missing:
        many = counted(len(missing), "model")
        return Check("schedule", "note", f"nothing retrains {many}: {listed(missing, 5)}",
                     "forecast schedule --all --daily 03:15 --install")  # fmt: skip
    return Check("schedule", "ok", f"all {counted(len(names), 'model')} are retrained by cron or systemd")


def _nearest(path: Path) -> Path:
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())


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
