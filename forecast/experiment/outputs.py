"""The files a command leaves beside its answer: forecast tables and plots."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from forecast.addresses import is_address, stem_of_address
from forecast.data.files.source import stem_of_name
from forecast.data.files.written.forecast_csv import WIDENED, ForecastTable
from forecast.data.panel import Panel
from forecast.evaluation.distribution.probabilistic_forecast import ProbabilisticForecast
from forecast.experiment.destinations import WORKBOOK
from forecast.models.forecaster import FloatArray, Forecasts, Interval
from forecast.production.store.disk import atomic_write
from forecast.report.tables import ResultTable, columns_of, forecast_rows, timestamp_texts


@dataclass(frozen=True, eq=False)
class Outlook:
    """What is foretold, and the history before it.

    Attributes:
        distributed: the direct forecasts with the distribution of their errors; None where none is known.
    """

    history: Panel
    forecasts: Forecasts
    distributed: ProbabilisticForecast | None = None


def forecast_table(
    forecasts: Forecasts, panel: Panel, model: str, version: str, beside: Mapping[str, FloatArray] | None = None
) -> ResultTable:
    """Returns forecasts from the end of a panel as a row a series and step; with more columns, (S, H) each."""
    origins = [str(text) for text in timestamp_texts(np.asarray(panel.frequency.timestamps(panel.last)))]
    rows = forecast_rows(forecasts, origins, model, version, beside)
    return ResultTable(columns_of(forecasts, beside or ()), tuple(rows))


def forecast_csv(
    forecasts: Forecasts,
    panel: Panel,
    model: str,
    version: str,
    widened: float = 1.0,
    known: Mapping[str, FloatArray] | None = None,
) -> bytes:
    """Returns forecasts from the end of a panel as a file of them.

    Args:
        forecasts: of the panel.
        panel: that they were made from.
        model: its name.
        version: its label.
        widened: how many times as wide as the version's own all bounds are; said in a column where that is not once.
        known: what it was told of the steps to come, as columns of the store's own tables, (S, H) each.
    """
    beside = {} if widened == 1 else {WIDENED: np.full(forecasts.point.shape, widened)}
    beside |= known or {}
    return forecast_table(forecasts, panel, model, version, beside).csv().encode()


def forecasts_of(table: ForecastTable) -> Forecasts:
    """Returns a table of forecasts as arrays."""
    shape = len(table.series_ids), int(table.steps.max())
    where = table.series, table.steps - 1

    def laid(values: Any, empty: Any) -> Any:
        grid = np.full(shape, empty)
        grid[where] = values
        return grid

    intervals = [
        Interval(level, *(laid(bound, np.nan) for bound in table.bounds_of(level)))
        for level in table.levels
        if np.isfinite(table.bounds_of(level)).any()
    ]
    stamps = laid(table.timestamps, np.datetime64("NaT", "s"))
    return Forecasts(table.series_ids, stamps, laid(table.point, np.nan), tuple(intervals), levels=table.levels)


def write_all(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Writes files into a folder, each whole or not at all, and returns their paths."""
    for name, content in files.items():
        atomic_write(folder / name, content, flag="--out-dir DIR", only_file=True)
    return tuple(folder / name for name in files)


def folder_content(folder: Path) -> dict[str, bytes]:
    """Returns the files in a folder and in those below it by their path from there, without what is empty."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: data for name, data in content.items() if data}


def write_file(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    atomic_write(path, text.encode())


def write_content(path: Path, content: bytes) -> None:
    """Writes a file, whole or not at all."""
    atomic_write(path, content)


def write_table(path: Path, ending: str, table: ResultTable) -> None:
    """Writes a table as the ending of the file says, whole or not at all."""
    atomic_write(path, table_content(table.csv().encode(), ending))


def table_content(table: bytes, ending: str, texts: Collection[str] = ()) -> bytes:
    """Returns a table, which is given as UTF-8 CSV with a header, as a file of that ending; see ``table_bytes``.

    Raises:
        UsageError: a workbook can't hold so many rows.
    """
    if ending == WORKBOOK:
        from forecast.report.workbook import table_workbook  # XlsxWriter

        return table_workbook(table, texts)
    from forecast.data.files.written.written_table import table_bytes  # pyarrow

    return table_bytes(table, ending, texts)


def write_rows(address: str, name: str, table: ResultTable, *, create: bool) -> None:
    """Writes forecasts into a table of a database, all of them or none.

    Args:
        address: of the table.
        name: of the model in the store.
        table: of forecasts of single steps.
        create: make the table where it is not there.

    Raises:
        ForecastError: see ``write_forecasts``.
    """
    from forecast.data.files.remote.forecast_table import write_forecasts  # its driver

    write_forecasts(address, name, table.columns, table.rows, create=create)


def write_forecast(to: Path | str, name: str, table: ResultTable, *, create: bool) -> None:
    """Writes the forecast of a model into a file in a folder that was named, or into a table of a database.

    Raises:
        ForecastError: see ``atomic_write`` and ``write_rows``; what was there is as it was.
    """
    if isinstance(to, Path):
        atomic_write(to, table.csv().encode(), flag="-o DIR", only_file=True)
    else:
        write_rows(to, name, table, create=create)


def stem_of(source: str) -> str:
    """Returns the name that results of a data source are called by: the file's, without its known endings."""
    name = stem_of_address(source) if is_address(source) else Path(source).name
    return "stdin" if source == "-" else stem_of_name(name).lstrip(".") or "data"
