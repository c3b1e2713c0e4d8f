"""The store: named models under one folder, ``ROOT/models/NAME``."""

import os
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from forecast.addresses import address_of
from forecast.errors import UsageError
from forecast.production.store.disk import Disk, kind_of, list_folders, telling, unheard, unused_name_near
from forecast.production.store.json_document import NewerStoreError
from forecast.production.store.lock import check_own, file_locks
from forecast.production.store.model_store import ModelStore
from forecast.production.store.version import Version

_ADDRESS = re.compile(r"[\w.+@-]{2,}:(/|$)")  # s3:/, as a path has it; host:/ of scp
_NAME = re.compile(r"\w[\w.-]{0,99}")


def model_name_for(text: str) -> str:
    """Returns the nearest valid model name, for a file's stem or a name that was refused."""
    name = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", text)).lstrip("_.-").rstrip("_")
    return name[:100] or "model"


class Store:
    """All models under one folder; ``on_step`` hears of each disk operation before it happens."""

    def __init__(self, root: Path, on_step: Callable[[str], None] = unheard) -> None:
        """Names a store; nothing is looked at yet.

        Raises:
            UsageError: The place is an address of the network, not a folder.
        """
        if _ADDRESS.match(str(root)):
            address = address_of(root) or str(root)
            raise UsageError(
                f"What is written needs a store on this machine, not an address such as {address}: a version is "
                "published by a lock and a rename, which no address has.",
                "--store DIR; commands that only read, such as predict, take the address too",
            )
        self.root = root
        self._disk = Disk(on_step)
        self._models: dict[str, ModelStore] = {}

    def model(self, name: str) -> ModelStore:
        """Returns the store of one model, the same object each time; the model need not exist yet.

        Raises:
            UsageError: The name is not letters, digits, dot, underscore and dash, begun by a letter or digit.
        """
        name = unicodedata.normalize("NFC", name)
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"'{name}' can't name a model: a name is up to 100 letters, digits, '.', '_' and '-', "
                "and starts with a letter or digit.",
                f"--name {model_name_for(name)}",
            )
        if name not in self._models:
            self._models[name] = ModelStore(self.root / "models" / name, self._disk, self.names)
        return self._models[name]

    def names(self) -> tuple[str, ...]:
        """Returns the models that have a champion or a version, in alphabetical order."""
        found = (path.name for path in list_folders(self.root / "models"))
        return tuple(sorted(name for name in found if _NAME.fullmatch(name) and self.model(name).exists()))

    def is_there(self) -> bool:
        """Returns whether there is such a folder.

        Raises:
            DataError: It can't be known.
        """
        return kind_of(self.root, "--store DIR") == "folder"

    def newest(self) -> Version | None:
        """Returns the version published last over all models, or None in an empty store."""
        latest: list[Version] = []
        for name in self.names():
            with suppress(NewerStoreError):  # of that one, whoever names it is told
                latest += self.model(name).versions()[-1:]
        return max(latest, key=lambda version: (version.created, version.name), default=None)

    def check_writable(self) -> None:
        """Writes and removes a file where the next model would go, leaving nothing behind.

        Raises:
            DataError: The store can't be written to; the text says why.
            DependencyError: This system has no locks.
            UsageError: It is a copy, which is only read.
        """
        file_locks()
        check_own(self.root / "models")
        with telling(f"write to the store {self.root}"):
            folder = (self.root / "models").absolute()
            while not os.path.lexists(folder):
                folder = folder.parent
            probe = unused_name_near(folder / "probe")
            try:
                self._disk.write_new(probe, b"probe\n")
            finally:
                if os.path.lexists(probe):
                    self._disk.remove(probe)
