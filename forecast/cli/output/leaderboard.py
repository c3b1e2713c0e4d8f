"""The leaderboard as a person reads it, fitted to the width of the terminal."""

import textwrap
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import fitted_table, print_csv, print_json, say, settle_form, width, wrapped
from forecast.cli.output.streams import write_note, write_out
from forecast.errors import printable
from forecast.metric_records import METRICS
from forecast.wording import NO_NUMBER, counted, fixed, percent, short

if TYPE_CHECKING:
    from forecast.evaluation.leaderboard import Leaderboard, LeaderboardRow

COLUMNS = (
    "model",
    "RMSE",
    "± seeds",
    "± folds",
    "MAE",
    "MASE",
    "sMAPE",
    "skill",
    "in 80 %",
    "params",
    "train s",
    "ms",
)
FIRST_TO_GO = ("ms", "± folds", "in 80 %", "MAE", "params", "sMAPE", "train s", "MASE")
"""Columns that leave, in this order, until the table fits; CSV and JSON always have all."""


def leaderboard_table(board: "Leaderboard", target: str = "") -> str:
    """Returns the table, a line above it that says what is forecast and scored, and the notes of rows below."""
    columns = list(COLUMNS)
    more = [METRICS[name].label for name, _ in _shown(board.rows[0])]
    columns[columns.index("skill") : columns.index("skill")] = more
    if all(row.coverage_80 is None for row in board.rows):
        columns.remove("in 80 %")
    cells = [_cells(row) for row in board.rows]
    text = fitted_table(cells, columns, FIRST_TO_GO)
    notes = "".join(_note(row) for row in board.rows if row.note)
    many = f"{counted(board.folds, 'fold')} × {counted(board.horizon, 'step')}"
    seeds = f", {counted(board.seeds, 'seed')}" if board.seeds > 1 else ""
    what = f"{printable(target)}, " if target else ""
    return f"\n  {what}scored on {many}, {counted(board.points, 'point')}{seeds}\n{text}{notes}\n"


def print_leaderboard(board: "Leaderboard", output: OutputFlags, document: dict[str, Any]) -> None:
    """Prints the leaderboard to stdout: as a table with its verdict, as CSV, or the whole JSON document."""
    from forecast.report.tables import csv_text, leaderboard_rows

    rows = leaderboard_rows(board)
    form = settle_form(output.form)
    if form == "json":
        print_json(document)
    elif form == "csv":
        print_csv(csv_text(tuple(rows[0]), [tuple(row.values()) for row in rows]))
        if not output.quiet:
            say(board.verdict)
    else:
        target = ", ".join(document["data"]["target"])
        write_out(leaderboard_table(board, target) + wrapped(board.verdict))


def print_covariates(text: str, output: OutputFlags) -> None:
    """Prints a second table: below the first on stdout, or on stderr where stdout is a CSV file; JSON holds it."""
    form = settle_form(output.form)
    if form == "table":
        write_out(text)
    elif form == "csv" and not output.quiet:
        write_note(text)


def _note(row: "LeaderboardRow") -> str:
    text = f"{row.model}: {row.note}"
    return textwrap.fill(text, width(), initial_indent="  ", subsequent_indent="    ") + "\n"


def _cells(row: "LeaderboardRow") -> dict[str, str]:
    return {
        "model": row.model,
        "RMSE": short(row.rmse),
        "± seeds": short(row.rmse_std) if row.rmse_std else "–",
        "± folds": short(row.rmse_fold_std) if row.rmse_fold_std else "–",
        "MAE": short(row.mae),
        "MASE": fixed(row.mase, METRICS["mase"].decimals),
        "sMAPE": fixed(row.smape, METRICS["smape"].decimals),
        **{METRICS[name].label: _score(value, METRICS[name].decimals) for name, value in _shown(row)},
        "skill": percent(row.skill, signed=True),
        "in 80 %": percent(row.coverage_80),
        "params": short(row.params),
        "train s": f"{row.train_seconds:.1f}",
        "ms": f"{row.predict_ms:.0f}",
    }


def _shown(row: "LeaderboardRow") -> list[tuple[str, float | None]]:
    """Returns the scores that have a column, by metric."""
    return [(name, value) for name, value in row.scores if name in METRICS and METRICS[name].has_column]


def _score(value: float | None, decimals: int) -> str:
    return NO_NUMBER if value is None else fixed(value, decimals)
