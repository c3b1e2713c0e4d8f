"""What a version keeps of its backtest, ``metrics.json``, as a typed document."""

import re
from datetime import datetime
from typing import Any, Literal, TypedDict

from forecast.decoding import decode
from forecast.production.store.json_document import parse_json
from forecast.production.store.version import Version, unreadable

ROW = "row"  # code of the frequency of data without dates
METRICS = "metrics.json"
"""The file of a version that holds it."""


class StoredRow(TypedDict, total=False):
    """A row of the leaderboard; early programs, and warm starts, have less."""

    rmse: float | None
    rmse_std: float | None
    mae: float | None
    mase: float | None
    smape: float | None
    skill: float | None
    coverage_80: float | None
    params: int | None
    train_seconds: float | None
    predict_ms: float | None
    note: str | None
    rmse_by_step: list[float | None]


class StoredNamedRow(StoredRow):
    """A row with its model."""

    model: str


class StoredScoredOn(TypedDict):
    """What scores stand on."""

    folds: int
    points: int
    horizon: int


class StoredFold(TypedDict):
    """One origin."""

    number: int
    origin: str


class StoredCalendar(TypedDict):
    """Where the folds lie."""

    first: str
    last: str
    refit: bool
    together: bool


class StoredFinding(TypedDict):
    """What was noticed in the data."""

    grade: Literal["note", "warning", "error"]
    text: str
    flag: str


class StoredData(TypedDict):
    """The file."""

    source: str
    rows: int
    frequency: str
    findings: list[StoredFinding]


class StoredCoverage(TypedDict):
    """How many truths the intervals of a model held."""

    model: str
    level: int
    share: float
    points: int
    by_fold: list[float | None]


class StoredInference(TypedDict):
    """What nobody had to say."""

    label: str
    text: str
    flags: list[str]


class StoredEffect(TypedDict):
    """What a covariate does."""

    column: str
    share: float
    low: float
    high: float
    per: Literal["set", "deviation"]


class StoredCovariateUse(TypedDict):
    """What was used beside the target."""

    known: list[str]
    past: list[str]
    static: list[str]
    calendar: list[str]
    effects: dict[str, StoredEffect]
    idle: list[str]
    levels: dict[str, int]
    country: str | None


class StoredSummary(TypedDict, total=False):
    """All of it; what a report says nothing of is left as it is."""

    scored_on: StoredScoredOn
    verdict: str
    reason: str
    target: str
    step: str
    data: StoredData
    folds: list[StoredFold]
    calendar: StoredCalendar
    coverage: list[StoredCoverage]
    inferred: list[StoredInference]
    given: dict[str, str]
    networks: dict[str, dict[str, Any]]
    beside: StoredCovariateUse | None
    command: str
    fingerprint: str
    libraries: dict[str, str]


class WholeSummary(StoredSummary):
    """An account has rows, whatever else it lacks."""

    leaderboard: list[StoredNamedRow]


def read_summary(version: Version) -> WholeSummary:
    """Returns the account of a version's backtest.

    Raises:
        DamagedError: it is not what a program writes there.
        DataError: it can't be read.
    """
    try:
        summary = decode(WholeSummary, parse_json(version.read(METRICS), strict=False))
        _check(summary)
    except ValueError as error:
        raise unreadable(version.name, version.label, METRICS, error) from error
    return summary


NEEDS = {
    "calendar": ("data", "folds"),
    "coverage": ("scored_on",),
    "inferred": ("given",),
    "networks": ("given",),
    "command": ("data", "fingerprint", "libraries"),
}
"""What a part of an account is told with."""


def _check(summary: WholeSummary) -> None:
    """Refuses an account whose parts don't fit each other.

    Raises:
        ValueError: they don't.
    """
    for part, needed in NEEDS.items():
        lacking = [name for name in needed if part in summary and name not in summary]
        if lacking:
            raise ValueError(f"tells of {part}, but not of {lacking[0]}")
    rows = summary["leaderboard"]
    if not rows or len({len(row["rmse_by_step"]) for row in rows if "rmse_by_step" in row}) > 1:
        raise ValueError("has no whole leaderboard")
    if any("rmse_by_step" in row for row in rows) and ("step" not in summary or "target" not in summary):
        raise ValueError("tells of steps, but not which")
    if "calendar" in summary:
        stamps = [summary["calendar"]["first"], summary["calendar"]["last"], *(f["origin"] for f in summary["folds"])]
        for stamp in stamps:
            _check_stamp(stamp, is_row=summary["data"]["frequency"] == ROW)


def _check_stamp(text: str, *, is_row: bool) -> None:
    if is_row and not re.fullmatch(r"-?\d{1,12}", text):
        raise ValueError(f"{text!r} is no number of a row")
    if not is_row:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no date") from None
