"""The first page of a site of models: a row each, what is not well at the top; sortable where scripts are allowed.

A row is small, so that a thousand of them are a page that a phone opens: a sparkline is one line of whole numbers.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.models.forecaster import FloatArray
from forecast.report.html.page import Fact, PageWriter

WIDE, HIGH = 120, 24
"""Of a sparkline, in its own units."""
MOST_PAST, MOST_NEXT = 48, 24
"""Points of a sparkline before the origin and after it."""
MARK = b'<meta name="generator" content="forecast report --all">'
"""Stands near the beginning of every such page: whoever replaces one knows it by that."""
MARK_WITHIN = 2_000

Grade = Literal["good", "warning", "error"]


@dataclass(frozen=True)
class Sparkline:
    """What came and what is forecast, as two lines of whole numbers."""

    past: str
    ahead: str


@dataclass(frozen=True)
class SiteCell:
    """A cell of the index.

    Attributes:
        note: in small letters below.
        order: what it is sorted by; None where it is not known, and comes last either way.
    """

    text: str
    note: str = ""
    order: float | None = None


@dataclass(frozen=True)
class SiteRow:
    """A model.

    Attributes:
        page: address of its page; empty where there is none.
        health: its state in short.
        why: what is wrong, in a sentence.
        cells: of the columns.
    """

    name: str
    page: str
    health: str
    grade: Grade
    why: str
    sparkline: Sparkline | None
    cells: tuple[SiteCell, ...]


@dataclass(frozen=True)
class SiteColumn:
    """A column after the name, the state and the sparkline."""

    title: str
    is_spare: bool = False  # a phone has no room for it
    is_text: bool = False


@dataclass(frozen=True)
class SiteIndex:
    """All models of a store."""

    title: str
    about: str
    lead: tuple[str, ...]
    facts: tuple[Fact, ...]
    columns: tuple[SiteColumn, ...]
    rows: tuple[SiteRow, ...]
    foot: str


def render_index(index: SiteIndex, writer: PageWriter) -> bytes:
    """Returns the page as the content of a file; the browser runs the one script that stands in it, and no other."""
    script = writer.source("sort.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    graded = {"error": 0, "warning": 1, "good": 2}
    return writer.fill(
        "index.html", index=index, script=script, digest=digest, graded=graded, wide=WIDE, high=HIGH, mark=MARK.decode()
    )


def sparkline_of(past: FloatArray, ahead: FloatArray) -> Sparkline | None:
    """Returns the newest values and the forecast as lines; None where there is nothing to draw.

    Args:
        past: (T,) oldest first; NaN where nothing was observed.
        ahead: (H,) the forecast.
    """
    past, ahead = past[-MOST_PAST:], _thinned(ahead, MOST_NEXT)
    values = np.concatenate([past, ahead])
    known = values[np.isfinite(values)]
    if known.size < 2:
        return None
    low, high = float(known.min()), float(known.max())
    across = np.arange(values.size) * WIDE / (values.size - 1)
    up = HIGH - 2 - (values - low) / ((high - low) or 1.0) * (HIGH - 4)
    points = [f"{x:.0f},{y:.0f}" if np.isfinite(y) else "" for x, y in zip(across, up, strict=True)]
    return Sparkline(*(" ".join(filter(None, part)) for part in (points[: past.size], points[max(past.size - 1, 0) :])))


def _thinned(values: FloatArray, most: int) -> FloatArray:
    """Returns so many values at most, evenly chosen, the first and the last among them."""
    chosen = np.linspace(0, max(values.size - 1, 0), min(values.size, most)).astype(int)
    return values.take(np.unique(chosen))
