"""`forecast explain`: why a network forecasts as it does, from a saved model or from cells trained for it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.data.panel import Panel
from forecast.data.readers import ReadOptions, read_panel
from forecast.errors import UsageError, did_you_mean
from forecast.evaluation.insight.cost import Cost, kernel_of, network_cost
from forecast.evaluation.insight.learning import Learning, learning_curve
from forecast.evaluation.insight.plain_words import Sentence, plain_words
from forecast.evaluation.insight.portrait import Portrait, portray
from forecast.evaluation.insight.probe import Subject, typical_series
from forecast.models.forecaster import Snapshot, Watcher
from forecast.models.knowledge import Surroundings, check_columns
from forecast.models.recurrent import RecurrentModel, run_network
from forecast.models.registry import ENSEMBLE, make_forecaster
from forecast.production.store import Store
from forecast.specs import CELLS, Cell, Device, ModelSpec, Settings
from forecast.workflows.contest import Reporter, prepare
from forecast.workflows.outputs import stem_of
from forecast.workflows.predict import panel_of
from forecast.workflows.sources import only_model
from forecast.workflows.timing import Terms
from forecast.workflows.versions import StoredModel, load_version

SEEDS = 3
"""Networks trained from each view where they are only to be looked into: the band of a curve needs several."""
MOST_SERIES = 1000
"""The typical series is sought among at most so many."""
NOT_RECORDED = "trained before, on what its version does not say"
STEP_WORDS = {"minute": "minute", "hour": "hour", "day": "day", "business-day": "business day", "row": "row"}


@dataclass(frozen=True)
class Focus:
    """What of it is looked at.

    Attributes:
        series: its name; None for the most typical one.
        lags: that are drawn; None for the whole window.
    """

    series: str | None = None
    lags: int | None = None


@dataclass(frozen=True)
class ModelRequest:
    """A saved model to explain: see ``PredictRequest``."""

    name: str | None
    source: str | None = None
    version: str | None = None
    focus: Focus = Focus()


@dataclass(frozen=True)
class DataRequest:
    """Data on which cells are to be trained and explained."""

    source: str
    options: ReadOptions
    settings: Settings
    models: tuple[str, ...]
    device: Device = "auto"
    focus: Focus = Focus()


@dataclass(frozen=True, eq=False)
class Explanation:
    """What was found.

    Attributes:
        stem: what its files are called by.
        seasons: in steps, as far as the window holds them.
        series: position of the one on which gates and the spike are shown.
        lags: that are drawn.
    """

    title: str
    stem: str
    target: str
    step: str
    seasons: tuple[int, ...]
    series: int
    lags: int
    notes: tuple[str, ...]
    portraits: tuple[Portrait, ...]
    sentences: tuple[Sentence, ...]
    subjects: tuple[Subject, ...]

    @property
    def series_id(self) -> str:
        """Name of the series that is shown."""
        return self.subjects[0].panel.series_ids[self.series]

    @property
    def season(self) -> int:
        """The shortest season, 1 where there is none."""
        return self.seasons[0] if self.seasons else 1


def explain_model(request: ModelRequest, store: Store) -> Explanation:
    """Looks into a saved model; TensorFlow is not needed.

    Raises:
        NotFoundError: no such model, version or file.
        DataError: the version is damaged or of another program, or the data can't be read.
        UsageError: the model has no recurrent cell, or the focus does not fit it.
    """
    models = store.model(request.name or only_model(store, "explain"))
    stored = load_version(models.version(request.version)) if request.version else models.with_champion(load_version)
    parts = recurrent_parts(stored)
    panel, notes = panel_of(stored, request.source)
    costs = [network_cost(part.spec, _predict_seconds(part), None, NOT_RECORDED) for part in parts]
    title = f"{stored.version.name} {stored.version.label} ({stored.trained.name})"
    subjects = [Subject(part, check_columns(part.knowledge, panel)) for part in parts]
    watched = [(subject, cost, None) for subject, cost in zip(subjects, costs, strict=True)]
    return _explained(title, stored.version.name, panel, stored.trained.season, watched, request.focus, notes)


def recurrent_parts(stored: StoredModel) -> list[RecurrentModel]:
    """Returns the model's parts with a recurrent cell, each with the networks that its forecast stands on.

    Raises:
        UsageError: there is none.
    """
    trained = stored.trained
    ends = np.cumsum([len(part.networks) for part in trained.model.parts])
    used = trained.combination.used if trained.combination else np.ones(ends[-1], dtype=bool)
    parts = []
    for part, own in zip(trained.model.parts, np.split(used, ends[:-1]), strict=True):
        kept = tuple(network for network, is_used in zip(part.networks, own, strict=True) if is_used)
        if part.spec.cell in CELLS:
            parts.append(replace(part, networks=kept or part.networks))
    if not parts:
        name = stored.version.name
        raise UsageError(
            f"{name} {stored.version.label} is a {trained.name} model: it has no recurrent cell to look into.",
            f"forecast train DATA --model lstm --name {name}, or forecast explain DATA --models rnn,lstm,gru",
        )
    return parts


def explain_data(request: DataRequest, reporter: Reporter) -> Explanation:
    """Trains cells on all but the last horizon of a file, watches them learn, and looks into them.

    Raises:
        UsageError: a model is none of the cells, or the focus does not fit.
        ForecastError: see ``read_panel`` and ``prepare``.
    """
    cells = cells_of(request.models)
    settings = replace(request.settings, seeds=request.settings.seeds or SEEDS)
    reading = read_panel(request.source, request.options)
    reporter.read(reading)
    prepared = prepare(reading, settings, cells, request.device, reporter, Terms())
    _check_lags(request.focus, prepared.plan.window)
    _check_series(reading.panel, request.focus.series)
    fold = prepared.folds[-1]
    train, truth = fold.train(reading.panel), fold.truth(reading.panel)
    watched = []
    for number, cell in enumerate(cells):
        snapshots: list[Snapshot] = []

        def progress(share: float, at: int = number, cell: str = cell) -> None:
            reporter.progress(cell, (at + share) / len(cells))

        forecaster = make_forecaster(cell, prepared.specs, prepared.plan.season, prepared.machine)
        model = forecaster.fit(train, Watcher(progress, truth, snapshots.append))
        assert isinstance(model, RecurrentModel)
        learning = learning_curve(snapshots, model, train, truth)
        seconds = float(learning.seconds[-1] / learning.steps[-1])
        cost = network_cost(model.spec, _predict_seconds(model), seconds, kernel_of(model.spec, prepared.machine))
        watched.append((Subject(model, check_columns(model.knowledge, train)), cost, learning))
    reporter.progress("looking into them", 1.0)
    stem = stem_of(request.source)
    title = f"{stem}: {', '.join(cells)} trained on all but the last {prepared.plan.horizon} steps"
    return _explained(title, stem, train, prepared.plan.season, watched, request.focus, ())


def cells_of(models: Sequence[str]) -> tuple[Cell, ...]:
    """Returns the cells that a list of models names; ``ensemble`` stands for all three.

    Raises:
        UsageError: one has no recurrent cell, or none is named.
    """
    known = (*CELLS, ENSEMBLE)
    for name in models:
        if name not in known:
            raise UsageError(
                f"'{name}' has no recurrent cell to look into.{did_you_mean(name, known)}", "--models rnn,lstm,gru"
            )
    cells = tuple(dict.fromkeys(cell for name in models for cell in (CELLS if name == ENSEMBLE else (name,))))
    if not cells:
        raise UsageError("--models names no model.", "--models rnn,lstm,gru")
    return cells  # type: ignore[return-value]


def _explained(
    title: str,
    stem: str,
    panel: Panel,
    season: int,
    watched: Sequence[tuple[Subject, Cost, Learning | None]],
    focus: Focus,
    notes: tuple[str, ...],
) -> Explanation:
    window = min(subject.spec.window for subject, *_ in watched)
    lags = _check_lags(focus, window)
    series, note = _series_of(panel, focus.series, window, season)
    portraits = tuple(portray(subject, series, cost, learning) for subject, cost, learning in watched)
    views = {network.view.season for subject, *_ in watched for network in subject.model.networks}
    seasons = tuple(sorted({each for each in (season, *views) if 1 < each <= window}))
    step = STEP_WORDS.get(panel.frequency.unit, panel.frequency.unit)
    return Explanation(
        title=title,
        stem=stem,
        target=panel.target,
        step=step,
        seasons=seasons,
        series=series,
        lags=lags,
        notes=(*notes, *note, *_remarks(portraits)),
        portraits=portraits,
        sentences=plain_words(portraits, seasons, step, int(panel.lengths.max())),
        subjects=tuple(subject for subject, *_ in watched),
    )


def _check_lags(focus: Focus, window: int) -> int:
    """Returns the lags to draw.

    Raises:
        UsageError: the window is shorter.
    """
    if focus.lags is not None and focus.lags > window:
        raise UsageError(
            f"--lags {focus.lags} asks for more than the {window} steps that the network sees.", f"--lags {window}"
        )
    return focus.lags or window


def _check_series(panel: Panel, name: str | None) -> None:
    """Refuses the name of a series that the data do not have.

    Raises:
        UsageError: they have not.
    """
    if name is not None and name not in panel.series_ids:
        known = panel.series_ids
        raise UsageError(f"There is no series '{name}'.{did_you_mean(name, known)}", f"--series {known[0]}")


def _series_of(panel: Panel, name: str | None, window: int, season: int) -> tuple[int, tuple[str, ...]]:
    """Returns the position of the series to show, and what is to be said of the choice.

    Raises:
        UsageError: there is no such series.
    """
    _check_series(panel, name)
    if name is not None:
        return panel.series_ids.index(name), ()
    if len(panel) == 1:
        return 0, ()
    some = np.unique(np.linspace(0, len(panel) - 1, MOST_SERIES).astype(np.int64))
    chosen = int(some[typical_series(panel.select(some), window, season)])
    among = f" among {len(some):,} of them" if len(some) < len(panel) else ""
    typical = f"the most typical of {len(panel):,} series{among}"
    note = f"Gates and the spike are shown on {panel.series_ids[chosen]}, {typical} (--series)."
    return chosen, (note,)


def _remarks(portraits: Sequence[Portrait]) -> tuple[str, ...]:
    spec = portraits[0].spec
    remarks = []
    if spec.rolled:
        remarks.append("The network emits one step and is rolled forward: what is explained is that one step.")
    if spec.segment > 1:
        remarks.append(
            f"The window of {spec.window} steps enters the cell as {spec.window // spec.segment} segments of "
            f"{spec.segment}: one recurrent step is {spec.segment} observations."
        )
    each = ", ".join(f"{p.networks} of the {p.cell}" for p in portraits)
    remarks.append(f"Curves are means over networks ({each}); gates are those of the network nearest to the mean.")
    return tuple(remarks)


def _predict_seconds(model: RecurrentModel) -> float:
    """Returns what one network's forecast of one window takes in numpy, the best of several tries."""
    spec: ModelSpec = model.spec
    window, base, best = np.zeros((1, spec.window)), np.zeros((1, spec.horizon)), float("inf")
    shapes = ((spec.window, spec.known + spec.past), (spec.horizon, spec.known), (spec.static,))
    beside = Surroundings(*(np.zeros((1, *shape), np.float32) for shape in shapes)) if spec.takes_covariates else None
    for _ in range(7):
        began = time.perf_counter()
        run_network(spec, model.networks[0].weights, window, beside, base)
        best = min(best, time.perf_counter() - began)
    return best
