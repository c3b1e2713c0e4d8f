"""The state of each model at a glance, read with the standard library alone: a store of a thousand within a second.

What is read of a model is its champion file, the manifest of the version in use, the end of its history, its lock and
the sizes of its files. Nothing is verified here: that is what ``forecast models verify`` reads every byte for.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from forecast.errors import ForecastError, NotFoundError, did_you_mean
from forecast.production.fleet import matching
from forecast.production.quality import figures_of
from forecast.production.schedule.clock_zone import clock_zone, plain_path
from forecast.production.schedule.crontab import read_crontab
from forecast.production.schedule.next_start import Scheduled, read_timers, schedule_of, scheduled_retrains
from forecast.production.store.alias import ALIAS, ALIAS_LIMIT, Alias
from forecast.production.store.disk import read_regular
from forecast.production.store.json_document import parse_document, utc
from forecast.production.store.lock import RunMark, held_locks, read_mark
from forecast.production.store.manifest import MANIFEST, MANIFEST_LIMIT
from forecast.production.store.model_store import ModelStore
from forecast.production.store.retention import size_of
from forecast.production.store.run_record import RunRecord, read_line
from forecast.production.store.store import Store
from forecast.wording import quoted

FURTHEST = 50
"""Lines of the history that are looked through for what the last runs knew."""
FAILED = ("failed", "refused", "killed")
RUNS = ("train", "retrain")
UNIT_FOLDERS = (Path("/etc/systemd/system"), Path("~/.config/systemd/user"))


@dataclass(frozen=True)
class InUse:
    """What is read of the version in use."""

    label: str
    model: str
    created: datetime
    training_end: str
    rows: int | None
    source: str


@dataclass(frozen=True)
class ModelStatus:
    """How a model is.

    Attributes:
        champion: None where there is none that can be read.
        last: the newest run that trained, or looked whether it is worth it.
        known: the newest run that knew how issued forecasts did.
        next_run: the next start by the crontab or a timer; None where there is none.
        rows: of the file, as the last run saw it.
        rows_behind: beyond those that the champion learned from.
        data_changed: when the file was changed last is after the last run; None where it is not there.
        size: of its files, in bytes.
        running: the run that goes on.
        problems: what is wrong, in a word or two each, the gravest first.
    """

    name: str
    champion: InUse | None
    age: float | None  # of the champion, in seconds
    last: RunRecord | None
    known: RunRecord
    next_run: datetime | None
    rows: int | None
    rows_behind: int | None
    data_changed: bool | None
    size: int
    versions: int
    running: RunMark | None
    problems: tuple[str, ...]

    @property
    def health(self) -> str:
        """Its state in short: ``ok``, or what is gravest."""
        return self.problems[0] if self.problems else "ok"


@dataclass(frozen=True)
class Surroundings:
    """What is looked up once for all models of a store.

    Attributes:
        now: aware.
        schedules: of retrains by model.
        locks: inodes of all locked files; None where the kernel does not tell.
    """

    now: datetime
    schedules: Mapping[str, Scheduled]
    locks: Collection[int] | None


def status_of(models: ModelStore, around: Surroundings) -> ModelStatus:
    """Returns how a model is; what can't be read is a problem of it, and no error."""
    champion, (last, known) = _in_use(models), _runs(models)
    scheduled = schedule_of(models.name, around.schedules)
    changed = _is_changed(champion, last)
    rows = next((run.rows for run in (last, known) if run is not None and run.rows is not None), None)
    behind = max(rows - champion.rows, 0) if champion and rows is not None and champion.rows is not None else None
    mark, is_running = _lock(models.folder / "lock", around.locks)
    problems = [] if champion else ["no champion"]
    problems += ["killed"] if mark and not is_running else []
    problems += _problems_of(last, known)
    if champion and changed is None and Path(champion.source).is_absolute():
        problems.append("data gone")
    ended = last.ended if last else None
    if scheduled and ended and scheduled.is_overdue(ended, around.now):
        problems.append("overdue")
    versions = models.folder / "versions"
    return ModelStatus(
        name=models.name,
        champion=champion,
        age=max((around.now - champion.created).total_seconds(), 0.0) if champion else None,
        last=last,
        known=known,
        next_run=scheduled.after(around.now) if scheduled else None,
        rows=rows,
        rows_behind=behind,
        data_changed=changed,
        size=size_of([models.folder]),
        versions=_count(versions),
        running=mark if is_running else None,
        problems=tuple(dict.fromkeys(problems)),
    )


