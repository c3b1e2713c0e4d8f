"""The spread of errors: how large they are expected to be, by series and step, from what is known at the origin.

A regression of absolute errors with a logarithmic link (a gamma GLM: McCullagh & Nelder 1989, ch. 8) on the features of
``difficulty``, drawn to what many short series taught; then each series by its own errors.

Shapes: ``R`` records, ``F`` features, ``S`` series, ``H`` horizon, ``C`` phases of a season.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import IntArray
from forecast.evaluation.distribution.difficulty import FEATURES

FloatArray = NDArray[np.float64]

PRIOR = (0.28, 0.30, -0.10, -0.30, 0.60, 0.04, 0.05, 0.02, -0.02, 0.0)  # measured by benchmarks/tuning/distribution.py
"""How much more a short series errs where a feature is larger than it mostly is of this series, in the order of
``FEATURES``. That one series varies more of late than another tells much of their errors, and of one series nothing."""
PRIOR_PLAIN = (0.50, 0.0, 0.0, 0.0, 0.30, 0.03, 0.04, 0.02, 0.0, 0.0)  # measured by benchmarks/tuning/distribution.py
"""Likewise where there is no season: the scale is then that of differences of one step."""
# measured by benchmarks/tuning/distribution.py
PRIOR_BETWEEN = (0.20, 0.18, 0.41, -0.50, 0.45, 0.0, 0.0, 0.05, 0.10, 0.0)
"""How much more one series errs than another, by their features: what many series are expected to differ by."""
PRIOR_GROWTH_PLAIN = 0.31  # measured by benchmarks/tuning/distribution.py
"""The first of these where there is no season."""
FEW = 12.0  # measured by benchmarks/tuning/distribution.py
"""Of so many series and one more, either prior counts half."""
# measured by benchmarks/tuning/distribution.py
PRIOR_MEANS = (1.58, -0.27, -0.02, 2.13, 2.11, -1.2, -1.2, -0.59, -0.79, -0.5)
"""The features of a usual series."""
PRIOR_SIZE, PRIOR_SIZE_PLAIN = -0.215, 0.58  # measured by benchmarks/tuning/distribution.py
"""The logarithm of its mean absolute error in units of its scale, with a season and without."""
BELIEF = 5.0  # measured by benchmarks/tuning/distribution.py
"""Forecasts of a series for which the prior counts: few series say little of what makes forecasting hard."""
GROWTH_BELIEF = 1.0  # measured by benchmarks/tuning/distribution.py
"""Likewise for how errors grow with the logarithm of the step, which differs from series to series."""
SIZE_BELIEF = 2.0  # measured by benchmarks/tuning/distribution.py
"""Likewise for the mean size of errors."""
SIZE_BELIEF_PLAIN = 1.0  # measured by benchmarks/tuning/distribution.py
"""Likewise where there is no season: differences of one step say less of how large errors are."""
FADING = 1.0  # measured by benchmarks/tuning/distribution.py
"""An error of so many folds before the latest counts as 1 / (1 + so many times this): series grow calmer and wilder."""
SPREAD_DOUBT = 0.6  # measured by benchmarks/tuning/distribution.py
"""The square of errors to come is larger than that of few errors seen, by this over their folds times series, as a new
observation strays from a mean of few. Intervals for 80 % held 77 % of single series without it (60 training parts,
--preset fast), and 72 % on folds, which have fewer before them; with it 78 and 75 %."""
STEP_BELIEF = 20.0  # measured by benchmarks/tuning/distribution.py
"""Likewise for what the growth by the logarithm of the step leaves of each step."""
OWN_FOLDS = 6.0  # measured by benchmarks/tuning/distribution.py
"""A series that erred like all others in so many folds is what each is taken for, beside its own folds."""
PLAIN = 1 / 4  # measured by benchmarks/tuning/distribution.py
"""No series counts for easier than by this factor, nor for harder than by its inverse."""
WILD = 20.0  # measured by benchmarks/tuning/distribution.py
"""An error of more times what is expected counts as so many."""
REACH = 3  # measured by benchmarks/tuning/distribution.py
"""Steps on both sides that lend a step their errors: those of one date have much in common in all series."""
MOST_POINTS = 50_000
"""Errors that are looked at, evenly chosen where there are more."""
ROUNDS, DAMPING = 8, 0.8


@dataclass(frozen=True, eq=False)
class Spread:
    """The expected absolute error in units of a series' scale: exp(profile + slopes · (features − means)).

    Attributes:
        slopes: (F,).
        means: (F,), of the features; they stand for those that a forecast hasn't got.
        profile: (H,), of a series with usual features, by step.
    """

    slopes: FloatArray
    means: FloatArray
    profile: FloatArray

    def of(self, features: NDArray[np.float32]) -> FloatArray:
        """Returns the expected absolute error in units of the scale, (F, …, S, H) -> (…, S, H)."""
        deviation = np.zeros(features.shape[1:])
        for slope, mean, own in zip(self.slopes[1:], self.means[1:], features[1:], strict=True):
            if slope:
                deviation += slope * np.nan_to_num(own - mean)
        return np.exp(self.profile + deviation)


def fit_spread(
    errors: FloatArray, features: NDArray[np.float32], folds: IntArray, series_folds: float, season: int
) -> Spread | None:
    """Returns the spread that explains errors best; None where there is no error.

    Args:
        errors: (R, S, H), absolute, in units of the scale; NaN where nothing is known.
        features: (R, F, S, H).
        folds: (R,), which fold a record is from: the latest tell most of the errors to come.
        series_folds: how many independent pieces the errors are: folds that a series was forecast in.
        season: of the scale; 1 for none.
    """
    places = np.nonzero(~np.isnan(errors))
    if not len(places[0]):
        return None
    every = stride(len(places[0]), MOST_POINTS, errors.shape[2])
    places = tuple(place[::every] for place in places)
    sizes, steps = _tamed(errors[places]), places[2]
    alone = 1 / (1 + ((len(np.unique(places[1])) - 1) / FEW) ** 2)
    later = folds[places[0]].max() - folds[places[0]]
    weights = 1 / (1 + alone * FADING * later)
    series_folds *= float(weights.mean() ** 2 / (weights**2).mean())
    weights /= weights.mean()
    found = np.stack([features[:, f][places] for f in range(1, len(FEATURES))], axis=1)
    means = _means(found)
    prior, usual_size = _prior(alone, season, means)
    logs = np.log(np.arange(1, errors.shape[2] + 1)) - means[0]
    columns = np.column_stack([logs[steps], np.nan_to_num(found - means[1:])])
    beliefs = np.array([GROWTH_BELIEF / alone**2, *[BELIEF] * (len(prior) - 1)])
    size, slopes = _regression(sizes, columns, weights, series_folds, (usual_size, prior, beliefs))
    left = np.clip(sizes / np.exp(size + columns @ slopes), 0, WILD)
    belief = SIZE_BELIEF if season > 1 else SIZE_BELIEF_PLAIN
    size = usual_size + series_folds / (series_folds + belief) * (size - usual_size)
    size += 0.5 * float(np.log1p(SPREAD_DOUBT / series_folds)) if series_folds else 0.0
    share = series_folds / (series_folds + STEP_BELIEF)
    profile = size + slopes[0] * logs + share * _log_means(left, steps, len(logs))
    return Spread(slopes, means, profile)


def _tamed(sizes: FloatArray) -> FloatArray:
    """Returns errors of which none is wild beside the middle one, (N,): of those above 0 where most are 0."""
    middle = np.median(sizes) or np.median(sizes[sizes > 0] if sizes.any() else sizes)
    return np.minimum(sizes, WILD * max(middle, 1e-12))


def _regression(
    sizes: FloatArray,
    columns: FloatArray,
    weights: FloatArray,
    series_folds: float,
    usual: tuple[float, FloatArray, FloatArray],
) -> tuple[float, FloatArray]:
    """Returns the logarithm of the mean size of errors, and the slopes, (F,), by which it follows ``columns``.

    Args:
        sizes: (N,), of the errors.
        columns: (N, F), the features less their means, the step's first.
        weights: (N,), of the errors, 1 on the mean.
        series_folds: how many independent pieces the errors are.
        usual: the same of other series, and how many of them each slope is drawn to theirs by, (F,).
    """
    size, prior, beliefs = usual
    slopes, share = prior.copy(), series_folds / len(sizes)
    normal = share * (columns * weights[:, None]).T @ columns + np.diag(beliefs)
    for _ in range(ROUNDS):
        ratios = np.clip(sizes / np.exp(size + columns @ slopes), 0, WILD)
        mean = max(float((weights * ratios).mean()), 1e-6)
        size += float(np.log(mean))
        gradient = share * columns.T @ (weights * (ratios / mean - 1)) - beliefs * (slopes - prior)
        slopes = slopes + DAMPING * np.linalg.solve(normal, gradient)
    return size, slopes


def _means(columns: NDArray[np.float32]) -> FloatArray:
    """Returns the mean of each feature, (N, F - 1) -> (F,): the usual one of the step, and where none is known."""
    seen = ~np.isnan(columns)
    own = np.where(seen, columns, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.append(PRIOR_MEANS[0], np.where(seen.any(axis=0), own, PRIOR_MEANS[1:]))


def _prior(alone: float, season: int, means: FloatArray) -> tuple[FloatArray, float]:
    """Returns what many series taught of such with these mean features: slopes, (F,), and the logarithm of the size.

    Slopes within a series are not those between series (Mundlak 1978): of one series the former count, of many the
    latter, by which one is larger or smaller than usual.
    """
    between, within, size = np.array(PRIOR_BETWEEN), np.array(PRIOR), PRIOR_SIZE
    if season == 1:
        between[0], within, size = PRIOR_GROWTH_PLAIN, np.array(PRIOR_PLAIN), PRIOR_SIZE_PLAIN
    return alone * within + (1 - alone) * between, size + float(between[1:] @ (means - PRIOR_MEANS)[1:])


def stride(count: int, most: int, horizon: int) -> int:
    """Returns which of so many errors, series by series and step by step, to look at: each so many-th, of all steps."""
    every = max(1, -(-count // most))
    while gcd(every, horizon) > 1:
        every += 1
    return every


def _log_means(ratios: FloatArray, steps: NDArray[np.int64], horizon: int) -> FloatArray:
    """Returns the logarithm of the mean ratio by step, each with those of its neighbours, (H,)."""
    sums, counts = np.bincount(steps, ratios, horizon), np.bincount(steps, minlength=horizon)
    near = np.ones(2 * REACH + 1)
    sums, many = (np.convolve(each, near)[REACH : REACH + horizon] for each in (sums, counts.astype(float)))
    return np.asarray(np.log(np.where(many > 0, sums / np.maximum(many, 1), 1.0).clip(1e-3)))


@dataclass(frozen=True, eq=False)
class Hardness:
    """How many times as much each series errs as is expected, and in which phase of the season.

    Attributes:
        own: (S,).
        phases: (S, C), by the ordinal of the step modulo ``C``; C is 1 where phases are alike.
    """

    own: FloatArray
    phases: FloatArray

    def of(self, origins: IntArray, horizon: int) -> FloatArray:
        """Returns the factors of the steps after each series' origin, (S,) -> (S, H)."""
        return self.own[:, None] * np.take_along_axis(self.phases, phases_after(origins, horizon, self.count), axis=1)

    @property
    def count(self) -> int:
        """Phases of the season, ``C``."""
        return int(self.phases.shape[1])


