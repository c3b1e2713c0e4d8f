"""Parallel coordinates of a tuning: a line a trial through the value of each of its settings, to its error.

48 ┃╲        gru ┃──╲      1.2 ┃
24 ┃─╲──────auto ┃━━━╲━━━━━━━━━┃      the best few stand out, the default is dashed
12 ┃  ╲       lin┃    ╲    0.9 ┃
   window      cell        error
"""

import math
from collections.abc import Collection, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from forecast.report.figures.figure import add_frame, empty_figure
from forecast.report.figures.style import INK, MUTED, house_style
from forecast.report.figures.tuning.search import BEST, DEFAULT, FAR, STOPPED, Tried

SHOWN = 5
"""So many of the best trials stand out."""
SPREAD = 0.012
"""Lines that go through one value are drawn so far apart, of the height of an axis."""


@house_style()
def parallel_figure(
    trials: Sequence[Tried], names: Sequence[str], logarithmic: Collection[str], *, title: str = ""
) -> Figure:
    """Returns a line a trial through the values of its settings, with its error at the right; low is good there.

    Args:
        trials: that have an error.
        names: of the settings; those of which one value alone was tried are left out.
        logarithmic: those whose values stand at even distances by their logarithm.
        title: above the picture.
    """
    shown = [name for name in names if len({trial.values[name] for trial in trials}) > 1]
    scales = [_Scale([trial.values[name] for trial in trials], is_logarithmic=name in logarithmic) for name in shown]
    default = next((_error(trial) for trial in trials if trial.number == 0), math.inf)
    top = min(max(map(_error, trials)), FAR * default)
    errors = _Scale([min(_error(trial), top) for trial in trials], is_continuous=True)
    figure = empty_figure(3.9)
    axes = figure.add_subplot()
    whole = sorted(
        (trial for trial in trials if trial.state == "whole"), key=lambda trial: (_error(trial), trial.number)
    )
    best = [trial.number for trial in whole if trial.number][:SHOWN]
    for trial in trials:
        values = [*(trial.values[name] for name in shown), min(_error(trial), top)]
        heights = [scale.height(value) for scale, value in zip([*scales, errors], values, strict=True)]
        shift = SPREAD * ((trial.number * 7) % 5 - 2)
        heights = [height + shift for height in heights[:-1]] + heights[-1:]
        place = best.index(trial.number) if trial.number in best else None
        axes.plot(range(len(heights)), heights, **_line_of(trial, place))
    for place, (name, scale) in enumerate(zip([*shown, "error"], [*scales, errors], strict=True)):
        _draw_axis(axes, place, name, scale)
    axes.set_xlim(-0.45, len(shown) + 0.25)
    axes.set_ylim(-0.16, 1.08)
    axes.set_axis_off()
    caption = (
        f"A line a trial; the {len(best)} with the lowest error are drawn in blue, the best one thickest. "
        "What the search finds best is partly luck: what it is worth is told by the confirmation."
    )
    add_frame(figure, title=title, legend=_legend(trials), caption=caption)
    return figure


class _Scale:
    """Where the values of a setting stand on its axis, from 0 to 1: numbers by their order, or by their logarithm."""

    def __init__(
        self, values: Sequence[str | int | float], *, is_logarithmic: bool = False, is_continuous: bool = False
    ) -> None:
        self._are_numbers = all(isinstance(value, int | float) for value in values)
        self._is_log = is_logarithmic
        self.order: list[str | int | float] = (
            sorted(set(values), key=float) if self._are_numbers else list(dict.fromkeys(values))
        )
        is_any = is_logarithmic or is_continuous or len(self.order) > SHOWN + 3
        self.is_even = not (self._are_numbers and is_any)

    def height(self, value: str | int | float) -> float:
        """Returns where a value stands."""
        if len(self.order) < 2:
            return 0.5
        if self.is_even:
            return self.order.index(value) / (len(self.order) - 1)
        low, high, own = (
            math.log(float(x)) if self._is_log else float(x) for x in (self.order[0], self.order[-1], value)
        )
        return (own - low) / (high - low)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Heights, and what is written there."""
        told = self.order if self.is_even else [self.order[0], self.order[-1]]
        return [(self.height(value), f"{value:.3g}" if isinstance(value, int | float) else value) for value in told]


def _line_of(trial: Tried, place: int | None) -> dict[str, Any]:
    """Returns how the line of a trial is drawn: place is that among the best, None elsewhere."""
    if trial.number == 0:
        return {"color": DEFAULT, "linewidth": 2.0, "linestyle": (0, (5, 2)), "zorder": 5}
    if place is not None:
        return {"color": BEST, "linewidth": 2.4 if place == 0 else 1.3, "alpha": 1.0 - 0.13 * place, "zorder": 4}
    return {"color": STOPPED, "linewidth": 0.8, "alpha": 0.45, "zorder": 2}


def _draw_axis(axes: Axes, place: int, name: str, scale: _Scale) -> None:
    axes.plot([place, place], [0, 1], color=INK, linewidth=1.0, zorder=3)
    axes.text(place, -0.09, name, ha="center", va="top", fontsize=9, color=INK)
    for height, text in scale.ticks:
        axes.plot([place - 0.03, place], [height, height], color=INK, linewidth=0.8, zorder=3)
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}
        axes.text(place - 0.05, height, text, ha="right", va="center", fontsize=7.5, color=MUTED, bbox=box, zorder=6)


def _legend(trials: Sequence[Tried]) -> dict[str, Line2D]:
    found = {
        "the default": Line2D([], [], color=DEFAULT, linestyle=(0, (5, 2)), linewidth=2.0),
        "the best": Line2D([], [], color=BEST, linewidth=2.4),
    }
    if len(trials) > SHOWN + 1:
        found["other trials"] = Line2D([], [], color=STOPPED, linewidth=0.8)
    return found


def _error(trial: Tried) -> float:
    return math.inf if trial.error is None else trial.error
