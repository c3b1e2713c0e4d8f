"""`forecast predict --set COLUMN=VALUE`: both forecasts, and what the difference comes to."""

from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.options.predict import PredictFlags
from forecast.cli.output.console import print_csv, print_json, say, say_notes, settle_form, table
from forecast.cli.output.streams import write_out
from forecast.wording import counted, percent, short

if TYPE_CHECKING:
    from forecast.workflows.what_if import WhatIfResult


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
    where = f"over {horizon}" + (f" of {len(panel):,} series" if len(panel) > 1 else "")
    what = f"{panel.target} on average {where}" if total.is_mean else f"{panel.target} {where}"
    if not result.differs.any():
        return f"{what}: {short(total.forecast)} either way; nothing differs."
    share = "" if total.share is None else f" ({percent(total.share, 1, signed=True)})"
    change = _signed(total.what_if - total.forecast)
    stamps = result.forecasts.timestamps[result.differs]
    first, last = readable(stamps.min()), readable(stamps.max())
    span = f"on {first}" if first == last else f"from {first} to {last}"
    return f"{what}: {short(total.forecast)} as it is, {short(total.what_if)} what if: {change}{share}, {span}."
