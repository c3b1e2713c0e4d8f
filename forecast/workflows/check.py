"""`forecast check`: what is in a file, what may be wrong with it, and what it is enough for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from forecast.data.checks.explained import labels_of
from forecast.data.checks.leaks import Leak, leaks
from forecast.data.checks.seasons import seasons_of
from forecast.data.checks.survey import NOTHING, Spot, Unexpected, measured, not_measured, survey
from forecast.data.covariates import Column
from forecast.data.findings import Finding
from forecast.data.frequency import iso_text, readable
from forecast.data.panel import Panel
from forecast.data.reading.clean_csv import clean_csv, extra_flags, role_flags
from forecast.data.reading.covariates.candidates import Candidate, candidate_findings
from forecast.data.reading.hierarchies.hierarchy_ids import LevelNodes
from forecast.data.reading.hierarchies.hierarchy_sums import check_hierarchy, read_leaves
from forecast.data.reading.kept_columns import KeptColumns
from forecast.data.reading.reader import Reading, ReadOptions, read_panel
from forecast.errors import DataError, UsageError
from forecast.evaluation.splits import rolling_origins
from forecast.experiment.destinations import PICTURES, SHEETS, check_free
from forecast.experiment.outputs import stem_of, table_content
from forecast.experiment.plan import make_plan
from forecast.name_lists import flag_value
from forecast.production.store.disk import atomic_write
from forecast.production.store.store import Store
from forecast.run import ALONE, Run
from forecast.specs import Plan, Season, Settings
from forecast.wording import counted
from forecast.workflows.anomalies.unexpected_values import unexpected_values

GRADES = ("error", "warning", "note")  # in the order in which they are shown
EXAMPLES = 5  # series and places of a finding that JSON names; it counts all of them
PictureKind = Literal["png", "svg", "pdf"]


@dataclass(frozen=True)
class CheckRequest:
    """What `check` was asked for."""

    source: str
    options: ReadOptions
    settings: Settings
    fix: Path | None = None  # where the clean table goes
    plot: Path | None = None
    force: bool = False
    now: datetime | None = None  # None leaves out whether dates are still to come
    store: Store | None = None  # a model of the same file in it judges outliers and new levels


@dataclass(frozen=True, eq=False)
class CheckResult:
    """What `check` found, the worst first."""

    reading: Reading
    plan: Plan | None  # None where there are too few rows for any
    seasons: tuple[Season, ...]
    spots: tuple[Spot, ...]
    needed: int  # steps of a series for the window, the horizon and all folds
    covariates: tuple[str, ...]  # columns that could serve as covariates
    fixed: Path | None  # the clean table
    plot: Path | None
    flags: str  # that the clean table needs to be read as the same series
    judged_by: str = ""  # name and label of the version that judged outliers and new levels; empty for a quick look
    tree: tuple[LevelNodes, ...] = ()  # of the hierarchy that was asked for, or that the ids have

    @property
    def files(self) -> tuple[Path, ...]:
        """What was written."""
        return tuple(path for path in (self.fixed, self.plot) if path is not None)

    @property
    def first(self) -> str:
        """When the first of the series begins."""
        panel = self.reading.panel
        return readable(panel.frequency.timestamps(panel.first.min()[None])[0])

    @property
    def last(self) -> str:
        """When the last of the series ends."""
        panel = self.reading.panel
        return readable(panel.frequency.timestamps(panel.last.max()[None])[0])

    @property
    def typical(self) -> int:
        """The median of the series' lengths in steps."""
        return int(np.median(self.reading.panel.lengths))

    def count(self, grade: str) -> int:
        """Returns how many findings have a grade."""
        return sum(spot.finding.grade == grade for spot in self.spots)


