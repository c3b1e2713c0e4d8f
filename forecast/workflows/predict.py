"""`forecast predict`: from the end of the data with the champion, without TensorFlow."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from forecast.data.panel import Panel
from forecast.data.readers import read_panel
from forecast.errors import NotFoundError, UsageError
from forecast.models.forecaster import Forecasts
from forecast.production.store import Store
from forecast.production.version import Version
from forecast.workflows.versions import StoredModel, load_version


@dataclass(frozen=True)
class PredictRequest:
    """What `predict` was asked for.

    Attributes:
        name: of the model; None where the store holds only one.
        source: a file to forecast from; None for the one that the model was trained on.
        version: a version to use in place of the champion.
    """

    name: str | None
    source: str | None = None
    horizon: int | None = None
    version: str | None = None


@dataclass(frozen=True, eq=False)
class PredictResult:
    """What `predict` found."""

    version: Version
    model: str
    panel: Panel
    forecasts: Forecasts
    notes: tuple[str, ...]


def predict(request: PredictRequest, store: Store) -> PredictResult:
    """Forecasts from the end of the data.

    Raises:
        NotFoundError: no such model, version or file.
        DataError: the version is damaged, or the data can't be read.
        UsageError: the store holds several models and none was named.
    """
    models = store.model(request.name or _only_model(store))
    stored = load_version(models.version(request.version)) if request.version else models.with_champion(load_version)
    panel, notes = _panel_of(stored, request.source)
    horizon = request.horizon or stored.trained.horizon
    if horizon < 1:
        raise UsageError(f"--horizon {horizon} is not a number of steps.", "--horizon 1 or more")
    if horizon > stored.trained.horizon:
        notes += (
            f"The model was trained for {stored.trained.horizon} steps; its forecast is repeated from its own end "
            f"for the rest, and those steps have no intervals, since their errors were never measured "
            f"(forecast train DATA --horizon {horizon} measures them).",
        )
    forecasts = stored.trained.forecast(panel, horizon)
    return PredictResult(stored.version, stored.trained.name, panel, forecasts, notes)


def _only_model(store: Store) -> str:
    names = store.names()
    if len(names) == 1:
        return names[0]
    if not names:
        raise NotFoundError(f"There is no trained model in {store.root}.", "forecast train DATA")
    raise UsageError(f"Which model? The store has {', '.join(names)}.", f"forecast predict {names[0]}")


def _panel_of(stored: StoredModel, source: str | None) -> tuple[Panel, tuple[str, ...]]:
    """Returns the data to forecast from, and what is to be said about it."""
    known = source or stored.source
    if source is None and not Path(known).is_file():
        why = f"{known} is not there any more" if Path(known).is_absolute() else f"The model was trained on {known}"
        note = f"{why}: forecasting from the end of the data that it saw (--data FILE takes newer rows)."
        return stored.context, (note,)
    reading = read_panel(known, stored.options)
    notes = tuple(finding.text for finding in reading.findings if finding.grade == "warning")
    if reading.panel.frequency != stored.context.frequency:
        raise UsageError(
            f"{reading.source} is {reading.panel.frequency.name} ({reading.panel.frequency.code}), but the model was "
            f"trained on {stored.context.frequency.name} data ({stored.context.frequency.code}).",
            f"forecast train {shlex.quote(known)}",
        )
    return reading.panel, notes
