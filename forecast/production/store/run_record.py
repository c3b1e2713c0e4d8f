"""What one run of a model did, from its decision to the page: one record, however much of it a document holds.

history.jsonl       ``line``: the same keys for every command
manifest.json       ``entry``: the challenge that a version came from
forecast history    ``row``
forecast retrain    ``answer``
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import isfinite
from typing import Any, get_args, get_type_hints

from forecast.decoding import PartialDocument, encode, fits
from forecast.production.store.json_document import utc
from forecast.production.store.lock import RunMark

FACTS = (
    "command", "outcome", "reason", "champion", "challenger", "champion_rmse", "challenger_rmse", "naive_rmse",
    "trigger", "rows", "new_rows", "training_end", "seconds", "exit_code", "widened", "held",
    "live_skill", "live_rmse", "live_coverage", "live_bias", "live_points", "drift", "run", "peak_bytes", "left_out",
    "tuned", "tuned_settings",
)  # fmt: skip
"""What is told of every run."""
LINE = ("time", *FACTS, "fingerprint", "asked")
COLUMNS = (
    "name", "time", "command", "outcome", "champion", "challenger", "champion_rmse", "challenger_rmse", "naive_rmse",
    "reason", "trigger", "rows", "new_rows", "training_end", "seconds", "exit_code", "widened", "held",
    "live_skill", "live_rmse", "live_coverage", "live_bias", "live_points", "drift", "run", "peak_bytes", "left_out",
    "tuned",
)  # fmt: skip
"""Of the table of ``forecast history``."""
PROOF = ("outcome", "reason", "challenged", "scored_on", "champion_rmse", "challenger_rmse", "naive_rmse")
"""What is told of every challenge."""
ENTRY = (*PROOF, "refitted_on_all", "warm", "trigger", "gate")


@dataclass(frozen=True)
class RunRecord(PartialDocument):
    """One run; None is what it did not say.

    Attributes:
        outcome: promoted, kept, candidate, nothing-new, refused or failed; of other commands, what they did.
        champion: label of the version in use afterwards.
        challenger: label of the version that was published, where one was.
        champion_rmse: of the version in use before, on the newest points, as are the other two.
        trigger: what made it worth training.
        rows: of the file.
        widened: how many times as wide as its own the next intervals of the version in use afterwards are.
        held: share of the newest issued points that lay in their version's own interval, which that stands on.
        live_skill: of the forecasts that came true of late, see ``LiveFigures``, as are the next four.
        drift: the signals that fired, such as ``error, range``; empty where none did, None where nobody looked.
        run: the id of the run, which its log lines have too.
        peak_bytes: of the memory of its process so far.
        left_out: flagged values that were neither learned from nor scored; None where nobody asked for that.
        tuned: what a search for settings found, in words; None where nobody asked for one.
        tuned_settings: those of them that the challenger has; empty where it has none.
        fingerprint: of the file.
        asked: the settings that decide whether the same data is worth another run.
        time: in ISO 8601; when the run ended.
        challenged: label of the version in use before.
        scored_on: what the scores stand on, such as ``the newest 28 days``; empty where nothing was scored.
        refitted_on_all: a winner is trained on all the data before it is published.
        warm: the challenger began from the champion's weights.
        gate: what the challenger had to prove, see ``Gate``.
        name: of the model.
    """

    command: str | None = None
    outcome: str | None = None
    reason: str | None = ""
    champion: str | None = None
    challenger: str | None = None
    champion_rmse: float | None = None
    challenger_rmse: float | None = None
    naive_rmse: float | None = None
    trigger: str | None = ""
    rows: int | None = None
    new_rows: int | None = None
    training_end: str | None = None
    seconds: float | None = None
    exit_code: int | None = 0
    widened: float | None = None
    held: float | None = None
    live_skill: float | None = None
    live_rmse: float | None = None
    live_coverage: float | None = None
    live_bias: float | None = None
    live_points: int | None = None
    drift: str | None = None
    run: str | None = None
    peak_bytes: int | None = None
    left_out: int | None = None
    tuned: str | None = None
    tuned_settings: dict[str, Any] | None = None
    fingerprint: str | None = None
    asked: dict[str, Any] | None = field(default_factory=dict)
    time: str | None = None
    challenged: str = ""
    scored_on: str = ""
    refitted_on_all: bool = False
    warm: bool = False
    gate: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    @property
    def ended(self) -> datetime | None:
        """When the run ended, aware, UTC; None where that is not said. A time without a zone is UTC."""
        return None if self.time is None else _moment(self.time)

    def at(self, now: datetime) -> "RunRecord":
        """Returns the record of a run that ends now."""
        return replace(self, time=utc(now).isoformat(timespec="seconds"))

    def facts(self) -> dict[str, Any]:
        """Returns what a log tells."""
        return self._encoded(LINE[1:])

    def line(self) -> dict[str, Any]:
        """Returns the line of the history; a number that is none becomes null."""
        return {name: _known(value) for name, value in self._encoded(LINE).items()}

    def entry(self) -> dict[str, Any]:
        """Returns what the manifest of the version that came of it says; a number that is none becomes null."""
        return {name: _known(value) for name, value in self._encoded(ENTRY).items()}

    def answer(self) -> dict[str, Any]:
        """Returns what ``forecast retrain`` answers in JSON."""
        return self._encoded(("name", *FACTS)) | {"challenged": self.challenged, "scored_on": self.scored_on or None}

    def row(self) -> dict[str, str | int | float | None]:
        """Returns a row of a table in the order of COLUMNS, its time in ISO 8601."""
        ended = self.ended
        return self._encoded(COLUMNS) | {"time": ended.isoformat(timespec="seconds") if ended else None}

    def _encoded(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: encode(getattr(self, name)) for name in names}


_PLAIN = (str, int, float, type(None))
_HINTS = {name: hint for name, hint in get_type_hints(RunRecord).items() if name in LINE}


def read_line(name: str, line: Mapping[str, Any]) -> RunRecord:
    """Returns a line of a model's history; what has another type than it should is as if not said."""
    said: dict[str, Any] = {
        key: line[key] if key in line and _fits(hint, line[key]) else None for key, hint in _HINTS.items()
    }
    return RunRecord(**said, name=name)


def _fits(hint: Any, value: Any) -> bool:
    """Returns whether a value is of a type; nearly all are plain, and a history has many."""
    return (type(value) in _PLAIN and type(value) in get_args(hint)) or fits(hint, value)


def is_sound(line: Mapping[str, Any]) -> bool:
    """Returns whether all that a line says has its type, and its time is one; else this program did not write it."""
    given = {key: value for key, value in line.items() if key in _HINTS}
    return fits(RunRecord, given) and ("time" not in line or read_line("", line).ended is not None)


def killed_run(mark: RunMark) -> RunRecord:
    """Returns the record of a run that ended without a word; its time is that of its beginning."""
    began = _moment(mark.began)
    when = f", which began {began:%Y-%m-%d %H:%M} UTC," if began else ""
    return RunRecord(
        command=mark.command,
        outcome="killed",
        reason=f"process {mark.pid} on {mark.host}{when} was killed before its end",
        exit_code=None,
        asked=None,
        run=mark.run or None,
        time=began.isoformat(timespec="seconds") if began else None,
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return utc(moment if moment.tzinfo else datetime.fromisoformat(f"{text}+00:00"))
    except ValueError:
        return None


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
