"""Says on stderr what a workflow found, decided and did, each with the flag that overrides it."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import isnan
from typing import TYPE_CHECKING, Any

from forecast.cli.console import ProgressLine, count, say, say_beside
from forecast.cli.flags import OutputFlags
from forecast.cli.verbosity import Phases, tell_reading, tell_specs
from forecast.specs import CELLS, Deadline, Kind, Match, ModelSpec, Plan, Settings

if TYPE_CHECKING:
    from forecast.data.readers import Finding, Reading
    from forecast.models.forecaster import Forecasts
    from forecast.workflows.contest import Contest
    from forecast.workflows.train import TrainResult


class Narrator:
    """A reporter that talks: see ``workflows.contest.Reporter``."""

    def __init__(
        self, bar: ProgressLine, output: OutputFlags, *, limit: Deadline | None = None, match: Match = "steps"
    ) -> None:
        self._bar, self._quiet, self._limit, self._match = bar, output.quiet, limit, match
        self._phases = Phases() if output.verbose else None

    def read(self, reading: "Reading") -> None:
        """Says what the columns are and what was noticed."""
        if self._quiet:
            return
        columns, panel = reading.columns, reading.panel
        ids = f", {' + '.join(columns.ids)} → series" if columns.ids else ""
        flags = "(--time, --target, --id)" if columns.ids else "(--time, --target)"
        rows, target = count(reading.rows, "row"), ", ".join(columns.target)
        time = f"{columns.time} → time" if columns.time else "row number → time"
        say_beside(f"{reading.source}: {rows}, {time}, {target} → target{ids}", flags, "Read")
        first, last = reading.days
        many = count(len(panel), "series")
        if columns.time:
            step, flag = f"{panel.frequency.name} ({panel.frequency.code})", "(--freq)"
        else:
            step, flag = "one step a row", "(--no-dates)"
        say_beside(f"{many}, {step}, {first} … {last}", flag, "Series")
        for finding in reading.findings:
            say_beside(finding.text, f"({finding.flag})" if finding.flag else "", _label(finding))
        if self._phases:
            tell_reading(reading)
            self._phases.enter("planning")

    def planned(self, reading: "Reading", plan: Plan, specs: dict[str, ModelSpec], settings: Settings) -> None:
        """Says what will be forecast, from what, and how it is scored."""
        del reading, settings
        if self._quiet:
            return
        longer = f" (also {', '.join(map(str, plan.seasons[1:]))})" if plan.seasons[1:] else ""
        season = f"{count(plan.season, 'step')}{longer}" if plan.seasons else "none"
        say_beside(season, "(--season)", "Season")
        steps = count(plan.horizon, "step")
        say_beside(f"{steps} from a window of {plan.window:,}", "(--horizon, --window)", "Forecast")
        if kind := _KINDS[plan.kind]:
            say_beside(kind, "(--kind)", "Kind")
        again = "trained anew at each" if plan.refit else "trained once, at the earliest origin"
        say_beside(f"{count(plan.folds, 'fold')} × {steps}, {again}", "(--folds)", "Scoring")
        for spec in list(specs.values())[:1]:  # they differ in their cell, and in what is matched
            seeds, views = count(len(spec.seeds), "seed"), count(len(spec.views), "view")
            segments = f", {spec.window // spec.segment} segments of {spec.segment}" if spec.segment > 1 else ""
            steps = "" if self._match == "seconds" else f", {count(spec.steps, 'step')} each"
            flags = "(--time-limit)" if self._limit else "(--seeds, --preset)"
            say_beside(f"{seeds} × {views}{steps}{segments}", flags, "Networks")
        if self._match != "steps":
            say_beside(_matched(self._match, specs), "(--match)", "Matched")
        if self._phases:
            tell_specs(specs)

    def progress(self, label: str, share: float) -> None:
        """Moves the bar."""
        self._bar.update(label, share)
        if self._phases:
            self._phases.enter(label)

    def end(self) -> None:
        """Says what can be said at the end only."""
        if self._phases:
            self._phases.tell()


_KINDS: dict[Kind, str] = {
    "auto": "",
    "sales": "sales: no forecast or interval below 0",
    "price": "price: log returns, from the last value on",
}


def _matched(match: Match, specs: dict[str, ModelSpec]) -> str:
    """Returns what each recurrent cell got, so that all have the same of what was asked for."""
    cells = [spec for spec in specs.values() if spec.cell in CELLS]
    if match == "seconds":
        each = ", ".join(f"{spec.cell} {count(spec.steps, 'step')}" for spec in cells)
        return f"seconds of training: {each}"
    from forecast.models.matching import spec_parameters

    each = ", ".join(f"{spec.cell} {count(spec.units, 'unit')}" for spec in cells)
    counts = sorted(spec_parameters(spec) for spec in cells)
    return f"parameters, {counts[0]:,} to {counts[-1]:,}: {each}"


def _label(finding: "Finding") -> str:
    """Returns the label of a finding: what was chosen, where it is a choice among several columns."""
    return {"time": "Time", "target": "Target", "ids": "Id"}.get(finding.topic, finding.grade.capitalize())


@contextmanager
def narrated(
    label: str, output: OutputFlags, *, limit: Deadline | None = None, match: Match = "steps"
) -> Iterator[Narrator]:
    """Gives a narrator with a progress bar that is gone at the end."""
    with ProgressLine(label, quiet=output.quiet) as bar:
        narrator = Narrator(bar, output, limit=limit, match=match)
        yield narrator
    narrator.end()


def tell_saved(result: "TrainResult") -> None:
    """Says how far the intervals of a train can be trusted, what was saved and why, and which files there are."""
    version, coverage = result.version, result.board.row(result.chosen).coverage_80
    if coverage is not None:
        say(f"80 % intervals held {100 * coverage:.0f} % of the truths on folds that did not calibrate them.")
    if bare := without_interval(result.forecasts):
        from forecast.data.findings import listed

        some = "" if len(bare) == len(result.forecasts.series_ids) else f" for {listed(bare)}"
        say(f"No intervals{some}: there are too few past errors, or values that never vary, to calibrate them on.")
    why = f"{result.chosen}, {result.reason}, as " if result.reason else ""
    say(f"{why}{version.name} {version.label}, now champion", "Saved")
    say(str(result.files[0]), "Forecast")
    if result.files[1:]:
        say(", ".join(str(path) for path in result.files[1:]), "Plots")


def tell_timing(contest: "Contest") -> None:
    """Says how long a run took that had a limit, and what was left out to keep to it."""
    timing = contest.timing
    if timing is None or timing.deadline is None:
        return
    deadline = timing.deadline
    text = f"{deadline.spent():.0f} s of {deadline.limit:g} s"
    if timing.shortened:
        text += f"; {count(timing.shortened, 'network')} got fewer steps than planned, since time ran short"
    say_beside(text, "(--time-limit)", "Time")


def without_interval(forecasts: "Forecasts") -> list[str]:
    """Returns the series whose forecast has no interval."""
    if not forecasts.intervals:
        return list(forecasts.series_ids)
    upper = forecasts.intervals[0].upper  # (S, H), NaN where there is none
    return [name for name, last in zip(forecasts.series_ids, upper[:, 0], strict=True) if isnan(last)]


def describe_contest(contest: Any) -> dict[str, Any]:
    """Returns what JSON output tells of the data, the plan and the folds."""
    from forecast.data.frequency import iso_text

    reading, plan = contest.reading, contest.plan
    panel = reading.panel
    data = {
        "source": reading.source,
        "rows": reading.rows,
        "time": reading.columns.time,
        "target": list(reading.columns.target),
        "id": list(reading.columns.ids),
        "series": len(panel),
        "frequency": panel.frequency.code,
        "seasons": list(plan.seasons),
        "horizon": plan.horizon,
        "window": plan.window,
        "kind": plan.kind,
        "findings": [vars(finding) for finding in reading.findings],
    }
    folds = [
        {
            "number": fold.number,
            "origin": iso_text(fold.origin(panel)),
            "steps": fold.horizon,
            "series": int(fold.scored.sum()),
            "scored": fold.number > 0,
        }
        for fold in contest.backtest.folds
    ]
    return {"data": data, "folds": folds}
