"""From the words and flags about a file to what the readers take."""

import shlex
from dataclasses import fields
from typing import TYPE_CHECKING

from forecast.cli.options.groups import DataFlags, OutputFlags
from forecast.cli.output.console import say

if TYPE_CHECKING:
    from forecast.data.reading.reader import ReadOptions


def flag_words(flags: DataFlags) -> str:
    """Returns the flags as they were given, each after a blank, to be used in a command that is recommended."""
    words: list[str] = []
    for field in fields(flags):
        value = getattr(flags, field.name)
        if value != field.default:
            flag = f"--{field.name.replace('_', '-')}"
            for one in value if isinstance(value, list) else [value]:
                words += [flag, *([] if one is True else [str(one)])]
    return "".join(f" {shlex.quote(word)}" for word in words)


def find_data(data: str | None, reading: DataFlags, output: OutputFlags) -> "tuple[str, ReadOptions]":
    """Returns the file to work on and how it is read; says which, where it was not named."""
    from forecast.experiment.input_data import find_source
    from forecast.production.store.store import Store

    found = find_source(data, Store(output.store), output.configured)
    if found.why and not output.quiet:
        say(f"Using {found.source}, {found.why}.")
    known = found.options if reading == DataFlags() else None
    return found.source, known or read_options(reading)


def read_options(flags: DataFlags) -> "ReadOptions":
    """Returns the readers' options."""
    from forecast.data.read_options import ReadOptions

    return ReadOptions.of({name: value for name, value in vars(flags).items() if value is not None})
