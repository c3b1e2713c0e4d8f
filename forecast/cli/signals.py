"""Signals that end a run: each becomes an exception, so that whatever is open is closed and told on the way out."""

import os
import signal
from types import FrameType

from forecast.errors import Stopped

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
IMPATIENT = 3
"""So many times Ctrl-C ends a run that is being closed."""
_received: list[int] = []


def listen() -> None:
    """Lets the first signal raise ``Stopped``; those that follow don't disturb what it began.

    What the caller has this program ignore (``nohup``, a shell's background) stays ignored.
    """
    _received.clear()
    for number in NUMBERS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def listen_no_more() -> None:
    """Lets no signal disturb the end of the process: all is done and told but its exit."""
    for number in NUMBERS:
        if signal.getsignal(number) is _stop:
            signal.signal(number, _pass)


def stop_received() -> Stopped | None:
    """Returns the signal that came, whatever became of its exception; None where none did."""
    return Stopped(_received[0]) if _received else None


def check_signals() -> None:
    """Raises what a library may have swallowed.

    Raises:
        Stopped: a signal came.
    """
    if stop := stop_received():
        raise stop


def _stop(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    if len(_received) == 1:
        raise Stopped(number)
    if _received.count(signal.SIGINT) >= IMPATIENT:
        os._exit(128 + number)


def _pass(_number: int, _frame: FrameType | None) -> None:
    pass
