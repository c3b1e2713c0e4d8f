"""Forecasts of some series of a hierarchy with the intervals and quantiles of their joint paths.

Shapes: ``S`` series, ``N`` paths, ``Q`` probabilities, ``H`` horizon.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.evaluation.distribution.coherent_paths import path_quantiles
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.forecaster import Forecasts, Quantiles, ends_of

FloatArray = NDArray[np.float64]


def asked_probabilities(trained: TrainedModel, probabilities: Sequence[float]) -> tuple[float, ...]:
    """Returns all probabilities that are asked for, by themselves or as the ends of intervals, ascending."""
    return tuple(sorted({*probabilities, *chain.from_iterable(map(ends_of, trained.levels))}))


def with_quantiles(
    paths: Iterable[FloatArray], probabilities: Sequence[float], made: list[FloatArray], *, are_counts: bool
) -> Iterator[FloatArray]:
    """Yields the paths of series in turn, (N, H), and puts their quantiles, (Q, H) each, into a list."""
    for own in paths:
        made.append(path_quantiles(own, probabilities, are_counts=are_counts))
        yield own


def bounded_forecasts(
    trained: TrainedModel,
    panel: Panel,
    point: FloatArray,
    bounds: FloatArray | None,
    probabilities: Sequence[float],
    horizon: int,
) -> Forecasts:
    """Returns the forecasts of a panel's series for the first steps.

    Args:
        trained: gives the intervals that are asked for.
        panel: ends at the origin.
        point: (S, H), that adds up.
        bounds: (S, Q, H), quantiles of their paths at ``asked_probabilities``; None where no distribution is known, or
            nothing is asked of it.
        probabilities: of the quantiles that are wanted beside intervals.
        horizon: so many steps.
    """
    every = asked_probabilities(trained, probabilities)
    made = np.full((len(every), *point.shape), np.nan) if bounds is None else np.moveaxis(bounds, 0, 1)
    told = Quantiles(every, made[..., :horizon])
    wanted = [every.index(probability) for probability in probabilities]
    return Forecasts(
        panel.series_ids,
        panel.future_timestamps(horizon),
        point[:, :horizon],
        tuple(told.interval(level) for level in trained.levels) if bounds is not None else (),
        Quantiles(tuple(probabilities), told.values[wanted]) if wanted else None,
        trained.levels,
    )
