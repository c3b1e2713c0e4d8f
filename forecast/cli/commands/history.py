"""`forecast history [NAME]`."""

from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import parse_since
from forecast.cli.options.completion import complete_name
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_csv, print_json, say, settle_form, table, wrapped
from forecast.cli.output.streams import Piece, Style, Styled, write_out
from forecast.specs import PlotKind
from forecast.widening import is_own_width, width_text
from forecast.wording import percent, short

if TYPE_CHECKING:
    from forecast.production.store.run_record import RunRecord

HEADER = ("time (UTC)", "decision", "champion", "challenger", "in use", "seconds", "exit")
STANDS_OUT: dict[str, Style] = {"promoted": "good", "failed": "bad", "refused": "bad"}
LEFT = 2
"""So many columns stand to the left; the RMSE of champion and challenger begin the others."""


@grouped
def history_command(
    output: OutputFlags,
    name: Annotated[
        str | None,
        typer.Argument(autocompletion=complete_name, metavar="NAME", help="Name of the model; all models if left out."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only runs since a date, or since 30m, 12h, 7d ago."),
    ] = None,
    plot: Annotated[PlotKind, typer.Option("--plot", help="Draw the RMSE over time.")] = "none",
    out_dir: Annotated[
        Path, typer.Option("--out-dir", metavar="DIR", help="Folder of the plots.", file_okay=False)
    ] = Path("forecasts"),
) -> None:
    """Say what every run decided, and why: a line a run, with the RMSE of champion and challenger.

    forecast history sales

    forecast history --since 7d

    forecast history sales --plot png
    """
    from forecast.production.store.run_record import COLUMNS
    from forecast.report.tables import csv_text
    from forecast.workflows.history import draw_runs, read_runs
    from forecast.workflows.models import is_store

    if name is None and not output.quiet and not is_store(output.store):
        say(f"There is no store {output.store}, so it holds no runs (forecast train DATA makes one)", "Note")
    runs = read_runs(output.store, name, parse_since(since, datetime.now(UTC)) if since else None)
    files = draw_runs(runs, plot, out_dir) if plot != "none" else ()
    form, rows = settle_form(output.form), [run.row() for run in runs]
    if form == "json":
        print_json({"runs": rows, "files": [str(path) for path in files]})
    elif form == "csv":
        print_csv(csv_text(COLUMNS, [list(row.values()) for row in rows]))
    else:
        write_out(*_pieces(runs))
    if files and not output.quiet:
        say(", ".join(map(str, files)), "Plots" if len(files) > 1 else "Plot")


def _pieces(runs: tuple["RunRecord", ...]) -> list[Piece]:
    """Returns a table a model, with the reason below each run; what was promoted or failed stands out."""
    if not runs:
        return [table(HEADER, [], left=LEFT)]
    pieces: list[Piece] = []
    for name, own in groupby(runs, key=lambda run: run.name):
        these = list(own)
        header, *lines = table(HEADER, [_cells(run) for run in these], left=LEFT).splitlines(keepends=True)
        pieces += ["\n" if pieces else "", Styled(f"  {name}\n", "strong"), Styled(header, "faint")]
        for line, run in zip(lines, these, strict=True):
            style = STANDS_OUT.get(run.outcome or "")
            pieces += [Styled(line, style) if style else line, _reason(run)]
    return pieces


def _cells(run: "RunRecord") -> list[str]:
    time = f"{run.ended:%Y-%m-%d %H:%M}" if run.ended else "–"
    seconds = "–" if run.seconds is None else f"{run.seconds:.1f}"
    decision = run.outcome or run.command or "–"
    rmse = [short(run.champion_rmse), short(run.challenger_rmse)]
    return [time, decision, *rmse, run.champion or "–", seconds, short(run.exit_code)]


def _reason(run: "RunRecord") -> str:
    from forecast.production.quality import below_naive, figures_of

    alarm = below_naive(figures_of(run))
    why = f"{run.reason or ''}{f' (trained because {run.trigger})' if run.trigger else ''}".strip()
    if run.widened is not None and not is_own_width(run.widened):
        held = f" (their own held {percent(run.held)})" if run.held is not None else ""
        why += f"{'; ' if why else ''}intervals {width_text(run.widened)}{held}"
    why = "; ".join(each for each in (alarm, why, f"tuned: {run.tuned}" if run.tuned else "") if each)
    return wrapped(why, "    ", label_width=4) if why else ""
