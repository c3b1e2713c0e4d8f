"""A site of all models of a store: what is told of each in the row of the index, and the files of its page.

folder/index.html                a row a model
folder/models/NAME.html          its report, and beside it NAME.csv and NAME.xlsx
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from forecast.errors import worded
from forecast.evaluation.summary import Summary
from forecast.production.quality import below_naive, figures_of
from forecast.production.status import FAILED, ModelStatus
from forecast.production.store.json_document import utc
from forecast.production.store.model_store import ModelStore
from forecast.report.html.page import Fact, PageWriter
from forecast.report.html.site_index import Grade, SiteCell, SiteColumn, SiteIndex, SiteRow, sparkline_of
from forecast.wording import NO_NUMBER, about, counted, listed, percent, short_number
from forecast.workflows.pages.version import ReportNames, VersionReport, make_version_report

MODELS = "models"
"""The folder of the pages, beside the index: a model may be called ``index``."""
COLUMNS = (
    SiteColumn("expected"),
    SiteColumn("RMSE live", is_spare=True),
    SiteColumn("skill live"),
    SiteColumn("in 80 %", is_spare=True),
    SiteColumn("champion", is_spare=True, is_text=True),
    SiteColumn("last run (UTC)", is_spare=True, is_text=True),
    SiteColumn("next run (UTC)", is_spare=True, is_text=True),
)
GRAVE = ("no champion", *FAILED)
DAY, HOUR = 86_400, 3_600


def model_entry(
    models: ModelStore, status: ModelStatus, now: datetime, writer: PageWriter
) -> tuple[dict[str, bytes], SiteRow]:
    """Returns the files of a model's page by their names, and its row; of one that can't be read no files.

    Args:
        models: the store of the model.
        status: how it is.
        now: aware time.
        writer: of the page.
    """
    names = ReportNames(f"{models.name}.html", home="../index.html")
    try:
        told = models.with_champion(lambda version: make_version_report(models, version, now, names, write=writer))
    except Exception as error:  # noqa: BLE001 - the other models have their pages, whatever this one has
        why = worded(error).message.removeprefix(f"{models.name}: ")
        cells = _cells(status, None)
        return {}, SiteRow(models.name, "", "can't be read", "error", why, None, cells)
    grade: Grade = "error" if set(status.problems) & set(GRAVE) else "warning" if status.problems else "good"
    past, ahead = told.outlook.history.series(0), told.outlook.forecasts.point[0]
    row = SiteRow(
        name=models.name,
        page=f"{MODELS}/{quote(names.page)}",
        health=status.health,
        grade=grade,
        why=_why(status),
        sparkline=sparkline_of(past, ahead),
        cells=_cells(status, told),
    )
    return told.files, row


def index_of(rows: Sequence[SiteRow], program: str, now: datetime) -> SiteIndex:
    """Returns the index, what needs a look first and all else by name."""
    ill = [row for row in rows if row.grade != "good"]
    order = {"error": 0, "warning": 1, "good": 2}
    when = f"{utc(now):%Y-%m-%d %H:%M} UTC"
    told = listed([f"{row.name} ({row.health})" for row in sorted(ill, key=lambda row: (order[row.grade], row.name))])
    lead = f"{len(ill)} of {counted(len(rows), 'model')} {'needs' if len(ill) == 1 else 'need'} a look: {told}."
    live = [row for row in rows if row.cells[2].order is not None]
    better = sum(1 for row in live if (row.cells[2].order or 0.0) > 0)
    facts = [Fact("Models", f"{len(rows):,}", ""), Fact("Well", f"{len(rows) - len(ill):,}", "")]
    facts += (
        [Fact("Better than naive, live", f"{better:,}", f"of {len(live):,} whose forecasts came true")] if live else []
    )
    return SiteIndex(
        title="Models",
        about=f"as of {when}",
        lead=(
            lead if ill else f"All {counted(len(rows), 'model')} are well." if len(rows) > 1 else "The model is well.",
        ),
        facts=tuple(facts),
        columns=COLUMNS,
        rows=tuple(sorted(rows, key=lambda row: (order[row.grade], row.name))),
        foot=f"Made by forecast {program} on {when}. Needs no network; a script only sorts.",
    )


def _why(status: ModelStatus) -> str:
    """Returns what is wrong in a sentence; empty where nothing is."""
    if not status.problems:
        return ""
    live, last = below_naive(figures_of(status.known)), status.last
    parts = [last.reason or ""] if last is not None and last.outcome in FAILED else []
    parts += [live] if live else []
    parts += [", ".join(status.problems[1:])] if not parts else []
    return "; ".join(filter(None, parts))


def _cells(status: ModelStatus, told: VersionReport | None) -> tuple[SiteCell, ...]:
    known, champion, last = status.known, status.champion, status.last
    tested = _tested(told.summary, champion.model) if told and champion else (None, None)
    notes = [f"backtest {text}" if value is not None else "" for value, text in zip(
        tested, (short_number(tested[0]), percent(tested[1], signed=True)), strict=True)]  # fmt: skip
    return (
        _expected(told),
        SiteCell(short_number(known.live_rmse), notes[0], known.live_rmse),
        SiteCell(percent(known.live_skill, signed=True), notes[1], known.live_skill),
        SiteCell(percent(known.live_coverage), "", known.live_coverage),
        SiteCell(
            f"{champion.label} · {champion.model}" if champion else NO_NUMBER,
            f"{_age(status.age)} old" if status.age is not None else "",
            status.age,
        ),
        SiteCell((last.outcome if last else None) or NO_NUMBER, *_moment(last.ended if last else None)),
        SiteCell(*_when(status.next_run)),
    )


def _expected(told: VersionReport | None) -> SiteCell:
    """Returns what the forecast comes to."""
    if told is None or (told.headline.manner == "standing" and told.headline.series > 1):
        return SiteCell(NO_NUMBER)
    own = told.headline
    least = 4 if own.manner == "standing" else 3
    what = {"total": f"next {own.steps}", "mean": f"a step, next {own.steps}", "standing": f"on {own.last}"}[own.manner]
    return SiteCell(about(own.value, least), what, own.value)


def _tested(summary: Summary, model: str) -> tuple[float | None, float | None]:
    row = summary.row(model)
    return (row.rmse, row.skill) if row else (None, None)


def _age(seconds: float) -> str:
    return f"{int(seconds // DAY)} d" if seconds >= DAY else f"{int(seconds // HOUR)} h"


def _moment(moment: datetime | None) -> tuple[str, float | None]:
    return (f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}", moment.timestamp()) if moment else ("", None)


def _when(moment: datetime | None) -> tuple[str, str, float | None]:
    text, order = _moment(moment)
    return text or NO_NUMBER, "", order
