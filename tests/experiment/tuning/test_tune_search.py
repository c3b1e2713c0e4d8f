"""The search: the same trials whoever does them and however often it was stopped; the time that is kept for the end."""

from concurrent.futures import Future
from dataclasses import replace

import pytest

from forecast.data.read_options import ReadOptions
from forecast.decoding import decode
from forecast.errors import TrainingError
from forecast.execution.job import Failure, JobResult
from forecast.experiment.tuning.optuna_study import TriedSettings, TuningStudy
from forecast.experiment.tuning.rungs import FINALISTS, best_of, chosen
from forecast.experiment.tuning.search_space import Rung, SearchedSetting
from forecast.experiment.tuning.trial_order import TrialOrder
from forecast.experiment.tuning.tune_search import (
    SearchLimits,
    TrialReporter,
    TuneSearch,
    batch_of,
)
from forecast.experiment.tuning.tuning_costs import TuningCosts
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.run import NO_CACHE, SILENT, Run, StoppedClock
from forecast.specs import Deadline, Machine, Settings

SPACE = (
    SearchedSetting("window", 24, (12, 24, 48, 96)),
    SearchedSetting("steps", 100, (50, 100, 200, 400)),
    SearchedSetting("learning-rate", 1e-3, (2e-4, 5e-3), is_range=True),
)
ENTRY = TuningEntry(
    *("shop", "shop.csv", ReadOptions(), None, "f" * 64, 100, Settings(), "gru", 6, 24, SPACE, 5, 2, 2, 4),
    searched_to="2024-01-31",
    begun="2024-02-01T00:00:00+00:00",
)


class Killed(BaseException):
    """What ends a process in the middle."""


class Clock(StoppedClock):
    """A clock that goes on by the seconds of each job."""

    def __init__(self):
        object.__setattr__(self, "passed", 0.0)

    def seconds(self):
        return self.passed

    def spend(self, seconds):
        object.__setattr__(self, "passed", self.passed + seconds)


class Workers:
    """Does jobs by a formula, the last one first where ``backwards``; dies after so many."""

    def __init__(self, clock, *, backwards=False, dies_after=None, fails=()):
        self.clock, self.backwards, self.left, self.fails = clock, backwards, dies_after, fails
        self.jobs, self.orders = {}, []

    def submit(self, job):
        future = Future()
        self.jobs[future] = job
        return future

    def as_completed(self, futures):
        for future in reversed(futures) if self.backwards else futures:
            if self.left is not None:
                if not self.left:
                    raise Killed
                self.left -= 1
            job = self.jobs.pop(future)
            order = decode(TrialOrder, job.spec)
            self.orders.append(order)
            self.clock.spend(2.0)
            future.set_result(self.result(job, order))
            yield future

    def result(self, job, order):
        if job.key in map(str, self.fails):
            return JobResult(job.key, failure=Failure("it diverged", code=6))
        values = {"window": 24, "steps": 100, "learning-rate": 1e-3, **order.changes}
        error = abs(values["window"] - 48) / 48 + 100 * abs(values["learning-rate"] - 2e-3)
        is_stopped = bool(order.best) and error > 2.5 * order.best_error
        state = "stopped" if is_stopped else "whole"
        return JobResult(
            job.key, {"state": state, "error": error, "blocks": [error, None], "seconds": 2.0, "warm": 1.5}
        )


def search(path, trials=10, limits=None, **how):
    clock = Clock()
    workers = Workers(clock, **how)
    run = Run(Machine(), SILENT, clock, NO_CACHE)
    study = TuningStudy(path, SPACE, ENTRY.seed)
    limits = limits or SearchLimits(trials)
    found = TuneSearch(ENTRY, study, workers, run, TrialReporter(SILENT), limits, "job").search()
    return found, workers, clock


def facts(trials):
    return [(trial.number, trial.values, trial.error, trial.state) for trial in trials]


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return facts(search(tmp_path_factory.mktemp("search") / "journal.log")[0])


def test_default_is_tried_first_and_alone(usual, tmp_path):
    _, workers, _ = search(tmp_path / "journal.log", trials=5)
    assert workers.orders[0].changes == {}
    assert workers.orders[0].best == ()
    assert all(order.best for order in workers.orders[1:])


def test_order_in_which_trials_end_changes_nothing(usual, tmp_path):
    assert facts(search(tmp_path / "journal.log", backwards=True)[0]) == usual


@pytest.mark.parametrize("died", [0, 1, 3, 6])
def test_search_that_was_killed_goes_on_to_the_same_trials(usual, died, tmp_path):
    path = tmp_path / "journal.log"
    with pytest.raises(Killed):
        search(path, dies_after=died)
    found, workers, _ = search(path)
    assert facts(found) == usual
    assert len(workers.orders) <= 10 - died


def test_trial_that_was_tried_before_is_not_done_again(tmp_path):
    found, workers, _ = search(tmp_path / "journal.log", trials=30)
    done = [tuple(sorted(order.changes.items())) for order in workers.orders]
    assert len(set(done)) == len(done)
    assert len(found) == 30


