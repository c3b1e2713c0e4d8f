"""The README against the program: its commands run, its flags exist, its session is what is printed."""

import re
import shlex
import shutil
import subprocess

import pytest
import typer

from command_lines import parse
from commands import run
from forecast.errors import DependencyError
from places import ROOT
from site_pages import PAGES, differences, script

README = PAGES["README.md"]
INSTALLS = [block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "pip install" in block]
SESSION = re.search(r"```console\n\$ (.*?)\n(.*?)```", README, re.DOTALL)
VERBS = re.findall(r"^\| `(forecast .*?)` \|", README, re.MULTILINE)


def test_it_is_short_and_shows_five_verbs():
    assert len(README.splitlines()) < 140
    assert [verb.split()[1] for verb in VERBS] == ["check", "train", "compare", "predict", "retrain"]


@pytest.mark.parametrize("command", [*VERBS, SESSION[1]])
def test_command_parses(command):
    words = shlex.split(command)
    name, values = parse(words[1:])
    assert name == words[1]
    assert values["debug"] is False


@pytest.mark.parametrize("words", [["train", "--models", "x", "y"], ["predict", "--horizon", "none"]])
def test_parsing_notices_what_the_program_would(words):
    with pytest.raises(typer.exceptions.TyperException):
        parse(words)


def test_install_lines_pin_what_they_install():
    assert len(INSTALLS) == 2
    for block in INSTALLS:
        assert len(block.splitlines()) == 1
        assert "pip install -q -c constraints.txt " in block
    assert (ROOT / "constraints.txt").is_file()
    assert INSTALLS[0].partition("&& forecast ")[2].strip() == SESSION[1].removeprefix("forecast ")


def test_ci_runs_the_test_command_of_the_readme():
    script_text = (ROOT / ".ci/run").read_text(encoding="utf-8")
    extract = re.search(r"^command=\$\((.*)\)$", script_text, re.MULTILINE)[1]
    found = subprocess.run(["bash", "-c", extract], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert found == INSTALLS[1]
    assert found.endswith("&& python -m pytest\n")


def test_the_licence_is_left_to_the_owner_and_that_is_said():
    assert "for the owner of this repository to choose" in README.partition("\n## Licence\n")[2]
    assert not list(ROOT.glob("LICEN[CS]E*"))


def test_session_shows_the_words_that_train_says(tmp_path, monkeypatch):
    """Up to where the training begins: scores differ a little from machine to machine."""

    def no_further(*_):
        raise DependencyError("far enough")

    monkeypatch.setattr("forecast.experiment.experiment.machine_for", no_further)
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    done = run(*shlex.split(SESSION[1])[1:], folder=tmp_path, COLUMNS="80")
    shown = SESSION[2].partition("\n  passengers, scored on")[0]
    assert shown.split() == done.err.partition("error: far enough")[0].split()


@pytest.mark.slow
def test_session_is_what_its_command_prints(tmp_path):
    """Networks that tie may change places on another machine; the rest of the words stays."""
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    done = script("make_sessions").run(SESSION[1], tmp_path)
    assert done.code == 0
    assert not list(differences(SESSION[2], done.printed)), done.printed
    ((made, _),) = script("make_sessions").PICTURE.findall(README)
    assert (tmp_path / made).is_file()
