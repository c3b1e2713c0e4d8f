"""`forecast retrain`: a challenger on the newest data, put in use only if it wins. Made for cron.

    load ─▶ check ─▶ worth it? ─▶ train ─▶ fight ─▶ gate ─▶ refit, self-test ─▶ publish ─▶ forecast ─▶ record

Whatever happens on the way, the champion is whole and in use; only the step ``publish`` can replace it.
Nothing heavy is imported before there is something to do.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.experiment.retraining.unfinished_run import Log, Progress, recorded
from forecast.production.promotion import Gate
from forecast.production.runs import Entry
from forecast.production.store.store import Store
from forecast.production.triggers import FUTURE, Past, Rules, Tolerance, fingerprint_of, is_finished, is_same, read_past
from forecast.specs import Device, Preset

if TYPE_CHECKING:  # or finding out that there is nothing to do would cost the import of numpy
    from forecast.data.reading.reader import ReadOptions
    from forecast.experiment.experiment import Reporter
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
        future: a file that tells the known covariates of the steps to come; None where the data itself does.
    """

    name: str | None
    source: str | None
    options: "ReadOptions | None"
    change: Change
    gate: Gate
    rules: Rules
    tolerance: Tolerance
    folder: Path
    device: Device = "auto"
    lock_timeout: float = 0.0
    dry_run: bool = False
    exit_code_kept: int = 0
    report: bool = False
    future: str | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """All that is not as usual and could make the same data come out differently."""
        future = {FUTURE: fingerprint_of(self.future)} if self.future else {}
        return self.change.asked(self.gate) | future

    def is_repeated(self, past: Past, fingerprint: str | None) -> bool:
        """Returns whether an earlier run was asked the same of the same bytes."""
        unforced = not self.gate.force and self.options is None
        return unforced and is_same(past, fingerprint, self.asked)


@dataclass(frozen=True, eq=False)
class RetrainResult:
    """What `retrain` did.

    Attributes:
        entry: as recorded in the history; its outcome ``dry-run`` is recorded nowhere.
        before: label of the champion that was challenged.
        since: the date on which its training data ended, or of the run that saw the same data.
        entrant: what the challenger is called: one that began from the champion's weights is named so.
        scored_on: what the scores stand on, such as ``the newest 28 days``.
        plan: of a dry run, what would be read, trained and written.
        outlook: the champion's forecast from the newest row; None where the data was not looked at.
    """

    name: str
    entry: Entry
    before: str
    since: str = ""
    entrant: str = "challenger"
    scored_on: str = ""
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    plan: tuple[str, ...] = ()
    outlook: "Outlook | None" = None


def retrain(
    request: RetrainRequest, store: Store, now: Callable[[], datetime], reporter: "Reporter", log: Log
) -> RetrainResult:
    """Trains a challenger if that is worth it, and puts it in use if it wins.

    Raises:
        SuspiciousError: the data does not look like a sequel to the champion's.
        LockedError: another run works on this model.
        ForecastError: see ``read_panel``, ``run_contest`` and ``ModelStore.publish``.
    """
    models = store.model(request.name or _only_model(store))
    champion = models.champion()  # before a lock is made for a model that does not exist
    source = request.source or str(champion.manifest["data"]["source"])
    log("started", {"name": models.name, "source": source, "champion": champion.label})
    with nullcontext() if request.dry_run else models.lock(request.lock_timeout):
        progress = Progress(models, Entry("retrain", "failed"))
        with recorded(progress, now, log, is_dry=request.dry_run):
            past = read_past(models)
            progress.learn(champion=past.champion.label, training_end=past.champion.manifest["data"]["training_end"])
            fingerprint = fingerprint_of(source)
            forecast = request.folder / f"{models.name}.csv"
            if request.is_repeated(past, fingerprint) and is_finished(past, fingerprint, forecast):
                facts = {"fingerprint": fingerprint, "asked": request.asked, "rows": past.rows, "new_rows": 0}
                result = _nothing_new(progress, past, facts)
            else:
                from forecast.workflows.retrain_run import Succession  # numpy and more

                result = Succession(request, source, past, progress, now, reporter, log).run()
            if not request.dry_run:
                progress.write(result.entry, now())
                if request.report:
                    from forecast.workflows.report import write_retrain_page  # Jinja2, matplotlib

                    result = replace(result, files=(*result.files, write_retrain_page(request, models, result, now())))
            log("ended", result.entry.line(now()))
            return result


def _nothing_new(progress: Progress, past: Past, facts: dict[str, Any]) -> RetrainResult:
    entry = progress.learn(outcome="nothing-new", reason="the same data and settings as before", **facts)
    return RetrainResult(progress.models.name, entry, past.champion.label, f"{past.since:%Y-%m-%d %H:%M} UTC")


def _only_model(store: Store) -> str:
    from forecast.experiment.input_data import only_model

    return only_model(store, "retrain")
