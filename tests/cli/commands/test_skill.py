"""The skill for assistants: each of its commands runs as it stands there, and what it says of documents is true."""

import math
import re
import shlex
from datetime import date, timedelta

import pytest

from command_lines import parse
from commands import run
from every_command import COMMANDS, PROGRAM
from forecast.errors import ExitCode
from untrained import train_nothing

SKILL = run("skill", folder=".").out
LINES = [line for block in re.findall(r"```sh\n(.*?)```", SKILL, re.DOTALL) for line in block.splitlines()]
DAYS = 120


def sales():
    days = [date(2024, 1, 1) + timedelta(i) for i in range(DAYS)]
    known = [f"{day},{20 + 5 * math.sin(2 * math.pi * i / 7) + 4 * (i % 9 == 0):.1f},{int(i % 9 == 0)}"
             for i, day in enumerate(days)]  # fmt: skip
    ahead = [f"{days[-1] + timedelta(i)},,{int(i % 9 == 0)}" for i in range(1, 29)]
    return "\n".join(["day,sales,promo", *known, *ahead])


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Runs all lines in their order in one folder."""
    folder = tmp_path_factory.mktemp("skill")
    (folder / "sales.csv").write_text(sales())
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        return {line: run(*shlex.split(line)[1:], folder=folder) for line in LINES}


def test_it_is_a_skill_whose_description_says_when_to_use_it():
    head = re.match(r"---\nname: forecast\ndescription: (.+)\n---\n", SKILL)
    assert 100 < len(head[1]) < 1024
    assert "Use it when" in head[1]
    assert {line.split()[1] for line in LINES} >= {"check", "train", "predict", "compare", "explain"}


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_command_runs_as_it_stands_there(line, outcomes):
    done = outcomes[line]
    assert done.code == 0, done.err
    if "--json" in line:
        assert done.document["schema_version"] == 1


@pytest.mark.slow
def test_what_it_says_of_documents_is_there(outcomes):
    documents = {line: done.document for line, done in outcomes.items() if "--json" in line}

    def first(command):
        return next(document for line, document in documents.items() if line.startswith(f"forecast {command}"))

    assert first("train sales.csv --dry-run")["seconds"] is not None
    trained = first("train sales.csv --preset")
    assert {"plain_verdict", "verdict", "leaderboard", "beside"} <= set(trained)
    assert {"note", "skill"} <= set(trained["leaderboard"][0])
    assert "effects" in trained["beside"]
    assert {"lower_80", "upper_80"} <= set(first("predict sales --json")["forecasts"][0])
    assert all({"grade", "flag"} <= set(finding) for finding in first("check")["findings"])
    assert first("check")["findings"]


def test_every_flag_command_and_code_that_it_names_is_there():
    known = {name for context in COMMANDS.values() for each in context.command.params for name in each.opts}
    known |= {name for each in PROGRAM.params for name in each.opts} | {"--help"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", SKILL)) <= known
    for name in ("models prune", "models rollback", "models list", "config schema", "schedule"):
        assert name in SKILL
        assert any(" ".join(words) == name for words in COMMANDS)
    for code in re.findall(r"(\d+) (?:usage|a library|not found|bad data|training|another)", SKILL):
        assert int(code) in {each.value for each in ExitCode}


def test_json_holds_the_same_text():
    assert run("skill", "--json", folder=".").document["skill"] == SKILL


@pytest.mark.parametrize("line", LINES)
def test_command_parses(line):
    name, values = parse(shlex.split(line)[1:])
    assert name in line.split()[1:3]
    assert values["debug"] is False
