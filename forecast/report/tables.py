"""Results as rows and as CSV text, in the columns that CLI.md fixes.

Shapes: ``S`` series, ``H`` horizon.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import count, repeat
from typing import TYPE_CHECKING, Any

from forecast.interval_levels import LEVELS, bounds_of, coverage_of, quantile_column, with_levels

if TYPE_CHECKING:  # so that `models list` prints its table without numpy
    import numpy as np

    from forecast.evaluation.groups.group_errors import ErrorTable
    from forecast.evaluation.leaderboard import Leaderboard
    from forecast.evaluation.live.scores import LiveScore
    from forecast.models.forecaster import Forecasts

ERROR_COLUMNS = ("by", "group", "model", "points", "rmse", "mae", "wape", "bias", "relative_bias", "wql")

Value = str | int | float | None


def forecast_columns(
    levels: Iterable[float] = LEVELS, probabilities: Iterable[float] = (), beside: Iterable[str] = ()
) -> tuple[str, ...]:
    """Returns the columns of a table of forecasts: after the forecast bounds by level, quantiles and what is beside."""
    bounds = [name for level in levels for name in bounds_of(level)]
    quantiles = map(quantile_column, probabilities)
    return ("series_id", "timestamp", "step", "forecast", *bounds, *quantiles, *beside, "model", "version", "origin")


def live_columns(levels: Iterable[float] = LEVELS) -> tuple[str, ...]:
    """Returns the columns of a table of live scores: the coverage of unusual levels at the end."""
    before = ("version", "steps", "issued", "points", "origins", "rmse", "mae", "bias")
    after = ("naive_rmse", "skill", "wape", "relative_bias", "wql_of_bounds", "msis", "calibration_error_of_bounds")
    return with_levels(before, coverage_of, after, levels)


@dataclass(frozen=True)
class ResultTable:
    """A table of results, as it travels through the program; it becomes text where it leaves it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def csv(self) -> str:
        """Returns it as CSV; yes or no as JSON writes it."""
        rows: Iterable[Sequence[Value]] = self.rows
        if any(isinstance(value, bool) for row in self.rows[:1] for value in row):
            rows = ([str(value).lower() if isinstance(value, bool) else value for value in row] for row in rows)
        return csv_text(self.columns, rows)

    def records(self) -> list[dict[str, Value]]:
        """Returns a mapping a row; an empty text is a value that is not there, as in CSV."""
        rows = (zip(self.columns, row, strict=True) for row in self.rows)
        return [{name: None if value == "" else value for name, value in row} for row in rows]


def forecast_rows(
    forecasts: "Forecasts",
    origins: Sequence[str],
    model: str,
    version: str,
    beside: "Mapping[str, np.ndarray[Any, np.dtype[np.float64]]] | None" = None,
) -> Iterator[tuple[Value, ...]]:
    """Yields one row a series and step, in the order of ``forecast_columns``.

    Args:
        forecasts: of all series.
        origins: (S,), each series' last observed step, as text.
        model: its name.
        version: its label, such as ``v1``.
        beside: more columns, (S, H) each.
    """
    stamps = timestamp_texts(forecasts.timestamps).tolist()
    nothing: list[float | None] = [None] * forecasts.point.shape[1]
    names, more = columns_of(forecasts, beside or ()), beside or {}
    for s, series_id in enumerate(forecasts.series_ids):
        columns: dict[str, Iterable[Value]] = dict.fromkeys(names, nothing)
        for pair in forecasts.intervals:
            columns |= zip(bounds_of(pair.level), (numbers_of(pair.lower[s]), numbers_of(pair.upper[s])), strict=True)
        if made := forecasts.quantiles:
            columns |= {
                quantile_column(p): numbers_of(own[s]) for p, own in zip(made.probabilities, made.values, strict=True)
            }
        columns |= {name: numbers_of(own[s]) for name, own in more.items()}
        columns |= {"series_id": repeat(series_id), "timestamp": stamps[s], "step": count(1)}
        columns |= {"forecast": numbers_of(forecasts.point[s]), "model": repeat(model), "version": repeat(version)}
        columns["origin"] = repeat(origins[s])
        yield from zip(*(columns[name] for name in names), strict=False)  # what is repeated has no end


def columns_of(forecasts: "Forecasts", beside: Iterable[str] = ()) -> tuple[str, ...]:
    """Returns the columns of a table of forecasts; see ``forecast_columns``."""
    probabilities = forecasts.quantiles.probabilities if forecasts.quantiles else ()
    return forecast_columns(forecasts.levels, probabilities, beside)


def timestamp_texts(timestamps: "np.ndarray[Any, np.dtype[np.datetime64]]") -> "np.ndarray[Any, Any]":
    """Returns ISO 8601 texts of the same shape: dates alone where every time of day is midnight; rows as numbers."""
    import numpy as np

    from forecast.data.frequency import is_row, row_of

    if timestamps.size and is_row(timestamps.flat[0]):
        return row_of(timestamps).astype(str)
    whole_days = bool((timestamps == timestamps.astype("datetime64[D]")).all())
    return np.datetime_as_string(timestamps, unit="D" if whole_days else "s")


def leaderboard_rows(board: "Leaderboard") -> list[dict[str, Value]]:
    """Returns the leaderboard as one mapping a row, in the order of the columns."""
    return [
        {name: _plain(value) for name, value in {**asdict(row), **dict(row.scores)}.items() if name != "scores"}
        for row in board.rows
    ]


def error_table(errors: "ErrorTable") -> ResultTable:
    """Returns the errors of each model in each group, in the columns of ERROR_COLUMNS."""
    names = ERROR_COLUMNS[1:]
    return ResultTable(ERROR_COLUMNS, tuple((errors.by, *(getattr(row, n) for n in names)) for row in errors.rows))


def live_row(score: "LiveScore") -> dict[str, Value]:
    """Returns the score of issued forecasts as one mapping, in the order of ``live_columns``."""
    held = {name: share for level, share in score.coverage.items() for name in coverage_of(level)}
    return {name: held[name] if name in held else getattr(score, name) for name in live_columns(score.coverage)}


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Returns a CSV with a header; an empty cell is a value that is not there."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue()


def numbers_of(values: "np.ndarray[Any, np.dtype[np.float64]]") -> list[float | None]:
    """Returns values as a table holds them; None for NaN."""
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 NaN is not itself


def _plain(value: Any) -> Value:
    return None if isinstance(value, float) and math.isnan(value) else value
