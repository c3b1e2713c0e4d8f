"""A scheduled retrain as text: a line for cron, or the units that systemd needs. All of it works as it stands."""

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
class Job:
    """One model's retrain, with all that a shell of yours has and cron has not.

    Attributes:
        program: the words that start `forecast`, an absolute path first.
        folder: where it runs, absolute, as are ``store`` and ``log``.
        environment: variables it needs.
        flags: more flags of `forecast retrain`.
    """

    name: str
    program: tuple[str, ...]
    folder: Path
    store: Path
    log: Path
    environment: tuple[tuple[str, str], ...]
    flags: tuple[str, ...] = ()

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
    return store / f"{name}.log"


def cron_line(job: Job, timetable: Timetable) -> str:
    """Returns the line for a crontab.

    Variables stand before the command and not on lines of their own, where they would reach the user's other jobs.

    Raises:
        UsageError: it is too long for cron.
    """
    variables = " ".join(f"{name}={_cron_word(value)}" for name, value in job.environment)
    command = f"cd {_cron_word(str(job.folder))} && {variables} {' '.join(map(_cron_word, job.command))}"
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
    unit = f"forecast-{_unit_name(job.name)}"
    variables = " ".join(_quoted(f"{name}={value}") for name, value in job.environment)
    service = (
        f"[Unit]\nDescription=Retrain the forecast model {job.name}\nOnFailure={unit}-failure.service\n\n"
        f"[Service]\nType=oneshot\nWorkingDirectory={_bare_path(job.folder)}\nEnvironment={variables}\n"
        f"ExecStart={_exec(job.command)}\n"
    )
    suffix = f" {zone}" if zone else ""
    calendar = "".join(f"OnCalendar={expression}{suffix}\n" for expression in timetable.on_calendar())
    delay = "5min" if timetable.is_once_an_hour_or_less else "10s"
    timer = (
        f"[Unit]\nDescription=When to retrain the forecast model {job.name}\n\n"
        f"[Timer]\n{calendar}Persistent=true\nRandomizedDelaySec={delay}\n\n[Install]\nWantedBy=timers.target\n\n"
        f"[{TIMER_SECTION}]\nModel={job.name}\nStore={shlex.quote(str(job.store))}\nCron={timetable.cron}\n"
        f"{f'Zone={zone}' if zone else '#'}\n"
    )
    history = shlex.join(["forecast", "history", job.name, "--store", str(job.store)])
    told = ("/bin/echo", f"Retraining {job.name} failed, and the model in use is as before. To see why: {history}")
    failure = (
        f"[Unit]\nDescription=Tell that retraining the forecast model {job.name} failed\n\n"
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
