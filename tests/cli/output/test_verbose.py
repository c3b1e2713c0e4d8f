import re

import pytest

from commands import csv_bytes, run, visits
from every_command import COMMANDS
from forecast.cli.output.verbose import Phases

COMPARE = ("compare", "visits.csv", "--models", "naive", "--plots", "none")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    return tmp_path


def test_verbose_tells_settings_reading_and_seconds(folder):
    (folder / "forecast.toml").write_text("horizon = 5\nkind = 'sales'\n[train]\nname = 'x'\n")
    done = run(*COMPARE, "-v", folder=folder, FORECAST_FOLDS="1")
    assert done.err.splitlines()[:3] == [
        "Setting   horizon = 5, from forecast.toml",
        "Setting   kind = sales, from forecast.toml",
        "Setting   folds = 1, from FORECAST_FOLDS",
    ]
    assert "Read as   --time day --target visits" in done.err
    assert "Holds     60 steps of 1 series, 0 of them gaps" in done.err
    assert re.search(r"^Seconds   reading \d.*planning \d.*naive \d", done.err, re.MULTILINE)
    assert re.fullmatch(r"Took      [\d.]+ s in all, [\d.]+ s of it to start", done.err.splitlines()[-1])


@pytest.mark.slow
def test_verbose_changes_no_result(folder):
    def scores(*more):
        return [(row["model"], row["rmse"]) for row in run(*COMPARE, *more, folder=folder).rows]

    assert scores("-v") == scores() == scores("-q")


@pytest.mark.parametrize(
    "words", [name for name in COMMANDS if name[0] in {"models", "history", "config"}], ids=" ".join
)
def test_quiet_and_verbose_exclude_each_other(words, tmp_path):
    arguments = [
        "v1" if p.metavar == "V" else "x" for p in COMMANDS[words].command.params if p.required and p.metavar != "N"
    ]
    done = run(*words, *arguments, *(("--keep", "1") if words[-1] == "prune" else ()), "-q", "-v", folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "--quiet and --verbose can't be used together" in done.err


def test_seconds_are_told_of_a_command_that_fails_too(tmp_path):
    done = run("models", "show", "nobody", "-v", folder=tmp_path)
    assert done.code == 4
    assert done.err.startswith("Took ")


def test_phases_add_up_and_may_be_entered_again(capsys):
    phases = Phases()
    for label in ("a", "a", "b", "a"):
        phases.enter(label)
    phases.tell()
    assert re.fullmatch(r"Seconds   reading 0\.00 · a 0\.00 · b 0\.00\n", capsys.readouterr().err)


@pytest.mark.parametrize("words", [("predict", "nobody"), ("train", "nowhere.csv"), ("models", "show", "nobody")])
def test_debug_shows_where_an_error_comes_from(words, tmp_path):
    with pytest.raises(Exception, match=r"nobody|nowhere") as error:
        run(*words, "--debug", folder=tmp_path)
    assert any("hint" in note for note in error.value.__notes__)
