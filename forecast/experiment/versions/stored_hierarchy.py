"""The hierarchy of a version and its reconciliation as an entry of its manifest and arrays of its weights, and back."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.hierarchy import Hierarchy
from forecast.decoding import Document
from forecast.errors import UPGRADE
from forecast.models.networks.serialization import Arrays
from forecast.models.reconciliation.methods import METHODS
from forecast.models.reconciliation.reconciler import Reconciliation, ReconciliationSettings
from forecast.production.store.json_document import NewerStoreError

SCHEMA, SAMPLED = 3, 4
"""Of the entry and of the arithmetic that goes with it: another way to reconcile has a higher one, as has a sample."""
MOST_ROUNDS = 100
"""More than any fit of paths needs: a manifest that asks for more is damaged."""


@dataclass(frozen=True, kw_only=True)
class HierarchyEntry(Document):
    """What a manifest says of a hierarchy; its numbers by series are arrays.

    Attributes:
        schema_version: of it.
        text: of the spec, such as ``state/region * purpose``.
        levels: their names, the total first, that of the leaves last.
        method: by which forecasts are made to add up.
        vectors: of errors that it looks at, a step of an origin each; 0 where it looks at none.
        settings: the numbers by which it does so; the first versions don't say, and have those that stood there then.
    """

    schema_version: int
    text: str
    levels: tuple[str, ...]
    method: str
    vectors: int
    settings: ReconciliationSettings = field(default_factory=ReconciliationSettings)


def pack_hierarchy(tree: Hierarchy | None, reconciliation: Reconciliation | None) -> HierarchyEntry | None:
    """Returns the entry; None where the series are no sums."""
    if tree is None or reconciliation is None:
        return None
    vectors = len(reconciliation.errors)
    return HierarchyEntry(
        schema_version=SAMPLED if tree.has_rests else SCHEMA,
        text=tree.text,
        levels=tree.levels,
        method=reconciliation.method,
        vectors=vectors,
        settings=reconciliation.settings,
    )


def hierarchy_arrays(tree: Hierarchy | None, reconciliation: Reconciliation | None) -> dict[str, NDArray[Any]]:
    """Returns the arrays by name; none where the series are no sums."""
    if tree is None or reconciliation is None:
        return {}
    made: dict[str, NDArray[Any]] = {"level": tree.level, "starts": tree.starts, "below": tree.below}
    made |= {"variances": reconciliation.variances, "errors": reconciliation.errors}
    return {f"hierarchy/{name}": array for name, array in made.items()}


def load_hierarchy(entry: HierarchyEntry, arrays: Arrays, count: int) -> Hierarchy:
    """Returns the hierarchy of a version's series.

    Raises:
        ValueError: it is none that a program wrote.
        NewerStoreError: a newer program wrote it.
    """
    if entry.schema_version > SAMPLED:
        message = f"A newer forecast wrote the hierarchy (schema {entry.schema_version}; this one knows {SAMPLED})"
        raise NewerStoreError(f"{message}.", UPGRADE)
    level = arrays.read("hierarchy/level", "i", (count,))
    starts = arrays.read("hierarchy/starts", "i", (count + 1,))
    if not len(entry.levels) or (level < 0).any() or (level >= len(entry.levels)).any():
        raise ValueError("its hierarchy has series of no level")
    if starts[0] != 0 or (np.diff(starts) < 1).any():
        raise ValueError("its hierarchy has a series with nothing below it")
    below = arrays.read("hierarchy/below", "i", (int(starts[-1]),))
    tree = Hierarchy(entry.text, entry.levels, level, starts, below)
    if (below < 0).any() or (below >= count).any() or not tree.is_leaf[below].all():
        raise ValueError("its hierarchy has sums of what is no leaf")
    return tree


def load_reconciliation(entry: HierarchyEntry, arrays: Arrays, series_ids: tuple[str, ...]) -> Reconciliation:
    """Returns how a version's forecasts are made to add up.

    Raises:
        ValueError: it is nothing that a program wrote.
    """
    if entry.method not in METHODS:
        raise ValueError(f"its forecasts are made to add up by '{entry.method}', which this program does not know")
    variances = arrays.read("hierarchy/variances", "f", (len(series_ids),), can_miss=True)
    errors = arrays.read("hierarchy/errors", "f", (entry.vectors, len(series_ids)))
    shaped = entry.settings
    least = min(shaped.lift, shaped.sparse, shaped.reach)
    if not 0 < shaped.firm <= 1 or not 1 <= shaped.rounds <= MOST_ROUNDS or shaped.recent < 1 or least < 0:
        raise ValueError("the numbers by which its forecasts add up are none")
    if (variances < 0).any():
        raise ValueError("its errors have a size below zero")
    return Reconciliation(entry.method, series_ids, variances, errors, entry.settings)
