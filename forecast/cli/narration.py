"""Says on stderr what a workflow found, decided and did, each with the flag that overrides it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from forecast.cli.console import ProgressLine, count, say, say_beside
from forecast.specs import ModelSpec, Plan, Settings

if TYPE_CHECKING:
    from forecast.data.readers import Finding, Reading
    from forecast.workflows.train import TrainResult


class Narrator:
    """A reporter that talks: see ``workflows.contest.Reporter``."""

    def __init__(self, bar: ProgressLine, *, quiet: bool) -> None:
        self._bar = bar
        self._quiet = quiet

    def read(self, reading: "Reading") -> None:
        """Says what the columns are and what was noticed."""
        if self._quiet:
            return
        columns, panel = reading.columns, reading.panel
        ids = f", {' + '.join(columns.ids)} → series" if columns.ids else ""
        flags = "(--time, --target, --id)" if columns.ids else "(--time, --target)"
        rows, target = count(reading.rows, "row"), ", ".join(columns.target)
        say_beside(f"{reading.source}: {rows}, {columns.time} → time, {target} → target{ids}", flags, "Read")
        first = panel.frequency.timestamps(panel.first.min()[None])[0].astype("datetime64[D]")
        last = panel.frequency.timestamps(panel.last.max()[None])[0].astype("datetime64[D]")
        many = count(len(panel), "series")
        say_beside(f"{many}, {panel.frequency.name} ({panel.frequency.code}), {first} … {last}", "(--freq)", "Series")
        for finding in reading.findings:
            say_beside(finding.text, f"({finding.flag})" if finding.flag else "", _label(finding))

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
        again = "trained anew at each" if plan.refit else "trained once, at the earliest origin"
        say_beside(f"{count(plan.folds, 'fold')} × {steps}, {again}", "(--folds)", "Scoring")
        for spec in list(specs.values())[:1]:  # they differ in their cell only
            seeds, views = count(len(spec.seeds), "seed"), count(len(spec.views), "view")
            segments = f", {spec.window // spec.segment} segments of {spec.segment}" if spec.segment > 1 else ""
            networks = f"{seeds} × {views}, {count(spec.steps, 'step')} each{segments}"
            say_beside(networks, "(--seeds, --preset)", "Networks")

    def progress(self, label: str, share: float) -> None:
        """Moves the bar."""
        self._bar.update(label, share)


def _label(finding: "Finding") -> str:
    """Returns the label of a finding: what was chosen, where it is a choice among several columns."""
    return {"time": "Time", "target": "Target", "ids": "Id"}.get(finding.topic, finding.grade.capitalize())


@contextmanager
def narrated(label: str, *, quiet: bool) -> Iterator[Narrator]:
    """Gives a narrator with a progress bar that is gone at the end."""
    with ProgressLine(label, quiet=quiet) as bar:
        yield Narrator(bar, quiet=quiet)


def tell_saved(result: "TrainResult") -> None:
    """Says how far the intervals of a train can be trusted, what was saved and why, and which files there are."""
    version, coverage = result.version, result.board.row(result.chosen).coverage_80
    if coverage is not None:
        say(f"80 % intervals held {100 * coverage:.0f} % of the truths on folds that did not calibrate them.")
    elif not result.forecasts.intervals:
        say("No intervals: there are too few past errors to calibrate them on.")
    why = f"{result.chosen}, {result.reason}, as " if result.reason else ""
    say(f"{why}{version.name} {version.label}, now champion", "Saved")
    say(str(result.files[0]), "Forecast")
    if result.files[1:]:
        say(", ".join(str(path) for path in result.files[1:]), "Plots")


def describe_contest(contest: Any) -> dict[str, Any]:
    """Returns what JSON output tells of the data, the plan and the folds."""
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
        "findings": [vars(finding) for finding in reading.findings],
    }
    folds = [
        {
            "number": fold.number,
            "origin": str(fold.origin(panel)),
            "steps": fold.horizon,
            "series": int(fold.scored.sum()),
            "scored": fold.number > 0,
        }
        for fold in contest.backtest.folds
    ]
    return {"data": data, "folds": folds}
