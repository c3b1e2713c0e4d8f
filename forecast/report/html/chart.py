"""A picture inside a page: lines and bars that stretch with the window, and words beside them that do not.

    tick ─┬──────────────┬─ end      the frame is drawn in thousandths of its own width and height, and a browser
    tick ─┤ marks        ├─ end      stretches it; ticks, names and notes are text of the page, so that they are as
          ╰──┴────┴────┴─╯           large on a phone as on a wall, and colours are those of the page's theme
           tick tick tick

Places are shares of the frame from 0 to 1, from the left and from the bottom.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forecast.models.forecaster import FloatArray
from forecast.models.model_style import ModelStyle
from forecast.report.figures.figure import EARLIEST, undated
from forecast.report.figures.style import styles_of
from forecast.report.figures.ticks import dates_between, round_counts, round_values, row_numbers

Shape = Literal["line", "band", "bar", "dots", "rule"]
SIZE = 1000
"""The frame's width and height in its own units."""
MOST_POINTS = 1200
"""A line of more points is drawn through the lowest and the highest of each strip."""
THICKEST, THINNER, THINNEST = 3.4, 1.0, 1.2
"""Pixels of the best network's line, of what each next one is thinner by, and of the thinnest."""
WIDE, NARROW = 8, 4
"""Labels below a picture: on a desk, and on a phone."""


@dataclass(frozen=True)
class Tick:
    """A label at an axis."""

    place: float
    text: str


@dataclass(frozen=True)
class Look:
    """How a mark is drawn: a colour of the page's theme by its name, or a model's own colour."""

    name: str  # of a class of the style sheet
    colour: str = ""
    dashes: str = ""
    width: float = 0.0  # of a line, in pixels; 0 for that of the class

    @classmethod
    def of(cls, style: ModelStyle) -> "Look":
        """Returns the look of a model."""
        dashes = style.dashes[1] if isinstance(style.dashes, tuple) else ()
        return cls("baseline" if style.is_baseline else "network", style.colour, " ".join(f"{d:g}" for d in dashes))


def looks_of(models: Iterable[str]) -> dict[str, Look]:
    """Returns the look of each model, in the order in which they are drawn: baselines, then networks by rank.

    Each network is thinner than the one before it, so that two that say the same can both be seen.
    """
    looks = {model: Look.of(style) for model, style in styles_of(models).items()}
    networks = [model for model, look in looks.items() if look.name == "network"]
    drawn = {model: look for model, look in looks.items() if model not in networks}
    widths = {model: max(THICKEST - rank * THINNER, THINNEST) for rank, model in enumerate(networks)}
    return drawn | {model: replace(looks[model], width=width) for model, width in widths.items()}


@dataclass(frozen=True)
class Mark:
    """Something drawn, and what is said of it when a finger or a mouse rests on it."""

    shape: Shape
    path: str  # of an SVG
    look: Look
    title: str = ""


@dataclass(frozen=True)
class Key:
    """A line of the legend; where the shape always lies on others in the chart, ``under`` says on which."""

    text: str
    shape: Shape
    look: Look
    under: tuple[Look, ...] = ()


@dataclass(frozen=True)
class End:
    """A name at the right end of a line."""

    place: float
    text: str
    look: Look
    shape: Shape = "line"


@dataclass(frozen=True)
class Chart:
    """One picture.

    Attributes:
        label: what it shows, for those who can't see it.
        title: above it.
        ends: names at the right ends of lines.
        days, days_narrow: ticks below, on a desk and on a phone.
        unit: what the numbers at the left are.
        below: what the ticks below are, or the part of the date that they share.
        height: of the frame, in rem.
        has_grid: lines across at the ticks on the left.
        image: the address of a picture that fills the frame below the marks, a pixel a value; none if empty.
        room: the longest text at the left of charts below one another, so that their frames begin at one place.
    """

    label: str
    marks: tuple[Mark, ...]
    left: tuple[Tick, ...]
    days: tuple[Tick, ...]
    days_narrow: tuple[Tick, ...]
    title: str = ""
    unit: str = ""
    below: str = ""
    ends: tuple[End, ...] = ()
    height: float = 16.0
    has_grid: bool = True
    image: str = ""
    room: str = ""

    @property
    def widest_left(self) -> str:
        """The longest text at the left, by which the room for it is measured."""
        return max((self.room, *(tick.text for tick in self.left)), key=len)

    @property
    def widest_end(self) -> str:
        """The longest name at the right."""
        return max((end.text for end in self.ends), key=len, default="")


@dataclass(frozen=True)
class Axis:
    """Values from ``low`` to ``high`` as places from 0 to 1."""

    low: float
    high: float

    def places(self, values: ArrayLike) -> FloatArray:
        """Returns where values lie; beyond 0 and 1 where they lie outside."""
        return (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)

    def place(self, value: float) -> float:
        """Returns where a value lies."""
        return float(self.places(value))


def days_of(timestamps: NDArray[np.datetime64]) -> FloatArray:
    """Returns timestamps as days since 1970."""
    return timestamps.astype("datetime64[s]").astype(np.int64) / 86_400


