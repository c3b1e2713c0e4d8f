"""How much wider than a version's own the next intervals of the champion are, and why (standard library only)."""

from dataclasses import dataclass

from forecast.decoding import Document
from forecast.interval_levels import MAIN
from forecast.wording import counted, percent

LEAST, MOST = 0.5, 3.0
"""No intervals become narrower or wider than by these factors: beyond, a model is to be trained anew."""
DECIMALS = 3
"""Of a factor, so that it is the same number in the store, in tables and in sentences."""


@dataclass(frozen=True)
class Widening(Document):
    """The factor by which the champion's next intervals, quantiles and paths differ from its own.

    Attributes:
        factor: 1 for as wide as the version's own, more for wider.
        level: of the intervals that were counted, in per cent.
        held: share of the newest issued points that lay in their version's own interval of that level; None of none.
        points: that this share stands on: issued, and come true.
        origins: that these were issued from.
        since: when the factor was set, in ISO 8601; empty where it never was.
    """

    factor: float = 1.0
    level: float = MAIN
    held: float | None = None
    points: int = 0
    origins: int = 0
    since: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether the factor is one that this program gives."""
        return LEAST <= self.factor <= MOST


USUAL = Widening()


def is_own_width(factor: float) -> bool:
    """Returns whether a factor is 1, or so near to it that no sentence tells of it."""
    return round(100 * abs(factor - 1)) == 0


def width_text(factor: float) -> str:
    """Returns how wide intervals are beside a version's own: ``14 % wider``, ``8 % narrower``."""
    return f"{round(100 * abs(factor - 1))} % {'wider' if factor > 1 else 'narrower'}"


def widening_sentence(label: str, widening: Widening) -> str:
    """Returns how a version's next intervals differ from its own, and why; empty where they don't.

    Args:
        label: of the version, such as ``v2``.
        widening: of it.
    """
    if is_own_width(widening.factor):
        return ""
    return f"Intervals are {width_text(widening.factor)} than {label}'s own: {held_text(widening)}."


def held_text(widening: Widening) -> str:
    """Returns in words how many of the newest truths lay in intervals of the version's own width."""
    newest, level = counted(widening.points, "issued point"), f"{widening.level:g} % interval"
    return f"of the last {newest} that came true, {percent(widening.held)} lay in their version's own {level}"
