import os
import shlex

import pytest

from commands import run
from forecast.cli.output.question import hints_of
from forecast.errors import NameTakenError, QuestionError
from forked import forks

ERROR = QuestionError("Which?", dict.fromkeys(("units", "Load, MW", "-x"), "1, 2 …"), flag="--target")


@pytest.fixture
def shop(tmp_path):
    """Two columns that may be what is sold."""
    lines = [
        "day,units,revenue",
        *(f"2024-{1 + i // 28:02}-{1 + i % 28:02},{50 + i * i % 23},{i * 7 % 40}" for i in range(60)),
    ]
    (tmp_path / "shop.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture(scope="module")
def asked():
    """Returns what answers `forecast check` on a terminal: what that shows, and the exit code."""
    with forks("forecast.workflows.check") as processes:

        def check(folder, answers, *words, stdin_too=True):
            like = {"stdin": None if stdin_too else os.devnull, "TERM": "dumb", "COLUMNS": "100"}
            code, shown = processes.on_terminal("check", "shop.csv", *words, folder=folder, answers=answers, **like)
            return shown, code

        yield check


@pytest.mark.slow
@pytest.mark.parametrize(("answers", "target"), [("2\n", "revenue"), ("\n9\nno\nUNITS\n", "units"), ("1\n", "units")])
def test_a_person_on_a_terminal_is_asked_until_one_is_named(answers, target, shop, asked):
    shown, code = asked(shop, answers)
    assert code == 0
    assert "shop.csv has two columns that may be what is to be forecast: 'units' and 'revenue'." in shown
    assert "1  units    50, 51, 54 …" in shown
    assert f"Target    {target}" in shown
    assert f"forecast train shop.csv --target {target}" in shown


@pytest.mark.parametrize("words", [("--json",), ("-q",), ("--format", "json")])
@pytest.mark.slow
def test_nobody_is_asked_who_wants_silence_or_json(words, shop, asked):
    shown, code = asked(shop, "1\n", *words)
    assert code == 5
    assert "Which one?" not in shown


def test_nobody_is_asked_where_nobody_can_type(shop, asked):
    shown, code = asked(shop, "", stdin_too=False)
    assert code == 5
    assert "Which one?" not in shown
    assert "hint:  forecast check shop.csv --target units\n       forecast check shop.csv --target revenue" in shown


def test_the_end_of_the_input_is_no_answer(shop, asked):
    shown, code = asked(shop, "\x04")
    assert code == 5
    assert "hint:  forecast check shop.csv --target units" in shown


def test_elsewhere_both_commands_are_told_and_work_as_they_stand(shop):
    done = run("check", "shop.csv", "--freq", "D", folder=shop)
    assert done.code == 5
    hints = [line.removeprefix("hint:").strip() for line in done.err.splitlines()[1:]]
    assert hints == [f"forecast check shop.csv --freq D --target {name}" for name in ("units", "revenue")]
    assert run(*hints[1].split()[1:], folder=shop).code == 0


def test_commands_are_quoted_as_a_shell_needs_it():
    assert hints_of(ERROR, ["train", "my sales.csv", "-q"]) == [
        "forecast train 'my sales.csv' -q --target units",
        "forecast train 'my sales.csv' -q --target 'Load, MW'",
        "forecast train 'my sales.csv' -q --target=-x",
    ]
    assert hints_of(ERROR, ["train", "--", "-odd.csv"])[0] == "forecast train --target units -- -odd.csv"


@pytest.mark.parametrize("named", [["--name", "shops"], ["--name=shops"], []])
def test_another_name_takes_the_place_of_the_one_that_is_taken_and_all_else_is_kept(named):
    taken = NameTakenError("Taken.", {"--name shops-price": "its own", "--force": "goes on"})
    given = ["train", "my shop.csv", *named, "--target", "price", "--store", "other"]
    assert hints_of(taken, given) == [
        "forecast train 'my shop.csv' --target price --store other --name shops-price   # its own",
        f"{shlex.join(['forecast', *given])} --force   # goes on",
    ]


def test_answers_of_many_flags_are_commands_with_what_each_means():
    question = QuestionError("How?", {"--fill 0": "nothing was sold", "--no-dates --season 7": "a row is a step"})
    assert question.hint == "--fill 0 (nothing was sold) or --no-dates --season 7 (a row is a step)"
    assert hints_of(question, ["train", "a.csv", "--fill=none"]) == [
        "forecast train a.csv --fill 0   # nothing was sold",
        "forecast train a.csv --fill=none --no-dates --season 7   # a row is a step",
    ]


def test_a_hint_in_words_of_its_own_stays_as_it_is():
    question = QuestionError("When?", {"--date-format 19%y": "1925"}, hint="--date-format 19%y for 1925")
    assert hints_of(question, ["train", "a.csv"]) == ["--date-format 19%y for 1925"]
