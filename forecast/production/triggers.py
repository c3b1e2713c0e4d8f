"""Triggers of a retrain: is there anything new? By checksums and the history where that is enough (stdlib only)."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from forecast.production.runs import JUDGED
from forecast.production.store.disk import is_file
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import RunRecord, is_sound, read_line
from forecast.production.store.version import Version
from forecast.wording import counted

FUTURE = "future"
"""Among what is asked for, the fingerprint of the file that tells of the steps to come."""
MOST_REVISED = 0.05
"""Share of the old values that may have changed: statistics offices correct their newest months."""


@dataclass(frozen=True)
class Rules:
    """When it is worth training; the first rule that fires decides.

    Attributes:
        min_new_rows: so many rows are new, or old ones changed; 1 where no rule is given.
        max_age: the champion is as old, and anything is new.
        on_drift: the world has moved away from what the champion learned.
    """

    min_new_rows: int | None = None
    max_age: timedelta | None = None
    on_drift: bool = False

    @property
    def least_rows(self) -> int | None:
        """The number of rows that is enough; None where other rules alone decide."""
        if self.min_new_rows is None and self.max_age is None and not self.on_drift:
            return 1
        return self.min_new_rows


@dataclass(frozen=True)
class Tolerance:
    """What looks wrong in the data and is allowed knowingly."""

    max_revision: float = MOST_REVISED
    shorter: bool = False
    cut_off: bool = False
    future: bool = False


@dataclass(frozen=True)
class Past:
    """What the history says of the runs before."""

    looked: RunRecord | None  # the newest run that looked at its data to the end, if only to find nothing new
    judged: RunRecord | None  # the newest one that scored a model
    champion: Version

    @property
    def rows(self) -> int:
        """Rows of the newest file that was accepted."""
        accepted = self.judged.rows if self.judged else None
        return accepted if accepted is not None else self.champion.manifest.data.rows

    def seen_rows(self, asked: Mapping[str, Any]) -> int:
        """Returns how many new rows the champion was judged on with the same settings, and stayed."""
        judged = self.judged or RunRecord()
        stayed = judged.outcome in {"kept", "candidate"} and judged.champion == self.champion.label
        before, now = ({**each, FUTURE: None} for each in (judged.asked or {}, asked))  # nobody learns from that
        return judged.new_rows or 0 if stayed and before == now else 0

    @property
    def since(self) -> datetime:
        """When the newest judgement was made."""
        judged = self.judged.ended if self.judged else None
        return max(judged, self.champion.created) if judged else self.champion.created


def read_past(models: ModelStore) -> Past:
    """Returns what the history and the champion's manifest say.

    Raises:
        NotFoundError, DataError: see ``ModelStore.champion``; the history can't be read.
    """
    looked = judged = None
    for line in models.newest_runs():
        if line.get("command") not in {"train", "retrain"} or not is_sound(line):
            continue
        run = read_line(models.name, line)
        looked = looked or (run if run.fingerprint else None)
        judged = judged or (run if run.outcome in JUDGED else None)
        if looked and judged:
            break
    return Past(looked, judged, models.champion())


def fingerprint_of(source: str) -> str | None:
    """Returns the SHA-256 of a file's bytes; None for standard input, or where there is no such file."""
    path = Path(source)
    if source == "-" or not is_file(path):
        return None
    with suppress(OSError), path.open("rb") as file:  # whoever reads it is told why it can't be
        return hashlib.file_digest(file, "sha256").hexdigest()
    return None


def is_same(past: Past, fingerprint: str | None, asked: Mapping[str, Any]) -> bool:
    """Returns whether the very same bytes were looked at before, with the same settings."""
    if fingerprint is None:
        return False
    if past.looked is not None and past.looked.fingerprint == fingerprint:
        return (past.looked.asked or {}) == dict(asked)
    return past.champion.manifest.data.fingerprint == fingerprint and not asked


def is_finished(past: Past, fingerprint: str | None) -> bool:
    """Returns whether the run that looked at these bytes came to its end, and its champion is still in use."""
    if past.looked is None or past.looked.fingerprint != fingerprint:
        return False
    return past.looked.champion == past.champion.label


def trigger(
    rules: Rules, came: tuple[int, int], revised: int, age: timedelta, other_recipe: str, drift: Callable[[], str]
) -> tuple[str, str]:
    """Returns what makes it worth training, or an empty text and why it is not.

    Args:
        rules: asked for.
        came: rows since the champion was trained, and those of them that it was judged on already.
        revised: old values that are different now.
        age: of the champion.
        other_recipe: how the settings differ from the champion's; empty where they don't.
        drift: looks for drift, and returns it in a sentence; empty where there is none.
    """
    if other_recipe:
        return other_recipe, ""
    # Asked for so many rows, each counts once; else any change of the file is looked at, be it in rows seen before.
    new = came[0] - (came[1] if rules.min_new_rows else 0)
    if new <= 0 and revised == 0:
        return "", "no new rows"
    what = counted(new, "new row") if new > 0 else f"{counted(revised, 'old value')} changed"
    if rules.least_rows is not None and max(new, min(revised, 1)) >= rules.least_rows:
        return what, ""
    if rules.max_age is not None and age >= rules.max_age:
        return f"the champion is {_days(age)} old (--max-age)", ""
    found = drift() if rules.on_drift else ""
    if found:
        return f"drift: {found}", ""
    reasons = [f"fewer than {rules.least_rows:,} (--min-new-rows)"] if rules.least_rows is not None else []
    reasons += [f"the champion is only {_days(age)} old (--max-age)"] if rules.max_age is not None else []
    reasons += ["no drift (--on-drift)"] if rules.on_drift else []
    return "", f"{what}, but {' and '.join(reasons)}"


def _days(age: timedelta) -> str:
    return counted(age.days, "day") if age >= timedelta(days=1) else counted(max(age.seconds // 3600, 0), "hour")
