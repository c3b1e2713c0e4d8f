"""Texts that come with the program: the skill for assistants, and the JSON Schema of each command's document."""

from collections.abc import Iterator
from pkgutil import get_data
from typing import Any

FAILED = "error"
"""What has a schema beside the commands: the last line of stderr of any that fails."""


def skill_text() -> str:
    """Returns what tells an assistant how to use the command line, as a SKILL.md."""
    return _text("SKILL.md")


def schema_names(root: Any) -> tuple[str, ...]:
    """Returns what has a schema: the commands, their words with a hyphen between them, and ``error``.

    Args:
        root: all commands, as click has them.
    """
    return (*_names(root), FAILED)


def schema_text(name: str) -> str:
    """Returns the schema of a name of ``schema_names``, as JSON."""
    return _text(f"schemas/{name}.json")


def _names(command: Any) -> Iterator[str]:
    for name, inner in command.commands.items():
        if hasattr(inner, "commands"):
            yield from (f"{name}-{each}" for each in _names(inner))
        else:
            yield name


def _text(path: str) -> str:
    data = get_data("forecast", f"texts/{path}")
    assert data is not None, "the loader of this package can't read its files"
    return data.decode()
