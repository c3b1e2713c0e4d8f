"""What the series of a panel are told apart by, and what else the file says of each: words that stand above a part.

Shapes: ``S`` series of the panel, ``K`` keys of the file, of which some have no values, ``R`` rows.
"""

from collections.abc import Sequence

import numpy as np

from forecast.data.columns.roles import Columns, SeriesKeys, left_columns
from forecast.data.files.table import Table
from forecast.data.panel import TARGET, IdParts, IntArray

MOST_TRAITS = 20
"""Columns of text that are looked at."""


def id_parts(
    table: Table,
    columns: Columns,
    keys: SeriesKeys,
    filled: Sequence[IntArray],
    names: Sequence[str],
    *,
    has_traits: bool,
) -> IdParts:
    """Returns what tells all series of a file apart.

    Args:
        table: the file.
        columns: what is read of it.
        keys: (R,), of which series its rows are.
        filled: of each target, the keys that have values of it.
        names: of the series, target by target.
        has_traits: their traits are wanted.
    """
    has_several = len(filled) > 1
    values: list[tuple[str, ...]] = []
    for target, own in zip(columns.target, filled, strict=True):
        parts = [keys.parts[i] if columns.ids else () for i in own]
        values += [(*each, target) for each in parts] if has_several else parts
    by_name = dict(zip(names, values, strict=True))
    left = left_columns(table, columns)
    traits = {} if has_several or not (columns.ids and has_traits) else _traits(table, left, keys, filled[0])
    told = (*columns.ids, TARGET) if has_several else columns.ids
    return IdParts(told, tuple(by_name[name] for name in names), left, traits)


def _traits(table: Table, left: Sequence[str], keys: SeriesKeys, filled: IntArray) -> dict[str, tuple[str, ...]]:
    """Returns the words of columns that say the same in all rows of a series, and less than one of each."""
    found = {}
    for name in [name for name in left if table.kind(name) == "text"][:MOST_TRAITS]:
        if not 1 < table.distinct(name) < len(keys.names):
            continue
        texts = table.texts(name)
        known = (keys.codes >= 0) & (texts.codes >= 0)
        series, codes = keys.codes[known], texts.codes[known]
        word = np.full(len(keys.names), -1)
        word[series] = codes
        if (word[series] == codes).all() and (word[filled] >= 0).all():
            words = [str(text).strip() for text in texts.values.to_pylist()]
            found[name] = tuple(words[code] for code in word[filled])
    return found
