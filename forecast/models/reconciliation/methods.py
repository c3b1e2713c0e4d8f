"""The methods of reconciliation: a record each, in one list. Another is a function and a line.

Shapes: ``S`` series, ``T`` vectors of errors.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.models.reconciliation.errors import (
    ErrorCovariance,
    ErrorSums,
    diagonal,
    error_variances,
    shrunk_covariance,
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ReconciliationMethod:
    """One way to make forecasts add up.

    Attributes:
        name: of it.
        explained: in words.
        covariance: of errors (T, S) in a hierarchy; None for bottom-up. Where these are some series only, it is told
            how many leaves each has and what the errors of all series say.
        learns: whether it looks at errors.
        is_lifted: whether networks' forecasts of each level are first brought to what they say of the total.
    """

    name: str
    explained: str
    covariance: "CovarianceOf"
    learns: bool = True
    is_lifted: bool = True


class CovarianceOf(Protocol):
    """Gives the covariance of errors."""

    def __call__(self, tree: Hierarchy, errors: FloatArray, sums: ErrorSums | None = None, /) -> ErrorCovariance | None:
        """Returns it; None for bottom-up."""


def _none(*_: object) -> None:
    return None


def _alike(tree: Hierarchy, *_: object) -> ErrorCovariance:
    return diagonal(np.ones(len(tree)))


def _structural(tree: Hierarchy, *_: object) -> ErrorCovariance:
    return diagonal(tree.sizes.astype(np.float64))


def _variance(_: Hierarchy, errors: FloatArray, sums: ErrorSums | None = None) -> ErrorCovariance:
    return diagonal(error_variances(errors), sums.largest if sums else None)


def _shrunk(_: Hierarchy, errors: FloatArray, sums: ErrorSums | None = None) -> ErrorCovariance:
    return shrunk_covariance(errors, sums)


METHODS: dict[str, ReconciliationMethod] = {
    method.name: method
    for method in (
        ReconciliationMethod(
            "bottom-up",
            "sums of the leaves' forecasts",
            _none,
            learns=False,
            is_lifted=False,
        ),
        ReconciliationMethod("ols", "all moved alike", _alike, learns=False),
        ReconciliationMethod("wls-structural", "errors as large as the leaves are many", _structural, learns=False),
        ReconciliationMethod("wls-variance", "by how large the errors of each were", _variance),
        ReconciliationMethod("mint-shrink", "by how the errors of all belong together", _shrunk),
    )
}
"""By name (Athanasopoulos et al. 2017; Hyndman et al. 2011; Wickramasuriya, Athanasopoulos & Hyndman 2019)."""
USUAL = "wls-structural"
"""What is taken where no fold has told which method errs least."""
