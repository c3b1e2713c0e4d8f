"""A forecast as a person reads it, and as JSON; with ``--set`` beside what it would be."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.options.predict import PredictFlags
from forecast.cli.output.console import (
    Cell,
    print_csv,
    print_json,
    say,
    say_notes,
    settle_form,
    table,
    with_lines,
    wrapped,
)
from forecast.cli.output.streams import Styled, write_out
from forecast.wording import counted, decimals_that_matter, digits, listed, percent, plain, rounded, short

if TYPE_CHECKING:
    from forecast.experiment.decisions.orders import Orders
    from forecast.experiment.stored_forecast import PredictResult
    from forecast.report.tables import ResultTable
    from forecast.workflows.predict import PathsResult, TemplateResult
    from forecast.workflows.what_if import WhatIfResult

HIDDEN = ("model", "version", "origin")
"""Columns that the table leaves to its heading."""
RECENT = 100
"""Values of a series that tell with how many decimals it is written."""
IN_UNIT = ("lower_", "upper_", "q", "order")
"""Beginnings of the names of columns in the target's unit."""
SHORTER = {
    "expected_cost": "cost",
    "expected_cost_of_forecast": "cost of forecast",
    "period_start": "from",
    "period_end": "to",
    "is_whole": "whole",
}
"""Heads of the table that are shorter than the names of columns."""
NUMBERS = frozenset({"step", "steps", "is_whole", "forecast"})
"""The first of these follows the columns of names and dates."""


def predicted_json(result: "PredictResult", made: "ResultTable", files: list[str]) -> dict[str, Any]:
    """Returns the JSON document."""
    version, orders = result.version, result.orders
    document: dict[str, Any] = {"name": version.name, "version": version.label, "model": result.model}
    document["widened"] = result.widened
    if orders:
        document["cost"] = {
            "under": orders.asked.under,
            "over": orders.asked.over,
            "expected_cost": orders.total if orders.told else None,
            "expected_cost_of_forecast": orders.total_of_forecast if orders.told else None,
        }
    if totals := result.totals:
        document["total"], document["total_by"] = totals.asked.period, totals.asked.by
        return {**document, "totals": made.records(), "files": files}
    return {**document, "forecasts": made.records(), "files": files}


def extent_of(result: "PredictResult") -> str:
    """Returns how much is forecast, in words."""
    if result.totals:
        return counted(len(result.totals.names), "total")
    return f"{counted(result.forecasts.point.shape[1], 'step')} of {len(result.panel):,} series"


def paths_extent(result: "PathsResult") -> str:
    """Returns how many paths were drawn, in words."""
    drawn = result.drawn
    return f"{counted(drawn.count, 'path')} of {counted(drawn.steps, 'step')} of {drawn.series:,} series"


def paths_json(result: "PathsResult", file: str) -> dict[str, Any]:
    """Returns the JSON document; the paths themselves are in the file."""
    drawn, version = result.drawn, result.version
    extent = {"paths": drawn.count, "series": drawn.series, "steps": drawn.steps}
    return {"name": version.name, "version": version.label, "model": result.model, **extent, "files": [file]}


def template_extent(result: "TemplateResult", file: str) -> str:
    """Returns what a template tells and of how many steps, in words."""
    template = result.template
    told = f"{listed(template.known)} of {counted(result.steps, 'step')}"
    return f"{file}: {counted(len(template.rows), 'row')}, {told}, as told or as usual: edit them"


def template_json(result: "TemplateResult", file: str) -> dict[str, Any]:
    """Returns the JSON document; the rows themselves are in the file."""
    template, version = result.template, result.version
    extent = {"columns": list(template.columns), "known": list(template.known), "rows": len(template.rows)}
    return {"name": version.name, "version": version.label, "model": version.manifest.model, **extent, "files": [file]}


