"""The predictive distribution of a version as an entry of its manifest and arrays of its weights, and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.decoding import Document, MayLack
from forecast.evaluation.distribution.counts import CountShape
from forecast.evaluation.distribution.difficulty import FEATURES
from forecast.evaluation.distribution.distribution import MOST_PHASES, Distribution
from forecast.evaluation.distribution.paths import Dependence
from forecast.evaluation.distribution.shape import GRID, Symmetry
from forecast.evaluation.distribution.spread import Hardness, Spread
from forecast.evaluation.intervals import Calibration
from forecast.models.networks.serialization import Arrays

LEAST_STEP = 1e-6
LARGEST = 1e4
"""More than any number of a distribution but errors: they are ratios and logarithms of such."""
FARTHEST = 1e100
"""More than any error, or size of a demand, over what was expected: digits too many in the data make it a million."""

COUNT_FIELDS = ("usual", "start", "slope", "is_whole", "interval", "few")
FIRST_FUTURES, MOST_FUTURES = 1000, 100_000


@dataclass(frozen=True, kw_only=True)
class CountEntry(Document):
    """What a manifest says of a distribution of counts; see ``CountShape``."""

    usual: float
    start: float
    slope: float
    is_whole: bool
    interval: MayLack[float] = None
    few: MayLack[float] = None
    are_lone: MayLack[bool] = None


@dataclass(frozen=True, kw_only=True)
class DistributionEntry(Document):
    """What a manifest says of a distribution; its numbers by series and step are arrays.

    Attributes:
        symmetry: the scale on which errors are alike.
        share: of a series' level that is added before a root or a logarithm.
        stretch: how many times as far as on the level a value may move up there.
        probabilities: at which it is kept.
        features: by which errors are expected to be larger or smaller.
        phases: of the season, each with its own hardness; 1 for none.
        common: share of the variance that all series have in common.
        levels: of the intervals that are given unasked, in per cent.
        futures: joint paths by which totals are told; the first versions did not say so.
        counts: of demand that comes now and then; None of other data.
        rare: of some series, such as leaves of a hierarchy that sell now and then; None where there are none.
    """

    symmetry: Symmetry
    share: float
    stretch: float
    probabilities: tuple[float, ...]
    features: tuple[str, ...]
    phases: int
    common: float
    levels: tuple[float, ...]
    futures: MayLack[int] = None
    counts: MayLack[CountEntry | None] = None
    rare: MayLack[CountEntry | None] = None


def pack_distribution(
    distribution: Distribution, levels: tuple[float, ...]
) -> tuple[DistributionEntry, dict[str, NDArray[Any]]]:
    """Returns the entry of a manifest and the arrays by name."""
    hardness, spread, counts = distribution.hardness, distribution.spread, distribution.counts
    entry = DistributionEntry(
        symmetry=distribution.symmetry,
        share=distribution.share,
        stretch=distribution.stretch,
        probabilities=distribution.probabilities,
        features=FEATURES,
        phases=hardness.phases.shape[1],
        common=distribution.dependence.share,
        levels=levels,
        futures=distribution.futures,
        counts=_count_entry(counts),
        rare=_count_entry(distribution.rare),
    )
    arrays = {
        "table": distribution.table,
        "slopes": spread.slopes,
        "means": spread.means,
        "profile": spread.profile,
        "own": hardness.own,
        "phases": hardness.phases,
        "common": distribution.dependence.common,
        "together": distribution.dependence.own,
    }
    if counts:
        arrays["sizes"] = counts.sizes
    if distribution.rare:
        arrays["rare"] = distribution.rare.sizes
    return entry, {f"distribution/{name}": array for name, array in arrays.items()}


def load_distribution(
    entry: DistributionEntry, arrays: Arrays, series_ids: tuple[str, ...], horizon: int
) -> Distribution:
    """Returns the distribution of an entry and its arrays.

    Raises:
        ValueError: they are none that a program wrote.
    """
    _check(entry)
    count = len(series_ids)

    def read(name: str, *shape: int, most: float = LARGEST) -> NDArray[np.float64]:
        array = arrays.read(f"distribution/{name}", "f", shape)
        if (np.abs(array) > most).any():
            raise ValueError(f"its distribution's {name} holds what no number of it is")
        return array

    table, own, phases = (
        read("table", len(entry.probabilities), most=FARTHEST),
        read("own", count),
        read("phases", count, entry.phases),
    )
    if (np.diff(table) < 0).any() or (own <= 0).any() or (phases <= 0).any():
        raise ValueError("its quantiles cross, or a series errs by less than nothing")
    spread = Spread(read("slopes", len(FEATURES)), read("means", len(FEATURES)), read("profile", horizon))
    dependence = Dependence(entry.common, read("common", horizon, horizon), read("together", horizon, horizon))
    known = Hardness(own, phases)
    grid, share, stretch = entry.probabilities, entry.share, entry.stretch
    futures = entry.futures or FIRST_FUTURES
    counts = _load_counts(entry.counts, read("sizes", len(GRID), most=FARTHEST)) if entry.counts else None
    rare = _load_counts(entry.rare, read("rare", len(GRID), most=FARTHEST)) if entry.rare else None
    shown = (entry.symmetry, share, spread, grid, table, series_ids, known, dependence, stretch, futures, counts, rare)
    return Distribution(*shown)


def _count_entry(counts: CountShape | None) -> CountEntry | None:
    if counts is None:
        return None
    told = {name: getattr(counts, name) for name in COUNT_FIELDS}
    return CountEntry(**{**told, "are_lone": counts.are_lone or None})


def _load_counts(entry: CountEntry, sizes: NDArray[np.float64]) -> CountShape:
    """Returns the shape of counts.

    Raises:
        ValueError: it is none that a program wrote.
    """
    if entry.usual <= 0 or entry.slope <= 0 or (sizes < 0).any() or (np.diff(sizes) < 0).any():
        raise ValueError("its counts are none")
    shown = (entry.usual, entry.start, entry.slope, sizes, entry.is_whole)
    return CountShape(*shown, entry.interval or 0.0, entry.few or 0.0, bool(entry.are_lone))


def _check(entry: DistributionEntry) -> None:
    """Refuses numbers that no program wrote.

    Raises:
        ValueError: there is one.
    """
    probabilities = np.array(entry.probabilities)
    if len(probabilities) < 2 or not (
        probabilities[0] > 0 and probabilities[-1] < 1 and (np.diff(probabilities) >= LEAST_STEP).all()
    ):
        raise ValueError("its probabilities are none that ascend between 0 and 1")
    if entry.features != FEATURES:
        raise ValueError("its errors are explained by what this program does not know")
    if (
        not 1 <= entry.phases <= MOST_PHASES
        or not 0 <= entry.share <= 1
        or not (entry.share or entry.symmetry == "level")
    ):
        raise ValueError("its distribution has phases or a share that none has")
    if not 1 <= entry.stretch <= LARGEST:
        raise ValueError("its distribution stretches by what none does")
    if entry.futures is not None and not 1 <= entry.futures <= MOST_FUTURES:
        raise ValueError("its totals are told by no number of paths")
    if not 0 <= entry.common <= 1:
        raise ValueError("what its series have in common is no share")
    if not all(0 < level < 100 for level in entry.levels):
        raise ValueError("its levels are no percentages")


def pack_calibration(
    calibration: Calibration, series_ids: tuple[str, ...]
) -> tuple[dict[str, float], dict[str, NDArray[Any]]]:
    """Returns the widths by level and the arrays of a version that an early program trained."""
    arrays = {"calibration/spread": calibration.spread, "calibration/own": calibration.own_of(series_ids)}
    return {str(level): width for level, width in calibration.widths.items()}, arrays


def load_calibration(
    arrays: Arrays, widths: dict[int, float], series_ids: tuple[str, ...], horizon: int
) -> Calibration:
    """Returns the half widths of a version that an early program trained."""
    own = np.ones(len(series_ids))  # the earliest have none
    if "calibration/own" in arrays:
        own = arrays.read("calibration/own", "f", (len(series_ids),))
    spread = arrays.read("calibration/spread", "f", (horizon,))
    return Calibration(spread, widths, dict(zip(series_ids, own.tolist(), strict=True)))
