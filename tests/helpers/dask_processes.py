"""A Dask scheduler and its workers as processes of their own, on this machine, each in a folder of its own."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from places import ROOT


@dataclass
class DaskProcesses:
    """Starts them, and ends them with its block."""

    root: Path
    ttl: str = "5s"  # of silence, after which the scheduler gives a worker up
    processes: dict = field(default_factory=dict)
    address: str = ""

    def __enter__(self):
        self.start("scheduler", "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        found = self.wait_for("scheduler", r"Scheduler at:\s+(tcp://127.0.0.1:\d+)")
        self.address = found[1]
        return self

    def start(self, name, program, *words):
        folder = self.root / name
        folder.mkdir(parents=True)
        environment = {
            **os.environ,
            "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": self.ttl,
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "3",
            "PYTHONPATH": str(ROOT / "tests/helpers"),
            "OPENBLAS_NUM_THREADS": "1",
        }
        with (folder / "log").open("wb") as log:
            command = [sys.executable, "-m", f"distributed.cli.{program}", *words]
            self.processes[name] = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def add_workers(self, *names):
        for name in names:
            self.start(
                name, "dask_worker", self.address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1",
                "--no-nanny", "--name", name,
            )  # fmt: skip
        for name in names:
            self.wait_for(name, "Registered to")

    def wait_for(self, name, pattern):
        while self.processes[name].poll() is None:
            text = (self.root / name / "log").read_text()
            if found := re.search(pattern, text):
                return found
            time.sleep(0.1)
        raise AssertionError((self.root / name / "log").read_text())

    def __exit__(self, *_):
        for process in self.processes.values():
            process.kill()
            process.wait()
