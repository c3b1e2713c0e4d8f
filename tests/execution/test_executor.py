import pytest

from forecast.errors import UsageError
from forecast.execution.executor import InThisProcess, Workplace, open_executor
from forecast.execution.job import JobOrder
from forecast.execution.processes import Processes
from forecast.run import ALONE


def test_jobs_are_done_here_one_after_another_when_they_are_asked_for():
    with InThisProcess(ALONE) as executor:
        futures = [executor.submit(JobOrder(name, "jobs:echo", {"name": name})) for name in "abc"]
        assert not any(future.done() for future in futures)
        done = [future.result() for future in executor.as_completed(futures)]
    assert [result.key for result in done] == ["a", "b", "c"]
    assert {result.worker for result in done} == {"this process"}


def test_what_is_cancelled_is_not_done():
    with InThisProcess(ALONE) as executor:
        futures = [executor.submit(JobOrder(name, "jobs:echo", {})) for name in "ab"]
        seen = []
        for future in executor.as_completed(futures):
            seen.append(future.result().key)
            executor.cancel()
    assert seen == ["a"]
    assert futures[1].cancelled()


def test_place_decides_who_does_jobs():
    assert isinstance(open_executor(Workplace(), ALONE), InThisProcess)
    with open_executor(Workplace(workers=2), ALONE) as executor:
        assert isinstance(executor, Processes)
        assert executor.where == "2 processes on this machine"


@pytest.mark.parametrize(
    ("place", "words"), [({"workers": 0}, "0 is not"), ({"workers": 2, "cluster": "x"}, "of its own")]
)
def test_place_that_can_not_be_is_refused(place, words):
    with pytest.raises(UsageError, match=words):
        Workplace(**place)
