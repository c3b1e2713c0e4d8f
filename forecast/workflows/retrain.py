"""`forecast retrain`: a challenger on the newest data, put in use only if it wins. Made for cron.

    load ─▶ check ─▶ worth it? ─▶ train ─▶ challenge ─▶ gate ─▶ refit, self-test ─▶ publish ─▶ forecast ─▶ record

Whatever happens on the way, the champion is whole and in use; only the step ``publish`` can replace it.
Nothing heavy is imported before there is something to do.
"""

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from forecast.errors import ExitCode, ForecastError
from forecast.execution.job import peak_memory
from forecast.experiment.retraining.request import RetrainRequest, RetrainResult
from forecast.experiment.retraining.unfinished_run import Log, Progress, recorded
from forecast.production.known_hosts import checked_source, remember
from forecast.production.quality import broken, figures_of
from forecast.production.runs import mark_of
from forecast.production.store.disk import atomic_write
from forecast.production.store.model_store import ModelStore
from forecast.production.store.retention import KEEP_ALL
from forecast.production.store.run_record import RunRecord
from forecast.production.store.store import Store
from forecast.production.triggers import Past, fingerprint_of, is_finished, read_past
from forecast.run import Run


def retrain(request: RetrainRequest, store: Store, run: Run, log: Log) -> RetrainResult:
    """Trains a challenger if that is worth it, and puts it in use if it wins.

    Raises:
        DependencyError: settings are to be searched, and Optuna is not installed.
        SuspiciousError: the data does not look like a sequel to the champion's.
        LockedError: another run works on this model.
        ForecastError: see ``read_panel``, ``run_experiment`` and ``ModelStore.publish``.
    """
    if request.tune is not None:
        from forecast.experiment.tuning.optuna_study import check_optuna

        check_optuna("retrain --tune")
    models = store.model(request.name or _only_model(store))
    champion = models.champion()  # before a lock is made for a model that does not exist
    told = champion.manifest.data.source
    source = request.source or checked_source(told, f"forecast retrain {models.name}")
    if request.source:
        remember(request.source)
    began = run.clock.now()
    mark = mark_of("retrain", began)
    log = _named(log, models.name, mark.run)
    log("started", {"name": models.name, "source": source, "champion": champion.label})
    with nullcontext() if request.dry_run else models.lock(request.lock_timeout, mark):
        progress = Progress(models, RunRecord("retrain", "failed", name=models.name, run=mark.run), run.clock)
        with recorded(progress, log, is_dry=request.dry_run):
            past = read_past(models)
            label, end = past.champion.label, past.champion.manifest.data.training_end
            progress.learn(champion=label, challenged=label, training_end=end)
            fingerprint = fingerprint_of(source)
            is_ended = request.is_repeated(past, fingerprint) and is_finished(past, fingerprint)
            if is_ended and request.is_written(models.name, label):
                facts = {"fingerprint": fingerprint, "asked": request.asked, "rows": past.rows, "new_rows": 0}
                result = _nothing_new(progress, past, facts)
            else:
                from forecast.experiment.retraining.retrain_run import RetrainRun  # numpy and more

                result = RetrainRun(request, source, past, progress, run, log).result()
            if not request.dry_run:
                result = _judged(request, progress, result, run.clock.now())
                result = _compared(models, result, began, run)
                progress.write(result.record)
                _tidy(request, models, log)
                if request.report:
                    pages = _write_report(request, models, result, run.clock.now())
                    result = replace(result, files=(*result.files, *pages))
            log("ended", result.record.at(run.clock.now()).line())
            return result


def _named(log: Log, name: str, run: str) -> Log:
    """Returns a log whose lines say which model they are about, and which run of it."""

    def named(event: str, facts: dict[str, Any]) -> None:
        log(event, {"model": name, **facts, "run": run})

    return named


def _judged(request: RetrainRequest, progress: Progress, result: RetrainResult, now: datetime) -> RetrainResult:
    """Returns the result with the alarms that live accuracy, or the champion's age, calls for; they are booked."""
    age = max((now - progress.models.champion().created).total_seconds(), 0.0)
    said = broken(request.alarms, figures_of(result.record, age))
    result = replace(result, record=progress.learn(peak_bytes=peak_memory() or None))
    if not said:
        return result
    reason = f"{result.record.reason}; {', '.join(said)}"
    return replace(result, record=progress.learn(reason=reason, exit_code=int(ExitCode.QUALITY_GATE)), alarms=said)


def _compared(models: ModelStore, result: RetrainResult, began: datetime, run: Run) -> RetrainResult:
    """Returns the result with what this run's forecast changed, where it issued one."""
    if result.outlook is None:  # nothing was looked at
        return result
    from forecast.experiment.changes.comparison import last_change
    from forecast.experiment.changes.sentences import change_sentence, total_change

    change = last_change(models, result.outlook.history, run, since=began)
    return replace(result, changed=change_sentence(change, total_change(change))) if change else result


def _tidy(request: RetrainRequest, models: ModelStore, log: Log) -> None:
    """Removes what is not to be kept; a disk that refuses is no failure of the run."""
    kept = request.kept
    if kept == KEEP_ALL:
        return
    try:
        gone = models.prune(kept.keep, kept.issued_since)
    except ForecastError as error:
        log("unpruned", {"reason": error.message})
        return
    labels = [*(version.label for version in gone.versions), *gone.damaged]
    log("pruned", {"removed": labels, "issued": len(gone.issued), "freed_bytes": gone.size})


def _nothing_new(progress: Progress, past: Past, facts: dict[str, Any]) -> RetrainResult:
    known = past.looked or RunRecord()
    facts |= {**figures_of(known).facts(), "drift": known.drift}
    record = progress.learn(outcome="nothing-new", reason="the same data and settings as before", **facts)
    return RetrainResult(record, f"{past.since:%Y-%m-%d %H:%M} UTC")


def _write_report(
    request: RetrainRequest, models: ModelStore, result: RetrainResult, now: datetime
) -> tuple[Path, ...]:
    """Writes the report of the champion after a retrain, with what was decided and why, and returns its files.

    Raises:
        DataError: a file of the champion is damaged, or the disk refused.
    """
    from forecast.workflows.pages.version import ReportNames, version_report  # Jinja2, matplotlib

    names = ReportNames(f"{models.name}-report.html", csv=f"{models.name}.csv")
    files = version_report(models, models.champion(), now, names, result.outlook, result.record)
    for name, content in files.items():
        atomic_write(request.folder / name, content, flag="-o DIR", only_file=True)
    return tuple(request.folder / name for name in files)


def _only_model(store: Store) -> str:
    from forecast.experiment.input_data import only_model

    return only_model(store, "retrain")
