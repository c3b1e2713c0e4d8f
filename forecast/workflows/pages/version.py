"""The page of a published version: what it is, how it was scored, and what it says of the next steps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from forecast.data.files.written.forecast_csv import parse_forecasts
from forecast.errors import DataError
from forecast.evaluation.distribution.distribution import Distribution
from forecast.evaluation.fold_forecasts import Manner
from forecast.evaluation.summary import Summary
from forecast.experiment.changes.comparison import ForecastComparison, last_change
from forecast.experiment.changes.sentences import change_sentence, has_moved, total_change
from forecast.experiment.decisions.headline import Headline
from forecast.experiment.decisions.headline_words import headline_sentences, outside_words
from forecast.experiment.decisions.joint_forecast import together
from forecast.experiment.decisions.parts import NAMES, parts_of, usual_forecast
from forecast.experiment.outputs import Outlook, forecast_table, forecasts_of
from forecast.experiment.stored_forecast import known_notes
from forecast.experiment.versions.stored_model import StoredModel, load_version
from forecast.experiment.versions.stored_summary import read_summary
from forecast.production.store.issued import FORECAST
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import RunRecord
from forecast.production.store.version import Version
from forecast.report.html.backtest import backtest_section
from forecast.report.html.page import FileLinks, Page, Section, render_page
from forecast.report.html.parts import parts_section
from forecast.report.html.retrain_sections import decision_sentence
from forecast.report.workbook import INSTALL, can_write, workbook_bytes
from forecast.run import ALONE, StoppedClock
from forecast.workflows.pages.changes import change_section
from forecast.workflows.pages.cover import accuracy_sentence, headline_facts
from forecast.workflows.pages.episodes import episode_sections
from forecast.workflows.pages.forecast_workbook import workbook_of
from forecast.workflows.pages.outlook import forecast_sections
from forecast.workflows.pages.predicted import headlines_of, manner_for
from forecast.workflows.pages.run_history import challenge_of, retrain_sections
from forecast.workflows.pages.sections import ReportIntro, page_of

MADE_OF = (
    "The level is the mean of the last whole seasons; the season is how each step of one usually differs from it; "
    "plans are what was told of the steps to come, such as promotions, against a forecast of usual ones; the rest "
    "is growth, the time of the year and what else the model saw. The parts add up to the forecast."
)
SAME = 1e-6
"""Share by which a forecast that is made again may differ by rounding."""


@dataclass(frozen=True)
class ReportNames:
    """How the files of a report are called, which stand in one folder.

    Attributes:
        page: such as ``sales-report.html``.
        csv: the table of the forecast; None for one of its own, called as the page is.
        is_alone: nothing stands beside the page.
        home: address of the page that leads to it; empty for none.
    """

    page: str
    csv: str | None = None
    is_alone: bool = False
    home: str = ""

    def beside(self, ending: str) -> str:
        """Returns the name of a file that is called as the page is."""
        return f"{Path(self.page).stem}{ending}"

    @property
    def all(self) -> tuple[str, ...]:
        """The files that are written: the page first, and no workbook where there is no writer of one."""
        csv = () if self.csv else (self.beside(".csv"),)
        return (self.page, *csv, *((self.beside(".xlsx"),) if can_write() else ()))


@dataclass(frozen=True, eq=False)
class ReportTopic:
    """What a report tells of beside the version.

    Attributes:
        outlook: the forecast to show; None for the one that the version was published with.
        decided: the challenge to tell of; None for the one that the version itself won, if it came about by one.
        label: what the values are called; None for the name of their column.
    """

    outlook: Outlook | None = None
    decided: RunRecord | None = None
    label: str | None = None


@dataclass(frozen=True, eq=False)
class VersionReport:
    """A report, and what an overview tells of it.

    Attributes:
        files: by their names: the page, and the tables beside it.
        outlook: the forecast of all series together, or of each where a sum means nothing.
        headline: what it comes to.
        summary: of the backtest.
    """

    files: dict[str, bytes]
    outlook: Outlook
    headline: Headline
    summary: Summary


def version_page(
    models: ModelStore,
    version: Version,
    now: datetime,
    outlook: Outlook | None = None,
    decided: RunRecord | None = None,
) -> bytes:
    """Returns the page of a version alone; see ``version_report``."""
    names = ReportNames("report.html", is_alone=True)
    return version_report(models, version, now, names, outlook, decided)[names.page]


def version_report(
    models: ModelStore,
    version: Version,
    now: datetime,
    names: ReportNames,
    outlook: Outlook | None = None,
    decided: RunRecord | None = None,
    *,
    label: str | None = None,
) -> dict[str, bytes]:
    """Returns the files of the report of a version; see ``make_version_report``."""
    return make_version_report(models, version, now, names, ReportTopic(outlook, decided, label)).files


def make_version_report(
    models: ModelStore,
    version: Version,
    now: datetime,
    names: ReportNames,
    topic: ReportTopic | None = None,
    write: Callable[[Page], bytes] = render_page,
) -> VersionReport:
    """Returns the report of a version.

    Args:
        models: the store of its model.
        version: whose report it is.
        now: aware time.
        names: of the files.
        topic: what it tells of; None for the version as it was published.
        write: makes a file of the page.

    Raises:
        DataError: a file of the version is damaged.
    """
    topic = topic or ReportTopic()
    outlook, decided, label = topic.outlook, topic.decided, topic.label
    summary = read_summary(version)
    if summary.target is None:
        summary = replace(summary, target=version.manifest.data.target)
    if label is not None:
        plain = (summary.plain_verdict or "").replace(f"Forecasts of {summary.target} ", f"Forecasts of {label} ", 1)
        summary = replace(summary, target=label, plain_verdict=plain)
    name = version.manifest.model
    if decided and summary.verdict:
        summary = replace(summary, verdict=f"When {version.label} was trained: {summary.verdict}")
    stored = load_version(version)
    shown = outlook or _issued(stored)
    challenge = decided or challenge_of(version)
    intro = f"What {name} {version.label} says of the next steps, and how sure that is."
    manner = manner_for(stored, shown.history, shown.forecasts.point.shape[1])
    headlines = headlines_of(stored, shown, manner, label)
    if label is not None:
        shown = replace(shown, history=replace(shown.history, target=label))
    joint = together(shown, manner)
    change = _change(models, version, topic.outlook, now)
    cover = replace(_cover(models, stored, summary, shown, headlines, challenge, change), home=names.home)
    sections = forecast_sections(shown, joint, name, headlines, intro, _links(names))
    sections += (change_section(change),) if change else ()
    sections += _parts(stored, shown, manner)
    sections += episode_sections(stored, shown.history)
    if summary.backtest and summary.target:
        sections += (backtest_section(summary.backtest, shown.history.frequency, summary.target, name, manner),)
    page = page_of(cover, summary, sections, retrain_sections(models, challenge), now, write=write)
    files = {names.page: page} | _tables(names, shown, joint, version, summary)
    return VersionReport(files, joint or shown, headlines[0], summary)


def _no_interval(joint: Headline, stored: StoredModel) -> tuple[str, ...]:
    """Returns why a total has no interval, or none that holds it."""
    if joint.manner == "standing":
        return ()
    if joint.lower is not None:
        return tuple(filter(None, (outside_words(joint),)))
    label, name = stored.version.label, stored.version.name
    if stored.trained.distribution is None:
        return (f"No interval is known: the data of {label} had too few rows to measure errors on.",)
    fix = f"forecast retrain {name} --force makes a version that has one"
    return (f"No interval of the total is known for {label}, which was made by an earlier program ({fix}).",)


def _parts(stored: StoredModel, shown: Outlook, manner: Manner) -> tuple[Section, ...]:
    """Returns what the forecast is made of; nothing where it is not that of the version, or of prices."""
    if shown.distributed is None or manner == "standing":
        return ()
    panel, forecasts, trained = shown.history, shown.forecasts, stored.trained
    if trained.model.lookback is None:
        return ()
    usual = usual_forecast(trained, panel, forecasts.point.shape[1])
    parts = parts_of(trained, panel, forecasts, usual)
    several = len(panel) > 1
    leaves = panel.summands.tolist()
    drawn = parts.some(leaves).joined(f"all {len(leaves):,} series", manner) if several else parts
    names = drawn.by_name
    rows = parts.rows(tuple(names), manner) if several else ()
    return (
        parts_section(
            drawn.timestamps[0],
            {NAMES[name]: own[0] for name, own in names.items()},
            rows,
            target=panel.target,
            intro=MADE_OF,
        ),
    )


def _links(names: ReportNames) -> FileLinks | None:
    """Returns links to the tables beside the page, or how to come by the one that is lacking; None for a lone page."""
    if names.is_alone:
        return None
    csv = (names.csv or names.beside(".csv"), "every number, for programs")
    if can_write():
        return FileLinks((csv, (names.beside(".xlsx"), "the same for Excel, with a chart")))
    return FileLinks((csv,), f"For an Excel workbook beside it: {INSTALL}, and the report anew.")


def _tables(
    names: ReportNames, shown: Outlook, joint: Outlook | None, version: Version, summary: Summary
) -> dict[str, bytes]:
    """Returns the forecast as tables: a CSV where none is there, and a workbook; none beside a lone page."""
    if names.is_alone:
        return {}
    table = forecast_table(shown.forecasts, shown.history, version.manifest.model, version.label)
    files = {} if names.csv else {names.beside(".csv"): table.csv().encode()}
    if can_write():
        files[names.beside(".xlsx")] = workbook_bytes(workbook_of(shown, joint, table, version, summary))
    return files


def _cover(
    models: ModelStore,
    stored: StoredModel,
    summary: Summary,
    shown: Outlook,
    headlines: tuple[Headline, ...],
    challenge: RunRecord | None,
    change: ForecastComparison | None,
) -> ReportIntro:
    """Returns what the page says first."""
    version, name, panel = stored.version, stored.trained.name, shown.history
    joint, each = headlines[0], headlines[1:]
    lead = [*headline_sentences(joint, each)]
    lead += [change_sentence(change, total_change(change))] if change else []
    lead.append(accuracy_sentence(summary, name, panel.frequency))
    lead += [f"{name} was taken: {summary.reason}."] if summary.reason else []
    lead += [decision_sentence(challenge)] if challenge else []
    role = "the champion" if models.champion().id == version.id else "not in use"
    return ReportIntro(
        title=models.name,
        about=f"{version.manifest.model} · {version.label}, {role} · trained {version.created:%Y-%m-%d %H:%M} UTC",
        lead=tuple(lead),
        caveats=(*known_notes(stored, panel, shown.forecasts.point.shape[1]), *_no_interval(joint, stored)),
        facts=headline_facts(each[0] if len(each) == 1 else joint),
        model=version.manifest.model,
    )


def _change(models: ModelStore, version: Version, outlook: Outlook | None, now: datetime) -> ForecastComparison | None:
    """Returns by what the champion's last forecast differs from the one before; None for a first, and where it doesn't.

    Of other versions nothing is told: what they said was said before.
    """
    if models.champion().id != version.id:
        return None
    change = last_change(models, outlook.history if outlook else None, replace(ALONE, clock=StoppedClock(now)))
    is_news = change is not None and change.after.mark.number == version.number and has_moved(change)
    return change if is_news else None


def _issued(stored: StoredModel) -> Outlook:
    """Returns the forecast that a version was published with, after the end of the data that it keeps.

    It is made again for the distribution of its errors, which only counts if it is the same forecast.
    """
    version, panel = stored.version, stored.context
    try:
        table = parse_forecasts(version.read(FORECAST))
        forecasts = forecasts_of(table)
    except ValueError as error:
        raise DataError(
            f"{version.name} {version.label}: {FORECAST} {error}.", f"forecast models rollback {version.name}"
        ) from error
    if not isinstance(stored.trained.distribution, Distribution):
        return Outlook(panel, forecasts)
    trained = stored.trained.widened(float(table.widened[0]))
    again, distributed = trained.issue(panel, trained.horizon)
    is_same = again.series_ids == forecasts.series_ids and again.point.shape == forecasts.point.shape
    is_same = is_same and np.allclose(again.point, forecasts.point, rtol=SAME, atol=0, equal_nan=True)
    return Outlook(panel, forecasts, distributed if is_same else None)
