"""Where Python lacks fcntl and pwd, as on Windows: what only reads works, and what saves ends in one sentence."""

import subprocess
import sys

import pytest

from commands import csv_bytes, visits
from marks import slow_but

SCRIPT = """
import sys
sys.modules["fcntl"] = sys.modules["pwd"] = None  # as if they could not be imported
from forecast.cli import main
main(sys.argv[1:])
"""


def elsewhere(folder, *words):
    (folder / "visits.csv").write_bytes(csv_bytes(visits()))
    run = [sys.executable, "-c", SCRIPT, *words]
    return subprocess.run(run, capture_output=True, text=True, cwd=folder, check=False)


CHECK = ("check", "visits.csv")


@pytest.mark.slow
@pytest.mark.parametrize("words", slow_but([CHECK], [("--version",), ("models", "list"), CHECK]))
def test_what_only_reads_needs_no_locks(words, tmp_path):
    done = elsewhere(tmp_path, *words)
    assert (done.returncode, "fcntl" in done.stderr) == (0, False)


TRAIN = ("train", "visits.csv", "--model", "naive", "--plots", "none")


@pytest.mark.slow
def test_what_saves_ends_in_one_sentence_and_leaves_nothing_behind(tmp_path):
    done = elsewhere(tmp_path, *TRAIN)
    assert done.returncode == 3
    [sentence, hint] = done.stderr.splitlines()[-2:]
    assert sentence.startswith("error: Python has no module fcntl on this system")
    assert hint == "hint:  run forecast on Linux or macOS; on Windows within WSL: wsl --install"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "visits.csv"]


def test_crontab_is_edited_under_a_lock_or_not_at_all(shop):
    done = elsewhere(shop.folder, "schedule", "visits", "--daily", "03:15", "--install", "--yes")
    assert (done.returncode, "Python has no module fcntl" in done.stderr) == (3, True)


def test_doctor_says_what_is_missing(tmp_path):
    script = (
        SCRIPT.partition("from forecast")[0]
        + """
from pathlib import Path
from forecast.production.store.store import Store
from forecast.workflows import doctor
check = doctor._guarded("store", lambda: doctor._store(Store(Path(".forecast"))))
print(check.status, check.detail)
"""
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.startswith("failed Python has no module fcntl")
