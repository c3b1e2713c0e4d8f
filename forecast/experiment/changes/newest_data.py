"""The newest data of a model as one of its versions reads it: read once, and only where a comparison needs it."""

from pathlib import Path

from forecast.addresses import is_address
from forecast.data.files.parquet_folder import is_folder
from forecast.data.panel import Panel
from forecast.errors import ForecastError
from forecast.experiment.input_data import is_there
from forecast.experiment.stored_forecast import data_of_forecast
from forecast.experiment.versions.stored_model import StoredModel
from forecast.run import Run

SMALL = 16 * 1024**2
"""Bytes of a file that a report may read beside what it is about."""


class NewestData:
    """The newest data, which is handed over, named, or that of the last train.

    Attributes:
        notes: what is to be said of it.
    """

    def __init__(
        self, run: Run, source: str | None = None, panel: Panel | None = None, *, only_small: bool = False
    ) -> None:
        """Reads nothing yet.

        Args:
            run: whose clock dates it.
            source: a file that was named; None for the one that the version was trained on.
            panel: what was read already.
            only_small: read no large file, no folder and nothing from elsewhere.
        """
        self._run, self._source, self._panel, self._only_small = run, source, panel, only_small
        self._read: dict[str, Panel | None] = {}
        self.notes: tuple[str, ...] = ()

    def __call__(self, reader: StoredModel) -> Panel | None:
        """Returns the data as a version reads it; None where it is not there any more, or can't be read so.

        Raises:
            ForecastError: a file that was named can't be read.
        """
        label = reader.version.label
        if label not in self._read:
            own = self._panel
            self._read[label] = own if own is not None and _is_alike(own, reader) else self._from_file(reader)
        return self._read[label]

    def _from_file(self, reader: StoredModel) -> Panel | None:
        source = self._source or reader.source
        if self._only_small and (is_address(source) or is_folder(source) or _size(source) > SMALL):
            return None
        if self._source is None and not is_there(source, "--data FILE"):
            self.notes = (f"{source} is not there any more (--data FILE takes another).",)
            return None
        try:
            return data_of_forecast(reader, source, self._run.clock.now()).panel
        except ForecastError as error:
            if self._source is not None:
                raise
            self.notes = (f"{source} can't be read ({error.message.rstrip('.')}).",)
            return None


def _is_alike(panel: Panel, reader: StoredModel) -> bool:
    """Returns whether a panel has the target, frequency and columns that a version reads."""
    if panel.target != reader.context.target or panel.frequency != reader.context.frequency:
        return False
    own = panel.covariates.columns if panel.covariates else ()
    return [(each.name, each.kind) for each in own] == [(each.name, each.kind) for each in reader.columns]


def _size(source: str) -> int:
    try:
        return Path(source).stat().st_size
    except OSError:
        return 0