def number_ticks(axis: Axis, most: int = 5) -> tuple[Tick, ...]:
    """Returns round numbers on the axis, with commas between thousands."""
    return _within(axis, round_values(axis.low, axis.high, most), lambda value: f"{value:,.10g}")


def count_ticks(axis: Axis, most: int) -> tuple[Tick, ...]:
    """Returns whole numbers on the axis."""
    return _within(axis, round_counts(axis.low, axis.high, most), lambda value: f"{value:,.0f}")


def date_ticks(axis: Axis, most: int) -> tuple[tuple[Tick, ...], str]:
    """Returns dates on an axis of days, or numbers of rows, and the part of the date that they all share."""
    if axis.low < EARLIEST:
        return _within(axis, row_numbers(axis.low, axis.high, most), undated), ""
    found, texts, shared = dates_between(axis.low, axis.high)
    kept = _most_telling(texts, -(-len(found) // most) or 1)
    return tuple(Tick(axis.place(found[i]), texts[i]) for i in kept), shared


def _most_telling(texts: Sequence[str], step: int) -> range:
    """Returns each ``step``-th place, from where the labels say most: years, then names of months."""
    worth = [2 * text.isdigit() if len(text) == 4 else any(map(str.isalpha, text)) for text in texts]
    return range(max(range(step), key=lambda start: sum(worth[start::step])), len(texts), step)


def _within(axis: Axis, values: Sequence[float], write: Callable[[float], str]) -> tuple[Tick, ...]:
    slack = 1e-9 * (axis.high - axis.low)
    inside = [value for value in values if axis.low - slack <= value <= axis.high + slack]
    return tuple(Tick(axis.place(value), write(value)) for value in inside)


def line_path(across: FloatArray, up: FloatArray) -> str:
    """Returns the path of a line, broken where a value is NaN; a point between two gaps becomes a dot."""
    pieces = []
    for part in _unbroken(up):
        places = _thinned(across[part], up[part])
        steps = "L".join(_point(x, y) for x, y in zip(*places, strict=True))
        pieces.append(f"M{steps}" + ("h0" if places[0].size == 1 else ""))
    return "".join(pieces)


def band_path(across: FloatArray, lower: FloatArray, upper: FloatArray) -> str:
    """Returns the path around all that lies between two lines; nothing where either is NaN."""
    pieces = []
    for part in _unbroken(lower + upper):
        if np.ptp(across[part]) == 0:  # a band without width could not be seen
            x = float(across[part][0])
            pieces.append(bar_path(x - 0.012, x + 0.012, float(lower[part][0]), float(upper[part][0])))
            continue
        over, under = _thinned(across[part], upper[part]), _thinned(across[part], lower[part])
        points = [_point(x, y) for x, y in zip(*over, strict=True)]
        points += [_point(x, y) for x, y in reversed(list(zip(*under, strict=True)))]
        pieces.append(f"M{'L'.join(points)}Z")
    return "".join(pieces)


def bar_path(left: float, right: float, bottom: float, top: float) -> str:
    """Returns the path of an upright rectangle."""
    return f"M{_point(left, bottom)}L{_point(right, bottom)}L{_point(right, top)}L{_point(left, top)}Z"


def dots_path(across: FloatArray, up: FloatArray) -> str:
    """Returns the path of points alone; a stroke with round ends makes dots of them."""
    return "".join(f"M{_point(x, y)}h0" for x, y in zip(across, up, strict=True) if np.isfinite(y))


def rule_path(across: float) -> str:
    """Returns the path of an upright line through the whole frame."""
    return f"M{_point(across, 0)}L{_point(across, 1)}"


def spread_apart(places: Sequence[float], gap: float) -> list[float]:
    """Returns places near the given ones, in their order, at least a gap apart and none above 1."""
    order = np.argsort(places, kind="stable")
    moved = np.clip(np.asarray(places, dtype=float)[order], 0, 1)
    for i in range(1, moved.size):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    if moved.size:
        moved[-1] = min(moved[-1], 1.0)
    for i in range(moved.size - 2, -1, -1):
        moved[i] = min(moved[i], moved[i + 1] - gap)
    result = np.empty(moved.size)
    result[order] = moved
    return [float(place) for place in result]


def _unbroken(values: FloatArray) -> list[slice]:
    """Returns the stretches without a NaN."""
    known = np.concatenate([[False], np.isfinite(values), [False]]).astype(int)
    edges = np.diff(known)
    return [slice(a, b) for a, b in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)]


def _thinned(across: FloatArray, up: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Returns a line without points that could not be told apart: the lowest and the highest of each strip stay."""
    if up.size <= MOST_POINTS:
        return across, up
    kept = {0, up.size - 1}
    for strip in np.array_split(np.arange(up.size), MOST_POINTS // 2):
        kept |= {int(strip[up[strip].argmin()]), int(strip[up[strip].argmax()])}
    chosen = np.array(sorted(kept))
    return across[chosen], up[chosen]


def _point(x: float, y: float) -> str:
    """Returns a point of the frame; what lies far outside is brought near, where it is cut off all the same."""
    x, y = (min(max(place, -9.0), 9.0) for place in (x, 1 - y))
    return f"{SIZE * x:.1f} {SIZE * y:.1f}"
