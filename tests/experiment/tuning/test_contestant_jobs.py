"""The confirmation as jobs: two files of arrays come back and are judged, and nothing of them is left behind."""

from concurrent.futures import Future
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from forecast.data.read_options import ReadOptions
from forecast.decoding import decode
from forecast.errors import TrainingError
from forecast.execution.job import Failure, JobResult
from forecast.experiment.tuning.confirmation import FRESH, Contestant
from forecast.experiment.tuning.contestant_jobs import ContestantOrder, Match, confirm, from_bytes, to_bytes
from forecast.experiment.tuning.search_space import SearchedSetting
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.run import NO_CACHE, SILENT, Run, StoppedClock
from forecast.specs import Deadline, Machine, Settings

K, S, H, R = 3, 12, 6, 2
SPACE = (SearchedSetting("units", 32, (16, 32, 64)),)
ENTRY = TuningEntry(
    *("shop", "shop.csv", ReadOptions(), None, "f" * 64, 100, Settings(seed=4), "gru", 6, 24, SPACE, 4, 2, 3, 4),
    searched_to="2024-01-31",
    begun="2024-02-01T00:00:00+00:00",
)
RUN = Run(Machine(), SILENT, StoppedClock(), NO_CACHE)


def contestant(share):
    noise = np.random.default_rng(1).normal(size=(R, K, S, H))
    truths = np.random.default_rng(0).normal(100, 5, (K, S, H))
    by_seed = truths + share * noise
    sizes = np.sqrt((share * noise) ** 2).mean(axis=-1)
    return Contestant(truths, by_seed.mean(axis=0), by_seed, sizes.mean(axis=0), sizes, "2024-01-01")


class Workers:
    """Writes forecasts in place of training: those of changed settings err half as much."""

    def __init__(self, *, late=(), fails=()):
        self.late, self.fails, self.orders, self.jobs = late, fails, {}, {}

    def submit(self, job):
        future = Future()
        self.jobs[future] = job
        return future

    def as_completed(self, futures):
        for future in reversed(futures):
            job = self.jobs.pop(future)
            order = self.orders[job.key] = decode(ContestantOrder, job.spec)
            if job.key in self.fails:
                future.set_result(JobResult(job.key, failure=Failure("it diverged", "less --units", 6)))
            elif job.key in self.late:
                future.set_result(JobResult(job.key, {"state": "late"}))
            else:
                Path(order.path).write_bytes(to_bytes(contestant(0.5 if order.trial.changes else 1.0)))
                future.set_result(JobResult(job.key, {"state": "whole"}))
            yield future


def confirmed(folder, workers, deadline=None):
    return confirm(ENTRY, Match({"units": 64}, folder, 1, "job", deadline), workers, RUN)


def test_who_errs_less_in_its_file_wins_and_the_files_are_gone(tmp_path):
    workers = Workers()
    found = confirmed(tmp_path, workers)
    assert (found.is_better, round(found.gain, 3), found.first) == (True, 0.5, "2024-01-01")
    assert [*tmp_path.iterdir()] == []
    trials = {key: order.trial for key, order in workers.orders.items()}
    assert {key: trial.changes for key, trial in trials.items()} == {"default": {}, "best": {"units": 64}}
    assert {(t.settings.seed, t.settings.folds, t.confirm, t.rung, t.ends) for t in trials.values()} == {
        (4 + FRESH, 3, 0, None, None)
    }


@pytest.mark.parametrize("late", ["default", "best"])
def test_a_side_that_is_late_leaves_the_default_and_no_file(late, tmp_path):
    workers = Workers(late=(late,))
    assert confirmed(tmp_path, workers, Deadline(60.0, 0.0)) is None
    assert workers.orders[late].trial.ends is not None
    assert [*tmp_path.iterdir()] == []


def test_a_side_that_fails_is_said_with_its_reason_and_its_exit_code(tmp_path):
    with pytest.raises(TrainingError, match="it diverged") as found:
        confirmed(tmp_path, Workers(fails=("best",)))
    assert (found.value.hint, int(found.value.exit_code)) == ("less --units", 6)
    assert [*tmp_path.iterdir()] == []


def test_what_a_contestant_forecast_comes_back_from_its_file_to_the_last_bit():
    one = contestant(0.3)
    one.truths[0, 0, 0] = np.nan
    other = from_bytes(to_bytes(one))
    for field in fields(one):
        assert np.array_equal(getattr(one, field.name), getattr(other, field.name), equal_nan=field.name != "first")