def check(request: CheckRequest, run: Run = ALONE) -> CheckResult:
    """Reads a file and looks at it from all sides; writes the clean table and the plot where they are wanted.

    What a model of the same file in the store did not expect is an outlier, as ``forecast anomalies`` has it; without
    one, what is far from the values around it.

    Raises:
        UsageError: a file to write is there, or a plot of that kind can't be drawn.
        ForecastError: see ``read_panel``.
    """
    ending = check_free(request.fix, SHEETS, force=request.force, flag="--fix")
    kind = _kind(check_free(request.plot, PICTURES, force=request.force, flag="--plot"))
    read = read_panel if request.options.hierarchy is None else read_leaves
    reading = read(request.source, request.options, other_numbers=True, may_ask=False, now=request.now)
    reading, tree = check_hierarchy(reading, request.options)
    panel = reading.panel
    plan, needed, planned = _planned(reading, request.settings)
    seasons = plan.shown if plan else seasons_of(measured(panel))
    given_away = _leaks(reading)
    told = {name for leak in given_away for name in leak.columns}
    candidates = [candidate for candidate in reading.candidates if candidate.name not in told]
    found = [*planned, *_season_spots(plan, seasons, request.settings), *map(_leak_spot, given_away)]
    unexpected = unexpected_values(reading, request.store, run) if request.store is not None else None
    spots = _all_spots(reading, found, candidates, unexpected)
    fix = None if reading.question else request.fix  # a table without the rows that are asked about would be an answer
    flags = extra_flags(reading, request.options)
    if fix is not None:
        texts = (*reading.columns.ids, *(column.name for column in _columns(panel) if column.levels is not None))
        clean = clean_csv(reading)
        atomic_write(fix, table_content(clean, ending, (*texts, *KeptColumns(reading).texts)), flag="--fix OUT.csv")
        flags += role_flags(reading, clean, flags)
    if request.plot is not None and kind is not None:
        from forecast.workflows.pages.plots import draw_check  # most checks draw nothing

        picture = draw_check(panel, spots, kind, f"{stem_of(request.source)} ({panel.target})")
        atomic_write(request.plot, picture, flag="--plot OUT.png")
    return CheckResult(
        reading=reading,
        plan=plan,
        seasons=seasons,
        spots=tuple(spots),
        needed=needed,
        covariates=tuple(candidate.name for candidate in candidates),
        fixed=fix,
        plot=request.plot,
        flags=flags,
        judged_by=unexpected.by if unexpected else "",
        tree=tree,
    )


def _all_spots(
    reading: Reading, found: list[Spot], candidates: list[Candidate], unexpected: Unexpected | None
) -> list[Spot]:
    """Returns what was found with what a survey, the reader and the other columns say, the worst first."""
    spots = [*_surveyed(reading, unexpected), *found]
    own = {spot.finding.topic for spot in spots}
    spots += [_spot(finding, reading.panel) for finding in reading.findings if finding.topic not in own]
    spots += [Spot(finding, NOTHING, NOTHING) for finding in candidate_findings(candidates)]
    if all(spot.finding.topic != "sentinel" for spot in spots):
        spots += _kept_sentinels(reading.panel)
    return sorted(spots, key=lambda spot: GRADES.index(spot.finding.grade))


def describe_spots(result: CheckResult) -> list[dict[str, Any]]:
    """Returns the findings as JSON-ready mappings: what, how often, and the first few places."""
    panel, described = result.reading.panel, []
    for spot in result.spots:
        places = [_place(panel, int(step)) for step in spot.steps[:EXAMPLES]]
        such_as = [panel.series_ids[i] for i in spot.series[:EXAMPLES]]
        counts = {"series": spot.series.size, "steps": spot.steps.size}
        described.append({**vars(spot.finding), **counts, "such_as": such_as, "places": places})
    return described


def _place(panel: Panel, step: int) -> dict[str, str | float]:
    i = int(panel.series_of(np.array([step]))[0])
    stamp = panel.frequency.timestamps(np.array([panel.first[i] + step - panel.offsets[i]]))
    return {"series_id": panel.series_ids[i], "timestamp": iso_text(stamp[0]), "value": panel.values[step]}


def _surveyed(reading: Reading, unexpected: Unexpected | None) -> list[Spot]:
    """Returns what a look at the panel finds; of its gaps, the question about them where there is one."""
    labels, question = labels_of(reading.other_numbers, reading.texts), reading.question
    spots = survey(reading.panel, labels, unexpected, are_leaves=reading.settled.hierarchy is not None)
    if ids := reading.columns.ids:  # without them, --aggregate adds up all series
        spots = [
            _with_ids(spot, ids) if spot.finding.topic == "zeros" and spot.finding.flag else spot for spot in spots
        ]
    if question is None:
        return spots
    return [replace(spot, finding=question.finding) if spot.finding.topic == "gaps" else spot for spot in spots]


