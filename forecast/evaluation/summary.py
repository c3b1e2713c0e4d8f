"""The summary of a backtest, a typed record: all that a report says of it, kept with a version as metrics.json.

leaderboard, scored_on, verdict     what came out
data, folds, calendar               what it came from
coverage                            how many truths the intervals held
totals                              how many totals theirs held, of the model that was taken
backtest                            what that model forecast on the folds, beside what came
inferred, given, networks           what was inferred, asked for and trained
beside                              what was used beside the target
command, libraries                  how to do it again

``document_of`` is the one that writes it, ``summary_from`` the one that reads it. Early programs, and warm starts, tell
less: a part that is None is not in the document.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from forecast.data.findings import Finding
from forecast.decoding import Document, MayLack, decode, encode
from forecast.evaluation.fold_forecast import FoldForecast
from forecast.evaluation.hierarchies.level_scores import ReconciliationSummary

ROW = "row"  # code of the frequency of data without dates
WIDE = 0.2
"""Series are said to differ where their effects lie so far apart."""


@dataclass(frozen=True, kw_only=True)
class SummaryRow(Document):
    """A row of the leaderboard, see ``LeaderboardRow``; None is what a model has not, or an early program did not tell.

    Attributes:
        rmse_by_step: RMSE of each step, None where none was scored; itself None without a backtest.
        scores: by metrics and measures that have no field of their own; None is what could not be told.
    """

    rank: int | None = None
    model: str
    rmse: float | None = None
    rmse_std: float | None = None
    mae: float | None = None
    mase: float | None = None
    smape: float | None = None
    skill: float | None = None
    coverage_80: float | None = None
    params: int | None = None
    train_seconds: float | None = None
    predict_ms: float | None = None
    note: str | None = None
    rmse_fold_std: float | None = None
    rmse_mean_series: float | None = None
    rmsse: float | None = None
    p_above: float | None = None
    p_best: float | None = None
    same: str | None = None
    rmse_by_step: MayLack[tuple[float | None, ...]] = None
    scores: MayLack[dict[str, float | None]] = None


SCORED_APART = ("model", "rmse", "coverage_80")
"""What is told of a model without a backtest: its score in the challenge."""


@dataclass(frozen=True, kw_only=True)
class ScoredOn(Document):
    """What scores stand on."""

    folds: int
    seeds: MayLack[int] = None
    points: int
    horizon: int


@dataclass(frozen=True, kw_only=True)
class SummaryFold(Document):
    """One origin; fold 0 calibrates, and is not scored.

    Attributes:
        steps: after the origin.
        series: that are scored there.
    """

    number: int
    origin: str
    steps: MayLack[int] = None
    series: MayLack[int] = None
    scored: MayLack[bool] = None


@dataclass(frozen=True, kw_only=True)
class FoldCalendar(Document):
    """Where the folds lie.

    Attributes:
        first, last: dates of the data.
        refit: models were trained anew at each origin.
        together: the series end together.
    """

    first: str
    last: str
    refit: bool
    together: bool


@dataclass(frozen=True, kw_only=True)
class SummaryData(Document):
    """The file, and the plan that was made for it.

    Attributes:
        time: the column of dates; None where there is none.
        frequency: its code, ``ROW`` for data without dates.
    """

    source: str
    rows: int
    time: str | None = None
    target: MayLack[tuple[str, ...]] = None
    id: MayLack[tuple[str, ...]] = None
    series: MayLack[int] = None
    frequency: str
    seasons: MayLack[tuple[int, ...]] = None
    horizon: MayLack[int] = None
    window: MayLack[int] = None
    kind: MayLack[str] = None
    findings: tuple[Finding, ...]

    @property
    def is_row(self) -> bool:
        """Whether it has no dates: steps are numbers of rows."""
        return self.frequency == ROW


@dataclass(frozen=True)
class CoverageRow(Document):
    """How many truths the intervals of a model held, on folds that did not calibrate them.

    Attributes:
        level: per cent that they should hold.
        share: that they held.
        points: truths that had an interval.
        by_fold: share held in each scored fold; None where there was no interval.
    """

    model: str
    level: float
    share: float
    points: int
    by_fold: tuple[float | None, ...]


Total = Literal["horizon", "all series"]


@dataclass(frozen=True)
class TotalRow(Document):
    """How well the distribution of a total holds, on folds that did not calibrate it.

    Attributes:
        model: whose.
        total: of each series over the ``horizon``, or of ``all series`` at each step.
        level: per cent that the intervals should hold.
        share: that they held.
        points: totals that were scored.
        wql: of the quantiles of the total.
    """

    model: str
    total: Total
    level: float
    share: float
    points: int
    wql: float


@dataclass(frozen=True)
class Inference(Document):
    """One thing that nobody had to say."""

    label: str  # one word
    text: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class UsualChange(Document):
    """A change of a number that a person would make or see, and what it does to the target on average over the series.

    Attributes:
        size: of the change, in the direction that raises the target.
        is_share: it is a share of what is usual for the series, of a column that is never below 0.
        share: by which it raises the target.
        low, high: all but the most extreme series lie between them.
    """

    size: float
    is_share: bool
    share: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """Such as ``10 % lower: +8 %``, or ``+1: +2 %``."""
        effect = _effect_words(self.share, self.low, self.high)
        if not self.is_share:
            return f"{self.size:+g}: {effect}"
        return f"{100 * abs(self.size):g} % {'lower' if self.size < 0 else 'higher'}: {effect}"


@dataclass(frozen=True)
class CovariateEffect(Document):
    """What one input made of a known column does, on average over the series.

    Attributes:
        column: the user's name of the column.
        share: by which it raises the target.
        low, high: all but the most extreme series lie between them.
        per: it is ``set``, or a ``deviation``: so many standard deviations higher than usual.
        change: of a number, what a change does that a person would make; early programs did not tell.
    """

    column: str
    share: float
    low: float
    high: float
    per: Literal["set", "deviation"]
    change: MayLack[UsualChange] = None

    @property
    def words(self) -> str:
        """The size of it, such as ``-75 % (-98 to -33)`` where it is set, or ``10 % lower: +8 %``."""
        if self.change is not None:
            return self.change.words
        told = _effect_words(self.share, self.low, self.high)
        return told + (" per standard deviation" if self.per == "deviation" else "")


def _effect_words(share: float, low: float, high: float) -> str:
    """Returns an effect in whole per cent, with one digit where it would be nought, and how far series differ."""
    mean, least, most = (f"{round(100 * each):+d}" for each in (share, low, high))
    wide = f" ({least} to {most})" if high - low > WIDE else ""
    return f"{mean if round(100 * share) else f'{100 * share:+.1g}'} %{wide}"


@dataclass(frozen=True, kw_only=True)
class CovariatesUsed(Document):
    """What was used beside the target.

    Attributes:
        known, past, static: names of the covariates.
        levels: how many different words a column of text has.
        effects: of the known ones, by what they are called: the column, and of a text its value.
        calendar: groups of dates that paid.
        country: whose holidays are used.
        seen: columns that only enter the networks.
        idle: columns that nothing looks at.
    """

    known: tuple[str, ...]
    past: tuple[str, ...]
    static: tuple[str, ...]
    levels: dict[str, int]
    effects: dict[str, CovariateEffect]
    calendar: tuple[str, ...]
    country: str | None
    seen: MayLack[tuple[str, ...]] = None
    idle: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Summary(Document):
    """All of it.

    Attributes:
        target: unit of the errors.
        step: word for a step, such as ``monthly``.
        given: flags that were asked for, with their values.
        networks: by cell, the settings of each by their flag, or where there is none, by name.
        command: that does it again.
        reason: why the model was taken among several; empty where it was named.
        plain_verdict: how far off its forecasts are, in the words of whoever orders by them.
        reconciliation: how the forecasts of a hierarchy were made to add up.
    """

    leaderboard: tuple[SummaryRow, ...]
    scored_on: MayLack[ScoredOn] = None
    verdict: MayLack[str] = None
    data: MayLack[SummaryData] = None
    beside: CovariatesUsed | None = None
    folds: MayLack[tuple[SummaryFold, ...]] = None
    target: MayLack[str] = None
    step: MayLack[str] = None
    calendar: MayLack[FoldCalendar] = None
    coverage: MayLack[tuple[CoverageRow, ...]] = None
    totals: MayLack[tuple[TotalRow, ...]] = None
    backtest: MayLack[tuple[FoldForecast, ...]] = None
    inferred: MayLack[tuple[Inference, ...]] = None
    given: MayLack[dict[str, str]] = None
    networks: MayLack[dict[str, dict[str, Any]]] = None
    command: MayLack[str] = None
    fingerprint: MayLack[str] = None
    libraries: MayLack[dict[str, str]] = None
    reason: MayLack[str] = None
    plain_verdict: MayLack[str] = None
    reconciliation: MayLack[ReconciliationSummary] = None

    def row(self, model: str) -> SummaryRow | None:
        """Returns the row of a model, None where it has none."""
        return next((row for row in self.leaderboard if row.model == model), None)


NEEDS = {
    "calendar": ("data", "folds"),
    "coverage": ("scored_on",),
    "totals": ("coverage",),
    "backtest": ("data",),
    "inferred": ("given",),
    "networks": ("given",),
    "command": ("data", "fingerprint", "libraries"),
}
"""What a part of a summary is told with."""


def document_of(summary: Summary) -> dict[str, Any]:
    """Returns a summary ready for JSON."""
    document = {name: value for name, value in encode(summary).items() if name != "beside" or value is not None}
    document["leaderboard"] = [_row_document(row) for row in summary.leaderboard]
    return document


def _row_document(row: SummaryRow) -> dict[str, Any]:
    own: dict[str, Any] = encode(row)
    return own if row.rmse_by_step is not None else {name: own[name] for name in SCORED_APART}


def summary_from(document: Any) -> Summary:
    """Returns the summary that a document tells of.

    Raises:
        ValueError: it is none, or its parts don't fit each other; the text says why.
    """
    summary = decode(Summary, document)
    for part, needed in NEEDS.items():
        lacking = [name for name in needed if getattr(summary, name) is None]
        if lacking and getattr(summary, part) is not None:
            raise ValueError(f"tells of {part}, but not of {lacking[0]}")
    by_step = [row.rmse_by_step for row in summary.leaderboard if row.rmse_by_step is not None]
    if not summary.leaderboard or len(set(map(len, by_step))) > 1:
        raise ValueError("has no whole leaderboard")
    if by_step and (summary.step is None or summary.target is None):
        raise ValueError("tells of steps, but not which")
    if summary.calendar is not None and summary.data is not None:
        origins = [fold.origin for fold in summary.folds or ()]
        for stamp in (summary.calendar.first, summary.calendar.last, *origins):
            _check_stamp(stamp, is_row=summary.data.is_row)
    if summary.backtest is not None and summary.data is not None:
        _check_backtest(summary.backtest, is_row=summary.data.is_row)
    held: list[CoverageRow | TotalRow] = [*(summary.coverage or ()), *(summary.totals or ())]
    for row in held:
        if not (0 < row.level < 100 and row.points > 0):
            raise ValueError(f"tells of intervals of {row.level} % on {row.points} truths")
    return summary


def _check_backtest(told: tuple[FoldForecast, ...], *, is_row: bool) -> None:
    for own in told:
        _check_stamp(own.first, is_row=is_row)
        if not own.fits:
            raise ValueError("tells of forecasts and truths that don't fit each other")


def _check_stamp(text: str, *, is_row: bool) -> None:
    if is_row and not re.fullmatch(r"-?\d{1,12}", text):
        raise ValueError(f"{text!r} is no number of a row")
    if not is_row:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no date") from None
