"""A Dask cluster on this machine, of real processes."""

import signal
import sys
from dataclasses import replace

import pytest

from dask_processes import DaskProcesses
from forecast.errors import DependencyError
from forecast.execution import cluster
from forecast.execution.executor import Workplace, open_executor
from forecast.execution.job import JobOrder, this_program
from forecast.run import ALONE


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DependencyError, match="--cluster needs Dask, which is not installed") as error:
        open_executor(Workplace(cluster="tcp://127.0.0.1:1"), ALONE)
    assert error.value.hint.startswith("pip install")


@pytest.mark.slow
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere", "tcp://127.0.0.1:99999"])
def test_scheduler_that_does_not_answer_is_named_after_a_bounded_wait(address):
    with pytest.raises(DependencyError, match=rf"No Dask scheduler answers at {address} within 2 s"):
        cluster.Cluster(address, wait=2)


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    with DaskProcesses(tmp_path_factory.mktemp("dask")) as processes:
        with pytest.raises(DependencyError, match=f"scheduler at {processes.address} has no worker"):
            cluster.Cluster(processes.address, wait=2)
        processes.add_workers("w1", "w2", "w3")
        yield processes


def results(executor, jobs):
    futures = [executor.submit(job) for job in jobs]
    return {future.result().key: future.result() for future in executor.as_completed(futures)}


@pytest.mark.slow
def test_jobs_are_done_by_all_workers_and_fail_by_name(dask):
    jobs = [JobOrder(str(i), "jobs:echo", {"i": i}) for i in range(30)]
    with cluster.Cluster(dask.address) as executor:
        done = results(executor, [*jobs, JobOrder("bad", "jobs:refuse", {})])
        assert executor.where == f"3 workers of {dask.address}"
    assert done.pop("bad").failure.message == "The shard is damaged."
    assert sorted(one.value["told"]["i"] for one in done.values()) == list(range(30))
    assert {one.value["pid"] for one in done.values()} == {dask.processes[f"w{i}"].pid for i in (1, 2, 3)}


@pytest.mark.slow
def test_workers_of_another_program_are_refused_by_name(dask, monkeypatch):
    other = replace(this_program(), version="9.9")
    monkeypatch.setattr(cluster, "this_program", lambda: other)
    with pytest.raises(DependencyError, match=r"Worker tcp://127.0.0.1:\d+ runs forecast .* and this is forecast 9.9"):
        cluster.Cluster(dask.address)


@pytest.mark.slow
def test_worker_that_is_killed_or_hangs_gives_its_job_to_another(tmp_path):
    with DaskProcesses(tmp_path) as processes:
        processes.add_workers("w1", "w2", "w3")
        with cluster.Cluster(processes.address) as executor:
            killed = {"attempts": str(tmp_path / "x"), "times": 1}
            stopped = {"attempts": str(tmp_path / "y")}
            done = results(executor, [JobOrder("a", "jobs:die", killed), JobOrder("b", "jobs:hang", stopped)])
        assert done["a"].failure is done["b"].failure is None
        assert (tmp_path / "x").read_text() == (tmp_path / "y").read_text() == "xx"


@pytest.mark.slow
def test_scheduler_that_is_killed_is_said(tmp_path):
    with DaskProcesses(tmp_path) as processes:
        processes.add_workers("w1")
        with cluster.Cluster(processes.address) as executor:
            future = executor.submit(JobOrder("a", "jobs:hang", {"attempts": str(tmp_path / "x")}))
            processes.processes["scheduler"].send_signal(signal.SIGKILL)
            with pytest.raises(DependencyError, match="went away"):
                list(executor.as_completed([future]))
