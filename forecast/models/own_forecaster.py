"""A forecaster that a user wrote: refused where it does not keep the protocol, and its forecasts checked.

``forecaster.Forecaster`` is what it must keep: a name, and ``fit(panel, watcher)``, which returns something that has
``predict_members(panel, run)``.

Shapes: ``S`` series, ``H`` horizon, ``M`` members.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from forecast.data.panel import Panel
from forecast.errors import TrainingError, UsageError
from forecast.models.forecaster import Curve, Fitted, Forecaster, Members, Watcher
from forecast.run import ALONE, Run
from forecast.wording import counted, type_name

PROTOCOL = "help('forecast.models.forecaster') shows what a forecaster has: name, fit(panel, watcher)"


def check_forecasters(models: Sequence[object], taken: Collection[str]) -> tuple[Forecaster, ...]:
    """Returns forecasters that were written elsewhere, as they are.

    Args:
        models: what was handed in.
        taken: names that other models have.

    Raises:
        UsageError: one does not keep the protocol, or has the name of another model.
    """
    found: list[Forecaster] = []
    for model in models:
        name, fit = getattr(model, "name", None), getattr(model, "fit", None)
        if isinstance(model, type):
            raise UsageError(f"{model.__qualname__} is a class, not a forecaster.", f"models=[{model.__qualname__}()]")
        if not isinstance(name, str) or not name.strip() or not callable(fit):
            lacks = "name, which is to be a text" if callable(fit) else "method fit(panel, watcher)"
            raise UsageError(f"{type_name(model)} is no forecaster: it has no {lacks}.", PROTOCOL)
        if name in taken or name in {other.name for other in found}:
            raise UsageError(f"There are two models called '{name}'.", "give the forecaster another name")
        found.append(cast(Forecaster, model))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class CheckedForecaster:
    """A forecaster whose forecasts, of so many steps or more, are looked at before anyone counts with them."""

    inner: Forecaster
    horizon: int

    @property
    def name(self) -> str:
        """What its user calls it."""
        return self.inner.name

    def fit(self, panel: Panel, watcher: Watcher) -> "_CheckedFitted":
        """Trains on everything in the panel.

        Raises:
            UsageError: what comes back can't forecast.
        """
        fitted = self.inner.fit(panel, watcher)
        if not callable(getattr(fitted, "predict_members", None)):
            what = type_name(fitted)
            raise UsageError(f"fit of '{self.name}' returned {what}, which has no predict_members.", PROTOCOL)
        return _CheckedFitted(self.name, fitted, self.horizon)


@dataclass(frozen=True, eq=False)
class _CheckedFitted:
    """What such a forecaster became."""

    name: str
    inner: Fitted
    horizon: int

    @property
    def parameters(self) -> int | None:
        """Trainable numbers; None where it does not say."""
        return getattr(self.inner, "parameters", None)

    @property
    def curve(self) -> Curve | None:
        """How the error fell; None where it does not say."""
        return getattr(self.inner, "curve", None)

    @property
    def train_seconds(self) -> float:
        """Seconds that its training took; 0 where it does not say."""
        return float(getattr(self.inner, "train_seconds", 0.0))

    def predict_members(self, panel: Panel, run: Run = ALONE) -> Members:
        """Returns its forecasts.

        Raises:
            UsageError: they are not of the type or shape that the protocol asks for.
            TrainingError: they are not all numbers.
        """
        members = self.inner.predict_members(panel, run)
        if not isinstance(members, Members):
            what = type_name(members)
            raise UsageError(f"predict_members of '{self.name}' returned {what}, not Members.", PROTOCOL)
        values = np.asarray(members.values, dtype=np.float64)
        count = len(members.seeds)
        if values.ndim != 3 or values.shape[:2] != (count, len(panel)) or not count or len(members.views) != count:
            raise UsageError(
                f"'{self.name}' forecast an array of {values.shape} for {count} members and {len(panel)} series.",
                "Members(views, seeds, values): as many views as seeds, and values of (members, series, horizon)",
            )
        if values.shape[2] < self.horizon:
            steps = counted(self.horizon, "step")
            message = f"'{self.name}' forecasts {counted(values.shape[2], 'step')}, but {steps} are compared."
            raise UsageError(message, f"horizon={values.shape[2]}, or a forecaster of {steps}")
        values = values[:, :, : self.horizon]
        if not np.isfinite(values).all():
            raise TrainingError(
                f"'{self.name}' forecast {int((~np.isfinite(values)).sum()):,} values that are no numbers.",
                "a series may have gaps at its beginning: panel.observed says where",
            )
        return Members(members.views, members.seeds, values)
