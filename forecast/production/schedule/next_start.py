"""When scheduled retrains start next: what the user's crontab and systemd's timers say of a store."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise, product
from pathlib import Path
from zoneinfo import ZoneInfo

from forecast.errors import ForecastError
from forecast.production.schedule.cron_job import ALL, TIMER_SECTION
from forecast.production.schedule.crontab import FIRST, is_same_folder
from forecast.production.schedule.timetable import Timetable, read_cron

LONGEST = 5 * 366
"""Days that are looked ahead: a 29 February comes within so many, but for a turn of the century."""
LATE = timedelta(hours=1)
"""How long after its start a retrain may still be on its way to its first line in the history."""


@dataclass(frozen=True)
class Scheduled:
    """A timetable, and the time zone that it goes by."""

    timetable: Timetable
    zone: tzinfo

    def after(self, moment: datetime) -> datetime | None:
        """Returns the first start after a moment, in UTC; None where none is within years."""
        local = moment.astimezone(self.zone)
        minutes, hours = self.timetable.values[:2]
        for day in (local.date() + timedelta(days=i) for i in range(LONGEST)):
            if not self.timetable.is_on(day):
                continue
            for hour, minute in product(hours, minutes):
                start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).astimezone(UTC)
                if start > moment:
                    return start
        return None

    def is_overdue(self, ended: datetime, now: datetime) -> bool:
        """Returns whether two starts since the last run ended were missed."""
        first = self.after(ended)
        second = self.after(first) if first else None
        return second is not None and now > second + LATE


def scheduled_retrains(store: Path, crontab: bytes, timers: Mapping[Path, str], zone: tzinfo) -> dict[str, Scheduled]:
    """Returns the timetables of the models of a store by name; that of all models under ``ALL``.

    Args:
        store: absolute.
        crontab: of the user.
        timers: the text of each unit.
        zone: of the machine's clock, by which cron goes.
    """
    found = {}
    for name, place, cron in (*_cron_lines(crontab), *map(_told_by, timers.values())):
        with suppress(ForecastError):
            if name and is_same_folder(place.encode(), store):
                found[name] = Scheduled(read_cron(cron.partition(" in ")[0]), _zone(cron.partition(" in ")[2]) or zone)
    return found


def schedule_of(name: str, schedules: Mapping[str, Scheduled]) -> Scheduled | None:
    """Returns by which timetable a model is retrained; its own goes before that of all."""
    return schedules.get(name) or schedules.get(ALL)


def read_timers(folders: Iterable[Path]) -> dict[Path, str]:
    """Returns the text of each timer of this program in folders that systemd reads."""
    found = {}
    for folder in folders:
        with suppress(OSError):
            for path in sorted(folder.glob("forecast-*.timer")):
                found[path] = path.read_text(encoding="utf-8", errors="replace")
    return found


def _cron_lines(crontab: bytes) -> Iterator[tuple[str, str, str]]:
    lines = crontab.splitlines(keepends=True)
    for mark, line in pairwise(lines):
        found = FIRST.fullmatch(mark)
        if found:
            words = line.decode(errors="replace").split()
            yield found[1].decode(errors="replace"), found[2].decode(errors="replace"), " ".join(words[:5])


def _told_by(timer: str) -> tuple[str, str, str]:
    """Returns the model, store and cron expression that a timer of this program tells; empty texts of others."""
    _, found, section = timer.partition(f"[{TIMER_SECTION}]\n")
    told = dict(re.findall(r"^(\w+)=(.*)$", section, re.MULTILINE)) if found else {}
    store = "".join(shlex.split(told.get("Store", ""))) if told else ""
    zone = f" in {told['Zone']}" if told.get("Zone") else ""
    return told.get("Model", ""), store, f"{told.get('Cron', '')}{zone}"


def _zone(name: str) -> ZoneInfo | None:
    with suppress(ValueError, OSError, KeyError):
        return ZoneInfo(name) if name else None
    return None
