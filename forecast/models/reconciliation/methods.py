"""The methods of reconciliation: a record each, in one list. Another is a function and a line.

Shapes: ``S`` series, ``T`` vectors of errors.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.models.reconciliation.errors import ErrorCovariance, diagonal, error_variances, shrunk_covariance

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ReconciliationMethod:
    """One way to make forecasts add up.

    Attributes:
        name: of it.
        explained: in words.
        covariance: of errors (T, S) in a hierarchy; None for bottom-up.
        learns: whether it looks at errors.
        is_lifted: whether networks' forecasts of each level are first brought to what they say of the total.
    """

    name: str
    explained: str
    covariance: Callable[[Hierarchy, FloatArray], ErrorCovariance | None]
    learns: bool = True
    is_lifted: bool = True


def _alike(tree: Hierarchy, errors: FloatArray) -> ErrorCovariance:  # noqa: ARG001 - as the others
    return diagonal(np.ones(len(tree)))


def _structural(tree: Hierarchy, errors: FloatArray) -> ErrorCovariance:  # noqa: ARG001 - as the others
    return diagonal(tree.sizes.astype(np.float64))


def _variance(tree: Hierarchy, errors: FloatArray) -> ErrorCovariance:  # noqa: ARG001 - likewise
    return diagonal(error_variances(errors))


METHODS: dict[str, ReconciliationMethod] = {
    method.name: method
    for method in (
        ReconciliationMethod(
            "bottom-up",
            "sums of the leaves' forecasts",
            lambda _tree, _errors: None,
            learns=False,
            is_lifted=False,
        ),
        ReconciliationMethod("ols", "all moved alike", _alike, learns=False),
        ReconciliationMethod("wls-structural", "errors as large as the leaves are many", _structural, learns=False),
        ReconciliationMethod("wls-variance", "by how large the errors of each were", _variance),
        ReconciliationMethod(
            "mint-shrink", "by how the errors of all belong together", lambda _tree, errors: shrunk_covariance(errors)
        ),
    )
}
"""By name (Athanasopoulos et al. 2017; Hyndman et al. 2011; Wickramasuriya, Athanasopoulos & Hyndman 2019)."""
USUAL = "wls-structural"
"""What is taken where no fold has told which method errs least."""
