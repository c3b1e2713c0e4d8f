"""A retrain that SIGKILL ends at any instant: at each disk operation, and at random calls of any function."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys

import pytest

from commands import csv_bytes, launch, run, visits
from forecast.production.store.disk import is_hidden
from forecast.production.store.store import Store
from places import HELPERS
from stopped import train_until

DAYS = 100

# Reads lines of [folder, fatal step, fatal call]; for each forks a child that retrains and is killed there. Answers by
# what it ended with, and how many functions it called where none of them was fatal.
WORKER = """
import json, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import pytest
from untrained import train_nothing
from forecast.production.store.disk import Disk
from forecast.production.promotion import Gate
from forecast.production.store.store import Store
from forecast.experiment.retraining import retrain_run  # so that no child has to import it
from runs import run_at
from forecast.production.triggers import Rules, Tolerance
from forecast.workflows.retrain import retrain
from forecast.experiment.retraining.request import Change, RetrainRequest

train_nothing(pytest.MonkeyPatch())

def work(folder, fatal, call):
    steps, calls = [], 0
    def on_call(frame, event, argument):
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
    def on_step(step):
        steps.append(step)
        if len(steps) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
    Disk.__init__.__defaults__ = (on_step,)  # the forecast file is not the store's
    folder = Path(folder)
    usual = (Change(), Gate(), Rules(), Tolerance())
    request = RetrainRequest("visits", str(folder / "visits.csv"), None, *usual, folder / "forecasts")
    run = run_at(datetime(2026, 1, 5, 3, 15, tzinfo=UTC))
    if call is not None:
        sys.setprofile(on_call)
    retrain(request, Store(folder / ".forecast", on_step), run, lambda event, facts: None)
    sys.setprofile(None)
    return calls

for line in sys.stdin:
    ours, theirs = os.pipe()
    if (child := os.fork()) == 0:
        os.write(theirs, str(work(*json.loads(line))).encode())
        os._exit(0)
    os.close(theirs)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, os.read(ours, 99).decode() or 0, flush=True)
    os.close(ours)
"""


@pytest.fixture(scope="module")
def retrain_until():
    """Returns a function that retrains in a folder until a disk step or a call, and tells whether it was killed, and
    how many functions it called where that is counted.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    path = {**os.environ, "PYTHONPATH": str(HELPERS)}
    with subprocess.Popen([sys.executable, "-c", WORKER], text=True, env=path, **pipes) as process:

        def until(folder, step=0, call=None):
            process.stdin.write(json.dumps([str(folder), step, call]) + "\n")
            process.stdin.flush()
            code, calls = map(int, process.stdout.readline().split())
            assert code in (0, -9), "the retrain failed by itself"
            return code == -9, calls

        yield until
        process.stdin.close()


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A shop with a champion v1, and a file that has grown since."""
    from untrained import train_nothing

    folder = tmp_path_factory.mktemp("before")
    (folder / "visits.csv").write_bytes(csv_bytes(visits(DAYS)))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        few = ("--model", "gru", "--horizon", "7", "--folds", "1", "--seeds", "1", "--plots", "none")
        assert run("train", "visits.csv", *few, folder=folder).code == 0
    (folder / "visits.csv").write_bytes(csv_bytes(visits(DAYS + 3)))
    return folder


@pytest.fixture(scope="module")
def after(before, retrain_until, tmp_path_factory):
    """The same shop after an undisturbed retrain, which v2 won."""
    folder = tmp_path_factory.mktemp("after") / "shop"
    shutil.copytree(before, folder)
    assert retrain_until(folder) == (False, 0)
    assert shop_of(folder).champion().label == "v2"
    return folder


def shop_of(folder):
    return Store(folder / ".forecast").model("visits")


def predicted(folder):
    done = run("predict", "visits", "--data", "visits.csv", "--format", "csv", folder=folder)
    assert done.code == 0, done.err
    return done.out


def numbers_of(table):
    """All of a forecast but the version's label."""
    return re.sub(r",v[23],", ",", table)


def assert_whole(folder, before, after):
    """A champion that predicts the same bytes as ever, whole files, and nothing that should not be seen."""
    shop = shop_of(folder)
    shop.champion().verify()
    assert predicted(folder) in (predicted(before), predicted(after))
    for version in shop.versions():
        version.verify()
    assert not shop.damaged()
    seen = {path.name for path in shop.folder.iterdir() if not is_hidden(path.name)}
    assert seen <= {"champion", "champion.lock", "history.jsonl", "issued", "lock", "versions"}
    listed = {path.name for path in (shop.folder / "versions").iterdir() if not is_hidden(path.name)}
    assert listed == {version.id for version in shop.versions()}
    table = (folder / "forecasts" / "visits.csv").read_bytes()
    assert table in {(known / "forecasts" / "visits.csv").read_bytes() for known in (before, after)}


def assert_next_run_completes(folder, before, after, retrain_until):
    assert retrain_until(folder) == (False, 0)
    # A version that was whole when its run died, and not yet champion, keeps its number: the next one is v3 then.
    assert numbers_of(predicted(folder)) == numbers_of(predicted(after))
    table, expected = ((place / "forecasts" / "visits.csv").read_text() for place in (folder, after))
    assert numbers_of(table) == numbers_of(expected)
    assert not [path for path in shop_of(folder).folder.rglob("*") if is_hidden(path.name)]
    assert shop_of(folder).history()[-1]["champion"] == shop_of(folder).champion().label


def die_and_recover(folder, before, after, retrain_until, **instant):
    shutil.copytree(before, folder)
    killed, _ = retrain_until(folder, **instant)
    assert_whole(folder, before, after)
    label = shop_of(folder).champion().label
    assert_next_run_completes(folder, before, after, retrain_until)
    shutil.rmtree(folder)
    return killed, label


@pytest.mark.slow
def test_killed_at_every_other_disk_step_the_champion_is_whole_and_the_next_run_succeeds(
    tmp_path, before, after, retrain_until
):
    labels = []
    for step in range(1, 1000, 2):
        killed, label = die_and_recover(tmp_path / "shop", before, after, retrain_until, step=step)
        labels.append(label)
        if not killed:
            break
    assert labels == sorted(labels)  # once v2 is champion, it stays
    assert {labels[0], labels[-1]} == {"v1", "v2"}
    assert len(labels) > 15


@pytest.mark.slow
def test_killed_at_eight_random_calls(tmp_path, before, after, retrain_until):
    dice = random.Random(4)
    shutil.copytree(before, tmp_path / "counted")
    _, calls = retrain_until(tmp_path / "counted", call=0)
    assert calls > 10_000
    for _ in range(8):
        killed, _ = die_and_recover(
            tmp_path / "shop", before, after, retrain_until, call=dice.randrange(1, int(0.95 * calls))
        )
        assert killed


@pytest.mark.slow
def test_the_program_killed_while_it_trains(tmp_path, shop):
    """Real training, real process: the champion predicts the same bytes after each kill, and the next run succeeds."""
    shutil.copytree(shop.folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(63)))
    expected, words = predicted(tmp_path), ("retrain", "visits", "visits.csv", "-q")
    for chunks in (1, 12):
        assert train_until(signal.SIGKILL, chunks, *words, folder=tmp_path).returncode == -signal.SIGKILL
        Store(tmp_path / ".forecast").model("visits").champion().verify()
        assert predicted(tmp_path) == expected
    done = launch(*words, folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert Store(tmp_path / ".forecast").model("visits").history()[-1]["outcome"] in {"promoted", "kept", "nothing-new"}
