"""How much each row counts: as a column says, where models learn and are scored; by its age, where they learn.

row    sales  trust        weights  1 1 0.2 1       a row of weight 0 counts for nothing; it is looked back over
1       5      1          half-life of 2 steps     0.35 0.5 0.71 1       … at the last step
2       7      1
3     900      0.2
4       6      1
"""

import re
from dataclasses import replace
from datetime import timedelta

import numpy as np

from forecast.data.covariates import Column
from forecast.data.findings import Finding
from forecast.data.frequency import Frequency
from forecast.data.panel import FloatArray, Panel
from forecast.data.reading.covariates.layout import PlacedRows, lay_beside
from forecast.data.reading.covariates.values import Cells
from forecast.data.reading.forecast_limits import limited
from forecast.data.reading.ignored_spans import FLAG, OF, ignoring
from forecast.data.reading.target_values import finite_numbers
from forecast.durations import parse_duration
from forecast.errors import DataError, UsageError
from forecast.wording import counted, digits

WEIGHT, HALF_LIFE = "--weight", "--half-life"
AS_IT_IS = "smoothing, local-ridge and the models that learn nothing take each series as it is"
"""What can't be weighed, and so forecasts as it would without weights."""


def as_asked(panel: Panel, rows: PlacedRows, *, is_settled: bool) -> tuple[Panel, Panel, list[Finding]]:
    """Returns the panel with all that a person said of its rows and forecasts, and what is to be said of that.

    The first one has the values that are ignored, which the second one has not.

    Args:
        panel: As it was read.
        rows: Of the file, with what was asked for.
        is_settled: See ``ignoring``.

    Raises:
        UsageError, DataError: See ``ignoring``, ``weighted``, ``aged`` and ``limited``.
    """
    panel, weighed = weighted(panel, rows)
    panel, limits = limited(panel, rows, is_settled=is_settled)
    if rows.options.hierarchy is not None and (single := [text for text in rows.options.ignore or () if OF in text]):
        message = f"{FLAG} {single[0]} leaves out a value of one series, of which others are sums."
        raise UsageError(message, f"{FLAG} {single[0].rpartition(OF)[2]} for all series, or no --hierarchy")
    left, hidden = ignoring(panel, rows.options.ignore, is_settled=is_settled)
    left, old = aged(left, rows.options.half_life)
    if weighed and not old:
        weighed = [replace(weighed[0], text=f"{weighed[0].text}; {AS_IT_IS}")]
    return panel, left, [*hidden, *weighed, *old, *limits]


def weighted(panel: Panel, rows: PlacedRows) -> tuple[Panel, list[Finding]]:
    """Returns the panel with the weights that a column holds, where one is named, and what is to be said of it.

    Args:
        panel: Of the targets; without its weights.
        rows: Of the file.

    Raises:
        DataError: A row with a value has no weight, or one below 0; or all weights are 0.
    """
    name = rows.columns.weight
    if name is None:
        return panel, []
    weights = finite_numbers(rows.table, name)
    steps = lay_beside([Cells(Column(name, "past"), weights)], rows.placing, rows.laid)[:, 0]
    _check(rows, name, weights, panel, steps)
    text = f"a row counts as {name} says, where networks, regressions and effects learn and where errors are averaged"
    return replace(panel, weights=np.where(np.isnan(steps), 1.0, steps)), [Finding("note", "weights", text, WEIGHT)]


def _check(rows: PlacedRows, name: str, weights: FloatArray, panel: Panel, steps: FloatArray) -> None:
    """Refuses weights that say nothing.

    Raises:
        DataError: They do.
    """
    table, used = rows.table, rows.placing.series >= 0
    below = np.flatnonzero(used & (weights < 0))
    if below.size:
        place, value = table.line(int(below[0])), digits(float(weights[below[0]]))
        message = f"{table.source.name}: {name} is {value} on {place}; a weight can't be below 0."
        raise DataError(message, "0 in that cell makes the row count for nothing")
    lost = panel.observed & np.isnan(steps)
    if lost.any():
        empty = np.flatnonzero(used & np.isnan(weights))
        place = table.line(int(empty[0])) if empty.size else "some lines"
        more = f" and {counted(empty.size - 1, 'other row')}" if empty.size > 1 else ""
        message = f"{table.source.name}: {name} is empty on {place}{more}, and each row with a value needs a weight."
        raise DataError(message, "fill those cells: 1 for a row that counts like others, 0 for one that does not count")
    if not (steps[panel.observed] > 0).any():
        raise DataError(
            f"{table.source.name}: each row with a value has a {name} of 0, so there is nothing to learn from.",
            f"{WEIGHT} with another column",
        )


def half_life_steps(text: str, frequency: Frequency) -> float:
    """Returns a half-life in steps of the data; of data without dates, it is a number of rows.

    Raises:
        UsageError: it is no length of time, or shorter than a step.
    """
    if frequency.unit == "row":
        if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text.strip()) or float(text) < 1:
            raise UsageError(f"{HALF_LIFE} '{text}' is not a number of rows.", f"{HALF_LIFE} 100")
        return float(text)
    length = parse_duration(HALF_LIFE, text, bare_seconds=False, is_long=True)
    steps = length / timedelta(days=frequency.days)
    if steps < 1:
        message = f"{HALF_LIFE} {text} is shorter than a step of {frequency.name} data."
        raise UsageError(message, f"{HALF_LIFE} {'1y' if frequency.days < 100 else '5y'} (m are minutes, mo months)")
    return steps


def aged(panel: Panel, text: str | None) -> tuple[Panel, list[Finding]]:
    """Returns the panel with a half-life, where one is asked for, and what is to be said of it.

    Raises:
        UsageError: see ``half_life_steps``.
    """
    if text is None:
        return panel, []
    steps = half_life_steps(text, panel.frequency)
    count = f"{steps:,.0f}" if steps >= 10 else f"{steps:.2g}"
    said = f"what is {text} ({count} steps) older counts half where networks, regressions and effects learn"
    return replace(panel, half_life=steps), [Finding("note", "weights", f"{said}; {AS_IT_IS}", HALF_LIFE)]
