"""`forecast schedule`: a retrain for cron or systemd, with this machine's paths and environment."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from forecast.addresses import is_address
from forecast.errors import DataError, NotFoundError, UsageError
from forecast.experiment.destinations import check_folder_name, check_log
from forecast.production.schedule.clock_zone import machine_zone, plain_path, zone_of
from forecast.production.schedule.cron_job import ALL, NO_LIMITS, Job, JobLimits, cron_line, systemd_units, usual_log
from forecast.production.schedule.crontab import (
    editing,
    foreign_lines,
    marks_in,
    marks_of,
    read_crontab,
    with_block,
    without_block,
    write_crontab,
)
from forecast.production.schedule.timetable import Timetable, daily, read_cron, skipped_days, weekly
from forecast.production.store.disk import atomic_write, kind_of
from forecast.production.store.store import Store
from forecast.production.store.version import Version


@dataclass(frozen=True)
class When:
    """When to retrain, as it was given: one of the three."""

    daily: str | None = None
    weekly: str | None = None
    cron: str | None = None

    def timetable(self) -> Timetable:
        """Returns the minutes that are meant.

        Raises:
            UsageError: none or several were given, or one can't be read.
        """
        readers = {"--daily": (daily, self.daily), "--weekly": (weekly, self.weekly), "--cron": (read_cron, self.cron)}
        given = [(flag, read(text)) for flag, (read, text) in readers.items() if text is not None]
        if not given:
            raise UsageError(
                "When should it be retrained?", "--daily 03:15, --weekly 'sun 03:15' or --cron '15 3 * * *'"
            )
        if len(given) > 1:
            raise UsageError(f"{' and '.join(flag for flag, _ in given)} can't be used together.", "one of them")
        return given[0][1]


@dataclass(frozen=True)
class SchedulePlan:
    """What is to be run, and when.

    Attributes:
        zone: the time zone that systemd is told; cron knows only the machine's.
        own_zone: the user's TZ, as it was given; empty where there is none.
        cells: words before each verb that name the user's own cells.
        source: of the champion's data.
    """

    job: Job
    timetable: Timetable
    zone: str | None
    own_zone: str = ""
    cells: tuple[str, ...] = ()
    source: str = ""

    @property
    def line(self) -> str:
        """The line for a crontab."""
        return cron_line(self.job, self.timetable)

    @property
    def units(self) -> dict[str, str]:
        """The systemd units by file name."""
        return systemd_units(self.job, self.timetable, self.zone)

    @property
    def cron_note(self) -> str:
        """What is to be said of the data, and of a TZ that cron does not follow; empty for nothing."""
        machine = machine_zone() or "UTC"
        if not self.own_zone or zone_of(self.own_zone) == machine:
            return self.source_note
        clock = (
            f"cron goes by the machine's clock ({machine}), not by your TZ ({self.own_zone}), in which the job runs."
        )
        return f"{self.source_note} {clock}".strip()

    @property
    def source_note(self) -> str:
        """What is to be said of data at an address: the job knows none of the shell's variables."""
        if not is_address(self.source) or self.source.startswith(("sqlite:", "duckdb:")):
            return ""
        kept = "~/.pgpass" if self.source.startswith("postgres") else "the machine's own keys"
        return f"The job reads {self.source} without the variables of your shell: {kept} or ${{file:PATH}} in it work."

    def systemd_notes(self, now: datetime) -> tuple[str, ...]:
        """Returns what is to be said of a TZ that systemd does not know, and of days on which the clock jumps."""
        zone = self.zone or "UTC"
        notes = [self.source_note] if self.source_note else []
        if self.own_zone and zone_of(self.own_zone) is None:
            notes.append(
                f"systemd knows no time zone {self.own_zone} (your TZ), in which the job runs: "
                f"the timer goes by the machine's clock ({zone})."
            )
        missed = next(skipped_days(self.timetable, ZoneInfo(zone), now.date()), None)
        if missed:
            times = ", ".join(f"{hour:02d}:{minute:02d}" for hour, minute in missed.times)
            notes.append(
                f"On {missed.day} the clock in {zone} jumps over {times}, and systemd starts nothing then; "
                f"{missed.then:%H:%M} is there each day."
            )
        return tuple(notes)


def plan_schedule(
    name: str, root: Path, when: When, log: Path | None, flags: tuple[str, ...], limits: JobLimits = NO_LIMITS
) -> SchedulePlan:
    """Returns the retrain of a model in a store, or of all, all paths absolute, and its timetable.

    Args:
        name: of the model; ``ALL`` for all of them.
        root: the store.
        when: as the user gave it.
        log: where its log goes; None for a file in the store.
        flags: more flags of `forecast retrain`.
        limits: what it may take of the machine.

    Raises:
        UsageError: the timetable can't be read.
        NotFoundError: there is no such model.
        DataError: it has no whole champion, or was made with another file than was named.
        DependencyError: it needs code of the user that was not named.
    """
    timetable = when.timetable()
    check_log(log)
    champions = [Store(root).model(each).champion() for each in (names_in(root) if name == ALL else (name,))]
    name = name if name == ALL else champions[0].name
    store, program = plain_path(root), program_words()
    cells = tuple(dict.fromkeys(pair for champion in champions for pair in batched(cells_named(champion))))
    words = tuple(word for pair in cells for word in pair)
    path = f"{Path(program[0]).parent}:/usr/local/bin:/usr/bin:/bin"
    environment = {"PATH": path, "LANG": os.environ.get("LC_ALL") or os.environ.get("LANG") or "C.UTF-8"}
    own = os.environ.get("TZ", "")
    zone = zone_of(own) or machine_zone()
    if own or zone:
        environment["TZ"] = own or zone or ""
    log = (log or usual_log(store, name)).absolute()
    return SchedulePlan(
        Job(
            *(name, (*program, *words), Path.cwd(), store, log, tuple(environment.items())),
            *(flags, limits, platform.node()),
        ),
        timetable,
        zone,
        own,
        words,
        champions[0].manifest.data.source if len(champions) == 1 else "",
    )


