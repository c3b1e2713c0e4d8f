"""The list of commands: what it says of each is what the command's own help begins with, and listing builds none."""

import inspect

import pytest
import typer

from forecast.cli.app import COMMANDS
from forecast.cli.command_index import CommandIndex

ENTRIES = {entry.name: entry for each in COMMANDS for entry in (each, *each.inside) if not entry.inside}


@pytest.mark.parametrize("name", ENTRIES)
def test_list_says_of_a_command_what_its_help_begins_with(name):
    entry = ENTRIES[name]
    first, _, _ = inspect.cleandoc(entry.built().help).partition("\n\n")
    assert " ".join(first.split()) == entry.about


def test_listing_the_commands_builds_none(monkeypatch, capsys):
    index = CommandIndex(COMMANDS)
    group = next(entry for entry in COMMANDS if entry.inside).built()
    monkeypatch.setattr(type(group.commands), "__getitem__", lambda _self, name: pytest.fail(f"{name} is built"))
    group.get_help(typer.Context(group, info_name="models"))
    assert "List the models and their champions." in capsys.readouterr().out
    assert [item.value for item in group.shell_complete(typer.Context(group), "s")] == ["show"]
    assert index.listed("nowhere") is None
    assert [*index] == [entry.name for entry in COMMANDS]


def test_command_is_built_once_and_holders_of_others_are_left_out_of_the_single_ones():
    index = CommandIndex(COMMANDS)
    single = index.single()
    assert single["history"] is index["history"]
    assert "models" in index
    assert "models" not in single


@pytest.mark.parametrize("name", ENTRIES)
def test_command_by_itself_answers_to_h_as_it_does_below_the_program(name):
    assert set(ENTRIES[name].built().make_context(name, ["word"], resilient_parsing=True).help_option_names) == {
        "-h",
        "--help",
    }


def test_a_command_that_was_looked_at_without_its_settings_still_answers_to_h():
    command = ENTRIES["doctor"].built()
    command.get_params(typer.Context(command, info_name="doctor"))
    assert {*command.get_help_option(command.make_context("doctor", [])).opts} == {"-h", "--help"}
