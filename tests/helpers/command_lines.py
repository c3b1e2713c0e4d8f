"""Command lines parsed as the program does."""

from forecast.cli.app import root_command


def parse(words):
    """Reads the arguments of a command as the program does, without running it, and returns its name and values."""
    command = root_command()
    context = command.make_context("forecast", list(words), resilient_parsing=False)
    name, command, rest = command.resolve_command(context, list(words))
    while hasattr(command, "commands"):
        context = command.make_context(name, list(rest), parent=context)
        name, command, rest = command.resolve_command(context, list(rest))
    return name, command.make_context(name, list(rest), parent=context).params
