import os
from datetime import UTC, timedelta

from forecast.process import SystemClock, available_cpus, start_run


def test_cores_are_those_that_this_process_may_use(monkeypatch):
    assert 1 <= available_cpus() <= os.cpu_count()
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3})
    assert available_cpus() == start_run().machine.threads == 1


def test_clock_tells_utc_and_never_goes_back():
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.now().tzinfo is UTC
    assert clock.seconds() <= clock.seconds()


def test_runs_of_one_process_share_what_was_compiled():
    assert start_run().cache is start_run("cpu").cache
