import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from forecast.errors import DataError
from forecast.production.store import disk as disk_module
from forecast.production.store.disk import CHUNK, Disk, atomic_write, list_folders, read_regular, telling


def failing_at(number, code=errno.ENOSPC):
    steps = []

    def on_step(step):
        steps.append(step)
        if len(steps) == number:
            raise OSError(code, os.strerror(code))

    return on_step


def test_atomic_write_makes_folders_and_leaves_only_the_file(tmp_path):
    target = tmp_path / "forecasts" / "shop.csv"
    atomic_write(target, b"a,b\n")
    assert target.read_bytes() == b"a,b\n"
    assert [path.name for path in target.parent.iterdir()] == ["shop.csv"]


def test_atomic_write_keeps_the_permissions_of_the_file_it_replaces(tmp_path):
    target = tmp_path / "shop.csv"
    target.write_bytes(b"old")
    target.chmod(0o640)
    atomic_write(target, b"new")
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new", 0o640)


def test_atomic_write_gives_a_new_file_the_permissions_that_the_umask_allows(tmp_path):
    atomic_write(tmp_path / "atomic", b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_atomic_write_through_a_link_keeps_the_link(tmp_path):
    (tmp_path / "link.csv").symlink_to("dated.csv")
    for content in (b"first", b"second"):
        atomic_write(tmp_path / "link.csv", content)
        assert (tmp_path / "dated.csv").read_bytes() == content
    assert (tmp_path / "link.csv").is_symlink()


def test_atomic_write_writes_into_a_pipe_instead_of_replacing_it(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    atomic_write(pipe, b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_atomic_write_writes_to_a_standard_output_that_is_a_pipe():
    reader, writer = os.pipe()
    atomic_write(Path(f"/dev/fd/{writer}"), b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    os.close(writer)


def test_a_reader_sees_the_old_or_the_new_bytes_while_a_file_is_replaced(tmp_path):
    target = tmp_path / "shop.csv"
    whole = {bytes([digit]) * 3 * CHUNK for digit in b"0123456789"}
    atomic_write(target, min(whole))
    writer = threading.Thread(target=lambda: [atomic_write(target, content) for content in sorted(whole)])
    writer.start()
    while writer.is_alive():
        assert target.read_bytes() in whole
    writer.join()
    assert target.read_bytes() == max(whole)


def test_replace_failing_at_any_step_leaves_a_whole_file_and_nothing_else(tmp_path):
    target = tmp_path / "champion"
    old, new = b"old", b"n" * (2 * CHUNK + 1)
    steps = []
    Disk(steps.append).replace(tmp_path / "rehearsal", new)
    (tmp_path / "rehearsal").unlink()
    assert len(steps) == 7  # create, three chunks, sync, rename, sync folder
    for number in range(1, len(steps) + 1):
        target.write_bytes(old)
        with pytest.raises(OSError, match="No space"):
            Disk(failing_at(number)).replace(target, new)
        assert target.read_bytes() == (new if number == len(steps) else old)
        assert [path.name for path in tmp_path.iterdir()] == ["champion"]


def test_replace_steps_over_the_temporary_file_of_a_killed_run(tmp_path):
    junk = disk_module.unused_name_near(tmp_path / "champion")
    junk.write_bytes(b"half")
    Disk().replace(tmp_path / "champion", b"whole")
    assert (tmp_path / "champion").read_bytes() == b"whole"
    assert junk.read_bytes() == b"half"


def test_bytes_reach_the_disk_before_the_name_and_the_name_before_the_return(tmp_path, monkeypatch):
    events = []
    real_sync, real_replace = os.fsync, Path.replace

    def fsync(descriptor):
        events.append(("sync", str(Path(f"/proc/self/fd/{descriptor}").readlink())))
        real_sync(descriptor)

    def replace(source, target):
        events.append(("rename", str(source), str(target)))
        return real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    Disk().replace(tmp_path / "champion", b"v1")
    (first, synced), (second, source, target), last = events
    assert (first, second, last) == ("sync", "rename", ("sync", str(tmp_path)))
    assert synced == source
    assert target == str(tmp_path / "champion")


def test_write_new_finishes_a_write_that_the_system_cut_short(tmp_path, monkeypatch):
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real_write(descriptor, bytes(data)[:1000]))
    data = os.urandom(5000)
    Disk().write_new(tmp_path / "weights", data)
    assert (tmp_path / "weights").read_bytes() == data


def test_write_new_never_overwrites(tmp_path):
    (tmp_path / "weights").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        Disk().write_new(tmp_path / "weights", b"new")


def test_a_network_disk_that_cannot_sync_folders_is_accepted(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    Disk().sync_folder(tmp_path)


def test_a_folder_that_the_disk_fails_to_sync_is_an_error(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output"):
        Disk().sync_folder(tmp_path)


def test_append_undoes_a_line_that_did_not_fit(tmp_path, monkeypatch):
    path = tmp_path / "history"
    Disk().append(path, b"first")
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real_write(descriptor, data[:3]))
    with pytest.raises(OSError, match="No space"):
        Disk().append(path, b"second")
    assert path.read_bytes() == b"first\n"


def test_remove_takes_away_a_link_and_not_what_it_points_to(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("precious")
    Disk().remove(tmp_path / "link")
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
    assert (tmp_path / "precious" / "file").exists()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda path: path.symlink_to("/etc/passwd"), "is a link"),
        (lambda path: path.mkdir(), "is not a regular file"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.write_bytes(b"12345"), "has 5 bytes, more than the 4"),
    ],
    ids=["link", "folder", "pipe", "too-large"],
)
def test_read_regular_refuses_what_is_no_plain_file_of_the_right_size(tmp_path, make, match):
    make(tmp_path / "file")
    with pytest.raises(ValueError, match=match):
        read_regular(tmp_path / "file", limit=4)


def test_read_regular_says_that_a_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "file")


def test_list_folders_of_a_file_is_refused_and_of_nothing_is_empty(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert list_folders(tmp_path / "nothing") == []
    with pytest.raises(DataError, match=r"Can't read .*file: a file stands in the way"):
        list_folders(tmp_path / "file")


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        (errno.ENOSPC, "the disk is full", "free some space, or choose another place with -o FILE"),
        (errno.EDQUOT, "the disk quota is used up", "free some space, or choose another place with -o FILE"),
        (errno.EROFS, "the disk is read-only", "choose another place with -o FILE"),
        (
            errno.EACCES,
            "permission is denied",
            "run it as the user who owns the folder, or choose another place",
        ),
        (errno.EIO, "the disk reports a hardware error", "choose another place"),
        (errno.EXDEV, os.strerror(errno.EXDEV), "choose another place"),
    ],
)
def test_errors_of_the_disk_are_told_in_plain_words(code, words, hint):
    with (
        pytest.raises(DataError, match=f"Can't write shop.csv: {words}") as caught,
        telling("write shop.csv", "-o FILE"),
    ):
        raise OSError(code, os.strerror(code))
    assert caught.value.hint.startswith(hint)


def test_atomic_write_names_the_file_and_the_flag_when_the_place_is_impossible(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(DataError, match=r"file/shop\.csv: a file stands in the way") as caught:
        atomic_write(tmp_path / "file" / "shop.csv", b"")
    assert caught.value.hint == "choose another place with -o FILE"
    with pytest.raises(DataError, match="a folder stands in the way of a file"):
        atomic_write(tmp_path, b"")
