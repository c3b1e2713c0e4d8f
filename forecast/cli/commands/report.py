"""`forecast report [NAME]`, and the site of all models."""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import ModelVersion, OnlyName
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_json, say
from forecast.cli.output.progress_notes import narrated
from forecast.errors import UsageError
from forecast.process import SystemClock, unasked_workers
from forecast.wording import counted, joined, listed

if TYPE_CHECKING:
    from forecast.production.store.store import Store
    from forecast.workflows.report import SiteResult

TABLES_BESIDE = (".csv", ".xlsx")
"""Endings of what stands beside a page."""
SITE = Path("site")
MANY = 40
"""Models whose pages are worth starting other processes."""


@dataclass(frozen=True)
class SiteFlags:
    """Whether a site is made, and by how many processes."""

    is_all: Annotated[bool, typer.Option("--all", help="A site: a page a model, and an index of all of them.")] = False

    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=1024, metavar="N", help="With --all: make pages in so many processes."),
    ] = None


@grouped
def report_command(
    output: OutputFlags,
    site: SiteFlags,
    name: OnlyName = None,
    version: ModelVersion = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The page, or with --all the folder; default: NAME-report.html, site.",
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option("--label", metavar="TEXT", help="What the values are called; default: as their column."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace what is there.")] = False,
) -> None:
    """Write one HTML page of a model: what is expected, how good that was, settings; beside it a CSV and an Excel file.

    forecast report sales

    forecast report sales -o sales.html --force

    forecast report --all -o site/
    """
    from forecast.experiment.destinations import PAGES, check_free
    from forecast.production.store.store import Store
    from forecast.workflows.report import ReportRequest, report

    if site.is_all:
        given = ((name, "NAME"), (version, "--model-version"), (label, "--label"))
        if named := next((flag for value, flag in given if value is not None), ""):
            raise UsageError(f"--all is every model, and {named} is of one.", "--all alone, or no --all")
        _report_all(to or SITE, Store(output.store), output, site.workers, force=force)
        return
    if site.workers is not None:
        raise UsageError("--workers make the pages of many models, and this is one.", "--all, or no --workers")
    request = ReportRequest(name, version, to, label)

    def check(path: Path) -> None:
        is_beside = path != to and path.suffix in TABLES_BESIDE
        if is_beside and path.is_file() and not force:
            other = shlex.quote(f"{path.with_suffix('')}-2.html")
            message = f"{path}, which would stand beside the page, exists already."
            raise UsageError(message, f"--force to replace it, or another name: -o {other}")
        check_free(path, () if is_beside else PAGES, force=force)

    result = report(request, Store(output.store), SystemClock(), check)
    if output.form == "json":
        version_of = {"name": result.version.name, "version": result.version.label}
        print_json({**version_of, "files": list(map(str, result.files))})
    elif not output.quiet:
        page, *beside = map(str, result.files)
        say(f"{page}: {result.version.name} {result.version.label}; beside it {joined(beside)}", "Wrote")


def _report_all(folder: Path, store: "Store", output: OutputFlags, workers: int | None, *, force: bool) -> None:
    from forecast.workflows.report import check_site, write_site

    check_site(folder, "-o", force=force)
    with narrated("Report", replace(output, verbose=False), tells=False) as run:
        result = write_site(store, folder, run, site_workers(store, workers))
    if output.form == "json":
        models, unread = list(result.models), list(result.unread)
        print_json({"models": models, "unread": unread, "files": list(map(str, result.files))})
    elif not output.quiet:
        tell_site(result)


def site_workers(store: "Store", asked: int | None) -> int:
    """Returns how many processes make the pages of a site: as asked for, else one, or some where models are many."""
    return asked or unasked_workers(len(store.names()), MANY)


def tell_site(result: "SiteResult") -> None:
    """Says what was written, and which models have no page."""
    unread = f"; {len(result.unread)} can't be read: {listed(result.unread)}" if result.unread else ""
    say(f"{result.files[0]}: {counted(len(result.models), 'model')}{unread}", "Wrote")
