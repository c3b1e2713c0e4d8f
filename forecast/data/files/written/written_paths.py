"""Joint paths as the bytes of a file, a row a series, path and step: series by series, so that memory holds one.

Shapes: ``N`` paths, ``H`` steps.
"""

import gzip
import io
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray
from pyarrow import parquet

from forecast.data.frequency import DAY, Timestamps, is_row, row_of, seconds_of

COLUMNS = ("series_id", "timestamp", "step", "path", "value")


def paths_bytes(series: Iterable[tuple[str, Timestamps, NDArray[np.float64]]], ending: str) -> bytes:
    """Returns paths as a file of an ending: .csv, .tsv, either with .gz after it, or .parquet.

    Args:
        series: the name of each, its timestamps, (H,), and its paths, (N, H).
        ending: of the file.
    """
    buffer, writer = io.BytesIO(), None
    for name, stamps, values in series:
        rows = _table(name, _times(stamps, as_text=ending != ".parquet"), values)
        if writer is None:
            writer = _writer(buffer, rows.schema, ending)
        writer.write_table(rows)
    if writer is not None:
        writer.close()
    return gzip.compress(buffer.getvalue(), mtime=0) if ending.endswith(".gz") else buffer.getvalue()


def _writer(buffer: io.BytesIO, schema: Any, ending: str) -> Any:
    if ending == ".parquet":
        return parquet.ParquetWriter(buffer, schema)
    delimiter = "\t" if ending.startswith(".tsv") else ","
    buffer.write(delimiter.join(COLUMNS).encode() + b"\n")
    form = pacsv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style="needed")
    return pacsv.CSVWriter(buffer, schema, write_options=form)


def _times(stamps: Timestamps, *, as_text: bool) -> Any:
    """Returns dates, or instants where one is not midnight, or the numbers of rows."""
    if is_row(stamps[0]):
        return pa.array(row_of(stamps))
    is_date = not (seconds_of(stamps) % DAY).any()
    if as_text:
        return pa.array(np.datetime_as_string(stamps, unit="D" if is_date else "s").tolist())
    return pa.array(stamps.astype("datetime64[D]") if is_date else stamps.astype("datetime64[s]"))


def _table(name: str, times: Any, values: NDArray[np.float64]) -> Any:
    count, steps = values.shape
    step, path = np.tile(np.arange(1, steps + 1), count), np.repeat(np.arange(1, count + 1), steps)
    places = pa.array(step - 1)
    return pa.table(
        [
            pa.array([name] * (count * steps), pa.string()),
            times.take(places),
            pa.array(step),
            pa.array(path),
            pa.array(values.ravel(), mask=np.isnan(values.ravel())),
        ],
        names=list(COLUMNS),
    )
