import math

import pytest

from forecast.errors import DataError
from forecast.production.store import history_file
from forecast.production.store.disk import Disk
from forecast.production.store.history_file import append_history, read_history

ENTRIES = [
    {"run": 1, "reason": "v1 stays"},
    {"run": 2, "reason": "größer\nzwei Zeilen"},
    {"run": 3, "rmse": 0.1},
]


def write(path, entries=ENTRIES):
    for entry in entries:
        append_history(Disk(), path, entry)


def test_entries_come_back_in_order(tmp_path):
    write(tmp_path / "history.jsonl")
    assert read_history(tmp_path / "history.jsonl") == tuple(ENTRIES)


def test_no_file_is_an_empty_history(tmp_path):
    assert read_history(tmp_path / "history.jsonl") == ()


def test_a_history_torn_at_any_byte_reads_as_its_whole_lines_and_heals_with_the_next_append(tmp_path):
    path = tmp_path / "history.jsonl"
    write(path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        lines = whole[:length].count(b"\n")
        assert read_history(path) == tuple(ENTRIES[:lines])
        write(path, [{"run": 4}])
        # A line that lacked nothing but its newline is whole once that is there.
        lines += whole[length : length + 1] == b"\n"
        assert read_history(path) == (*ENTRIES[:lines], {"run": 4})


def test_lines_that_are_no_objects_are_left_out(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(b'\x00\x00\n[1]\n{"run": 1}\n' + b"[" * 100_000 + b'\n\xff\n{"run": 2}\n')
    assert read_history(path) == ({"run": 1}, {"run": 2})


def test_nan_is_refused_before_the_file_is_touched(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_history(Disk(), tmp_path / "history.jsonl", {"rmse": math.nan})
    assert list(tmp_path.iterdir()) == []


def test_a_history_that_is_no_file_is_named(tmp_path):
    path = tmp_path / "history.jsonl"
    path.mkdir()
    with pytest.raises(DataError, match=r"history\.jsonl is not a regular file") as caught:
        read_history(path)
    assert "move" in caught.value.hint
    with pytest.raises(DataError, match=r"Can't write .*history\.jsonl: a folder stands in the way of a file"):
        append_history(Disk(), path, {})


def test_a_link_in_place_of_the_history_is_not_written_through(tmp_path):
    (tmp_path / "victim").write_bytes(b"")
    (tmp_path / "history.jsonl").symlink_to("victim")
    with pytest.raises(DataError, match="links are not followed"):
        append_history(Disk(), tmp_path / "history.jsonl", {"run": 1})
    assert (tmp_path / "victim").read_bytes() == b""


def test_a_history_that_has_grown_long_is_moved_aside_in_whole_lines_and_read_on(tmp_path, monkeypatch):
    monkeypatch.setattr(history_file, "LONGEST", 200)
    path = tmp_path / "history.jsonl"
    for number in range(40):
        append_history(Disk(), path, {"run": number})
    kept = [entry["run"] for entry in read_history(path)]
    assert kept == list(range(kept[0], 40))
    assert len(kept) >= 200 // len('{"run": 39}\n')
    assert sorted(each.name for each in tmp_path.iterdir()) == ["history.jsonl", "history.jsonl.1"]
