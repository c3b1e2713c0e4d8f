"""The picture of a hierarchy: the forecasts of each level in a row of small panels, the total above all.

total       ╭──────────────────────────╮
state       ╭──────╮╭──────╮╭──────╮╭──────╮     the largest of each level, with how many there are
region      ╭──────╮╭──────╮╭──────╮╭──────╮
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from forecast.data.frequency import readable
from forecast.data.hierarchy import Hierarchy
from forecast.data.panel import Panel
from forecast.models.forecaster import Forecasts
from forecast.models.model_style import ModelStyle
from forecast.report.figures.excerpt import excerpt_of, foretold, sensible_range
from forecast.report.figures.figure import SLIDE, add_frame, date_axis, empty_figure, number_axis
from forecast.report.figures.forecast import draw_series
from forecast.report.figures.style import house_style, styles_of, wrapped
from forecast.specs import PictureSize

COLUMNS = 4
"""Panels of a level."""
MOST_LEVELS = 6
"""Levels that are drawn: of more, the first and the last ones."""
TALL, LOW = 2.4, 1.7  # inches of the total, and of another level


@house_style()
def tree_figure(
    history: Panel,
    forecasts: Mapping[str, Forecasts],
    *,
    title: str = "",
    size: PictureSize = "page",
    looks: Mapping[str, ModelStyle] | None = None,
) -> Figure:
    """Returns the recent history and the forecast of the largest series of each level.

    Args:
        history: What was known, of all series of a hierarchy.
        forecasts: By model name, at least one, all from the same origin; the bands are those of the first.
        title: Above the picture.
        size: Of the picture.
        looks: Of what is no model, by name.
    """
    tree = history.hierarchy
    assert tree is not None
    main, styles = next(iter(forecasts)), styles_of(forecasts) | dict(looks or {})
    levels = _levels(tree)
    figure = empty_figure(TALL + LOW * (len(levels) - 1))
    heights = [TALL, *[LOW] * (len(levels) - 1)]
    grid = figure.add_gridspec(len(levels), COLUMNS, height_ratios=heights)
    entries: dict[str, Any] = {}
    for row, level in enumerate(levels):
        places = _largest(history, tree, level)
        for column, place in enumerate(places):
            spot = grid[row, :] if len(places) == 1 else grid[row, column]
            axes = figure.add_subplot(spot)
            seen = excerpt_of(history, forecasts, history.series_ids[place])
            entries |= draw_series(axes, seen, forecasts, styles)
            number_axis(axes, "" if column or len(places) == 1 else tree.levels[level])
            axes.set_ylim(sensible_range(seen, foretold(forecasts, main, seen.series_id)))
            date_axis(axes, labels=10 if len(places) == 1 else 3)
            axes.set_title(wrapped(seen.series_id, 90 if len(places) == 1 else 26, lines=2), fontsize=8.5)
    figure.supylabel(wrapped(history.target, 60), fontsize=10)
    origin = readable(history.frequency.timestamps(history.last.max()[None])[0])
    counts = ", ".join(f"{name} {len(tree.places(number)):,}" for number, name in enumerate(tree.levels))
    caption = f"Vertical line: origin, {origin}. Each row is a level ({counts}), of which the largest are shown; "
    caption += "every forecast is the sum of those below it" + (
        ": of its leaves, and of its rests, leaves that were not learned from one by one." if tree.has_rests else "."
    )
    add_frame(figure, title=title, legend=entries, caption=caption, total=SLIDE if size == "slide" else None)
    return figure


def _levels(tree: Hierarchy) -> list[int]:
    """Returns the levels that are drawn."""
    count = len(tree.levels)
    return list(range(count)) if count <= MOST_LEVELS else [*range(MOST_LEVELS - 1), count - 1]


def _largest(history: Panel, tree: Hierarchy, level: int) -> list[int]:
    """Returns the largest series of a level by total volume."""
    places = tree.places(level)
    volumes = [float(np.nansum(np.abs(history.series(int(place))))) for place in places]
    order = np.argsort(volumes, kind="stable")[::-1][:COLUMNS]
    return [int(places[place]) for place in order]
