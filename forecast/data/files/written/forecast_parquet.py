"""A table of forecasts as the bytes of a Parquet file, column by column: a million rows a second.

It holds what ``written_table`` makes of the same table, and in the same columns.

Shapes: ``S`` series, ``H`` steps.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from forecast.data.arrow import masked
from forecast.data.frequency import DAY, Frequency, Timestamps, is_row, row_of, seconds_of
from forecast.data.panel import FloatArray

ROW_GROUP = 1 << 20
LOOKED_AT = 64
"""Steps of a frequency that tell whether all its steps begin at midnight: years have three lengths, weeks one."""


@dataclass(frozen=True, eq=False)
class ForecastColumns:
    """Forecasts as columns.

    Attributes:
        timestamps: (S, H).
        numbers: (S, H) each, by the name of the column.
        texts: of all rows alike, by the name of the column.
        origins: (S,), each series' last observed step.
        is_dated: whether times are written without the time of day; see ``has_dates_only``.
    """

    series_ids: tuple[str, ...]
    timestamps: Timestamps
    numbers: Mapping[str, FloatArray]
    texts: Mapping[str, str]
    origins: Timestamps
    is_dated: bool


def has_dates_only(frequency: Frequency) -> bool:
    """Returns whether all steps of a frequency begin at midnight, so that a date says when they are."""
    stamps = frequency.timestamps(np.arange(LOOKED_AT))
    return bool(is_row(stamps[0]) or not (seconds_of(stamps) % DAY).any())


def forecast_parquet(columns: ForecastColumns, names: Sequence[str]) -> bytes:
    """Returns forecasts as a Parquet file with these columns in this order; one that nobody tells is empty.

    The same forecasts are the same bytes.
    """
    series, steps = columns.timestamps.shape
    whose = _numbers(np.repeat(np.arange(series, dtype=np.int32), steps), pa.int32())
    ids = pa.DictionaryArray.from_arrays(whose, pa.array(list(columns.series_ids), pa.string())).cast(pa.string())
    known: dict[str, Any] = {
        "series_id": ids,
        "timestamp": _times(columns.timestamps.ravel(), is_dated=columns.is_dated),
        "step": _numbers(np.tile(np.arange(1, steps + 1, dtype=np.int64), series), pa.int64()),
        "origin": _times(np.repeat(columns.origins, steps), is_dated=columns.is_dated),
    }
    known |= {name: _floats(values) for name, values in columns.numbers.items()}
    known |= {name: pa.repeat(pa.scalar(text, pa.string()), series * steps) for name, text in columns.texts.items()}
    table = pa.table({name: known.get(name, pa.nulls(series * steps, pa.float64())) for name in names})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="zstd", row_group_size=ROW_GROUP)
    return buffer.getvalue()


def _numbers(values: NDArray[Any], kind: Any) -> Any:
    return pa.Array.from_buffers(kind, values.size, [None, pa.py_buffer(np.ascontiguousarray(values))])


def _floats(values: FloatArray) -> Any:
    flat = np.ascontiguousarray(values.ravel(), dtype=np.float64)
    missing = np.isnan(flat)
    if not missing.any():
        return _numbers(flat, pa.float64())
    known = masked(~missing).buffers()[1]
    return pa.Array.from_buffers(pa.float64(), flat.size, [known, pa.py_buffer(flat)])


def _times(stamps: Timestamps, *, is_dated: bool) -> Any:
    if stamps.size and is_row(stamps[0]):
        return _numbers(row_of(stamps).astype(np.int64), pa.int64())
    if is_dated:
        return _numbers(stamps.astype("datetime64[D]").astype(np.int32), pa.date32())
    return _numbers(stamps.astype("datetime64[s]").astype(np.int64), pa.timestamp("s"))
