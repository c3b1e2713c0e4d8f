"""Residuals of a saved model: one forecast or a few from each origin after the steps that it was trained on.

    trained on             new
    ───────────────────────●●●●●●●●●●●●        each new step is forecast from an origin at most a few steps before it

The steps that a model was trained on say nothing of it: they are judged by the forecasts of ``residuals_of``, none of
which was fitted to them.

Shapes: ``N`` steps of all series together, ``M`` origins, ``k`` steps from each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.parallel import side_by_side
from forecast.run import ALONE, Run

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
MOST_ORIGINS = 500
"""Origins that a model forecasts from, at most, or one for each series: a forecast costs much more than smoothing."""
TOGETHER = 2_000_000
"""Values of all origins' histories that are held at a time."""
HALVES = (0.1586553, 0.8413447)
"""The probabilities one standard deviation from the middle of a normal distribution."""


@dataclass(frozen=True, eq=False)
class ModelSteps:
    """What a model expects of some steps, (K,) each.

    Attributes:
        places: of the steps in the panel's buffer, ascending.
        expected: in the target's unit.
        above, below: how far one standard deviation of its errors reaches.
    """

    places: IntArray
    expected: FloatArray
    above: FloatArray
    below: FloatArray

    def beside(self, others: Self) -> Self:
        """Returns them, of steps that these say nothing of what others do."""
        return self.of((self, others))

    def only(self, chosen: NDArray[np.bool_]) -> Self:
        """Returns those of some of the steps, (K,)."""
        return type(self)(self.places[chosen], self.expected[chosen], self.above[chosen], self.below[chosen])

    @classmethod
    def of(cls, parts: "Sequence[Self]") -> Self:
        """Returns those of several parts; of a step that two say something of, the first one's."""
        names = ("places", "expected", "above", "below")
        places, *numbers = (
            np.concatenate([np.empty(0, dtype=np.int64 if name == "places" else np.float64), *each])
            for name, each in ((name, [getattr(part, name) for part in parts]) for name in names)
        )
        known = np.flatnonzero(~np.isnan(numbers[0]))
        places, first = np.unique(places[known], return_index=True)
        return cls(places, *(number[known[first]] for number in numbers))


def model_steps(
    trained: TrainedModel, panel: Panel, until: IntArray, run: Run = ALONE, only: IntArray | None = None
) -> ModelSteps:
    """Returns what a saved model expects of the newest steps that it was not trained on.

    Args:
        trained: the model; needs a distribution of its errors.
        panel: with newer steps.
        until: (S,) ordinal of the last step of each series that it was trained on, or that it is not to judge.
        run: what to forecast with.
        only: (K,) the series that are forecast; None for all.
    """
    series, lengths, stride = _origins(panel, until, trained.horizon)
    if only is not None:
        series, lengths = series[np.isin(series, only)], lengths[np.isin(series, only)]
    size = max(1, TOGETHER // max(1, int(panel.lengths.max(initial=1))))

    def expected(begin: int) -> list[ModelSteps]:
        own, known = series[begin : begin + size], lengths[begin : begin + size]
        return _of_origins(trained, panel, (own, known, stride), run)

    made = side_by_side(expected, range(0, len(series), size), run.machine.threads)
    return ModelSteps.of([*chain.from_iterable(made)][::-1])


def _of_origins(
    trained: TrainedModel, panel: Panel, origins: tuple[IntArray, IntArray, int], run: Run
) -> list[ModelSteps]:
    """Returns what a model expects of the steps from some origins, step by step; nothing without a distribution.

    Args:
        trained: the model.
        panel: with newer steps.
        origins: the series and the number of known steps of each, (M,), and the steps forecast from each.
        run: what to forecast with.
    """
    own, known, stride = origins
    forecasts = trained.issue(panel.select(own).until(known), stride, run, probabilities=HALVES)[0]
    if forecasts.quantiles is None:
        return []
    low, high = forecasts.quantiles.values
    made = []
    for step in range(stride):
        places = panel.offsets[own] + known + step
        inside = places < panel.offsets[own + 1]
        places, point = places[inside], forecasts.point[inside, step]
        made.append(ModelSteps(places, point, high[inside, step] - point, point - low[inside, step]))
    return made


def _origins(panel: Panel, until: IntArray, horizon: int) -> tuple[IntArray, IntArray, int]:
    """Returns the series and the number of known steps of each origin, (M,), and the steps forecast from each."""
    new = np.clip(panel.last - until, 0, np.maximum(panel.lengths - 1, 0))
    most = max(MOST_ORIGINS, int((new > 0).sum()))
    stride = int(min(horizon, max(1, -(-int(new.sum()) // most))))
    kept = max(1, most // max(1, int((new > 0).sum())))  # origins of each series, the newest
    series: list[IntArray] = []
    lengths: list[IntArray] = []
    for i in np.flatnonzero(new).tolist():
        count = min(kept, -(-int(new[i]) // stride))
        begins = panel.lengths[i] - stride * np.arange(count, 0, -1)
        begins = np.maximum(begins, panel.lengths[i] - new[i])
        lengths.append(np.unique(begins))
        series.append(np.full(len(lengths[-1]), i, dtype=np.int64))
    empty = [np.empty(0, dtype=np.int64)]
    return np.concatenate(series or empty), np.concatenate(lengths or empty).astype(np.int64), stride
