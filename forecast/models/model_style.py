"""How a model is drawn: part of its record, the same in every picture."""

from dataclasses import dataclass

Dashes = str | tuple[float, tuple[float, ...]]


@dataclass(frozen=True)
class ModelStyle:
    """Colour, line and marker of one model."""

    colour: str
    marker: str
    dashes: Dashes = "solid"
    is_baseline: bool = False
