"""A forecast of a panel of any size: shard by shard into a folder, by whoever does the jobs; run again, it goes on.

    panel/part-00003.parquet ──job──▶ out/part-00003.parquet, a line in out/_journal.jsonl

The shards are the same for every way of running, so that the files are the same to the last byte: how a product of
matrices is rounded depends on how many series are in it.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from forecast.decoding import encode
from forecast.errors import DataError, Stopped, UsageError
from forecast.execution.executor import Executor, Workplace, open_executor
from forecast.execution.job import Failure, JobOrder, JobResult, this_program
from forecast.execution.run_folder import JournalLine, RunEntry, RunFolder
from forecast.experiment.decisions.asked import Asked, asked_of
from forecast.experiment.decisions.series_selection import level_places
from forecast.experiment.panels.panel_shards import PanelShard, PanelShards, shards_of_panel
from forecast.experiment.panels.shard_forecast import FUNCTION, ShardSpec, panel_spec
from forecast.experiment.stored_forecast import longer_note
from forecast.experiment.versions.stored_model import StoredModel
from forecast.production.store.version import Version
from forecast.run import Run
from forecast.wording import counted, listed

SHARE = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
MOST_NOTES = 20


@dataclass(frozen=True)
class Share:
    """A part of the shards: the ``number``-th of ``of``, from 1; what a task of an array of jobs does."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns what ``--shard`` says.

        Raises:
            UsageError: it is not ``I/N`` with I from 1 to N.
        """
        match = SHARE.fullmatch(text.strip())
        number, of = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= number <= of:
            count = max(of, 1)
            message = f"--shard {text} is no part of the shards: I/N is the I-th of N, from 1 to N."
            raise UsageError(message, f"--shard 1/{count} to --shard {count}/{count}")
        return cls(number, of)

    @property
    def name(self) -> str:
        """By which its journal is called; empty for all of them."""
        return "" if self.of == 1 else f"{self.number}-of-{self.of}"


@dataclass(frozen=True)
class PanelRequest:
    """What is to be forecast, and where.

    Attributes:
        stored: the model.
        store: the folder that it is in.
        version_asked: a version was asked for, so that its intervals are its own.
        panel: the folder of the shards, by its path or its address.
        output: the folder for the forecasts.
        horizon: steps; None for those that the model was trained for.
        force: begin anew where the folder holds another run's results.
    """

    stored: StoredModel
    store: Path
    version_asked: bool
    panel: str
    output: Path
    asked: Asked
    horizon: int | None = None
    place: Workplace = Workplace()
    share: Share = Share()
    force: bool = False


@dataclass(frozen=True)
class PlannedShard:
    """A shard, whether it is done, and who does it."""

    shard: str
    file: str
    series: int | None  # None where no manifest says how many
    is_done: bool
    where: str


@dataclass(frozen=True)
class PanelResult:
    """What became of a forecast of a panel.

    Attributes:
        shards: of the panel that were to be forecast here.
        kept: of these, that were done before.
        done: that were done now.
        failed: the shards that could not be forecast, with why.
        series: in all that is done, and rows of forecasts.
        peak: of the memory of one process, in bytes; 0 where nothing was done.
        where: who did it, in words.
        planned: what would be done; only of a dry run.
    """

    version: Version
    model: str
    panel: str
    output: Path
    shards: int
    kept: int
    done: int
    failed: tuple[tuple[str, Failure], ...]
    series: int
    rows: int
    peak: int
    where: str
    notes: tuple[str, ...]
    planned: tuple[PlannedShard, ...] = ()

    def check(self) -> None:
        """Names the shards that could not be forecast.

        Raises:
            DataError: there are such.
        """
        if not self.failed:
            return
        names = listed([name for name, _ in self.failed], 3)
        name, why = self.failed[0]
        verb = "shard" if len(self.failed) == 1 else "shards"
        raise DataError(
            f"{len(self.failed):,} of {self.shards:,} {verb} could not be forecast: {names}. {name}: {why.message}",
            f"{why.hint}; then run the same command again: what is done in {self.output} stays",
        )


def forecast_panel(request: PanelRequest, run: Run, *, dry_run: bool = False) -> PanelResult:
    """Forecasts all series of a panel, or of a share of its shards, into a folder.

    Raises:
        ForecastError: the panel can't be read or has a series in two shards, the folder holds other results, or
            nobody can do the work. A shard that can't be forecast is told in the result.
        Stopped: a signal came; what is done stays.
    """
    level_places(request.stored.context, request.asked.level)
    told = shard_spec_of(request, run)
    panel = shards_of_panel(request.panel, request.stored)
    results = results_folder(request, told, panel)
    if dry_run:
        results.check(force=request.force)
    else:
        results.begin(force=request.force)
    shards = panel.shards[request.share.number - 1 :: request.share.of]
    before = results.done()
    jobs = [JobOrder(one.name, FUNCTION, _spec(told, one, request)) for one in shards if one.name not in before]
    tally = Tally(run, results, {one.name: one.file for one in shards}, before)
    where, planned = "nobody: all is done", tuple[PlannedShard, ...]()
    if dry_run or jobs:
        with open_executor(request.place, run) as executor:
            where = executor.where
            if not dry_run:
                do_jobs(executor, jobs, tally, request.output)
    if dry_run:
        planned = tuple(PlannedShard(one.name, one.file, one.series, one.name in before, where) for one in shards)
    notes = (*longer_note(request.stored.trained, told.horizon), *request.stored.width_notes)
    return tally.result(request.stored, request.panel, request.output, where, notes, planned)


def shard_spec_of(request: PanelRequest, run: Run) -> ShardSpec:
    """Returns what every worker is told.

    Raises:
        UsageError: the version has no such quantiles.
    """
    stored, asked = request.stored, request.asked
    asked_of(stored, asked)
    usual = panel_spec(stored, request.store, request.panel, run.clock.now(), version_asked=request.version_asked)
    horizon = usual.horizon if request.horizon is None else request.horizon
    return replace(usual, horizon=horizon, levels=asked.levels, probabilities=asked.probabilities)


def results_folder(request: PanelRequest, told: ShardSpec, panel: PanelShards) -> RunFolder:
    """Returns the folder of the results, which depend on nothing but what is said here."""
    version = request.stored.version
    facts = {
        "model": f"{version.name} {version.label} {version.id}",
        "width": 1.0 if told.widening is None else told.widening.factor,
        "horizon": told.horizon,
        "levels": list(asked_of(request.stored, request.asked).levels),
        "quantiles": list(told.probabilities),
        "panel": panel.digest,
        "program": str(this_program()),
    }
    if request.asked.level is not None:
        facts["level"] = request.asked.level
    return RunFolder(request.output, RunEntry("predict", facts), part=request.share.name)


def _spec(told: ShardSpec, shard: PanelShard, request: PanelRequest) -> dict[str, Any]:
    """Returns what a worker is told of a shard."""
    own = {"shard": shard.name, "output": str((request.output / shard.file).absolute())}
    return {**encode(told), **own, **shard.told}


def do_jobs(executor: Executor, jobs: Sequence[JobOrder], tally: "Tally", output: Path) -> None:
    """Has the jobs done, and writes down what became of each.

    Raises:
        Stopped: a signal came.
    """
    try:
        tally.tell()
        futures: list[Future[JobResult]] = [executor.submit(job) for job in jobs]
        for future in executor.as_completed(futures):
            tally.add(future.result())
    except Stopped as stop:
        done = f"{counted(tally.there, 'shard')} of {tally.shards:,} are done in {output}"
        stop.truth = f"{done}: the same command goes on."
        raise


class Tally:
    """What became of the jobs so far."""

    def __init__(
        self,
        run: Run,
        results: RunFolder,
        files: dict[str, str],
        before: dict[str, JournalLine],
        more: tuple[str, ...] = (),
        label: str = "",
    ) -> None:
        """Begins with what was done before; more numbers that jobs tell are kept in the journal and added up."""
        self.more, self.sums, self._label = more, Counter[str](), label
        self._run, self._results, self._files = run, results, files
        self.shards, self.kept, self.done, self.peak, self.series, self.rows = len(files), 0, 0, 0, 0, 0
        for name in files.keys() & before.keys():
            self.kept += 1
            self._count(before[name].told)
        self.failed: dict[str, Failure] = {}
        self._notes: dict[str, tuple[str, str]] = {}
        self._counts: Counter[str] = Counter()

    @property
    def there(self) -> int:
        """Shards that are done, now or before."""
        return self.kept + self.done

    def add(self, result: JobResult) -> None:
        """Writes down what became of a job."""
        value, failure = result.value or {}, result.failure
        told: dict[str, Any] = {name: value[name] for name in ("series", "steps", *self.more) if name in value}
        line = JournalLine(result.key, time=self._now().isoformat(timespec="seconds"), worker=result.worker, told=told)
        if failure is None:
            done = {"file": self._files[result.key], "size": value["size"], "sha256": value["sha256"]}
            line = JournalLine(**{**vars(line), **done})
            self.done += 1
            self._count(told)
        else:
            line = JournalLine(**{**vars(line), "error": failure.message})
            self.failed[result.key] = failure
        self.peak = max(self.peak, result.peak)
        for note in value.get("notes", ()):
            kind = re.sub(r"[0-9][0-9,.]*", "#", note.partition("(")[0])
            self._notes.setdefault(kind, (result.key, note))
            self._counts[kind] += 1
        self._results.add(line)
        self.tell()

    def _count(self, told: Mapping[str, Any]) -> None:
        series, steps = (int(told.get(name, 0)) for name in ("series", "steps"))
        self.sums.update({name: int(told.get(name, 0)) for name in self.more})
        self.series, self.rows = self.series + series, self.rows + series * steps

    def tell(self) -> None:
        """Moves the bar."""
        failed = f", {len(self.failed):,} failed" if self.failed else ""
        ended = self.there + len(self.failed)
        self._run.reporter.progress(
            f"{self._label}{ended:,} of {self.shards:,} shards{failed}", ended / max(self.shards, 1)
        )

    def notes(self) -> tuple[str, ...]:
        """Returns what is to be said of the shards, one of each kind."""
        told = []
        for kind, (shard, note) in sorted(self._notes.items())[:MOST_NOTES]:
            others = self._counts[kind] - 1
            told.append(f"{shard}: {note}" + (f" {counted(others, 'more shard')} likewise." if others else ""))
        return tuple(told)

    def result(
        self,
        stored: StoredModel,
        panel: str,
        output: Path,
        where: str,
        notes: tuple[str, ...] = (),
        planned: tuple[PlannedShard, ...] = (),
    ) -> PanelResult:
        """Returns what became of all of it; notes come before those of the jobs."""
        return PanelResult(
            version=stored.version,
            model=stored.trained.name,
            panel=panel,
            output=output,
            shards=self.shards,
            kept=self.kept,
            done=self.done,
            failed=tuple(sorted(self.failed.items())),
            series=self.series,
            rows=self.rows,
            peak=self.peak,
            where=where,
            notes=(*notes, *self.notes()),
            planned=planned,
        )

    def _now(self) -> datetime:
        return self._run.clock.now()
