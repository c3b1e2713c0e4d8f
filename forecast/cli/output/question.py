"""What only the person can decide: asked on a terminal, elsewhere told with the commands that settle it."""

import shlex
import sys
from collections.abc import Sequence

from forecast.cli.output.console import wrapped
from forecast.cli.output.streams import write_note
from forecast.errors import ForecastError, NameTakenError, QuestionError, printable


def can_ask() -> bool:
    """Returns whether somebody sits there: under cron and in pipes nobody does."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask(error: QuestionError) -> str | None:
    """Returns which value of the flag the person takes, by its number or name; None at the end of the input.

    Nothing is taken for an empty answer: there is no default.
    """
    write_note(wrapped(error.message))
    choices = tuple(error.answers)
    width = max(map(len, choices))
    for number, (choice, meaning) in enumerate(error.answers.items(), 1):
        write_note(f"  {number}  {printable(choice):<{width}}  {printable(meaning)}\n")
    while True:
        write_note(f"Which one? 1 to {len(choices)}, or its name: ")
        line = sys.stdin.readline()
        if not line:
            write_note("\n")
            return None
        answer = line.strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1]
        named = [choice for choice in choices if choice.lower() == answer.lower()]
        if answer and named:
            return answer if answer in named else named[0]


def hints_of(error: ForecastError, arguments: Sequence[str]) -> list[str]:
    """Returns the hint of an error; of a question the command that was given once for each answer, to be copied."""
    if not isinstance(error, QuestionError | NameTakenError) or (isinstance(error, QuestionError) and error.is_worded):
        return [error.hint] if error.hint else []
    end = arguments.index("--") if "--" in arguments else len(arguments)
    before, after = arguments[:end], arguments[end:]
    if isinstance(error, QuestionError) and error.flag:
        flags = [[f"{error.flag}={value}"] if value.startswith("-") else [error.flag, value] for value in error.answers]
        return [shlex.join(["forecast", *before, *flag, *after]) for flag in flags]
    answers = [(shlex.split(flags), meaning) for flags, meaning in error.answers.items()]
    commands = [shlex.join(["forecast", *_without(before, words), *words, *after]) for words, _ in answers]
    return [f"{command}   # {meaning}" for command, (_, meaning) in zip(commands, answers, strict=True)]


def _without(arguments: Sequence[str], words: Sequence[str]) -> list[str]:
    """Returns the arguments without the flag and value that take their place."""
    if len(words) != 2:
        return list(arguments)
    flag = words[0]
    pairs = zip(["", *arguments], arguments, strict=False)  # each with the one before
    return [word for last, word in pairs if flag not in (last, word) and not word.startswith(f"{flag}=")]
