"""All commands of the program."""

import typer

from forecast.cli.app import root_command


def walk(command, context, words=()):
    """Yields the words and the context of every command that does something."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from walk(inner, typer.Context(inner, info_name=name, parent=context), (*words, name))
    if not hasattr(command, "commands"):
        yield words, context


PROGRAM = root_command()

COMMANDS = dict(walk(PROGRAM, typer.Context(PROGRAM, info_name="forecast")))
