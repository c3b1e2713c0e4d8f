"""Reports: of a comparison, of a version in the store, and of a retrain; `forecast report` is the second of them.

`forecast report --all` makes a site of all models: their pages, and an index that leads to them.

account (metrics.json) ─┐
forecast.csv, weights ──┼──▶ sections ──▶ one HTML file, and beside it a CSV and a workbook
history.jsonl ──────────┘
"""

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from forecast.decoding import decode, encode
from forecast.errors import ExitCode, UsageError, error_of
from forecast.execution.executor import Workplace, open_executor
from forecast.execution.job import JobOrder
from forecast.experiment.destinations import check_apart, check_folder
from forecast.experiment.input_data import only_model
from forecast.experiment.summary import libraries
from forecast.experiment.versions.identity import manifest_data
from forecast.production.status import statuses_of
from forecast.production.store.disk import atomic_write, is_file, read_regular
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from forecast.report.html.page import PageWriter
from forecast.report.html.site_index import MARK, MARK_WITHIN, SiteRow, render_index
from forecast.run import Clock, Run
from forecast.workflows.pages.site import MODELS, index_of, model_entry
from forecast.workflows.pages.version import ReportNames, version_report

INDEX = "index.html"
EACH = 8
"""Models whose pages are one job."""


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
    data, other = manifest_data(version).get("source"), shlex.quote(f"{path.with_suffix('')}-report{path.suffix}")
    for name in names.all:
        check_apart(path.with_name(name), data, f"another name: -o {other}")
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


def write_site(store: Store, folder: Path, run: Run, workers: int = 1, flag: str = "-o") -> SiteResult:
    """Writes the site of all models of a store: each file is whole or the old one, and the index comes last.

    A model that can't be read is a row that says so.

    Args:
        store: of the models.
        folder: of the site.
        run: what to work with; its clock dates the site.
        workers: processes that make pages.
        flag: that named the folder.

    Raises:
        NotFoundError: the store is empty.
        DataError: the disk refused.
    """
    names, now = store.names(), run.clock.now()
    if not names:
        only_model(store, "report")
    rows: dict[str, SiteRow] = {}
    written: dict[str, list[Path]] = {}
    common = {"store": str(store.root.absolute()), "folder": str(folder.absolute())}
    for page in _made_pages(names, {**common, "now": now.isoformat(), "flag": flag}, run, workers):
        row = decode(SiteRow, page["row"])
        rows[row.name], written[row.name] = row, [folder / MODELS / name for name in page["files"]]
    index, ordered = folder / INDEX, [rows[name] for name in names]
    content = render_index(index_of(ordered, libraries()["forecast"], now), PageWriter())
    atomic_write(index, content, flag=f"{flag} DIR", only_file=True)
    files = (index, *(path for name in names for path in written[name]))
    return SiteResult(files, names, tuple(row.name for row in ordered if not row.page))


def _made_pages(
    names: tuple[str, ...], common: Mapping[str, Any], run: Run, workers: int
) -> Iterator[Mapping[str, Any]]:
    """Yields what ``write_pages`` says of each model, whoever is done first."""
    function, there = f"{write_pages.__module__}:{write_pages.__name__}", 0
    groups = [names[place : place + EACH] for place in range(0, len(names), EACH)]
    with open_executor(Workplace(workers), run) as executor:
        futures = [executor.submit(JobOrder(each[0], function, {**common, "names": each})) for each in groups]
        for future in executor.as_completed(futures):
            done = future.result()
            if done.failure is not None:
                raise error_of(ExitCode(done.failure.code), done.failure.message, done.failure.hint)
            pages = (done.value or {})["pages"]
            yield from pages
            there += len(pages)
            run.reporter.progress(f"{there} of {len(names)} models", there / len(names))


def write_pages(spec: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
    """Writes the pages of some models: a job that ``write_site`` orders.

    Args:
        spec: the store, the folder of the site and the flag that named it, the time that it is, and the models' names.
        run: what to work with; the time is that of the spec.

    Returns:
        For each model the names of its files and its row of the index.
    """
    del run
    store, folder, writer = Store(Path(spec["store"])), Path(spec["folder"]), PageWriter()
    now, pages = datetime.fromisoformat(spec["now"]), []
    for status in statuses_of(store, tuple(spec["names"]), now):
        files, row = model_entry(store.model(status.name), status, now, writer)
        for name, content in files.items():
            atomic_write(folder / MODELS / name, content, flag=f"{spec['flag']} DIR", only_file=True)
        pages.append({"row": encode(row), "files": list(files)})
    return {"pages": pages}