def _with_ids(spot: Spot, ids: Sequence[str]) -> Spot:
    """Returns what was found with flags that tell the series apart, too, where it has any."""
    if not spot.finding.flag:
        return spot
    return replace(spot, finding=replace(spot.finding, flag=f"--id {flag_value(ids)} {spot.finding.flag}"))


def _columns(panel: Panel) -> tuple[Column, ...]:
    return panel.covariates.columns if panel.covariates else ()


def _kind(ending: str) -> PictureKind | None:
    """Returns the kind of picture that an ending asks for."""
    return next((kind for kind in get_args(PictureKind) if ending == f".{kind}"), None)


def _planned(reading: Reading, settings: Settings) -> tuple[Plan | None, int, list[Spot]]:
    """Returns the plan, the steps that a series needs for it, and which series are shorter."""
    panel = reading.panel
    try:
        plan = make_plan(panel, settings)
        least = min(plan.window, plan.season + 1)
        rolling_origins(panel, plan.horizon, plan.folds, least, warms_up=plan.warms_up)
    except UsageError:
        raise
    except DataError as error:
        return (
            None,
            0,
            [Spot(Finding("error", "rows", error.message.rstrip("."), error.hint), np.arange(len(panel)), NOTHING)],
        )
    needed = plan.window + (plan.folds + 2) * plan.horizon
    scored = least + (plan.folds + 1) * plan.horizon
    short = panel.lengths < scored
    if not short.any():
        return plan, needed, []
    text = f"{int(short.sum()):,} of {len(panel):,} series have less than the {scored:,} steps that scoring on "
    text += f"{counted(plan.folds, 'fold')} of {counted(plan.horizon, 'step')} needs"
    text += f", such as {panel.series_ids[int(short.argmax())]} with {int(panel.lengths[int(short.argmax())]):,}"
    finding = Finding("warning" if short.mean() > 0.1 else "note", "short", text, "--horizon, --folds")
    return plan, needed, [Spot(finding, np.flatnonzero(short), NOTHING)]


def _season_spots(plan: Plan | None, seasons: tuple[Season, ...], settings: Settings) -> list[Spot]:
    """Returns a note where the data is long enough to say that it has none of the seasons that a run would look at.

    Where it is too short to tell, advice to do without them could only hurt.
    """
    looked = [season for season in seasons if plan and season.steps in plan.seasons]
    if settings.season is not None or not looked or any(season.verdict != "none" for season in looked):
        return []
    words = " or ".join(f"{season.steps:,}" for season in looked)
    return [
        Spot(Finding("note", "season", f"no season of {words} steps is to be seen", "--season 1"), NOTHING, NOTHING)
    ]


def _spot(finding: Finding, panel: Panel) -> Spot:
    """Returns a finding of the reader; of numbers that stand for "not measured", where those that it left are."""
    steps = not_measured(panel) if finding.topic == "sentinel" else NOTHING
    return Spot(finding, np.unique(panel.series_of(steps)), steps)


def _kept_sentinels(panel: Panel) -> list[Spot]:
    """Returns the numbers that stand for "not measured" where the reader was told to keep them."""
    steps = not_measured(panel)
    if steps.size == 0:
        return []
    numbers = ",".join(f"{value:.15g}" for value in np.unique(panel.values[steps]))
    text = f"{counted(steps.size, 'value')} of {panel.values.size:,} may stand for 'not measured': {numbers}"
    finding = Finding("warning", "sentinel", text, f"--missing {numbers}")
    return [Spot(finding, np.unique(panel.series_of(steps)), steps)]


def _leaks(reading: Reading) -> tuple[Leak, ...]:
    if not reading.other_numbers:
        return ()
    panel = reading.panel
    kept = next(iter(reading.other_numbers.values())).size
    starts = np.zeros(panel.values.size, dtype=bool)
    starts[panel.offsets[:-1]] = True
    return leaks(panel.values[:kept], starts[:kept], reading.other_numbers)


def _leak_spot(leak: Leak) -> Spot:
    if len(leak.columns) > 1:
        text = f"{' and '.join(leak.columns)} add up to the target: who knows both knows the answer"
    else:
        when = "the target of the next step" if leak.lead else "the target"
        text = f"{leak.columns[0]} gives {when} away (correlation {leak.correlation:.4f}, changes too)"
    return Spot(Finding("warning", "leak", text, "never use it as a covariate"), NOTHING, NOTHING)
