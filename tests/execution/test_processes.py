"""Real processes, which die and hang in the middle of their jobs."""

import os
import signal
from dataclasses import replace

import pytest

from forecast.errors import DependencyError
from forecast.execution import processes
from forecast.execution.job import JobOrder, this_program
from forecast.execution.processes import Processes
from places import ROOT


@pytest.fixture(autouse=True)
def jobs_are_found(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests/helpers"))


def results(jobs, count=1, **how):
    with Processes(count, **how) as executor:
        futures = [executor.submit(job) for job in jobs]
        return [future.result() for future in executor.as_completed(futures)]


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_jobs_are_done_by_as_many_processes_of_one_thread_as_were_asked_for():
    done = results([JobOrder(str(i), "jobs:echo", {"i": i}) for i in range(6)], count=2)
    assert sorted(result.value["told"]["i"] for result in done) == list(range(6))
    pids = {result.value["pid"] for result in done}
    assert 1 <= len(pids) <= 2
    assert os.getpid() not in pids
    assert {result.value["blas"] for result in done} == {"1"}
    assert not any(map(is_running, pids))


def test_no_more_processes_start_than_there_are_jobs():
    with Processes(8) as executor:
        list(executor.as_completed([executor.submit(JobOrder("a", "jobs:empty", {}))]))
        assert len(executor._workers) == 1


def test_worker_that_is_killed_in_the_middle_of_a_job_is_replaced(tmp_path):
    spec = {"attempts": str(tmp_path / "x"), "times": 1}
    (done,) = results([JobOrder("a", "jobs:die", spec)])
    assert done.failure is None
    assert (tmp_path / "x").read_text() == "xx"


@pytest.mark.slow
def test_job_that_every_worker_dies_of_fails_and_the_others_are_done(tmp_path):
    spec = {"attempts": str(tmp_path / "x"), "times": 99}
    done = {
        one.key: one
        for one in results([JobOrder("bad", "jobs:die", spec), *(JobOrder(k, "jobs:empty", {}) for k in "ab")])
    }
    assert done["a"].failure is done["b"].failure is None
    assert "3 workers were lost on it, the last one because it was killed by SIGKILL" in done["bad"].failure.message
    assert (tmp_path / "x").read_text() == "xxx"


@pytest.mark.slow
def test_worker_that_says_nothing_any_more_is_replaced(tmp_path):
    spec = {"attempts": str(tmp_path / "x")}
    (done,) = results([JobOrder("a", "jobs:hang", spec)], silence=4)
    assert done.failure is None
    assert (tmp_path / "x").read_text() == "xx"


def test_worker_of_another_program_is_refused_by_name(monkeypatch):
    other = replace(this_program(), version="9.9")
    monkeypatch.setattr(processes, "this_program", lambda: other)
    with pytest.raises(DependencyError, match=r"Worker 1 \(\d+\) runs forecast .* and this is forecast 9.9"):
        results([JobOrder("a", "jobs:empty", {})])


def test_worker_that_can_not_start_says_why():
    words = ("/bin/sh", "-c", "echo no numpy >&2; exit 3")
    with pytest.raises(DependencyError, match="can't start: it ended with 3: no numpy"):
        results([JobOrder("a", "jobs:empty", {})], words=words)


def test_what_libraries_print_disturbs_nothing():
    (done,) = results([JobOrder("a", "jobs:print_much", {})])
    assert done.failure is None


@pytest.mark.slow
def test_workers_end_with_the_client_in_the_middle_of_a_job(tmp_path):
    with Processes(1) as executor:
        executor.submit(JobOrder("a", "jobs:hang", {"attempts": str(tmp_path / "x")}))
        executor._staff()
        (worker,) = executor._workers
        while not (tmp_path / "x").exists():
            executor._listen()
            executor._staff()
        assert is_running(worker.process.pid)
    assert worker.process.poll() == -signal.SIGKILL


@pytest.mark.slow
def test_worker_that_is_stopped_in_a_job_may_write_down_that_it_was(tmp_path):
    spec = {"attempts": str(tmp_path / "x"), "told": str(tmp_path / "told")}
    with Processes(1) as executor:
        executor.submit(JobOrder("a", "jobs:linger", spec))
        while not (tmp_path / "x").exists():
            executor._staff()
            executor._listen()
        (worker,) = executor._workers
    assert worker.process.poll() == 128 + signal.SIGTERM
    assert (tmp_path / "told").read_text() == "stopped by SIGTERM"
