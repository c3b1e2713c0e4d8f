"""The help leads with the flags that matter; all others are one flag away."""

import re

import pytest

from commands import run
from every_command import COMMANDS
from forecast.cli.options.help import FIRST
from places import ROOT

MANY = 13
"""A command with so many flags has to say which come first."""


def flags_of(words):
    options = [each for each in COMMANDS[words].command.params if each.param_type_name == "option"]
    return {next(name for name in each.opts if name.startswith("--")) for each in options}


def shown(*words):
    text = run(*words, folder=ROOT, COLUMNS="80", TERMINAL_WIDTH="80").out
    return text, re.findall(r"^│[ *]{1,7}(--[a-z-]*[a-z])", text, flags=re.MULTILINE)


def test_every_command_with_many_flags_says_which_come_first():
    assert {words for words in COMMANDS if len(flags_of(words)) >= MANY} == {(name,) for name in FIRST}


@pytest.mark.parametrize("name", FIRST)
def test_help_shows_at_most_ten_flags_and_where_the_others_are(name):
    text, flags = shown(name, "--help")
    assert flags == [*FIRST[name], "--help-all", "--help"]
    assert len(FIRST[name]) <= 10
    assert f"Show all {len(flags_of((name,))) + 1} flags." in text
    assert len(text.splitlines()) <= 55


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_flag_is_in_the_full_help(words):
    text, flags = shown(*words, "--help-all")
    assert set(flags) == (flags_of(words) | {"--help"}) - (set() if words[0] in FIRST else {"--help-all"})
    assert max(map(len, text.splitlines())) <= 80
    assert "<bool>" not in text
    assert "<str>" not in text


@pytest.mark.parametrize("words", [(), ("models",)])
def test_switches_of_the_program_and_of_groups_have_no_type(words):
    assert "bool" not in shown(*words, "--help")[0]


def test_usage_names_the_arguments_once():
    assert "Usage: forecast predict [OPTIONS] [NAME]" in shown("predict", "--help")[0]
    assert "Usage: forecast models show [OPTIONS] {NAME}" in shown("models", "show", "--help-all")[0]


def test_long_choice_of_words_stands_in_the_sentence():
    text = " ".join(shown("train", "--help-all")[0].replace("│", " ").split())
    assert "One of: interpolate, previous, zero, error." in text
    assert "x<=100000" not in text


def test_commands_stand_in_groups_of_what_they_are_for():
    text = shown("--help")[0]
    use, operate, look = (text.index(f"─ {title} ─") for title in ("Use", "Operate", "Look inside"))
    assert use < text.index("│ predict ") < operate < text.index("│ retrain ") < look < text.index("│ explain ")
