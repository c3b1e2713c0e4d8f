"""Code of the user in a model: run only where it was named, kept with the version, refused when it is another one."""

import json

import pytest

from commands import csv_bytes, run, visits
from forecast import ForecastError
from forecast.errors import UsageError
from forecast.experiment.final_fit import check_model
from forecast.experiment.versions.own_code import named_cell
from forecast.models.networks.cells import CELLS
from forecast.models.registry import MODELS, check_names, learned_models
from untrained import train_nothing

FILE = """
from dataclasses import replace
from pathlib import Path

from min_gru import MIN_GRU

Path(__file__).with_name("ran").write_text("it ran")
MINE = replace(MIN_GRU, name="mine")
NUMBER = 3
TAKEN = replace(MIN_GRU, name="gru")
"""
FAST = ("--horizon", "7", "--folds", "1", "--seeds", "1", "--no-calendar", "--plots", "none")


@pytest.fixture(autouse=True)
def forgotten():
    """Each command knows the cells that it names, as a process of its own would."""
    CELLS._unlisted.clear()
    yield
    CELLS._unlisted.clear()


def alone(*words, folder):
    CELLS._unlisted.clear()
    (folder / "ran").unlink(missing_ok=True)
    return run(*words, folder=folder)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a store in which a cell of one's own was trained."""
    train_nothing(monkeypatch)
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    (tmp_path / "cells.py").write_text(FILE)
    done = run("train", "visits.csv", "--model", "cells.py:MINE", "--name", "own", *FAST, folder=tmp_path)
    assert done.code == 0, done.err
    return tmp_path


def version_of(folder):
    return next((folder / ".forecast/models/own/versions").iterdir())


def test_version_keeps_the_file_and_says_what_it_needs(folder):
    version = version_of(folder)
    assert (version / "code/cells.py").read_text() == FILE
    (entry,) = json.loads((version / "manifest.json").read_text())["code"]
    assert (entry["cell"], entry["file"], entry["name"]) == ("mine", "cells.py", "MINE")
    done = alone("predict", "own", folder=folder)
    words = " ".join(done.err.split())
    assert done.code == 3
    assert "own v1 needs MINE of cells.py: code of your own, which is run only where you name it" in words
    assert "forecast --cells cells.py:MINE predict own" in words
    assert not (folder / "ran").exists()


@pytest.mark.slow
def test_named_again_it_predicts_and_is_trained_anew(folder):
    (folder / "kept").mkdir()
    told = (folder / "forecasts/own.csv").read_text()
    done = alone("--cells", "cells.py:MINE", "predict", "own", "--format", "csv", folder=folder)
    assert done.code == 0, done.err
    assert done.out == told
    (folder / "visits.csv").write_bytes(csv_bytes(visits(90)))
    assert alone("retrain", "own", folder=folder).code == 3
    done = alone("--cells", "cells.py:MINE", "retrain", "own", "--force", folder=folder)
    assert done.code == 0, done.err
    assert "forecast --cells cells.py:MINE models rollback own" in " ".join(done.err.split())
    assert all((path / "code/cells.py").is_file() for path in version_of(folder).parent.iterdir())


@pytest.mark.slow
def test_commands_to_go_on_with_name_the_file(folder):
    done = alone("train", "visits.csv", "--model", "cells.py:MINE", "--name", "other", *FAST, folder=folder)
    assert "Next forecast --cells cells.py:MINE predict other" in " ".join(done.err.split())
    done = alone("schedule", "own", "--daily", "03:15", folder=folder)
    assert done.code == 3  # or each night would fail
    assert "forecast --cells cells.py:MINE schedule own" in " ".join(done.err.split())
    done = alone("--cells", "cells.py:MINE", "schedule", "own", "--daily", "03:15", folder=folder)
    assert "forecast --cells cells.py:MINE retrain own -q" in done.out
    assert "forecast --cells cells.py:MINE schedule own --cron" in " ".join(done.err.split())