def print_predicted(
    result: "PredictResult",
    made: "ResultTable",
    document: dict[str, Any],
    output: OutputFlags,
    *,
    is_written: bool,
    is_asked: bool = False,
) -> None:
    """Prints a forecast, and what its orders may be expected to cost.

    Args:
        result: the forecast.
        made: it, as a table.
        document: likewise, see ``predicted_json``.
        output: in what form.
        is_written: a file holds it, so that it is printed for a program alone that asks for JSON.
        is_asked: somebody asked for these bounds, of which none is left out without a word.
    """
    if output.form == "json":
        print_json(document)
    elif not is_written and settle_form(output.form) == "csv":
        print_csv(made.csv())
    elif not is_written:
        head = f"  {result.version.name} {result.version.label}, {result.model}\n"
        text, left_out = _fitted(made.records(), _decimals(result, made.records()))
        write_out(Styled(head, "strong"), *with_lines(text, {0: "faint"}))
        if is_asked and left_out:
            write_out(Styled(wrapped(f"No room here for {listed(left_out)}: --format csv has all."), "faint"))
    if result.orders and not output.quiet:
        say(_total_cost(result.orders), "Total")


def _total_cost(orders: "Orders") -> str:
    """Returns what all orders may be expected to cost, beside what the forecast would."""
    if not orders.told:
        return "What to order can't be told: how far these forecasts err is not known."
    about, usual = (digits(rounded(cost, 4) or 0.0) for cost in (orders.total, orders.total_of_forecast))
    untold = orders.untold
    rest = f" {counted(untold, 'step')} of which nobody knows how far they err are not among them." if untold else ""
    if passed := int((~orders.is_ahead).sum()):
        rest += f" Nor are {counted(passed, 'step')} before the newest one, of what ends earlier."
    return f"Ordering so costs about {about} where ordering the forecast itself would cost {usual}.{rest}"


def _decimals(result: "PredictResult", rows: Sequence[Mapping[str, Any]]) -> dict[Cell, int]:
    """Returns how many decimals of the numbers in the target's unit say anything, by the series of their row."""
    panel, found = result.panel, {}
    place = {} if result.totals else {name: i for i, name in enumerate(panel.series_ids)}
    lower, upper = (next((name for name in rows[0] if name.startswith(side)), "") for side in ("lower_", "upper_"))
    for name, own in groupby(rows, key=lambda row: row["series_id"]):
        these = list(own)
        history = panel.series(place[name]) if name in place else panel.values
        widths = [row[upper] - row[lower] for row in these if row.get(lower) is not None]
        points = [row["forecast"] for row in these if row["forecast"] is not None]
        found[name] = decimals_that_matter(history[-RECENT:].tolist(), points, widths)
    return found


def _readable(row: Mapping[str, Cell], column: str, decimals: int) -> str:
    value = row[column]
    is_in_unit = column == "forecast" or column.startswith(IN_UNIT)
    return plain(value, decimals) if is_in_unit and isinstance(value, float) else short(value)


def _fitted(rows: list[dict[str, Cell]], decimals: dict[Cell, int]) -> tuple[str, list[str]]:
    """Returns the table in as many columns as the terminal holds, and those left out for want of room.

    The name of a lone series says nothing.
    """
    columns = [name for name in rows[0] if name not in HIDDEN and any(row[name] is not None for row in rows)]
    if len({row["series_id"] for row in rows}) == 1:
        columns.remove("series_id")
    for row in rows:
        if "is_whole" in row:
            row["is_whole"] = "yes" if row["is_whole"] else "no"
    if all(row.get("period_start") == row.get("period_end") for row in rows) and "period_end" in columns:
        columns.remove("period_end")
    left_out: list[str] = []
    while True:
        names = next(place for place, name in enumerate(columns) if name in NUMBERS)
        cells = [[_readable(row, column, decimals[row["series_id"]]) for column in columns] for row in rows]
        text = table([SHORTER.get(name, name) for name in columns], cells, left=names)
        going = _first_to_go(columns)
        if not going or max(map(len, text.splitlines())) <= get_terminal_size((80, 24)).columns:
            return text, left_out
        columns = [name for name in columns if name not in going]
        left_out = [*going, *left_out]


