"""Targets and covariates in the forms of pandas as tables that ``train`` reads, and forecasts in those forms again.

Shapes: ``S`` series, ``H`` steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from forecast.api.model import Model
from forecast.errors import UsageError
from forecast.wording import type_name

Steps: TypeAlias = int | Sequence[int] | NDArray[np.int64] | pd.Index | None
Target: TypeAlias = pd.Series | pd.DataFrame | ArrayLike
TIME, VALUE = "time", "value"


@dataclass(frozen=True, eq=False)
class LaidTarget:
    """A target as a table that ``train`` reads, and how its forecasts become of its form again.

    Attributes:
        table: with a column of time, unless rows are numbered.
        keys: of the series: names of columns, or what the rows of a panel are told apart by; None of a lone series.
        index: of time, of the longest series.
        missing: (S,) steps at the end of each series without a value.
    """

    table: pd.DataFrame
    settings: dict[str, Any]
    index: pd.Index
    keys: tuple[Any, ...]
    kind: str  # series, columns, panel
    names: tuple[Any, ...]  # of the target's columns
    missing: NDArray[np.int64]
    known: tuple[str, ...]
    levels: tuple[Any, ...] = ()  # names of the levels of a panel's index

    @property
    def rows(self) -> int:
        """How many steps there are."""
        return len(self.index)

    @property
    def has_dates(self) -> bool:
        """Whether there are dates or periods; else rows are numbered."""
        return isinstance(self.index, pd.DatetimeIndex | pd.PeriodIndex)

    def late(self, model: Model) -> NDArray[np.int64]:
        """Returns by how many steps each series ends before the last row, (S,): it is forecast from its own end."""
        panel = model._stored.context
        order = [0] if len(panel) == 1 else [panel.series_ids.index(_series_name(key)) for key in self.keys]
        last = np.asarray(panel.last, dtype=np.int64)[order]
        return np.asarray((last + self.missing).max() - last, dtype=np.int64)

    def future(self, X: "pd.DataFrame | pd.Series") -> pd.DataFrame:
        """Returns the covariates of the steps to come as a table.

        Raises:
            UsageError: there were none when it was fitted, or it lacks rows or columns.
        """
        if not self.known:
            raise UsageError("The forecaster was fitted without X.", "fit(y, X), then predict(fh, X)")
        return _beside(X, self)

    def values(self, column: pd.Series, steps: NDArray[np.int64], model: Model) -> NDArray[np.float64]:
        """Returns a column of a table of forecasts as (S, H), in the order of the keys."""
        ids = list(model._stored.context.series_ids)
        grid = np.asarray(column, dtype=float).reshape(len(ids), -1)
        order = [0] if len(ids) == 1 else [ids.index(_series_name(key)) for key in self.keys]
        return np.stack([grid[place, steps - 1 + late] for place, late in zip(order, self.late(model), strict=True)])

    def after(self, steps: NDArray[np.int64], model: Model) -> pd.Index:
        """Returns the index of steps after the end."""
        if not self.has_dates:
            gap = int(self.index[-1] - self.index[-2]) if len(self.index) > 1 else 1
            return pd.Index(int(self.index[-1]) + gap * steps, name=self.index.name)
        if isinstance(self.index, pd.PeriodIndex):
            last = self.index[-1]
            return pd.PeriodIndex([last + int(step) for step in steps], freq=self.index.freq, name=self.index.name)
        own = pd.DatetimeIndex(self.index)
        stamps = _future_stamps(self, model, int(steps.max()))[steps - 1]
        found = pd.DatetimeIndex(stamps, name=own.name).as_unit(own.unit)
        if own.tz is not None:
            found = found.tz_localize("UTC").tz_convert(own.tz)
        if own.freq is not None and (steps == np.arange(1, len(steps) + 1)).all():
            regular = pd.date_range(own[-1], periods=len(steps) + 1, freq=own.freq, name=own.name)[1:]
            found = regular.as_unit(own.unit) if regular.equals(found) else found
        return found

    def result(self, column: pd.Series, steps: NDArray[np.int64], model: Model) -> "pd.Series | pd.DataFrame":
        """Returns forecasts in the form of the target."""
        values, index = self.values(column, steps, model), self.after(steps, model)
        if self.kind == "series":
            return pd.Series(values[0], index=index, name=self.names[0])
        if self.kind == "columns":
            return pd.DataFrame(values.T, index=index, columns=list(self.names))
        rows = [(*key, stamp) for key in self.keys for stamp in index]
        return pd.DataFrame(
            values.reshape(-1, 1),
            index=pd.MultiIndex.from_tuples(rows, names=list(self.levels)),
            columns=list(self.names),
        )

    def columns(self, by_name: dict[Any, pd.Series], steps: NDArray[np.int64], model: Model) -> pd.DataFrame:
        """Returns several columns of a table of forecasts, each under the name of its series."""
        parts = {}
        for name, column in by_name.items():
            made = self.result(column, steps, model)
            frame = made.to_frame() if isinstance(made, pd.Series) else made
            for own in frame.columns:
                label = 0 if own is None else own
                parts[label, *(name if isinstance(name, tuple) else (name,))] = frame[own]
        ordered = sorted(parts, key=lambda key: list(parts).index(key))
        table = pd.concat([parts[key] for key in ordered], axis=1)
        table.columns = pd.MultiIndex.from_tuples(ordered)
        return table


def lay_out(y: object, X: "pd.DataFrame | pd.Series | None") -> LaidTarget:
    """Returns a target and its covariates as a table.

    Raises:
        UsageError: they are none, or don't belong together.
    """
    target, kind = _as_frame(y)
    target = target if target.index.is_monotonic_increasing else target.sort_index()
    if target.empty:
        raise UsageError("y has no rows.", "a pandas Series with dates in its index")
    if isinstance(target.index, pd.MultiIndex):
        return _lay_out_panel(target, X)
    index = _time_of(target.index)
    names = tuple(target.columns)
    columns = [VALUE if name is None else str(name) for name in names]
    table = target.set_axis(columns, axis=1).reset_index(drop=True)
    missing = np.array([_missing_at_end(table[name]) for name in columns], dtype=np.int64)
    settings: dict[str, Any] = {"target": columns}
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        table.insert(0, TIME, _stamps(index))
        settings["time"] = TIME
    else:
        settings["no_dates"] = True
    laid = LaidTarget(table, settings, index, tuple(map(str, columns)), kind, names, missing, ())
    return laid if X is None else _with_known(laid, X)


def _lay_out_panel(target: pd.DataFrame, X: "pd.DataFrame | pd.Series | None") -> LaidTarget:
    """Returns the rows of several series below each other as a table."""
    if target.shape[1] != 1:
        raise UsageError(f"A panel has one target, not {target.shape[1]} columns.", "y[['sales']]")
    ids = [f"id{place}" for place in range(target.index.nlevels - 1)]
    times, (own,) = _time_of(target.index.get_level_values(-1)), target.columns
    name = VALUE if own is None else str(own)
    owners = target.index.droplevel(-1)  # type: ignore[arg-type]  # its stubs know no numbers
    keys = tuple(key if isinstance(key, tuple) else (key,) for key in dict.fromkeys(owners))
    table = pd.DataFrame({one: target.index.get_level_values(i).astype(str) for i, one in enumerate(ids)})
    if not isinstance(times, pd.DatetimeIndex | pd.PeriodIndex):
        raise UsageError("The rows of a panel need dates.", "an index of series and dates")
    table[TIME], table[name] = _stamps(times), target.iloc[:, 0].to_numpy()
    groups = [table[name][(owners == (key if len(key) > 1 else key[0]))] for key in keys]
    missing = np.array([_missing_at_end(group) for group in groups], dtype=np.int64)
    settings: dict[str, Any] = {"target": [name], "id": ids, "time": TIME}
    index = pd.Index(times.unique().sort_values())
    laid = LaidTarget(
        table, settings, index, keys, "panel", tuple(target.columns), missing, (), tuple(target.index.names)
    )
    return laid if X is None else _with_known(laid, X)


def _with_known(laid: LaidTarget, X: "pd.DataFrame | pd.Series") -> LaidTarget:
    """Returns the table with covariates beside its target."""
    beside = _beside(X, laid)
    known = [name for name in beside.columns if name not in laid.table.columns]
    twice = [name for name in beside.columns if name in laid.settings["target"]]
    if twice:
        raise UsageError(f"X and y both have a column '{twice[0]}'.", "give one of them another name")
    if len(beside) != len(laid.table):
        raise UsageError(
            f"X has {len(beside):,} rows and y {len(laid.table):,}.", "X at the index of y: X.loc[y.index]"
        )
    shared = [name for name in beside.columns if name in laid.table.columns]
    if not all((beside[name].to_numpy() == laid.table[name].to_numpy()).all() for name in shared):
        raise UsageError("X has another index than y.", "X.loc[y.index]")
    table = pd.concat([laid.table, beside[known].reset_index(drop=True)], axis=1)
    settings = {**laid.settings, "known": known}
    own = {**vars(laid), "table": table, "settings": settings, "known": tuple(known)}
    return LaidTarget(**own)


def _beside(X: object, laid: LaidTarget) -> pd.DataFrame:
    """Returns covariates as a table, with the columns of time and series that the target has."""
    frame = X.to_frame() if isinstance(X, pd.Series) else X
    if not isinstance(frame, pd.DataFrame):
        if isinstance(frame, np.ndarray) and frame.ndim <= 2:
            frame = pd.DataFrame(frame.reshape(len(frame), -1)).add_prefix("x")
        else:
            raise UsageError(f"X can't be {type_name(X)}.", "a pandas frame at the index of y")
    frame = frame if frame.index.is_monotonic_increasing else frame.sort_index()
    if isinstance(frame.index, pd.MultiIndex) != (laid.kind == "panel"):
        raise UsageError("X has another index than y.", "X.loc[y.index]")
    table = frame.set_axis([str(name) for name in frame.columns], axis=1).reset_index(drop=True)
    taken = [name for name in (TIME, *laid.settings.get("id", ())) if name in table.columns]
    if taken:
        raise UsageError(f"X has a column '{taken[0]}', which stands for the index of y.", "give it another name")
    if laid.kind == "panel":
        for place, name in enumerate(laid.settings["id"]):
            table.insert(place, name, frame.index.get_level_values(place).astype(str))
    if laid.has_dates:
        table.insert(0, TIME, _stamps(_time_of(frame.index.get_level_values(-1))))
    return table


def _as_frame(y: object) -> tuple[pd.DataFrame, str]:
    """Returns a target as a frame, and its form.

    Raises:
        UsageError: it is no numbers in a form that is known.
    """
    if isinstance(y, pd.Series):
        return y.to_frame(y.name), "panel" if isinstance(y.index, pd.MultiIndex) else "series"
    if isinstance(y, pd.DataFrame):
        return y, "panel" if isinstance(y.index, pd.MultiIndex) else "columns"
    if isinstance(y, np.ndarray | Sequence) and not isinstance(y, str | bytes):
        try:
            values = np.asarray(y, dtype=float)
        except (TypeError, ValueError):
            values = np.empty((0, 0, 0))
        if values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1):
            return pd.Series(values.ravel()).to_frame(None), "series"
    raise UsageError(f"y can't be {type_name(y)}.", "a pandas Series with dates in its index")


def _time_of(index: pd.Index) -> pd.Index:
    """Returns an index of dates, periods or numbers.

    Raises:
        UsageError: it is something else.
    """
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) or pd.api.types.is_integer_dtype(index):
        return index
    raise UsageError(f"The index of y holds {index.dtype}, not dates.", "y.index = pd.to_datetime(y.index)")


def _stamps(index: pd.Index) -> NDArray[Any]:
    """Returns dates without a time zone, those of a zone in UTC, and periods by their beginning."""
    found = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else pd.DatetimeIndex(index)
    return np.asarray(found.tz_convert("UTC").tz_localize(None) if found.tz is not None else found)


def _missing_at_end(values: pd.Series) -> int:
    seen = np.flatnonzero(values.notna())
    return len(values) - 1 - int(seen[-1]) if len(seen) else 0


def _series_name(key: Any) -> str:
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _future_stamps(laid: LaidTarget, model: Model, most: int) -> NDArray[Any]:
    """Returns the dates of so many steps after the last row."""
    panel, late = model._stored.context, laid.late(model)
    place = 0 if len(panel) == 1 else panel.series_ids.index(_series_name(laid.keys[0]))
    return np.asarray(panel.future_timestamps(most + int(late[0]))[place][int(late[0]) :])


def steps_of(fh: object, laid: LaidTarget, model: Model | None) -> NDArray[np.int64]:
    """Returns the steps that are asked for, from 1.

    Raises:
        UsageError: they are none after the end of the data.
    """
    hint = "a number of steps, a list of steps from 1 such as [1, 7], or dates after the end of y"
    if fh is None:
        if model is None:
            raise UsageError("It is not said how far to forecast.", hint)
        return np.arange(1, model._stored.trained.horizon + 1)
    if isinstance(fh, pd.DatetimeIndex | pd.PeriodIndex):
        return _steps_at(fh, laid, model, hint)
    values = np.asarray(fh)
    if values.dtype.kind not in "iu" or not values.size or values.ndim > 1 or values.min() < 1:
        raise UsageError(f"fh is {fh!r}; nothing can be forecast there.", hint)
    return np.arange(1, int(values) + 1) if values.ndim == 0 else values.astype(np.int64)


def _steps_at(fh: pd.Index, laid: LaidTarget, model: Model | None, hint: str) -> NDArray[np.int64]:
    """Returns the steps that lie at dates."""
    if model is None or not laid.has_dates or not len(fh):
        raise UsageError("Dates can't be asked for here.", "fh as a number of steps")
    wanted, most = np.unique(_stamps(fh)), max(len(fh), 16)
    stamps = _future_stamps(laid, model, most)
    while stamps[-1] < wanted[-1] and most < 100_000:
        most *= 4
        stamps = _future_stamps(laid, model, most)
    found = np.searchsorted(stamps, _stamps(fh))
    if (found == len(stamps)).any() or (stamps[np.minimum(found, len(stamps) - 1)] != _stamps(fh)).any():
        raise UsageError(f"fh has dates that are no steps after {laid.index[-1]}.", hint)
    return found.astype(np.int64) + 1
