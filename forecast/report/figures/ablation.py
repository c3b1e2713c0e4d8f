"""The picture of what each covariate is worth: how much larger the error is without it.

  promo ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇├─┤     +95.1 ± 8.2  (+71 %)
holiday ▇▇▇▇▇▇├┤                +41.3 ± 3.9  (+31 %)
  price ▏                        −0.2 ± 0.4  a tie
"""

from collections.abc import Sequence
from typing import Protocol

from matplotlib.figure import Figure

from forecast.report.figures.figure import add_frame, empty_figure, round_numbers
from forecast.report.figures.style import INK, house_style, wrapped
from forecast.wording import percent, short_number

BAR = 0.62
BETTER, WORSE, TIE = "#0072B2", "#D55E00", "#BBBBBB"  # Okabe & Ito: told apart by the colour-blind


class WorthBar(Protocol):
    """What is drawn of one covariate."""

    @property
    def covariate(self) -> str:
        """Its name."""

    @property
    def worth(self) -> float:
        """RMSE without it, less RMSE with it, in the target's unit."""

    @property
    def spread(self) -> float | None:
        """Standard deviation of the worth over folds."""

    @property
    def share(self) -> float:
        """The worth as a share of the RMSE with it."""

    @property
    def is_tie(self) -> bool:
        """Whether the difference may be chance."""


@house_style()
def ablation_figure(rows: Sequence[WorthBar], *, target: str, title: str = "") -> Figure:
    """Returns one bar a covariate, the dearest on top, with its spread as a whisker and the numbers beside it.

    Args:
        rows: In the order in which they are drawn.
        target: The unit of the errors.
        title: Above the picture.
    """
    names = [wrapped(row.covariate, 30) for row in rows]
    lines = max((name.count("\n") + 1 for name in names), default=1)
    figure = empty_figure(0.9 + (0.2 + 0.18 * lines) * max(len(rows), 2))
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        colour = TIE if row.is_tie else BETTER if row.worth > 0 else WORSE
        axes.barh(place, row.worth, height=BAR, facecolor=colour, hatch="////" if row.is_tie else None, edgecolor=INK)
        if row.spread:
            axes.errorbar(row.worth, place, xerr=row.spread, color=INK, elinewidth=1.2, capsize=3.5)
        spread = f" ± {short_number(row.spread)}" if row.spread else ""
        text = f"{row.worth:+.4g}{spread}  ({percent(row.share, signed=True)})"
        axes.text(1.015, place, text, transform=axes.get_yaxis_transform(), va="center", fontsize=9.5)
    axes.axvline(0, color=INK, linewidth=1.1)
    axes.set_yticks(range(len(rows)), names, color=INK, fontsize=10)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    round_numbers(axes.xaxis)
    axes.set_xlabel(wrapped(f"rise of the RMSE without it ({target})", 90))
    caption = "To the right: the forecasts lose without it. Hatched grey: a tie, the difference may be chance."
    if any(row.spread for row in rows):
        caption += " Whiskers: ± one standard deviation over folds."
    add_frame(figure, title=title, caption=caption)
    return figure
