"""The folder of a model's tuning in the store: what is tuned, the journal, and what came out; one process at a time.

.forecast/models/NAME/tuning/tuning.json     what is tuned: data, settings, search space
.forecast/models/NAME/tuning/journal.log     every trial, see ``optuna_study``
.forecast/models/NAME/tuning/tuned.json      what came out of the last search that came to its end
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from forecast.data.read_options import ReadOptions
from forecast.decoding import Document, MayLack, decode, encode
from forecast.errors import DataError, NotFoundError, UsageError, did_you_mean
from forecast.experiment.final_fit import AUTO
from forecast.experiment.tuning.confirmation import Confirmation
from forecast.experiment.tuning.search_space import Rung, SearchedSetting, Value, changed_settings, pinned_names
from forecast.models.registry import is_learned, without_effect
from forecast.production.store.disk import Disk, is_file, list_folders, read_regular, telling
from forecast.production.store.json_document import format_document, parse_document
from forecast.production.store.lock import ModelLock
from forecast.production.store.store import Store
from forecast.specs import Settings

FOLDER, ENTRY, JOURNAL, TUNED, LOCK = "tuning", "tuning.json", "journal.log", "tuned.json", "lock"
LIMIT = 1 << 20
"""Bytes that a document of the folder may have."""
_T = TypeVar("_T", bound=Document)


@dataclass(frozen=True)
class TuningEntry(Document):
    """What is tuned: two of the same try the same.

    Attributes:
        settings: as the user gave them, those that are pinned among them.
        model: that is tuned.
        horizon: of the plan at the end of the data.
        window: the recipe's, before the confirmation span.
        seed: of what is tried.
        folds: that each trial is scored on.
        confirm: folds of the confirmation span.
        batch: trials that are asked for together.
        searched_to: the last day that the search may know.
        rung: how cheaply trials are trained before the best of them are trained in full; None where all are.
        end_window: the recipe's at the end of the data, where it may see more than before the confirmation span.
        season: that windows are whole ones of.
    """

    name: str
    source: str
    options: ReadOptions
    sample: int | None
    fingerprint: str
    rows: int
    settings: Settings
    model: str
    horizon: int
    window: int
    space: tuple[SearchedSetting, ...]
    seed: int
    folds: int
    confirm: int
    batch: int
    searched_to: str
    begun: str
    rung: MayLack[Rung] = None
    end_window: MayLack[int] = None
    season: MayLack[int] = None


@dataclass(frozen=True)
class TunedSettings(Document):
    """What came out of a search.

    Attributes:
        model: to train.
        changes: of the recipe that are worth making; none where the default stays.
        best: what the search found best, whether it was confirmed or not.
        confirmation: None where nothing beat the default in the search, or there was no time for it.
        looks: how often the confirmation span of this data was looked at.
        trials: of which that came.
    """

    name: str
    source: str
    fingerprint: str
    model: str
    changes: dict[str, Value]
    best: dict[str, Value]
    confirmation: Confirmation | None
    looks: int
    trials: int
    written: str


class TuningFolder:
    """The folder of one model's tuning."""

    def __init__(self, store: Store, name: str) -> None:
        """Names it; nothing is looked at yet.

        Raises:
            UsageError: the name can't be one of a model.
        """
        self.name = store.model(name).name
        self.root = store.root / "models" / self.name / FOLDER
        self._disk = Disk()

    @property
    def journal(self) -> Path:
        """The file of the journal."""
        return self.root / JOURNAL

    @contextmanager
    def lock(self, timeout: float = 0.0) -> Iterator[None]:
        """Holds the folder for the block; trains and retrains of the model are not kept waiting.

        Raises:
            LockedError: another tuning of the model is at work, and was for all of ``timeout`` seconds.
            DataError: the store can't be written to.
        """
        with telling(f"write {self.root}"):
            self._disk.make_folder(self.root)
        with ModelLock(self.root / LOCK, f"the tuning of {self.name}").hold(timeout):
            yield

    def entry(self) -> TuningEntry | None:
        """Returns what is tuned here; None where nothing was.

        Raises:
            DataError: that can't be read.
        """
        return self._read(ENTRY, TuningEntry)

    def tuned(self) -> TunedSettings | None:
        """Returns what came out; None where no search came to its end.

        Raises:
            DataError: that can't be read.
        """
        return self._read(TUNED, TunedSettings)

    def begin(self, entry: TuningEntry) -> None:
        """Begins anew: the trials of before are gone, what came out of them stays until there is more."""
        with telling(f"write {self.root}"):
            if self.journal.exists():
                self._disk.remove(self.journal)
            self._disk.replace(self.root / ENTRY, format_document(encode(entry)))

    def write(self, tuned: TunedSettings) -> None:
        """Writes what came out."""
        with telling(f"write {self.root}"):
            self._disk.replace(self.root / TUNED, format_document(encode(tuned)))

    def _read(self, file: str, kind: type[_T]) -> _T | None:
        path = self.root / file
        try:
            document = parse_document(read_regular(path, LIMIT))
            document.pop("schema_version")
            return decode(kind, document)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            anew = f"forecast tune DATA --name {self.name} --force begins anew"
            raise DataError(f"{path} can't be read: {error}.", anew) from error


def tunings(store: Store) -> tuple[str, ...]:
    """Returns the names of all that is or was tuned, in alphabetical order."""
    folders = list_folders(store.root / "models")
    return tuple(sorted(path.name for path in folders if is_file(path / FOLDER / ENTRY)))


def tuned_settings(store: Store, name: str) -> TunedSettings:
    """Returns what came out of the tuning of a name.

    Raises:
        NotFoundError: nothing did.
        DataError: it can't be read.
    """
    found = TuningFolder(store, name).tuned()
    if found is not None:
        return found
    names = tunings(store)
    if name in names:
        raise NotFoundError(
            f"The tuning of {name} has not come to its end.", f"forecast tune --resume --name {name} goes on with it"
        )
    raise NotFoundError(f"Nothing was tuned as {name}.{did_you_mean(name, names)}", f"forecast tune DATA --name {name}")


def with_tuned(settings: Settings, model: str, tuned: TunedSettings) -> tuple[Settings, str, dict[str, Value]]:
    """Returns settings and model as a tuning found them, and what it changed; what somebody gave himself stays.

    Of a network without a recurrent cell, what it has not is left out.

    Raises:
        UsageError: the model is no network.
    """
    if model != AUTO and not is_learned(model):
        raise UsageError(f"tune finds settings of networks, and {model} has none.", "leave out --tuned, or --model")
    pinned = pinned_names(settings, model)
    lacks = [] if model == AUTO else without_effect([name.replace("-", "_") for name in tuned.changes], (model,))
    changes = {
        name: value
        for name, value in tuned.changes.items()
        if name not in pinned and name.replace("-", "_") not in lacks
    }
    return *changed_settings(settings, model, changes), changes
