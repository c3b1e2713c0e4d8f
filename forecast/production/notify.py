"""Notifications: a watchdog is pinged, a command run when a job failed. Never fails the job.

The watchdog's protocol is that of healthchecks.io: ``URL/start``, then ``URL/EXIT-CODE`` with the last
lines of the job as its body.
"""

import os
import signal
import subprocess
import urllib.request
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from forecast.errors import ExitCode, UsageError, exit_code_of

PATIENCE = 5.0
"""Seconds that a watchdog may take to answer, in all: a byte now and then buys it no more."""
LIMIT = 60.0
"""Seconds that the command for a failure may take."""
GRACE = 2.0
"""Seconds that it has to end by itself when it is told to."""
LINES = 20
"""Of what the job said, the last are sent to the watchdog."""
HEALTHY = (ExitCode.DONE, ExitCode.NOT_PROMOTED)
UNHEARD, ENDED, UNWRITTEN = "unheard", "ended", "unwritten"
Tell = Callable[[str, str], None]
"""Hears what went wrong beside the job: one of these three, and a sentence."""


@dataclass(frozen=True)
class Alarm:
    """Whom to tell.

    Attributes:
        ping_url: of the watchdog; None for none.
        on_failure: a shell command; it finds FORECAST_NAME, FORECAST_MESSAGE and FORECAST_EXIT_CODE in its environment.
    """

    ping_url: str | None = None
    on_failure: str | None = None

    def __post_init__(self) -> None:
        """Refuses an address that can't be called.

        Raises:
            UsageError: the address is not http://HOST or https://HOST, or its port is none.
        """
        if self.ping_url is None:
            return
        parts = _split(self.ping_url)
        if parts is None:
            raise UsageError(
                f"--ping-url {_without_password(self.ping_url)} is not the address of a watchdog.",
                "--ping-url https://hc-ping.com/UUID",
            )


def nobody(_event: str, _sentence: str) -> None:
    """Hears, and says nothing."""


@dataclass
class Watch:
    """A job that is being watched; it may say how it ended where it ends without an error.

    Attributes:
        lines: what it said, of which the watchdog is told the last.
        message: why it failed, where it ends without an error.
        tell: hears what the watchdog or the command for a failure did not do, each once.
    """

    name: str
    exit_code: int = ExitCode.DONE
    tell: Tell = nobody
    message: str = ""
    is_told: bool = False
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))

    def say(self, text: str) -> None:
        """Keeps lines to be sent."""
        self.lines.extend(line for line in text.splitlines() if line)

    def ping(self, url: str | None, signal: str) -> None:
        """Sends a signal, and says once that the watchdog does not hear."""
        reason = ping(url, signal, "" if signal == "start" else "\n".join(self.lines))
        if reason and not self.is_told:
            self.is_told = True
            self.tell(UNHEARD, f"The watchdog (--ping-url) does not hear: {reason}.")


@contextmanager
def watched(alarm: Alarm, name: str, tell: Tell = nobody) -> Iterator[Watch]:
    """Tells the watchdog of the block's beginning and end; an error of the block is told and goes on."""
    watch = Watch(name, tell=tell)
    try:
        watch.ping(alarm.ping_url, "start")
        yield watch
    except BaseException as error:
        watch.exit_code, watch.message = exit_code_of(error), str(error)
        watch.say(f"error: {error}")
        raise
    finally:
        watch.ping(alarm.ping_url, str(int(watch.exit_code)))
        if watch.exit_code not in HEALTHY and alarm.on_failure:
            run_on_failure(alarm.on_failure, watch.name, watch.exit_code, watch.message, watch.tell)


def ping(url: str | None, signal: str, body: str = "") -> str:
    """Returns why the watchdog did not hear the signal; one that is away, slow or angry is no error.

    It is called from a thread that nobody waits for longer than ``PATIENCE``: names that can't be found and servers
    that drip take their time where no time limit of Python's reaches.
    """
    parts = _split(url) if url is not None else None
    if parts is None:
        return ""
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=f"{parts.path.rstrip('/')}/{signal}")
    data = body.encode(errors="replace") if body else None
    request = urllib.request.Request(
        urlunsplit(address), data, {"Content-Type": "text/plain; charset=utf-8"} if data else {}
    )
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", f"Basic {b64encode(pair.encode()).decode()}")
    reasons: list[str] = []
    thread = Thread(target=lambda: reasons.append(_call(request)), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return reasons[0] if reasons else f"no answer within {PATIENCE:g} s"


def _call(request: urllib.request.Request) -> str:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return "" if answer.status < 300 else f"it answers {answer.status}"
    except HTTPError as error:
        return f"it answers {error.code}"
    except URLError as error:
        return str(getattr(error.reason, "strerror", None) or error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return str(error) or type(error).__name__


def run_on_failure(command: str, name: str, exit_code: int, message: str, tell: Tell = nobody) -> None:
    """Runs the command for a failure.

    Args:
        command: for a shell; it finds the next three in its environment, see ``Alarm``.
        name: of the model.
        exit_code: that the job ends with.
        message: of the error.
        tell: hears that the command took too long, or failed itself.
    """
    about = {"FORECAST_NAME": name, "FORECAST_MESSAGE": message, "FORECAST_EXIT_CODE": str(int(exit_code))}
    # A session of its own, so that all it starts can be ended with it.
    with subprocess.Popen(command, shell=True, env={**os.environ, **about}, start_new_session=True) as process:
        try:
            if (code := process.wait(LIMIT)) != 0:
                tell(ENDED, f"The command of --on-failure failed itself: it ended with {code}.")
        except subprocess.TimeoutExpired:
            tell(ENDED, f"The command of --on-failure took longer than {LIMIT:g} s, and was ended.")
        finally:
            if process.poll() is None:
                _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process and all of its group: asked first, then without asking."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)


def _split(url: str) -> SplitResult | None:
    """Returns the parts of a web address; None of what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port  # raises where it is no number up to 65535
    except ValueError:
        return None
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return parts if is_web and port != 0 and url.isascii() and url.isprintable() and " " not in url else None


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at else url
