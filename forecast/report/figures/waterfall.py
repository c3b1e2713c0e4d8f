"""The picture of a what-if: from the forecast as it is to what it would be, one bar a part.

as it is  ▇▇▇▇▇▇▇▇▇▇▇▇            244,000
promo                 ▇▇▇▇▇       +31,000
price                    ▇▇        −9,000
what if   ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇         266,000
"""

from collections.abc import Sequence

from matplotlib.figure import Figure

from forecast.report.figures.figure import SLIDE, add_frame, empty_figure, round_numbers
from forecast.report.figures.style import INK, MUTED, house_style, wrapped
from forecast.specs import PictureSize
from forecast.wording import about

UP, DOWN, WHOLE = "#0072B2", "#D55E00", "#8A939C"  # Okabe & Ito: told apart by the colour-blind
BAR, AIR = 0.62, 0.06
SHOWN = 0.25
"""Where all parts together are less than this share of the whole, the axis does not begin at zero."""


@house_style()
def waterfall_figure(
    start: float,
    parts: Sequence[tuple[str, float]],
    end: float,
    *,
    target: str,
    title: str = "",
    caption: str = "",
    size: PictureSize = "page",
) -> Figure:
    """Returns both forecasts and between them a bar for each part that leads from one to the other.

    Args:
        start: the forecast as it is.
        parts: name and value of each; they add up to the difference.
        end: what it would be.
        target: the unit.
        title: above the picture.
        caption: what the parts are.
        size: of the picture.
    """
    names = ["as it is", *(wrapped(name, 30) for name, _ in parts), "what if"]
    figure = empty_figure(0.9 + 0.38 * len(names))
    axes = figure.add_subplot()
    levels = [start]
    for _, value in parts:
        levels.append(levels[-1] + value)
    low, high = min(*levels, end), max(*levels, end)
    moved = high - low
    is_cut = low > 0 and 0 < moved < SHOWN * high
    left = low - moved if is_cut else min(0.0, low)
    for place, value in ((0, start), (len(names) - 1, end)):
        axes.barh(place, value - left, left=left, height=BAR, facecolor=WHOLE, edgecolor=INK)
    for place, ((_, value), before) in enumerate(zip(parts, levels, strict=False), start=1):
        axes.barh(place, value, left=before, height=BAR, facecolor=UP if value >= 0 else DOWN, edgecolor=INK)
        axes.plot([before, before], [place - 1 + BAR / 2, place - BAR / 2], color=MUTED, linewidth=0.8)
    axes.plot([levels[-1]] * 2, [len(names) - 2 + BAR / 2, len(names) - 1 - BAR / 2], color=MUTED, linewidth=0.8)
    texts = [about(start, 4), *(f"{'+' if value > 0 else ''}{about(value)}" for _, value in parts), about(end, 4)]
    for place, text in enumerate(texts):
        axes.text(1.015, place, text, transform=axes.get_yaxis_transform(), va="center", fontsize=9.5)
    axes.set_yticks(range(len(names)), names, color=INK, fontsize=10)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(left, high + AIR * ((high - left) or 1.0))
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    round_numbers(axes.xaxis)
    axes.set_xlabel(wrapped(target, 90))
    cut = "The axis does not begin at zero." if is_cut else ""
    add_frame(
        figure, title=title, caption=" ".join(filter(None, (caption, cut))), total=SLIDE if size == "slide" else None
    )
    return figure
