"""The search: batches of trials until the time or their number is up, with the time that the confirmation needs kept.

Trial 0 is the default, alone; those after it are asked for in batches, and compared with the best one of the batches
before. So what is tried and stopped hangs on the seed and on how many trials there are, and on nothing else: not on how
many workers there are, nor on whether the search was ever stopped.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf

from forecast.decoding import encode
from forecast.errors import ExitCode, error_of
from forecast.execution.executor import Executor
from forecast.execution.job import JobOrder, JobResult
from forecast.experiment.tuning.confirmation import TAIL
from forecast.experiment.tuning.optuna_study import TriedSettings, TuningStudy
from forecast.experiment.tuning.rungs import best_of, finalists, search_settings
from forecast.experiment.tuning.search_space import changes_of
from forecast.experiment.tuning.trial_order import ordered
from forecast.experiment.tuning.tuning_costs import TuningCosts
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.run import News, Reporter, Run
from forecast.specs import Deadline
from forecast.wording import counted, percent

BATCH = 4
"""Trials that are asked for together, whoever does them; more workers than that get as many."""
LEAST = 3.0
"""Seconds below which no trial is begun."""
START = 8.0
"""Seconds in which a process that had others work for it starts TensorFlow and compiles."""
STALE = 5
"""After so many batches that only repeated what had been tried, all has been tried."""
IN_FULL = "in full "
"""Before the number of a trial, in the key of the job that trains it in full."""


@dataclass(frozen=True)
class SearchLimits:
    """When a search ends.

    Attributes:
        trials: of the whole search, earlier sessions included; None for no such limit.
        deadline: of the whole command.
        workers: that do trials side by side.
    """

    trials: int | None = None
    deadline: Deadline | None = None
    workers: int = 1


@dataclass
class TrialReporter:
    """A reporter of trials in this process: the bar stays where the search is, and signals are heard.

    Attributes:
        inner: hears of the whole search.
        label: what was said of it last.
        share: likewise.
    """

    inner: Reporter
    label: str = "the default"
    share: float = 0.0

    def tell(self, news: News) -> None:
        """Passes it on."""
        self.inner.tell(news)

    def progress(self, label: str, share: float) -> None:  # noqa: ARG002 - a trial's own share says little
        """Passes on how far the search is."""
        self.inner.progress(self.label, self.share)

    def searched(self, label: str, share: float) -> None:
        """Takes how far the search is, and passes it on."""
        self.label, self.share = label, share
        self.inner.progress(label, share)


def batch_of(number: int, batch: int) -> tuple[int, int]:
    """Returns the first number of a trial's batch, and the first one after it: 0 is one by itself."""
    if number == 0:
        return 0, 1
    first = 1 + (number - 1) // batch * batch
    return first, first + batch


