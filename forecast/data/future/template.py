"""The template of a future file: the rows that ``--future`` wants, with what is told or usual, to be edited.

    data      day  shop promo        template  day  shop promo
              ...  a        0                  Wed  a        0     what is told of the steps to come,
    Tue       ...  b        1          ──▶     Thu  a        0     else what is usual
                                               Wed  b        0
                                               Thu  b        0

Shapes: ``S`` series, ``H`` steps to come, ``C`` columns that are known ahead.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from forecast.data.column_names import part_of
from forecast.data.covariates import Column, Covariates
from forecast.data.frequency import Timestamps, readable
from forecast.data.panel import TARGET, IdParts, Panel
from forecast.data.read_options import ReadOptions
from forecast.name_lists import split_names

FloatArray = NDArray[np.float64]
FORMS = frozenset({"%d", "%m", "%Y", "%y", "%H", "%M", "%S", "%b", "%B", "%j"})
MOST_DECIMALS = 4
DIGITS = 5
"""Of a usual value that has more decimals than those."""


@dataclass(frozen=True)
class FutureTemplate:
    """The rows of a future file.

    Attributes:
        times: the columns that say when, none where rows have no dates.
        ids: those that tell the series apart.
        known: those to be told.
        rows: each a text for each of all of these columns.
    """

    times: tuple[str, ...]
    ids: tuple[str, ...]
    known: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns."""
        return (*self.times, *self.ids, *self.known)

    def csv(self, form: str | None = None) -> bytes:
        """Returns it as UTF-8 CSV.

        Args:
            form: in which a lone column of dates is written, as far as Python's ``strftime`` knows it; else ISO 8601.
        """
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(self.columns)
        is_formed = form is not None and len(self.times) == 1 and set(re.findall("%.", form)) <= FORMS
        for first, *rest in self.rows:
            writer.writerow([datetime.fromisoformat(first).strftime(form or "") if is_formed else first, *rest])
        return written.getvalue().encode()


def future_template(
    panel: Panel, options: ReadOptions, ids: IdParts, horizon: int, usual: FloatArray
) -> FutureTemplate:
    """Returns the rows of the steps to come of each thing that series are of, with their known columns and limits.

    Args:
        panel: has known columns, or limits in columns.
        options: how it was read, what was inferred settled.
        ids: what its series are told apart by.
        horizon: H.
        usual: of the known columns, (S, C), NaN where nothing is.
    """
    names = [name for name in ids.names if name != TARGET]
    keep = [place for place, name in enumerate(ids.names) if name != TARGET]
    things = dict.fromkeys(tuple(own[place] for place in keep) for own in ids.values) if names else {(): None}
    whose: list[tuple[str, ...]] = (
        [tuple(own[place] for place in keep) for own in ids.values] if names else [()] * len(panel)
    )
    first = {thing: whose.index(thing) for thing in things}
    columns, values = _known(panel, horizon, usual)
    times = split_names(options.time) if options.time and panel.frequency.unit != "row" else ()
    if options.time and len(times) > 1 and all(part_of(name) is None for name in times):
        times = (options.time,)  # one column with a comma in its name
    rows = []
    for thing, i in first.items():
        stamps = panel.frequency.timestamps(panel.last[i] + 1 + np.arange(horizon))
        texts = [_texts(column, values[i, :, c], history) for c, (column, history) in enumerate(columns)]
        when = _times(times, stamps)
        rows += [(*when[h], *thing, *(own[h] for own in texts)) for h in range(horizon)]
    return FutureTemplate(times, tuple(names), tuple(column.name for column, _ in columns), tuple(rows))


def _known(panel: Panel, horizon: int, usual: FloatArray) -> tuple[list[tuple[Column, FloatArray]], FloatArray]:
    """Returns the columns to be told, each with its history, and what is told or usual of them, (S, H, C)."""
    columns: list[tuple[Column, FloatArray]] = []
    parts = []
    for told, typical in ((panel.covariates, usual), (panel.limits.told if panel.limits else None, None)):
        if told is None or not told.of("known"):
            continue
        history = told.known_on(panel.offsets, panel.first)
        ahead = told.known_between(panel.last + 1, horizon)
        stand_in = _last(panel, told) if typical is None else typical
        ahead = np.where(np.isnan(ahead), stand_in[:, None], ahead)
        new = [c for c, column in enumerate(told.of("known")) if column.name not in {one.name for one, _ in columns}]
        columns += [(told.of("known")[c], history[:, c]) for c in new]
        parts.append(ahead[..., new])
    return columns, np.concatenate(parts, axis=2)


def _last(panel: Panel, told: Covariates) -> FloatArray:
    """Returns the newest value of each known column in each series, which is carried on, (S, C)."""
    history = told.known_on(panel.offsets, panel.first)
    last = np.full((len(panel), history.shape[1]), np.nan)
    for i in range(len(panel)):
        own = history[panel.offsets[i] : panel.offsets[i + 1]]
        for c in range(own.shape[1]):
            values = own[~np.isnan(own[:, c]), c]
            last[i, c] = values[-1] if values.size else np.nan
    return last


def _texts(column: Column, values: FloatArray, history: FloatArray) -> list[str]:
    """Returns the values of a column (H,) as a person would write them: with one decimal more than its history."""
    if column.levels is not None:
        return ["" if np.isnan(value) else column.levels[int(value)] for value in values]
    held = history[~np.isnan(history)]
    decimals = next((d for d in range(MOST_DECIMALS + 1) if np.allclose(held, held.round(d), atol=1e-9)), None)
    return ["" if np.isnan(value) else _number(float(value), decimals) for value in values]


def _number(value: float, decimals: int | None) -> str:
    if decimals is None:
        return f"{value:.{DIGITS}g}"
    text = f"{value:.{decimals + 1}f}" if abs(value - round(value, decimals)) > 1e-9 else f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _times(names: Sequence[str], stamps: Timestamps) -> list[tuple[str, ...]]:
    """Returns when the steps are, in so many columns: each a part of the time, or the date with the clock beside it."""
    if not names:
        return [()] * len(stamps)
    if len(names) == 1:
        return [(readable(stamp),) for stamp in stamps]
    found = []
    for stamp in stamps:
        day, clock = str(stamp.astype("datetime64[D]")), str(stamp.astype("datetime64[s]"))[11:]
        year, month, date = day.split("-")
        quarter = str((int(month) + 2) // 3)
        week = f"{stamp.astype('datetime64[D]').item().isocalendar().week}"
        parts = {"year": year, "quarter": quarter, "month": str(int(month)), "week": week, "day": str(int(date))}
        parts |= {"hour": str(int(clock[:2])), "minute": str(int(clock[3:5])), "clock": clock[:5]}
        is_whole = not any(part_of(name) == "year" for name in names)
        found.append(tuple(_part(name, place, parts, day, is_whole=is_whole) for place, name in enumerate(names)))
    return found


def _part(name: str, place: int, parts: dict[str, str], day: str, *, is_whole: bool) -> str:
    if is_whole and place == 0:
        return day
    return parts.get(part_of(name) or "clock", parts["clock"])
