"""Reports: of a comparison, of a version in the store, and of a retrain; `forecast report` is the second of them.

`forecast report --all` makes a site of all models: their pages, and an index that leads to them.

account (metrics.json) ─┐
forecast.csv, weights ──┼──▶ sections ──▶ one HTML file, and beside it a CSV and a workbook
history.jsonl ──────────┘
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from forecast.errors import UsageError
from forecast.experiment.destinations import check_folder
from forecast.experiment.input_data import only_model
from forecast.experiment.summary import libraries
from forecast.production.status import statuses_of
from forecast.production.store.disk import atomic_write, is_file, read_regular
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from forecast.report.html.page import PageWriter
from forecast.report.html.site_index import MARK, MARK_WITHIN, render_index
from forecast.run import Clock, Reporter
from forecast.workflows.pages.site import MODELS, index_of, model_entry
from forecast.workflows.pages.version import ReportNames, version_report

INDEX = "index.html"


@dataclass(frozen=True)
class ReportRequest:
    """What `report` was asked for.

    Attributes:
        name: of the model; None where the store holds only one.
        version: None for the champion.
        path: of the page; None for ``NAME-report.html`` in the working directory.
        label: what the values are called; None for the name of their column.
    """

    name: str | None
    version: str | None
    path: Path | None
    label: str | None = None


@dataclass(frozen=True)
class ReportResult:
    """What `report` wrote."""

    version: Version
    files: tuple[Path, ...]  # the page first


def report(request: ReportRequest, store: Store, clock: Clock, check: Callable[[Path], object]) -> ReportResult:
    """Writes the report of a version, made from what the store keeps of it: the page, and the tables beside it.

    Args:
        request: which, and where to.
        store: of the models.
        clock: by which the page is dated.
        check: refuses a file that must not be replaced.

    Raises:
        NotFoundError: no such model or version.
        DataError: the version is damaged.
        UsageError: the store holds several models and none was named, or the file must not be replaced.
    """
    models = store.model(request.name or only_model(store, "report"))
    version = models.version(request.version) if request.version else models.champion()
    path = request.path or Path(f"{models.name}-report.html")
    names = ReportNames(path.name)
    for name in names.all:
        check(path.with_name(name))
    files = version_report(models, version, clock.now(), names, label=request.label)
    for name, content in files.items():
        atomic_write(path.with_name(name), content)
    return ReportResult(version, tuple(path.with_name(name) for name in files))


@dataclass(frozen=True)
class SiteResult:
    """What `report --all` wrote.

    Attributes:
        files: the index first.
        models: that stand in it.
        unread: of them, those that could not be read and have no page.
    """

    files: tuple[Path, ...]
    models: tuple[str, ...]
    unread: tuple[str, ...]


def check_site(folder: Path, flag: str, *, force: bool = False) -> None:
    """Refuses a folder that a site can't be written into, before any work is done for it.

    Raises:
        UsageError: it is a file, or has an index that no such command wrote and that must not be replaced.
        DataError: it is where one may not look or write.
    """
    check_folder(folder, flag, (INDEX,))
    check_folder(folder / MODELS, flag)
    index = folder / INDEX
    if not force and is_file(index) and MARK not in read_regular(index)[:MARK_WITHIN]:
        message = f"{index} is there, and was not written by forecast report --all."
        raise UsageError(message, f"another folder, or forecast report --all -o {shlex.quote(str(folder))} --force")


def write_site(store: Store, folder: Path, clock: Clock, reporter: Reporter, flag: str = "-o") -> SiteResult:
    """Writes the site of all models of a store: each file is whole or the old one, and the index comes last.

    A model that can't be read is a row that says so.

    Args:
        store: of the models.
        folder: of the site.
        clock: by which it is dated.
        reporter: hears how far it has come.
        flag: that named the folder.

    Raises:
        NotFoundError: the store is empty.
        DataError: the disk refused.
    """
    names, now, writer = store.names(), clock.now(), PageWriter()
    if not names:
        only_model(store, "report")
    rows, written = [], []
    for place, status in enumerate(statuses_of(store, names, now)):
        reporter.progress(f"{status.name}, {place + 1} of {len(names)}", place / len(names))
        files, row = model_entry(store.model(status.name), status, now, writer)
        for name, content in files.items():
            written.append(folder / MODELS / name)
            atomic_write(written[-1], content, flag=f"{flag} DIR", only_file=True)
        rows.append(row)
    index = folder / INDEX
    page = render_index(index_of(rows, libraries()["forecast"], now), writer)
    atomic_write(index, page, flag=f"{flag} DIR", only_file=True)
    return SiteResult((index, *written), names, tuple(row.name for row in rows if not row.page))
