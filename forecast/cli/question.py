"""What only the person can decide: asked on a terminal, elsewhere told with the commands that settle it."""

import shlex
import sys
from collections.abc import Sequence

from forecast.cli.console import wrapped
from forecast.cli.streams import write_note
from forecast.errors import OpenQuestionError, UndecidedError, printable


def can_ask() -> bool:
    """Returns whether somebody sits there: under cron and in pipes nobody does."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask(error: UndecidedError) -> str | None:
    """Returns which of the choices the person takes, by its number or name; None at the end of the input.

    Nothing is taken for an empty answer: there is no default.
    """
    write_note(wrapped(error.message))
    width = max(map(len, error.choices))
    examples = error.examples or ("",) * len(error.choices)
    for number, (choice, example) in enumerate(zip(error.choices, examples, strict=True), 1):
        write_note(f"  {number}  {printable(choice):<{width}}  {printable(example)}\n")
    while True:
        write_note(f"Which one? 1 to {len(error.choices)}, or its name: ")
        line = sys.stdin.readline()
        if not line:
            write_note("\n")
            return None
        answer = line.strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(error.choices):
            return error.choices[int(answer) - 1]
        named = [choice for choice in error.choices if choice.lower() == answer.lower()]
        if answer and named:
            return answer if answer in named else named[0]


def commands_for(error: UndecidedError | OpenQuestionError, arguments: Sequence[str]) -> list[str]:
    """Returns the command that was given once for each choice, ready to be copied."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    before, after = arguments[:end], arguments[end:]
    if isinstance(error, OpenQuestionError):
        answers = [(shlex.join(["forecast", *before, *shlex.split(flags), *after]), flags) for flags in error.answers]
        return [f"{command}   # {error.answers[flags]}" for command, flags in answers]
    flags = [[f"{error.flag}={choice}"] if choice.startswith("-") else [error.flag, choice] for choice in error.choices]
    return [shlex.join(["forecast", *before, *flag, *after]) for flag in flags]
