"""The page of a published version: what it is, how it was scored, and what it says of the next steps."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from forecast.data.files.forecast_csv import parse_forecasts
from forecast.errors import DataError
from forecast.evaluation.summary import Summary
from forecast.experiment.decisions.headline import headline_of, manner_of, series_headlines
from forecast.experiment.decisions.headline_words import headline_sentences
from forecast.experiment.outputs import Outlook
from forecast.experiment.stored_forecast import known_notes
from forecast.experiment.versions.stored_model import StoredModel, load_version, read_settings
from forecast.experiment.versions.stored_summary import read_summary
from forecast.models.forecaster import Forecasts, Interval
from forecast.production.store.issued import FORECAST
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import RunRecord
from forecast.production.store.version import Version
from forecast.report.html.forecast import forecast_gallery
from forecast.report.html.retrain_sections import decision_sentence
from forecast.report.html.sections import forecast_section
from forecast.workflows.pages.cover import accuracy_sentence, headline_facts
from forecast.workflows.pages.run_history import challenge_of, retrain_sections
from forecast.workflows.pages.sections import ReportIntro, page_of

SAME = 1e-6
"""Share by which a forecast that is made again may differ by rounding."""


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
    stored = load_version(version)
    shown = outlook or _issued(stored)
    challenge = decided or challenge_of(version)
    intro = f"What {name} {version.label} says of the next steps, and how sure that is."
    section = forecast_section(forecast_gallery(shown.history, {name: shown.forecasts}), intro)
    cover = _cover(models, stored, summary, shown, challenge)
    return page_of(cover, summary, section, retrain_sections(models, challenge), now)


def _cover(
    models: ModelStore, stored: StoredModel, summary: Summary, shown: Outlook, challenge: RunRecord | None
) -> ReportIntro:
    """Returns what the page says first."""
    version, name, panel, forecasts = stored.version, stored.trained.name, shown.history, shown.forecasts
    horizon = forecasts.point.shape[1]
    kind, aggregate = read_settings(version).kind, stored.options.aggregate
    manner = manner_of(panel, horizon, stored.trained.season, kind, aggregate)
    told = (panel, forecasts, shown.distributed, manner)
    together, each = headline_of(*told), series_headlines(*told) if manner == "standing" else ()
    unit = panel.frequency.unit if panel.frequency.every == 1 and panel.frequency.unit != "row" else "step"
    lead = [*headline_sentences(together, each), accuracy_sentence(summary, name, unit)]
    lead += [f"{name} was taken: {summary.reason}."] if summary.reason else []
    lead += [decision_sentence(challenge)] if challenge else []
    role = "the champion" if models.champion().id == version.id else "not in use"
    return ReportIntro(
        title=models.name,
        about=f"{version.manifest.model} · {version.label}, {role} · trained {version.created:%Y-%m-%d %H:%M} UTC",
        lead=tuple(lead),
        caveats=known_notes(stored, panel, horizon),
        facts=headline_facts(each[0] if len(each) == 1 else together),
        model=version.manifest.model,
    )


def _issued(stored: StoredModel) -> Outlook:
    """Returns the forecast that a version was published with, after the end of the data that it keeps.

    It is made again for the distribution of its errors, which only counts if it is the same forecast.
    """
    version, panel = stored.version, stored.context
    try:
        forecasts = _forecasts(version.read(FORECAST))
    except ValueError as error:
        raise DataError(
            f"{version.name} {version.label}: {FORECAST} {error}.", f"forecast models rollback {version.name}"
        ) from error
    again, distributed = stored.trained.issue(panel, stored.trained.horizon)
    is_same = again.series_ids == forecasts.series_ids and again.point.shape == forecasts.point.shape
    is_same = is_same and np.allclose(again.point, forecasts.point, rtol=SAME, atol=0, equal_nan=True)
    return Outlook(panel, forecasts, distributed if is_same else None)


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
