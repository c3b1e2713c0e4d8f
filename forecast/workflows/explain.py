"""`forecast explain`: why a network forecasts as it does, from a saved model or from cells trained for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.data.files.source import Source
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.errors import UsageError, did_you_mean
from forecast.evaluation.explain.cost import kernel_of, network_cost
from forecast.evaluation.explain.explanation import Explanation, Focus, check_lags, check_series, explained
from forecast.evaluation.explain.learning import learning_curve
from forecast.evaluation.explain.memory_lesson import lesson_words, run_memory_lesson
from forecast.evaluation.explain.memory_test import MemoryTestResult, run_memory_test, verdict
from forecast.evaluation.explain.subject import Subject
from forecast.experiment.experiment import prepare
from forecast.experiment.input_data import only_model
from forecast.experiment.news import DataRead
from forecast.experiment.outputs import stem_of
from forecast.experiment.stored_forecast import data_of_forecast
from forecast.experiment.time_limit import Terms
from forecast.experiment.versions.stored_model import StoredModel, load_version
from forecast.models.covariates.covariate_model import NetworkCovariates, check_columns
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Snapshot, Watcher
from forecast.models.networks.cells import CELLS, REFERENCE
from forecast.models.networks.recurrent import RecurrentModel, run_network
from forecast.models.registry import ENSEMBLE, make_forecaster
from forecast.production.store.store import Store
from forecast.run import Clock, Run
from forecast.specs import ModelSpec, Settings

SEEDS = 3
"""Networks trained from each view where they are only to be looked into: the band of a curve needs several."""
NOT_RECORDED = "trained before, on what its version does not say"


@dataclass(frozen=True)
class ModelRequest:
    """A saved model to explain: see ``PredictRequest``."""

    name: str | None
    source: str | Source | None = None
    version: str | None = None
    focus: Focus = Focus()


@dataclass(frozen=True)
class DataRequest:
    """Data on which cells are to be trained and explained."""

    source: str
    options: ReadOptions
    settings: Settings
    models: tuple[str, ...]
    focus: Focus = Focus()


def explain_model(request: ModelRequest, store: Store, run: Run) -> Explanation:
    """Looks into a saved model; TensorFlow is not needed.

    Raises:
        NotFoundError: no such model, version or file.
        DataError: the version is damaged or of another program, or the data can't be read.
        UsageError: the model has no recurrent cell, or the focus does not fit it.
    """
    models = store.model(request.name or only_model(store, "explain"))
    stored = load_version(models.version(request.version)) if request.version else models.with_champion(load_version)
    parts = recurrent_parts(stored)
    known = data_of_forecast(stored, request.source)
    panel, notes = known.panel, known.notes
    costs = [network_cost(part.spec, _predict_seconds(part, run.clock), None, NOT_RECORDED) for part in parts]
    title = f"{stored.version.name} {stored.version.label} ({stored.trained.name})"
    subjects = [Subject(part, check_columns(part.covariate_model, panel)) for part in parts]
    watched = [(subject, cost, None) for subject, cost in zip(subjects, costs, strict=True)]
    return explained(title, stored.version.name, panel, stored.trained.season, watched, request.focus, notes)


def recurrent_parts(stored: StoredModel) -> list[RecurrentModel]:
    """Returns the model's parts with a recurrent cell, each with the networks that its forecast stands on.

    Raises:
        UsageError: there is none.
    """
    trained = stored.trained
    own_parts = trained.model.parts if isinstance(trained.model, EnsembleModel) else ()
    ends = np.cumsum([len(part.networks) for part in own_parts])
    used = trained.combination.used if trained.combination else np.ones(sum(ends[-1:]), dtype=bool)
    parts = []
    for part, own in zip(own_parts, np.split(used, ends[:-1]), strict=bool(own_parts)):
        kept = tuple(network for network, is_used in zip(part.networks, own, strict=True) if is_used)
        if part.spec.is_recurrent and CELLS[part.spec.cell].runs is None:
            parts.append(replace(part, networks=kept or part.networks))
    if not parts:
        name = stored.version.name
        is_layer = any(part.spec.is_recurrent for part in own_parts)
        why = "a layer of your own can't be looked into" if is_layer else "it has no recurrent cell to look into"
        raise UsageError(
            f"{name} {stored.version.label} is a {trained.name} model: {why}.",
            f"forecast train DATA --model {REFERENCE} --name {name}, or forecast explain DATA {_every_cell()}",
        )
    return parts


def explain_data(request: DataRequest, run: Run) -> Explanation:
    """Trains cells on all but the last horizon of a file, watches them learn, and looks into them.

    Raises:
        UsageError: a model is none of the cells, or the focus does not fit.
        ForecastError: see ``read_panel`` and ``prepare``.
    """
    cells = cells_of(request.models)
    settings = replace(request.settings, seeds=request.settings.seeds or SEEDS)
    reading = read_panel(request.source, request.options, now=run.clock.now())
    run.reporter.tell(DataRead(reading))
    prepared = prepare(reading, settings, cells, run, Terms())
    run = run.on(prepared.machine)
    check_lags(request.focus, prepared.plan.window)
    check_series(reading.panel, request.focus.series)
    fold = prepared.folds[-1]
    train, truth = fold.train(reading.panel), fold.truth(reading.panel)
    watched = []
    for number, cell in enumerate(cells):
        snapshots: list[Snapshot] = []

        def progress(share: float, at: int = number, cell: str = cell) -> None:
            run.reporter.progress(cell, (at + share) / len(cells))

        forecaster = make_forecaster(cell, prepared.specs, prepared.plan.season, run)
        model = forecaster.fit(train, Watcher(progress, truth, snapshots.append))
        assert isinstance(model, RecurrentModel)
        learning = learning_curve(snapshots, model, train, truth)
        seconds = float(learning.seconds[-1] / learning.steps[-1])
        kernel = kernel_of(model.spec, run.machine)
        cost = network_cost(model.spec, _predict_seconds(model, run.clock), seconds, kernel)
        watched.append((Subject(model, check_columns(model.covariate_model, train)), cost, learning))
    run.reporter.progress("looking into them", 1.0)
    stem = stem_of(request.source)
    title = f"{stem}: {', '.join(cells)} trained on all but the last {prepared.plan.horizon} steps"
    return explained(title, stem, train, prepared.plan.season, watched, request.focus, ())


def memory_test(seed: int, run: Run) -> tuple[MemoryTestResult, tuple[str, ...]]:
    """Returns what the memory test found, and what it means in sentences."""
    found = run_memory_test(seed, run)
    return found, verdict(found)


def memory_lesson(seed: int, run: Run) -> tuple[MemoryTestResult, tuple[str, ...]]:
    """Returns the same of its short form."""
    found = run_memory_lesson(seed, run)
    return found, lesson_words(found)


def _every_cell() -> str:
    return f"--models {','.join(CELLS)}"


def cells_of(models: Sequence[str]) -> tuple[str, ...]:
    """Returns the cells that a list of models names; ``ensemble`` stands for all of them.

    Raises:
        UsageError: one has no recurrent cell, or none is named.
    """
    meant = {**{cell: (cell,) for cell in CELLS}, ENSEMBLE: tuple(CELLS)}
    for name in models:
        if name not in meant:
            raise UsageError(
                f"'{name}' has no recurrent cell to look into.{did_you_mean(name, meant)}",
                _every_cell(),
            )
    cells = tuple(dict.fromkeys(cell for name in models for cell in meant[name]))
    if not cells:
        raise UsageError("--models names no model.", _every_cell())
    return cells


def _predict_seconds(model: RecurrentModel, clock: Clock) -> float:
    """Returns what one network's forecast of one window takes in numpy, the best of several tries."""
    spec: ModelSpec = model.spec
    window, base, best = np.zeros((1, spec.window)), np.zeros((1, spec.horizon)), float("inf")
    shapes = ((spec.window, spec.known + spec.past), (spec.horizon, spec.known), (spec.static,))
    covariates = (
        NetworkCovariates(*(np.zeros((1, *shape), np.float32) for shape in shapes)) if spec.takes_covariates else None
    )
    for _ in range(7):
        began = clock.seconds()
        run_network(spec, model.networks[0].weights, window, covariates, base)
        best = min(best, clock.seconds() - began)
    return best
