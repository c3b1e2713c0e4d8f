"""A forecast of a hierarchy whose leaves lie in shards: every number is the sum of what is below it, over all shards.

    look      each shard    its leaves by themselves, and its part of every sum
    add up    here          the sums are forecast as one small panel, and all is reconciled; see ``tree_sums``
    paths     each shard    joint paths of its leaves, added up to the sums, once more than they are moved
    write     each shard    its leaves, with quantiles of the last paths; the sums stand in a file of their own

Memory holds a shard a process, and here all sums with their paths beside one shard. Numbers of shards are added in the
order of the shards, so that they are the same bytes whoever does the jobs.
"""

from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.data.files.free_memory import free_memory, short_of_memory
from forecast.data.hierarchy import REST
from forecast.decoding import encode
from forecast.errors import DataError, UsageError
from forecast.evaluation.distribution.distribution import Distribution
from forecast.execution.executor import Executor, open_executor
from forecast.execution.job import JobOrder, one_thread
from forecast.execution.run_folder import JournalLine, RunFolder
from forecast.experiment.decisions.asked import asked_of
from forecast.experiment.decisions.series_selection import EVERY
from forecast.experiment.panels.panel_forecast import (
    PanelRequest,
    PanelResult,
    PlannedShard,
    Tally,
    do_jobs,
    results_folder,
    shard_spec_of,
)
from forecast.experiment.panels.panel_shards import PanelShard, PanelShards, shards_of_panel
from forecast.experiment.panels.shard_forecast import ShardSpec, forecast_bytes
from forecast.experiment.panels.shard_leaves import ADD, LOOK, WRITE, LeafSpec, write_array
from forecast.experiment.panels.tree_bounds import asked_probabilities, bounded_forecasts, with_quantiles
from forecast.experiment.panels.tree_sums import LeafFiles, ReconciledSums, joined_sums, last_of, reconciled_sums
from forecast.experiment.stored_forecast import check_horizon, check_numbers
from forecast.production.store.disk import atomic_write
from forecast.run import Run
from forecast.wording import counted

FloatArray = NDArray[np.float64]

SUMS, SUMS_FILE = "sums", "sums.parquet"
HELD_HERE, HELD_THERE = 4, 2
"""So many times the paths of all sums are in memory where they are added up, and in each process."""
LEAVES = "leaves of "
"""How the first pass over a shard is called in the journal."""
LOOKED, POINT, PATHS, BOUNDS, SHIFT = "_leaves-", "_point-", "_paths-", "_bounds-", "_shift.npy"
BETWEEN = (LOOKED, POINT, PATHS, BOUNDS, SHIFT)
"""How files begin that are of no use once all is written."""


def forecast_tree(request: PanelRequest, run: Run, *, dry_run: bool = False) -> PanelResult:
    """Forecasts a hierarchy from the shards of its leaves, into a folder; run again, it goes on.

    Raises:
        UsageError: only a share of the shards is asked for, more steps than the model was trained for, or a level that
            there is none of.
        ForecastError: see ``forecast_panel``; or the leaves of several shards are no hierarchy.
    """
    check_tree(request)
    told = shard_spec_of(request, run)
    panel = shards_of_panel(request.panel, request.stored)
    results = results_folder(request, told, panel)
    if dry_run:
        results.check(force=request.force)
        return _planned(request, panel, results, run)
    results.begin(force=request.force)
    return _Work(request, told, panel.shards, results, run).done()


def check_tree(request: PanelRequest) -> None:
    """Refuses what can't be had of a hierarchy in shards, before anything is read.

    Raises:
        UsageError: it is asked for.
    """
    stored, name = request.stored, request.stored.version.name
    tree = stored.context.hierarchy
    assert tree is not None
    if request.share.of > 1:
        message = f"--shard forecasts a share of the shards, and sums of {name} are of series in all of them."
        raise UsageError(message, "--workers N or --cluster URL instead of --shard")
    steps = check_horizon(stored, stored.context, request.horizon)
    if steps > stored.trained.horizon:
        most = counted(stored.trained.horizon, "step")
        message = f"--horizon {steps}: from shards a hierarchy is forecast as far as it was trained for, {most}."
        raise UsageError(message, f"forecast train DATA --horizon {steps}; or -o FILE.csv, which reads all at once")
    wanted_files(request)


def _planned(request: PanelRequest, panel: PanelShards, results: RunFolder, run: Run) -> PanelResult:
    """Returns which shards would be forecast."""
    before = results.done()
    with open_executor(request.place, run) as executor:
        where = executor.where
    tally = Tally(run, results, {one.name: one.file for one in panel.shards}, before)
    plan = tuple(PlannedShard(one.name, one.file, one.series, one.name in before, where) for one in panel.shards)
    return tally.result(request.stored, request.panel, request.output, where, (), plan)


@dataclass(frozen=True)
class WantedFiles:
    """Which files are asked for.

    Attributes:
        leaves: those of all shards.
        sums: that of the sums.
        level: of the sums that are wanted, by its name; None for all.
    """

    leaves: bool = True
    sums: bool = True
    level: str | None = None


