"""`forecast predict`: from the end of the data with the champion, without TensorFlow."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from forecast.addresses import is_address
from forecast.data.files.parquet_folder import is_folder
from forecast.data.files.source import written_source
from forecast.data.future.template import FutureTemplate, future_template
from forecast.data.panel import places_of
from forecast.errors import DataError, NotFoundError, UsageError
from forecast.execution.executor import Workplace
from forecast.experiment.decisions.asked import AS_USUAL, MEDIAN, Asked, asked_of
from forecast.experiment.decisions.parts import parts_of, usual_forecast
from forecast.experiment.decisions.paths import DrawnPaths, check_paths, draw_paths
from forecast.experiment.decisions.series_selection import level_places, some_series
from forecast.experiment.decisions.totals import narrowed
from forecast.experiment.destinations import WORKBOOK
from forecast.experiment.input_data import only_model
from forecast.experiment.outputs import table_content
from forecast.experiment.panels.panel_forecast import PanelRequest, PanelResult, Share, forecast_panel
from forecast.experiment.panels.tree_forecast import forecast_tree
from forecast.experiment.stored_forecast import (
    KnownData,
    PredictResult,
    check_horizon,
    data_of_forecast,
    forecast_from,
    known_notes,
    only_series,
    series_wanted,
    with_future,
)
from forecast.experiment.versions.stored_model import StoredModel, load_champion, load_version
from forecast.production.known_hosts import checked_source
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from forecast.run import Run

if TYPE_CHECKING:  # its pictures cost matplotlib
    from forecast.workflows.pages.predicted import PictureRequest


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
    asked: Asked = AS_USUAL


def predict(request: PredictRequest, store: Store, run: Run) -> PredictResult:
    """Forecasts from the end of the data.

    Raises:
        NotFoundError: no such model, version or file.
        DataError: the version is damaged, or the data can't be read.
        UsageError: the store holds several models and none was named.
    """
    stored, known = prepared(request, store, run)
    return _forecast(request, stored, known, run)


def _forecast(request: PredictRequest, stored: StoredModel, known: KnownData, run: Run) -> PredictResult:
    asked = _asked(request, known)
    return forecast_from(stored, known.panel, known.notes, request.horizon, run, asked, known.ids)


def _asked(request: PredictRequest, known: KnownData) -> Asked:
    """Returns what is asked, of a hierarchy with the series that are wanted: all must be forecast."""
    return replace(request.asked, series=request.series) if known.panel.hierarchy else request.asked


def check_of_all(request: PredictRequest, known: KnownData, flag: str) -> None:
    """Refuses to choose series of a hierarchy where a question is asked of all of them.

    Raises:
        UsageError: some are chosen, or a level where there is none.
    """
    level_places(known.panel, request.asked.level)
    chosen = "--series" if request.series else "--level" if request.asked.level is not None else None
    if chosen and known.panel.hierarchy is not None:
        message = f"{flag} is about all series of a hierarchy, since they add up, and {chosen} chooses some."
        raise UsageError(message, f"leave out {chosen}")


def predict_drawn(
    request: PredictRequest, picture: "PictureRequest", store: Store, run: Run
) -> tuple[PredictResult, dict[str, bytes]]:
    """Forecasts from the end of the data, and draws that: beside a forecast as usual where a plan is told.

    Args:
        request: what to forecast, with which model.
        picture: how it is drawn.
        store: of the models.
        run: what to work with.

    Returns:
        The forecast, and its pictures by how their names end.

    Raises:
        ForecastError: see ``predict``.
    """
    from forecast.workflows.pages.predicted import prediction_pictures  # matplotlib

    stored, known = prepared(request, store, run)
    result = _forecast(request, stored, known, run)
    usual = usual_forecast(stored.trained, known.panel, result.forecasts.point.shape[1], run)
    if usual and len(result.panel) < len(known.panel):
        places = places_of(result.panel.series_ids, known.panel.series_ids).tolist()
        _, usual, _ = some_series(known.panel, usual, None, places)
    parts = parts_of(stored.trained, result.panel, result.forecasts, usual)
    return result, prediction_pictures(stored, result, usual, parts, picture)


@dataclass(frozen=True)
class PathsResult:
    """Joint futures of a version, as a file."""

    version: Version
    model: str
    notes: tuple[str, ...]
    drawn: DrawnPaths


def predict_paths(request: PredictRequest, count: int, ending: str, store: Store, run: Run) -> PathsResult:
    """Draws joint futures from the end of the data.

    Args:
        request: what to forecast, with which model.
        count: of the futures.
        ending: of the file that they are to be.
        store: of the models.
        run: what to work with.

    Raises:
        ForecastError: see ``predict`` and ``check_paths``.
    """
    stored, known = prepared(request, store, run)
    trained, panel = asked_of(stored, Asked(probabilities=(MEDIAN,))), known.panel
    steps = check_paths(trained, panel, count, request.horizon, ending)
    check_horizon(stored, panel, steps)
    notes = known.notes + known_notes(stored, panel, steps)
    drawn = draw_paths(trained, panel, count, steps, ending, run, series_wanted(panel, _asked(request, known)))
    return PathsResult(stored.version, trained.name, notes, drawn)


@dataclass(frozen=True)
class TemplateResult:
    """A file that tells of the steps to come, to be edited.

    Attributes:
        version: whose columns it has.
        notes: on the data.
        template: its rows.
        content: the file.
        steps: of each series.
    """

    version: Version
    notes: tuple[str, ...]
    template: FutureTemplate
    content: bytes
    steps: int


def predict_template(request: PredictRequest, ending: str, store: Store, run: Run) -> TemplateResult:
    """Returns the rows that ``--future`` wants, with what is told or usual of the known covariates.

    Args:
        request: what is to be forecast, with which model.
        ending: of the file.
        store: of the models.
        run: what to work with.

    Raises:
        UsageError: the model has no known covariates and no limits in columns.
        DataError: the dates of its data can't be written so that they are read again.
        ForecastError: see ``predict``.
    """
    stored, known = prepared(request, store, run)
    check_of_all(request, known, "--future-template")
    panel, name = known.panel, stored.version.name
    columns = panel.covariates.of("known") if panel.covariates else ()
    if not columns and not (panel.limits and panel.limits.told):
        message = f"{name} was trained without known covariates: there is nothing to tell it of the steps to come."
        raise UsageError(message, "forecast train DATA --known COLUMNS makes a model with them")
    steps = check_horizon(stored, panel, request.horizon)
    usual = stored.trained.usual
    values = usual.of(panel) if usual else np.full((len(panel), len(columns)), np.nan)
    leaves = panel.select(panel.summands) if panel.hierarchy is not None else panel
    ids = narrowed(known.ids, panel.series_ids, leaves.series_ids)
    template = future_template(leaves, stored.options, ids, steps, values[panel.summands])
    is_workbook = ending == WORKBOOK
    table = template.csv(None if is_workbook else stored.options.date_format)
    content = table_content(table, ending, template.ids)
    try:
        with_future(panel, written_source(content, f"template{ending}"), stored.options)
    except DataError as error:
        hint = "write its rows by hand, as those of the data" if is_workbook else "--future-template FILE.xlsx"
        raise DataError(f"No template can be written as the data of {name} is: {error.message}", hint) from None
    return TemplateResult(stored.version, known.notes, template, content, steps)


@dataclass(frozen=True)
class ByShards:
    """That a folder of shards is to be forecast into another folder.

    Attributes:
        flag: that asked for it, for messages.
        place: who does it.
        share: of the shards that are forecast.
        force: begin anew where the folder holds another run's results.
        dry_run: say what would be done, and write nothing.
    """

    output: Path
    flag: str
    place: Workplace = Workplace()
    share: Share = Share()
    force: bool = False
    dry_run: bool = False


def predict_panel(request: PredictRequest, how: ByShards, store: Store, run: Run) -> PanelResult:
    """Forecasts all series of a folder of Parquet files, file by file.

    Raises:
        ForecastError: see ``forecast_panel``; or there is no such model, or the data is no folder.
    """
    stored = _stored(request, store)
    panel = request.source or checked_source(stored.source, f"forecast predict {stored.version.name} --data")
    if not is_folder(panel):
        if request.source is None:
            name = stored.version.name
            message = f"{how.flag} forecasts a folder of shards, and {name} was trained on {panel}, which is none."
            raise UsageError(message, f"--data DIR; forecast shard {panel} DIR makes it")
        if is_address(panel):
            message = f"{how.flag} forecasts a folder of shards, and there are no Parquet files below {panel}."
            raise NotFoundError(message, f"--data {panel} -o FILE.csv, if it is one file")
        if not Path(panel).exists():
            raise NotFoundError(f"There is no folder {panel}.", "check the path; forecast shard DATA DIR makes one")
        message = f"{how.flag} forecasts a folder of shards, and {panel} is none."
        raise UsageError(message, f"forecast shard {panel} DIR; then --data DIR")
    asked = PanelRequest(
        stored,
        store.root,
        request.version is not None,
        panel,
        how.output,
        request.asked,
        request.horizon,
        how.place,
        how.share,
        how.force,
    )
    work = forecast_panel if stored.context.hierarchy is None else forecast_tree
    return work(asked, run, dry_run=how.dry_run)


def _stored(request: PredictRequest, store: Store) -> StoredModel:
    models = store.model(request.name or only_model(store, "predict"))
    return load_version(models.version(request.version)) if request.version else models.with_widening(load_champion)


def prepared(request: PredictRequest, store: Store, run: Run) -> tuple[StoredModel, KnownData]:
    """Returns the model, and what it forecasts from.

    Raises:
        ForecastError: see ``predict``.
    """
    stored = _stored(request, store)
    known = data_of_forecast(stored, request.source, run.clock.now())
    panel, notes = known.panel, known.notes
    if request.future is not None:
        panel, more = with_future(panel, request.future, stored.options)
        notes += more
    if panel.hierarchy is not None:  # all are forecast, so that they add up
        return stored, KnownData(panel, notes, known.ids)
    chosen = only_series(panel, request.series)
    return stored, KnownData(chosen, notes, narrowed(known.ids, panel.series_ids, chosen.series_ids))
