"""`forecast status [NAME]...`."""

import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import MetricsFile, look_for_metrics
from forecast.cli.options.completion import complete_name
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import fitted_table, print_csv, print_json, say, settle_form, with_lines
from forecast.cli.output.streams import Piece, Style, write_out
from forecast.cli.signals import check_signals
from forecast.errors import ExitCode, UsageError
from forecast.wording import NO_NUMBER, counted, percent, size_text

if TYPE_CHECKING:
    from forecast.production.status import ModelStatus

COLUMNS = (
    "name", "health", "champion", "model", "created", "age", "training_end", "last_run", "command", "outcome",
    "exit_code", "next_run", "live_skill", "live_coverage", "live_points", "drift", "rows_behind", "data_changed",
    "versions", "size_bytes", "running", "problems",
)  # fmt: skip
SHOWN = ("name", "health", "champion", "age", "last run (UTC)", "outcome", "next (UTC)", "skill", "in 80 %", "drift",
         "behind", "size", "running")  # fmt: skip
FIRST_TO_GO = ("size", "running", "in 80 %", "drift", "champion", "next (UTC)", "last run (UTC)", "behind")
"""Columns that leave, in this order, until the table fits; CSV and JSON always have all."""
DAY = 86_400
PAUSE = 2.0
"""Seconds between two looks of ``--watch``."""
CLEAR = "\x1b[H\x1b[2J\x1b[3J"


@grouped
def status_command(
    output: OutputFlags,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=complete_name, metavar="[NAME]...", help="Models, or patterns such as 'shop-*'; else all."
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 7 where a model is not well.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every two seconds, until Ctrl-C.")] = False,
    metrics_file: MetricsFile = None,
) -> None:
    """Say at a glance how each model is: champion, last and next run, live skill, drift, rows behind, size, lock.

    forecast status

    forecast status --strict --json

    forecast status 'shop-*' --watch
    """
    from forecast.production.status import read_statuses
    from forecast.report.tables import csv_text

    if watch and (output.form not in {"auto", "table"} or not sys.stdout.isatty()):
        raise UsageError("--watch is for a person at a terminal.", "without --watch, or on a terminal")
    look_for_metrics(metrics_file)
    while True:
        statuses = read_statuses(output.store, tuple(words or ()), datetime.now(UTC))
        if not watch:
            break
        sys.stdout.write(CLEAR)
        head = f"  {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n"
        write_out(head, *_status_table(statuses), f"\n  {_summary(statuses)}\n")
        pause = time.monotonic() + PAUSE
        while time.monotonic() < pause:
            check_signals()
            time.sleep(0.1)
    form, ill = settle_form(output.form), [status for status in statuses if status.problems]
    if form == "json":
        print_json({"ok": not ill, "models": [_status_row(status) for status in statuses]})
    elif form == "csv":
        print_csv(csv_text(COLUMNS, [_csv_cells(_status_row(status)) for status in statuses]))
    else:
        write_out(*_status_table(statuses))
    if metrics_file is not None:
        from forecast.production.metrics import write_metrics

        write_metrics(metrics_file, statuses, datetime.now(UTC))
    if (form == "table" and not output.quiet) or (ill and strict):
        say(_summary(statuses), "All")
    if strict and ill:
        raise typer.Exit(ExitCode.QUALITY_GATE)


def _status_row(status: "ModelStatus") -> dict[str, Any]:
    """Returns a model's status in the order of COLUMNS; ages in seconds, times in ISO 8601."""
    champion, last, known = status.champion, status.last, status.known
    values: tuple[Any, ...] = (
        status.name, status.health, champion.label if champion else None, champion.model if champion else None,
        _iso(champion.created) if champion else None, status.age, champion.training_end if champion else None,
        _iso(last.ended) if last else None, last.command if last else None, last.outcome if last else None,
        last.exit_code if last else None, _iso(status.next_run), known.live_skill, known.live_coverage,
        known.live_points, known.drift, status.rows_behind, status.data_changed, status.versions, status.size,
        status.running.command or "a run" if status.running else None, list(status.problems),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _csv_cells(row: dict[str, Any]) -> list[str]:
    """Returns the cells of a row of a CSV."""
    return ["" if row[name] is None else ", ".join(row[name]) if name == "problems" else str(row[name])
            for name in COLUMNS]  # fmt: skip


def _status_table(statuses: Sequence["ModelStatus"]) -> list[Piece]:
    """Returns the lines for a person, what is not well standing out."""
    styles: dict[int, Style] = {0: "faint"}
    styles |= {1 + place: "bad" for place, status in enumerate(statuses) if status.problems}
    text = fitted_table([_cells(status) for status in statuses], SHOWN, FIRST_TO_GO, left=2)
    return with_lines(text, styles)


def _summary(statuses: Sequence["ModelStatus"]) -> str:
    """Returns in a sentence how many models are well, and how large all are."""
    ill = [status for status in statuses if status.problems]
    size = size_text(sum(status.size for status in statuses))
    told = _listed(f"{status.name} ({', '.join(status.problems)})" for status in ill)
    return f"{counted(len(statuses), 'model')}, {size}: {f'{len(ill)} not well: {told}' if ill else 'all well'}."


def _listed(parts: Iterable[str], most: int = 10) -> str:
    found = list(parts)
    more = f" and {len(found) - most:,} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def _cells(status: "ModelStatus") -> dict[str, str]:
    champion, last, known = status.champion, status.last, status.known
    running = status.running
    cells = (
        status.name, status.health, champion.label if champion else NO_NUMBER, _age(status.age),
        _short(last.ended if last else None), (last.outcome if last else None) or NO_NUMBER, _short(status.next_run),
        percent(known.live_skill, signed=True), percent(known.live_coverage), known.drift or NO_NUMBER,
        _rows(status), size_text(status.size), (running.command or "a run") if running else NO_NUMBER,
    )  # fmt: skip
    return dict(zip(SHOWN, cells, strict=True))


def _rows(status: "ModelStatus") -> str:
    """Returns how many rows the champion has not learned from; a plus where the file was changed since."""
    more = "+" if status.data_changed and status.last is not None else ""
    return NO_NUMBER if status.rows_behind is None else f"{status.rows_behind:,}{more}"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return NO_NUMBER
    days, hours = int(seconds // DAY), int(seconds % DAY // 3600)
    return f"{days} d" if days else f"{hours} h"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _short(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else NO_NUMBER