def phases_after(origins: IntArray, horizon: int, count: int) -> IntArray:
    """Returns the phases of the steps after some origins, (…,) -> (…, H); one step has the same from every origin."""
    return (origins[..., None] + np.arange(1, horizon + 1)) % count


def fit_hardness(ratios: FloatArray, folds: IntArray, origins: IntArray, phases: int, belief: float) -> Hardness:
    """Returns the hardness of each series, drawn to 1 the less is known of it.

    Args:
        ratios: (R, S, H), absolute errors over what was expected; NaN where nothing is known.
        folds: (R,), which fold a record is from.
        origins: (R, S), the ordinals of the last steps before them.
        phases: of the season; 1 for none.
        belief: errors of a phase that are what all of the series' are, beside its own.
    """
    series, horizon = ratios.shape[1:]
    known = ~np.isnan(ratios)
    tame = np.where(known, np.minimum(ratios, WILD), 0.0)
    mean = tame.sum(axis=(0, 2)) / np.maximum(known.sum(axis=(0, 2)), 1)
    seen = np.sum([known[folds == number].any(axis=(0, 2)) for number in np.unique(folds)], axis=0)
    drawn = seen / (seen + OWN_FOLDS) * np.log(np.clip(mean, PLAIN, 1 / PLAIN))
    own = np.where(seen > 0, np.exp(drawn), 1.0)
    factors = np.ones((series, phases))
    if phases > 1:
        phase_of = phases_after(origins, horizon, phases)
        for phase in range(phases):
            among = phase_of == phase
            usual = np.where(among, tame, 0.0).sum(axis=(0, 2)) / own
            factors[:, phase] = (usual + belief) / ((among & known).sum(axis=(0, 2)) + belief)
    return Hardness(own, factors)
