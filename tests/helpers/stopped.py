"""The command line in a process of its own that a signal stops while its networks really learn."""

import subprocess
import sys

# Takes a number of a signal, a number of chunks and words: the command line, which the signal stops after so many.
PROGRAM = """
import os, sys
from forecast.cli import main
from forecast.models.networks.training_log import TrainingLog

number, last = int(sys.argv[1]), int(sys.argv[2])
sys.argv[1:] = sys.argv[3:]
listener, done = TrainingLog.listener, []

def counting(log, *network, **more):
    on_chunk = listener(log, *network, **more)
    def counted(step, weights):
        done.append(step)
        if len(done) == last:
            os.kill(os.getpid(), number)
        on_chunk(step, weights)
    return counted

TrainingLog.listener = counting
main()
"""


def train_until(number, chunks, *words, folder):
    """Runs a command until a signal, which comes after so many chunks of training steps; returns how it ended."""
    command = [sys.executable, "-c", PROGRAM, str(int(number)), str(chunks), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