def test_trial_that_fails_is_kept_with_its_reason_and_the_others_go_on(tmp_path):
    found, *_ = search(tmp_path / "journal.log", fails=(3,))
    assert [(trial.number, trial.why) for trial in found if trial.state == "failed"] == [(3, "it diverged")]
    assert len(found) == 10


def test_settings_that_fail_in_full_are_not_taken_for_what_they_did_as_a_cheap_trial():
    clock = Clock()
    workers, run = Workers(clock, fails=[f"in full {n}" for n in range(1, 12)]), Run(Machine(), SILENT, clock, NO_CACHE)
    study, entry = TuningStudy(None, SPACE, ENTRY.seed), replace(ENTRY, rung=Rung("auto", 0.4))
    trials, full = TuneSearch(entry, study, workers, run, TrialReporter(SILENT), SearchLimits(12), "job").run()
    failed = [each for each in full.values() if each.number]
    assert {(each.state, each.error, each.why) for each in failed} == {("failed", None, "it diverged")}
    assert chosen(trials, full).number not in {each.number for each in failed}


def test_default_that_fails_ends_the_search(tmp_path):
    with pytest.raises(TrainingError, match="it diverged"):
        search(tmp_path / "journal.log", fails=(0,))


def test_time_of_the_confirmation_is_kept(tmp_path):
    found, _, clock = search(tmp_path / "journal.log", limits=SearchLimits(None, Deadline(60.0, 0.0)))
    best = best_of(found)
    left, kept = 60.0 - clock.seconds(), TuningCosts(ENTRY, found).confirmation_seconds(best)
    assert kept <= left < kept + 20


class Lanes(Workers):
    """Two workers side by side: cheap trials take 20 s, the default in full 60, others less than that tells: 15."""

    def __init__(self, clock):
        super().__init__(clock)
        self.free = [0.0, 0.0]

    def as_completed(self, futures):
        ends = []
        for future in futures:
            job = self.jobs.pop(future)
            order = decode(TrialOrder, job.spec)
            self.orders.append(order)
            lane = self.free.index(min(self.free))
            seconds = 20.0 if order.rung else 15.0 if order.changes else 60.0
            self.free[lane] = max(self.free[lane], self.clock.seconds()) + seconds
            ends.append((self.free[lane], len(ends), future, self.done(job, order, seconds)))
        for end, _, future, result in sorted(ends, key=lambda each: each[:2]):
            self.clock.spend(max(end - self.clock.seconds(), 0.0))
            future.set_result(result)
            yield future

    def done(self, job, order, seconds):
        error = self.result(job, order).value["error"] + 1.0
        if order.rung is None:
            error = 2.0 if order.changes else 1.9
        told = {"state": "whole", "error": error, "blocks": [error], "seconds": seconds, "warm": seconds}
        return JobResult(job.key, told)


def timed(limits):
    """A search on rungs under a time limit, by two workers; in full, nothing is better than the default."""
    clock = Clock()
    workers = Lanes(clock)
    run = Run(Machine(), SILENT, clock, NO_CACHE)
    entry = replace(ENTRY, rung=Rung("auto", 0.4))
    search = TuneSearch(entry, TuningStudy(None, SPACE, 5), workers, run, TrialReporter(SILENT), limits, "job")
    trials, full = search.run()
    return trials, full, workers, clock, TuningCosts(entry, trials, full, 2)


@pytest.fixture(scope="module")
def ten_minutes():
    return timed(SearchLimits(None, Deadline(600.0, 0.0), 2))


def test_default_is_trained_in_full_beside_the_first_trials_and_only_once(ten_minutes):
    _, full, workers, *_ = ten_minutes
    kinds = [(order.rung is None, bool(order.changes)) for order in workers.orders]
    assert kinds[:3] == [(False, False), (True, False), (False, True)]
    assert kinds.count((True, False)) == 1
    assert full[0].error == 1.9


def test_time_that_trials_in_full_did_not_take_goes_to_more_trials_while_the_default_wins(ten_minutes):
    trials, full, workers, clock, costs = ten_minutes
    finals = [place for place, order in enumerate(workers.orders) if order.rung is None and order.changes]
    assert any(order.rung for order in workers.orders[finals[FINALISTS - 1] :])
    assert min(full.values(), key=lambda each: each.error).number == 0
    assert costs.confirmation_seconds() <= 600.0 - clock.seconds() <= costs.confirmation_seconds() + 60.0 + 20.0 + 4.0
    assert {trial.state for trial in trials} == {"whole"}


def test_a_number_of_trials_asks_for_one_round_whatever_the_time():
    trials, full, *_ = timed(SearchLimits(12, Deadline(6000.0, 0.0), 2))
    assert (len(trials), len(full)) == (12, 1 + FINALISTS)


def test_trial_that_was_stopped_is_never_the_best():
    whole, stopped = (TriedSettings(n, {}, state, 1.0 - n) for n, state in ((0, "whole"), (1, "stopped")))
    assert best_of((whole, stopped)) is whole
    assert best_of((stopped,)) is None
    assert best_of((whole, replace(whole, number=2)), before=0) is None


@pytest.mark.parametrize(("number", "batch"), [(0, (0, 1)), (1, (1, 5)), (4, (1, 5)), (5, (5, 9))])
def test_batches_begin_after_the_default(number, batch):
    assert batch_of(number, 4) == batch
