"""How large the errors of the series of a hierarchy are expected to be, and how they belong together.

The covariance of errors is ``W = diag(own) + shared sharedᵀ``. Of ``T`` vectors of errors the second part has rank T:
that of 20,000 series is never a matrix of 20,000 × 20,000, and nothing is approximated for it.

Shapes: ``S`` series, ``T`` vectors of errors, a step of an origin each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TINY = 2e-8
"""Beside standard deviations, and of the sum of squared correlations: as in hierarchicalforecast, which ours equals."""
LEAST = 1e-4
"""The least share by which correlations are drawn to nothing: some errors are a series' own."""
NO_ERROR = 1e-12
"""The least variance, as a share of the largest: a series that was never wrong can be moved as well."""


@dataclass(frozen=True, eq=False)
class ErrorCovariance:
    """``W``, up to a factor, which no projection depends on.

    Attributes:
        own: (S,), the diagonal of the first part.
        shared: (S, T), a root of the second; T may be 0.
    """

    own: FloatArray
    shared: FloatArray

    def times(self, vectors: FloatArray) -> FloatArray:
        """Returns the product with vectors, (S, n)."""
        return np.asarray(self.own[:, None] * vectors + self.shared @ (self.shared.T @ vectors))

    def known(self, exactly: NDArray[np.bool_]) -> "ErrorCovariance":
        """Returns that where some series, (S,), are known exactly."""
        return ErrorCovariance(np.where(exactly, 0.0, self.own), np.where(exactly[:, None], 0.0, self.shared))


@dataclass(frozen=True, eq=False)
class ErrorSums:
    """What errors of all series say together: those of parts of the series add up to those of all.

    Attributes:
        count: vectors of errors, T.
        largest: the largest mean square of a series' errors.
        widest: their largest variance.
        gram: (T, T), products of vectors, each series' errors in units of their standard deviation.
        squares: the sum over series of their squared number of such units, squared.
        fourths: the sum of these units to the fourth power.
    """

    count: int
    largest: float
    widest: float
    gram: FloatArray
    squares: float
    fourths: float

    def __add__(self, other: "ErrorSums") -> "ErrorSums":
        """Returns what the errors of both parts say."""
        return ErrorSums(
            self.count,
            max(self.largest, other.largest),
            max(self.widest, other.widest),
            self.gram + other.gram,
            self.squares + other.squares,
            self.fourths + other.fourths,
        )

    @property
    def shrinkage(self) -> float:
        """By which share correlations are drawn to nothing; see ``shrinkage``."""
        if self.count < 2:
            return 1.0
        # over all pairs i, j: Σ (mean_t x_ti x_tj)², and Σ Σ_t (x_ti x_tj)²; then without i = j
        means = ((self.gram**2).sum() - self.squares) / self.count**2
        each = (np.diag(self.gram) ** 2).sum() - self.fourths
        chance = (each - self.count * means) / (self.count * (self.count - 1))
        return float(np.clip(chance / (means + TINY), LEAST, 1.0))


def error_sums(errors: FloatArray) -> ErrorSums:
    """Returns what the errors of some series say, (T, S)."""
    centred, count = _centred(errors), len(errors)
    largest = float(np.nan_to_num(error_variances(errors)).max(initial=0.0))
    widest = float((centred**2).sum(axis=0).max(initial=0.0)) / max(count - 1, 1)
    scaled = centred / (np.sqrt((centred**2).sum(axis=0) / max(count, 1)) + TINY)
    squares = scaled**2
    gram = scaled @ scaled.T
    return ErrorSums(count, largest, widest, gram, float((squares.sum(axis=0) ** 2).sum()), float((squares**2).sum()))


def diagonal(variances: FloatArray, largest: float | None = None) -> ErrorCovariance:
    """Returns the covariance of errors that have nothing in common; zeros are made tiny, (S,).

    Args:
        variances: of these series.
        largest: of all series; None for that of these.
    """
    least = NO_ERROR * ((float(variances.max(initial=0.0)) if largest is None else largest) or 1.0)
    return ErrorCovariance(np.maximum(variances, least), np.empty((len(variances), 0)))


def error_variances(errors: FloatArray) -> FloatArray:
    """Returns the mean square of each series' errors, (T, S) -> (S,); NaN for one without any."""
    known = ~np.isnan(errors)
    counts = known.sum(axis=0)
    squares = np.where(known, errors, 0.0) ** 2
    return np.where(counts > 0, squares.sum(axis=0) / np.maximum(counts, 1), np.nan)


def shrunk_covariance(errors: FloatArray, sums: ErrorSums | None = None) -> ErrorCovariance:
    """Returns the covariance drawn to its diagonal as far as its correlations are chance (Schäfer & Strimmer 2005).

    Their estimator for correlations with variances of their own, of which the drawn share is ``shrinkage``. An error
    that is not known counts as the mean one.

    Args:
        errors: (T, S); NaN where nothing is known.
        sums: of all series, where these are some of them.
    """
    sums = sums or error_sums(errors)
    centred, count = _centred(errors), len(errors)
    share = sums.shrinkage
    cross = centred * np.sqrt((1 - share) / max(count - 1, 1))
    variances = (centred**2).sum(axis=0) / max(count - 1, 1)
    own = np.maximum(variances, NO_ERROR * (sums.widest or 1.0)) - (1 - share) * variances
    return ErrorCovariance(own, cross.T)


def shrinkage(errors: FloatArray) -> float:
    """Returns by which share correlations are drawn to nothing, from 0 to 1.

        Σ Var(r) / Σ r²    over all pairs of series

    Both sums over pairs are sums over pairs of vectors: of 20,000 series and 32 vectors, 32 × 32 numbers.
    """
    return error_sums(errors).shrinkage


def _centred(errors: FloatArray) -> FloatArray:
    known = ~np.isnan(errors)
    counts = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, errors, 0.0).sum(axis=0) / counts
    return np.where(known, errors - means, 0.0)
