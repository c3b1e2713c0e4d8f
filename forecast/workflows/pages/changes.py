"""What changed between two forecasts, as a picture and as a section of a report."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from forecast.data.files.written.forecast_csv import ForecastTable
from forecast.data.panel import Panel, places_of
from forecast.errors import UsageError
from forecast.experiment.changes.choice import moment_text
from forecast.experiment.changes.comparison import ForecastComparison, period_edges
from forecast.experiment.changes.difference import PARTS, DifferenceSums, summed
from forecast.experiment.changes.sentences import change_sentences, left_out_words
from forecast.experiment.decisions.joint_forecast import together
from forecast.experiment.decisions.periods import Period
from forecast.experiment.decisions.totals import ALL
from forecast.experiment.outputs import Outlook, forecasts_of
from forecast.models.forecaster import Forecasts
from forecast.models.model_style import ModelStyle
from forecast.report.html.forecast import forecast_gallery
from forecast.report.html.page import Block, PageColumn, PageTable, Section, Words, cells
from forecast.specs import PictureSize
from forecast.wording import about

NOW, THEN = ModelStyle("#0072B2", "o"), ModelStyle("#666666", "", (0, (4, 2)), is_baseline=True)
MOST_ROWS = 14
"""Rows of the table of a page: two weeks of days; more are added up."""
HEADS = {"data": "from data", "covariates": "from plans", "weights": "from weights"}


def difference_picture(
    comparison: ForecastComparison, title: str, kind: Literal["png", "svg", "pdf"], size: PictureSize
) -> bytes:
    """Returns the picture of two forecasts, the difference shaded, with what came before and since.

    Args:
        comparison: of the two.
        title: what changed, in a sentence.
        kind: of the file.
        size: of the picture.

    Raises:
        UsageError: the data before the forecasts can't be had.
    """
    from forecast.report.figures.figure import render  # matplotlib is slow to import
    from forecast.report.figures.forecast import forecast_figure

    history, drawn = _drawn(comparison)
    first, second = drawn
    figure = forecast_figure(
        history,
        drawn,
        actuals=_came(comparison, history),
        title=title.rstrip("."),
        size=size,
        looks={first: NOW, second: THEN},
        caption=left_out_words(comparison),
        shaded=second,
    )
    return render(figure, kind, size)


def change_section(comparison: ForecastComparison) -> Section:
    """Returns what changed as a section: why in sentences, both forecasts, and a table of some rows."""
    sentences = [*change_sentences(comparison), *comparison.notes, left_out_words(comparison)]
    blocks: list[Block] = [Words(" ".join(filter(None, sentences)))]
    try:
        history, drawn = _drawn(comparison)
    except UsageError:
        pass
    else:
        blocks.append(forecast_gallery(history, drawn, _came(comparison, history)))
    if comparison.manner != "standing" or len(comparison.points.series_ids) == 1:
        blocks.append(_table(_few_sums(comparison), comparison))
    intro = "The forecast that was issued last beside the one before it, where both speak of a step."
    return Section("changes", "What changed", tuple(blocks), intro)


def _few_sums(comparison: ForecastComparison) -> DifferenceSums:
    """Returns the differences of all series together, by the shortest periods that are few."""
    which = comparison.leaves if comparison.leaves.any() else np.ones(len(comparison.leaves), dtype=bool)
    points = comparison.points.some(which)
    parts = None if comparison.parts is None else {name: own[which] for name, own in comparison.parts.items()}
    groups = [ALL] * len(points.series_ids)
    frequency = comparison.frequency
    periods: tuple[Period | None, ...] = (None, "week", "month", "quarter", "year", "horizon")
    for period in periods:
        try:
            edges = None if period is None or frequency is None else period_edges(period, frequency, points)
        except UsageError:
            continue
        found = summed(points, parts, groups, edges)
        if len(found.names) <= MOST_ROWS or frequency is None:
            break
    return found


def _table(sums: DifferenceSums, comparison: ForecastComparison) -> PageTable:
    series = len(set(comparison.points.series[comparison.leaves].tolist())) or 1
    count = np.asarray(sums.steps * series if comparison.manner == "mean" else np.ones(len(sums.before)))
    parts = [part for part in PARTS if sums.parts is not None and np.abs(sums.parts[part]).max(initial=0) > 0]
    parts = parts if len(parts) > 1 else []
    names = [_then(comparison), "now", "change", *(HEADS[part] for part in parts)]
    columns = (PageColumn(""), *(PageColumn(name, is_number=True) for name in names))
    rows = []
    starts, ends = (each.astype("datetime64[D]").astype(str) for each in (sums.starts, sums.ends))
    for i in range(min(len(sums.before), 2 * MOST_ROWS)):
        values = [sums.before[i], sums.after[i], sums.after[i] - sums.before[i]]
        values += [sums.parts[part][i] for part in parts] if sums.parts else []
        name = starts[i] if starts[i] == ends[i] else f"{starts[i]} to {ends[i]}"
        rows.append(cells([name if sums.is_whole[i] else f"{name} (in part)", *(about(v / count[i]) for v in values)]))
    return PageTable(columns, tuple(rows), is_narrow=True)


def _then(comparison: ForecastComparison) -> str:
    return f"said {moment_text(comparison.before.mark.moment)}"


def _drawn(comparison: ForecastComparison) -> tuple[Panel, dict[str, Forecasts]]:
    """Returns the history and both forecasts: of all series together, where that means something.

    Raises:
        UsageError: the history can't be had.
    """
    history = comparison.history
    if history is None:
        message = "The data before these forecasts can't be had, so that there is nothing to draw them after."
        raise UsageError(message, "--data FILE with it, or leave out --plot")
    before, after = comparison.before, comparison.after
    new = after.stored.trained.name if after.stored else "now"
    names = (f"now, {new} {after.mark.label}", f"{_then(comparison)}, {before.mark.label}")
    used = set(comparison.points.series[comparison.leaves].tolist())
    leaves = [name for place, name in enumerate(comparison.points.series_ids) if place in used]
    if len(leaves) > 1:
        places = places_of(leaves, history.series_ids)
        chosen = history.select(places[places >= 0])
        made = Forecasts(chosen.series_ids, chosen.future_timestamps(1), np.zeros((len(chosen), 1)), levels=())
        joint = together(Outlook(chosen, made), comparison.manner)
        if joint is not None:
            told = [_sum(side.table, leaves, joint.history.series_ids[0], comparison) for side in (after, before)]
            return joint.history, dict(zip(names, told, strict=True))
    told = [replace(forecasts_of(side.table), quantiles=None) for side in (after, before)]
    told[1] = replace(told[1], intervals=(), levels=())
    if len(history) == 1:
        told = [replace(each, series_ids=history.series_ids) for each in told]
    return history, dict(zip(names, told, strict=True))


def _came(comparison: ForecastComparison, history: Panel) -> Panel | None:
    """Returns what is known by now of what was forecast; None where the history is a sum, or nothing is known."""
    newest = comparison.newest
    if newest is None or comparison.history is not history:
        return None
    return replace(newest, series_ids=history.series_ids) if len(newest) == len(history) == 1 else newest


def _sum(table: ForecastTable, leaves: Sequence[str], name: str, comparison: ForecastComparison) -> Forecasts:
    """Returns the forecast of some series together at the times that all of them have."""
    wanted = np.array([series in set(leaves) for series in table.series_ids], dtype=bool)[table.series]
    stamps, rows, counts = np.unique(table.timestamps[wanted], return_inverse=True, return_counts=True)
    sums = np.bincount(rows, table.point[wanted], len(stamps)) / (len(leaves) if comparison.manner == "mean" else 1)
    whole = counts == len(leaves)
    return Forecasts((name,), stamps[whole][None], sums[whole][None], levels=())
