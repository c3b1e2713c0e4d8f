import pytest

from forecast.errors import DataError, UsageError
from forecast.execution.run_folder import JournalLine, RunEntry, RunFolder

ENTRY = RunEntry("predict", {"model": "sales v1", "horizon": 7})
OTHER = RunEntry("predict", {"model": "sales v2", "horizon": 7})


def begun(root, entry=ENTRY, **how):
    folder = RunFolder(root, entry, **how)
    folder.begin()
    return folder


def finish(folder, name, data=b"12345"):
    (folder.root / f"{name}.parquet").write_bytes(data)
    folder.add(JournalLine(name, file=f"{name}.parquet", size=5))


def test_what_has_a_line_and_a_file_is_done_when_it_is_run_again(tmp_path):
    folder = begun(tmp_path / "out")
    finish(folder, "a")
    (folder.root / "b.parquet").write_bytes(b"12345")  # killed before its line
    folder.add(JournalLine("c", error="damaged"))
    assert begun(tmp_path / "out").done().keys() == {"a"}


@pytest.mark.parametrize("harm", ["remove", "cut"])
def test_result_that_is_gone_or_cut_off_is_done_again(tmp_path, harm):
    folder = begun(tmp_path / "out")
    finish(folder, "a")
    path = folder.root / "a.parquet"
    path.unlink() if harm == "remove" else path.write_bytes(b"123")
    assert folder.done() == {}


def test_torn_last_line_is_no_result(tmp_path):
    folder = begun(tmp_path / "out")
    finish(folder, "a")
    with (folder.root / "_journal.jsonl").open("a") as file:
        file.write('{"job": "b", "fi')
    again = begun(tmp_path / "out")
    assert again.done().keys() == {"a"}
    finish(again, "b")
    assert again.done().keys() == {"a", "b"}


def test_parts_have_a_journal_each_and_all_of_them_count(tmp_path):
    for number in (1, 2):
        finish(begun(tmp_path / "out", part=f"{number}-of-2"), f"s{number}")
    assert begun(tmp_path / "out").done().keys() == {"s1", "s2"}
    assert sorted(path.name for path in (tmp_path / "out").glob("_journal*")) == [
        "_journal-1-of-2.jsonl",
        "_journal-2-of-2.jsonl",
    ]


def test_another_run_is_refused_and_says_in_what_they_differ(tmp_path):
    finish(begun(tmp_path / "out"), "a")
    with pytest.raises(UsageError, match="another run's results: model is sales v1 there, and sales v2 here"):
        begun(tmp_path / "out", OTHER)
    assert (tmp_path / "out/a.parquet").exists()


def test_force_begins_anew_and_removes_nothing_that_is_not_of_the_run(tmp_path):
    finish(begun(tmp_path / "out"), "a")
    (tmp_path / "out/mine.txt").write_text("mine")
    other = RunFolder(tmp_path / "out", OTHER)
    other.begin(force=True)
    assert other.done() == {}
    assert sorted(path.name for path in other.root.iterdir()) == ["_run.json", "mine.txt"]


def test_folder_of_other_files_is_refused_even_by_force(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        RunFolder(tmp_path, ENTRY).begin(force=True)


def test_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        begun(tmp_path / "out")


def test_damaged_document_of_a_run_is_said(tmp_path):
    begun(tmp_path / "out")
    (tmp_path / "out/_run.json").write_text("{")
    with pytest.raises(DataError, match=r"_run\.json can't be read"):
        begun(tmp_path / "out")


def test_unfinished_files_of_killed_workers_are_swept(tmp_path):
    folder = begun(tmp_path / "out")
    (folder.root / ".a.parquet.7-0.tmp").write_bytes(b"123")
    begun(tmp_path / "out")
    assert [path.name for path in folder.root.iterdir()] == ["_run.json"]
