"""The README against the program: its commands run, its flags exist, its lists are the program's own."""

import re
import shlex
import shutil
import subprocess
from typing import get_args

import pytest
import typer

from command_lines import parse
from commands import launch, run
from forecast.cli.app import app
from forecast.errors import DependencyError, ExitCode
from forecast.models.registry import MODELS
from forecast.specs import Preset
from places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
INSTALLS = [block for block in SHELL if "pip install" in block]
SESSION = re.search(r"```console\n(.*?)```", README, re.DOTALL)[1]
COMMANDS = [
    *(line[2:] for line in SESSION.splitlines() if line.startswith("$ ")),
    *(line for block in SHELL if block not in INSTALLS for line in block.splitlines() if line),
]
"""In the order in which a reader runs them."""


def options():
    """Returns every option of every command."""

    def of(command):
        own = {name for parameter in command.params for name in parameter.opts if name.startswith("-")}
        return own.union(*map(of, getattr(command, "commands", {}).values()))

    return {*of(typer.main.get_command(app)), "--help", "-h"}


def test_examples_were_found():
    assert len(INSTALLS) == 2
    names = ["train", "compare", "compare", "predict", "doctor", "train", "predict"]
    names += ["predict", "predict", "predict", "predict", "report", "schedule", "history"]
    assert [command.split()[1] for command in COMMANDS] == names


@pytest.mark.parametrize("command", COMMANDS)
def test_command_parses(command):
    words = shlex.split(command)
    assert words[0] == "forecast"
    name, values = parse(words[1:])
    assert name == words[1]
    assert values["debug"] is False


@pytest.mark.parametrize("words", [["train", "--models", "x", "y"], ["predict", "--horizon", "none"]])
def test_parsing_notices_what_the_program_would(words):
    with pytest.raises(typer.exceptions.TyperException):
        parse(words)


def test_install_lines_pin_what_they_install():
    for block in INSTALLS:
        assert len(block.splitlines()) == 1
        assert "pip install -q -c constraints.txt " in block
    assert (ROOT / "constraints.txt").is_file()
    name, _ = parse(shlex.split(INSTALLS[0].partition("&& forecast ")[2]))
    assert name == "train"


def test_ci_runs_the_test_command_of_the_readme():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    extract = re.search(r"^command=\$\((.*)\)$", script, re.MULTILINE)[1]
    found = subprocess.run(["bash", "-c", extract], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert found == INSTALLS[1]
    assert found.endswith("&& python -m pytest\n")


def test_every_command_that_is_mentioned_exists():
    table = re.findall(r"^\| (`forecast .*?) \|", README, re.MULTILINE)
    mentioned = [code for cell in table for code in re.findall(r"`([^`]+)`", cell)]
    names = {word for code in mentioned for word in code.split() if re.fullmatch(r"[a-z]+", word)} - {"forecast"}
    top = typer.main.get_command(app).commands
    known = {*top, *(name for command in top.values() for name in getattr(command, "commands", {}))}
    assert names == known


def test_every_flag_that_is_mentioned_exists():
    text = README
    for block in INSTALLS:
        text = text.replace(block, "")
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert len(flags) > 10
    assert flags <= options()


def test_models_presets_and_exit_codes_are_the_programs():
    models = README.partition("\nModels: ")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z-]+)`", models)) == set(MODELS)
    presets = README.partition("\nPresets: ")[2].partition("\n\n")[0]
    assert {word.split()[-1] for word in re.findall(r"`([a-z -]+)`", presets)} == set(get_args(Preset))
    codes = README.partition("## Exit codes\n")[2].partition("##")[0]
    assert [int(code) for code in re.findall(r"(?:^|· )(\d+) ", codes, re.MULTILINE)] == [
        code.value for code in ExitCode
    ]


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_session_shows_the_words_that_train_says(tmp_path, monkeypatch):
    """Up to where the training begins: scores differ a little from machine to machine."""

    def no_further(*_):
        raise DependencyError("far enough")

    monkeypatch.setattr("forecast.experiment.experiment.machine_for", no_further)
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    done = run(*shlex.split(COMMANDS[0])[1:], folder=tmp_path, COLUMNS="80")
    shown = SESSION.partition("\n  passengers, scored on")[0].partition("\n")[2]
    assert shown.split() == done.err.partition("error: far enough")[0].split()


def effects_in(text):
    """What is said to be used beside the target, without regard to where its lines break."""
    return " ".join(text.partition("\nUsed ")[2].partition("(--no-calendar)")[0].split())


def assert_shown_what_if(rows):
    """The README's table of a what-if shows the forecasts that its command prints, as far as machines agree."""
    shown = re.findall(r"^  (20\d\d-\d\d-\d\d) +(\d+) +([\d.,]+) +([\d.,]+) +\+?([\d.,]+)$", README, re.MULTILINE)
    assert len(shown) == 3
    said = {row["timestamp"]: row for row in rows}
    for date, step, *numbers in shown:
        assert said[date]["step"] == step
        found = [float(said[date][name]) for name in ("forecast", "what_if", "difference")]
        assert [float(number.replace(",", "")) for number in numbers] == pytest.approx(found, rel=0.01)


def assert_shown_totals(rows):
    """The README's totals are those that its command prints, as far as machines agree."""
    shown = re.findall(r"^  (20\S+)  (20\S+) +(\d+) +(yes|no) +([\d.,]+) +([\d.,]+) +([\d.,]+)$", README, re.MULTILINE)
    assert len(shown) == 2
    for (start, end, steps, whole, *numbers), said in zip(shown, rows, strict=False):
        assert (start, end, steps) == (said["period_start"], said["period_end"], said["steps"])
        assert (whole == "yes") == (said["is_whole"] == "true")
        found = [float(said[name]) for name in ("forecast", "lower_80", "upper_80")]
        assert [float(number.replace(",", "")) for number in numbers] == pytest.approx(found, rel=0.02)


def test_stale_figures_would_be_noticed():
    one = dict.fromkeys(("forecast", "what_if", "difference"), "1")
    with pytest.raises(AssertionError):
        assert_shown_what_if([{"timestamp": f"2024-07-{day}", "step": day, **one} for day in ("12", "13", "14")])
    assert effects_in(README).startswith("promo +47 %, holiday -80 %")


@pytest.mark.slow
def test_commands_run_one_after_another(tmp_path):
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    for command in COMMANDS:
        done = launch(*shlex.split(command)[1:], folder=tmp_path)
        assert done.code == 0, (command, done.err)
        if command == COMMANDS[0]:
            assert all(f"  {row['model']} " in SESSION for row in done.rows)
            assert {"Read", "Saved", "Forecast", "Plots", "Next"} <= {line.split()[0] for line in done.err.splitlines()}
        if "--known" in command:
            assert effects_in(done.err) == effects_in(README)
        if "--set" in command:
            assert_shown_what_if(done.rows)
        if "--total" in command:
            assert_shown_totals(done.rows)
    assert len((tmp_path / "next_two_years.csv").read_text().splitlines()) == 25
