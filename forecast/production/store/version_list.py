"""The published versions of a model as they stand at one moment, whole and damaged, and the choice among them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from forecast.errors import DataError, NotFoundError, UsageError
from forecast.production.store.alias import Alias
from forecast.production.store.disk import list_folders
from forecast.production.store.json_document import NewerStoreError
from forecast.production.store.manifest import MOST_NUMBER, is_version_id
from forecast.production.store.version import Version, load_version


@dataclass(frozen=True)
class VersionList:
    """What stands in the folder of a model's versions."""

    name: str  # of the model
    versions: tuple[Version, ...]  # oldest first by number (clocks jump)
    damaged: Mapping[str, DataError]  # what is wrong with each that is left out for its manifest, by id

    @property
    def labels(self) -> list[str]:
        """What each version can be called by: the short names, then the ids."""
        return [version.label for version in self.versions] + [version.id for version in self.versions]

    def find(self, label: str) -> Version | None:
        """Returns the version of a number (``v2``, ``2``), id, or beginning of the id that no other shares.

        Raises:
            UsageError: More than one begins so.
            DataError: It is there, but its manifest is damaged.
        """
        digits = label.removeprefix("v")
        if re.fullmatch("[0-9]{1,7}", digits):
            found = [version for version in self.versions if version.number == int(digits)]
        else:
            found = [version for version in self.versions if label and version.id.startswith(label)]
            found = [version for version in found if version.id == label] or found
            for version_id, error in self.damaged.items():
                if version_id == label or (label and version_id.startswith(label) and not found):
                    raise error
        if len(found) > 1:
            ids = ", ".join(version.id for version in found)
            raise UsageError(f"{self.name}: '{label}' can be any of {ids}.", f"forecast models show {self.name}")
        return found[0] if found else None

    def next_number(self, alias: Alias) -> int:
        """Returns the number of the version to come; none is ever given out twice.

        Raises:
            DataError: All are given out.
        """
        last = max([alias.last_number, *(version.number for version in self.versions)])
        if last >= MOST_NUMBER:
            raise DataError(f"{self.name} has given out all numbers, up to v{last}.", "train it under another --name")
        return 1 + last

    def earlier(self, alias: Alias) -> Version:
        """Returns the last whole champion before the present one.

        Where the present one is damaged and no earlier one is whole, the best other whole version.

        Raises:
            NotFoundError: There is none.
        """
        versions = {version.id: version for version in self.versions}
        present = versions.pop(alias.champion, None)
        trail = [versions.pop(version_id) for version_id in reversed(alias.before) if version_id in versions]
        if present is None or not present.is_intact():
            trail += sorted(versions.values(), key=_merit, reverse=True)
        for version in trail:
            if version.is_intact():
                return version
        raise NotFoundError(f"{self.name} has no earlier champion to go back to.", f"forecast models show {self.name}")


def read_version_list(name: str, folder: Path) -> VersionList:
    """Returns what stands in the folder of a model's versions.

    Raises:
        NewerStoreError: A newer program wrote a version.
    """
    versions, damaged = [], {}
    for place in version_folders(folder):
        try:
            versions.append(load_version(name, place))
        except NewerStoreError:
            raise
        except DataError as error:
            if place.exists():  # else a prune took it away since it was listed
                damaged[place.name] = error
    return VersionList(name, tuple(sorted(versions, key=lambda version: (version.number, version.id))), damaged)


def version_folders(folder: Path) -> Iterator[Path]:
    """Returns the folders in it that are called as a version is, in no order."""
    return (path for path in list_folders(folder) if is_version_id(path.name))


def _merit(version: Version) -> tuple[bool, int]:
    """Ranks versions where no trail does: winners of their day before losers, then the newest."""
    return version.manifest.published_as == "champion", version.number
