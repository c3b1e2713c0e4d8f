"""What workers of the tests do: functions of a spec, found by their names."""

import os
import signal
import time
from pathlib import Path

from forecast.errors import DataError, Stopped


def empty(spec, run):
    """Does nothing."""
    return {}


def echo(spec, run):
    """Answers with what it was told and who it is."""
    return {"told": dict(spec), "pid": os.getpid(), "blas": os.environ.get("OPENBLAS_NUM_THREADS")}


def tried(spec):
    """Counts the attempts of a job, and returns how many there were before this one."""
    with Path(spec["attempts"]).open("a+") as file:
        file.seek(0)
        before = len(file.read())
        file.write("x")
    return before


def die(spec, run):
    """Is killed in the middle of its work, so many times."""
    if tried(spec) < spec["times"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"pid": os.getpid()}


def hang(spec, run):
    """Is stopped in the middle of its work once, as by a machine that sleeps."""
    if tried(spec) < 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    return {"pid": os.getpid()}


def linger(spec, run):
    """Works for ever, and writes down that it was stopped."""
    try:
        tried(spec)
        while True:
            time.sleep(0.01)
    except Stopped as stop:
        Path(spec["told"]).write_text(str(stop))
        raise


def refuse(spec, run):
    """Can't be done."""
    raise DataError("The shard is damaged.", "fetch it again")


def fail(spec, run):
    """Has a bug."""
    return {"x": 1 / 0}


def answer_no_json(spec, run):
    """Returns what JSON can't say."""
    return {"x": object()}


def print_much(spec, run):
    """Prints what would be no message."""
    print("library chatter\n" * 1000, flush=True)  # noqa: T201
    return {}
