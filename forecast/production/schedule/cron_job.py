"""A scheduled retrain as text: a line for cron, or the units that systemd needs. All of it works as it stands."""

import hashlib
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from forecast.errors import UsageError
from forecast.production.schedule.timetable import Timetable

ALL = "--all"
"""Stands in the place of a name for all models of a store; no model can be called so."""
TIMER_SECTION = "X-Forecast"
"""Of a timer: systemd passes over sections that begin with X-, and ``forecast status`` reads what is in it."""
LONGEST_LINE = 998
"""Debian's cron refuses a command of more bytes."""


@dataclass(frozen=True)
class JobLimits:
    """What a job may take of the machine; None for no limit.

    Attributes:
        nice: -20 … 19, from which on others go before it.
        memory: such as ``4G`` or ``80%``; systemd's alone.
        timeout: seconds after which it is stopped.
        user: that it runs as; systemd's alone.
        jitter: seconds by which its start is spread, so that not all machines begin in the same one.
    """

    nice: int | None = None
    memory: str | None = None
    timeout: int | None = None
    user: str | None = None
    jitter: int | None = None

    def __post_init__(self) -> None:
        """Refuses what systemd would not take.

        Raises:
            UsageError: it would not.
        """
        if self.memory is not None and not re.fullmatch(r"[1-9]\d*[KMGT]?|[1-9]\d?%|100%", self.memory):
            raise UsageError(f"--memory-max '{self.memory}' is no size of memory.", "--memory-max 4G, or 80%")
        if self.user is not None and not re.fullmatch(r"[A-Za-z_][\w.-]*\$?", self.user, re.ASCII):
            raise UsageError(f"--user '{self.user}' is no name of a user.", "--user forecast")

    def delay(self, *whose: str) -> int:
        """Returns the seconds that cron's job waits: the same each time, and on each machine its own."""
        digest = hashlib.sha256("\0".join(whose).encode()).digest()
        return int.from_bytes(digest[:8], "big") % (self.jitter + 1) if self.jitter else 0

    @property
    def before(self) -> tuple[str, ...]:
        """The words that stand before the command in a line for cron."""
        stop = ("timeout", "-k", "60", str(self.timeout)) if self.timeout else ()
        return (*(("nice", "-n", str(self.nice)) if self.nice is not None else ()), *stop)

    @property
    def settings(self) -> str:
        """The lines of a unit's [Service]."""
        told = {"Nice": self.nice, "MemoryMax": self.memory, "TimeoutStartSec": self.timeout, "User": self.user}
        return "".join(f"{name}={value}\n" for name, value in told.items() if value is not None)

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of ``forecast schedule`` that say all this."""
        seconds = [("--timeout", self.timeout), ("--jitter", self.jitter)]
        told = [("--nice", self.nice), ("--memory-max", self.memory), ("--user", self.user)]
        told += [(flag, f"{value}s" if value is not None else None) for flag, value in seconds]
        return tuple(str(word) for flag, value in told if value is not None for word in (flag, value))


NO_LIMITS = JobLimits()


@dataclass(frozen=True)
class Job:
    """A retrain of one model, or of all, with all that a shell of yours has and cron has not.

    Attributes:
        name: of the model; ``ALL`` for all of the store.
        program: the words that start `forecast`, an absolute path first.
        folder: where it runs, absolute, as are ``store`` and ``log``.
        environment: variables it needs.
        flags: more flags of `forecast retrain`.
        limits: what it may take.
        host: on which it runs.
    """

    name: str
    program: tuple[str, ...]
    folder: Path
    store: Path
    log: Path
    environment: tuple[tuple[str, str], ...]
    flags: tuple[str, ...] = ()
    limits: JobLimits = NO_LIMITS
    host: str = ""

    @property
    def whose(self) -> str:
        """What it retrains, in words."""
        return "all forecast models" if self.name == ALL else f"the forecast model {self.name}"

    def __post_init__(self) -> None:
        """Refuses what no line can hold.

        Raises:
            UsageError: a path or flag has a line break or another control character in it.
        """
        for word in (*self.command, str(self.folder), *(value for _, value in self.environment)):
            if not word.isprintable():
                raise UsageError(f"{word!r} can't stand in a schedule: it must be one printable line.", "rename it")

    @property
    def has_usual_log(self) -> bool:
        """Whether the log is where it is when nobody says otherwise."""
        return self.log == usual_log(self.store, self.name)

    @property
    def command(self) -> tuple[str, ...]:
        """The words of the retrain; silent on success, so that cron mails failures only."""
        files = ("--store", str(self.store), "--log-file", str(self.log))
        return (*self.program, "retrain", self.name, "-q", *files, *self.flags)


def usual_log(store: Path, name: str) -> Path:
    """Returns where the log of a model's runs goes when nobody says otherwise."""
    return store / ("retrain-all.log" if name == ALL else f"{name}.log")


