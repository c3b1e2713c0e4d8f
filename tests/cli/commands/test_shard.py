import json

import pytest

from commands import csv_bytes, run
from forecast.errors import ExitCode
from panels import rows


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sales.csv").write_bytes(csv_bytes(rows(series=5, days=20), "shop,day,sales"))
    return tmp_path


def test_panel_is_cut_and_the_next_commands_are_named(folder):
    done = run("shard", "sales.csv", "panel", "--shards", "2", folder=folder)
    assert done.code == 0
    assert done.header == "file,rows,series,first,last,size,sha256"
    assert "panel: 5 series, 100 rows, in 2 shards" in done.err
    assert "forecast predict NAME --data panel -o" in done.err
    assert run("shard", "sales.csv", "one.json", "--json", folder=folder).code == ExitCode.USAGE  # no file's name


def test_document_names_every_shard(folder):
    document = run("shard", "sales.csv", "panel", "--shards", "2", "--json", folder=folder).document
    manifest = json.loads((folder / "panel/_manifest.json").read_bytes())
    assert document["shards"] == [{k: v for k, v in one.items() if k != "number"} for one in manifest["shards"]]
    assert (document["ids"], document["time"], document["series"]) == (["shop"], "day", 5)


def test_shards_that_are_there_are_replaced_by_force_only(folder):
    assert run("shard", "sales.csv", "panel", "--shards", "3", folder=folder).code == 0
    done = run("shard", "sales.csv", "panel", "--shards", "2", folder=folder)
    assert done.code == ExitCode.USAGE
    assert "panel holds shards already" in done.err
    assert run("shard", "sales.csv", "panel", "--shards", "2", "--force", folder=folder).code == 0
    assert len(json.loads((folder / "panel/_manifest.json").read_bytes())["shards"]) == 2


def test_folder_of_other_files_is_left_alone(folder):
    (folder / "mine").mkdir()
    (folder / "mine/x.txt").write_text("mine")
    done = run("shard", "sales.csv", "mine", "--force", folder=folder)
    assert done.code == ExitCode.USAGE
    assert "holds other files" in done.err


def test_shards_can_be_cut_anew_into_another_folder_but_not_onto_themselves(folder):
    assert run("shard", "sales.csv", "panel", "--shards", "3", folder=folder).code == 0
    assert run("shard", "panel", "other", "--shards", "2", folder=folder).code == 0
    assert run("shard", "panel", "panel", "--shards", "2", "--force", folder=folder).code == ExitCode.USAGE


@pytest.mark.parametrize(("words", "code", "text"), [
    (("nothing.csv", "panel"), ExitCode.NOT_FOUND, "no file nothing.csv"),
    (("sales.csv", "panel", "--shards", "0"), ExitCode.USAGE, "--shards"),
    (("sales.csv", "panel", "--shards", "1001"), ExitCode.USAGE, "--shards"),
    (("sales.csv", "panel", "--id", "stor"), ExitCode.USAGE, "no column 'stor'"),
    (("sales.csv", "sales.csv"), ExitCode.USAGE, "is a file"),
    (("one.csv", "panel"), ExitCode.BAD_DATA, "holds one series"),
    (("empty", "panel"), ExitCode.NOT_FOUND, "without Parquet files"),
])  # fmt: skip
def test_what_can_not_be_cut_leaves_nothing_behind(folder, words, code, text):
    (folder / "one.csv").write_bytes(csv_bytes([row[1:] for row in rows(series=1)], "day,sales"))
    (folder / "empty").mkdir()
    done = run("shard", *words, folder=folder)
    assert done.code == code
    assert text in done.err
    assert "hint:" in done.err
    assert not (folder / "panel").exists()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] in ([], [".forecast"])
