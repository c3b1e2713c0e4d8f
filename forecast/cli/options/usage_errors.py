"""What Typer says of arguments that don't fit, in the words and with the hint of all other errors."""

import re

import typer

from forecast.errors import UsageError, did_you_mean

_FLAG = r"^Invalid value for '([^']+)'(?: / '[^']+')*: "
_REWORDED = (
    (r"Value error, ", ""),
    (_FLAG + r"Input should be a valid integer.*", r"\1 takes a whole number"),
    (_FLAG + r"Input should be a valid number.*", r"\1 takes a number"),
    (_FLAG + r"Input should be (.+)", r"\1 must be \2"),
    (_FLAG, r"\1: "),
    (r"(Did you mean '[^']+'), .*\?", r"\1?"),
    (r"argument\(s\) \((.+)\)", r"argument: \1"),
    (r"(?<![.?])$", "."),
)
"""From Typer's sentences to ours, in this order; what is in none of them stays as it is."""


OF_A_FILE = {"--data", "--file", "--input", "--csv", "--source", "--actuals"}
"""Flags by which people name the file with the data, where no command has them or others do."""


def refuse_empty(arguments: list[str]) -> None:
    """Refuses a word without content, as a variable of the shell leaves that was never set: ``--store "$DIR"``.

    Raises:
        UsageError: there is one; the message names its flag.
    """
    for before, word in zip(["", *arguments], arguments, strict=False):
        flag, equals, value = word.partition("=")
        if not word.strip():
            flag = before
        elif not (flag.startswith("--") and equals and not value.strip()):
            continue
        if flag.startswith("-"):
            raise UsageError(f"{flag} is empty.", f"{flag} with a value, or no {flag}")
        raise UsageError("An argument is empty.", "leave it out, or set the variable that it is from")


def usage_error(error: typer.exceptions.TyperException) -> UsageError | None:
    """Returns the complaint, with the help of its command as the hint.

    None where no command was given: its help has been shown, and says it all.
    """
    text = error.format_message()
    if not text:
        return None
    context = getattr(error, "ctx", None)
    flag = getattr(error, "option_name", "")
    if context is not None and flag in OF_A_FILE and (found := _file_error(context, flag)) is not None:
        return found
    if known := getattr(error, "possibilities", None):
        text = f"{error.message}.{did_you_mean(flag, known)}"
    for pattern, words in _REWORDED:
        text = re.sub(pattern, words, text, count=1)
    command = context.command_path if context else "forecast"
    return UsageError(text, f"{command} --help")


def _file_error(context: typer.Context, flag: str) -> UsageError | None:
    """Returns where a command takes its data, of which somebody names the file by a flag that it has not.

    None where it takes no data.
    """
    command, params = context.command_path, context.command.params
    if any("--data" in param.opts for param in params):
        return UsageError(f"{command} has no flag {flag}; its data is named by --data.", f"{command} --data FILE")
    arguments = [param for param in params if param.param_type_name != "option"]
    words = " ".join(str(param.metavar or param.name).upper() for param in arguments)
    if "DATA" not in words:
        return None
    name, where = (" NAME", "behind the name of the model") if "NAME" in words else ("", "by itself")
    return UsageError(f"{command} has no flag {flag}: the file with the data stands {where}.", f"{command}{name} FILE")
