"""What series of demand did until an origin, in numbers that don't change with the unit of their values.

Shapes: ``S`` series, ``T`` steps, ``K`` averages, ``F`` inputs of the trees.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import IntArray, Panel
from forecast.data.windows import right_aligned

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class PooledSettings:
    """The numbers by which a series is described at each forecast; chosen by ``benchmarks/tuning/intermittent.py``.

    Attributes:
        history: steps that are looked at.
        half_lives: of the averages; the last is as good as none.
        belief: steps for which what is usual counts in each average,
        size_belief: demands for which the usual size of one does,
        scale_belief: and differences for which a usual one does.
        share: of the trees in the level.
        floor: no rate is below this share of a demand,
        season_floor: and no season below this share of the mean.
        most_steps: a longer history is as good as one of so many.
        block: values that are looked at at a time.
        traits: what the trees look at beside the rate and the averages, ``F − K``, in their order.
        stretches: of the horizon, each of which the trees tell by itself, through logarithms; with 1 they tell the mean
            of the whole horizon, as it is.
    """

    history: int = 400
    half_lives: tuple[float, ...] = (1.0, 3.0, 8.0, 20.0, 1e6)
    belief: float = 0.5
    size_belief: float = 1.0
    scale_belief: float = 2.0
    share: float = 0.75
    floor: float = 1e-4
    season_floor: float = 0.1
    most_steps: int = 60
    block: int = 2_000_000
    traits: int = 10
    stretches: int = 4


@dataclass(frozen=True, eq=False)
class Described:
    """What series did until an origin."""

    averages: FloatArray  # (S, K)
    sizes: FloatArray  # (S,), of a demand
    scales: FloatArray  # (S,), root mean square of the differences
    traits: FloatArray  # (S, F − K), what trees look at besides

    def some(self, which: NDArray[np.bool_]) -> "Described":
        """Returns what some of the series did."""
        return Described(self.averages[which], self.sizes[which], self.scales[which], self.traits[which])

    def inputs(self, rate: FloatArray) -> FloatArray:
        """Returns what the trees look at, (S, F): nothing of it changes with the unit of the values."""
        return np.column_stack([np.log(rate / self.sizes), self.averages[:, 1:] / rate[:, None], self.traits])


def joined(pieces: Sequence[Described]) -> Described:
    """Returns what series of several pieces did, one after another."""
    names = ("averages", "sizes", "scales", "traits")
    return Described(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


def usual_demand(panel: Panel, settings: PooledSettings) -> tuple[float, float]:
    """Returns the share of all steps that have a demand, and the usual size of one."""
    counts = np.zeros(2)
    sizes = []
    for values in right_aligned(panel, settings.history, settings.block):
        sells = values > 0
        counts += sells.sum(), (~np.isnan(values)).sum()
        some = sells.any(axis=1)
        sizes.append(np.where(sells, values, 0.0)[some].sum(axis=1) / sells[some].sum(axis=1))
    every = np.concatenate(sizes) if sizes else np.zeros(0)
    return float(counts[0] / max(counts[1], 1)), float(np.median(every)) if every.size else 1.0


def describe(values: FloatArray, usual: tuple[float, float], settings: PooledSettings) -> Described:
    """Returns what series did until their last step, (S, T)."""
    known = ~np.isnan(values)
    values = np.where(known, values, 0.0)
    count, sells = known.sum(axis=1), values > 0
    demands, total = sells.sum(axis=1), values.sum(axis=1)
    chance, size = usual
    sizes = (total + settings.size_belief * size) / (demands + settings.size_belief)
    back = np.arange(values.shape[1])[::-1]
    averages, belief = [chance * sizes], settings.belief
    for half_life in settings.half_lives:
        weights = 0.5 ** (back / half_life)
        own = (values * weights).sum(axis=1)
        averages.append((own + belief * averages[0]) / ((known * weights).sum(axis=1) + belief))
    both = known[:, 1:] & known[:, :-1]
    squares = np.where(both, np.diff(values, axis=1) ** 2, 0.0).sum(axis=1)
    likely = 2 * chance * sizes**2
    doubt = settings.scale_belief
    scales = np.sqrt((squares + doubt * likely) / (both.sum(axis=1) + doubt))
    return Described(
        np.stack(averages, axis=1),
        sizes,
        np.maximum(scales, settings.floor * sizes),
        _traits(values, sells, count, sizes / size, sizes, settings)[:, : settings.traits],
    )


def _traits(
    values: FloatArray,
    sells: NDArray[np.bool_],
    count: IntArray,
    relative: FloatArray,
    sizes: FloatArray,
    settings: PooledSettings,
) -> FloatArray:
    """Returns what trees look at beside the averages, and may: the last demand and their number, spread and sizes.

    The last three are how long it has sold, the steps without a demand over those that usually are, and how large the
    last one was.
    """
    demands = sells.sum(axis=1)
    some = np.maximum(demands, 1)
    since = np.where(demands > 0, np.argmax(sells[:, ::-1], axis=1), count)
    age = np.where(demands > 0, values.shape[1] - np.argmax(sells, axis=1), 0)
    newest = np.take_along_axis(values, values.shape[1] - 1 - np.minimum(since, values.shape[1] - 1)[:, None], axis=1)
    mean = values.sum(axis=1) / some
    spread = np.sqrt(np.maximum((values**2).sum(axis=1) / some - mean**2, 0))
    most = settings.most_steps
    return np.column_stack(
        [
            np.minimum(since, most),
            demands / np.maximum(count, 1),
            np.minimum(demands, most),
            np.minimum(count, most),
            np.where(demands > 1, spread / np.maximum(mean, 1e-300), -1.0),
            values.max(axis=1, initial=0.0) / sizes,
            np.log(relative),
            np.minimum(age, most),
            since / np.maximum(age / some, 1),
            newest[:, 0] / sizes,
        ]
    )
