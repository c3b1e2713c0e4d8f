"""JSON documents as the store keeps them: one object, ``schema_version`` first, strict values (no NaN)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from forecast.errors import DataError

SCHEMA_VERSION = 1

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"


class NewerStoreError(DataError):
    """The store was written by a newer program; reading it by guesswork could lose models."""


def format_document(content: Mapping[str, JSON]) -> bytes:
    """Returns the bytes of a document, indented for people.

    Raises:
        ValueError: The content holds NaN or infinity, which JSON can't say.
    """
    document = {"schema_version": SCHEMA_VERSION, **content}
    return (json.dumps(document, allow_nan=False, indent=1) + "\n").encode()


def parse_document(data: bytes) -> dict[str, Any]:
    """Returns the object that ``format_document`` wrote, ``schema_version`` included.

    Raises:
        ValueError: The bytes are no such document; the text says why.
        NewerStoreError: Its schema is newer than this program.
    """
    try:
        document: Any = json.loads(data)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError:
        raise ValueError("is cut off or not JSON") from None
    if not isinstance(document, dict) or type(document.get("schema_version")) is not int:
        raise ValueError("has no schema_version")
    schema = document["schema_version"]
    if schema > SCHEMA_VERSION:
        raise NewerStoreError(
            f"A newer forecast wrote this store: its schema is {schema}, this one knows {SCHEMA_VERSION}.",
            "pip install --upgrade forecast",
        )
    return document
