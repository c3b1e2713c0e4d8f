"""The data that a version was trained on as arrays of its weights, and back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import ARRAYS, KINDS, Column, Covariates
from forecast.data.frequency import Frequency
from forecast.data.limits import Limits, as_limit
from forecast.data.panel import IntArray, Panel
from forecast.experiment.versions.data_entry import DataEntry, check_steps
from forecast.models.networks.serialization import Arrays
from forecast.wording import counted


def context_arrays(context: Panel) -> dict[str, Any]:
    """Returns what the data is kept as: known columns from before its first step on, and beyond its last."""
    arrays = {"values": context.values, "offsets": context.offsets, "first": context.first}
    if context.ignored:
        arrays["ignored"] = np.array(context.ignored, dtype=np.int64).ravel()
    if context.left_out is not None:
        arrays["left_out"] = np.flatnonzero(context.left_out)
    if context.own_last is not None:
        arrays["own_last"] = context.own_last
    if context.limits:
        arrays |= {f"limits/{name}": array for name, array in context.limits.arrays().items()}
    if context.covariates is None:
        return arrays
    covariates = context.covariates.since(context.first - 1)  # what comes after an event tells of the first step
    return arrays | {name: getattr(covariates, name) for name in ARRAYS}


def load_context(data: DataEntry, series_ids: tuple[str, ...], arrays: Arrays) -> Panel:
    """Returns the data that a version was trained on; of long series in versions of early programs, the end.

    Raises:
        ValueError: the arrays are none of such data.
    """
    count = len(series_ids)
    offsets, first = _series_bounds(arrays, "context/", count, data.frequency)
    values = arrays.read("context/values", "f", (int(offsets[-1]),), can_miss=True)
    ignored = _load_ignored(arrays)
    limits = _load_limits(data, arrays, count)
    panel = Panel(series_ids, values, offsets, first, data.frequency, data.target, data.fill)
    if "context/own_last" in arrays:
        panel = replace(panel, own_last=arrays.read("context/own_last", "i", (count,)))
    panel = replace(panel, ignored=ignored, left_out=_load_left_out(arrays, len(values)), limits=limits)
    if not data.covariates:
        return panel
    known_offsets, known_first = _series_bounds(arrays, "context/known_", count, data.frequency)
    rows = {"ahead": int(known_offsets[-1]), "observed": len(values), "series": count}
    kept = {}
    for kind, record in KINDS.items():
        number = sum(column.kind == kind for column in data.covariates)
        kept[kind] = arrays.read(f"context/{kind}", "f", (rows[record.rows], number), can_miss=True)
        _check_codes([column for column in data.covariates if column.kind == kind], kept[kind])
    covariates = Covariates(data.covariates, known_offsets=known_offsets, known_first=known_first, **kept)
    return replace(panel, covariates=covariates)


def _check_codes(columns: Sequence[Column], values: NDArray[np.float64]) -> None:
    """Refuses codes of texts that are none of a column's.

    Raises:
        ValueError: there are such.
    """
    for column, own in zip(columns, values.T, strict=True):
        codes = own[~np.isnan(own)]
        if column.levels is not None and not np.isin(codes, np.arange(len(column.levels))).all():
            message = f"column '{column.name}' has {counted(len(column.levels), 'text')}, and a code beyond them"
            raise ValueError(message)


def _load_limits(data: DataEntry, arrays: Arrays, count: int) -> Limits | None:
    """Returns the limits that forecasts keep; None of most versions."""
    if data.options.min is None and data.options.max is None:
        return None
    low, high = (as_limit(text) for text in (data.options.min, data.options.max))
    low_column, high_column = data.options.limit_columns
    names = [name for name in dict.fromkeys((low_column, high_column)) if name]
    if not names:
        return Limits(low, high)
    offsets, first = _series_bounds(arrays, "context/limits/known_", count, data.frequency)
    known = arrays.read("context/limits/known", "f", (int(offsets[-1]), len(names)), can_miss=True)
    nothing = np.empty((0, 0)), np.empty((count, 0))
    told = Covariates(tuple(Column(name, "known") for name in names), known, offsets, first, *nothing)
    return Limits(low, high, told, low_column, high_column)


def _load_ignored(arrays: Arrays) -> tuple[tuple[int, int], ...]:
    """Returns the spans of ordinals that were ignored; none of most versions."""
    if "context/ignored" not in arrays:
        return ()
    ends = arrays.read("context/ignored", "i", (len(arrays["context/ignored"]),)).tolist()
    if len(ends) % 2 or ends != sorted(ends):
        raise ValueError("context/ignored are no spans")
    return tuple(zip(ends[::2], ends[1::2], strict=True))


def _load_left_out(arrays: Arrays, count: int) -> NDArray[np.bool_] | None:
    """Returns which values of single series were ignored, (N,); None of most versions."""
    if "context/left_out" not in arrays:
        return None
    places = arrays.read("context/left_out", "i", (len(arrays["context/left_out"]),))
    if len(places) == 0 or (np.diff(places) <= 0).any() or places[0] < 0 or places[-1] >= count:
        raise ValueError("context/left_out are no places of values")
    left_out = np.zeros(count, dtype=bool)
    left_out[places] = True
    return left_out


def _series_bounds(arrays: Arrays, prefix: str, count: int, frequency: Frequency) -> tuple[IntArray, IntArray]:
    """Returns where each series lies in a buffer, and the ordinal of its first step."""
    offsets, first = arrays.read(f"{prefix}offsets", "i", (count + 1,)), arrays.read(f"{prefix}first", "i", (count,))
    if offsets[0] != 0 or (np.diff(offsets) < 0).any():
        raise ValueError(f"{prefix}offsets are no bounds of series")
    if count:
        check_steps(frequency, int(first.min()), int((first + np.diff(offsets)).max()))
    return offsets, first
