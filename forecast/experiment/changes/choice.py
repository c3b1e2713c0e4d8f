"""Which two forecasts are compared: the last two, those of two versions, or of two dates of issue."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forecast.errors import NotFoundError, UsageError
from forecast.production.store.issued import FORECAST, ISSUED, IssuedMark, issued_marks
from forecast.production.store.model_store import ModelStore
from forecast.wording import counted, listed

DATE = re.compile(r"\d{4}(-?\d\d(-?\d\d([T ]?\d\d(:?\d\d(:?\d\d)?)?)?)?)?Z?", re.ASCII)
MOST_NAMED = 4


@dataclass(frozen=True)
class ChosenPair:
    """Two forecasts, in the order in which they were asked for.

    Attributes:
        notes: what is to be said of the choice.
    """

    before: IssuedMark
    after: IssuedMark
    notes: tuple[str, ...] = ()


def moment_text(moment: datetime, *, is_exact: bool = False) -> str:
    """Returns when a forecast was issued, as it can be asked for again: ``2026-11-01``, or with its time (UTC)."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}" if is_exact else f"{moment:%Y-%m-%d}"


def marks_of(models: ModelStore) -> tuple[IssuedMark, ...]:
    """Returns all forecasts of a model that were issued, oldest first."""
    return issued_marks(models.folder / ISSUED, models.versions())


def last_pair(models: ModelStore) -> ChosenPair | None:
    """Returns the forecast that was issued last and the one before it; None where there is one at most."""
    marks = marks_of(models)
    return ChosenPair(marks[-2], marks[-1]) if len(marks) > 1 else None


def choose_pair(models: ModelStore, words: Sequence[str]) -> ChosenPair:
    """Returns the two forecasts that words name: two of them; one, beside the last; or none, for the last two.

    A word is a version (``v3``), which stands for those of its forecasts that lie nearest to the other one in time,
    or the beginning of a time of issue in UTC (``2026-11-01``, ``2026-11-01T03``), by which one forecast can be told.

    Raises:
        NotFoundError: there are no two forecasts, or none that is named so.
        UsageError: a word may mean several forecasts, or both mean the same one.
    """
    name = models.name
    models.champion()  # or there is no such model
    marks = marks_of(models)
    if len(marks) + len(words) < 2 or not marks:  # a candidate, which issued none, may be named
        raise _too_few(name, marks)
    if not words:
        return ChosenPair(marks[-2], marks[-1])
    found = [_named(models, word, marks) for word in words]
    if len(found) == 1:
        others = [mark for mark in marks if mark not in found[0]]
        later = marks[-1:] if marks[-1] not in found[0] else []
        if not later and not others:
            raise _too_few(name, marks)
        found.append(list(later) or others[-1:])
        if not later:  # the last one is named: beside the one before it
            found.reverse()
    before, after = _nearest(found[0], found[1])
    if before == after:
        message = f"{' and '.join(words)} are one forecast of {name}, of {_told(before)}."
        raise UsageError(message, f"forecast diff {name} compares the last two")
    issued = {mark.number for mark in marks}
    labels = [mark.label for mark in (before, after) if mark.number not in issued]
    notes = [f"{label} was never in use: this is the forecast that it was saved with." for label in labels]
    return ChosenPair(before, after, tuple(notes))


def _too_few(name: str, marks: Sequence[IssuedMark]) -> NotFoundError:
    if not marks:
        return NotFoundError(f"{name} has issued no forecast yet.", f"forecast retrain {name} issues one")
    message = f"{name} has issued one forecast, of {_told(marks[0])}: there is no other to compare it with."
    return NotFoundError(message, f"forecast retrain {name}, once there are newer rows, issues the next")


def _told(mark: IssuedMark) -> str:
    return f"{moment_text(mark.moment)} ({mark.label})"


def _named(models: ModelStore, word: str, marks: Sequence[IssuedMark]) -> list[IssuedMark]:
    """Returns the forecasts that a word may mean: several of a version, one of a time.

    Raises:
        NotFoundError: there is none.
        UsageError: a time may mean several.
    """
    number = word.removeprefix("v")
    if own := [mark for mark in marks if number.isdecimal() and mark.number == int(number)]:
        return own  # whether or not the version is still there
    if DATE.fullmatch(word) and not _is_version(models, word):
        return [_issued_at(models.name, word, marks)]
    version = models.version(word)
    own = [mark for mark in marks if mark.number == version.number]
    if own:
        return own
    if FORECAST not in version.files:
        message = f"{models.name} {version.label} has no forecast to compare."
        raise NotFoundError(message, f"forecast predict {models.name} --model-version {version.label} makes one")
    return [IssuedMark(version.created, version.number, version)]


def _is_version(models: ModelStore, word: str) -> bool:
    return word.isdigit() and any(version.number == int(word) for version in models.versions())


def _issued_at(name: str, word: str, marks: Sequence[IssuedMark]) -> IssuedMark:
    digits = re.sub(r"\D", "", word)
    found = [mark for mark in marks if f"{mark.moment:%Y%m%d%H%M%S}".startswith(digits)]
    if len(found) == 1:
        return found[0]
    if found:
        days = {f"{mark.moment:%Y%m%d}" for mark in found}
        exact = len(days) < len(found)
        texts = [f"{moment_text(mark.moment, is_exact=exact)} ({mark.label})" for mark in reversed(found)]
        message = f"'{word}' can be any of {counted(len(found), 'forecast')}: {listed(texts, MOST_NAMED)}."
        raise UsageError(message, f"forecast diff {name} {moment_text(found[-1].moment, is_exact=exact)}")
    later = [mark for mark in marks if f"{mark.moment:%Y%m%d%H%M%S}" > digits]
    earlier = [mark for mark in marks if mark not in later]
    around = [*earlier[-1:], *later[:1]]
    ways = "; the nearest are of " + " and ".join(map(_told, around)) if around else ""
    hint = f"forecast diff {name} {moment_text(around[0].moment)}" if around else f"forecast models show {name}"
    raise NotFoundError(f"No forecast of {name} was issued at {word} (UTC){ways}.", hint)


def _nearest(first: Sequence[IssuedMark], second: Sequence[IssuedMark]) -> tuple[IssuedMark, IssuedMark]:
    """Returns one of each that lie nearest to each other in time, the latest such."""
    pairs = [(abs(b.moment - a.moment), -i - j, a, b) for i, a in enumerate(first) for j, b in enumerate(second)]
    return min(pairs, key=lambda pair: pair[:2])[2:]
