"""The tools: commands with the flags that are safe, and the command line that a call becomes."""

from typing import Literal, get_args, get_origin

import pytest

from commands import csv_bytes, visits
from every_command import COMMANDS, PROGRAM
from forecast.cli.mcp.confinement import confinement_of
from forecast.cli.mcp.tools import LEARNING, MOST_ROWS, READING, TOOLS, arguments_of, command_line, shortened
from forecast.cli.mcp.tools import description_of as described
from forecast.errors import UsageError

BY_NAME = {tool.name: tool for tool in TOOLS}
UNSAFE = {
    *("--store", "--config", "--output", "--out-dir", "--log-file", "--fix", "--plot", "--on-failure", "--ping-url"),
    *("--force", "--debug", "--query", "--cluster", "--memory-test"),
}
"""Flags that name a place, a program or an address, or that remove something."""


@pytest.fixture
def where(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    return confinement_of(tmp_path, tmp_path / ".forecast")


@pytest.mark.parametrize("name", BY_NAME)
def test_tool_takes_flags_of_its_command_that_are_safe(name):
    tool = BY_NAME[name]
    flags = {flag for each in COMMANDS[tool.words].command.params for flag in each.opts}
    assert set(tool.flags) <= flags - UNSAFE
    assert {flag for flag in tool.fixed if flag.startswith("--")} <= flags


@pytest.mark.parametrize("name", BY_NAME)
def test_tool_is_described_by_the_help_of_its_command(name):
    assert described(BY_NAME[name], PROGRAM) in " ".join(COMMANDS[BY_NAME[name].words].command.help.split())
    for one in arguments_of(BY_NAME[name], PROGRAM):
        assert len(one.help) > 8
        assert one.name.isidentifier()


def test_arguments_have_the_types_of_their_flags():
    kinds = {one.name: one.kind for one in arguments_of(BY_NAME["train"], PROGRAM)}
    assert kinds["data"] is str
    assert kinds["horizon"] == int | None
    assert kinds["dry_run"] is bool
    assert kinds["ignore"] == list[str] | None
    words = get_args(kinds["preset"])[0]
    assert get_origin(words) is Literal
    assert "fast" in get_args(words)
    assert {"--half-life", "--time-limit"} <= {*READING, *LEARNING}


def test_call_becomes_a_command_line(where):
    given = {"data": "visits.csv", "horizon": 7, "known": "promo,price", "no_dates": True, "keep_partial": False,
             "ignore": ["2020-03", "2020-05"], "model": "gru", "name": None}  # fmt: skip
    assert command_line(BY_NAME["train"], given, where) == [
        *("train", "--plots", "none", "--model=gru", "--no-dates", "--known=promo,price"),
        *("--ignore=2020-03", "--ignore=2020-05", "--horizon=7", "--", "visits.csv"),
    ]
    assert command_line(BY_NAME["models"], {}, where) == ["models", "list"]


@pytest.mark.parametrize("value", ["--store=/tmp", "-o", "; rm x", "$(x)", "a b"])
def test_value_is_never_a_flag_of_its_own(where, value):
    words = command_line(BY_NAME["check"], {"data": "visits.csv", "target": value}, where)
    assert words == ["check", f"--target={value}", "--", "visits.csv"]


@pytest.mark.parametrize("models", ["mine.py:Cell", "gru,../x.py:Y", "gru,evil", "/x"])
def test_only_models_of_the_program_are_trained(where, models):
    with pytest.raises(UsageError, match="There is no model"):
        command_line(BY_NAME["compare"], {"data": "visits.csv", "models": models}, where)


def test_file_of_a_flag_must_lie_inside(where):
    with pytest.raises(UsageError, match="future leads out of the folder"):
        command_line(BY_NAME["predict"], {"future": "../next.csv"}, where)


def test_long_document_says_what_it_leaves_out():
    document = {"name": "x", "forecasts": list(range(MOST_ROWS + 5)), "cells": {"gru": 1}, "files": []}
    kept = shortened(document)
    assert (len(kept["forecasts"]), kept["left_out"]) == (MOST_ROWS, {"forecasts": 5})
    assert "cells" not in kept
    assert "left_out" not in shortened({"files": [1]})