class TuneSearch:
    """A search from its journal on."""

    def __init__(
        self,
        entry: TuningEntry,
        study: TuningStudy,
        executor: Executor,
        run: Run,
        reporter: TrialReporter,
        limits: SearchLimits,
        job: str,
    ) -> None:
        """Takes what is tuned, its trials so far, and who does those to come.

        Args:
            entry: what is tuned.
            study: its trials.
            executor: who does them.
            run: what to work with; its clock is that of the deadline.
            reporter: hears how far the search is.
            limits: when it ends.
            job: name of the function that does a trial, see ``do_trial``.
        """
        self._entry, self._study, self._executor, self._run = entry, study, executor, run
        self._reporter = reporter
        self._limits, self._job = limits, job
        self._began, self._is_measured = run.clock.seconds(), False
        self._before = max((trial.ended for trial in study.trials()), default=0.0)

    def run(self) -> tuple[tuple[TriedSettings, ...], dict[int, TriedSettings]]:
        """Returns all trials, and the best of them in full, by number; see ``search`` and ``finals``.

        Where a time limit leaves more after these than was thought, the search goes on, and so in turns.

        Raises:
            ForecastError: see ``search``.
        """
        known, limits = -1, self._limits
        while True:
            trials, full = self.search(), self.finals()
            count = len(full) + len({self._key(trial) for trial in trials if trial.state != "open"})
            is_enough = limits.trials is not None and len(trials) >= limits.trials
            if limits.deadline is None or self._entry.rung is None or is_enough or count == known:
                return trials, full
            known = count

    def search(self) -> tuple[TriedSettings, ...]:
        """Returns all trials, once the limits are reached or all has been tried.

        Raises:
            ForecastError: the default can't be trained; or workers can't start.
        """
        stale = 0
        while stale < STALE:
            batch = self._next_batch()
            if not batch and (unmeasured := self._unmeasured()):  # what is a guess so far may say that there is no time
                self._train_in_full(unmeasured)
                batch = self._next_batch()
            if not batch:
                break
            stale = 0 if self._do(batch, self._unmeasured()) else stale + 1
            if any(trial.state == "open" for trial in self._study.trials()):
                break  # their time was up
        return self._study.trials()

    def finals(self) -> dict[int, TriedSettings]:
        """Returns the default and the best trials as they did in full, by number; none where all trials are.

        As many as there is time for; what the journal has is not done again.

        Raises:
            ForecastError: see ``search``.
        """
        trials, known = self._study.trials(), self._study.full()
        if self._entry.rung is None or not trials:
            return {}
        deadline = self._limits.deadline
        best = finalists(self._entry, trials)
        if deadline is not None:
            best = self._costs().affordable(deadline.left(self._run.clock.seconds()) - TAIL)
        wanted = {trial.number: trial for trial in (trials[0], *best)} if best else {}
        self._reporter.searched("the best in full", self._reporter.share)
        self._train_in_full([trial for trial in wanted.values() if trial.number not in known])
        found = self._study.full()
        return {number: found[number] for number in sorted(found) if deadline is not None or number in wanted}

    def _unmeasured(self) -> list[TriedSettings]:
        """Returns the default where a limit asks how long it takes in full, which tells what all else will take.

        Not before it was a trial, nor where that says that it would take too much of the time.
        """
        deadline, trials = self._limits.deadline, self._study.trials()
        if deadline is None or not trials or self._is_measured:
            return []
        self._is_measured = self._costs().is_worth_measuring(deadline.limit)  # one that is late is not begun again
        return [trials[0]] if self._is_measured else []

    def _train_in_full(self, trials: Sequence[TriedSettings]) -> None:
        """Trains settings in full and writes how they did; those whose time was up are left out."""
        by_key = {f"{IN_FULL}{trial.number}": trial for trial in trials}
        for future in self._executor.as_completed(self._submitted_in_full(trials)):
            self._end_in_full(by_key[future.result().key], future.result())

    def _submitted_in_full(self, trials: Sequence[TriedSettings]) -> "list[Future[JobResult]]":
        ends = self._ends(is_final=True)
        orders = [
            replace(self._order(trial, None, ends, is_cheap=False), key=f"{IN_FULL}{trial.number}") for trial in trials
        ]
        return [self._executor.submit(order) for order in orders]

    def _end_in_full(self, trial: TriedSettings, done: JobResult) -> None:
        if (ended := self._ended(trial, done)) is not None:
            self._study.tell_full(ended)

    def _costs(self) -> TuningCosts:
        return TuningCosts(self._entry, self._study.trials(), self._study.full(), self._limits.workers)

    def _next_batch(self) -> list[TriedSettings]:
        """Returns the trials to do: what was begun and not ended, and what the batch lacks; none if time is up."""
        trials = self._study.trials()
        left = [trial for trial in trials if trial.state == "open"]
        first = left[0].number if left else len(trials)
        _, end = batch_of(first, self._entry.batch)
        if self._limits.trials is not None:
            end = min(end, self._limits.trials)
        if (end <= len(trials) and not left) or not self._has_time(first):
            return []
        return left + [self._study.ask() for _ in range(len(trials), end)]

    def _has_time(self, first: int) -> bool:
        """Returns whether a batch is worth beginning: whatever the time cuts off is begun, and done when it goes on."""
        if self._limits.deadline is None or first == 0:
            return True
        default = self._study.trials()[0]
        return self._left() > max(LEAST, default.warm)

    def _left(self) -> float:
        """Returns the seconds that are left for trials: those of the confirmation and of the finals are taken off."""
        deadline = self._limits.deadline
        if deadline is None:
            return inf
        left, costs = deadline.left(self._run.clock.seconds()) - TAIL, self._costs()
        if best_of(costs.trials) is None:
            return left - (START if self._limits.workers > 1 else 0.0)
        return left - costs.confirmation_seconds(*costs.leaders) - costs.finals_seconds(deadline.limit)

    def _do(self, batch: Sequence[TriedSettings], in_full: Sequence[TriedSettings] = ()) -> bool:
        """Does trials, and others in full beside them; returns whether any of the former was new."""
        known = {self._key(trial): trial for trial in self._study.trials() if trial.state != "open"}
        best = best_of(self._study.trials(), batch_of(batch[0].number, self._entry.batch)[0])
        ends, waiting = self._ends(), {}
        for trial in batch:
            if (same := known.get(self._key(trial))) is not None:
                self._end(replace(same, number=trial.number, values=trial.values, seconds=0.0, ended=self._now()))
            elif (twin := self._key(trial)) not in waiting:
                waiting[twin] = [trial]
            else:
                waiting[twin].append(trial)
        by_number = {str(trials[0].number): trials for trials in waiting.values()}
        by_key = {f"{IN_FULL}{trial.number}": trial for trial in in_full}
        longest = self._submitted_in_full(in_full)
        futures = [self._executor.submit(self._order(trials[0], best, ends)) for trials in waiting.values()]
        for future in self._executor.as_completed([*longest, *futures]):
            done = future.result()
            if done.key in by_key:
                self._end_in_full(by_key[done.key], done)
                continue
            first, *others = by_number[done.key]
            ended = self._ended(first, done)
            if ended is None:
                continue
            self._end(ended)
            for other in others:
                self._end(replace(ended, number=other.number, values=other.values, seconds=0.0))
        return bool(futures)

    def _key(self, trial: TriedSettings) -> str:
        return repr(sorted(changes_of(trial.values, self._entry.space, self._entry.window).items()))

    def _ends(self, *, is_final: bool = False) -> datetime | None:
        """Returns when jobs are to give up: trials where the time for them is up, those in full at the very end."""
        deadline = self._limits.deadline
        if deadline is None:
            return None
        left = deadline.left(self._run.clock.seconds()) - TAIL if is_final else self._left()
        return self._run.clock.now() + timedelta(seconds=max(left, 0.0))

    def _order(
        self, trial: TriedSettings, best: TriedSettings | None, ends: datetime | None, *, is_cheap: bool = True
    ) -> JobOrder:
        entry = self._entry
        changes = changes_of(trial.values, entry.space, entry.window)
        order = replace(
            ordered(entry, search_settings(entry), changes, entry.confirm, ends),
            best=best.blocks if best else (),
            best_error=best.error if best else None,
            rung=entry.rung if is_cheap else None,
        )
        return JobOrder(str(trial.number), self._job, encode(order))

    def _ended(self, trial: TriedSettings, done: JobResult) -> TriedSettings | None:
        """Returns how a trial ended; None where its time was up.

        Raises:
            ForecastError: it was the default, or it is a bug.
        """
        ended = self._now()
        if done.failure is not None:
            if trial.number == 0 or done.failure.code in {ExitCode.BUG, ExitCode.DEPENDENCY}:
                raise error_of(ExitCode(done.failure.code), done.failure.message, done.failure.hint)
            return replace(trial, state="failed", error=None, ended=ended, why=done.failure.message)
        value = done.value or {}
        if value["state"] == "late":
            return None
        why = "" if value["error"] is not None else "its error is no number"
        return replace(
            trial,
            state="failed" if why else value["state"],
            error=value["error"],
            blocks=tuple(value["blocks"]),
            seconds=round(float(value["seconds"]), 3),
            warm=round(float(value["warm"]), 3),
            ended=ended,
            why=why,
        )

    def _now(self) -> float:
        """Returns the seconds of tuning, all sessions together."""
        return round(self._before + self._run.clock.seconds() - self._began, 3)

    def _end(self, trial: TriedSettings) -> None:
        self._study.tell(trial)
        trials = self._study.trials()
        done = sum(each.state != "open" for each in trials)
        self._reporter.searched(f"{counted(done, 'trial')}{_gain_words(trials)}", self._share(done))

    def _share(self, done: int) -> float:
        """Returns about how much of the search is done."""
        limits, shares = self._limits, [0.0]
        if limits.trials:
            shares.append(done / limits.trials)
        if limits.deadline:
            shares.append(limits.deadline.spent(self._run.clock.seconds()) / limits.deadline.limit)
        return min(max(shares), 1.0)


def _gain_words(trials: Sequence[TriedSettings]) -> str:
    """Returns how far the best trial is below the default, for the bar."""
    best, default = best_of(trials), trials[0].error
    if best is None or best.error is None or not default or best.number == 0:
        return ""
    return f", {percent(best.error / default - 1, 1, signed=True)}"
