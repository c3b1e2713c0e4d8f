"""`forecast predict`: from the end of the data with the champion, without TensorFlow."""

from dataclasses import dataclass

from forecast.data.panel import Panel
from forecast.experiment.input_data import only_model
from forecast.experiment.stored_forecast import (
    AS_USUAL,
    AskedQuantiles,
    PredictResult,
    forecast_from,
    only_series,
    panel_of,
    with_future,
)
from forecast.experiment.versions.stored_model import StoredModel, load_version
from forecast.production.store.store import Store
from forecast.run import Run


@dataclass(frozen=True)
class PredictRequest:
    """What `predict` was asked for.

    Attributes:
        name: of the model; None where the store holds only one.
        source: a file to forecast from; None for the one that the model was trained on.
        version: a version to use in place of the champion.
        future: a file that tells the known covariates of the steps to come; None where the data itself does.
        series: names of those that are forecast; empty for all.
        asked: of the predictive distribution.
    """

    name: str | None
    source: str | None = None
    horizon: int | None = None
    version: str | None = None
    future: str | None = None
    series: tuple[str, ...] = ()
    asked: AskedQuantiles = AS_USUAL


def predict(request: PredictRequest, store: Store, run: Run) -> PredictResult:
    """Forecasts from the end of the data.

    Raises:
        NotFoundError: no such model, version or file.
        DataError: the version is damaged, or the data can't be read.
        UsageError: the store holds several models and none was named.
    """
    stored, panel, notes = prepared(request, store, run)
    return forecast_from(stored, panel, notes, request.horizon, run, request.asked)


def prepared(request: PredictRequest, store: Store, run: Run) -> tuple[StoredModel, Panel, tuple[str, ...]]:
    """Returns the model, the panel from whose end it forecasts, and what is to be said about that.

    Raises:
        ForecastError: see ``predict``.
    """
    models = store.model(request.name or only_model(store, "predict"))
    stored = load_version(models.version(request.version)) if request.version else models.with_champion(load_version)
    panel, notes = panel_of(stored, request.source, run.clock.now())
    if request.future is not None:
        panel, more = with_future(panel, request.future, stored.options)
        notes += more
    return stored, only_series(panel, request.series), notes
