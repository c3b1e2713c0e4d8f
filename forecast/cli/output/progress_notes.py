"""Says on stderr what a workflow found, decided and did, each with the flag that overrides it."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import ProgressLine, say, say_notes, say_with_flags
from forecast.cli.output.verbose import Phases, tell_reading, tell_specs
from forecast.cli.signals import check_signals
from forecast.interval_levels import MAIN
from forecast.process import start_run
from forecast.run import News, Run
from forecast.specs import Anchor, Deadline, Device, Match, ModelSpec, Plan
from forecast.wording import counted, listed, percent

if TYPE_CHECKING:
    from forecast.data.reading.reader import Finding, Reading
    from forecast.evaluation.summary import Inference, TotalRow
    from forecast.experiment.experiment import Experiment
    from forecast.models.forecaster import Forecasts
    from forecast.workflows.train import TrainResult


class Narrator:
    """A reporter that talks."""

    def __init__(
        self,
        bar: ProgressLine,
        output: OutputFlags,
        *,
        limit: Deadline | None = None,
        match: Match = "steps",
        warns: bool = True,
    ) -> None:
        self._bar, self._quiet, self._limit, self._match, self._warns = bar, output.quiet, limit, match, warns
        self._phases = Phases() if output.verbose else None

    def tell(self, news: News) -> None:
        """Says what became known."""
        from forecast.experiment.news import DataRead, LongRun, Planned, Remark

        if isinstance(news, DataRead):
            self._read(news.reading)
        elif isinstance(news, Planned) and not self._quiet:
            self._planned(news.plan, news.specs)
        elif isinstance(news, LongRun) and not self._quiet:
            shorter = "--time-limit 10m makes it fit, --preset fast or fewer --steps shorten it; -n measures it"
            say(f"{news.about} on this machine, at a rough guess: {shorter}", "Time")
        elif isinstance(news, Remark) and not self._quiet:
            say_with_flags(news.text, f"({', '.join(news.flags)})" if news.flags else "", news.label)

    def _read(self, reading: "Reading") -> None:
        """Says what the columns are and what was noticed; where quiet, warnings: what is left out."""
        if self._quiet:
            if self._warns:
                _tell(finding for finding in reading.findings if finding.grade == "warning")
            return
        from forecast.experiment.inferred import inferred_from_file

        _say_all(inferred_from_file(reading))
        _tell(finding for finding in reading.findings if finding.topic != "encoding")  # told with the file
        if self._phases:
            tell_reading(reading)
            self._phases.enter("planning")

    def _planned(self, plan: Plan, specs: dict[str, ModelSpec]) -> None:
        """Says what will be forecast, from what, and how it is scored."""
        from forecast.experiment.inferred import decided_for_run

        _say_all(decided_for_run(plan, specs, match=self._match, is_limited=self._limit is not None))
        if self._phases:
            tell_specs(specs)

    def progress(self, label: str, share: float) -> None:
        """Moves the bar, unless the run is to stop."""
        check_signals()
        self._bar.update(label, share)
        if self._phases:
            self._phases.enter(label)

    def end(self) -> None:
        """Says what can be said at the end only."""
        if self._phases:
            self._phases.tell()


def _say_all(inferences: "tuple[Inference, ...]") -> None:
    for one in inferences:
        say_with_flags(one.text, f"({', '.join(one.flags)})", one.label)


def _tell(findings: "Iterable[Finding]") -> None:
    for finding in dict.fromkeys(findings):
        say_with_flags(finding.text, f"({finding.flag})" if finding.flag else "", _label(finding))


def _label(finding: "Finding") -> str:
    """Returns the label of a finding: what was chosen, where it is a choice among several columns."""
    labels = {
        "time": "Time",
        "target": "Target",
        "ids": "Id",
        "ignored": "Ignored",
        "weights": "Weights",
        "limits": "Limits",
    }
    return labels.get(finding.topic, finding.grade.capitalize())


@contextmanager
def narrated(
    label: str,
    output: OutputFlags,
    *,
    device: Device = "auto",
    limit: Deadline | None = None,
    match: Match = "steps",
    warns: bool = True,
    tells: bool = True,
) -> Iterator[Run]:
    """Gives a run whose reporter talks, with a progress bar that is gone at the end.

    Args:
        label: of the bar.
        output: how much is said.
        device: what networks are to train on.
        limit: of the time.
        match: what the cells share.
        warns: even where the user wants quiet.
        tells: what is read and planned; else only how far it has come.
    """
    with ProgressLine(label, quiet=output.quiet) as bar:
        heard = output if tells else replace(output, quiet=True, verbose=False)
        narrator = Narrator(bar, heard, limit=limit, match=match, warns=warns and tells)
        yield start_run(device, narrator)
    narrator.end()


FEW_TOTALS = 20
"""Of fewer, a share in per cent would say more than is known."""
FEW_ERRORS = 0.2
"""Where other series tell at least so much of a distribution, that is said."""
ANCHORS: dict[Anchor, str] = {
    "naive": "the last value repeated",
    "seasonal-naive": "the last season repeated",
    "smoothing": "exponential smoothing of each series by itself",
    "local-ridge": "regressions of each series by itself",
    "sba": "Croston's method (SBA) of each series by itself",
    "tsb": "sizes and chances of demands (TSB) of each series by itself",
    "adida": "smoothed sums (ADIDA) of each series by itself",
    "imapa": "smoothed sums (IMAPA) of each series by itself",
    "pooled": "the mean demand that all series together taught",
}
"""What a forecast may be made of beside networks, in words."""


def tell_log(folder: Path | None) -> None:
    """Says how to look at what trainings were like, where that was asked for."""
    if folder is not None:
        say(f"{folder}  (tensorboard --logdir {shlex.quote(str(folder))})", "Log")


def tell_saved(result: "TrainResult") -> None:
    """Says how far the intervals of a train can be trusted, what was saved and why, and which files there are."""
    version, coverage = result.version, result.board.row(result.chosen).coverage_80
    if coverage is not None:
        held = f"80 % intervals held {percent(coverage)} of the truths on folds that did not calibrate them"
        say(f"{held}{_totals_held(result)}.{_few_errors(result)}")
    if bare := without_interval(result.forecasts):
        some = "" if len(bare) == len(result.forecasts.series_ids) else f" for {listed(bare)}"
        why = "there are too few past errors (--folds makes more), or values that never vary, to calibrate them on"
        say(f"No intervals{some}: {why}.")
    why = f"{result.chosen}, {result.reason}, as " if result.reason else ""
    state = "now champion"
    if result.stays:
        state = (
            f"and {result.stays.label} stays champion: --preset tutorial is a lesson, and never replaces one by itself"
        )
    say(f"{why}{version.name} {version.label}, {state}", "Saved")
    if result.mixture:
        anchor, share = result.mixture
        say(f"{100 - 100 * share:.0f} % the networks, {percent(share)} {ANCHORS[anchor]}", "Mixture")
    say(str(result.files[0]), "Forecast")
    say_notes(result.assumed)
    tell_files([str(path) for path in result.files[1:]])


def _held(row: "TotalRow") -> str:
    """Returns how many totals were held; of a few, not as a share."""
    few = row.points < FEW_TOTALS
    return f"{round(row.share * row.points)} of {row.points}" if few else percent(row.share)


def _few_errors(result: "TrainResult") -> str:
    """Returns what few folds can't know of intervals, to stand at the end; nothing where they know enough."""
    from forecast.evaluation.distribution.distribution import usual_share

    plan, series = result.experiment.plan, len(result.experiment.reading.panel)
    share = usual_share((plan.folds + plan.warms_up) * series)
    if share < FEW_ERRORS:
        return ""
    return f" So few folds say little of how wide they should be: {percent(share)} is what many short series taught."


