"""What a job costs that does nothing: a thousand of them through Dask on loopback, and in processes beside this one.

Usage: python benchmarks/cluster_overhead.py [--jobs 1000]

The scheduler and its three workers are processes of their own, as `forecast predict --cluster` finds them.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE, MOST = Path(__file__).resolve().parent, 20.0
"""Where workers find ``empty``; seconds that a thousand jobs may take through Dask."""
WAIT = 60.0
"""Seconds in which a scheduler or a worker is to be there."""


def main() -> None:
    """Starts a scheduler and three workers, gives them empty jobs, and prints what these took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000, help="that do nothing; default 1000")
    count = parser.parse_args().jobs
    from forecast.execution.executor import Workplace
    from report import describe_machine, number, table

    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as text:
        try:
            address = start(started, Path(text) / "scheduler", "scheduler", "--port", "0")
            for name in ("a", "b", "c"):
                start(started, Path(text) / name, "worker", address, "--nthreads", "1", "--no-nanny", "--name", name)
            rows = [
                ["Dask, 3 workers", *taken(Workplace(cluster=address), count), number(MOST * count / 1000)],
                ["2 processes", *taken(Workplace(2), count), "–"],
            ]
        finally:
            for process in started:
                process.kill()
                process.wait()
    print(f"{describe_machine()}\n")
    print(table(["who", f"{count:,} empty jobs, s", "at most, s"], rows), end="")


def empty(spec: Mapping[str, Any], run: Any) -> dict[str, Any]:  # noqa: ARG001 - every job has both
    """Does nothing, as a job."""
    return {}


def taken(place: Any, count: int) -> list[str]:
    """Returns the seconds of so many empty jobs, its workers started and connected, as a cell."""
    from forecast.execution.executor import open_executor
    from forecast.execution.job import JobOrder
    from forecast.process import start_run
    from report import number

    os.environ["PYTHONPATH"] = str(HERE)
    with open_executor(place, start_run("cpu")) as executor:
        began = time.monotonic()
        futures = [executor.submit(JobOrder(str(i), "cluster_overhead:empty", {})) for i in range(count)]
        failed = [future for future in executor.as_completed(futures) if future.result().failure is not None]
        seconds = time.monotonic() - began
    if failed:
        raise SystemExit(f"{len(failed)} of {count} jobs failed: {failed[0].result().failure}")
    return [number(seconds, 1)]


def start(started: list[subprocess.Popen[bytes]], folder: Path, what: str, *words: str) -> str:
    """Starts a scheduler or a worker in a folder of its own, and returns the scheduler's address once it is there."""
    folder.mkdir()
    command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *words, "--host", "127.0.0.1", "--no-dashboard"]
    with (folder / "log").open("wb") as log:
        environment = {**os.environ, "PYTHONPATH": str(HERE), "OPENBLAS_NUM_THREADS": "1"}
        started.append(subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log))
    pattern = r"Scheduler at:\s+(tcp://127.0.0.1:\d+)" if what == "scheduler" else r"(Registered to)"
    began = time.monotonic()
    while time.monotonic() - began < WAIT and started[-1].poll() is None:
        if found := re.search(pattern, (folder / "log").read_text()):
            return found[1]
        time.sleep(0.1)
    raise SystemExit(f"The {what} did not start:\n{(folder / 'log').read_text()}")


if __name__ == "__main__":
    main()
