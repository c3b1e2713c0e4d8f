"""What all pictures share: the empty figure, its title, legend, caption and axes, and its bytes."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import MONTHLY, AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, StrMethodFormatter
from numpy.typing import ArrayLike

from forecast.data.frequency import ROW_ZERO
from forecast.models.forecaster import FloatArray
from forecast.models.model_style import ModelStyle
from forecast.report.figures.style import INK, MUTED, WIDTH, breadth, house_style, wrapped
from forecast.specs import PictureSize

Drawing: TypeAlias = Figure
"""What a picture is drawn on, for those who know no matplotlib."""
Kind = Literal["png", "svg", "pdf"]

# No dates and no program versions: the same picture is the same bytes tomorrow.
METADATA: dict[Kind, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
CUT_OFF = "A line that leaves the picture at the top belongs to a model far worse than the others."
FAR_OFF = 6.0  # times the median: a model beyond it would press all others into a corner
TITLE_LINE, LEGEND_LINE, LABEL_LINE, CAPTION_LINE = 0.25, 0.2, 0.155, 0.14  # inches a line of text takes
MARGIN = 0.1
LEGEND_WIDTH, LEGEND_MARK = 118, 8  # letters of a whole line; what the sample before each name takes of it
EARLIEST = -718_797  # 0002-01-01 in days since 1970; matplotlib knows no year before 1
MARKERS = 9  # on one line, at most
SLIDE = WIDTH * 9 / 16
"""Height of a slide in inches of a picture, which is drawn smaller than the slide, and blown up to it."""
SLIDE_WIDTH, SLIDE_DOTS = 40 / 3, 200
"""Inches of a wide slide, and dots on each."""


@dataclass(frozen=True)
class EndLabel:
    """A name to write at the right end of a line."""

    text: str
    y: float  # where the line ends, in data units
    style: ModelStyle


@house_style()
def render(figure: Figure, kind: Kind, size: PictureSize = "page") -> bytes:
    """Returns the picture as the content of a file; the same figure gives the same bytes.

    A PNG for a slide has the pixels of a wide slide of 200 dots an inch, so that its text is as large as a slide's.
    """
    buffer = io.BytesIO()
    more: dict[str, Any] = {}
    if size == "slide" and kind == "png":
        more = {"dpi": SLIDE_DOTS * SLIDE_WIDTH / WIDTH, "pil_kwargs": {"dpi": (SLIDE_DOTS, SLIDE_DOTS)}}
    figure.savefig(buffer, format=kind, metadata=METADATA[kind], **more)
    return buffer.getvalue()


def empty_figure(height: float) -> Figure:
    """Returns a figure of so many inches for the axes alone; it needs no display and no global state."""
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    return figure


def add_frame(
    figure: Figure,
    *,
    title: str = "",
    legend: Mapping[str, Any] | None = None,
    caption: str = "",
    total: float | None = None,
) -> None:
    """Finishes the figure: title and legend above the axes, caption below; it grows by what they need.

    Of a figure that is to be ``total`` inches high the axes have what is left.

    matplotlib's own layout would print the legend over the title, so the heights are added up here. Then all
    places are settled once, so that each kind of file shows the same picture.
    """
    above, below = wrapped(title, 90), wrapped(caption, 160)
    labels = [wrapped(label, 40) for label in legend or {}]
    columns, legend_lines = _legend_shape(labels)
    title_height = TITLE_LINE * _lines(above)
    head = 2 * MARGIN + title_height + LEGEND_LINE * legend_lines
    foot = 2 * MARGIN + CAPTION_LINE * _lines(below)

    height = total or figure.get_figheight() + head + foot
    figure.set_figheight(height)
    room = (0.005, foot / height, 0.99, 1 - (head + foot) / height)  # left, bottom, width, height
    figure.set_layout_engine(ConstrainedLayoutEngine(rect=room))
    left, top = MARGIN / WIDTH, 1 - MARGIN / height
    figure.text(left, top, above, fontsize=12, fontweight="bold", va="top", gid="title")
    figure.text(left, MARGIN / height, below, fontsize=8, color=MUTED, va="bottom", gid="caption")
    if legend:
        corner = (left, top - title_height / height)
        figure.legend(
            list(legend.values()),
            labels,
            loc="upper left",
            bbox_to_anchor=corner,
            ncols=columns,
            columnspacing=1.6,
            borderpad=0,
            borderaxespad=0,
        )
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:  # the layout's last digits differ from run to run
        axes.set_position(np.round(axes.get_position().bounds, 6))


def _legend_shape(labels: Sequence[str]) -> tuple[int, int]:
    """Returns the most columns of names that fit beside each other, and the lines of the longest column."""
    widths = [max(map(breadth, label.split("\n"))) + LEGEND_MARK for label in labels]
    columns = max(len(labels), 1)
    while columns > 1 and sum(part.max() for part in np.array_split(widths, columns)) > LEGEND_WIDTH:
        columns -= 1
    lines = np.array_split([max(_lines(label), 1) for label in labels], columns)
    return columns, max(int(part.sum()) for part in lines)


def _lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def number_axis(axes: Axes, label: str) -> None:
    """Gives the upright axis a name, and its numbers commas between thousands."""
    axes.set_ylabel(wrapped(label, 36))
    round_numbers(axes.yaxis)


def draw_model(axes: Axes, places: ArrayLike, values: FloatArray, style: ModelStyle) -> Line2D:
    """Draws the line of one model with about eight of its markers; networks lie above baselines."""
    (line,) = axes.plot(
        places,
        values,
        color=style.colour,
        linestyle=style.dashes,
        linewidth=1.3 if style.is_baseline else 1.8,
        marker=style.marker,
        markevery=-(-values.size // MARKERS) or 1,
        zorder=4 if style.is_baseline else 5,
    )
    return line


def round_numbers(axis: Axis) -> None:
    """Gives the axis about six round numbers, with commas between thousands."""
    axis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
    axis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))


def date_axis(axes: Axes, labels: int = 8) -> None:
    """Writes each date in as few letters as tell it from its neighbours, and the numbers of rows as they are."""
    first, _ = axes.get_xlim()  # days since 1970
    if first < EARLIEST:
        axes.xaxis.set_major_locator(MaxNLocator(labels, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda day, _: undated(day)))
        return
    # matplotlib.dates has no types yet.
    locator = AutoDateLocator(minticks=3, maxticks=labels)
    locator.intervald[MONTHLY] = [1, 2, 3, 4, 6, 12]  # or two years with few labels would have no fitting interval
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def undated(day: float) -> str:
    """Returns what a day is called that lies before all dates that matplotlib knows: a row, or a month of year 0."""
    return _row(day) if day < ROW_ZERO / 2 else _month(day)


def _row(day: float) -> str:
    return f"{day - ROW_ZERO:,.0f}"


def _month(day: float) -> str:
    return str(np.datetime64(int(day), "D").astype("datetime64[M]"))


def sensible_top(heights: Iterable[float]) -> float | None:
    """Returns where to cut the axis when one height is far above the median, or None when none is."""
    finite = np.array([height for height in heights if np.isfinite(height)])
    if finite.size == 0:
        return None
    limit = FAR_OFF * float(np.quantile(finite, 0.5, method="lower"))
    if not 0 < limit < finite.max():
        return None
    return 1.25 * float(finite[finite <= limit].max())


def label_ends(axes: Axes, labels: Sequence[EndLabel], inches: float) -> None:
    """Writes each name to the right of the axes at its line's end, moved apart where names would overlap.

    Args:
        axes: With the final limits of their upright axis.
        labels: In any order.
        inches: About the height of the axes.
    """
    bottom, top = axes.get_ylim()
    ordered = sorted(labels, key=lambda label: label.y)
    texts = [wrapped(label.text, 26) for label in ordered]
    heights = np.array([_lines(text) * LABEL_LINE / inches for text in texts])
    ends = np.clip([(label.y - bottom) / (top - bottom) for label in ordered], 0, 1)
    for label, text, end, place in zip(ordered, texts, ends, _spread(ends, heights), strict=True):
        style = label.style
        axes.plot(
            [1.0, 1.02, 1.05],
            [end, place, place],
            transform=axes.transAxes,
            clip_on=False,
            color=style.colour,
            linestyle=style.dashes,
            linewidth=1.2,
            marker=style.marker,
            markevery=[2],
            markersize=5,
        )
        axes.text(
            1.065,
            place,
            text,
            transform=axes.transAxes,
            va="center_baseline",
            fontsize=9,
            color=INK,
            linespacing=1.05,
        )


def _spread(centres: FloatArray, heights: FloatArray) -> FloatArray:
    """Returns ascending places near the ascending centres, at least the mean of two heights apart."""
    places = centres.copy()
    gaps = (heights[:-1] + heights[1:]) / 2
    for i in range(1, places.size):
        places[i] = max(places[i], places[i - 1] + gaps[i - 1])
    if places.size and places[-1] > 1:
        places[-1] = 1
        for i in range(places.size - 2, -1, -1):
            places[i] = min(places[i], places[i + 1] - gaps[i])
    return places
