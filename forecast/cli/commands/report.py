"""`forecast report [NAME]`."""

from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import ModelVersion, OnlyName
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_json, say
from forecast.process import SystemClock
from forecast.wording import joined

TABLES_BESIDE = (".csv", ".xlsx")
"""Endings of what stands beside a page."""


@grouped
def report_command(
    output: OutputFlags,
    name: OnlyName = None,
    version: ModelVersion = None,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The page; default: NAME-report.html.")
    ] = None,
    label: Annotated[
        str | None,
        typer.Option("--label", metavar="TEXT", help="What the values are called; default: as their column."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the file if it is there.")] = False,
) -> None:
    """Write one HTML page of a model: what is expected, how good that was, settings; beside it a CSV and an Excel file.

    forecast report sales

    forecast report sales -o sales.html --force

    forecast report sales --model-version v2 -o before.html
    """
    from forecast.experiment.destinations import PAGES, check_free
    from forecast.production.store.store import Store
    from forecast.workflows.report import ReportRequest, report

    request = ReportRequest(name, version, to, label)

    def check(path: Path) -> None:
        is_beside = path != to and path.suffix in TABLES_BESIDE
        check_free(path, () if is_beside else PAGES, force=force)

    result = report(request, Store(output.store), SystemClock(), check)
    if output.form == "json":
        version_of = {"name": result.version.name, "version": result.version.label}
        print_json({**version_of, "files": list(map(str, result.files))})
    elif not output.quiet:
        page, *beside = map(str, result.files)
        say(f"{page}: {result.version.name} {result.version.label}; beside it {joined(beside)}", "Wrote")