def test_command_to_do_it_again_names_the_file(folder):
    summary = json.loads((version_of(folder) / "metrics.json").read_text())
    assert "--model cells.py:MINE" in summary["command"]


def test_lost_file_is_named_by_its_copy(folder):
    (folder / "cells.py").unlink()
    copy = (version_of(folder) / "code/cells.py").relative_to(folder)
    assert alone("--cells", f"{copy}:MINE", "predict", "own", folder=folder).code == 0


def test_another_file_is_refused_and_the_copy_named(folder):
    (folder / "cells.py").write_text(FILE + "# more\n")
    done = alone("--cells", "cells.py:MINE", "predict", "own", folder=folder)
    words = "".join(done.err.split())
    assert done.code == 5
    assert "wastrainedwithanothercells.py" in words
    assert "code/cells.py" in words
    (folder / "cells.py").write_bytes(FILE.replace("\n", "\r\n").encode())  # the same lines, as Windows ends them
    assert alone("--cells", "cells.py:MINE", "predict", "own", folder=folder).code == 0


def test_no_setting_runs_a_file(folder):
    (folder / "forecast.toml").write_text('[train]\nmodel = "cells.py:MINE"\n')
    done = alone("train", "visits.csv", *FAST, folder=folder)
    assert done.code == 2
    assert "is run only where the command line names it" in " ".join(done.err.split())
    assert not (folder / "ran").exists()


def test_cell_of_ones_own_is_found_by_its_name_alone(tmp_path, monkeypatch):
    (tmp_path / "cells.py").write_text(FILE)
    assert named_cell("lstm") == "lstm"
    assert named_cell(f"{tmp_path}/cells.py:MINE") == "mine"
    assert "mine" in CELLS
    assert "mine" in MODELS
    assert "mine" in learned_models()
    assert "mine" not in list(CELLS)
    assert MODELS["mine"].group == "network"


@pytest.mark.parametrize(
    ("file", "word", "message"),
    [
        (FILE, "nofile.py:MINE", "There is no file"),
        (FILE, "cells.py:MINA", "has no MINA. Did you mean 'MINE'"),
        (FILE, "cells.py:NUMBER", "NUMBER is no recurrent cell"),
        (FILE, "cells.py:TAKEN", "There is a model called 'gru' already"),
        ("x = (", "cells.py:x", "line 1: SyntaxError"),
        ("y = 1\nx = 1 / 0", "cells.py:x", "line 2: ZeroDivisionError: division by zero"),
        ("import nothing_like_this", "cells.py:x", "ModuleNotFoundError"),
    ],
)
def test_what_can_not_be_used_is_refused_in_a_sentence(file, word, message, tmp_path):
    (tmp_path / "cells.py").write_text(file)
    with pytest.raises(ForecastError, match=message) as caught:
        named_cell(f"{tmp_path}/{word}")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("check", "model", "hint"),
    [
        (check_model, "cells.py", "--model cells.py:MyCell"),
        (check_model, "gru,lstm", "forecast compare DATA --models gru,lstm"),
        (lambda model, known: check_names((model,)), "cells.py", "--models cells.py:MyCell"),
    ],
    ids=["train", "several", "compare"],
)
def test_hint_of_a_model_that_is_none_says_how_it_is_written(check, model, hint):
    with pytest.raises(UsageError) as caught:
        check(model, ("gru", "lstm"))
    assert hint in caught.value.hint


def test_hint_names_what_the_file_itself_has(tmp_path):
    (tmp_path / "cells.py").write_text("from pathlib import Path\n\n\ndef Cell(units):\n    return Path\n")
    with pytest.raises(UsageError) as caught:
        named_cell(f"{tmp_path}/cells.py:Nope")
    assert caught.value.hint == f"{tmp_path}/cells.py:Cell"


def test_cells_flag_takes_cells_only():
    with pytest.raises(UsageError, match="names no cell in a file"):
        named_cell("cells.py", must_name=True)
