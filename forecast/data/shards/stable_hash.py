"""Which shard a series belongs to, by its id: the same on every machine, in every process, for ever.

The hash is FNV-1a of 64 bits over the bytes of the id in UTF-8, blanks around it left out, the parts of a compound id
joined by the sign U+001F; its bits are then mixed as MurmurHash3 does, so that every remainder is as likely.

Shapes: ``R`` ids.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from forecast.data.arrow import coded
from forecast.data.panel import IntArray

NAME = "fnv1a64-murmur3"
OFFSET, PRIME = 0xCBF29CE484222325, 0x100000001B3
MIX = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)
BETWEEN = "\x1f"


def joined_ids(columns: Sequence[Any]) -> Any:
    """Returns the parts of compound ids as one Arrow column of text; one that is missing is empty."""
    texts = [pc.utf8_trim_whitespace(_text(column)) for column in columns]
    if len(texts) == 1:
        return texts[0]
    return pc.binary_join_element_wise(*texts, pa.scalar(BETWEEN))


def shards_of(ids: Any, count: int) -> IntArray:
    """Returns the shard of each id, from 0 to below ``count``, (R,).

    Args:
        ids: an Arrow column of text without nulls.
        count: of the shards.
    """
    codes, values = coded(ids)
    return (stable_hash(values) % np.uint64(count)).astype(np.int64)[codes]


def stable_hash(values: Any) -> NDArray[np.uint64]:
    """Returns the hash of each text of an Arrow array, (R,)."""
    array = values.cast(pa.large_string())
    count = len(array)
    hashes = np.full(count, OFFSET, np.uint64)
    if count == 0:
        return hashes
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int64, count + 1, array.offset * 8)
    signs = np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)
    starts, lengths, prime = ends[:-1], np.diff(ends), np.uint64(PRIME)
    left = np.flatnonzero(lengths > 0)
    place = 0
    with np.errstate(over="ignore"):
        while left.size:
            hashes[left] = (hashes[left] ^ signs[starts[left] + place]) * prime
            place += 1
            left = left[lengths[left] > place]
        for factor in MIX:
            hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(factor)
    return hashes ^ (hashes >> np.uint64(33))


def _text(column: Any) -> Any:
    """Returns a column as text without nulls."""
    return pc.fill_null(column.cast(pa.string()), pa.scalar(""))


def shards_of_names(parts: Sequence[Sequence[str]], count: int) -> IntArray:
    """Returns the shard of each series by the parts of its id; see ``shards_of``."""
    return shards_of(pa.array([BETWEEN.join(part.strip() for part in own) for own in parts], pa.string()), count)
