"""The command line: options in, one workflow called, its result printed. Heavy imports wait for their command.

What is imported here is imported before Ctrl-C can be heard: as little as can be.
"""

import os
import signal
import sys
import time
from types import FrameType
from typing import NoReturn


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits."""
    began = time.monotonic() - (time.process_time() if arguments is None else 0.0)  # what the start took so far
    if arguments is None and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop_at_once)
    from forecast.cli.program import run_program

    run_program(arguments, began)


def _stop_at_once(number: int, _frame: FrameType | None) -> None:
    """Ends a run that has done nothing yet, in one line and not in a trace through half of its imports."""
    if sys.stderr is not None:  # closed by the caller
        os.write(2, b"Stopped. The store is as it was.\n")
    os._exit(128 + number)
