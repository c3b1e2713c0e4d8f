"""What is passed on as it is: exactly what Typer would have made of it."""

import pytest
import typer

from every_command import COMMANDS
from forecast.cli.options.plain_values import UNSETTLED, plain_value, spared
from forecast.errors import ForecastError, UsageError

WORDS = (
    "fast",
    "png",
    "json",
    "7",
    "007",
    "0",
    "-3",
    "1.5",
    "0.05",
    "1e3",
    "nan",
    ".5",
    "1_0",
    "٣",
    "9" * 30,
    "words",
    "a,b",
    "new.csv",
    "page.html",
)
PLACES = ("file.csv", "folder", "none/at/all", "with\0nought")


def parameters():
    for context in COMMANDS.values():
        yield from ((context, parameter) for parameter in context.command.get_params(context))


def values(parameter, folder):
    given = [*WORDS, *(str(folder / place) for place in PLACES)]
    if parameter.multiple or parameter.nargs == -1:
        return [None, (), *([word] for word in given), given]
    return [None, parameter.default, *given]


def typers(parameter, context, value):
    """Returns what Typer itself makes of a value; UNSETTLED where it refuses it."""
    try:
        return parameter.get_runtime_param().coerce(value, param=parameter, ctx=context)
    except (typer.exceptions.TyperException, ForecastError, ValueError):
        return UNSETTLED


def test_every_plain_value_of_every_flag_is_what_typer_makes_of_it(tmp_path):
    (tmp_path / "file.csv").write_text("")
    (tmp_path / "folder").mkdir()
    plain = set()
    for context, parameter in parameters():
        for value in values(parameter, tmp_path):
            mine = plain_value(parameter, value)
            if mine is UNSETTLED:
                continue
            wanted = typers(parameter, context, value)
            assert wanted == mine, (context.command_path, parameter.name, value)
            assert type(wanted) is type(mine)
            plain.add(str(parameter.type_descriptor.annotation))
    assert len(plain) > 10  # texts, numbers, paths, words of choices, lists


def test_nothing_is_spared_of_a_typer_that_says_kinds_in_other_words():
    class Other:
        def process_value(self, ctx, value):
            return ctx, value

    parameter = Other()
    assert spared(parameter) is parameter
    assert vars(parameter) == {}


def test_what_must_be_given_is_missed():
    context = COMMANDS["models", "show"]
    name = next(each for each in context.command.params if each.name == "name")
    assert name.process_value(context, "sales") == "sales"
    with pytest.raises(typer.exceptions.TyperException):
        name.process_value(context, None)


def test_callbacks_are_called_with_plain_values():
    context = COMMANDS[("train",)]
    levels = next(each for each in context.command.params if each.name == "levels")
    assert levels.process_value(context, "50,80") == "50,80"
    with pytest.raises(UsageError, match="levels"):
        levels.process_value(context, "none")
