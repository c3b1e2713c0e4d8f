"""Writes the JSON Schema of what each command prints with --json: `python docs/make_schemas.py`.

The types are in docs/documents.py. Tests hold the files of forecast/texts/schemas against them.
"""

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from documents import DOCUMENTS, More
from forecast.cli.output.console import SCHEMA_VERSION
from forecast.decoding import MayLack

FOLDER = Path(__file__).resolve().parents[1] / "forecast" / "texts" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
LEFT_OUT = get_args(MayLack[int])[1]


def schema_of(name: str) -> dict[str, Any]:
    """Returns the schema of a command's document."""
    shared: dict[str, Any] = {}
    kind = DOCUMENTS[name]
    kinds = get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
    objects = [_object(each, shared) for each in kinds]
    if name != "error":
        for each in objects:
            each["properties"] = {"schema_version": {"const": SCHEMA_VERSION}, **each["properties"]}
            each["required"].insert(0, "schema_version")
    words = (
        "the last line of stderr of a command that failed" if name == "error" else f"forecast {name.replace('-', ' ')}"
    )
    head = {"$schema": DIALECT, "title": f"{words} --json" if name != "error" else words}
    body = objects[0] if len(objects) == 1 else {"anyOf": objects}
    return {**head, **body, **({"$defs": dict(sorted(shared.items()))} if shared else {})}


def _schema(kind: Any, shared: dict[str, Any]) -> dict[str, Any]:
    if kind is Any or kind is object:
        return {}
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if is_dataclass(kind) or is_typeddict(kind):
        if kind.__name__ not in shared:
            shared[kind.__name__] = {}
            shared[kind.__name__] = _object(kind, shared)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return _made_of(kind, get_args(kind), shared)


def _made_of(kind: Any, inner: tuple[Any, ...], shared: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(kind)
    if origin is Annotated:
        return _annotated(inner, shared)
    if origin in {Union, UnionType}:
        parts = [_schema(each, shared) for each in inner]
        is_plain = all(set(part) == {"type"} for part in parts)
        return {"type": [part["type"] for part in parts]} if is_plain else {"anyOf": parts}
    made = {
        Literal: lambda: {"enum": list(inner)},
        NotRequired: lambda: _schema(inner[0], shared),
        list: lambda: {"type": "array", "items": _schema(inner[0], shared)},
        dict: lambda: {"type": "object", "additionalProperties": _schema(inner[1], shared)},
    }
    return made[{tuple: list, Mapping: dict}.get(origin, origin)]()


def _annotated(inner: tuple[Any, ...], shared: dict[str, Any]) -> dict[str, Any]:
    """Returns the schema of a row with further keys, of what may be left out, or of what has a word of explanation."""
    told = inner[1]
    if isinstance(told, More):
        kind = _schema(told.kind, shared)
        patterns = {"patternProperties": {f"^{beginning}": kind for beginning in told.beginnings}}
        return {**_object(inner[0], shared), **(patterns if told.beginnings else {"additionalProperties": kind})}
    return {**_schema(inner[0], shared), **({} if told == LEFT_OUT else {"description": told})}


def _object(kind: Any, shared: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    meanings = _meanings(kind) if is_dataclass(kind) else {}
    if is_dataclass(kind):
        hints = {field.name: hints[field.name] for field in fields(kind)}
    properties = {
        name: {**_schema(hint, shared), **({"description": meanings[name]} if name in meanings else {})}
        for name, hint in hints.items()
    }
    required = [name for name, hint in hints.items() if not _may_lack(hint)]
    return {"type": "object", "properties": properties, "required": required}


def _may_lack(hint: Any) -> bool:
    is_left_out = get_origin(hint) is Annotated and get_args(hint)[1] == LEFT_OUT
    return is_left_out or get_origin(hint) is NotRequired


def _meanings(record: type) -> dict[str, str]:
    """Returns what the docstring of a record says of its fields."""
    text = inspect.getdoc(record) or ""
    told = inspect.cleandoc("\n" + text.partition("Attributes:\n")[2].partition("\n\n")[0])
    entries = re.split(r"\n(?! )", told.strip())
    pairs = [entry.partition(":")[::2] for entry in entries if ":" in entry]
    return {name.strip(): " ".join(words.split()) for names, words in pairs for name in names.split(",")}


def schemas() -> dict[str, str]:
    """Returns the text of each file by its name."""
    return {f"{name}.json": json.dumps(schema_of(name), indent=1, ensure_ascii=False) + "\n" for name in DOCUMENTS}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
