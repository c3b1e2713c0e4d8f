"""Commands that are imported and built when they are asked for: a light one doesn't pay for the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from forecast.cli.options.help import HELP_NAMES, HelpfulCommand, HelpfulGroup
from forecast.cli.options.plain_values import spare_conversion

SETTINGS = {"help_option_names": HELP_NAMES}


@dataclass(frozen=True)
class Entry:
    """A command as a list of commands shows it, and where its function is.

    Attributes:
        name: the word on the command line.
        about: the first sentence of its help.
        place: its module, of ``forecast.cli.commands``, and the function there; empty where it holds others.
        panel: of the help that it stands in.
        inside: the commands that it holds.
    """

    name: str
    about: str
    place: str = ""
    panel: str | None = None
    inside: tuple["Entry", ...] = ()

    def listed(self) -> Any:
        """Returns what a list of commands needs of it."""
        return TyperCommand(self.name, help=self.about, rich_help_panel=self.panel)

    def built(self) -> Any:
        """Returns the command as click has it, with all its flags; a group's own commands wait in their turn."""
        if self.inside:
            group: Any = HelpfulGroup(
                name=self.name,
                help=self.about,
                no_args_is_help=True,
                context_settings=SETTINGS,
                rich_help_panel=self.panel,
            )
            group.commands = CommandIndex(self.inside)
            return group
        module, _, function = self.place.partition(":")
        alone = typer.Typer(add_completion=False)
        command = getattr(import_module(f"forecast.cli.commands.{module}"), function)
        alone.command(self.name, cls=HelpfulCommand, context_settings=SETTINGS, rich_help_panel=self.panel)(command)
        return spare_conversion(typer.main.get_command(alone))


class CommandIndex(Mapping[str, Any]):
    """The commands of a group by name, each built when it is looked up first."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = self._entries[name].built()
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def single(self) -> "CommandIndex":
        """Returns those that hold no others, of which what is built stays built."""
        commands = CommandIndex(tuple(entry for entry in self._entries.values() if not entry.inside))
        commands._built = self._built
        return commands

    def listed(self, name: str) -> Any:
        """Returns a command as a list of them shows it, without its flags; None where there is none of the name."""
        return self._entries[name].listed() if name in self._entries else None
