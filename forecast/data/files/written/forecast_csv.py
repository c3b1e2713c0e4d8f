"""A table of forecasts as `forecast` writes it, back as arrays.

Shapes: ``P`` rows, one a series and step.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from forecast.data.arrow import coded, flags, memory
from forecast.data.frequency import ROW, Timestamps
from forecast.data.panel import FloatArray, IntArray
from forecast.interval_levels import bounds_of, levels_in
from forecast.widening import LEAST, MOST

_TYPES = {
    **{name: pa.string() for name in ("series_id", "timestamp", "origin", "version")},
    "step": pa.int64(),
    "forecast": pa.float64(),
}
WIDENED = "widened"
"""The column of the store's own tables that says how many times as wide as the version's own all bounds are."""
KNOWN = "known:"
"""How the columns of the store's own tables begin that tell what was known ahead of the steps to come."""


@dataclass(frozen=True, eq=False)
class ForecastTable:
    """The rows of a table of forecasts.

    Attributes:
        levels: of its intervals, in per cent.
        bounds: (2 · levels, P), lower and upper level by level; NaN where there is no interval.
    """

    series_ids: tuple[str, ...]  # the different ones
    series: IntArray  # (P,) place in series_ids
    versions: tuple[str, ...]  # the different ones, such as v3
    version: IntArray  # (P,) place in versions
    timestamps: Timestamps  # (P,)
    origins: Timestamps  # (P,)
    steps: IntArray  # (P,)
    point: FloatArray  # (P,)
    levels: tuple[float, ...]
    bounds: FloatArray
    widened: FloatArray  # (P,) how many times as wide as the version's own they are
    known: Mapping[str, FloatArray] = field(default_factory=dict)  # (P,) what was known ahead, by column

    def bounds_of(self, level: float) -> FloatArray:
        """Returns the bounds of a level, (2, P); NaN where it has none."""
        if level not in self.levels:
            return np.full((2, len(self.steps)), np.nan)
        place = 2 * self.levels.index(level)
        return self.bounds[place : place + 2]


def parse_forecasts(data: bytes) -> ForecastTable:
    """Returns the rows of a forecast CSV; columns that it has beside those known here are not looked at.

    Raises:
        ValueError: The bytes are no such table.
    """
    names = _header(data)
    known = [name for name in names if name.startswith(KNOWN)]
    levels = levels_in(names)
    bounds = [name for level in levels for name in bounds_of(level)]
    more = [*bounds, *known, *(name for name in names if name == WIDENED)]
    types = {**_TYPES, **dict.fromkeys(more, pa.float64())}
    options = pacsv.ConvertOptions(
        column_types=types, include_columns=list(types), null_values=[""], strings_can_be_null=False
    )
    lines = pacsv.ParseOptions(newlines_in_values=True)
    try:
        rows = pacsv.read_csv(pa.BufferReader(data), parse_options=lines, convert_options=options)
    except (pa.ArrowInvalid, pa.ArrowKeyError, KeyError):
        raise ValueError("is not a table of forecasts") from None
    if rows["step"].null_count:
        raise ValueError("has rows without a time or a step")
    widened = _numbers(rows[WIDENED]) if WIDENED in types else np.ones(rows.num_rows)
    if not ((widened >= LEAST) & (widened <= MOST)).all():
        raise ValueError("is widened by nothing that can be")
    series, series_ids = coded(rows["series_id"])
    version, versions = coded(rows["version"])
    return ForecastTable(
        series_ids=tuple(series_ids.to_pylist()),
        series=series,
        versions=tuple(versions.to_pylist()),
        version=version,
        timestamps=_stamps(rows["timestamp"]),
        origins=_stamps(rows["origin"]),
        steps=_memory(rows["step"], "int64"),
        point=_numbers(rows["forecast"]),
        levels=levels,
        bounds=np.array([_numbers(rows[name]) for name in bounds]).reshape(len(bounds), rows.num_rows),
        widened=widened,
        known={name.removeprefix(KNOWN): _numbers(rows[name]) for name in known},
    )


def _header(data: bytes) -> list[str]:
    """Returns the names of the columns; one may hold a comma or a line feed in quotation marks."""
    if b'"' not in data.partition(b"\n")[0]:
        return data.partition(b"\n")[0].decode(errors="replace").rstrip("\r").split(",")
    with io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="replace", newline="") as text:
        return next(csv.reader(text), [])


def _stamps(column: Any) -> Timestamps:
    """Returns ISO dates, or the numbers of rows, as timestamps.

    Raises:
        ValueError: One is neither.
    """
    try:
        if flags(pc.match_substring_regex(column, r"^\d+$").combine_chunks()).all():
            return ROW.timestamps(_memory(column.cast(pa.int64()), "int64"))
        return _memory(column.cast(pa.timestamp("s")), "datetime64[s]")
    except pa.ArrowInvalid:
        raise ValueError("has rows without a time or a step") from None


def _memory(column: Any, dtype: str) -> NDArray[Any]:
    return memory(column.combine_chunks(), dtype)


def _numbers(column: Any) -> FloatArray:
    """Returns a column of numbers, NaN where the cell is empty."""
    array = column.combine_chunks()
    return np.where(flags(array.is_valid()), memory(array, np.float64), np.nan)
