"""From the words and flags about a file to what the readers take."""

import shlex
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from forecast.cli.options.groups import DataFlags, OutputFlags
from forecast.cli.output.console import say
from forecast.errors import UsageError

if TYPE_CHECKING:
    from forecast.data.reading.reader import ReadOptions


def flag_words(flags: DataFlags) -> str:
    """Returns the flags as they were given, each after a blank, to be used in a command that is recommended."""
    words: list[str] = []
    for field in fields(flags):
        value = getattr(flags, field.name)
        if value != field.default and field.name != "table":  # it stands in the address
            flag = f"--{field.name.replace('_', '-')}"
            for one in value if isinstance(value, list) else [value]:
                words += [flag, *([] if one is True else [str(one)])]
    return "".join(f" {shlex.quote(word)}" for word in words)


def find_data(data: str | None, reading: DataFlags, output: OutputFlags) -> "tuple[str, ReadOptions]":
    """Returns the data to work on and how it is read; says which, where it was not named.

    Raises:
        UsageError: see ``in_address``.
    """
    from forecast.experiment.input_data import find_source
    from forecast.production.store.store import Store

    found = find_source(data, Store(output.store), output.configured)
    if found.why and not output.quiet:
        say(f"Using {found.source}, {found.why}.")
    known = found.options if reading == DataFlags() else None
    source, reading = in_address(found.source, reading)
    return source or found.source, known or read_options(reading)


def in_address(data: str | None, reading: DataFlags) -> tuple[str | None, DataFlags]:
    """Returns the data and its flags, with a table of a database in its address.

    Raises:
        UsageError: a table or a query is asked for and the data is no database, or both are.
    """
    from forecast.addresses import is_database, with_table

    asked = {"--table": reading.table, "--query": reading.query}
    flag = next((flag for flag, value in asked.items() if value is not None), None)
    if flag is None:
        return data, reading
    if None not in asked.values():
        raise UsageError("--table and --query both say what is read.", "one of them")
    if data is None or not is_database(data):
        what = f"{data} is none" if data else "none is named"
        raise UsageError(f"{flag} says what is read of a database, and {what}.", f"postgresql://USER@HOST/DB {flag} …")
    if reading.table is None:
        return data, reading
    return with_table(data, reading.table), replace(reading, table=None)


def read_options(flags: DataFlags) -> "ReadOptions":
    """Returns the readers' options."""
    from forecast.data.read_options import ReadOptions

    return ReadOptions.of({name: value for name, value in vars(flags).items() if value is not None})


def models_named(flag: str, words: Sequence[str], output: OutputFlags) -> tuple[str, ...]:
    """Returns the names of models; of ``FILE.py:NAME``, whose file is run, that of the cell in it.

    Raises:
        UsageError: such a file is named by a setting: one is run only where the command line itself names it.
    """
    from forecast.experiment.versions.own_code import is_own, named_cell

    if not any(map(is_own, words)):
        return tuple(words)
    setting = output.config.settings.get(flag) if output.config else None
    own = next(word for word in words if is_own(word))
    if setting is not None and own in str(setting.value):
        raise UsageError(
            f"{own} is code, and is named by a setting: it is run only where the command line names it.",
            f"--{flag} {own}, and leave it out of settings",
        )
    return tuple(map(named_cell, words))
