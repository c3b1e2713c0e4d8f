"""`forecast tune`: what it refuses, what it keeps, what it writes, and what train and retrain make of it."""

import json
import os
import signal
import subprocess
import sys

import pytest

from commands import csv_bytes, run, visits
from forecast.errors import ExitCode, UsageError
from forecast.experiment.tuning.tuning_folder import TuningFolder, tuned_settings, with_tuned
from forecast.production.store.store import Store
from forecast.specs import Settings
from untrained import train_nothing

pytestmark = pytest.mark.slow

SMALL = ("--model", "gru", "--horizon", "7", "--folds", "1", "--confirm", "1", "--seeds", "1", "--plots", "none", "-q")
TUNE = ("tune", "visits.csv", *SMALL, "--search", "units,steps", "--trials", "3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tune")
    (folder / "visits.csv").write_bytes(csv_bytes(visits(120)))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        yield folder


@pytest.fixture(scope="module")
def done(folder):
    return run(*TUNE, "--json", folder=folder)


def test_default_stays_where_nothing_beats_it_and_it_is_said(done):
    assert done.code == 0, done.err
    assert done.document["settings"] == {}
    assert "default stays" in done.document["verdict"]
    assert done.document["trials"][0]["values"] == {"units": 32, "steps": 100}


BAD = [
    (("--search", "windw"), ExitCode.USAGE, "--search windw is no setting of a network. Did you mean 'window'?"),
    (("--fix", "unts=3"), ExitCode.USAGE, "--fix unts is no setting of a network. Did you mean 'units'?"),
    (("--fix", "units"), ExitCode.USAGE, "--fix units is no setting with a value."),
    (("--search", "units", "--fix", "units=3"), ExitCode.USAGE, "units is to be searched, and has a value already: 3."),
    (("--search", "cell", "--model", "gru"), ExitCode.USAGE, "cell is to be searched, and has a value already: gru."),
    (("--model", "naive"), ExitCode.USAGE, "tune searches settings of networks, and naive has none."),
    (("--preset", "tutorial"), ExitCode.USAGE, "--preset tutorial is a recipe of its own to learn from."),
    (("--time-limit", "5s"), ExitCode.USAGE, "--time-limit 5s is too short to try and to confirm anything."),
    (("--resume", "--force"), ExitCode.USAGE, "--resume goes on, and --force begins anew."),
    (("--horizon", "20", "--folds", "3", "--confirm", "2"), ExitCode.BAD_DATA, "20 rows more are needed."),
]


@pytest.mark.parametrize(("words", "code", "message"), BAD, ids=[" ".join(words) for words, *_ in BAD])
def test_bad_input_is_refused_in_a_sentence(words, code, message, folder):
    ended = run("tune", "visits.csv", "--name", "bad", *words, folder=folder)
    assert ended.code == code
    assert message in ended.err


def test_too_little_data_for_a_confirmation_offers_fewer_folds(folder):
    words = ("--horizon", "20", "--folds", "3", "--confirm", "2", "--name", "bad")
    ended = run("tune", "visits.csv", *words, folder=folder)
    hint = ended.err.rpartition("hint:")[2].split(",")[0].split()
    assert run("tune", "visits.csv", *SMALL[:2], *words[:2], *hint, "--seeds", "1", "--name", "enough", "--trials", "1",
               "--plots", "none", "-q", folder=folder).code == 0  # fmt: skip


def test_resume_adds_trials_and_keeps_those_of_before(folder, done):
    more = run(
        "tune", "--resume", "--name", "visits", "--trials", "5", "--plots", "none", "--json", "-q", folder=folder
    )
    assert more.code == 0, more.err
    kept = [(each["trial"], each["values"], each["error"]) for each in more.document["trials"]]
    assert kept[:3] == [(each["trial"], each["values"], each["error"]) for each in done.document["trials"]]
    assert len(kept) == 5


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--units", "8"), 2), (("--target", "sales"), 2), (("--search", "units"), 2), (("--horizon", "7"), 0)],
)
def test_resume_goes_on_with_the_settings_it_began_with(words, code, folder, done):
    trials = ("--name", "visits", "--trials", "3", "--plots", "none", "-q")
    ended = run("tune", "--resume", *trials, *words, folder=folder)
    assert ended.code == code, ended.err
    assert code == 0 or f"{words[0]} " in ended.err


def test_what_was_never_tuned_is_not_found_and_a_name_near_it_is_offered(folder, done):
    ended = run("tune", "--resume", "--name", "visit", folder=folder)
    assert ended.code == ExitCode.NOT_FOUND
    assert "No tuning of visit was begun. Did you mean 'visits'?" in ended.err


def test_an_unknown_setting_is_refused_before_the_data_is_read(folder):
    ended = run("tune", "visits.csv", "--name", "bad", "--search", "windw", folder=folder)
    assert "Read " not in ended.err


def test_one_trial_has_nothing_to_be_compared_with(folder):
    ended = run(*TUNE[:-1], "1", "--name", "one", "--json", "--plots", "png", folder=folder)
    assert ended.code == 0, ended.err
    assert ended.document["files"] == []
    assert ended.document["verdict"].startswith("The default alone was tried, and there is nothing to compare it with")


def test_settings_of_the_folder_hold_for_tune_and_for_going_on(folder, tmp_path):
    (tmp_path / "forecast.toml").write_text('horizon = 7\nunits = 8\n[train]\nname = "x"\n')
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(120)))
    begun = run(*TUNE[:2], *SMALL[:2], *SMALL[4:], "--search", "steps", "--trials", "2", "--json", folder=tmp_path)
    assert begun.code == 0, begun.err
    assert (begun.document["search"]["horizon"], begun.document["settings"]) == (7, {})
    assert run("tune", "--resume", "--trials", "3", "--plots", "none", "-q", folder=tmp_path).code == 0