def wanted_files(request: PanelRequest) -> WantedFiles:
    """Returns which files a request is for."""
    tree, asked = request.stored.context.hierarchy, request.asked.level
    assert tree is not None
    if asked is None or asked.strip().casefold() == EVERY:
        return WantedFiles()
    number = tree.level_named(asked)
    if number == len(tree.levels) - 1:
        return WantedFiles(sums=False)
    if tree.levels[number] == REST:
        message = f"--level '{REST}' is of series that {request.stored.version.name} did not learn from one by one."
        raise UsageError(message, "--level bottom has each of them")
    return WantedFiles(leaves=False, level=tree.levels[number])


class _Work:
    """One forecast of a hierarchy, pass by pass."""

    def __init__(
        self, request: PanelRequest, told: ShardSpec, shards: tuple[PanelShard, ...], results: RunFolder, run: Run
    ) -> None:
        self.request, self.told, self.shards, self.results, self.run = request, told, shards, results, run
        self.output, self.wants = request.output, wanted_files(request)
        self.trained = asked_of(request.stored, request.asked)
        self.before = results.done()
        self.files = [LeafFiles(one.name, self._between(LOOKED, one), self._between(POINT, one)) for one in shards]
        self.bounds = [self._between(BOUNDS, one, ".npy") for one in shards] if self._has_bounds() else []
        self.end: int | None = None

    def _between(self, begin: str, shard: PanelShard, end: str = ".npz") -> Path:
        return self.output / f"{begin}{Path(shard.file).stem}{end}"

    def _has_bounds(self) -> bool:
        """Returns whether a distribution is known, and anything is asked of it."""
        is_known = isinstance(self.request.stored.trained.distribution, Distribution)
        return is_known and bool(asked_probabilities(self.trained, self.request.asked.probabilities))

    def done(self) -> PanelResult:
        """Does what is missing, and returns what became of it."""
        names = [one.name for one in self.shards] if self.wants.leaves else []
        names += [SUMS] if self.wants.sums else []
        if all(name in self.before for name in names):
            return self._told(self._tally(), "nobody: all is done")
        with ExitStack() as stack:
            executor = stack.enter_context(open_executor(self.request.place, self.run))
            stack.enter_context(one_thread())
            tally = looked = self._look(executor)
            if not looked.failed:
                self._add_up(executor)
                tally = self._write(executor) if self.wants.leaves else self._tally()
            where = executor.where
        if not tally.failed:
            self._sweep()
        if tally is not looked:
            tally.peak = max(tally.peak, looked.peak)
        return self._told(tally, where, () if tally is looked else looked.notes())

    def _tally(self) -> Tally:
        """Returns what became of the leaves so far."""
        return Tally(self.run, self.results, {one.name: one.file for one in self.shards}, self.before)

    def _told(self, tally: Tally, where: str, notes: tuple[str, ...] = ()) -> PanelResult:
        """Returns what became of the work, the sums among the series."""
        stored, count = self.request.stored, len(self.shards)
        made = tally.result(stored, self.request.panel, self.output, where, (*stored.width_notes, *notes))
        made = replace(made, notes=tuple(note.removeprefix(LEAVES) for note in made.notes))
        if made.failed:
            return replace(made, failed=tuple((name.removeprefix(LEAVES), why) for name, why in made.failed))
        line = self.results.done().get(SUMS) if self.wants.sums else None
        series = (made.series if self.wants.leaves else 0) + (int(line.told["series"]) if line else 0)
        kept = made.kept if self.wants.leaves else count * (SUMS in self.before)
        return replace(made, kept=kept, done=count - kept, series=series, rows=series * self.told.horizon)

    def _sweep(self) -> None:
        """Removes what is of no use once all is written."""
        for path in self.output.iterdir():
            if path.name.startswith(BETWEEN):
                path.unlink(missing_ok=True)

    def _order(self, key: str, function: str, place: int, output: Path, **more: Any) -> JobOrder:
        """Returns a pass over a shard."""
        one, files = self.shards[place], self.files[place]
        own = {"shard": one.name, "output": str(output.absolute()), **one.told}
        paths = {"looked": str(files.looked.absolute()), "point": str(files.point.absolute())}
        return JobOrder(
            key, function, encode(LeafSpec(self.told, self.end, **paths)) | more | {"shard": encode(self.told) | own}
        )

    def _look(self, executor: Executor) -> Tally:
        """Forecasts the leaves by themselves; a shard that ends before others is looked at again, up to their end."""
        keys = {f"{LEAVES}{one.name}": self.files[place].looked.name for place, one in enumerate(self.shards)}
        tally = Tally(self.run, self.results, keys, self.before, label="leaves: ")
        missing = [place for place, key in enumerate(keys) if key not in self.before]
        for _ in range(2):
            jobs = [self._order(list(keys)[place], LOOK, place, self.files[place].looked) for place in missing]
            if jobs:
                do_jobs(executor, jobs, tally, self.output)
            if tally.failed:
                break
            ends = [last_of(files) for files in self.files]
            self.end = max(ends)
            missing = [place for place, end in enumerate(ends) if end < self.end]
        return tally

    def _add_up(self, executor: Executor) -> None:
        """Forecasts the sums, and writes them and what leaves are to be; not again where that was done before."""
        between = [files.point for files in self.files] + self.bounds
        if SUMS in self.before and all(path.is_file() for path in between):
            return
        stored, run = self.request.stored, self.run
        run.reporter.progress("the sums of all shards", 0.0)
        tree = joined_sums(stored, self.files)
        made = reconciled_sums(stored, tree, self.files, run)
        total = self._paths(executor, made)
        if not self.wants.sums:
            return
        places = tree.places_of_level(self.wants.level)
        panel, asked = tree.panel.select(places), self.request.asked
        bounds = list[FloatArray]()
        if total is not None:
            probabilities = asked_probabilities(self.trained, asked.probabilities)
            are_counts = self.trained.counts_some
            deque(with_quantiles(total[places], probabilities, bounds, are_counts=are_counts), maxlen=0)
        point, steps, told = made.point[places], self.told.horizon, np.stack(bounds) if bounds else None
        forecasts = bounded_forecasts(self.trained, panel, point, told, asked.probabilities, steps)
        check_numbers(stored, forecasts)
        data = forecast_bytes(stored, forecasts, panel)
        atomic_write(self.output / SUMS_FILE, data)
        facts, now = {"series": len(panel), "steps": steps}, run.clock.now().isoformat(timespec="seconds")
        digest = sha256(data).hexdigest()
        self.results.add(JournalLine(SUMS, SUMS_FILE, len(data), digest, worker="this process", time=now, told=facts))

    def _paths(self, executor: Executor, made: ReconciledSums) -> FloatArray | None:
        """Returns the joint paths of the sums, (A, N, H), and writes what they ask of leaves; None where none are."""
        if not self.bounds:
            return None
        self._check_memory(made)
        total = self._added(executor, 0)
        wanted, solve, shift = made.wanted(total), made.path_solver(), np.zeros_like(total)
        for number in range(1, made.rounds + 1):
            shift += solve((wanted - total).reshape((len(total), -1))).reshape(total.shape)
            write_array(self.output / SHIFT, shift)
            total = self._added(executor, number, is_last=number == made.rounds)
        return total

    def _check_memory(self, made: ReconciledSums) -> None:
        """Refuses paths of more sums than the memory holds, before they are drawn.

        Raises:
            UsageError: it can't hold them.
        """
        assert made.distributed is not None
        sums, steps = made.point.shape
        each = sums * steps * made.distributed.distribution.futures * np.dtype(np.float64).itemsize
        place = self.request.place
        needed, free = each * (HELD_HERE + HELD_THERE * (1 if place.cluster else place.workers)), free_memory()
        if needed > free:
            hint = "fewer --workers, or forecast train DATA --hierarchy with fewer levels"
            raise short_of_memory(f"Joint paths of {sums:,} sums need", needed, free, hint)

    def _added(self, executor: Executor, number: int, *, is_last: bool = False) -> FloatArray:
        """Returns what the paths of all leaves come to, (A, N, H): moved, but for the first time.

        The last time, quantiles of the leaves are written.

        Raises:
            DataError: a shard could not be read any more.
            Stopped: a signal came.
        """
        shift = str((self.output / SHIFT).absolute()) if number else ""
        outputs = [self.output / f"{PATHS}{Path(one.file).stem}.npy" for one in self.shards]
        bounds = [str(path.absolute()) if is_last and self.wants.leaves else "" for path in self.bounds]
        futures = [
            executor.submit(self._order(one.name, ADD, place, outputs[place], shift=shift, bounds=bounds[place]))
            for place, one in enumerate(self.shards)
        ]
        ready, after = set[str](), 0
        total: FloatArray | None = None
        for future in executor.as_completed(futures):
            result = future.result()
            if result.failure is not None:
                why = result.failure
                raise DataError(
                    f"{result.key} could not be added up: {why.message}", why.hint or "the same command again"
                )
            ready.add(result.key)
            self.run.reporter.progress(
                f"paths, {number + 1}: {len(ready):,} of {len(outputs):,} shards", len(ready) / len(outputs)
            )
            while after < len(outputs) and self.shards[after].name in ready:  # in their order, whoever was first
                own = np.load(outputs[after], allow_pickle=False)
                total = own if total is None else total + own
                outputs[after].unlink()
                after += 1
        assert total is not None
        return total

    def _write(self, executor: Executor) -> Tally:
        """Writes the forecasts of the leaves."""
        tally, bounds = self._tally(), [str(path.absolute()) for path in self.bounds] or [""] * len(self.shards)
        jobs = [
            self._order(one.name, WRITE, place, self.output / one.file, bounds=bounds[place])
            for place, one in enumerate(self.shards)
            if one.name not in self.before
        ]
        do_jobs(executor, jobs, tally, self.output)
        return tally
