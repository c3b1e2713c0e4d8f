"""`forecast tune`: searches for better settings, and lets them meet the default where no trial has looked.

    read ─▶ leave the end out ─▶ search, trial by trial ─▶ best against default on the end ─▶ write what came out

Every trial is in a journal before the next begins: whatever ends the run, ``--resume`` goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from forecast.data.read_options import SETTINGS as SETTING_NAMES
from forecast.data.reading.reader import Reading, ReadOptions
from forecast.errors import NotFoundError, Stopped, TrainingError, UsageError, did_you_mean
from forecast.execution.executor import Executor, Workplace, open_executor
from forecast.experiment.final_fit import check_model as check_name
from forecast.experiment.input_data import read_to_learn
from forecast.experiment.news import DataRead, Remark
from forecast.experiment.outputs import stem_of, write_all
from forecast.experiment.plan import SMALL
from forecast.experiment.tuning.confirmation import Confirmation
from forecast.experiment.tuning.contestant_jobs import Match, confirm
from forecast.experiment.tuning.optuna_study import TriedSettings, TuningStudy, check_optuna
from forecast.experiment.tuning.rungs import FINALISTS, chosen
from forecast.experiment.tuning.search_space import (
    CELL,
    Value,
    at_end,
    changes_of,
    check_model,
    check_names,
    toml_lines,
    with_fixed,
)
from forecast.experiment.tuning.trial import keep_reading
from forecast.experiment.tuning.tune_search import (
    BATCH,
    SearchLimits,
    TrialReporter,
    TuneSearch,
)
from forecast.experiment.tuning.tuning_entry import TuningScope, tune_command, tuning_entry
from forecast.experiment.tuning.tuning_folder import TunedSettings, TuningEntry, TuningFolder, tunings
from forecast.models.registry import MODELS
from forecast.production.store.store import Store, model_name_for
from forecast.run import Run
from forecast.specs import PlotKind, Settings
from forecast.wording import counted, listed, percent
from forecast.workflows.pages.tuning import TuningOutcome, draw_tuning, tuning_page

LEAST = 20.0
"""Seconds below which no limit leaves room for a trial and a confirmation."""
SEARCHED = 0.9
"""Share of the run, about, that is gone when the search ends."""
JOB = "forecast.experiment.tuning.contestant_jobs:do_job"


@dataclass(frozen=True)
class TuneRequest:
    """What `tune` was asked for.

    Attributes:
        source: of the data; None with ``resume`` for what was tuned.
        search: names of settings; None for all.
        fixed: settings with a value, as words.
        limits: when the search ends.
        confirm: folds at the end that no trial sees; None for as many as trials are scored on.
        resume: go on with what was begun.
        force: begin anew where something was begun.
        lock_timeout: seconds to wait for another tuning of the model.
        job: name of the function that does a trial.
        spare: processes that do trials where nobody said how many and data is small: its networks are trained in one
            thread each, and the other cores would rest; larger ones are trained side by side in one process.
    """

    source: str | None
    options: ReadOptions
    settings: Settings
    model: str
    name: str | None
    search: tuple[str, ...] | None
    fixed: Mapping[str, str]
    limits: SearchLimits
    folder: Path
    plots: PlotKind
    confirm: int | None = None
    resume: bool = False
    force: bool = False
    report: bool = False
    lock_timeout: float = 0.0
    sample: int | None = None
    cluster: str | None = None
    job: str = JOB
    spare: int = 1


@dataclass(frozen=True, eq=False)
class TuneResult:
    """What `tune` found.

    Attributes:
        trials: all of them, by number; 0 is the default.
        full: those of them that were trained in full after the search, by number; none where all were.
        best: the one whose settings met the default: with the lowest error, in full where there is such.
        tuned: what came out, as the store has it.
        importances: the share of each setting in how trials differ; empty of too few trials.
        late: why there is no confirmation though there is a best trial; empty where there is one, or needs none.
    """

    entry: TuningEntry
    reading: Reading
    trials: tuple[TriedSettings, ...]
    full: dict[int, TriedSettings]
    best: TriedSettings | None
    tuned: TunedSettings
    importances: dict[str, float]
    files: tuple[Path, ...] = ()
    late: str = ""

    @property
    def verdict(self) -> str:
        """What the confirmation said, or why there is none."""
        if self.late:
            return "The time was up before the best settings were confirmed: until they are, the default stays."
        if self.confirmation is not None:
            return self.confirmation.words
        if len(self.trials) == 1:
            return "The default alone was tried, and there is nothing to compare it with: more --trials or time."
        if len(self.full) > 1:
            return "Trained in full, none of the best settings errs less than the default: the default stays."
        return "No settings that were tried err less than the default on the search folds: the default stays."

    @property
    def settings(self) -> str:
        """What won, as a file of settings has it, a line each; empty where the default stays."""
        return toml_lines(self.tuned.changes)

    @property
    def confirmation(self) -> Confirmation | None:
        """How the best settings did on the confirmation span."""
        return self.tuned.confirmation


def tune(request: TuneRequest, store: Store, run: Run) -> TuneResult:
    """Searches, confirms and writes what came out.

    Raises:
        DependencyError: Optuna is not installed.
        UsageError: settings, names and the space contradict each other.
        DataError: there is too little data for a confirmation, or the journal is of other data.
        LockedError: another tuning of this model is at work.
        ForecastError: see ``read_panel`` and ``prepare``.
    """
    check_optuna()
    if request.limits.deadline is not None and request.limits.deadline.limit < LEAST:
        text = f"--time-limit {request.limits.deadline.limit:g}s is too short to try and to confirm anything."
        raise UsageError(text, f"--time-limit {LEAST:g}s or more")
    folder = TuningFolder(store, _name(request, store))
    with folder.lock(request.lock_timeout):
        entry, reading = (
            _resumed(request, folder, tunings(store), run) if request.resume else _begun(request, folder, run)
        )
        if len(reading.panel.values) <= SMALL:
            workers = max(request.limits.workers, request.spare)
            request = replace(request, limits=replace(request.limits, workers=workers))
        study = TuningStudy(folder.journal, entry.space, entry.seed)
        for told in planned_words(entry, sum(trial.state != "open" for trial in study.trials())):
            run.reporter.tell(told)
        try:
            return _tuned(request, folder, entry, study, reading, run)
        except Stopped as stop:
            stop.truth = f"All trials are kept: forecast tune --resume --name {folder.name} goes on."
            raise


def planned_words(entry: TuningEntry, done: int) -> tuple[Remark, ...]:
    """Returns what will be searched, on what, and on what it will be confirmed."""
    step = counted(entry.horizon, "step")
    scored = f"scored on {counted(entry.folds, 'fold')} × {step}, up to {entry.searched_to}"
    words = [
        Remark("Search", ", ".join(each.words for each in entry.space), ("--search", "--fix")),
        Remark("Trials", f"{scored}, {_cheaply(entry)}", ("--folds",)),
        Remark(
            "Kept back", f"{counted(entry.confirm, 'fold')} × {step} at the end: no trial sees them", ("--confirm",)
        ),
    ]
    if done:
        words.append(Remark("Resumed", f"{counted(done, 'trial')} of before are kept"))
    return tuple(words)


def _cheaply(entry: TuningEntry) -> str:
    """Returns in words how trials are trained."""
    if entry.rung is None:
        return "one seed each"
    parts = [f"the {entry.rung.cell} for all cells"] if entry.rung.cell != "auto" else []
    parts += [f"{percent(entry.rung.effort)} of the training steps"] if entry.rung.effort < 1 else []
    return f"one seed each, {listed(parts)}; the best {FINALISTS} in full"


def _name(request: TuneRequest, store: Store) -> str:
    if request.name is not None:
        return request.name
    if request.source is not None:
        return model_name_for(stem_of(request.source))
    names = tunings(store)
    if len(names) == 1:
        return names[0]
    if not names:
        raise NotFoundError(f"Nothing was tuned in {store.root} yet.", "forecast tune DATA")
    raise UsageError(f"Which tuning? The store has {', '.join(names)}.", f"forecast tune --resume --name {names[0]}")


def _begun(request: TuneRequest, folder: TuningFolder, run: Run) -> tuple[TuningEntry, Reading]:
    """Returns what is tuned from now on, and its data.

    Raises:
        UsageError: something was begun that would be lost.
    """
    assert request.source is not None
    before, tuned = folder.entry() if not request.force else None, folder.tuned() if not request.force else None
    check_name(request.model, ("auto", *MODELS))
    check_names(request.search or ())  # before a large file is read
    settings, model = with_fixed(request.settings, request.model, request.fixed)
    check_model(settings, model)
    now = run.clock.now()
    reading = read_to_learn(request.source, request.options, now, request.sample)
    run.reporter.tell(DataRead(reading))
    scope = TuningScope(
        name=folder.name,
        source=request.source,
        options=request.options,
        sample=request.sample,
        settings=settings,
        model=model,
        search=request.search,
        confirm=request.confirm,
        batch=max(BATCH, request.limits.workers),
        begun=now.isoformat(),
    )
    entry = tuning_entry(scope, reading, run)
    if before is not None:
        _check_replaced(before, tuned, entry, has_trials=folder.journal.exists())
        known = "the same data" if before.fingerprint == entry.fingerprint else f"{before.source} of then"
        run.reporter.tell(Remark("Replaced", f"the tuning of {before.begun[:10]} on {known}", ("--name",)))
    folder.begin(entry)
    return entry, reading


def _check_replaced(before: TuningEntry, tuned: TunedSettings | None, entry: TuningEntry, *, has_trials: bool) -> None:
    """Refuses to begin anew where something would be lost that is not done, or is of another file.

    Raises:
        UsageError: it would.
    """
    name = entry.name
    if has_trials and (tuned is None or tuned.written < before.begun):
        raise UsageError(
            f"A tuning of {name} was begun on {before.begun[:10]} and has not come to its end.",
            f"forecast tune --resume --name {name} goes on with it, or --force begins anew",
        )
    if before.source != entry.source and before.fingerprint != entry.fingerprint:
        stem = model_name_for(stem_of(entry.source))
        begun = before.begun[:10]
        text = f"{name} is the tuning of {before.source}, begun on {begun}, and {entry.source} is another file."
        free = stem if stem != name else f"{stem}-2"
        raise UsageError(text, f"--name {free} tunes it beside that, or --force begins anew")


def _resumed(
    request: TuneRequest, folder: TuningFolder, known: tuple[str, ...], run: Run
) -> tuple[TuningEntry, Reading]:
    """Returns what is tuned, and its data.

    Raises:
        NotFoundError: nothing was.
        UsageError: other settings are asked for now, or the data is another.
    """
    entry = folder.entry()
    if entry is None:
        meant = did_you_mean(folder.name, known)
        raise NotFoundError(f"No tuning of {folder.name} was begun.{meant}", "forecast tune DATA begins one")
    asked = (request.search is not None, bool(request.fixed), request.model != "auto", request.confirm is not None)
    for flag, is_given in zip(("--search", "--fix", "--model", "--confirm"), asked, strict=True):
        if is_given:
            text = f"{flag} can't be used with --resume, which goes on with what was begun."
            raise UsageError(text, f"leave out {flag}, or --force instead of --resume begins anew")
    _check_same(request, entry)
    source = request.source if request.source is not None else entry.source
    reading = read_to_learn(source, entry.options, run.clock.now(), entry.sample)
    if reading.fingerprint != entry.fingerprint:
        raise UsageError(
            f"{source} is not the data that {folder.name} is tuned on: its fingerprint is {reading.fingerprint[:8]}, "
            f"and {entry.fingerprint[:8]} was tuned ({entry.rows:,} rows then, {reading.rows:,} now).",
            f"the data of before, or begin anew: forecast tune {source} --name {folder.name} --force",
        )
    run.reporter.tell(DataRead(reading))
    return entry, reading


def _check_same(request: TuneRequest, entry: TuningEntry) -> None:
    """Refuses settings and ways to read that are not those of before; what is not given is as it was.

    Raises:
        UsageError: there is one.
    """
    pairs = (
        (vars(request.options), vars(ReadOptions()), vars(entry.options)),
        (request.settings.flat(), Settings().flat(), entry.settings.flat()),
    )
    for given, usual, before in pairs:
        for name, value in given.items():
            if value not in (usual[name], before[name]):
                flag = f"--{SETTING_NAMES.get(name, name).replace('_', '-')}"
                text = f"--resume goes on with what was begun, and {flag} is {value} now, {before[name]} then."
                raise UsageError(text, f"leave out {flag}, or --force instead of --resume begins anew")


def _tuned(
    request: TuneRequest, folder: TuningFolder, entry: TuningEntry, study: TuningStudy, reading: Reading, run: Run
) -> TuneResult:
    """Searches on, and writes what came out."""
    reporter = TrialReporter(run.stage(0.0, SEARCHED).reporter)
    searching = run.with_reporter(reporter)
    keep_reading(searching, reading, (entry.source, entry.options, entry.fingerprint, entry.sample))
    place = Workplace(request.limits.workers if request.cluster is None else 1, request.cluster)
    with open_executor(place, searching) as executor:
        trials, full = TuneSearch(entry, study, executor, searching, reporter, request.limits, request.job).run()
        best = chosen(trials, full)
        if best is None:
            raise TrainingError(
                "The time was up before the default itself was scored.",
                f"a longer --time-limit: forecast tune --resume --name {folder.name} --time-limit 10m",
            )
        found = changes_of(best.values, entry.space, entry.window)
        changes = at_end(found, entry.window, entry.end_window, entry.season or 1)
        reporter.searched("confirming", 1.0)
        confirmation, looks, late = _confirmed(request, folder, entry, changes, executor, searching)
    is_better = confirmation is not None and confirmation.is_better
    tuned = TunedSettings(
        name=folder.name,
        source=entry.source,
        fingerprint=entry.fingerprint,
        model=str(changes.get(CELL, entry.model)) if is_better else entry.model,
        changes=changes if is_better else {},
        best=changes,
        confirmation=confirmation,
        looks=looks,
        trials=len(trials),
        written=run.clock.now().isoformat(),
    )
    if not late:
        folder.write(tuned)
    run.reporter.progress("drawing", 1.0)
    importances = study.importances()
    drawn = draw_tuning(entry, trials, importances, request.plots)
    files = write_all(request.folder, {f"{folder.name}-tune-{stem}": content for stem, content in drawn.items()})
    result = TuneResult(entry, reading, trials, full, best, tuned, importances, files, late)
    return _with_page(request, result, run.clock.now()) if request.report else result


def _with_page(request: TuneRequest, result: TuneResult, now: datetime) -> TuneResult:
    """Writes the report beside the pictures."""
    entry = result.entry
    told = TuningOutcome(result.verdict, result.confirmation, result.settings, tune_command(entry, len(result.trials)))
    page = tuning_page(entry, result.trials, result.importances, told, now)
    files = write_all(request.folder, {f"{entry.name}-tune-report.html": page})
    return replace(result, files=(*result.files, *files))


def _confirmed(
    request: TuneRequest,
    folder: TuningFolder,
    entry: TuningEntry,
    changes: dict[str, Value],
    executor: Executor,
    run: Run,
) -> tuple[Confirmation | None, int, str]:
    """Returns how the best settings did, how often the span was looked at, and why they could not be confirmed.

    The same settings on the same data are not looked at again: each look at a span would be one more chance.
    """
    before = folder.tuned()
    is_same_data = before is not None and before.fingerprint == entry.fingerprint
    looks = before.looks if before is not None and is_same_data else 0
    if not changes:
        return None, looks, ""
    if before is not None and is_same_data and before.best == changes and before.confirmation is not None:
        return before.confirmation, looks, ""
    match = Match(changes, folder.root, looks + 1, request.job, request.limits.deadline)
    found = confirm(entry, match, executor, run)
    if found is None:
        return None, looks, f"forecast tune --resume --name {folder.name} --time-limit 10m"
    return found, looks + 1, ""
