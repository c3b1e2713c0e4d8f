"""What was not expected, as a person reads it and as a program does."""

from collections.abc import Iterable
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_csv, print_json, say, say_notes, settle_form, table, wrapped
from forecast.cli.output.streams import write_out
from forecast.wording import counted, percent

if TYPE_CHECKING:
    from forecast.report.tables import ResultTable
    from forecast.workflows.anomalies.anomalies import AnomaliesResult
    from forecast.workflows.anomalies.shards import ShardsResult

MOST_SHOWN = 20


def anomalies_json(result: "AnomaliesResult", episodes: "ResultTable", files: Iterable[Path]) -> dict[str, Any]:
    """Returns the JSON document."""
    from forecast.workflows.anomalies.anomalies import headline, span_of

    first, last = span_of(result)
    return {
        "name": result.model[0] if result.model else None,
        "version": result.model[1] if result.model else None,
        "source": result.source,
        "kind": result.request.kind,
        "rate": result.request.rate,
        "first": first,
        "last": last,
        "series": len(result.panel),
        "judged": result.judged,
        "judged_by_model": result.by_model,
        "by_chance": result.by_chance,
        "summary": headline(result),
        "episodes": episodes.records(),
        "notes": list(result.notes),
        "files": [str(path) for path in files],
    }


def _fitting(header: list[str], rows: list[list[str]]) -> str:
    """Returns the table; where it is wider than the terminal, each reason goes below its row."""
    whole = table(header, rows, left=len(header) - 1)
    if max(map(len, whole.splitlines())) <= get_terminal_size((80, 24)).columns:
        return whole
    why = header.index("why")
    narrow = table(
        [*header[:why], *header[why + 1 :]], [[*row[:why], *row[why + 1 :]] for row in rows], len(header) - 2
    )
    head, *lines = narrow.splitlines(keepends=True)
    reasons = (wrapped(row[why], "    ", label_width=4) for row in rows)
    return head + "".join(line + reason for line, reason in zip(lines, reasons, strict=True))


def anomalies_table(result: "AnomaliesResult", episodes: "ResultTable") -> str:
    """Returns the rarest episodes with their reasons, after a sentence on how many there are."""
    from forecast.workflows.anomalies.anomalies import headline, span_of

    first, last = span_of(result)
    by = f" by {' '.join(result.model)}" if result.model else ""
    lines = ["\n", wrapped(f"{result.source}, {first} to {last}{by}: {headline(result)}", "  ", label_width=2)]
    records = episodes.records()[:MOST_SHOWN]
    if records:
        several = len(result.panel) > 1
        header = (["series"] if several else []) + ["from", "to", "what", "why", "false"]
        rows = []
        for record in records:
            to = "" if record["end"] == record["onset"] else str(record["end"])
            cells = [str(record["onset"]), to, str(record["kind"]), str(record["reason"])]
            false = record["false_discovery_rate"]
            cells.append(percent(float(false)) if isinstance(false, int | float) else "")
            rows.append(([str(record["series_id"])] if several else []) + cells)
        lines.append(_fitting(header, rows))
        lines.append("  false: the share of false alarms among this episode and all rarer ones\n")
    if len(result.episodes) > MOST_SHOWN:
        rest = len(result.episodes) - MOST_SHOWN
        lines.append(wrapped(f"{counted(rest, 'episode')} more: --format csv has all.", "  ", label_width=2))
    return "".join(lines)


def shards_json(result: "ShardsResult") -> dict[str, Any]:
    """Returns the JSON document of a folder of shards."""
    work, found = result.found.work, result.found
    return {
        "name": work.version.name,
        "version": work.version.label,
        "panel": str(work.panel),
        "output": str(work.output),
        "where": work.where,
        "kind": result.request.kind,
        "rate": result.request.rate,
        "shards": work.shards,
        "kept": work.kept,
        "done": work.done,
        "series": found.series,
        "judged": found.judged,
        "judged_by_model": found.by_model,
        "by_chance": found.judged * result.request.rate,
        "episodes": found.episodes,
        "sure": found.sure,
        "summary": result.summary,
        "notes": list(work.notes),
        "files": [str(result.file)] if result.file is not None else [],
    }


def print_shards(result: "ShardsResult", output: OutputFlags) -> None:
    """Says how many episodes the shards hold, and where they stand; as CSV, prints them all."""
    found, work, form = result.found, result.found.work, settle_form(output.form)
    if not output.quiet:
        say_notes(work.notes)
    if form == "json":
        print_json(shards_json(result))
    elif form == "csv":
        print_csv(result.csv)
    else:
        by = f"{work.panel} by {work.version.name} {work.version.label}"
        write_out("\n", wrapped(f"{by}: {result.summary}", "  ", label_width=2))
    if not output.quiet:
        before = f", {work.kept:,} of them before" if work.kept else ""
        each = f"a file for each of {work.shards:,} shards" if work.shards != 1 else "a file for 1 shard"
        if result.file is not None:
            say(f"{result.file}, and {each}{before}", "Wrote")
        else:
            left = f"{counted(found.left, 'shard')} left to other tasks, of which the last writes all episodes"
            say(f"{work.output}: {each}{before}; {left}", "Wrote")
        say(work.where, "By")
