"""A folder of Parquet files is one table, however it was written; what is none is refused by the names of its files."""

from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast.data.files.parquet_folder import (
    find_parquet_folder,
    is_folder,
    part_of,
    read_data,
    read_folder,
    read_part,
)
from forecast.data.files.remote.folder_place import LocalFolder
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError, NotFoundError, UsageError

ROWS = {
    "shop": ["a"] * 5 + ["b"] * 5,
    "day": [date(2024, 1, i % 5 + 1) for i in range(10)],
    "sales": [1.5 * i for i in range(10)],
}


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(rows), path)


def half(rows, number):
    return {name: values[5 * number : 5 * number + 5] for name, values in rows.items()}


def test_folder_reads_as_the_one_file(tmp_path):
    write(tmp_path / "one.parquet", ROWS)
    for number in (0, 1):
        write(tmp_path / f"many/deep/part-{number}.parquet", half(ROWS, 1 - number))
    one, many = (read_panel(tmp_path / name).panel for name in ("one.parquet", "many"))
    assert one.series_ids == many.series_ids
    assert one.values.tolist() == many.values.tolist()


def test_what_only_folders_tell_is_a_column(tmp_path):
    for number, shop in enumerate(("a", "Z%C3%BCrich")):
        write(tmp_path / f"p/shop={shop}/0.parquet", {k: v for k, v in half(ROWS, number).items() if k != "shop"})
    assert read_panel(tmp_path / "p").panel.series_ids == ("Zürich", "a")
    part = part_of(LocalFolder(tmp_path / "p"), "shop=a/0.parquet")
    assert read_panel(read_part(part)).ids.names == ()
    assert dict(part.constants) == {"shop": "a"}


@pytest.mark.parametrize(
    ("values", "kind"), [(("1", "2"), "int64"), (("01", "2"), "string"), (("1", "__HIVE_DEFAULT_PARTITION__"), "int64")]
)
def test_names_of_folders_are_whole_numbers_where_all_are(tmp_path, values, kind):
    for value in values:
        write(tmp_path / f"k={value}/0.parquet", {"x": [1]})
    assert str(find_parquet_folder(tmp_path).schema.field("k").type) == kind


@pytest.mark.parametrize(("one", "other", "kind"), [
    ([1, 2], [1.5], "double"),
    ([date(2024, 1, 1)], [datetime(2024, 1, 1, 5)], "timestamp[us]"),
    (pa.array(["a"]).dictionary_encode(), ["b"], "string"),
    (pa.array([None]), [1.5], "double"),
    (pa.array([1], pa.int8()), pa.array([2], pa.int32()), "int64"),
])  # fmt: skip
def test_types_that_one_holds_are_one(tmp_path, one, other, kind):
    write(tmp_path / "0.parquet", {"x": one})
    write(tmp_path / "1.parquet", {"x": other})
    assert str(find_parquet_folder(tmp_path).schema.field("x").type) == kind
    assert read_folder(tmp_path).is_parquet


@pytest.mark.parametrize(("name", "rows", "words"), [
    ("1.parquet", {"x": [1]}, "1.parquet has no column y, which 0.parquet has"),
    ("1.parquet", {"x": [1], "y": [2], "z": [3]}, "0.parquet has no column z, which 1.parquet has"),
    ("1.parquet", {"x": ["a"], "y": [2]}, "Column x holds string in 1.parquet and int64"),
    ("k=1/1.parquet", {"x": [1], "y": [2]}, "lies in other folders"),
])  # fmt: skip
def test_files_of_other_tables_are_refused_by_name(tmp_path, name, rows, words):
    write(tmp_path / "0.parquet", {"x": [1], "y": [2]})
    write(tmp_path / name, rows)
    with pytest.raises(DataError, match=words):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["_metadata.parquet", ".part.parquet", "_temporary/0.parquet", "readme.txt"])
def test_what_writers_leave_beside_is_none_of_it(tmp_path, name):
    write(tmp_path / "0.parquet", {"x": [1]})
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("no Parquet")
    assert [part.name for part in find_parquet_folder(tmp_path).parts] == ["0.parquet"]


def test_folder_without_parquet_files_is_said(tmp_path):
    (tmp_path / "x.csv").write_text("a,b")
    assert not is_folder(str(tmp_path))
    with pytest.raises(NotFoundError, match="without Parquet files"):
        find_parquet_folder(tmp_path)
    with pytest.raises(DataError, match="is a directory, not a file"):
        read_data(tmp_path)


def test_damaged_part_is_named(tmp_path):
    write(tmp_path / "0.parquet", {"x": [1]})
    (tmp_path / "1.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"1.parquet in .* is a damaged"):
        read_folder(tmp_path)


def test_part_that_is_gone_is_said(tmp_path):
    with pytest.raises(NotFoundError, match="There is no"):
        read_part(part_of(LocalFolder(tmp_path), "0.parquet"))


def test_encoding_is_none_of_parquet(tmp_path):
    write(tmp_path / "0.parquet", {"x": [1]})
    with pytest.raises(UsageError, match="one encoding"):
        read_data(tmp_path, "cp1252")


def test_fingerprint_changes_with_the_values(tmp_path):
    write(tmp_path / "a/0.parquet", {"x": [1, 2]})
    write(tmp_path / "b/0.parquet", {"x": [1, 3]})
    write(tmp_path / "c/0.parquet", {"x": [1, 2]})
    a, b, c = (find_parquet_folder(tmp_path / name).parts[0].fingerprint for name in "abc")
    assert a == c != b


def test_folder_that_would_not_fit_into_the_memory_is_refused(tmp_path, monkeypatch):
    write(tmp_path / "0.parquet", {"x": list(range(100_000))})
    monkeypatch.setenv("FORECAST_MEMORY", "1MB")
    with pytest.raises(DataError, match="100,000 rows in 1 files, for which"):
        read_folder(tmp_path)
