"""What is in the store, as rows for a table."""

from pathlib import Path

from forecast.errors import ForecastError
from forecast.production.store.store import Store
from forecast.production.store.version import Version

Row = dict[str, str | bool]


def is_store(root: Path) -> bool:
    """Returns whether there is such a folder."""
    return Store(root).is_there()


def describe_champions(root: Path) -> list[Row]:
    """Returns one row a model: its champion, or the reason why it has none."""
    rows: list[Row] = []
    store = Store(root)
    for name in store.names():
        try:
            rows.append(_describe(store.model(name).champion(), champion=True))
        except ForecastError as error:
            rows.append(_blank(name, error.message))
    return rows


def describe_versions(root: Path, name: str) -> list[Row]:
    """Returns one row a version of a model, oldest first.

    Raises:
        NotFoundError: there is no such model.
    """
    models = Store(root).model(name)
    versions = models.versions()
    try:
        champion = models.champion().id
    except ForecastError:
        if not versions:
            raise
        champion = ""
    return [_describe(version, champion=version.id == champion) for version in versions]


def _describe(version: Version, *, champion: bool) -> Row:
    manifest = version.manifest
    data = manifest.get("data", {})
    return {
        "name": version.name,
        "version": version.label,
        "champion": champion,
        "model": str(manifest.get("model", "")),
        "created": version.created.isoformat(timespec="seconds"),
        "training_end": f"row {data['last_row']}" if data.get("last_row") else str(data.get("training_end", "")),
        "id": version.id,
    }


def _blank(name: str, problem: str) -> Row:
    nothing: Row = dict.fromkeys(("version", "model", "created", "training_end", "id"), "")
    return {**nothing, "name": name, "champion": False, "model": problem}
