"""Whether two data sets are of one kind: what is forecast, what tells the series apart, and the step (stdlib only).

A name in the store stands for one question. Where the answer would be to another one, nobody is to notice it by its
numbers alone.
"""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from forecast.decoding import decode
from forecast.errors import ForecastError, NameTakenError, UsageError
from forecast.production.store.manifest import ManifestData
from forecast.production.store.model_store import ModelStore
from forecast.production.store.store import model_name_for
from forecast.production.store.version import Version
from forecast.wording import DAYS, MONTHS, adverb, listed

if TYPE_CHECKING:  # so that a rollback needs the standard library alone
    from forecast.data.reading.reader import Reading


def difference(before: ManifestData, now: ManifestData) -> str:
    """Returns in words how the second of two ``data`` entries of manifests is of another kind, or an empty string.

    What an entry does not tell is no difference. Of several targets side by side, one in common is enough.
    """
    found = []
    old, new = (_names(data, "target") for data in (before, now))
    if old and new and not _folded(old) & _folded(new):
        found.append(f"{_listed(new)} instead of {_listed(old)} is forecast")
    old, new = (_names(data, "ids") for data in (before, now))
    if old is not None and new is not None and _folded(old) != _folded(new):
        words = [f"by {_listed(ids)}" if ids else "not at all" for ids in (new, old)]
        found.append(f"series are told apart {words[0]} instead of {words[1]}")
    steps = [data.get("frequency") for data in (before, now)]
    if None not in steps and _where(steps[0]) != _where(steps[1]):
        found.append(f"the data is {_step(steps[1])} instead of {_step(steps[0])}")
    return ", and ".join(found)


def checked_name(models: ModelStore, reading: "Reading", *, force: bool) -> "Reading":
    """Returns what would be trained on under a name, with a finding where the champion learned from another file.

    Args:
        models: the store of the name.
        reading: what would be trained on.
        force: train although the champion answers another question.

    Raises:
        NameTakenError: target, ids or frequency differ from the champion's, and not ``force``.
    """
    from forecast.data.findings import Finding

    try:
        champion = models.champion()
    except ForecastError:  # there is none, or it can't be read: nothing is lost
        return reading
    before = manifest_data(champion)
    now = decode(ManifestData, {"columns": asdict(reading.columns), "frequency": asdict(reading.panel.frequency)})
    other, name, label = difference(before, now), models.name, champion.label
    if other and not force:
        another = model_name_for(f"{name}-{reading.panel.target}")
        answers = {f"--name {another}": "a model of its own", "--force": f"{name} goes on with the new question"}
        raise NameTakenError(f"{name} stands for another question: compared with {label}, {other}.", answers)
    trained_on = before.get("source")
    if other:
        found = Finding("warning", "name", f"{name} stands for another question now: {other}", "--name")
    elif trained_on is not None and reading.path and trained_on != str(reading.path):
        found = Finding("note", "name", f"{name} {label} was trained on another file: {trained_on}", "--name")
    else:
        return reading
    return replace(reading, findings=(*reading.findings, found))


def check_same_question(present: Version, target: Version, command: str, *, force: bool) -> None:
    """Refuses to put a version in use that answers another question than the one in use.

    Args:
        present: in use.
        target: to be put in use.
        command: that would do it all the same, but for ``--force``.
        force: do it.

    Raises:
        UsageError: it does, and not ``force``.
    """
    other = difference(manifest_data(present), manifest_data(target))
    if other and not force:
        raise UsageError(
            f"{target.name} {target.label} answers another question: compared with {present.label}, {other}.",
            f"{command} --force puts it in use all the same",
        )


def manifest_data(version: Version) -> ManifestData:
    """Returns what a version tells of its data, if nothing."""
    data: ManifestData | None = version.manifest.get("data")
    return data or decode(ManifestData, {})


def _names(data: ManifestData, key: str) -> list[str] | None:
    """Returns columns by their part; None where the entry does not tell."""
    names = (data.get("columns") or {}).get(key)
    return [str(name) for name in names] if isinstance(names, list | tuple) else None


def _folded(names: list[str]) -> set[str]:
    return {name.casefold() for name in names}


def _where(frequency: Any) -> dict[str, Any]:
    """Returns what tells where steps lie: not whether they are known to be called after their last day."""
    return {name: value for name, value in dict(frequency).items() if name != "is_closing"}


def _listed(names: list[str]) -> str:
    return listed([f"'{name}'" for name in names], 3)


def _step(frequency: Any) -> str:
    """Returns a frequency in a word, such as ``daily``, with what else is told of it where that is unusual."""
    unit, every, phase = str(frequency.get("unit")), frequency.get("every", 1), frequency.get("phase", 0)
    word = adverb(unit)
    parts = [f"{every}-{word}" if every != 1 else word]
    parts += [_begin(unit, phase)] if phase or unit == "week" else []
    parts += [f"on day {frequency.get('day')}"] if frequency.get("day", 1) != 1 else []
    return " ".join(parts)


def _begin(unit: str, phase: int) -> str:
    """Returns where the steps lie: a weekday, a month or a time of day."""
    days, seconds = divmod(phase, 24 * 3600)
    if unit == "week":
        return f"on {DAYS[(days + DAYS.index('Thursday')) % len(DAYS)]}s"  # 1970 began on one
    if unit in {"month", "quarter", "year"}:
        return f"from {MONTHS[phase % len(MONTHS)]} on"
    return "on other days" if days else f"from {seconds // 3600:02}:{seconds // 60 % 60:02} on"
