"""Where errors are, as a person reads it, and as JSON."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_csv, say, settle_form, table, wrapped, write_result
from forecast.cli.output.leaderboard import print_leaderboard
from forecast.cli.output.streams import write_out
from forecast.errors import shortened
from forecast.wording import counted, joined, percent, short

if TYPE_CHECKING:
    from forecast.evaluation.groups.group_errors import ErrorTable, GroupErrors
    from forecast.workflows.compare import CompareResult

LONGEST_GROUP = 28
"""Signs of a group's name in the table; CSV and JSON have all."""
BEST, OTHER = "*", " "


def errors_json(result: "CompareResult") -> dict[str, Any]:
    """Returns the part of the JSON document that tells it: a row a group and model, all of them."""
    from forecast.report.tables import error_table

    assert result.errors is not None
    table = result.errors.table
    groups = [{name: value for name, value in row.items() if name != "by"} for row in error_table(table).records()]
    return {"by": table.by, "model": table.models[0], "words": result.errors.words, "groups": groups}


def write_errors(result: "CompareResult", path: Path, ending: str) -> None:
    """Writes all of them into a file, as its ending says.

    Raises:
        DataError: the disk refused.
    """
    from forecast.report.tables import error_table

    assert result.errors is not None
    write_result(path, ending, error_table(result.errors.table), {"errors_by": errors_json(result)})


def print_errors(result: "CompareResult", output: OutputFlags, document: dict[str, Any]) -> None:
    """Prints the leaderboard and the errors by group below it; as CSV the errors alone, or the whole JSON document.

    Where the errors were written into a file that was asked for, the CSV is that of the leaderboard.
    """
    from forecast.report.tables import error_table

    found, board, file = result.errors, result.experiment.board, result.errors_file
    assert found is not None
    if settle_form(output.form) == "csv" and file in result.files:
        print_csv(error_table(found.table).csv())
        if not output.quiet:
            say(document["plain_verdict"])
            say(board.verdict)
            say(found.words)
        return
    print_leaderboard(board, output, document)
    if settle_form(output.form) == "table":
        write_out(_errors_text(found.table, found.words, str(file)))


def _errors_text(errors: "ErrorTable", words: str, file: str) -> str:
    """Returns the RMSE of the models by group in a table that fits the terminal, and what is to be said of it.

    Args:
        errors: of all models in all groups.
        words: where they are.
        file: that holds all of them.
    """
    from forecast.evaluation.groups.error_words import worst

    best = errors.models[0]
    groups = [group for group in worst(errors) if group in errors.best]
    text, hidden = _fitted(errors, groups)
    ratios = "WQL, WAPE and bias" if _has_wql(errors) else "WAPE and bias"
    head = f"RMSE by {errors.by}, {BEST} the lowest; {ratios} of {best}"
    below = [wrapped(each) for each in (_left_out(errors, groups, hidden, file), words) if each]
    return f"\n{wrapped(head)}{text}{''.join(below)}"


def _fitted(errors: "ErrorTable", groups: Sequence[str]) -> tuple[str, list[str]]:
    """Returns the table with as many models as there is room for, the best before others, and those left out."""
    wins = Counter(errors.best[group] for group in groups)
    first, *others = errors.models
    order = [first, *sorted(others, key=lambda model: -wins[model])]  # stable: then as they stand
    by_place = {(row.group, row.model): row for row in errors.rows}
    room = get_terminal_size((80, 24)).columns
    for count in range(len(order), 0, -1):
        shown = [model for model in errors.models if model in order[:count]]
        header, rows = _header(errors, shown), [_row(errors, group, shown, by_place) for group in groups]
        text = table(header, rows)
        if max(map(len, text.splitlines())) <= room:
            break
    return text, [model for model in errors.models if model not in shown]


def _header(errors: "ErrorTable", shown: Sequence[str]) -> list[str]:
    more = ["WQL"] if _has_wql(errors) else []
    return [errors.by, "points", *(model + OTHER for model in shown), *more, "WAPE", "bias"]


def _row(
    errors: "ErrorTable", group: str, shown: Sequence[str], rows: "dict[tuple[str, str], GroupErrors]"
) -> list[str]:
    own = rows[group, errors.models[0]]
    cells = [short(rows[group, model].rmse) + (BEST if errors.best[group] == model else OTHER) for model in shown]
    more = ["–" if own.wql is None else f"{own.wql:.4f}"] if _has_wql(errors) else []
    ratios = [percent(own.wape, 1), percent(own.relative_bias, 1, signed=True)]
    return [shortened(group, LONGEST_GROUP), short(own.points), *cells, *more, *ratios]


def _has_wql(errors: "ErrorTable") -> bool:
    return any(row.wql is not None for row in errors.of(errors.models[0]))


def _left_out(errors: "ErrorTable", groups: Sequence[str], hidden: Sequence[str], file: str) -> str:
    """Returns what the table does not show, and where it is."""
    from forecast.evaluation.groups.grouping import SERIES, STEP

    notes = []
    scored = len(errors.best)
    if len(groups) < scored and errors.by != SERIES:  # of series, the words say it
        which = f"{len(groups)} of" if errors.by == STEP else f"the {len(groups)} worst of"
        notes.append(f"Shown are {which} {scored:,} groups.")
    if scored < len(errors.groups):
        notes.append(f"Nothing is scored of {counted(len(errors.groups) - scored, 'group')}.")
    lowest = [model for model in hidden if any(errors.best[group] == model for group in groups)]
    if lowest:
        notes.append(f"In rows without {BEST}, {joined(lowest, 'or')} is the lowest, for which there is no room.")
    if notes or hidden or len(groups) < scored:
        notes.append(f"All are in {file}.")
    return " ".join(notes)
