"""The champion file: which version is in use, which were before it, and the last version number given out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from forecast.production.store.json_document import format_document, parse_document, utc
from forecast.production.store.manifest import MOST_NUMBER, is_version_id

ALIAS = "champion"
ALIAS_LIMIT = 64 * 1024  # bytes
_TRAIL = 100  # earlier champions remembered; keeps the file small for ever


@dataclass(frozen=True)
class Alias:
    """Where the champion points; the trail is in the same file, so that no crash can part the two."""

    champion: str = ""  # empty only in an alias that was never written
    since: datetime | None = None
    before: tuple[str, ...] = ()  # earlier champions, oldest first
    last_number: int = 0

    def moved_to(self, version_id: str, now: datetime) -> Self:
        """Returns the alias at another version, the present champion remembered."""
        before = (*self.before, self.champion) if self.champion else self.before
        return replace(self, champion=version_id, since=utc(now), before=before[-_TRAIL:])

    def back_at(self, version_id: str, now: datetime) -> Self:
        """Returns the alias at an earlier version, the champions since then forgotten."""
        before = self.before
        if version_id in before:
            last_time = len(before) - 1 - before[::-1].index(version_id)
            before = before[:last_time]
        return replace(self, champion=version_id, since=utc(now), before=before)

    def to_bytes(self) -> bytes:
        """Returns the content of the champion file."""
        since = None if self.since is None else self.since.isoformat()
        return format_document(
            {
                "champion": self.champion,
                "since": since,
                "before": self.before,
                "last_number": self.last_number,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Returns the alias that a champion file holds.

        Raises:
            ValueError: The file is damaged; the text says why.
            NewerStoreError: A newer program wrote it.
        """
        document = parse_document(data)
        champion, before, number = (document.get(key) for key in ("champion", "before", "last_number"))
        if not isinstance(champion, str) or not is_version_id(champion):
            raise ValueError("names no version")
        if not isinstance(before, list) or not all(is_version_id(version_id) for version_id in before):
            raise ValueError("has no list of earlier champions")
        if type(number) is not int or not 0 <= number <= MOST_NUMBER:
            raise ValueError("has no last version number")
        return cls(champion, _since(document), tuple(before), number)


def _since(document: Mapping[str, Any]) -> datetime:
    try:
        return utc(datetime.fromisoformat(document["since"]))
    except (KeyError, TypeError, ValueError):
        raise ValueError("has no time") from None