def _problems_of(last: RunRecord | None, known: RunRecord) -> list[str]:
    found = []
    if last is not None and last.outcome in FAILED:
        found.append(f"{last.outcome}")
    elif last is not None and last.exit_code == 7:
        found.append("rule broken")
    if figures_of(known).is_below_naive:
        found.append("below naive")
    if known.drift:
        found.append("drift")
    return found


def _in_use(models: ModelStore) -> InUse | None:
    """Returns what is in use, its manifest unverified."""
    try:
        alias = Alias.from_bytes(read_regular(models.folder / ALIAS, ALIAS_LIMIT))
        folder = models.folder / "versions" / alias.champion
        document = parse_document(read_regular(folder / MANIFEST, MANIFEST_LIMIT))
        data: Any = document.get("data")
        data = data if isinstance(data, dict) else {}
        if document.get("id") != folder.name:
            return None
        rows, last_row = data.get("rows"), data.get("last_row")
        return InUse(
            f"v{int(document['number'])}",
            str(document.get("model", "")),
            utc(datetime.fromisoformat(document["created"])),
            f"row {last_row}" if last_row else str(data.get("training_end", "")).removesuffix("T00:00:00"),
            rows if isinstance(rows, int) else None,
            str(data.get("source", "")),
        )
    except (ForecastError, OSError, ValueError, KeyError, TypeError):
        return None


def _runs(models: ModelStore) -> tuple[RunRecord | None, RunRecord]:
    """Returns the last run, and the last that knew how issued forecasts did."""
    last, known = None, RunRecord()
    with suppress(ForecastError):
        for place, line in enumerate(models.newest_runs()):
            if place == FURTHEST:
                break
            if line.get("command") not in RUNS:
                continue
            run = read_line(models.name, line)
            last = last or run
            if run.live_points is not None or run.outcome == "trained":
                return last, run
    return last, known


def _is_changed(champion: InUse | None, last: RunRecord | None) -> bool | None:
    """Returns whether the file was changed after the last run; None where it can't be known."""
    if champion is None or not champion.source:
        return None
    try:
        changed = Path(champion.source).stat().st_mtime
    except (OSError, ValueError):
        return None
    ended = last.ended if last else None
    return ended is None or changed > ended.timestamp()


def _count(folder: Path) -> int:
    with suppress(OSError):
        return sum(1 for path in folder.iterdir() if not path.name.startswith("."))
    return 0


def _lock(lock: Path, locks: Collection[int] | None) -> tuple[RunMark | None, bool]:
    """Returns what the holder of a lock wrote into it, and whether it is still there.

    Where the kernel does not tell, a process of that number on this machine is it.
    """
    try:
        status = lock.stat()
    except OSError:
        return None, False
    if not status.st_size:
        return None, False
    mark = read_mark(lock)
    if locks is not None:
        is_held = status.st_ino in locks
        return (mark or RunMark("") if is_held else mark), is_held
    return mark, mark is not None and Path(f"/proc/{mark.pid}").exists()


def read_statuses(root: Path, words: tuple[str, ...], now: datetime) -> tuple[ModelStatus, ...]:
    """Returns the status of models in alphabetical order.

    Args:
        root: the store.
        words: names of models, and patterns of them; none for all.
        now: aware.

    Raises:
        NotFoundError: there is no such model.
    """
    store = Store(root)
    names = store.names()
    if words:
        names, left = matching(words, names)
        if left:
            message = f"No model is or matches {quoted(left[0])}.{did_you_mean(left[0], store.names())}"
            raise NotFoundError(message, "forecast models list")
    return statuses_of(store, names, now)


def statuses_of(store: Store, names: Sequence[str], now: datetime) -> tuple[ModelStatus, ...]:
    """Returns the status of models that are there."""
    around = Surroundings(now, schedules(store.root), held_locks())
    return tuple(status_of(store.model(name), around) for name in names)


def schedules(root: Path) -> dict[str, Scheduled]:
    """Returns when the models of a store are retrained, as the user's crontab and systemd's timers have it."""
    try:
        crontab = read_crontab()
    except ForecastError:  # there is no cron, or none for this user
        crontab = b""
    timers = read_timers([folder.expanduser() for folder in UNIT_FOLDERS])
    return scheduled_retrains(plain_path(root), crontab, timers, clock_zone())
