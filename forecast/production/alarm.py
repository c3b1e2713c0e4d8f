"""Tells a watchdog that a job began and how it ended, and runs a command when it failed. Never fails the job.

The watchdog's protocol is that of healthchecks.io: ``URL/start``, then ``URL/EXIT-CODE``.
"""

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import urlsplit, urlunsplit

from forecast.errors import ExitCode, UsageError, exit_code_of

PATIENCE = 5.0
"""Seconds that a watchdog may take to answer."""
HEALTHY = (ExitCode.DONE, ExitCode.NOT_PROMOTED)


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
            UsageError: the address does not begin with http:// or https://.
        """
        if self.ping_url is not None and not _is_web_address(self.ping_url):
            raise UsageError(
                f"--ping-url {self.ping_url} is not the address of a watchdog.", "--ping-url https://hc-ping.com/UUID"
            )


@dataclass
class Watch:
    """A job that is being watched; it may say how it ended where it ends without an error."""

    name: str
    exit_code: int = ExitCode.DONE


@contextmanager
def watched(alarm: Alarm, name: str) -> Iterator[Watch]:
    """Tells the watchdog of the block's beginning and end; an error of the block is told and goes on."""
    watch, message = Watch(name), ""
    ping(alarm.ping_url, "start")
    try:
        yield watch
    except BaseException as error:
        watch.exit_code, message = exit_code_of(error), str(error)
        raise
    finally:
        ping(alarm.ping_url, str(int(watch.exit_code)))
        if watch.exit_code not in HEALTHY and alarm.on_failure:
            _run(alarm.on_failure, watch, message)


def ping(url: str | None, signal: str) -> bool:
    """Returns whether the watchdog heard the signal; one that is away, slow or angry is no error."""
    if url is None:
        return False
    parts = urlsplit(url)
    address = urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{signal}"))
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return int(answer.status) < 300
    except (OSError, HTTPException, ValueError):
        return False


def _run(command: str, watch: Watch, message: str) -> None:
    about = {
        "FORECAST_NAME": watch.name,
        "FORECAST_MESSAGE": message,
        "FORECAST_EXIT_CODE": str(int(watch.exit_code)),
    }
    subprocess.run(command, shell=True, check=False, env={**os.environ, **about})


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isascii() and " " not in url
