"""A panel in shards, and its forecast shard by shard, as a person reads them, and as JSON."""

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_csv, print_json, say, say_notes, settle_form, table
from forecast.cli.output.streams import write_out
from forecast.wording import counted

if TYPE_CHECKING:
    from forecast.data.shards.shard_manifest import ShardManifest
    from forecast.experiment.panels.panel_forecast import PanelResult
    from forecast.workflows.shard import ShardResult

SHARD_COLUMNS = ("file", "rows", "series", "first", "last", "size", "sha256")
PLAN_COLUMNS = ("shard", "file", "series", "is_done", "where")
SHOWN = 12
"""Shards that a table on a terminal names; there may be a thousand."""


def shards_json(result: "ShardResult") -> dict[str, Any]:
    """Returns the JSON document."""
    manifest = result.manifest
    return {
        "folder": str(result.folder),
        "source": manifest.source,
        "ids": list(manifest.ids),
        "time": manifest.time,
        "columns": manifest.columns,
        "hash": manifest.hash,
        "modulus": manifest.modulus,
        "rows": manifest.rows,
        "series": manifest.series,
        "shards": [{name: asdict(one)[name] for name in SHARD_COLUMNS} for one in manifest.shards],
        "files": [str(result.folder / one.file) for one in manifest.shards],
    }


def shard_rows(manifest: "ShardManifest") -> list[tuple[Any, ...]]:
    """Returns a row a shard, in the order of SHARD_COLUMNS."""
    return [tuple(asdict(one)[name] for name in SHARD_COLUMNS) for one in manifest.shards]


def shards_table(manifest: "ShardManifest") -> str:
    """Returns the first shards, without their checksums."""
    head = SHARD_COLUMNS[:5]
    rows = [[f"{value:,}" if isinstance(value, int) else value for value in row[:5]] for row in shard_rows(manifest)]
    more = len(rows) - SHOWN
    rest = f"  … and {counted(more, 'shard')} more: --format csv lists all\n" if more > 0 else ""
    return table(head, rows[:SHOWN]) + rest


def extent(manifest: "ShardManifest") -> str:
    """Returns what was cut, in words."""
    series, rows = f"{manifest.series:,} series", counted(manifest.rows, "row")
    return f"{series}, {rows}, in {counted(len(manifest.shards), 'shard')}"


def panel_json(result: "PanelResult") -> dict[str, Any]:
    """Returns the JSON document."""
    version = result.version
    document: dict[str, Any] = {"name": version.name, "version": version.label, "model": result.model}
    document |= {"panel": str(result.panel), "output": str(result.output), "where": result.where}
    if result.planned:
        return {
            "dry_run": True,
            **document,
            "shards": [dict(zip(PLAN_COLUMNS, astuple(one), strict=True)) for one in result.planned],
        }
    failed = [{"shard": name, "message": why.message, "hint": why.hint} for name, why in result.failed]
    return {
        **document,
        "shards": result.shards,
        "kept": result.kept,
        "done": result.done,
        "failed": failed,
        "series": result.series,
        "rows": result.rows,
        "peak_bytes": result.peak,
        "notes": list(result.notes),
        "files": [str(result.output)],
    }


def print_panel(result: "PanelResult", output: OutputFlags) -> None:
    """Prints what was done, or of a dry run what would be."""
    if result.planned:
        _print_plan(result, output)
        return
    if not output.quiet:
        say_notes(result.notes)
        before = f", {result.kept:,} of them before" if result.kept else ""
        shards = f"{counted(result.kept + result.done, 'shard')} of {result.shards:,}{before}"
        rows = f"{counted(result.rows, 'row')} of {result.series:,} series"
        say(f"{result.output}: {shards}, {rows}, by {result.model} {result.version.label}", "Wrote")
        peak = f", at most {result.peak / (1 << 20):,.0f} MB of memory in one process" if result.peak else ""
        say(f"{result.where}{peak}", "By")
    if output.form == "json":
        print_json(panel_json(result))


def _print_plan(result: "PanelResult", output: OutputFlags) -> None:
    from forecast.report.tables import csv_text

    form = settle_form(output.form)
    if form == "json":
        print_json(panel_json(result))
    elif form == "csv":
        print_csv(csv_text(PLAN_COLUMNS, [astuple(one) for one in result.planned]))
    else:
        rows = [[one.shard, "–" if one.series is None else f"{one.series:,}", _what(one)] for one in result.planned]
        left = sum(not one.is_done for one in result.planned)
        more = len(rows) - SHOWN
        rest = f"  … and {counted(more, 'shard')} more: --format csv lists all\n" if more > 0 else ""
        end = f"  A dry run: nothing was written. {counted(left, 'shard')} of {len(rows):,} to forecast.\n"
        write_out(table(("shard", "series", "what"), rows[:SHOWN]) + rest + end)


def _what(planned: Any) -> str:
    return f"is done: {planned.file}" if planned.is_done else f"{planned.file}, by {planned.where}"
