"""A table of the program as the bytes of a file: CSV, with tabs, packed, or Parquet."""

import csv
import gzip
import io
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from pyarrow import parquet

from forecast.interval_levels import is_number_column

_TYPES: Mapping[str, Any] = {
    **{name: pa.string() for name in ("series_id", "model", "version")},
    **{
        name: pa.float64()
        for name in ("forecast", "what_if", "difference", "order", "expected_cost", "expected_cost_of_forecast")
    },
    **{name: pa.int64() for name in ("step", "steps")},
    "is_whole": pa.bool_(),
}


def table_bytes(table: bytes, ending: str, texts: Collection[str] = ()) -> bytes:
    """Returns a table, which is given as UTF-8 CSV with a header, as a file of that ending.

    Args:
        table: with commas.
        ending: .csv, .tsv, either with .gz after it, or .parquet.
        texts: columns that are text whatever stands in them, such as 00123; so are those of a forecast by their names.
    """
    if ending == ".parquet":
        names = table.partition(b"\n")[0].decode(errors="replace").split(",")
        numbers = {name: pa.float64() for name in names if is_number_column(name)}
        types = {**_TYPES, **numbers, **{name: pa.string() for name in texts}}
        how = pacsv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=False)
        rows = pacsv.read_csv(
            pa.BufferReader(table), parse_options=pacsv.ParseOptions(newlines_in_values=True), convert_options=how
        )
        buffer = io.BytesIO()
        parquet.write_table(rows, buffer)
        return buffer.getvalue()
    if ending.startswith(".tsv"):
        written = io.StringIO()
        rows_of = csv.reader(io.StringIO(table.decode(), newline=""))
        csv.writer(written, delimiter="\t", lineterminator="\n").writerows(rows_of)
        table = written.getvalue().encode()
    return gzip.compress(table, mtime=0) if ending.endswith(".gz") else table