def test_journal_of_other_data_is_refused(folder, done, tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(121)))
    store = ("--store", str(folder / ".forecast"))
    ended = run("tune", "visits.csv", "--resume", *store, folder=tmp_path)
    assert ended.code == ExitCode.USAGE
    assert "visits.csv is not the data that visits is tuned on: its fingerprint is" in ended.err


def test_unfinished_tuning_is_not_begun_anew_by_accident(folder, done):
    tuning = TuningFolder(Store(folder / ".forecast"), "half")
    assert run(*TUNE, "--name", "half", folder=folder).code == 0
    (tuning.root / "tuned.json").unlink()
    ended = run(*TUNE, "--name", "half", folder=folder)
    assert ended.code == ExitCode.USAGE
    assert "forecast tune --resume --name half goes on with it, or --force begins anew" in ended.err
    assert run(*TUNE, "--name", "half", "--force", folder=folder).code == 0


def test_a_tuning_of_another_file_is_replaced_by_force_alone_and_one_of_the_same_is_told(folder, done):
    (folder / "others.csv").write_bytes(csv_bytes(visits(121)))
    words = ("--trials", "1", *SMALL[:-1], "--search", "units", "--name", "kept")
    assert run("tune", "visits.csv", *words, folder=folder).code == 0
    ended = run("tune", "others.csv", *words, folder=folder)
    assert ended.code == ExitCode.USAGE
    assert "kept is the tuning of visits.csv, begun on" in ended.err
    assert "--name others tunes it beside that, or --force begins anew" in " ".join(ended.err.split())
    assert " on the same data" in run("tune", "visits.csv", *words, folder=folder).err
    assert run("tune", "others.csv", *words, "--force", folder=folder).code == 0


def test_second_tuner_of_a_model_says_so_and_exits_75(folder, done):
    with TuningFolder(Store(folder / ".forecast"), "visits").lock():
        ended = run("tune", "--resume", "--name", "visits", folder=folder)
    assert ended.code == ExitCode.LOCKED
    assert "holds the lock of the tuning of visits" in ended.err


def give(folder, changes):
    """Makes settings the outcome of the tuning, as if they had won."""
    tuning = TuningFolder(Store(folder / ".forecast"), "visits")
    path = tuning.root / "tuned.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "changes": changes}))
    assert tuned_settings(Store(folder / ".forecast"), "visits").changes == changes


def test_train_with_tuned_settings_has_them_and_retrain_keeps_them(folder, done):
    give(folder, {"units": 16, "window": 28})
    trained = run("train", "visits.csv", *SMALL[:6], "--seeds", "1", "--plots", "none", "--tuned", "visits", "--json",
                  "-q", folder=folder)  # fmt: skip
    assert trained.code == 0, trained.err
    assert (trained.document["spec"]["units"], trained.document["spec"]["window"]) == (16, 28)
    assert run("retrain", "visits", "--force", "-q", folder=folder).code == 0
    settings = Store(folder / ".forecast").model("visits").champion().manifest.settings
    assert (settings["overrides"]["units"], settings["window"]) == (16, 28)


def test_flags_go_before_tuned_settings(folder, done):
    give(folder, {"units": 16, "window": 28})
    trained = run("train", "visits.csv", *SMALL[:6], "--seeds", "1", "--plots", "none", "--units", "8", "--tuned",
                  "visits", "--json", "-q", "--name", "own", folder=folder)  # fmt: skip
    assert (trained.document["spec"]["units"], trained.document["spec"]["window"]) == (8, 28)


def test_of_tuned_settings_a_model_takes_what_it_has(folder, done):
    give(folder, {"units": 16, "window": 28})
    found = tuned_settings(Store(folder / ".forecast"), "visits")
    settings, model, changes = with_tuned(Settings(), "linear", found)
    assert (settings.window, settings.overrides.units, model, changes) == (28, None, "linear", {"window": 28})
    with pytest.raises(UsageError, match="tune finds settings of networks, and smoothing has none"):
        with_tuned(Settings(), "smoothing", found)


def test_settings_of_nothing_are_not_found(folder, done):
    ended = run("train", "visits.csv", "--tuned", "visit", folder=folder)
    assert ended.code == ExitCode.NOT_FOUND
    assert "Nothing was tuned as visit. Did you mean 'visits'?" in ended.err


KILLED = """
import os, signal, sys
import pytest
from untrained import train_nothing
from forecast.cli import main
from forecast.experiment.tuning.optuna_study import TuningStudy

train_nothing(pytest.MonkeyPatch())
tell, told = TuningStudy.tell, []

def kill(study, trial):
    tell(study, trial)
    told.append(trial)
    if len(told) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

TuningStudy.tell = kill
main()
"""


def test_tuning_that_was_killed_goes_on_to_the_same_trials(folder, tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(120)))
    words = ["tune", "visits.csv", *SMALL, "--search", "window,units", "--trials", "6", "--json"]
    helpers = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = [sys.executable, "-c", KILLED, *words]
    ended = subprocess.run(killed, cwd=tmp_path, capture_output=True, check=False, env=helpers)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    resumed = run("tune", "--resume", "--trials", "6", "--plots", "none", "--json", "-q", folder=tmp_path)
    assert resumed.code == 0, resumed.err
    whole = run(*words, "--name", "whole", folder=tmp_path)
    told = [
        [(each["values"], each["error"], each["state"]) for each in one.document["trials"]] for one in (resumed, whole)
    ]
    assert told[0] == told[1]
