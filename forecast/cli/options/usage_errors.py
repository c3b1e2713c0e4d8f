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
    if known := getattr(error, "possibilities", None):
        text = f"{error.message}.{did_you_mean(getattr(error, 'option_name', ''), known)}"
    for pattern, words in _REWORDED:
        text = re.sub(pattern, words, text, count=1)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "forecast"
    return UsageError(text, f"{command} --help")
