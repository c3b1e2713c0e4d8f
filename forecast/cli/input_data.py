"""From the words and flags about a file to what the readers take."""

import shlex
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import DataFlags, OutputFlags, SettingsFlags
from forecast.cli.output.console import say
from forecast.errors import UsageError
from forecast.wording import joined

if TYPE_CHECKING:
    from forecast.data.reading.reader import ReadOptions
    from forecast.specs import Settings


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


def settings_for(flags: SettingsFlags, models: tuple[str, ...], output: OutputFlags) -> "Settings":
    """Returns the settings of a run, without those of variables or a file that none of its models has; says which.

    Such settings are for all that is done in a folder. A flag that no model has is refused later.
    """
    from forecast.experiment.final_fit import AUTO
    from forecast.models.registry import without_effect

    lacks = () if AUTO in models or not models else without_effect(vars(flags), models)
    idle: dict[str, Any] = dict.fromkeys(name for name in lacks if _is_set(name, flags, output))
    _tell_unused(list(idle), models, output)
    return replace(flags, **idle).settings()


def tuned_for(name: str | None, model: str, output: OutputFlags) -> str | None:
    """Returns the tuning to train by: none where variables or a file name one and the model is no network; says so."""
    from forecast.experiment.final_fit import AUTO
    from forecast.models.registry import is_learned

    setting = output.config.settings.get("tuned") if output.config else None
    if name is None or setting is None or setting.value != name or model == AUTO or is_learned(model):
        return name
    _tell_unused(["tuned"], (model,), output)
    return None


def _is_set(name: str, flags: SettingsFlags, output: OutputFlags) -> bool:
    """Tells whether a setting has the value that a variable or the file gives it."""
    setting = output.config.settings.get(name) if output.config else None
    value = getattr(flags, name)
    return setting is not None and value is not None and type(value)(setting.value) == value


def _tell_unused(names: Sequence[str], models: Sequence[str], output: OutputFlags) -> None:
    """Says which settings are not used, by what gives them."""
    if not names:
        return
    given = output.config.settings if output.config and not output.quiet else {}
    lack = f"{models[0]} has" if len(models) == 1 else f"{joined(models)} have"
    for whose in dict.fromkeys(given[name].origin for name in names if name in given):
        own = [name.replace("_", "-") for name in names if given[name].origin == whose]
        say(f"{joined(own)} of {whose}: not used, since {lack} no such setting", "Note")
