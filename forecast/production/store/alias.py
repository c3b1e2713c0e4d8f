"""The champion file: which version is in use, which were before it, and the last version number given out.

How much wider than its own the champion's next intervals are stands here too: a version forecasts the same for ever,
and the champion is the version that the alias names, with the width that issued forecasts have taught since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from forecast.decoding import decode, encode
from forecast.production.store.json_document import format_document, parse_document, utc
from forecast.production.store.manifest import MOST_NUMBER, is_version_id
from forecast.widening import USUAL, Widening

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
    widened: Widening = USUAL  # of the champion's next intervals

    def moved_to(self, version_id: str, now: datetime, widened: Widening = USUAL) -> Self:
        """Returns the alias at another version, the present champion remembered."""
        before = (*self.before, self.champion) if self.champion else self.before
        return replace(self, champion=version_id, since=utc(now), before=before[-_TRAIL:], widened=widened)

    def back_at(self, version_id: str, now: datetime) -> Self:
        """Returns the alias at an earlier version with its own intervals, the champions since then forgotten."""
        before = self.before
        if version_id in before:
            last_time = len(before) - 1 - before[::-1].index(version_id)
            before = before[:last_time]
        return replace(self, champion=version_id, since=utc(now), before=before, widened=USUAL)

    def to_bytes(self) -> bytes:
        """Returns the content of the champion file."""
        since = None if self.since is None else self.since.isoformat()
        widened = {} if self.widened == USUAL else {"widened": encode(self.widened)}
        return format_document(
            {
                "champion": self.champion,
                "since": since,
                "before": self.before,
                "last_number": self.last_number,
                **widened,
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
        return cls(champion, _since(document), tuple(before), number, _widened(document))


def _since(document: Mapping[str, Any]) -> datetime:
    try:
        return utc(datetime.fromisoformat(document["since"]))
    except (KeyError, TypeError, ValueError):
        raise ValueError("has no time") from None


def _widened(document: Mapping[str, Any]) -> Widening:
    """Returns how the champion's next intervals differ from its own; they don't in what early programs wrote."""
    if "widened" not in document:
        return USUAL
    widened = decode(Widening, document["widened"], "widened")
    if not widened.is_sound:
        raise ValueError("widens intervals by nothing that can be")
    return widened
