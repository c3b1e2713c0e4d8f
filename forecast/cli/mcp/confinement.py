"""The folder that an assistant may look into: a path that leads out of it is refused, whichever way it goes."""

import os
from dataclasses import dataclass
from pathlib import Path

from forecast.errors import NotFoundError, UsageError, did_you_mean
from forecast.wording import quoted

OUTPUT = "forecasts"
"""Folder of what commands write, in the folder they run in."""


@dataclass(frozen=True)
class Confinement:
    """A folder, and the store in it.

    Attributes:
        root: without a link on its way.
        store: where models are kept, likewise.
    """

    root: Path
    store: Path

    def file(self, argument: str, given: str) -> str:
        """Returns the way to a file from the folder, in which no link is left.

        Raises:
            UsageError: it is no path, or leads out of the folder.
            NotFoundError: there is no such file.
        """
        if "://" in given or given == "-" or not given.isprintable():
            raise UsageError(
                f"{argument} {given!r} is not the path of a file.", f"{argument} with a file in the folder"
            )
        path = self._inside(argument, self.root / given)
        if not path.is_file():
            raise NotFoundError(f"There is no file {quoted(given)} in the folder.", "the name of a file that is there")
        return _safe(os.path.relpath(path, self.root))

    def model(self, given: str | None) -> str:
        """Returns the name of a model that is there: an argument that could be a path, or a flag, is none.

        Raises:
            UsageError: none is given, and there are several.
            NotFoundError: there is no such model.
        """
        from forecast.production.store.store import Store

        names = Store(self.store).names()
        if given is None and len(names) > 1:
            raise UsageError(f"Which model? The store has {', '.join(names)}.", f"name {names[0]}")
        if not names:
            raise NotFoundError("There is no trained model yet.", "train makes one")
        name = names[0] if given is None else given
        if name not in names:
            raise NotFoundError(f"There is no model {quoted(name)}.{did_you_mean(name, names)}", ", ".join(names))
        return name

    def check_source(self, name: str) -> None:
        """Refuses a model whose own data lies elsewhere: it would be read again.

        Raises:
            UsageError: it does.
        """
        from forecast.production.store.store import Store

        source = Store(self.store).model(name).champion().manifest.data.source
        try:
            self.file("data", source)
        except NotFoundError:
            return  # the command knows what to do about that
        except UsageError:
            message = f"The data that {name} was trained on lies outside of the folder that may be read."
            raise UsageError(message, "data with a file in the folder") from None

    def check_places(self) -> None:
        """Refuses a folder whose store or output is a way out of it: it may be so only since the last time.

        Raises:
            UsageError: it is.
        """
        from forecast.production.store.links import link_out_of

        for place in (self.store, self.root / OUTPUT):
            self._inside("the folder", place)
            if link := link_out_of(place, self.root):
                raise UsageError(f"{link} is a link that leads out of the folder.", "remove the link")

    def _inside(self, argument: str, path: Path) -> Path:
        found = path.resolve()
        if not found.is_relative_to(self.root):
            raise UsageError(f"{argument} leads out of the folder that may be read and written.", "a path inside of it")
        return found


def confinement_of(root: Path, store: Path) -> Confinement:
    """Returns the folder and the store in it; a store that is given relative is one of that folder.

    Raises:
        NotFoundError: there is no such folder.
        UsageError: the store lies outside of it.
    """
    folder = root.resolve()
    if not folder.is_dir():
        raise NotFoundError(f"There is no folder {root}.", "--root with a folder that is there")
    place = (folder / store).resolve()
    if not place.is_relative_to(folder):
        raise UsageError(
            f"The store {store} lies outside of {root}.", "--store with a folder inside, or another --root"
        )
    return Confinement(folder, place)


def _safe(path: str) -> str:
    """Returns a path that no command takes for a flag, or for standard input."""
    return f".{os.sep}{path}" if path.startswith("-") else path
