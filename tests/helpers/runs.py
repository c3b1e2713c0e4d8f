"""What tests work with: no XLA, nobody who looks on, a clock that is told, and one cache for all tests of a process."""

from dataclasses import dataclass
from datetime import datetime

from forecast.process import SystemClock
from forecast.run import SILENT, Cache, Run
from forecast.specs import Machine

QUIET = Run(Machine(jit=False), SILENT, SystemClock(), Cache())


@dataclass(frozen=True)
class Dated(SystemClock):
    """A clock on which it is always the same day; seconds pass."""

    time: datetime

    def now(self):
        return self.time


def run_at(time, machine=QUIET.machine):
    """Returns a run at a certain time."""
    return Run(machine, SILENT, Dated(time), QUIET.cache)


def run_with(**facts):
    """Returns a run on a machine with some facts of its own."""
    return QUIET.on(Machine(**{"jit": False} | facts))