def _first_to_go(columns: Sequence[str]) -> list[str]:
    """Returns what leaves a table that is too wide: the last bounds, then what orders cost, never what to order.

    Of totals, how many steps they have and where they end leave before the only bounds, and before any quantile.
    """
    bounds = [name for name in columns if name.startswith(("lower_", "upper_")) or name[:1] == "q"]
    last = bounds[-2 if bounds and bounds[-1].startswith("upper_") else -1 :]
    spare = [name for name in ("steps", "period_end") if name in columns]
    if bounds:
        return spare[:1] if spare and (len(bounds) == len(last) or bounds[-1][:1] == "q") else last
    return [name for name in ("expected_cost_of_forecast", "expected_cost") if name in columns][:1]


def tell_what_if(result: "WhatIfResult", output: OutputFlags) -> None:
    """Says on stderr what is to be known of the question."""
    if not output.quiet:
        say_notes(result.notes)


def print_what_if(result: "WhatIfResult", flags: PredictFlags, output: OutputFlags, document: dict[str, Any]) -> None:
    """Prints both forecasts: as a table the steps that differ; as CSV or JSON all steps, or where a file holds them."""
    form, to = settle_form(output.form), flags.to
    if to is not None and not output.quiet:
        steps = counted(result.asked.shape[1], "step")
        say(f"{to}: {steps} of {len(result.panel):,} series, as they are and what if", "Wrote")
    if form == "json":
        print_json(document)
    elif to is None:
        if form == "csv":
            print_csv(result.table().csv())
        else:
            write_out(_table(result, flags))
    if not output.quiet:
        say(_total(result), "Total")


def what_if_json(result: "WhatIfResult", flags: PredictFlags, files: list[str]) -> dict[str, Any]:
    """Returns the JSON document; what each part adds stands in it where it was drawn."""
    total, version = result.total, result.version
    told = {"forecast": total.forecast, "what_if": total.what_if, "share": total.share, "is_mean": total.is_mean}
    question = {"set": flags.values, "at": flags.at, "total": told, "notes": list(result.notes)}
    document: dict[str, Any] = {"name": version.name, "version": version.label, "model": result.model, **question}
    if fall := result.waterfall:
        parts = [{"name": part.name, "value": part.value} for part in fall.parts]
        document["parts"] = {"by": fall.by, "start": fall.start, "end": fall.end, "parts": parts}
    return {**document, "forecasts": result.table().records(), "files": files}


def _table(result: "WhatIfResult", flags: PredictFlags) -> str:
    """Returns the steps that differ or were named; the name of a lone series says nothing."""
    rows = list(result.rows(shortened=True))
    header = ("series_id", "timestamp", "step", "forecast", "what_if", "difference")
    lines = [[*map(short, row[:5]), _signed(row[5])] for row in rows]
    first = 1 if len(result.panel) == 1 else 0
    question = ", ".join(flags.values or ()) + (f" at {flags.at}" if flags.at else "")
    head = f"  {result.version.name} {result.version.label}, {result.model}; what if {question}\n"
    return head + table(header[first:], [line[first:] for line in lines], left=2 - first)


def _signed(value: str | float | None) -> str:
    return f"{'+' if isinstance(value, float) and value > 0 else ''}{short(value)}"


def _total(result: "WhatIfResult") -> str:
    """Returns what the difference comes to, and where it is."""
    from forecast.data.frequency import readable
    from forecast.data.reading.future_coverage import steps_counted

    total, panel = result.total, result.panel
    horizon = steps_counted(result.asked.shape[1], panel.frequency)
    where = f"over {horizon}" + (f" of {len(panel.summands):,} series" if len(panel) > 1 else "")
    what = f"{panel.target} on average {where}" if total.is_mean else f"{panel.target} {where}"
    if not result.differs.any():
        return f"{what}: {short(total.forecast)} either way; nothing differs."
    share = "" if total.share is None else f" ({percent(total.share, 1, signed=True)})"
    change = _signed(total.what_if - total.forecast)
    stamps = result.forecasts.timestamps[result.differs]
    first, last = readable(stamps.min()), readable(stamps.max())
    span = f"on {first}" if first == last else f"from {first} to {last}"
    return f"{what}: {short(total.forecast)} as it is, {short(total.what_if)} what if: {change}{share}, {span}."
