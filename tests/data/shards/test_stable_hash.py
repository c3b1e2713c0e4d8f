import pyarrow as pa
import pytest

from forecast.data.shards.stable_hash import joined_ids, shards_of, shards_of_names, stable_hash

NAMES = ["", "S1", "S2", "shop 12", "Zürich", "東京", "a" * 300, "00123"]


def slowly(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = ((value ^ (value >> 33)) * factor) % 2**64
    return value ^ (value >> 33)


def test_hash_is_the_one_that_its_formula_says():
    assert stable_hash(pa.array(NAMES)).tolist() == [slowly(name) for name in NAMES]


def test_hash_of_a_slice_is_that_of_its_texts():
    assert stable_hash(pa.array(NAMES).slice(2, 3)).tolist() == [slowly(name) for name in NAMES[2:5]]


def test_shards_are_the_same_for_ever():
    assert shards_of(pa.chunked_array([["S1", "S2", "S3", "S4", "S5"]]), 64).tolist() == [
        slowly(f"S{i}") % 64 for i in range(1, 6)
    ]
    assert stable_hash(pa.array(["S1"])).tolist() == [13137869646485790952]


def test_series_are_spread_evenly():
    counts = [0] * 64
    for place in shards_of(pa.chunked_array([[f"S{i:07d}" for i in range(64_000)]]), 64).tolist():
        counts[place] += 1
    assert min(counts) > 850
    assert max(counts) < 1150


def test_blanks_around_an_id_change_nothing_and_its_parts_do_not_run_together():
    columns = [pa.chunked_array([[" a", "a", "ab", None]]), pa.chunked_array([["b ", "b", "", "b"]])]
    joined = joined_ids(columns)
    assert joined.to_pylist() == ["a\x1fb", "a\x1fb", "ab\x1f", "\x1fb"]
    assert shards_of_names([("a", "b"), ("ab", "")], 97).tolist() == shards_of(joined, 97).tolist()[1:3]


@pytest.mark.parametrize(
    "kind", [pa.int64(), pa.int8(), pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_id_is_the_same_whatever_type_its_column_has(kind):
    texts = pa.chunked_array([["5", "17"]])
    column = texts.cast(pa.int64()).cast(kind) if pa.types.is_integer(kind) else texts.cast(kind)
    assert joined_ids([column]).to_pylist() == ["5", "17"]
