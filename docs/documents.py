"""What each command prints with --json, as types: the program's own records, and what is put around them.

``docs/make_schemas.py`` makes the JSON Schemas of them; real documents are held against those by a test.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict, get_type_hints

from forecast.data.reading.hierarchies.hierarchy_ids import LevelNodes
from forecast.evaluation.drift import DriftSignal
from forecast.evaluation.groups.group_errors import GroupErrors
from forecast.evaluation.hierarchies.level_scores import ReconciliationSummary
from forecast.evaluation.importance import Importance
from forecast.evaluation.summary import CovariatesUsed, ScoredOn, SummaryData, SummaryFold, SummaryRow
from forecast.experiment.tuning.confirmation import Confirmation
from forecast.experiment.tuning.search_space import Rung, SearchedSetting, Value
from forecast.production.store.run_record import COLUMNS, FACTS, RunRecord
from forecast.report.tables import ERROR_COLUMNS
from forecast.specs import Season

Number = float | None


@dataclass(frozen=True)
class More:
    """The further keys of a row: by what they begin with, of what type they are; by none, whatever they are called."""

    kind: Any
    beginnings: tuple[str, ...] = ()


def some(record: type, names: tuple[str, ...], **other: Any) -> Any:
    """Returns the type of an object that holds some fields of a record, and others beside them."""
    hints = get_type_hints(record, include_extras=True)
    return TypedDict(record.__name__, {name: other.get(name, hints.get(name)) for name in (*names, *other)})


BOUNDS = More(Number, ("lower_", "upper_", "q0"))


class Row(TypedDict):
    series_id: str
    timestamp: str
    step: int
    forecast: Number
    order: NotRequired[Number]
    expected_cost: NotRequired[Number]
    expected_cost_of_forecast: NotRequired[Number]
    model: str
    version: str
    origin: str


class TotalRow(TypedDict):
    series_id: str
    period_start: str
    period_end: str
    steps: int
    is_whole: bool
    forecast: Number
    model: str
    version: str
    origin: str


class WhatIfRow(TypedDict):
    series_id: str
    timestamp: str
    step: int
    forecast: Number
    what_if: Number
    difference: Number


Leaderboard = list[Annotated[SummaryRow, More(Number)]]
"""Metrics without a field of their own stand beside the others."""


class Place(TypedDict):
    series_id: str
    timestamp: str
    value: Number


class Spot(TypedDict):
    grade: Literal["error", "warning", "note"]
    topic: str
    text: str
    flag: str
    series: int
    steps: int
    such_as: list[str]
    places: list[Place]


class CheckedData(TypedDict):
    source: str
    rows: int
    time: str | None
    target: list[str]
    id: list[str]
    series: int
    steps: int
    frequency: str
    first: str
    last: str
    seasons: list[Season]
    covariates: list[Any]
    judged_by: str | None
    hierarchy: list[LevelNodes]


class CheckedPlan(TypedDict):
    horizon: int
    window: int
    folds: int
    seasons: list[int]


class Check(TypedDict):
    data: CheckedData
    plan: CheckedPlan | None
    errors: int
    warnings: int
    notes: int
    findings: list[Spot]
    files: list[str]


class Step(TypedDict):
    verb: str
    what: str
    seconds: Number


class DryRun(TypedDict):
    dry_run: Literal[True]
    steps: list[Step]
    networks: int
    seconds: float
    files: list[str]


class Contest(TypedDict):
    data: SummaryData
    beside: CovariatesUsed
    folds: list[SummaryFold]
    leaderboard: Leaderboard
    scored_on: ScoredOn
    verdict: str
    plain_verdict: str
    reconciliation: NotRequired[ReconciliationSummary]
    files: list[str]


class Scores(TypedDict):
    model: str
    rmse: float
    skill: Number
    coverage_80: Number


class Mixture(TypedDict):
    anchor: str
    share: float


class Train(Contest):
    name: str
    version: str
    champion: bool
    model: str
    spec: Annotated[dict[str, Any], "of a network all its settings, of another model what it has of them"]
    scores: Scores
    mixture: Mixture | None
    importance: list[Importance]
    notes: list[str]


class Worth(TypedDict):
    covariate: str
    rmse_without: float
    worth: float
    worth_std: Number
    worth_share: Number
    p: Number


class Ablation(TypedDict):
    model: str
    rmse: float
    covariates: list[Worth]


class ErrorsBy(TypedDict):
    by: str
    model: str
    words: str
    groups: list[some(GroupErrors, ERROR_COLUMNS[1:])]


class Compare(Contest):
    ablation: NotRequired[Ablation]
    errors_by: NotRequired[ErrorsBy]


class TunedData(TypedDict):
    source: str
    rows: int
    fingerprint: str


class Search(TypedDict):
    folds: int
    confirm: int
    horizon: int
    until: str
    space: list[SearchedSetting]
    rung: Rung | None


class Tried(TypedDict):
    trial: int
    state: Literal["open", "whole", "stopped", "failed"]
    error: Number
    full_error: Number
    values: dict[str, Value]
    seconds: float
    why: str


class Tune(TypedDict):
    name: str
    data: TunedData
    search: Search
    trials: list[Tried]
    best: int | None
    importances: dict[str, float]
    confirmation: Confirmation | None
    model: str
    settings: dict[str, Value]
    verdict: str
    files: list[str]


class Of(TypedDict):
    name: str
    version: str
    model: str


class Cost(TypedDict):
    under: float | str
    over: float | str
    expected_cost: Number
    expected_cost_of_forecast: Number


class Predict(Of):
    widened: float
    cost: NotRequired[Cost]
    forecasts: list[Annotated[Row, BOUNDS]]
    files: list[str]


class PredictTotals(Of):
    widened: float
    total: str | None
    total_by: str | None
    totals: list[Annotated[TotalRow, BOUNDS]]
    files: list[str]


class WhatIfTotal(TypedDict):
    forecast: float
    what_if: float
    share: Number
    is_mean: bool


class WhatIf(Of):
    set: list[str]
    at: str | None
    total: WhatIfTotal
    notes: list[str]
    forecasts: list[WhatIfRow]
    files: list[str]


class Paths(Of):
    paths: int
    series: int
    steps: int
    files: list[str]


class Template(Of):
    columns: list[str]
    known: list[str]
    rows: int
    files: list[str]


class ShardFile(TypedDict):
    file: str
    rows: int
    series: int
    first: Any
    last: Any
    size: int
    sha256: str


class Shard(TypedDict):
    folder: str
    source: str
    ids: list[str]
    time: str | None
    columns: dict[str, Any]
    hash: str
    modulus: int
    rows: int
    series: int
    shards: list[ShardFile]
    files: list[str]


class OfPanel(Of):
    panel: str
    output: str
    where: str


class PanelForecast(OfPanel):
    shards: int
    kept: int
    done: int
    failed: list[Any]
    series: int
    rows: int
    peak_bytes: int | None
    notes: list[str]
    files: list[str]


class PanelShard(TypedDict):
    shard: str
    file: str
    series: int
    is_done: bool
    where: str


class PanelDryRun(OfPanel):
    dry_run: Literal[True]
    shards: list[PanelShard]


ANSWER = some(RunRecord, ("name", *FACTS), challenged=str, scored_on=str | None, plan=list[str], notes=list[str],
              alarms=list[str], changed=str | None, files=list[str])  # fmt: skip


class MemberError(TypedDict):
    code: int
    message: str
    hint: str


Member = TypedDict(
    "Member",
    {name: NotRequired[kind] for name, kind in get_type_hints(ANSWER).items()}
    | {"name": str, "exit_code": int, "error": MemberError | None, "postponed": bool},
)


class RetrainAll(TypedDict):
    models: list[Member]
    failed: list[str]
    postponed: list[str]
    exit_code: int


class Widths(TypedDict):
    level: float
    promised: float
    held: Number
    points: int
    origins: int
    widened: float
    next_widened: float


class LiveRow(TypedDict):
    version: str
    steps: str
    issued: int
    points: int
    origins: int
    rmse: Number
    mae: Number
    bias: Number
    naive_rmse: Number
    skill: Number
    wape: Number
    relative_bias: Number
    wql_of_bounds: Number
    msis: Number
    calibration_error_of_bounds: Number


class Score(TypedDict):
    name: str
    champion: str
    source: str
    season: int
    issued: int
    come_true: int
    scores: list[Annotated[LiveRow, More(Number, ("coverage_",))]]
    drift: list[DriftSignal]
    intervals: Widths
    recent: Annotated[LiveRow, More(Number, ("coverage_",))] | None
    age: Number
    notes: list[str]
    files: list[str]


class DiffSide(TypedDict):
    issued: Annotated[str, "when, in UTC"]
    version: str
    model: Annotated[str | None, "null where the version is in the store no more"]
    origin: Annotated[str, "the last step of its data"]
    steps: int


class DiffTotal(TypedDict):
    manner: Literal["total", "mean", "standing"]
    when: str
    series: int
    steps: int
    before: float
    after: float
    difference: float
    share: Annotated[Number, "of what was said before; null where that is 0"]
    from_data: Annotated[Number, "null where the parts can't be told apart"]
    from_covariates: Number
    from_weights: Number


class DiffSince(TypedDict):
    first: str
    last: str
    came: float
    said: float


class DiffLeftOut(TypedDict):
    before: int
    after: int


class DiffStep(TypedDict):
    series_id: str
    timestamp: str
    step: Annotated[int, "of the later forecast"]
    before: Number
    after: Number
    difference: Number
    from_data: Number
    from_covariates: Number
    from_weights: Number
    actual: Annotated[Number, "what came, where it is known by now"]


class DiffPeriod(TypedDict):
    series_id: str
    period_start: str
    period_end: str
    steps: int
    is_whole: bool
    before: Number
    after: Number
    difference: Number
    from_data: Number
    from_covariates: Number
    from_weights: Number


class Diff(TypedDict):
    name: str
    target: str
    before: DiffSide
    after: DiffSide
    sentences: Annotated[list[str], "what changed and why, the most important first"]
    total: DiffTotal
    since: Annotated[DiffSince | None, "what came between the two origins, beside what had been forecast"]
    columns: Annotated[list[str], "whose values of the steps to come changed"]
    left_out: Annotated[DiffLeftOut, "steps that only one of the two forecasts has"]
    notes: list[str]
    differences: list[DiffStep] | list[DiffPeriod]
    files: list[str]


class Episode(TypedDict):
    series_id: str
    kind: Literal["spike", "dip", "level shift", "variance", "shape"]
    onset: str
    end: str
    steps: int
    peak: Annotated[str, "the step that is least expected; value, bounds and size are of it"]
    value: Number
    expected: Number
    lower: Number
    upper: Number
    size: Annotated[Number, "value less expected; of a level shift its height, of a variance how many times as usual"]
    score: Annotated[float, "by which steps are ranked, of that one: more is stranger"]
    p_value: Annotated[float, "how often such an episode begins at a step, by chance"]
    false_discovery_rate: float
    reason: str


class Anomalies(TypedDict):
    name: str | None
    version: str | None
    source: str
    kind: Literal["auto", "point", "level", "shape"]
    rate: float
    first: str
    last: str
    series: int
    judged: int
    judged_by_model: int
    by_chance: Annotated[float, "episodes that chance alone makes"]
    summary: str
    episodes: list[Episode]
    notes: list[str]
    files: list[str]


class PanelEpisodes(TypedDict):
    name: str
    version: str
    panel: str
    output: str
    where: str
    kind: Literal["auto", "point", "level", "shape"]
    rate: float
    shards: int
    kept: int
    done: int
    series: int
    judged: int
    judged_by_model: int
    by_chance: float
    episodes: int
    sure: Annotated[int, "episodes that are beyond chance"]
    summary: str
    notes: list[str]
    files: list[str]


class Cron(TypedDict):
    name: str
    kind: Literal["cron"]
    cron: str
    line: str


class Systemd(TypedDict):
    name: str
    kind: Literal["systemd"]
    cron: str
    units: dict[str, str]
    files: list[str]
    notes: list[str]


class Installed(TypedDict):
    name: str
    installed: bool
    changed: bool
    kept: Any
    cron: NotRequired[str]
    line: NotRequired[str]


class History(TypedDict):
    runs: list[some(RunRecord, COLUMNS)]
    files: list[str]


class Report(TypedDict):
    name: str
    version: str
    files: list[str]


class Site(TypedDict):
    models: list[str]
    unread: list[str]
    files: list[str]


class VersionRow(TypedDict):
    name: str
    version: str
    champion: bool
    model: str
    created: str
    training_end: str | None
    id: str
    widened: Number


class ModelRow(VersionRow):
    health: str


class Models(TypedDict):
    models: list[ModelRow]


class Versions(TypedDict):
    models: list[VersionRow]


class StatusRow(TypedDict):
    name: str
    health: str
    champion: str | None
    model: str | None
    created: str | None
    age: Number
    training_end: str | None
    last_run: str | None
    command: str | None
    outcome: str | None
    exit_code: int | None
    next_run: str | None
    live_skill: Number
    live_coverage: Number
    live_points: int | None
    drift: str | None
    rows_behind: int | None
    data_changed: bool | None
    versions: int
    size_bytes: int
    running: str | None
    problems: list[str]


class Status(TypedDict):
    ok: bool
    models: list[StatusRow]


class Champion(TypedDict):
    name: str
    version: str
    champion: Literal[True]
    id: str


class Pruned(TypedDict):
    name: str
    removed: list[str]
    damaged: list[str]
    dry_run: bool
    issued: int
    freed_bytes: int


class PrunedAll(TypedDict):
    models: list[Pruned]
    dry_run: bool


class BackedUp(TypedDict):
    models: list[str]
    versions: int
    size_bytes: int
    damaged: list[str]
    files: list[str]


class VerifiedRow(TypedDict):
    name: str
    versions: int
    files: int
    size_bytes: int
    problems: list[str]


class Verify(TypedDict):
    ok: bool
    models: list[VerifiedRow]


class Exported(Of):
    lookback: int
    horizon: int
    series: list[str]
    files: list[str]


class Sentence(TypedDict):
    text: str
    panel: str


class CellSummary(TypedDict):
    cell: str
    networks: int
    window: int
    lags_50: Number
    lags_90: Number
    whole_lags_90: Number
    half_life: Number
    median_tau: Number
    idle_units: Number
    saturated: Number
    spectral_radius: Number
    parameters: int
    predict_ms: Number


class Explain(TypedDict):
    title: str
    target: str
    series: str
    seasons: list[int]
    lags: int
    notes: list[str]
    sentences: list[Sentence]
    summary: list[CellSummary]
    cells: Annotated[dict[str, dict[str, Any]], "every number that is drawn, by cell"]
    lesson: list[str]
    files: list[str]


class MemoryTest(TypedDict):
    verdict: str
    steps: Any
    seconds: Any
    gives_up: dict[str, Any]
    recall: list[dict[str, Any]]
    files: list[str]


class Setting(TypedDict):
    setting: str
    value: Any
    origin: str


class Settings(TypedDict):
    file: str | None
    settings: list[Setting]


class Files(TypedDict):
    files: list[str]


class Schemas(TypedDict):
    schemas: Annotated[dict[str, dict[str, Any]], "by command, its words with a hyphen between them"]


class Examined(TypedDict):
    check: str
    status: Literal["ok", "note", "failed"]
    detail: str
    hint: str


class Doctor(TypedDict):
    ok: bool
    checks: list[Examined]


class Skill(TypedDict):
    skill: str


class Tool(TypedDict):
    name: str
    description: str
    arguments: list[str]


class Mcp(TypedDict):
    root: str
    store: str
    command: str
    args: list[str]
    tools: list[Tool]


class Told(TypedDict):
    code: int
    message: str
    hint: str
    command: str


class Error(TypedDict):
    error: Told


DOCUMENTS = {
    "check": Check,
    "train": Train | DryRun,
    "compare": Compare | DryRun,
    "tune": Tune,
    "predict": Predict | PredictTotals | WhatIf | Paths | Template | PanelForecast | PanelDryRun,
    "shard": Shard,
    "retrain": ANSWER | RetrainAll,
    "score": Score,
    "diff": Diff,
    "status": Status,
    "anomalies": Anomalies | PanelEpisodes,
    "schedule": Cron | Systemd | Installed,
    "history": History,
    "report": Report | Site,
    "explain": Explain | MemoryTest,
    "doctor": Doctor,
    "skill": Skill,
    "mcp": Mcp,
    "models-list": Models,
    "models-show": Versions,
    "models-rollback": Champion,
    "models-promote": Champion,
    "models-prune": Pruned | PrunedAll,
    "models-export": Exported,
    "models-backup": BackedUp,
    "models-restore": BackedUp,
    "models-verify": Verify,
    "config-show": Settings,
    "config-init": Files,
    "config-schema": Schemas,
    "error": Error,
}
"""By command; ``error`` is the last line of stderr of any that fails."""
