import os

import pytest

from forecast.errors import DataError, UsageError
from forecast.experiment.destinations import check_folder, check_free
from forecast.experiment.outputs import stem_of, write_all, write_file


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("sales.csv", "sales"),
        ("/data/sales.csv.gz", "sales"),
        ("sales", "sales"),
        ("-", "stdin"),
        (".hidden", "hidden"),
        ("sales.2023.csv", "sales.2023"),
        ("sales.2024.csv", "sales.2024"),
        ("store.1.CSV.GZ", "store.1"),
        ("v1.2-final.parquet", "v1.2-final"),
        ("...", "data"),
        ("a b.tsv", "a b"),
    ],
)
def test_results_are_called_after_their_file(source, stem):
    assert stem_of(source) == stem


def test_file_that_is_there_is_kept_without_force(tmp_path):
    path = tmp_path / "next.csv"
    check_free(path, force=False)
    check_free(None, force=False)
    path.write_text("")
    check_free(path, force=True)
    with pytest.raises(UsageError, match=r"next.csv exists already") as error:
        check_free(path, force=False)
    assert error.value.hint == f"--force to replace it, or another name: -o {tmp_path}/next-2.csv"


@pytest.mark.parametrize("force", [False, True])
def test_folder_is_no_file_to_be_replaced(force, tmp_path):
    with pytest.raises(UsageError, match=f"{tmp_path} is a folder, not a file") as error:
        check_free(tmp_path, force=force, flag="--fix")
    assert error.value.hint == f"a file in it: --fix {tmp_path}/FILE"


def test_device_is_no_file_to_be_kept(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    check_free(tmp_path / "pipe", force=False)


def test_folder_in_whose_way_a_file_stands_is_refused_before_the_work(tmp_path):
    check_folder(tmp_path / "new" / "deep")
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "deep"):
        with pytest.raises(UsageError, match=f"{tmp_path}/file is a file, so no folder {folder} can be made") as error:
            check_folder(folder)
        assert error.value.hint.startswith("--out-dir")


def test_files_are_written_into_folders_that_are_made(tmp_path):
    paths = write_all(tmp_path / "a" / "b", {"x.csv": b"1", "y.png": b"2"})
    assert [(path.name, path.read_bytes()) for path in paths] == [("x.csv", b"1"), ("y.png", b"2")]
    write_file(tmp_path / "c" / "z.csv", "ü\n")
    assert (tmp_path / "c" / "z.csv").read_bytes() == "ü\n".encode()


def test_disk_that_refuses_is_told_with_the_flag_that_helps(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="a file stands in the way of a folder") as error:
        write_all(tmp_path / "file", {"x.csv": b""})
    assert "--out-dir DIR" in error.value.hint
    with pytest.raises(DataError, match="Can't write") as error:
        write_file(tmp_path / "file" / "x.csv", "")
    assert "-o FILE" in error.value.hint
