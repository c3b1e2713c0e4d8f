"""What `retrain` was asked for, and what it did (standard library only)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.production.promotion import Gate
from forecast.production.quality import QualityRule
from forecast.production.store.disk import is_file
from forecast.production.store.retention import KEEP_ALL, Retention
from forecast.production.store.run_record import RunRecord
from forecast.production.triggers import FUTURE, Past, Rules, Tolerance, fingerprint_of, is_same
from forecast.specs import Preset

if TYPE_CHECKING:  # or finding out that there is nothing to do would cost the import of numpy
    from forecast.data.reading.reader import ReadOptions
    from forecast.experiment.outputs import Outlook


@dataclass(frozen=True)
class Change:
    """How the challenger's recipe differs from the champion's; what is left out is the champion's.

    Attributes:
        min_holdout: fewest steps after the champion's training end that it is scored on; default: one horizon.
        refit_all: train the winner on all data before it is published.
        warm: another challenger begins from the champion's weights.
    """

    model: str | None = None
    preset: Preset | None = None
    seed: int | None = None
    seeds: int | None = None
    min_holdout: int | None = None
    refit_all: bool = True
    warm: bool = False

    def asked(self, gate: Gate) -> dict[str, Any]:
        """Returns all that is not as usual and could make the same data come out differently."""
        usual = {**vars(Change()), **vars(Gate())}
        return {key: value for key, value in {**vars(self), **vars(gate)}.items() if value != usual[key]}


@dataclass(frozen=True)
class RetrainRequest:
    """What `retrain` was asked for.

    Attributes:
        name: of the model; None where the store holds only one.
        source: newest data; None for the file that the champion was trained on.
        options: how to read it; None for the way in which the champion's was read.
        folder: of the forecast file.
        lock_timeout: seconds to wait for another run.
        dry_run: say what would be done.
        exit_code_kept: for the record, what the process exits with where the champion stays.
        report: a page of the champion and of what was decided, beside the forecast file.
        alarms: from where on live accuracy, or the champion's age, fails the run, though it is done to its end.
        kept: what is kept of the model after the run.
        tune: seconds that better settings are searched for, as one more challenger; None for no search.
        future: a file that tells the known covariates of the steps to come; None where the data itself does.
        ignores_anomalies: values among the new ones that the champion flags are neither learned from nor scored.
        table: the address of a table that the forecast is written into, in place of a file.
        creates_table: make it where it is not there.
    """

    name: str | None
    source: str | None
    options: "ReadOptions | None"
    change: Change
    gate: Gate
    rules: Rules
    tolerance: Tolerance
    folder: Path
    lock_timeout: float = 0.0
    dry_run: bool = False
    exit_code_kept: int = 0
    report: bool = False
    tune: float | None = None
    future: str | None = None
    alarms: tuple[QualityRule, ...] = ()
    kept: Retention = KEEP_ALL
    ignores_anomalies: bool = False
    table: str | None = None
    creates_table: bool = False

    def destination(self, name: str) -> Path | str:
        """Returns where the forecast of a model goes: a file, or the address of a table."""
        return self.table or self.folder / f"{name}.csv"

    def is_written(self, name: str, label: str) -> bool:
        """Returns whether a forecast of a version is where it goes: the file is there, or a row in the table.

        Raises:
            ForecastError: see ``holds_forecast``.
        """
        if self.table is None:
            return is_file(self.folder / f"{name}.csv")
        from forecast.data.files.remote.forecast_table import holds_forecast  # its driver

        return holds_forecast(self.table, name, label)

    @property
    def asked(self) -> dict[str, Any]:
        """All that is not as usual and could make the same data come out differently."""
        future = {FUTURE: fingerprint_of(self.future)} if self.future else {}
        ignored = {"anomalies": "ignore"} if self.ignores_anomalies else {}
        tune = {"tune": True} if self.tune is not None else {}
        return self.change.asked(self.gate) | tune | future | ignored

    def is_repeated(self, past: Past, fingerprint: str | None) -> bool:
        """Returns whether an earlier run was asked the same of the same bytes."""
        unforced = not self.gate.force and self.options is None
        return unforced and is_same(past, fingerprint, self.asked)


@dataclass(frozen=True, eq=False)
class RetrainResult:
    """What `retrain` did.

    Attributes:
        record: of the run; its outcome ``dry-run`` is recorded nowhere.
        since: the date on which its training data ended, or of the run that saw the same data.
        plan: of a dry run, what would be read, trained and written.
        alarms: in words, which quality rules are broken.
        outlook: the champion's forecast from the newest row; None where the data was not looked at.
        changed: what that forecast changed of the one before, in a sentence; empty where that can't be told.
    """

    record: RunRecord
    since: str = ""
    notes: tuple[str, ...] = ()
    files: tuple[Path | str, ...] = ()
    plan: tuple[str, ...] = ()
    outlook: "Outlook | None" = None
    alarms: tuple[str, ...] = ()
    changed: str = ""

    @property
    def entrant(self) -> str:
        """What the challenger is called: one with tuned settings, or the champion's weights to begin, is named so."""
        tuned = "tuned " if self.record.tuned_settings else ""
        return f"{tuned}warm challenger" if self.record.warm else f"{tuned}challenger"
