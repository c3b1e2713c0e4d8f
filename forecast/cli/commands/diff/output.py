"""What changed between two forecasts as a person reads it, and as JSON."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import fitted_table, print_csv, print_json, say, settle_form, with_lines, wrapped
from forecast.cli.output.streams import Piece, Styled, write_out
from forecast.wording import NO_NUMBER, counted, decimals_that_matter, percent, plain

if TYPE_CHECKING:
    from forecast.experiment.changes.issued_forecast import IssuedForecast
    from forecast.workflows.diff.diff import DiffResult

MOST_ROWS = 62
"""Rows that a person is shown: two months of days."""
RECENT = 100
"""Values that tell with how many decimals the data is written."""
ROUNDING = 1e-9
"""Share of what is forecast below which a part is one of rounding."""
FIRST_TO_GO = ("step", "to", "steps", "whole", "%", "actual")
"""Columns that go first where a terminal is narrow."""
NUMBERS = ("before", "after", "difference", "from_data", "from_covariates", "from_weights", "actual")
HEADS = {
    "difference": "change",
    "from_data": "data",
    "from_covariates": "plans",
    "from_weights": "weights",
    "series_id": "series",
    "timestamp": "date",
    "period_start": "from",
    "period_end": "to",
    "is_whole": "whole",
}


def diff_json(result: "DiffResult", files: Sequence[str]) -> dict[str, Any]:
    """Returns the JSON document."""
    comparison, total = result.comparison, result.total
    parts = total.parts or {}
    since = comparison.since
    return {
        "name": comparison.name,
        "target": comparison.target,
        "before": _side(comparison.before),
        "after": _side(comparison.after),
        "sentences": list(result.sentences),
        "total": {
            "manner": total.manner,
            "when": total.when,
            "series": total.series,
            "steps": total.steps,
            "before": total.before,
            "after": total.after,
            "difference": total.difference,
            "share": total.share,
            **{f"from_{part}": parts.get(part) for part in ("data", "covariates", "weights")},
        },
        "since": None
        if since is None
        else {"first": str(since.first), "last": str(since.last), "came": since.came, "said": since.said},
        "columns": list(comparison.columns),
        "left_out": {"before": comparison.points.only_before, "after": comparison.points.only_after},
        "notes": list(result.notes),
        "differences": result.table().records(),
        "files": list(files),
    }


def _side(issued: "IssuedForecast") -> dict[str, Any]:
    from forecast.data.frequency import iso_text

    stored = issued.stored
    return {
        "issued": issued.mark.moment.isoformat(timespec="seconds"),
        "version": issued.mark.label,
        "model": stored.trained.name if stored else None,
        "origin": iso_text(issued.table.origins.max()),
        "steps": int(issued.table.steps.max()),
    }


def print_diff(result: "DiffResult", output: OutputFlags, document: dict[str, Any], *, is_written: bool) -> None:
    """Prints what changed.

    Args:
        result: what was found.
        output: in what form.
        document: it, as JSON.
        is_written: a file holds it, so that the sentences alone are printed.
    """
    form = settle_form(output.form)
    if form == "json":
        print_json(document)
    elif form == "csv":
        if not is_written:
            print_csv(result.table().csv())
        if not output.quiet:
            for sentence in result.sentences:
                say(sentence, "Changed")
    else:
        pieces: list[Piece] = _head(result)
        write_out(*pieces, *([] if is_written else _table(result)))


def _head(result: "DiffResult") -> list[Piece]:
    first, *rest = result.sentences
    pieces: list[Piece] = [Styled(wrapped(first, "  ", label_width=2), "strong")]
    pieces += [wrapped(sentence, "  ", label_width=2) for sentence in rest]
    pieces.append("\n")
    sides = (("before", result.comparison.before), ("after", result.comparison.after))
    for word, side in sides:
        model = f", {side.stored.trained.name}" if side.stored else ""
        origin = _side(side)["origin"].removesuffix("T00:00:00")
        text = f"{word:<6}  issued {side.mark.moment:%Y-%m-%d %H:%M} UTC by {side.mark.label}{model}, "
        text += f"from data up to {origin}"
        pieces.append(Styled(wrapped(text, "  ", label_width=2), "faint"))
    pieces.append("\n")
    return pieces


def _table(result: "DiffResult") -> list[Piece]:
    """Returns the rows of the table; the name of a lone series, and parts that can't be told, say nothing."""
    rows = result.table().records()
    is_lone = len({row["series_id"] for row in rows}) == 1
    shown = rows[:MOST_ROWS]
    history = result.comparison.history
    recent = [] if history is None else history.values[-RECENT:].tolist()
    changes = [row["difference"] for row in rows if isinstance(row["difference"], float)]
    decimals = decimals_that_matter(recent, changes, [])
    cells = [_cells(row, decimals) for row in shown]
    columns = [name for name in cells[0] if any(row[name] != NO_NUMBER for row in cells)] if cells else []
    if is_lone:
        columns.remove("series")
    if "to" in columns and all(row["from"] == row["to"] for row in cells):
        columns.remove("to")
    for name in ("data", "plans", "weights"):
        if name in columns and result.total.parts is not None and not _is_told(result, name):
            columns.remove(name)
    left = 1 + ("to" in columns) + (not is_lone)
    text = fitted_table(cells, columns, FIRST_TO_GO, left)
    more = len(rows) - len(shown)
    tail = f"  and {counted(more, 'more row')} (-o FILE, or --total month)\n" if more else ""
    return [*with_lines(text, {0: "faint"}), tail]


def _is_told(result: "DiffResult", head: str) -> bool:
    """Returns whether a part is anything but nought anywhere."""
    part = {"data": "data", "plans": "covariates", "weights": "weights"}[head]
    values, before = (result.comparison.parts or {}).get(part), result.comparison.points.before
    return values is not None and bool((abs(values) > ROUNDING * abs(before)).any())


def _cells(row: Mapping[str, Any], decimals: int) -> dict[str, str]:
    cells: dict[str, str] = {}
    for name, value in row.items():
        head = HEADS.get(name, name)
        if name in NUMBERS:
            text = NO_NUMBER if value is None else plain(value, decimals)
            is_signed = name not in {"before", "after", "actual"} and value is not None and value > 0
            cells[head] = f"{'+' if is_signed and text.strip('0.,') else ''}{text}".replace("-", "−")
        elif isinstance(value, bool):
            cells[head] = "yes" if value else "no"
        else:
            cells[head] = NO_NUMBER if value is None else str(value)
        if name == "difference":
            before = row["before"]
            share = value / abs(before) if before and value is not None else None
            is_told = share is not None and abs(share) < 10
            cells["%"] = percent(share or 0.0, 1, signed=bool(share)).replace("-", "−") if is_told else NO_NUMBER
    return cells
