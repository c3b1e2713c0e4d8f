"""The leaderboard as a person reads it, fitted to the width of the terminal."""

import textwrap
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import (
    fitted_table,
    print_csv,
    print_json,
    say,
    settle_form,
    width,
    with_lines,
    wrapped,
)
from forecast.cli.output.streams import Style, Styled, write_note, write_out
from forecast.errors import printable
from forecast.metric_records import METRICS
from forecast.wording import NO_NUMBER, counted, decimals_of_errors, fixed, joined, percent, plain, short

if TYPE_CHECKING:
    from forecast.evaluation.hierarchies.level_scores import ReconciliationSummary
    from forecast.evaluation.leaderboard import Leaderboard, LeaderboardRow

COLUMNS = (
    "#",
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
MISLEADING = ("sMAPE", "MASE")
"""Where most values are 0: a forecast of 0 looks best by them."""


def leaderboard_table(board: "Leaderboard", target: str = "") -> str:
    """Returns the table, a line above it that says what is forecast and scored, and the notes of rows below."""
    head, text, notes = _parts(board, target)
    return f"{head}{text}{notes}\n"


def _parts(board: "Leaderboard", target: str) -> tuple[str, str, str]:
    """Returns what stands above the table, the table, and what stands below it; models of a tie share a rank."""
    from forecast.evaluation.verdict import tied

    columns = list(COLUMNS)
    more = [METRICS[name].label for name, _ in _shown(board.rows[0])]
    columns[columns.index("skill") : columns.index("skill")] = more
    if all(row.coverage_80 is None for row in board.rows):
        columns.remove("in 80 %")
    together = tied(board.rows)
    decimals = decimals_of_errors([row.rmse for row in board.rows])
    cells = [{"#": _rank(row, together), **_cells(row, decimals)} for row in board.rows]
    first_to_go: tuple[str, ...] = FIRST_TO_GO
    if board.is_demand:  # what tells stands first, and what misleads leaves first
        leading = [METRICS[name].label for name in ("rmsse", "wql")]
        columns = [*columns[:2], *leading, *(name for name in columns[2:] if name not in leading)]
        first_to_go = (*MISLEADING, *(name for name in FIRST_TO_GO if name not in MISLEADING))
    text = fitted_table(cells, columns, first_to_go, left=2)
    notes = "".join(_below(f"{row.model}: {kept}") for row in board.rows if (kept := _beside_ties(row.note)))
    if together:
        notes = _below(f"1=  {joined(together)} can't be told apart on these points") + notes
    many = f"{counted(board.folds, 'fold')} × {counted(board.horizon, 'step')}"
    seeds = f", {counted(board.seeds, 'seed')}" if board.seeds > 1 else ""
    what = f"{printable(target)}, " if target else ""
    return f"\n  {what}scored on {many}, {counted(board.points, 'point')}{seeds}\n", text, notes


def print_leaderboard(
    board: "Leaderboard", output: OutputFlags, document: dict[str, Any], chosen: str | None = None
) -> None:
    """Prints the leaderboard to stdout: as a table with its verdict, as CSV, or the whole JSON document.

    Args:
        board: that is printed.
        output: in what form.
        document: of JSON; its ``plain_verdict`` goes before the one that tells of chance.
        chosen: the model that is saved; None for the best.
    """
    from forecast.report.tables import csv_text, leaderboard_rows

    rows = leaderboard_rows(board)
    form = settle_form(output.form)
    if form == "json":
        print_json(document)
    elif form == "csv":
        print_csv(csv_text(tuple(rows[0]), [tuple(row.values()) for row in rows]))
        if not output.quiet:
            say(document["plain_verdict"])
            say(board.verdict)
    else:
        head, text, notes = _parts(board, ", ".join(document["data"]["target"]))
        best = board.row(chosen) if chosen else board.rows[0]
        styles: dict[int, Style] = {0: "faint", 1 + board.rows.index(best): "good"}
        told = Styled(wrapped(document["plain_verdict"]), "strong")
        write_out(head, *with_lines(text, styles), f"{notes}\n", told, wrapped(board.verdict))


def print_covariates(text: str, output: OutputFlags) -> None:
    """Prints a second table: below the first on stdout, or on stderr where stdout is a CSV file; JSON holds it."""
    form = settle_form(output.form)
    if form == "table":
        write_out(text)
    elif form == "csv" and not output.quiet:
        write_note(text)


def print_levels(found: "ReconciliationSummary | None", output: OutputFlags) -> None:
    """Prints the errors of a hierarchy by level and way to add up, and says which is taken; nothing without one."""
    if found is None:
        return
    print_covariates(levels_text(found), output)
    if not output.quiet:
        from forecast.evaluation.hierarchies.level_words import reconciled_words

        say(reconciled_words(found), "Adds up")


def levels_text(found: "ReconciliationSummary") -> str:
    """Returns the RMSE by level as a table: the lowest of a level is marked, as is the method that is taken."""
    methods = [name for name in dict.fromkeys(row.method for row in found.levels) if name != "issued"]
    rmse = {(row.level, row.method): row.rmse for row in found.levels}
    series = {row.level: row.series for row in found.levels}
    heads = {
        name: f"{'→' if name == found.method else ''}{name.removeprefix('wls-').removeprefix('mint-')}"
        for name in methods
    }
    rows = []
    for level, count in series.items():
        numbers = [rmse[level, name] for name in methods]
        told = [number for number in numbers if number is not None]
        decimals = decimals_of_errors(told) if told else 0
        marks = ["*" if told and number == min(told) else " " for number in numbers]
        cells = [NO_NUMBER if n is None else fixed(n, decimals) + m for n, m in zip(numbers, marks, strict=True)]
        rows.append({"level": level, "series": f"{count:,}", **dict(zip(heads.values(), cells, strict=True))})
    head = wrapped(f"RMSE of {found.model} by level, * the lowest, → taken")
    going = [heads[name] for name in reversed(methods) if name not in {found.method, "unreconciled", "bottom-up"}]
    return f"\n{head}{fitted_table(rows, list(rows[0]), going)}"


def _rank(row: "LeaderboardRow", together: tuple[str, ...]) -> str:
    """Returns the place of a row; whoever can't be told apart from the best shares the first."""
    return "1=" if row.model in together else str(row.rank)


def _beside_ties(note: str) -> str:
    """Returns a note without that of a tie, which the table shows."""
    return "; ".join(part for part in note.split("; ") if not part.startswith("tie with "))


def _below(note: str) -> str:
    return textwrap.fill(note, width(), initial_indent="  ", subsequent_indent="    ") + "\n"


def _cells(row: "LeaderboardRow", decimals: int) -> dict[str, str]:
    return {
        "model": row.model,
        "RMSE": plain(row.rmse, decimals),
        "± seeds": plain(row.rmse_std, decimals) if row.rmse_std else NO_NUMBER,
        "± folds": plain(row.rmse_fold_std, decimals) if row.rmse_fold_std else NO_NUMBER,
        "MAE": plain(row.mae, decimals),
        "MASE": fixed(row.mase, METRICS["mase"].decimals),
        METRICS["rmsse"].label: fixed(row.rmsse, METRICS["rmsse"].decimals),
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
