"""JSON documents as the store keeps them: one object, ``schema_version`` first, strict values (no NaN)."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from forecast.errors import UPGRADE, DataError

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


def parse_json(data: bytes | str, *, strict: bool = True) -> Any:
    """Returns what JSON says; NaN and infinity, which it can't say, are refused, or null where not ``strict``.

    Raises:
        ValueError: The bytes are no JSON; the text says why.
    """
    try:
        return json.loads(data, parse_constant=_refuse if strict else lambda _word: None)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError:  # of a number of 5,000 digits, too
        raise ValueError("is cut off or not JSON") from None


def _refuse(word: str) -> None:
    raise ValueError(word)


def parse_document(data: bytes) -> dict[str, Any]:
    """Returns the object that ``format_document`` wrote, ``schema_version`` included.

    Raises:
        ValueError: The bytes are no such document; the text says why.
        NewerStoreError: Its schema is newer than this program.
    """
    document = parse_json(data)
    if not isinstance(document, dict) or type(document.get("schema_version")) is not int:
        raise ValueError("has no schema_version")
    schema = document["schema_version"]
    if schema > SCHEMA_VERSION:
        raise NewerStoreError(
            f"A newer forecast wrote this store: its schema is {schema}, this one knows {SCHEMA_VERSION}.",
            UPGRADE,
        )
    return document


def utc(moment: datetime) -> datetime:
    """Returns an aware time in UTC.

    Raises:
        ValueError: The time has no time zone, or is within a day of the calendar's ends.
    """
    if moment.tzinfo is None:
        raise ValueError("a time in the store needs a time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time in the store must be a time of the calendar") from None
