"""Texts that come with the program: the skill for assistants, and the JSON Schema of each command's document."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def skill_text() -> str:
    """Returns what tells an assistant how to use the command line, as a SKILL.md."""
    return (_texts() / "SKILL.md").read_text(encoding="utf-8")


def schema_names() -> tuple[str, ...]:
    """Returns the commands whose document has a schema, with ``error`` among them: ``models-list``."""
    return tuple(sorted(each.name.removesuffix(".json") for each in (_texts() / "schemas").iterdir()))


def schema_text(name: str) -> str:
    """Returns the schema of a name of ``schema_names``, as JSON."""
    return (_texts() / "schemas" / f"{name}.json").read_text(encoding="utf-8")


def _texts() -> Traversable:
    return files("forecast") / "texts"
