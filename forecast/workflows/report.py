"""Reports: of a comparison, of a version in the store, and of a retrain; `forecast report` is the second of them.

account (metrics.json) ─┐
forecast.csv, weights ──┼──▶ sections ──▶ one HTML file, and beside it a CSV and a workbook
history.jsonl ──────────┘
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from forecast.experiment.input_data import only_model
from forecast.production.store.disk import atomic_write
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from forecast.run import Clock
from forecast.workflows.pages.version import ReportNames, version_report


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
