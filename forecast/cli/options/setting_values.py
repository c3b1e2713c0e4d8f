"""Single settings: read from the file and from variables, and checked as their flags are."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from forecast.addresses import hide_secrets, host_of, is_address, references
from forecast.cli.options.usage_errors import usage_error
from forecast.errors import DataError, ForecastError, UsageError, did_you_mean
from forecast.name_lists import join_names

if TYPE_CHECKING:
    from forecast.cli.options.config_file import ConfigFile

PREFIX = "FORECAST_"
DATA = "data"
LEARNERS = ("train", "compare", "tune", "check")
"""Commands that begin anew from a file; the others go on with a model and keep to what it was trained with."""
PATHS = (DATA, "store", "output", "out_dir", "log_dir", "log_file", "metrics_file", "site", "future")
LISTS = (
    *("time", "target", "id", "missing", "models", "known", "past", "static", "ignore", "levels", "quantiles"),
    "fail_if",
)
KINDS = {bool: "true or false", int: "a whole number", float: "a number"}
METAVARS = {int: ("STEPS", "N"), float: ("SHARE", "RATE")}
EXAMPLES = {
    "STEPS": "12",
    "N": "3",
    "SHARE": "0.1",
    "RATE": "0.003",
    "TIME": '"60s"',
    "DURATION": '"1y"',
    "LIMIT": '"0"',
    "CODE": '"D"',
    "WORDS": '"-200"',
    "LEVELS": '"50,80,95"',
    "TREE": "'state/region * item'",
    "under=A,over=B": '"under=3,over=1"',
    "PERIOD": '"month"',
    "LEVEL": '"total"',
    "ID-PART": '"all"',
    "QUANTILES": '"0.1,0.5,0.9"',
    "FORMAT": '"%d/%m/%Y"',
    "ENCODING": '"cp1251"',
    "SHEET": '"Sales"',
    "COLUMN": '"sales"',
    "COLUMNS": '"promo,price"',
    "DATA": '"sales.csv"',
    "FILE": '"next_month.csv"',
    "DIR": '"logs"',
    "FILE.prom": '"forecast.prom"',
    "NAME": '"sales"',
    "TEXT": '"visitors a day"',
    "MODEL": '"lstm"',
    "CELLS": '"lstm,gru"',
    "SETTINGS": '"window,units"',
    "NAME=VALUE": '"units=32"',
    "V": '"v2"',
    "ID": '"north"',
    "IDS": '"north,south"',
    "DATE": '"2024-12-24"',
    "DATE[..DATE]": '"2020-03..2021-06"',
    "COUNTRY": '"DE"',
    "SQL": '"select day, sold from sales"',
    "URL": '"tcp://scheduler:8786"',
    "I/N": '"3/64"',
    "HH:MM": '"03:15"',
    "'DAY HH:MM'": '"sun 03:15"',
    "FIELDS": '"15 3 * * *"',
    "SIZE": '"4G"',
    "USER": '"forecast"',
    "RULES": '"skill<0"',
    "loss": '"huber"',
    "views": '"level"',
    "fill": '"interpolate"',
    "decimal": '","',
    "parents": '"ignore"',
    "aggregate": '"sum"',
    "preset": '"balanced"',
    "lesson": '"memory"',
    "size": '"slide"',
}
"""A value by the metavar of its flag, or by the name of a flag without one, which is a choice among words."""

Options = Mapping[str, Any]  # of a command, by name with underscores


@dataclass(frozen=True)
class Setting:
    """A value as its flag takes it, and where it is from."""

    value: Any
    origin: str


def read_file(
    file: "ConfigFile", commands: Mapping[str, Options], shared: Options, context: typer.Context
) -> tuple[dict[str, Setting], dict[tuple[str, str], Setting]]:
    """Returns the settings that stand before all tables, and those in the tables of commands.

    Args:
        file: of settings.
        commands: the options of each.
        shared: options that may stand before all tables.
        context: in which values are checked.

    Raises:
        DataError: a key is no setting, or its flag would not take the value.
    """
    common: dict[str, Setting] = {}
    own: dict[tuple[str, str], Setting] = {}
    for key, value in file.table.items():
        if isinstance(value, dict):
            if key not in commands:
                meant = did_you_mean(key, commands)
                raise DataError(f"In {file.name}, [{key}] is no command.{meant}", "forecast --help lists the commands")
            place = f"{file.name} [{key}]"
            for inner, item in value.items():
                option = _known(place, inner, commands[key], key)
                own[key, option.name] = Setting(_checked(file, place, inner, item, option, context), place)
        else:
            option = _known(file.name, key, shared, LEARNERS[0])
            common[option.name] = Setting(_checked(file, file.name, key, value, option, context), file.name)
    return common, own


def _known(place: str, key: str, options: Options, command: str) -> Any:
    """Returns the option that a key stands for."""
    name = key.replace("-", "_")
    if name not in options:
        meant = did_you_mean(key, (option.replace("_", "-") for option in options))
        raise DataError(f"In {place}, {key} is no setting.{meant}", f"forecast {command} --help lists what there is")
    return options[name]


def _checked(file: "ConfigFile", place: str, key: str, value: Any, option: Any, context: typer.Context) -> Any:
    """Returns the value as its flag takes it."""
    if isinstance(value, str) and not value.strip(" ," if option.name in LISTS else " "):
        raise DataError(f"In {place}, {key} is {value!r}; it must not be empty.", f"{key} = {example_of(option)}")
    given = join_names(list(map(str, value))) if isinstance(value, list) and option.name in LISTS else value
    if option.metavar == "LIMIT" and isinstance(given, int | float) and not isinstance(given, bool):
        given = f"{given}"
    if isinstance(given, str) and option.name in PATHS:
        if file.owner and references(given):
            whose = f"and the file is that of {file.owner}"
            message = f"In {place}, {key} would send variables of yours to {host_of(given)}, {whose}."
            raise DataError(message, "name the address yourself, if they are to go there")
        given = hide_secrets(given, os.environ) if is_address(given) else file.resolved(given)
    wanted = _kind_of(option)
    is_right = isinstance(given, (int, float) if wanted is float else wanted)
    if not is_right or isinstance(given, bool) != (wanted is bool):
        rule = "the path of a file" if option.name == DATA else KINDS.get(wanted, "a text")
        raise DataError(f"In {place}, {key} is {value!r}; it must be {rule}.", f"{key} = {example_of(option)}")
    try:
        option.process_value(context, taken_as(option, given))
    except (typer.exceptions.TyperException, ForecastError) as error:
        raise DataError(f"In {place}, {key} is {value!r}: {_reason(error)}", f"{key} = {example_of(option)}") from error
    return given


def taken_as(option: Any, value: Any) -> Any:
    """Returns a value as a flag takes it: one that may come several times as the only one of a list."""
    return [value] if getattr(option, "multiple", False) else value


def has_variables() -> bool:
    """Returns whether a variable is, or could be meant as, a setting."""
    return any(name.startswith(PREFIX) for name in os.environ)


def read_variables(shared: Options, context: typer.Context) -> dict[str, Setting]:
    """Returns the settings in FORECAST_* variables; an empty variable is none.

    Raises:
        UsageError: the flag would not take what a variable holds.
    """
    settings = {}
    for name, option in shared.items():
        variable = PREFIX + name.upper()
        text = hide_secrets(os.environ.get(variable, ""), os.environ)
        if not text:
            continue
        try:
            option.process_value(context, taken_as(option, text))
        except (typer.exceptions.TyperException, ForecastError) as error:
            raise UsageError(f"{variable} is '{text}': {_reason(error)}", f"unset {variable}") from error
        settings[name] = Setting(text, variable)
    return settings


def strangers(shared: Options) -> Iterator[str]:
    """Yields variables that are nearly called like a setting."""
    for variable in sorted(os.environ):
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name not in shared and (meant := did_you_mean(name, shared)):
            word = meant.split("'")[1]
            yield f"{variable} is no setting. Did you mean '{PREFIX}{word.upper()}'?"


def _reason(error: Exception) -> str:
    if isinstance(error, ForecastError):
        return error.message
    told = usage_error(error) if isinstance(error, typer.exceptions.TyperException) else None
    return told.message if told else str(error)


def _kind_of(option: Any) -> type:
    """Returns the type of a flag's values as TOML has them: bool, int, float or, for all else, str."""
    if getattr(option, "is_flag", False):
        return bool
    for kind in (int, float):
        if option.metavar in METAVARS[kind]:
            return kind
    return str


def example_of(option: Any) -> str:
    """Returns a value that a setting could have, as TOML writes it: its default where it has one."""
    if getattr(option, "is_flag", False):
        return "true"
    if option.default is not None:
        return str(option.default) if _kind_of(option) is not str else f'"{option.default}"'
    return EXAMPLES[option.metavar or option.name]