def _totals_held(result: "TrainResult") -> str:
    """Returns how many totals the intervals held, to stand after how many truths; nothing where none was scored."""
    steps = result.experiment.plan.horizon
    whole = {"horizon": f"those of totals of {counted(steps, 'step')}", "all series": "of all series together"}
    held = [f"{whole[row.total]} {_held(row)}" for row in result.totals if row.level == MAIN]
    return f"; {', '.join(held)}" if held and steps > 1 else ""


def tell_covariates(experiment: "Experiment") -> None:
    """Says what was used beside the target, and what each part of it does."""
    from forecast.experiment.covariate_effects import covariate_use

    used = covariate_use(experiment)
    if used.sentence:
        say_with_flags(used.sentence, "(--no-calendar)" if used.calendar else "", "Used")


def tell_files(files: Sequence[str]) -> None:
    """Says which plots and which report there are, the page before the workbook beside it."""
    pages = sorted((file for file in files if file.endswith((".html", ".xlsx"))), key=lambda file: file[-5:])
    for label, these in (("Plots", [file for file in files if file not in pages]), ("Report", pages)):
        if these:
            say(", ".join(these), label)


def tell_timing(experiment: "Experiment", run: Run) -> None:
    """Says how long a run took that had a limit, and what was left out to keep to it."""
    timing = experiment.timing
    if timing is None or timing.deadline is None:
        return
    deadline = timing.deadline
    text = f"{deadline.spent(run.clock.seconds()):.0f} s of {deadline.limit:g} s"
    if timing.shortened:
        text += f"; {counted(timing.shortened, 'network')} got fewer steps than planned, since time ran short"
    say_with_flags(text, "(--time-limit)", "Time")


def without_interval(forecasts: "Forecasts") -> list[str]:
    """Returns the series whose forecast has no interval."""
    if not forecasts.intervals:
        return list(forecasts.series_ids)
    upper = forecasts.intervals[0].upper  # (S, H), NaN where there is none
    return [name for name, last in zip(forecasts.series_ids, upper[:, 0], strict=True) if isnan(last)]
