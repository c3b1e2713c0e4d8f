"""Promotions, holidays and whatever else is known and either there or not: shaded where it is there.

    promo     ░░░         ░░░      a band from half a step before the first step to half a step after the last
    holiday          ▨             the rarer of the two values is the event

Shapes: ``S`` series, ``K`` steps of the known columns, ``n`` steps of one series.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from forecast.data.panel import Panel
from forecast.report.figures.excerpt import Dates, Observed
from forecast.wording import listed

MOST_EVENTS = 3
LOOKS: tuple[dict[str, Any], ...] = (
    {"facecolor": "#F7EDBD", "edgecolor": "#F7EDBD"},
    {"facecolor": "none", "edgecolor": "#B4AAD0", "hatch": "////"},
    {"facecolor": "none", "edgecolor": "#9DB59D", "hatch": "...."},
)
"""Told apart by pattern, not by colour alone; where they meet, both can be seen."""
BEHIND = 0.5  # drawing order: the grid lies above


@dataclass(frozen=True)
class Event:
    """A known column of two values.

    Attributes:
        name: in the legend.
        column: the user's name of the column.
        place: of the column among the known ones.
        value: that it has where the event is.
    """

    name: str
    column: str
    place: int
    value: float


@dataclass(frozen=True, eq=False)
class Events:
    """What is shaded in one picture, and what could have been."""

    shown: tuple[Event, ...]
    rest: tuple[str, ...]
    unknown_ahead: tuple[str, ...]  # columns of those that are shown of which nothing is known after the origin

    @property
    def caption(self) -> str:
        """What the shades can't say by themselves."""
        parts = (
            [f"Nothing is known of {listed(list(self.unknown_ahead))} after the origin."] if self.unknown_ahead else []
        )
        parts += [f"Known too, but not shaded: {listed(list(self.rest))}."] if self.rest else []
        return " ".join(parts)

    @property
    def entries(self) -> dict[str, Any]:
        """The legend's entries."""
        looks = zip(self.shown, LOOKS, strict=False)
        return {event.name: Patch(**{**look, "linewidth": 0.5}) for event, look in looks}


def find_events(panel: Panel, drawn: Sequence[tuple[Observed, Dates]]) -> Events:
    """Returns the events that some series are drawn with, at most three.

    Args:
        panel: the history; its known columns may go on after its end.
        drawn: of each series what was seen, and the dates that are forecast.
    """
    found, covariates = [], panel.covariates
    for place, column in enumerate(covariates.of("known") if covariates else ()):
        assert covariates is not None
        values = covariates.known[:, place]
        values = values[~np.isnan(values)]
        distinct = np.unique(values)
        if column.levels is None and distinct.size == 2:
            is_common = (values == distinct[1]).mean() > 1 / 2
            name = f"not {column.name}" if is_common else column.name
            found.append(Event(name, column.name, place, float(distinct[0 if is_common else 1])))
    here = [each for each in found if any(_is_there(panel, each, seen, future).any() for seen, future in drawn)]
    shown = tuple(here[:MOST_EVENTS])
    dark = [
        each.column for each in shown if all(_is_unknown_ahead(panel, each, seen, future) for seen, future in drawn)
    ]
    return Events(shown, tuple(each.name for each in here[MOST_EVENTS:]), tuple(dark))


def shade_events(axes: Axes, panel: Panel, events: Events, seen: Observed, future: Dates) -> None:
    """Shades the steps of one series where an event is, in the history and in what is forecast."""
    stamps = np.concatenate([seen.past.timestamps, future])
    gaps = np.diff(stamps, append=stamps[-1:] + (stamps[-1] - stamps[-2]) if stamps.size > 1 else stamps[-1:])
    for event, look in zip(events.shown, LOOKS, strict=False):
        is_there = _is_there(panel, event, seen, future)
        edges = np.diff(is_there.astype(np.int8), prepend=0, append=0)
        for first, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            span = stamps[first] - gaps[first] // 2, stamps[end - 1] + gaps[end - 1] // 2
            axes.axvspan(*span, **look, linewidth=0.5, zorder=BEHIND)


def _is_there(panel: Panel, event: Event, seen: Observed, future: Dates) -> Any:
    """Returns on which of the steps that are drawn the event is, (n,)."""
    return _values(panel, event, seen, np.concatenate([seen.past.timestamps, future])) == event.value


def _is_unknown_ahead(panel: Panel, event: Event, seen: Observed, future: Dates) -> bool:
    return bool(np.isnan(_values(panel, event, seen, future)).all())


def _values(panel: Panel, event: Event, seen: Observed, stamps: Dates) -> Any:
    if panel.covariates is None or seen.series_id not in panel.series_ids:
        return np.full(stamps.size, np.nan)
    series = np.full(stamps.size, panel.series_ids.index(seen.series_id))
    return panel.covariates.known_at(series, panel.frequency.ordinals(stamps))[:, event.place]