def cells_named(champion: Version) -> tuple[str, ...]:
    """Returns the words that name the user's own cells in a version, for a job that runs in this folder.

    Raises:
        DependencyError: it needs code that nobody named.
        DataError: the file that was named is another one.
    """
    if not champion.document.get("code"):
        return ()
    from forecast.experiment.versions.own_code import cells_words, check_code

    check_code(champion, "schedule")
    return cells_words(champion)


def names_in(root: Path) -> tuple[str, ...]:
    """Returns the models of a store.

    Raises:
        NotFoundError: it has none.
    """
    names = Store(root).names()
    if not names:
        raise NotFoundError(f"There is no model in the store {root}.", "forecast train DATA")
    return names


def batched(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yields each flag with its value."""
    return zip(words[::2], words[1::2], strict=True)


def program_words() -> tuple[str, ...]:
    """Returns the words that start this program from anywhere: its script beside Python, or Python's ``-m``."""
    script = Path(sys.executable).with_name("forecast")
    return (str(script),) if os.access(script, os.X_OK) else (sys.executable, "-m", "forecast")


def unit_folder(limits: JobLimits = NO_LIMITS) -> Path:
    """Returns where systemd looks for this user's units; for those that name a user, where the machine's are."""
    return Path("/etc/systemd/system") if os.getuid() == 0 or limits.user else Path.home() / ".config/systemd/user"


def write_units(units: dict[str, str], folder: Path, *, force: bool) -> tuple[Path, ...]:
    """Writes units into a folder, each whole or not at all, and returns their paths.

    Raises:
        UsageError: one is there already, with other content, and not ``force``.
        DataError: the disk refused.
    """
    check_folder_name(folder, "-o")
    paths = {folder / name: text for name, text in units.items()}
    for path, text in paths.items():
        kind = kind_of(path, "-o DIR")
        if kind == "folder":
            raise UsageError(f"{path} is a folder.", "-o with another folder")
        if not force and kind == "file" and path.read_bytes() != text.encode():
            raise UsageError(f"{path} exists already, and differs.", "--force to replace it")
    for path, text in paths.items():
        atomic_write(path, text.encode(), flag="-o DIR", only_file=True)
    return tuple(paths)


def activation(timer: str, limits: JobLimits = NO_LIMITS) -> tuple[str, ...]:
    """Returns the commands that make systemd heed a timer in ``unit_folder``."""
    if os.getuid() == 0 or limits.user:
        sudo = "" if os.getuid() == 0 else "sudo "
        return f"{sudo}systemctl daemon-reload", f"{sudo}systemctl enable --now {timer}"
    return (
        "systemctl --user daemon-reload",
        f"systemctl --user enable --now {timer}",
        "loginctl enable-linger   # or it rests while you are logged out",
    )


@dataclass(frozen=True)
class Edit:
    """What became of the user's crontab.

    Attributes:
        is_changed: whether it is another now.
        kept: how many lines of the user's own stood between the marks, and now stand beside them.
    """

    is_changed: bool
    kept: int = 0


def install_line(plan: SchedulePlan) -> Edit:
    """Puts the line into the user's crontab, in the place of older ones of the same model and store.

    Raises:
        DependencyError: cron is not installed.
        LockedError: another run edits the crontab.
        DataError: cron refused, or has the line not afterwards.
    """
    job = plan.job

    def put(crontab: bytes) -> bytes:
        own = marks_of(job.name, job.store)
        old, *others = (own, *(marks for marks in marks_in(crontab, job.name, job.store) if marks != own))
        if own.first not in crontab.splitlines(keepends=True) and others:
            old = others.pop(0)  # of an older spelling: its place is taken
        for marks in others:
            crontab = without_block(crontab, marks)
        changed = with_block(crontab, old, plan.line)
        return changed.replace(old.first, own.first).replace(old.last, own.last)

    return _change(job.name, job.store, put, lambda crontab: f"{plan.line}\n".encode() in crontab)


def remove_line(name: str, root: Path) -> Edit:
    """Takes a model's lines out of the user's crontab.

    Raises:
        DependencyError: cron is not installed.
        LockedError: another run edits the crontab.
        DataError: cron refused, or has a line still.
    """
    store = plain_path(root)

    def take(crontab: bytes) -> bytes:
        for marks in (marks_of(name, store), *marks_in(crontab, name, store)):
            crontab = without_block(crontab, marks)
        return crontab

    return _change(name, store, take, lambda crontab: not marks_in(crontab, name, store))


def _change(name: str, store: Path, edit: Callable[[bytes], bytes], is_done: Callable[[bytes], bool]) -> Edit:
    with editing():
        before = read_crontab()
        after = edit(before)
        kept = sum(len(foreign_lines(before, marks)) for marks in marks_in(before, name, store))
        if after == before:
            return Edit(is_changed=False)
        write_crontab(after)
        if not is_done(read_crontab()):  # whoever knows nothing of the lock wrote at the same time
            raise DataError(
                "Your crontab was changed by another program just then, and what it wrote is in it.", "run it again"
            )
        return Edit(is_changed=True, kept=kept)
