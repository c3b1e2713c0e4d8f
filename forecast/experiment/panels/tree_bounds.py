"""Forecasts of some series of a hierarchy with the intervals and quantiles of their joint paths.

Shapes: ``S`` series, ``N`` paths, ``H`` horizon.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.forecaster import Forecasts, Quantiles, ends_of

FloatArray = NDArray[np.float64]


def asked_probabilities(trained: TrainedModel, probabilities: Sequence[float]) -> tuple[float, ...]:
    """Returns all probabilities that are asked for, by themselves or as the ends of intervals, ascending."""
    return tuple(sorted({*probabilities, *chain.from_iterable(map(ends_of, trained.levels))}))


def bounded_forecasts(
    trained: TrainedModel,
    panel: Panel,
    point: FloatArray,
    paths: Iterator[FloatArray] | None,
    probabilities: Sequence[float],
    horizon: int,
) -> Forecasts:
    """Returns the forecasts of a panel's series for the first steps.

    Args:
        trained: gives the intervals that are asked for.
        panel: ends at the origin.
        point: (S, H), that adds up.
        paths: of each series in turn, (N, H); None where no distribution is known, or nothing is asked of it.
        probabilities: of the quantiles that are wanted beside intervals.
        horizon: so many steps.
    """
    every = asked_probabilities(trained, probabilities)
    made = np.full((len(every), *point.shape), np.nan)
    for place, own in enumerate(paths or ()):
        made[:, place] = np.quantile(own, every, axis=0)
    bounds = Quantiles(every, made[..., :horizon])
    wanted = [every.index(probability) for probability in probabilities]
    return Forecasts(
        panel.series_ids,
        panel.future_timestamps(horizon),
        point[:, :horizon],
        tuple(bounds.interval(level) for level in trained.levels) if paths is not None else (),
        Quantiles(tuple(probabilities), bounds.values[wanted]) if wanted else None,
        trained.levels,
    )
