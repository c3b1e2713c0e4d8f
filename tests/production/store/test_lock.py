import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from forecast.errors import DataError, LockedError
from forecast.production.store import lock as lock_module
from forecast.production.store.lock import ModelLock
from places import ROOT

HOLDER = """
import sys
from pathlib import Path
from forecast.production.store.lock import ModelLock
with ModelLock(Path(sys.argv[1]), "shop").hold():
    print("held", flush=True)
    sys.stdin.read()
"""


def two_locks(tmp_path):
    return (ModelLock(tmp_path / "lock", "shop") for _ in range(2))


def test_a_busy_lock_is_refused_at_once_and_names_the_holder(tmp_path):
    mine, other = two_locks(tmp_path)
    holder = rf"process {os.getpid()}\) holds the lock of shop"
    with mine.hold(), pytest.raises(LockedError, match=holder) as caught, other.hold():
        pytest.fail("two held the lock")
    assert caught.value.exit_code == 75
    assert caught.value.hint == "try again when it is done"


def test_only_who_can_choose_how_long_to_wait_is_told_the_flag(tmp_path):
    mine, other = two_locks(tmp_path)
    with mine.hold(), pytest.raises(LockedError) as caught, other.hold(timeout=0):
        pytest.fail("two held the lock")
    assert caught.value.hint.endswith("--lock-timeout 10m")


def test_a_busy_lock_is_refused_after_the_timeout(tmp_path, monkeypatch):
    mine, other = two_locks(tmp_path)
    clock = iter(range(100))
    pauses = []
    monkeypatch.setattr(lock_module.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(lock_module.time, "sleep", pauses.append)
    with mine.hold(), pytest.raises(LockedError), other.hold(timeout=10):
        pytest.fail("two held the lock")
    assert len(pauses) == 9


def test_a_waiting_run_gets_the_lock_as_soon_as_it_is_free(tmp_path, monkeypatch):
    mine, other = two_locks(tmp_path)
    holding = mine.hold()
    holding.__enter__()
    monkeypatch.setattr(lock_module.time, "sleep", lambda pause: holding.__exit__(None, None, None))
    with other.hold(timeout=60):
        assert not mine.held


def test_holding_twice_is_holding_once(tmp_path):
    mine, other = two_locks(tmp_path)
    with mine.hold():
        with mine.hold():
            pass
        assert mine.held
        with pytest.raises(LockedError), other.hold():
            pytest.fail("two held the lock")
    with other.hold():
        assert not mine.held


def test_an_error_inside_frees_the_lock(tmp_path):
    mine, other = two_locks(tmp_path)
    with pytest.raises(KeyboardInterrupt), mine.hold():
        raise KeyboardInterrupt
    with other.hold():
        assert not mine.held


def test_the_kernel_frees_the_lock_of_a_killed_run(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as holder:
        assert holder.stdout.readline() == b"held\n"
        mine = ModelLock(tmp_path / "lock", "shop")
        with pytest.raises(LockedError, match=f"process {holder.pid}"), mine.hold():
            pytest.fail("two held the lock")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with mine.hold():
            assert mine.held


def test_a_lock_that_cannot_be_opened_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="Can't lock"), ModelLock(tmp_path / "no" / "lock", "shop").hold():
        pytest.fail("held a lock that is not there")


def test_a_disk_that_knows_no_locks_is_a_data_error_and_leaks_no_file(tmp_path, monkeypatch):
    def refuse(descriptor, how):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(DataError, match="No locks available"), ModelLock(tmp_path / "lock", "shop").hold():
        pytest.fail("held without a lock")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_text_of_a_run_that_is_done_names_nobody(tmp_path):
    mine, _ = two_locks(tmp_path)
    with mine.hold():
        assert (tmp_path / "lock").read_text() == str(os.getpid())
    assert (tmp_path / "lock").read_text() == ""


def test_lock_that_another_program_holds_names_that_and_not_the_last_run(tmp_path, monkeypatch):
    (tmp_path / "lock").write_text("3060")
    mine, _ = two_locks(tmp_path)
    with (tmp_path / "lock").open() as foreign:
        fcntl.flock(foreign, fcntl.LOCK_EX)
        with (
            pytest.raises(LockedError, match=rf"Another program \(process {os.getpid()}\) holds the lock"),
            mine.hold(),
        ):
            pytest.fail("two held the lock")
        monkeypatch.setattr(lock_module, "LOCKS", tmp_path / "no such file")
        monkeypatch.setattr(lock_module, "_is_alive", lambda text: False)
        with pytest.raises(LockedError, match="Another run or program holds the lock"), mine.hold():
            pytest.fail("two held the lock")
