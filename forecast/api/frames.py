"""Frames in and out, for Python.

Shapes: ``K`` scored folds, ``S`` series, ``H`` horizon.
"""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.data.files.source import Source
from forecast.data.panel import Panel
from forecast.errors import UsageError
from forecast.evaluation.summary import Summary
from forecast.experiment.experiment import Experiment
from forecast.interval_levels import bounds_of
from forecast.report.tables import ResultTable, Value, forecast_columns, leaderboard_rows, timestamp_texts


def source_of(data: "pd.DataFrame | pd.Series[Any]") -> Source:
    """Returns a frame as the readers take it; an index that is no mere count becomes a column.

    A series becomes a column by its name, or ``value``; periods become the instants at which they begin.

    Raises:
        UsageError: names of columns repeat, or a column holds what no file can.
    """
    frame = data.to_frame("value" if data.name is None else str(data.name)) if isinstance(data, pd.Series) else data
    if isinstance(frame.index, pd.PeriodIndex):
        frame = frame.set_axis(frame.index.to_timestamp().rename(frame.index.name))
    frame = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    buffer = io.BytesIO()
    try:
        frame.rename(columns=str).to_parquet(buffer, index=False)
    except (ValueError, TypeError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise UsageError(f"The data frame can't be read: {reason}", "one type a column, names that differ") from None
    content = buffer.getvalue()
    return Source("the data frame", "data", None, content, hashlib.sha256(content).hexdigest(), "UTF-8")


def leaderboard_frame(experiment: Experiment) -> pd.DataFrame:
    """Returns a row a model, the best first."""
    return pd.DataFrame(leaderboard_rows(experiment.board))


def summary_frame(summary: Summary) -> pd.DataFrame | None:
    """Returns the leaderboard that a version keeps, a row a model; None where it keeps none that was scored whole."""
    rows = [row for row in summary.leaderboard if row.rmse_by_step is not None]
    apart = {"rmse_by_step", "scores"}
    tables = [
        {**{name: value for name, value in vars(row).items() if name not in apart}, **(row.scores or {})}
        for row in rows
    ]
    return pd.DataFrame(tables) if tables else None


def step_frame(experiment: Experiment) -> pd.DataFrame:
    """Returns the RMSE of each model, the best first, at each step of the horizon."""
    steps = pd.RangeIndex(1, experiment.plan.horizon + 1, name="step")
    return pd.DataFrame(experiment.board.by_step, index=steps)[[row.model for row in experiment.board.rows]]


def forecast_frame(experiment: Experiment) -> pd.DataFrame:
    """Returns what each model said at each scored origin, beside what came."""
    backtest, panel = experiment.backtest, experiment.reading.panel
    truths = backtest.truths  # (K, S, H)
    folds, _, horizon = truths.shape
    trains = [fold.train(panel) for fold in backtest.folds[-folds:]]
    stamps = np.stack([train.future_timestamps(horizon) for train in trains])
    origins = np.stack([train.frequency.timestamps(train.last) for train in trains])
    shared = {
        "series_id": np.broadcast_to(np.array(panel.series_ids, dtype=object)[:, None], truths.shape).ravel(),
        "timestamp": _stamps(stamps.ravel(), panel),
        "step": np.broadcast_to(np.arange(1, horizon + 1), truths.shape).ravel(),
    }
    tables = []
    levels = experiment.settings.levels
    for row in experiment.board.rows:
        tested = backtest.model(row.model)
        table = pd.DataFrame({**shared, "forecast": tested.forecasts.ravel()})
        for level in levels:
            band, (lower, upper) = tested.interval(level), bounds_of(level)
            table[lower] = np.nan if band is None else band.lower.ravel()
            table[upper] = np.nan if band is None else band.upper.ravel()
        table["model"], table["version"] = row.model, None
        table["origin"] = np.repeat(_stamps(origins.ravel(), panel), horizon)
        table["actual"] = truths.ravel()
        tables.append(table)
    columns = [*forecast_columns(levels), "actual"]
    return pd.concat(tables, ignore_index=True)[columns]


def table_frame(table: ResultTable, panel: Panel) -> pd.DataFrame:
    """Returns a table of forecasts from the end of a panel: its dates, or the numbers of rows, and numbers as such."""
    columns = dict(zip(table.columns, zip(*table.rows, strict=True), strict=True))
    return pd.DataFrame({name: _column(name, values, panel) for name, values in columns.items()})


def _column(name: str, values: Sequence[Value], panel: Panel) -> Any:
    if name in {"timestamp", "period_start", "period_end", "origin"}:
        return (
            pd.to_datetime(pd.Series(list(map(str, values))))
            if date_columns(panel)
            else np.array(values, dtype=np.int64)
        )
    if name in {"series_id", "model", "version"}:
        return pd.Series([value or None for value in values], dtype="str")
    kinds = {"step": np.int64, "steps": np.int64, "is_whole": np.bool_}
    return np.array(values, dtype=kinds.get(name, np.float64))


def _stamps(stamps: Any, panel: Panel) -> Any:
    """Returns timestamps as pandas has them, or the numbers of rows."""
    return stamps if date_columns(panel) else timestamp_texts(stamps).astype(np.int64)


def date_columns(panel: Panel) -> list[str]:
    """Returns the columns of a forecast table that hold dates; there are none where rows are numbered."""
    return [] if panel.frequency.unit == "row" else ["timestamp", "origin"]
