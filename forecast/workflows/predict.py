"""`forecast predict`: from the end of the data with the champion, without TensorFlow."""

import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from forecast.data.panel import Panel
from forecast.data.readers import Reading, read_panel
from forecast.errors import DataError, ForecastError, NotFoundError, UsageError
from forecast.models.forecaster import Forecasts
from forecast.production.store import Store
from forecast.production.version import Version
from forecast.workflows.versions import StoredModel, load_version

MOST_GAPS = 0.5
"""A file that would have more gaps than this at the model's frequency has another one."""


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
    reading = _read(known, stored)
    notes = [finding.text for finding in reading.findings if finding.grade == "warning"]
    before, now = set(stored.context.series_ids), set(reading.panel.series_ids)
    if len(before | now) > 2:  # a lone series may be called after another file
        notes += [f"{_series(now - before)} not among those that the model was trained on."] if now - before else []
        notes += [f"{_series(before - now)} not in {reading.source}, and not forecast."] if before - now else []
    window = stored.trained.model.parts[0].spec.window
    short = int((reading.panel.lengths < window).sum())
    if short and source is not None:
        notes.append(
            f"{short:,} of {len(reading.panel):,} series in {reading.source} have fewer than the {window} steps that "
            "the model looks back on; it sees what there is again and again."
        )
    return reading.panel, tuple(notes)


def _series(ids: set[str]) -> str:
    first = ", ".join(sorted(ids)[:3])
    return f"{len(ids):,} series ({first}{', …' if len(ids) > 3 else ''}) {'is' if len(ids) == 1 else 'are'}"


def _read(source: str, stored: StoredModel) -> Reading:
    """Returns what a file holds at the model's frequency, which a few rows alone may not tell.

    Raises:
        UsageError: it has another frequency or other columns than the model's data had.
        ForecastError: see ``read_panel``.
    """
    frequency = stored.context.frequency
    try:
        reading = read_panel(source, stored.options)
        if reading.panel.frequency == frequency:
            return reading
        problem: ForecastError = UsageError(
            f"{reading.source} is {reading.panel.frequency.name} ({reading.panel.frequency.code}), but the model was "
            f"trained on {frequency.name} data ({frequency.code}).",
            f"forecast train {shlex.quote(source)}",
        )
    except UsageError as error:
        names = ", ".join([stored.options.time or "", *stored.options.target, *stored.options.ids])
        raise UsageError(error.message, f"a file with the columns that the model was trained on: {names}") from None
    except DataError as error:
        problem = error
    if source != "-":  # standard input can't be read twice
        with suppress(DataError):
            reading = read_panel(source, replace(stored.options, freq=frequency.code))
            if reading.panel.frequency == frequency and reading.panel.observed.mean() >= 1 - MOST_GAPS:
                return reading
    raise problem
