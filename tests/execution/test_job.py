import json
from dataclasses import replace

import pytest

from forecast.errors import ExitCode
from forecast.execution.job import JobOrder, packed, perform, this_program, unpacked
from forecast.run import ALONE


def done(function, program=None, **spec):
    line = packed(JobOrder("a", f"jobs:{function}", spec), program or this_program())
    return unpacked(perform(line, ALONE, "me"))


def test_job_travels_as_one_line_of_json_and_so_does_what_became_of_it():
    line = packed(JobOrder("a", "jobs:echo", {"path": "x\ny"}), this_program())
    answer = perform(line, ALONE, "me")
    assert "\n" not in line + answer
    assert json.loads(line)["spec"] == {"path": "x\ny"}
    assert unpacked(answer).value["told"] == {"path": "x\ny"}
    assert unpacked(answer).worker == "me"


def test_no_array_travels():
    import numpy as np

    with pytest.raises(TypeError):
        packed(JobOrder("a", "jobs:echo", {"values": np.zeros(3)}), this_program())


@pytest.mark.parametrize(
    ("function", "code", "message"),
    [
        ("refuse", ExitCode.BAD_DATA, "The shard is damaged."),
        ("fail", ExitCode.BUG, "This is a bug in forecast: ZeroDivisionError"),
        ("answer_no_json", ExitCode.BUG, "its answer is no JSON"),
        ("nobody", ExitCode.BUG, "has no attribute 'nobody'"),
    ],
)
def test_job_that_fails_says_why(function, code, message):
    failure = done(function).failure
    assert failure.code == code
    assert message in failure.message


def test_job_of_another_program_is_refused_by_name():
    result = done("echo", replace(this_program(), version="9.9"))
    assert result.value is None
    assert result.failure.is_refused
    assert result.failure.message.startswith("me runs forecast ")
    assert "this is forecast 9.9" in result.failure.message


def test_blas_keeps_to_one_thread_while_a_job_is_done(monkeypatch):
    from threadpoolctl import threadpool_info

    import jobs

    def look(spec, run):
        return {"threads": [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]}

    monkeypatch.setattr(jobs, "empty", look)
    assert set(done("empty").value["threads"]) == {1}


def test_peak_of_memory_is_told():
    assert done("empty").peak > 1 << 20
