"""Signals at known instants: a process of its own sends them to itself, where a test asks for it."""

import json
import shutil
import signal
import subprocess
import sys

import pytest

from commands import FORECAST, csv_bytes, run, visits
from forecast.production.store.disk import is_hidden
from forecast.production.store.store import Store
from forked import forks
from places import ROOT
from watchdog import watchdog

QUICK = ("--model", "gru", "--horizon", "7", "--folds", "1", "--seeds", "1", "--plots", "none")

# Takes a number of a signal, an instant and words: the command line, whose networks learn nothing. At the instant, a
# disk step or the call that trains, the signal comes twice, as from an impatient user, and each step later on again.
PROGRAM = """
import os, sys
import pytest
from untrained import train_nothing
from forecast.cli import main
from forecast.production.store.disk import Disk
from forecast.workflows import train
from forecast.experiment.retraining import retuning

number, instant = int(sys.argv[1]), sys.argv[2]
sys.argv[1:] = sys.argv[3:]
train_nothing(pytest.MonkeyPatch())
begun = []

def hit(*_, **__):
    begun.append(True)
    os.kill(os.getpid(), number)

def on_step(step):
    if step.startswith(instant) or (begun and number != 2):
        hit()

Disk.__init__.__defaults__ = (on_step,)
import forecast.production.store.store as stores
stores.Store.__init__.__defaults__ = (on_step,)
if instant == "training":
    for room, name in ((retuning, "challenge_recipes"), (retuning, "run_challenge"), (train, "run_experiment")):
        pytest.MonkeyPatch().setattr(room, name, hit)
main()
"""


MODULES = ("forecast.workflows.train", "forecast.workflows.retrain", "pytest", "untrained")


@pytest.fixture(scope="module")
def stop():
    """Returns what runs the command line until a signal stops it."""
    with forks(*MODULES) as processes:
        yield lambda number, instant, *words, folder: processes.run(
            int(number), instant, *words, folder=folder, script=PROGRAM
        )


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A shop with a champion v1, its forecast, and a file that has grown since."""
    from untrained import train_nothing

    folder = tmp_path_factory.mktemp("before")
    (folder / "visits.csv").write_bytes(csv_bytes(visits(100)))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        assert run("train", "visits.csv", *QUICK, folder=folder).code == 0
    (folder / "visits.csv").write_bytes(csv_bytes(visits(103)))
    return folder


@pytest.fixture
def folder(before, tmp_path):
    return shutil.copytree(before, tmp_path / "shop")


def lines_of(folder):
    return Store(folder / ".forecast").model("visits").history()


def state_of(folder):
    """All files but the history and the lock."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {
        path.relative_to(folder): data for path, data in files.items() if path.name not in {"history.jsonl", "lock"}
    }


def words_of(command):
    return ("retrain", "visits", "--force", "-q") if command == "retrain" else ("train", "visits.csv", *QUICK, "-q")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "instant", "number"),
    [
        ("retrain", "training", signal.SIGTERM),
        ("train", "training", signal.SIGHUP),
        ("retrain", "write weights", signal.SIGINT),
    ],
)
def test_run_that_is_stopped_leaves_a_line_and_the_store_as_it_was(command, instant, number, folder, stop):
    state = state_of(folder)
    done = stop(number, instant, *words_of(command), folder=folder)
    by = "" if number == signal.SIGINT else f" by {number.name}"
    assert (done.returncode, done.stdout) == (128 + number, "")
    assert done.stderr == f"visits: stopped{by}. The store is as it was.\n"
    assert state_of(folder) == state
    line = lines_of(folder)[-1]
    assert (line["command"], line["outcome"], line["champion"]) == (command, "failed", "v1")
    assert (line["reason"], line["exit_code"]) == (f"stopped by {number.name}", 128 + number)


@pytest.mark.slow
@pytest.mark.parametrize(("command", "number"), [("retrain", signal.SIGTERM), ("train", signal.SIGINT)])
def test_run_that_is_stopped_after_the_champion_moved_says_so(command, number, folder, stop):
    table = (folder / "forecasts/visits.csv").read_text()
    done = stop(number, "create .visits.csv", *words_of(command), folder=folder)
    assert done.returncode == 128 + number
    truth = "v2 of visits is champion now; its forecast was not written: "
    advice = "forecast predict visits -o forecasts/visits.csv --force"
    assert done.stderr.splitlines()[-1].endswith(f". {truth}{advice}")
    line = lines_of(folder)[-1]
    assert (line["command"], line["champion"], line["challenger"], line["exit_code"]) == (
        command,
        "v2",
        "v2",
        128 + number,
    )
    assert truth in line["reason"]
    assert (folder / "forecasts/visits.csv").read_text() == table
    assert not [path for path in folder.rglob("*") if is_hidden(path.name)]
    assert run(*advice.split()[1:], folder=folder).code == 0
    written = (folder / "forecasts/visits.csv").read_text()
    assert ",v2," in written
    assert run("retrain", "visits", folder=folder).code == 0  # and the next run finds nothing odd


@pytest.mark.slow
def test_watchdog_and_the_command_for_failures_hear_of_a_signal(folder, stop):
    number = signal.SIGHUP
    with watchdog() as (url, heard):
        told = 'echo "$FORECAST_EXIT_CODE $FORECAST_MESSAGE" > told'
        more = ("--ping-url", url, "--on-failure", told, "--log-file", "a.log")
        done = stop(number, "training", *words_of("retrain"), *more, folder=folder)
    assert done.returncode == 128 + number
    assert heard == ["/start", f"/{128 + number}"]
    assert (folder / "told").read_text() == f"{128 + number} stopped by {number.name}\n"
    events = [json.loads(line) for line in (folder / "a.log").read_text().splitlines()]
    assert [event["event"] for event in events][-1] == "ended"
    assert events[-1]["exit_code"] == 128 + number


def test_first_train_that_is_stopped_leaves_no_model(tmp_path, stop):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    done = stop(signal.SIGTERM, "training", *words_of("train"), folder=tmp_path)
    assert done.returncode == 143
    assert run("models", "list", folder=tmp_path).rows == []
    assert Store(tmp_path / ".forecast").names() == ()


@pytest.mark.slow
def test_signal_that_the_caller_ignores_is_ignored(folder, stop):
    """As under nohup."""
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        done = stop(signal.SIGHUP, "write weights", *words_of("retrain"), folder=folder)
    finally:
        signal.signal(signal.SIGHUP, old)
    assert done.returncode == 0, done.stderr
    assert lines_of(folder)[-1]["outcome"] == "promoted"


@pytest.mark.parametrize("module", ["typer", "forecast.errors", "numpy"])
@pytest.mark.slow
def test_ctrl_c_while_the_program_is_imported_is_one_line(module, tmp_path):
    """The signal comes as the module is looked for, from the very entry point."""
    script = (
        "import os, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), 2)\n"
        "from forecast.cli import main\n"
        f"assert {module!r} not in sys.modules\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.argv[1:] = ['check', 'visits.csv']\n"
        "main()\n"
    )
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines()[-1] == "Stopped. The store is as it was."
    assert "Traceback" not in done.stderr


def test_entry_point_hears_ctrl_c_before_it_imports_anything_heavy():
    script = "import sys; before = set(sys.modules); import forecast.cli; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-S", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"typer", "click", "rich", "dataclasses", "pathlib", "inspect"} == set()
    assert FORECAST.name == "forecast"
