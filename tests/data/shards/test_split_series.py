import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast.data.files.parquet_folder import find_parquet_folder
from forecast.data.shards.split_series import SplitSeries, find_split_series
from forecast.errors import DataError


def write(root, **files):
    for name, ids in files.items():
        pq.write_table(pa.table({"shop": ids, "n": list(range(len(ids)))}), root / f"{name}.parquet")
    return find_parquet_folder(root)


def test_series_that_each_lie_in_one_file_are_whole(tmp_path):
    assert find_split_series(write(tmp_path, x=["a", "a", "b"], y=["c", "c"]), ("shop",)) is None


@pytest.mark.parametrize("kind", [int, str])
def test_series_in_two_files_is_named_with_both(tmp_path, kind):
    folder = write(tmp_path, x=[kind(1), kind(2)], y=[kind(3)], z=[kind(4), kind(2)])
    assert find_split_series(folder, ("shop",)) == SplitSeries("2", ("x.parquet", "z.parquet"))


def test_compound_ids_are_compared_as_a_whole(tmp_path):
    folder = write(tmp_path, x=["a", "b"], y=["a"])
    assert find_split_series(folder, ("shop", "n")) == SplitSeries("a/0", ("x.parquet", "y.parquet"))
    (tmp_path / "y.parquet").unlink()
    assert find_split_series(write(tmp_path, y=["b"]), ("shop", "n")) is None


@pytest.mark.parametrize("is_split", [False, True])
def test_ids_may_stand_in_the_names_of_folders(tmp_path, is_split):
    for shop, name in (("a", "x"), ("b", "y"), ("a" if is_split else "c", "z")):
        (tmp_path / f"shop={shop}").mkdir(exist_ok=True)
        pq.write_table(pa.table({"n": [1, 2]}), tmp_path / f"shop={shop}" / f"{name}.parquet")
    found = find_split_series(find_parquet_folder(tmp_path), ("shop",))
    assert found == (SplitSeries("a", ("shop=a/x.parquet", "shop=a/z.parquet")) if is_split else None)


def test_damaged_file_is_named(tmp_path):
    folder = write(tmp_path, x=["a"], y=["b"])
    whole = (tmp_path / "y.parquet").read_bytes()
    (tmp_path / "y.parquet").write_bytes(whole[:4] + b"\xff" * 40 + whole[44:])
    with pytest.raises(DataError, match=r"y\.parquet in .* is a damaged"):
        find_split_series(folder, ("shop",))
