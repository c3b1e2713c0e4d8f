"""Runs a command as a process of its own and tells what it cost.

Between the benchmark and the command stands a small launcher (this file, run as a script): Linux counts the
memory of the process that starts another into the other's peak, and the launcher has next to none.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter


@dataclass(frozen=True)
class Run:
    """What came of a command.

    Attributes:
        seconds: wall time from start to exit, imports included.
        cpu_seconds: of all cores, its own child processes included; a busy machine changes them little.
        megabytes: peak resident memory of its largest process.
        code: its exit code; negative where a signal ended it.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float
    code: int
    out: str
    err: str

    def checked(self) -> "Run":
        """Returns itself.

        Raises:
            RuntimeError: the command failed; the text is the last that it said.
        """
        if self.code == -signal.SIGKILL:
            raise RuntimeError(f"stopped after {self.seconds:.0f} s")
        if self.code:
            said = (self.err or self.out).strip().splitlines()
            raise RuntimeError(f"exit code {self.code}: {' / '.join(said[-2:])}")
        return self


def measure(command: list[str], folder: Path | None = None, limit: int = 3600) -> Run:
    """Runs a command and returns what it cost.

    Args:
        command: the program and its arguments.
        folder: to run it in.
        limit: seconds after which it is killed with all that it started.
    """
    with tempfile.TemporaryDirectory() as temporary:
        report = Path(temporary) / "report.json"
        launcher = [sys.executable, "-I", "-S", __file__, str(report), str(limit), *command]
        done = subprocess.run(launcher, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]} could not be started: {done.stderr.strip().splitlines()[-1]}")
        return Run(**json.loads(report.read_text()), out=done.stdout, err=done.stderr)


def median_run(command: list[str], times: int, folder: Path | None = None) -> tuple[float, float]:
    """Returns the median and the least wall seconds of several runs.

    Raises:
        RuntimeError: a run failed.
    """
    seconds = [measure(command, folder).checked().seconds for _ in range(times)]
    return statistics.median(seconds), min(seconds)


def _launch(report: str, limit: str, *command: str) -> None:
    began = perf_counter()
    child = subprocess.Popen(command, start_new_session=True)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
    signal.alarm(int(limit))
    try:
        _, status, usage = os.wait4(child.pid, 0)
    except KeyboardInterrupt:
        os.killpg(child.pid, signal.SIGKILL)
        raise
    seconds = perf_counter() - began
    unit = 2**20 if sys.platform == "darwin" else 2**10
    code = os.waitstatus_to_exitcode(status)
    cost = {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "megabytes": usage.ru_maxrss / unit}
    Path(report).write_text(json.dumps(cost | {"code": code}))


if __name__ == "__main__":
    _launch(*sys.argv[1:])
