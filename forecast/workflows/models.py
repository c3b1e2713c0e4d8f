"""`forecast models rollback|promote|prune`: which version is in use and which stay; the history keeps each change."""

from datetime import datetime
from pathlib import Path

from forecast.errors import ForecastError
from forecast.experiment.versions.identity import check_same_question
from forecast.production.runs import try_run
from forecast.production.status import statuses_of
from forecast.production.store.retention import Prunable, Retention
from forecast.production.store.run_record import RunRecord
from forecast.production.store.store import Store
from forecast.production.store.version import WEIGHTS, Version
from forecast.widening import Widening
from forecast.wording import counted, listed

Row = dict[str, str | bool | float | None]


def is_store(root: Path) -> bool:
    """Returns whether there is such a folder."""
    return Store(root).is_there()


def describe_champions(root: Path, now: datetime) -> list[Row]:
    """Returns one row a model: its champion, or the reason why it has none; and how it is, in a word."""
    rows: list[Row] = []
    store = Store(root)
    names = store.names()
    for status in statuses_of(store, names, now):
        try:
            row = store.model(status.name).with_widening(_describe)
        except ForecastError as error:
            row = _blank(status.name, error.message)
        rows.append({**row, "health": status.health})
    return rows


def describe_versions(root: Path, name: str) -> list[Row]:
    """Returns one row a version of a model, oldest first.

    Raises:
        NotFoundError: there is no such model.
    """
    models = Store(root).model(name)
    versions = models.versions()
    try:
        champion, widening = models.with_widening(lambda version, widening: (version.id, widening))
    except ForecastError:
        if not versions:
            raise
        champion, widening = "", None
    return [_describe(version, widening if version.id == champion else None) for version in versions]


def early_note(root: Path, name: str) -> str | None:
    """Returns what is to be said of versions that an earlier program trained; None where there are none.

    Raises:
        NotFoundError: there is no such model.
    """
    early = [version for version in Store(root).model(name).versions() if version.is_early]
    if not early:
        return None
    programs = sorted({version.program for version in early})
    verb, they, it = ("was", "it forecasts", "it") if len(early) == 1 else ("were", "they forecast", "they")
    return (
        f"{listed([version.label for version in early])} {verb} trained by an earlier forecast ({listed(programs)}): "
        f"{they} as {it} did then"
    )


def _describe(version: Version, widening: Widening | None) -> Row:
    """Returns the row of a version; the champion's widening is known."""
    data = version.manifest.get("data")
    ended = "" if data is None else f"row {data.last_row}" if data.last_row else data.get("training_end") or ""
    return {
        "name": version.name,
        "version": version.label,
        "champion": widening is not None,
        "model": version.manifest.get("model") or "",
        "created": version.created.isoformat(timespec="seconds"),
        "training_end": ended,
        "id": version.id,
        "widened": widening.factor if widening else None,
    }


def _blank(name: str, problem: str) -> Row:
    nothing: Row = dict.fromkeys(("version", "model", "created", "training_end", "id"), "")
    return {**nothing, "name": name, "champion": False, "model": problem, "widened": None}


def rollback(root: Path, name: str, to: str | None, now: datetime, *, force: bool = False) -> Version:
    """Puts an earlier version in use and returns it; see ``ModelStore.rollback``.

    Raises:
        UsageError: it answers another question than the version in use, and not ``force``.
    """
    models = Store(root).model(name)

    def accept(present: Version, target: Version) -> None:
        check_readable(target)
        check_same_question(present, target, f"forecast models rollback {name} --to {target.label}", force=force)

    version = models.rollback(to, now, accept)
    try_run(models, RunRecord("rollback", "rolled-back", _by_hand(to), champion=version.label), now)
    return version


def promote(root: Path, name: str, label: str, now: datetime, *, force: bool = False) -> Version:
    """Puts a version in use and returns it; see ``ModelStore.promote``.

    Raises:
        UsageError: it answers another question than the version in use, and not ``force``.
    """
    models = Store(root).model(name)

    def accept(present: Version, target: Version) -> None:
        check_readable(target)
        check_same_question(present, target, f"forecast models promote {name} {target.label}", force=force)

    version = models.promote(label, now, accept)
    try_run(models, RunRecord("promote", "promoted", _by_hand(label), champion=version.label), now)
    return version


def prune(root: Path, name: str, kept: Retention, now: datetime, *, dry_run: bool) -> Prunable:
    """Removes what is not to be kept, and returns what went, or would go; see ``ModelStore.prune``."""
    models = Store(root).model(name)
    if dry_run:
        return models.prunable(kept.keep, kept.issued_since)
    models.champion()  # so that a name that is none makes no lock
    with models.lock():
        gone = models.prune(kept.keep, kept.issued_since)
        words = [*(version.label for version in gone.versions), *gone.damaged]
        words += [counted(len(gone.issued), "issued forecast")] if gone.issued else []
        if words:
            record = RunRecord("prune", "pruned", f"removed by hand: {', '.join(words)}", models.champion().label)
            try_run(models, record, now)
    return gone


def check_readable(version: Version) -> None:
    """Refuses a version that could not forecast.

    Raises:
        DataError: it is damaged, or this program can't read it.
    """
    if WEIGHTS not in version.files:
        return
    from forecast.experiment.versions.stored_model import load_version  # numpy

    load_version(version)


def _by_hand(label: str | None) -> str:
    return f"by hand, to {label}" if label else "by hand"
