"""The pages of the site against the program: commands run and print what is shown, links lead somewhere."""

import functools
import itertools
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
import yaml

from command_lines import parse
from commands import FORECAST_COLUMNS, LEADERBOARD_COLUMNS
from forecast.cli.app import root_command
from forecast.errors import ExitCode
from forecast.models.registry import MODELS
from forecast.specs import Preset
from marks import slow_but
from places import ROOT
from site_pages import PAGES, differences, script

SESSIONS = script("make_sessions")
SITE = {name: text for name, text in PAGES.items() if name.startswith("docs/")}
PLAYED = {name: text for name, text in SITE.items() if SESSIONS.commands(text) or SESSIONS.scripts(text)}
PLAYED.pop("docs/commands.md")  # examples of the help, with files that nobody has: tests/cli/test_app.py parses them
OTHERS = {"--install-completion", "--now", "--quick", "--only", "--each", "--tls-ca-file", "--tls-cert", "--tls-key"}
OTHERS |= {"--rm", "--entrypoint"}
"""Flags of Typer, of systemctl, of the benchmarks and of Dask."""


@functools.cache
def options():
    """Returns every option of every command."""

    def of(command):
        own = {name for parameter in command.params for name in parameter.opts if name.startswith("-")}
        return own.union(*map(of, getattr(command, "commands", {}).values()))

    return {*of(root_command()), "--help", "-h"} | OTHERS


def calls(text):
    """Yields each call of the program on a page, as words."""
    for step in SESSIONS.commands(text):
        plain = re.sub(r"\$\([^)]*\)", "name", step.command.replace("\\\n", " "))
        lexer = shlex.shlex(plain, posix=True, punctuation_chars="();<>|&")
        lexer.whitespace_split = True
        for operator, words in itertools.groupby(lexer, lambda word: set(word) <= set("();<>|&")):
            call = list(itertools.dropwhile(lambda word: word == "do" or "FORECAST_" in word, words))
            if not operator and call[:1] == ["forecast"]:
                yield call if call[1] != "--cells" else [call[0], *call[3:]]


@pytest.mark.parametrize("name", ["README.md", *PLAYED])
def test_every_call_on_a_page_parses(name):
    for words in calls(PAGES[name]):
        found, _ = parse(words[1:])
        assert found in words


def test_calls_were_found():
    assert len([words for text in PLAYED.values() for words in calls(text)]) > 50


QUICK = ("docs/reference/settings.md",)
"""The page whose commands take least; those of the others wait for CI."""


@pytest.mark.parametrize("name", slow_but(QUICK, [name for name, text in PLAYED.items() if not SESSIONS.trains(text)]))
def test_page_shows_what_its_commands_print(name):
    play(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, text in PLAYED.items() if SESSIONS.trains(text)])
def test_page_that_trains_shows_what_its_commands_print(name):
    play(name)


def play(name):
    """Runs the commands of a page one after another, and compares; in a folder whose name fits into a line."""
    with TemporaryDirectory() as folder:
        play_in(Path(folder), name)


def play_in(folder, name):
    text, mend = SITE[name], f"run: python docs/make_sessions.py {name}"
    shutil.copytree(ROOT / "sample_data", folder / "sample_data")
    for step, done in SESSIONS.play(text, folder):
        assert done.code == step.code, (step.command, done.printed)
        if step.shown is not None:
            assert not list(differences(step.shown, done.printed)), f"{mend}\n{step.command}\n{done.printed}"
    for made, shown in SESSIONS.PICTURE.findall(text):
        assert (folder / made).is_file()
        assert (ROOT / shown).is_file()
    if python := SESSIONS.scripts(text):
        subprocess.run([sys.executable, "-c", python], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("RMSE 26.83", "RMSE 29.83"),
        ("a tie with rnn", "no tie with rnn"),
        ("36 % below it", "26 % below it"),
        ("first\n…\nlast\n", "first\nmiddle\nanother\n"),
        ("one line", "one line and more"),
        ("  model  seconds\n  ridge     3.1\n", "  model  seconds\n  naive     3.1\n"),
    ],
)
def test_what_is_stale_is_noticed(shown, found):
    assert list(differences(shown, found))


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("RMSE 26.83", "RMSE 26.91"),
        ("36 % below it", "35 % below it"),
        ("in two\nlines", "in\ntwo lines"),
        ("first\n…\nlast\n", "first\n1\n2\nlast\n"),
        ("20260102T031500Z-4f2a91c0 took 3.1 s", "20270102T031500Z-aaaaaaaa took 12 s"),
        ("  model  train s  at\n  lstm      33.1   1\n", "  model  train s  at\n  lstm       4.1   1\n"),
    ],
)
def test_what_changes_from_run_to_run_is_not(shown, found):
    assert not list(differences(shown, found))


@pytest.mark.parametrize("name", PAGES)
def test_parts_that_the_program_tells_are_current(name):
    assert script("make_reference").written(PAGES[name]) == PAGES[name], "run: python docs/make_reference.py"


@pytest.mark.parametrize("name", PAGES)
def test_every_flag_that_is_mentioned_exists(name):
    text = PAGES[name]
    for block in SESSIONS.blocks(text):
        if block.not_run is not None or block.language == "yaml":  # other programs' flags, too
            text = text.replace(block.body, "")
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= options()


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGES[name]):
        path, _, anchor = target.partition("#")
        page = (ROOT / name).parent / path if path else ROOT / name
        assert page.exists(), target
        if anchor and page.suffix == ".md":
            heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads], target


def test_every_page_stands_in_the_table_of_contents_once():
    settings = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), yaml.BaseLoader)

    def leaves(entry):
        return [entry] if isinstance(entry, str) else [leaf for part in _parts(entry) for leaf in leaves(part)]

    assert sorted(f"docs/{leaf}" for leaf in leaves(settings["nav"])) == sorted(SITE)


def _parts(entry):
    return entry.values() if isinstance(entry, dict) else entry


def test_what_is_not_run_says_why():
    for name, text in PAGES.items():
        for block in SESSIONS.blocks(text):
            assert block.not_run is None or len(block.not_run) > 10, name
    left = [name for name, text in SITE.items() for block in SESSIONS.blocks(text) if block.not_run is not None]
    assert len(left) < 17


def test_models_presets_and_exit_codes_are_the_programs():
    page = SITE["docs/reference/models.md"]
    models, presets = page.partition("## Models")[2].split("## ")[:2]
    first = re.findall(r"^\| (`.*?) \|", models, re.MULTILINE)
    assert set(re.findall(r"`([a-z-]+)`", " ".join(first))) == set(MODELS)
    assert set(re.findall(r"^\| `([a-z]+)`", presets, re.MULTILINE)) == set(get_args(Preset))
    codes = re.findall(r"^\| (\d+) \|", SITE["docs/reference/exit-codes.md"], re.MULTILINE)
    assert [int(code) for code in codes] == [code.value for code in ExitCode]


def test_columns_of_csv_are_the_programs():
    page = SITE["docs/reference/output.md"]
    assert f"\n{FORECAST_COLUMNS}\n" in page
    assert f"\n{LEADERBOARD_COLUMNS}\n" in page
