"""Models that are trained once for the whole run; TensorFlow is imported only by the tests that ask for one."""

import gc
import os
import signal
import sys
from types import SimpleNamespace

import pytest
from hypothesis import settings

from commands import QUICK, csv_bytes, run, visits
from forecast.models.forecaster import Watcher
from runs import QUIET
from tiny import VIEWS, awkward_panel, tiny_spec
from untrained import train_nothing

os.environ.setdefault("OMP_NUM_THREADS", "1")  # scikit-learn's threads wait for each other where cores are shared
# Half the time of a short training goes into making its loop fast: here loops run for a moment.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")

# Compiled once: by the next run neither tests nor the program, by the programs that tests start not again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

for number in (signal.SIGINT, signal.SIGHUP):  # ignored in the background of a shell; what the tests start hears them
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

gc.set_threshold(100_000, 20, 20)  # going through all that TensorFlow and the tests hold takes a tenth of the run
settings.register_profile("quick", max_examples=25)
settings.load_profile("quick")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported and collected stays to the end: going through it for what is unused finds nothing."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


@pytest.fixture(scope="module")
def unfrozen():
    """Within the module, ``gc.get_objects`` finds what was imported and collected, too."""
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_disks(tmp_path_factory):
    """What the tests write here need not outlive the machine, and what they type is not known to whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setattr(os, "fsync", lambda file: None)
        yield


def pytest_collection_modifyitems(items):
    """Files on the whole program take longest: none is begun when the other workers have nothing left to do."""
    items.sort(key=lambda item: item.path.parent.name != "system")


CRONTAB = """#!/bin/sh
case "$1" in
  -l) if [ -f {tab} ]; then cat {tab}; else echo "no crontab for me" >&2; exit 1; fi ;;
  -r) rm {tab} ;;
  -) cat > {tab}.new; if grep -q refuse {tab}.new; then echo 'bad minute' >&2; exit 1; fi; mv {tab}.new {tab} ;;
esac
"""


@pytest.fixture
def tab(tmp_path, monkeypatch):
    """A stand-in for the program crontab, and the file that it edits."""
    program = tmp_path / "crontab"
    program.write_text(CRONTAB.format(tab=tmp_path / "tab"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "tab"


@pytest.fixture(scope="session")
def awkward():
    return awkward_panel()


@pytest.fixture(scope="session")
def trained(awkward):
    """Returns a trained tiny model by the name of its cell: two views, two seeds, segments of two steps."""
    from forecast.models.networks.fitting import RecurrentForecaster  # imports TensorFlow

    models = {}

    def model(cell):
        if cell not in models:
            spec = tiny_spec(cell, views=VIEWS, seeds=(0, 1))
            models[cell] = RecurrentForecaster(cell, spec, QUIET).fit(awkward, Watcher())
        return models[cell]

    return model


@pytest.fixture(scope="module")
def untrained():
    """Within the module, networks of the commands that run in this process have random weights."""
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        yield


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """Returns a folder in which `forecast train visits.csv` was run once, with random weights; to be read only."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "visits.csv").write_bytes(csv_bytes(visits()))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        train = run("train", "visits.csv", "--model", "gru", *QUICK, "--plots", "none", folder=folder)
    assert train.code == 0, train.err
    return SimpleNamespace(folder=folder, data=folder / "visits.csv", train=train)
