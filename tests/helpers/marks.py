"""Which cases of a parametrised test may wait for CI."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def slow(*values: Any, **named: Any) -> Any:
    """Returns a case, as ``pytest.param`` does, that is marked slow."""
    return pytest.param(*values, marks=pytest.mark.slow, **named)


def slow_but(quick: Collection[Any], cases: Iterable[Any]) -> list[Any]:
    """Returns the cases, each one value, those marked slow that are not among the quick ones."""
    return [case if case in quick else slow(case) for case in cases]
