"""The page of a published version: what it is, how it was scored, and what it says of the next steps."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from forecast.data.files.forecast_csv import parse_forecasts
from forecast.errors import DataError
from forecast.experiment.outputs import Outlook
from forecast.experiment.versions.stored_model import load_version
from forecast.experiment.versions.stored_summary import read_summary
from forecast.models.forecaster import Forecasts, Interval
from forecast.production.store.issued import FORECAST
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import RunRecord
from forecast.production.store.version import Version
from forecast.report.html.forecast import forecast_gallery
from forecast.report.html.retrain_sections import decision_sentence
from forecast.report.html.sections import forecast_section
from forecast.workflows.pages.run_history import challenge_of, retrain_sections
from forecast.workflows.pages.sections import ReportIntro, page_of


def version_page(
    models: ModelStore,
    version: Version,
    now: datetime,
    outlook: Outlook | None = None,
    decided: RunRecord | None = None,
) -> bytes:
    """Returns the report of a version.

    Args:
        models: the store of its model.
        version: whose report it is.
        now: aware time.
        outlook: the forecast to show; None for the one that the version was published with.
        decided: the challenge to tell of; None for the one that the version itself won, if it came about by one.

    Raises:
        DataError: a file of the version is damaged.
    """
    summary = read_summary(version)
    if summary.target is None:
        summary = replace(summary, target=version.manifest.data.target)
    name = version.manifest.model
    if decided and summary.verdict:
        summary = replace(summary, verdict=f"When {version.label} was trained: {summary.verdict}")
    shown = outlook or _issued(version)
    role = "the champion" if models.champion().id == version.id else "not in use"
    about = f"{name} · {version.label}, {role} · trained {version.created:%Y-%m-%d %H:%M} UTC"
    challenge = decided or challenge_of(version)
    intro = f"What {name} {version.label} says of the next steps, and how sure that is."
    section = forecast_section(forecast_gallery(shown.history, {name: shown.forecasts}), intro)
    after = (f"{name} was taken: {summary.reason}.",) if summary.reason else ()
    cover = ReportIntro(models.name, about, (decision_sentence(challenge),) if challenge else (), after, name)
    return page_of(cover, summary, section, retrain_sections(models, challenge), now)


def _issued(version: Version) -> Outlook:
    """Returns the forecast that a version was published with, after the end of the data that it keeps."""
    try:
        return Outlook(load_version(version).context, _forecasts(version.read(FORECAST)))
    except ValueError as error:
        raise DataError(
            f"{version.name} {version.label}: {FORECAST} {error}.", f"forecast models rollback {version.name}"
        ) from error


def _forecasts(data: bytes) -> Forecasts:
    """Returns a table of forecasts as arrays.

    Raises:
        ValueError: the bytes are no such table.
    """
    table = parse_forecasts(data)
    shape = len(table.series_ids), int(table.steps.max())
    where = table.series, table.steps - 1

    def laid(values: Any, empty: Any) -> Any:
        grid = np.full(shape, empty)
        grid[where] = values
        return grid

    intervals = [
        Interval(level, *(laid(bound, np.nan) for bound in table.bounds_of(level)))
        for level in table.levels
        if np.isfinite(table.bounds_of(level)).any()
    ]
    stamps = laid(table.timestamps, np.datetime64("NaT", "s"))
    return Forecasts(table.series_ids, stamps, laid(table.point, np.nan), tuple(intervals), levels=table.levels)
