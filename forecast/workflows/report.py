"""Reports: of a comparison, of a version in the store, and of a retrain; `forecast report` is the second of them.

account (metrics.json) ─┐
forecast.csv, weights ──┼──▶ sections ──▶ one HTML file
history.jsonl ──────────┘
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.data.files.forecast_csv import BOUNDS, parse_forecasts
from forecast.errors import DataError
from forecast.experiment.experiment import Contest
from forecast.experiment.input_data import only_model
from forecast.experiment.outputs import Outlook, stem_of
from forecast.experiment.rerun_command import command_line, given_flags
from forecast.experiment.summary import account_of
from forecast.experiment.versions.stored_model import load_version
from forecast.experiment.versions.stored_summary import read_account
from forecast.models.forecaster import Forecasts, Interval
from forecast.production.store.disk import atomic_write
from forecast.production.store.issued import FORECAST
from forecast.production.store.manifest import utc
from forecast.production.store.model_store import ModelStore
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from forecast.report.html.forecast import forecast_gallery
from forecast.report.html.retrain_sections import Fight
from forecast.report.html.sections import forecast_section
from forecast.workflows.pages.plots import last_fold
from forecast.workflows.pages.run_history import fight_of, fight_of_run, life_of
from forecast.workflows.pages.sections import Cover, Life, page_of

if TYPE_CHECKING:
    from forecast.workflows.compare import CompareRequest
    from forecast.workflows.retrain import RetrainRequest, RetrainResult


@dataclass(frozen=True)
class ReportRequest:
    """What `report` was asked for.

    Attributes:
        name: of the model; None where the store holds only one.
        version: None for the champion.
        path: of the page; None for ``NAME-report.html`` in the working directory.
    """

    name: str | None
    version: str | None
    path: Path | None


@dataclass(frozen=True)
class ReportResult:
    """What `report` wrote."""

    version: Version
    path: Path


def comparison_page(request: "CompareRequest", contest: Contest, now: datetime) -> bytes:
    """Returns the report of a comparison; its charts show the last fold."""
    reading, terms = contest.reading, request.terms
    given = {"--models": ",".join(request.models), **given_flags(request.options, request.settings)}
    given |= {"--match": terms.match} if terms.match != "steps" else {}
    given |= {"--time-limit": f"{terms.deadline.limit:g}s"} if terms.deadline else {}
    account = account_of(contest, command_line(("compare", request.source), given), given, match=terms.match)
    history, forecasts = last_fold(contest)
    intro = (
        "What the networks and the seasonal naive said at the last origin, beside what came. Intervals are those of "
        f"{next(iter(forecasts))}."
    )
    title = f"{stem_of(request.source)}: {', '.join(request.models)} compared"
    cover = Cover(title, f"forecast compare · {reading.panel.target} · {utc(now):%Y-%m-%d %H:%M} UTC")
    section = forecast_section(forecast_gallery(history, forecasts, reading.panel), intro, title="The last fold")
    return page_of(cover, account, section, Life(), now)


def report(
    request: ReportRequest, store: Store, now: Callable[[], datetime], check: Callable[[Path], object]
) -> ReportResult:
    """Writes the report of a version, made from what the store keeps of it.

    Args:
        request: which, and where to.
        store: of the models.
        now: the clock.
        check: refuses a file that must not be replaced.

    Raises:
        NotFoundError: no such model or version.
        DataError: the version is damaged.
        UsageError: the store holds several models and none was named, or the file must not be replaced.
    """
    models = store.model(request.name or only_model(store, "report"))
    version = models.version(request.version) if request.version else models.champion()
    path = request.path or Path(f"{models.name}-report.html")
    check(path)
    atomic_write(path, version_page(models, version, now()))
    return ReportResult(version, path)


def write_retrain_page(request: "RetrainRequest", models: ModelStore, result: "RetrainResult", now: datetime) -> Path:
    """Writes the report of the champion after a retrain, with what was decided and why, and returns its file.

    Raises:
        DataError: a file of the champion is damaged, or the disk refused.
    """
    fight = fight_of_run(result.entry, result.before, result.scored_on, request.gate)
    page = version_page(models, models.champion(), now, result.outlook, fight)
    path = request.folder / f"{models.name}-report.html"
    atomic_write(path, page, flag="-o DIR", only_file=True)
    return path


def version_page(
    models: ModelStore, version: Version, now: datetime, outlook: Outlook | None = None, fought: Fight | None = None
) -> bytes:
    """Returns the report of a version.

    Args:
        models: the store of its model.
        version: whose report it is.
        now: aware time.
        outlook: the forecast to show; None for the one that the version was published with.
        fought: the fight to tell of; None for the one that the version itself won, if it came about by one.

    Raises:
        DataError: a file of the version is damaged.
    """
    account: dict[str, Any] = {"target": version.manifest["data"]["target"], **read_account(version)}
    name = version.manifest["model"]
    if fought and account["verdict"]:
        account["verdict"] = f"When {version.label} was trained: {account['verdict']}"
    shown = outlook or _issued(version)
    role = "the champion" if models.champion().id == version.id else "not in use"
    about = f"{name} · {version.label}, {role} · trained {version.created:%Y-%m-%d %H:%M} UTC"
    fight = fought or fight_of(version)
    intro = f"What {name} {version.label} says of the next steps, and how sure that is."
    section = forecast_section(forecast_gallery(shown.history, {name: shown.forecasts}), intro)
    reason = account.get("reason")
    after = (f"{name} was taken: {reason}.",) if reason else ()
    cover = Cover(models.name, about, (fight.sentence,) if fight else (), after, name)
    return page_of(cover, account, section, life_of(models, fight), now)


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

    bounds = dict(zip(BOUNDS, table.bounds, strict=True))
    intervals = [
        Interval(level, laid(bounds[f"lower_{level}"], np.nan), laid(bounds[f"upper_{level}"], np.nan))
        for level in (80, 95)
        if np.isfinite(bounds[f"lower_{level}"]).any()
    ]
    stamps = laid(table.timestamps, np.datetime64("NaT", "s"))
    return Forecasts(table.series_ids, stamps, laid(table.point, np.nan), tuple(intervals))
