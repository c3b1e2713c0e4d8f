"""Cells on equal terms: as many parameters for each as the LSTM has."""

from collections.abc import Mapping
from math import prod

from forecast.models.networks.recurrent import weight_shapes
from forecast.specs import CELLS, ModelSpec

REFERENCE = "lstm"
MOST_UNITS = 4096


def spec_parameters(spec: ModelSpec) -> int:
    """Returns the trainable numbers in one network of a spec: embedding, cells, head and highway together."""
    return sum(prod(shape) for shape in weight_shapes(spec).values())


def match_parameters(specs: Mapping[str, ModelSpec], budget: int) -> dict[str, ModelSpec]:
    """Returns the specs with the units of each recurrent cell that come nearest to ``budget`` parameters.

    The others, such as the linear highway alone, have no units to choose and stay as they are.
    """
    return {cell: _matched(spec, budget) if cell in CELLS else spec for cell, spec in specs.items()}


def _matched(spec: ModelSpec, budget: int) -> ModelSpec:
    low, high = 1, MOST_UNITS  # the count grows with the units: halve until two neighbours stand around the budget
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if spec_parameters(spec.with_(units=middle)) <= budget else (low, middle)
    return min((spec.with_(units=units) for units in (low, high)), key=lambda one: abs(spec_parameters(one) - budget))