def cron_line(job: Job, timetable: Timetable) -> str:
    """Returns the line for a crontab.

    Variables stand before the command and not on lines of their own, where they would reach the user's other jobs.

    Raises:
        UsageError: it is too long for cron.
    """
    if job.limits.memory or job.limits.user:
        flag = "--memory-max" if job.limits.memory else "--user"
        raise UsageError(f"cron has no {flag}.", "--kind systemd")
    variables = " ".join(f"{name}={_cron_word(value)}" for name, value in job.environment)
    delay = job.limits.delay(job.host, job.name, str(job.store))
    wait = f"sleep {delay} && " if delay else ""
    words = " ".join(map(_cron_word, (*job.limits.before, *job.command)))
    command = f"{wait}cd {_cron_word(str(job.folder))} && {variables} {words}"
    if len(command.encode()) > LONGEST_LINE:
        raise UsageError(
            f"The command has {len(command.encode()):,} bytes; cron takes {LONGEST_LINE}.",
            "--kind systemd, or folders with shorter names",
        )
    return f"{timetable.cron} {command}"


def _cron_word(word: str) -> str:
    r"""Returns a word as a shell gets it from cron, which makes a line break of a bare ``%`` and ``%`` of ``\%``.

    Debian's cron also makes one backslash of two, and others don't: an end and a beginning of quotes, ``''``, keep a
    backslash of the word apart from what follows it, so that all of them read the same.
    """
    return re.sub(r"\\(?=[\\%])", r"\\''", shlex.quote(word)).replace("%", r"\%")


def systemd_units(job: Job, timetable: Timetable, zone: str | None) -> dict[str, str]:
    """Returns service, timer and what tells of a failure, by file name.

    Args:
        job: what is to be run.
        timetable: when.
        zone: the time zone of the timetable; None for the machine's.
    """
    unit = f"forecast-{_unit_name(job.name)}"  # of all: forecast---all, as no model can be called
    variables = " ".join(_quoted(f"{name}={value}") for name, value in job.environment)
    service = (
        f"[Unit]\nDescription=Retrain {job.whose}\nOnFailure={unit}-failure.service\n\n"
        f"[Service]\nType=oneshot\nWorkingDirectory={_bare_path(job.folder)}\nEnvironment={variables}\n"
        f"{job.limits.settings}ExecStart={_exec(job.command)}\n"
    )
    suffix = f" {zone}" if zone else ""
    calendar = "".join(f"OnCalendar={expression}{suffix}\n" for expression in timetable.on_calendar())
    usual = "5min" if timetable.is_once_an_hour_or_less else "10s"
    delay = usual if job.limits.jitter is None else f"{job.limits.jitter}s"
    zone_line = f"Zone={zone}\n" if zone else ""
    timer = (
        f"[Unit]\nDescription=When to retrain {job.whose}\n\n"
        f"[Timer]\n{calendar}Persistent=true\nRandomizedDelaySec={delay}\n\n[Install]\nWantedBy=timers.target\n\n"
        f"[{TIMER_SECTION}]\nModel={job.name}\nStore={shlex.quote(str(job.store))}\nCron={timetable.cron}\n"
        f"{zone_line}"
    )
    own = ["status"] if job.name == ALL else ["history", job.name]
    history = shlex.join(["forecast", *own, "--store", str(job.store)])
    what = "all models failed in part: those are" if job.name == ALL else f"{job.name} failed, and the model is"
    told = ("/bin/echo", f"Retraining {what} in use as before. To see why: {history}")
    failure = (
        f"[Unit]\nDescription=Tell that retraining {job.whose} failed\n\n"
        f"[Service]\nType=oneshot\nSyslogLevel=err\nExecStart={_exec(told)}\n"
    )
    return {f"{unit}.service": service, f"{unit}.timer": timer, f"{unit}-failure.service": failure}


def _unit_name(name: str) -> str:
    """Returns a model's name in the letters that systemd allows, others as it escapes them."""
    return re.sub(r"[^A-Za-z0-9_.-]", lambda letter: "".join(f"\\x{byte:02x}" for byte in letter[0].encode()), name)


def _exec(words: tuple[str, ...]) -> str:
    return " ".join(_quoted(word).replace("$", "$$") for word in words)


def _quoted(word: str) -> str:
    if re.fullmatch(r"[\w./:=@+,-]+", word):
        return word
    return '"' + _no_specifiers(word).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bare_path(folder: Path) -> str:
    """Returns a folder for a setting that knows no quotes: a slash keeps what would be cut off or join lines."""
    text = _no_specifiers(str(folder))
    return f"{text}/" if text[-1] in "\\ " else text


def _no_specifiers(text: str) -> str:
    return text.replace("%", "%%")
