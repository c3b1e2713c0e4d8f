"""Says on stderr what a workflow found and decided, each with the flag that overrides it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from forecast.cli.console import ProgressLine, say_beside
from forecast.specs import ModelSpec, Plan, Settings

if TYPE_CHECKING:
    from forecast.data.readers import Reading


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
        text = (
            f"{reading.source}: {reading.rows:,} rows, {columns.time} → time, {', '.join(columns.target)} → target{ids}"
        )
        say_beside(text, flags, "Read")
        first = panel.frequency.timestamps(panel.first.min()[None])[0].astype("datetime64[D]")
        last = panel.frequency.timestamps(panel.last.max()[None])[0].astype("datetime64[D]")
        many = f"{len(panel):,} series" if len(panel) > 1 else "1 series"
        say_beside(f"{many}, {panel.frequency.name} ({panel.frequency.code}), {first} … {last}", "(--freq)", "Series")
        for finding in reading.findings:
            say_beside(finding.text, f"({finding.flag})" if finding.flag else "", finding.grade.capitalize())

    def planned(self, reading: "Reading", plan: Plan, specs: dict[str, ModelSpec], settings: Settings) -> None:
        """Says what will be forecast, from what, and how it is scored."""
        del reading, settings
        if self._quiet:
            return
        longer = f" (also {', '.join(map(str, plan.seasons[1:]))})" if plan.seasons[1:] else ""
        season = f"{plan.season} steps{longer}" if plan.seasons else "none"
        say_beside(season, "(--season)", "Season")
        say_beside(f"{plan.horizon} steps from a window of {plan.window}", "(--horizon, --window)", "Forecast")
        spec = next(iter(specs.values()))
        again = "trained anew at each" if plan.refit else "trained once, at the earliest origin"
        folds = f"{plan.folds} fold{'s' if plan.folds > 1 else ''} × {plan.horizon} steps, {again}"
        say_beside(folds, "(--folds)", "Scoring")
        networks = f"{len(spec.seeds)} seeds × {len(spec.views)} views, {spec.steps} steps each"
        segments = f", {spec.window // spec.segment} segments of {spec.segment}" if spec.segment > 1 else ""
        say_beside(f"{networks}{segments}", "(--seeds, --preset)", "Networks")

    def progress(self, label: str, share: float) -> None:
        """Moves the bar."""
        self._bar.update(label, share)


@contextmanager
def narrated(label: str, *, quiet: bool) -> Iterator[Narrator]:
    """Gives a narrator with a progress bar that is gone at the end."""
    with ProgressLine(label, quiet=quiet) as bar:
        yield Narrator(bar, quiet=quiet)


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
