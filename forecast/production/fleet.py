"""Which models of a store are meant, in which order they take their turn, and how long each may take.

A model may take what is left of the time limit and the others are not expected to need.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from statistics import median

from forecast.production.runs import JUDGED
from forecast.production.store.disk import is_file
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import is_sound, read_line

WILD = frozenset("*?[")
SLACK = 1.5
"""A run may take so many times what it is expected to: what is planned for each is enough for most nights."""


@dataclass(frozen=True)
class Turn:
    """What the history says of when a model should be looked at, and for how long.

    Attributes:
        name: of the model.
        looked: when a run last looked at its data to the end; None where none ever did.
        seconds: that the last run which trained took; None where it can't be known.
    """

    name: str
    looked: datetime | None
    seconds: float | None


def is_pattern(word: str) -> bool:
    """Returns whether a word stands for names that look like it: ``shop-*``."""
    return bool(WILD & set(word))


def are_several(words: Sequence[str], names: Sequence[str]) -> bool:
    """Returns whether words name several models: a pattern, or more than a model and its data.

    Args:
        words: of the command line.
        names: of all models.
    """
    two = len(words) == 2 and set(words) <= set(names) and not is_file(Path(words[1]))
    return len(words) > 2 or two or any(is_pattern(word) and not is_file(Path(word)) for word in words)


def matching(words: Sequence[str], names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the models that words name or match, each once and in the order of ``names``, and the words left over."""
    meant = {word: [name for name in names if name == word or fnmatchcase(name, word)] for word in words}
    found = set(chain.from_iterable(meant.values()))
    return tuple(name for name in names if name in found), tuple(word for word in words if not meant[word])


def turn_of(models: ModelStore) -> Turn:
    """Returns what a model's history says.

    Raises:
        DataError: it can't be read.
    """
    looked, seconds = None, None
    for line in models.newest_runs():
        if line.get("command") not in {"train", "retrain"} or not is_sound(line):
            continue
        run = read_line(models.name, line)
        looked = looked or (run.ended if run.outcome in (*JUDGED, "nothing-new") else None)
        if run.outcome in JUDGED:
            seconds = run.seconds
            break
    return Turn(models.name, looked, seconds)


def in_turn(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Returns the models, the one first that was not looked at for longest; those that never were before all others."""
    return tuple(sorted(turns, key=lambda turn: (turn.looked.timestamp() if turn.looked else 0.0, turn.name)))


def share_of(left: float, turns: Sequence[Turn]) -> float:
    """Returns the seconds that the first model may take: its fair share, or more where the others need less.

    Args:
        left: seconds for all of them.
        turns: the first model and those after it.
    """
    known = [turn.seconds for turn in turns if turn.seconds is not None]
    usual = median(known) if known else 0.0
    others = sum(SLACK * (turn.seconds if turn.seconds is not None else usual) for turn in turns[1:])
    return max(left / len(turns), left - others)
