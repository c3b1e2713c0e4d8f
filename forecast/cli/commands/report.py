"""`forecast report [NAME]`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import ModelVersion, OnlyName
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_json, say
from forecast.process import SystemClock


@grouped
def report_command(
    output: OutputFlags,
    name: OnlyName = None,
    version: ModelVersion = None,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The page; default: NAME-report.html.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the file if it is there.")] = False,
) -> None:
    """Write one HTML page of a model: verdict, scores, forecast, folds, settings, and how to do it again.

    forecast report sales

    forecast report sales -o sales.html --force

    forecast report sales --model-version v2 -o before.html
    """
    from forecast.experiment.destinations import PAGES, check_free
    from forecast.production.store.store import Store
    from forecast.workflows.report import ReportRequest, report

    request = ReportRequest(name, version, to)
    result = report(request, Store(output.store), SystemClock(), partial(check_free, known=PAGES, force=force))
    if output.form == "json":
        version_of = {"name": result.version.name, "version": result.version.label}
        print_json({**version_of, "files": [str(result.path)]})
    elif not output.quiet:
        say(f"{result.path}: {result.version.name} {result.version.label}", "Wrote")
