"""The picture of the leaderboard: how large each model's error is, beside the seasonal naive's.

  gru ▇▇▇▇▇▇▇▇├─┤        ┊         41.2 ± 3.1
ridge ▨▨▨▨▨▨▨▨▨▨▨▨▨▨     ┊         57.9
seasonal-naive ▨▨▨▨▨▨▨▨▨▨▨         66.0
"""

import math
from collections.abc import Sequence
from typing import Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forecast.evaluation.verdict import REFERENCE
from forecast.models.model_style import ModelStyle
from forecast.report.figures.figure import add_frame, empty_figure, round_numbers, sensible_top
from forecast.report.figures.style import INK, house_style, styles_of, wrapped
from forecast.wording import short_number

BAR = 0.66  # of the row's height


class Score(Protocol):
    """What is drawn of one row of a leaderboard."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def rmse(self) -> float:
        """Root mean squared error in the target's unit; NaN where the model has none."""

    @property
    def rmse_std(self) -> float | None:
        """Standard deviation of the RMSE over seeds and folds; None or NaN where there is none."""


@house_style()
def scores_figure(rows: Sequence[Score], *, target: str, title: str = "") -> Figure:
    """Returns one bar a model, the best on top, with its spread as a whisker and the numbers beside it.

    A bar more than six times as long as the median is cut off; its number tells its length.

    Args:
        rows: In any order.
        target: The unit of the errors.
        title: Above the picture.
    """
    ranked = sorted(rows, key=lambda row: (not math.isfinite(row.rmse), row.rmse))
    styles = styles_of(row.model for row in rows)
    names = [wrapped(row.model, 30) for row in ranked]
    lines = max((name.count("\n") + 1 for name in names), default=1)
    figure = empty_figure(0.7 + (0.18 + 0.18 * lines) * len(ranked))
    axes = figure.add_subplot()
    top = sensible_top([row.rmse for row in ranked])
    for place, row in enumerate(ranked):
        _draw_bar(axes, place, row, styles[row.model], top)
    axes.set_yticks(range(len(ranked)), names, color=INK, fontsize=10)
    axes.set_ylim(max(len(ranked), 1) - 0.5, -0.5)  # the first row on top
    axes.set_xlim(0, top)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    round_numbers(axes.xaxis)
    axes.set_xlabel(wrapped(f"RMSE ({target})", 90))
    has_reference = _draw_reference(axes, ranked, top)
    add_frame(figure, title=title, caption=_caption(ranked, has_reference, cut=top is not None))
    return figure


def _draw_bar(axes: Axes, place: int, row: Score, style: ModelStyle, top: float | None) -> None:
    """Draws the bar, its whisker, and at the right edge its numbers."""
    spread = _spread(row)
    axes.text(
        1.015,
        place,
        short_number(row.rmse, spread),
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=9.5,
    )
    if not math.isfinite(row.rmse):
        return
    axes.barh(
        place,
        row.rmse,
        height=BAR,
        facecolor="#E9E9E9" if style.is_baseline else style.colour,
        edgecolor=style.colour,
        hatch="////" if style.is_baseline else None,
    )
    if top is not None and row.rmse > top:
        axes.text(0.985, place, "▶", transform=axes.get_yaxis_transform(), ha="right", va="center")
    elif spread:
        axes.errorbar(row.rmse, place, xerr=spread, color=INK, elinewidth=1.2, capsize=3.5)


def _draw_reference(axes: Axes, rows: Sequence[Score], top: float | None) -> bool:
    """Draws the line that a model must stay left of; False where there is none to draw."""
    reference = next((row.rmse for row in rows if row.model == REFERENCE), math.nan)
    if not math.isfinite(reference) or (top is not None and reference > top):
        return False
    axes.axvline(reference, color=INK, linewidth=1.1, linestyle=(0, (5, 2)), zorder=3)
    return True


def _spread(row: Score) -> float:
    return row.rmse_std if row.rmse_std is not None and math.isfinite(row.rmse_std) else 0.0


def _caption(rows: Sequence[Score], has_reference: bool, cut: bool) -> str:
    """Returns the key to what the picture shows, and nothing that it doesn't."""
    parts = ["Shorter is better. Hatched grey: baselines."]
    if has_reference:
        parts.append(f"Dashed line: {REFERENCE}.")
    if any(_spread(row) for row in rows):
        parts.append("Whiskers: ± one standard deviation over seeds.")
    if cut:
        parts.append("▶: longer than shown.")
    return " ".join(parts)
