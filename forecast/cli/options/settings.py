"""Settings by precedence: flags, then FORECAST_* variables, then forecast.toml, then the defaults.

What a variable or the file says becomes the default of a flag before the flags are read: a flag goes before it by
itself, and is checked by the same rules.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from forecast.cli.options.setting_values import (
    DATA,
    LEARNERS,
    Setting,
    has_variables,
    read_file,
    read_variables,
    strangers,
    taken_as,
)
from forecast.errors import UsageError

EVERYWHERE = ("store", "format", "device", "plots", "out_dir")
"""Settings of all commands that have such a flag."""
ONE_COMMAND = ("name", "strict")
"""Settings that make sense in the table of a command only."""
NEVER = (
    *(
        "help",
        "help_all",
        "config",
        "json",
        "quiet",
        "verbose",
        "debug",
        "force",
        "dry_run",
        "yes",
        "install",
        "remove",
        "to",
        "destination",
        "create_table",
        "plot",
    ),
    *("values", "at", "by"),  # a question is asked once
    *("on_failure", "ping_url"),  # what is run or called is said by whoever starts the program, not by a file
)
NEVER_OF = {"check": ("fix",)}
"""Of one command: what it calls like a setting of another is a file that it writes once."""


@dataclass(frozen=True)
class Configuration:
    """What variables and the file of settings say to one command.

    Attributes:
        file: what messages call the file; empty where there is none.
        settings: by the name of the flag, with underscores.
        own: settings of single commands, such as ``train.horizon``.
        strangers: variables that look like settings and are none, with what may be meant.
        note: what is to be said of whose file it is.
        began: when the program was started, on the clock of ``time.monotonic``.
    """

    file: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    own: Mapping[str, Setting] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()
    began: float = 0.0
    note: str = ""


def read_given(path: str) -> Any:
    """Returns the ``ConfigFile`` that ``--config`` names."""
    from forecast.cli.options.config_file import read_config

    return read_config(Path(path))


def configure(context: typer.Context, file: Any) -> Configuration | None:
    """Returns the settings of a command, and makes them the defaults of its flags.

    Args:
        context: of the command.
        file: a ``ConfigFile``, which Typer would want to be imported here; None where no ``--config`` is given.

    Raises:
        NotFoundError: there is no working directory.
        UsageError: a variable holds what its flag would not take.
        DataError: so does the file, or a key of it is no setting.
    """
    if context.resilient_parsing:  # the shell asks what could come next: not the time to complain
        return None
    from forecast.cli.options.config_file import find_config, working_folder

    here = working_folder()
    if context.command_path.endswith("config init"):  # it may replace a file that can't be read
        if file is not None:
            raise UsageError("config init reads no settings.", f"forecast config init -o {file.name}")
        return None
    found = file or find_config(here)
    if not found and not has_variables():
        return Configuration(began=context.obj.began if context.obj else 0.0)
    commands = commands_of(context)
    shared = shared_options(commands)
    in_file, own = read_file(found, _Tables(commands), shared, context) if found else ({}, {})
    mine = {name: setting for (whose, name), setting in own.items() if whose == context.info_name}
    flags = options_of(context.command)
    given = in_file | mine | read_variables(shared, context)
    if not _lists_all(context):
        taken = {*mine, *EVERYWHERE} & {*flags} if context.info_name not in LEARNERS else {DATA, *flags}
        given = {name: setting for name, setting in given.items() if name in taken}
    context.default_map = {name: taken_as(flags[name], one.value) for name, one in given.items() if name in flags}
    if context.default_map.get("format") == "json" and context.obj is not None:
        context.obj.is_json = True  # errors too
    return Configuration(
        found.name if found else "",
        given,
        {f"{whose}.{name.replace('_', '-')}": setting for (whose, name), setting in own.items()},
        tuple(strangers(shared)),
        context.obj.began if context.obj else 0.0,
        found.note if found else "",
    )


def _lists_all(context: typer.Context) -> bool:
    return context.parent is not None and context.parent.info_name == "config"


class _Tables(Mapping[str, Any]):
    """The options of each command by its name, in a file of settings a table each."""

    def __init__(self, commands: Mapping[str, Any]) -> None:
        self._commands = commands

    def __getitem__(self, name: str) -> Any:
        return options_of(self._commands[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)


def commands_of(context: typer.Context) -> Mapping[str, Any]:
    """Returns the commands of the program by name; those that only hold others are left out."""
    root: Any = context.find_root().command
    commands: Mapping[str, Any] = root.commands.single()
    return commands


def options_of(command: Any) -> dict[str, Any]:
    """Returns the options of a command that may stand in a file of settings, by name."""
    return {
        option.name: option
        for option in command.params
        if option.param_type_name == "option" and option.name not in {*NEVER, *NEVER_OF.get(command.name, ())}
    }


def shared_options(commands: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options that a setting without a command stands for, by name; ``data`` is an argument."""
    shared = {option.name: option for option in commands[LEARNERS[0]].params if option.name == DATA}
    for name in LEARNERS:
        own = options_of(commands[name])
        shared |= {key: option for key, option in own.items() if key not in shared and key not in ONE_COMMAND}
    return shared
