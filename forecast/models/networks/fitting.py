"""From a spec and a panel to a trained model: one network for each view and seed, several at a time.

Shapes: ``S`` series, ``L`` lookback, ``H`` horizon.
"""

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from threading import Event

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forecast.data.covariates import ARRAYS
from forecast.data.frequency import readable
from forecast.data.panel import Panel, even_choice
from forecast.data.windows import Windows, cut_windows
from forecast.models.classical.pooled_demand import PooledDemand, fit_pooled_demand
from forecast.models.covariates.covariate_model import LearnedCovariates, check_columns, learn_covariates
from forecast.models.covariates.covariate_settings import CovariateSettings
from forecast.models.covariates.encoding import Encoding
from forecast.models.forecaster import Watcher
from forecast.models.method_settings import CURRENT, MethodSettings
from forecast.models.networks.descent.batches import KnownInputs, OnChunk, TrainingData
from forecast.models.networks.descent.small_networks import StackMember, is_small, train_small
from forecast.models.networks.linear_init import fit_linear_init
from forecast.models.networks.recurrent import (
    Network,
    RecurrentModel,
    SeriesStatistics,
    Weights,
    measure_series,
    weight_shapes,
)
from forecast.models.networks.smoothed_base import fit_smoothing
from forecast.models.networks.time_budget import Pacer
from forecast.models.networks.training_log import TrainingLog, validation_series
from forecast.models.views import ViewMaps, ViewSettings, see, to_unit, view_maps
from forecast.run import ALONE, Run
from forecast.specs import ModelSpec, View

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Job = tuple[View, int]  # and the seed

SMOOTHED_WINDOWS = 2000  # measured by benchmarks/tuning/views.py
"""The settings of a smoothed base are fitted to at most so many windows."""
FEW_STEPS, FEW_FOLDS, MOST_FOLDS = 100_000, 8, 64
"""What was made of a panel of at most so many steps is kept for so many of them, those of all folds, mostly; of smaller
ones for more, as far as all together have no more steps: other windows and views of a tuning see the same folds."""


@dataclass(frozen=True, eq=False)
class _Begun:
    """What the networks of a spec learn from.

    Attributes:
        panel: with the columns that the networks know.
        learned: what its covariates teach.
        rest: the panel without their effects.
        spec: sized for the covariates.
        horizon: steps that a network forecasts at once.
        statistics: of each view.
        data: likewise.
    """

    panel: Panel
    learned: LearnedCovariates
    rest: Panel
    spec: ModelSpec
    horizon: int
    statistics: dict[View, SeriesStatistics]
    data: dict[View, TrainingData]


@dataclass(frozen=True, eq=False)
class RecurrentForecaster:
    """A network of one recurrent cell, or the linear highway alone, as its spec says.

    Attributes:
        run: what to train with.
        memory: what was trained before in this run, by spec and data: it is not trained again.
        start: a model of the same spec whose weights the networks begin from; None for fresh ones.
        pacer: settles how many steps each network has time for; None for as many as the spec says.
        settings: the numbers of the methods that are recomputed at each forecast.
        is_timed: the pace of a run that the clock settles is measured; it has no pacer yet.
    """

    name: str
    spec: ModelSpec
    run: Run = ALONE
    memory: dict[tuple[ModelSpec, bytes], RecurrentModel] | None = None
    start: RecurrentModel | None = None
    pacer: Pacer | None = None
    settings: MethodSettings = CURRENT
    is_timed: bool = False

    def fit(self, panel: Panel, watcher: Watcher) -> RecurrentModel:
        """Trains all networks of the spec on the panel.

        Raises:
            TrainingError: a loss became NaN.
            DataError: no series is long enough for one window, or networks that go on lack a covariate.
            KeyboardInterrupt: after the running chunk of steps.
        """
        if self.memory is None:
            return self._train(panel, watcher)
        key = (self.spec, panel_digest(panel))
        if key not in self.memory:
            self.memory[key] = self._train(panel, watcher)
        watcher.progress(1.0)
        return self.memory[key]

    def prepare(self, panel: Panel) -> None:
        """Compiles the loop that a fit to the panel trains with; what that needs is kept as well.

        Raises:
            DataError: see ``fit``.
        """
        begun = self._begin(panel)
        if self._is_small(begun):
            return
        from forecast.models.networks.training import compile_loop  # imports TensorFlow

        view = begun.spec.views[0]
        compile_loop(begun.spec, self._maps(begun, view), begun.data[view], begun.spec.seeds[0], _on_device(self.run))

    def _begin(self, panel: Panel) -> "_Begun":
        """Returns what the networks of the spec learn from, before any is trained."""
        panel = check_columns(self.start.covariate_model, panel) if self.start else panel
        learned, rest = self._learn_covariates(panel)
        covariate_model = learned.model
        spec = covariate_model.sized(self.spec) if covariate_model else self.spec
        horizon = 1 if spec.rolled else spec.horizon
        views = self.settings.views
        is_fresh = self.start is None
        statistics, data = prepare_views(rest, spec.views, spec.window, horizon, views, self.run, is_fresh=is_fresh)
        if covariate_model and spec.takes_covariates:
            windows = {view.season: own.windows for view, own in data.items()}  # views of one season share theirs
            covariates = _known_inputs(learned, panel, windows)
            data = {view: replace(own, covariates=covariates[view.season]) for view, own in data.items()}
        return _Begun(panel, learned, rest, spec, horizon, statistics, data)

    def _train(self, panel: Panel, watcher: Watcher) -> RecurrentModel:
        clock, settings = self.run.clock, self.settings
        began = clock.seconds()
        begun = self._begin(panel)
        panel, spec, statistics, learned = begun.panel, begun.spec, begun.statistics, begun.learned
        watched = validation_series(panel, begun.rest, spec, statistics, learned, watcher.truth, settings.views)
        track = self._tracked(panel)
        total = spec.steps * len(spec.views) * len(spec.seeds)
        log = TrainingLog(watcher.progress, watched, total=total, look=watcher.look, clock=clock, track=track)
        train = self._train_small if self._is_small(begun) else self._train_compiled
        networks = train(begun, log, began)
        pooled = self._pool(begun.rest)
        seconds = clock.seconds() - began
        return RecurrentModel(
            spec, networks, panel.series_ids, statistics, settings, log.curve(), seconds, learned.model, pooled
        )

    def _is_small(self, begun: "_Begun") -> bool:
        """Tells whether the networks are trained in numpy."""
        windows = begun.data[begun.spec.views[0]].windows
        is_timed = self.pacer is not None or self.is_timed
        return is_small(begun.spec, len(windows), self.run.machine, is_timed=is_timed)

    def _train_small(self, begun: "_Begun", log: TrainingLog, began: float) -> tuple[Network, ...]:
        """Trains all networks at once, without TensorFlow."""
        spec, old, track = begun.spec, self._start(), log.track
        maps = {view: self._maps(begun, view) for view in spec.views}
        jobs = [(view, seed) for view in spec.views for seed in spec.seeds]
        if self.pacer:
            self.pacer.begin(spec, self.run.clock.seconds() - began)
        listeners = [log.listener(view, seed, is_watched=seed == spec.seeds[0]) for view, seed in jobs]
        if self.pacer:
            budgets = self.pacer.equal_budgets(spec, len(jobs))
            spec = spec.with_(steps=budgets[0].steps)
            listeners = [budget.booked(own) for budget, own in zip(budgets, listeners, strict=True)]

        def member(job: Job, listener: OnChunk) -> StackMember:
            view, seed = job
            data, told = begun.data[view], partial(track, view, seed) if track else None
            start = old.get(job) or ({} if data.highway is None else {"highway/kernel": data.highway})
            return StackMember(maps[view], data, seed, start, listener, told)

        members = [member(job, listener) for job, listener in zip(jobs, listeners, strict=True)]
        trained = train_small(spec, weight_shapes(spec), members)
        return tuple(Network(*job, weights) for job, weights in zip(jobs, trained, strict=True))

    def _train_compiled(self, begun: "_Begun", log: TrainingLog, began: float) -> tuple[Network, ...]:
        """Trains network after network in TensorFlow's compiled loop, several side by side."""
        from forecast.models.networks.training import prepare_loop, train_network  # imports TensorFlow

        spec, data, start, track, run = begun.spec, begun.data, self._start(), log.track, _on_device(self.run)
        # once, before the threads ask for it together
        prepare_loop(spec, data[spec.views[0]], self.settings.views, run)
        jobs = [(view, seed) for view in spec.views for seed in spec.seeds]
        if self.pacer:
            self.pacer.begin(spec, self.run.clock.seconds() - began)

        def train(job: Job) -> Network:
            view, seed = job
            own, on_chunk = self._paced(spec, log.listener(view, seed, is_watched=seed == spec.seeds[0]))
            told = partial(track, view, seed) if track else None
            maps = self._maps(begun, view)
            trained = train_network(own, maps, data[view], seed, on_chunk, start.get(job), run, told)
            return Network(view, seed, trained)

        return _side_by_side(train, jobs, run.machine.networks, log.stop)

    def _start(self) -> dict[Job, Weights]:
        """Returns the weights that networks go on from."""
        return {(old.view, old.seed): old.weights for old in self.start.networks} if self.start else {}

    def _maps(self, begun: "_Begun", view: View) -> ViewMaps:
        return view_maps(view, begun.spec.window, begun.horizon, self.settings.views, begun.statistics[view].base)

    def _pool(self, rest: Panel) -> PooledDemand | None:
        """Returns what all series of a panel without effects teach together; None where nothing is to stand on it.

        It is kept: cells that are trained in turn on the same panel share it.
        """
        spec, settings = self.spec, self.settings.classical.pooled
        if "pooled" not in spec.anchors:
            return None
        key = (spec.horizon, spec.season, settings, _key_of(rest))
        make = partial(fit_pooled_demand, rest, spec.horizon, spec.season, settings)
        return self.run.cache.get("pooled demand", key, make, most=_kept_of(rest))

    def _tracked(self, panel: Panel) -> Callable[[View, int, int, Mapping[str, float]], None] | None:
        """Returns what hands numbers of a training to the run's tracker; None where it has none."""
        tracker = self.run.tracker
        if tracker is None:
            return None
        until = readable(panel.frequency.timestamps(panel.last.max()[None])[0])

        def track(view: View, seed: int, step: int, values: Mapping[str, float]) -> None:
            tracker.add(f"{self.name}/until {until}/{view.label.replace('/', ' by ')}/seed {seed}", step, values)

        return track

    def _learn_covariates(self, panel: Panel) -> tuple[LearnedCovariates, Panel]:
        """Returns what the panel's covariates teach, and the panel without their effects.

        Networks that go on keep the inputs that they know.
        """
        if self.spec.rolled:
            return LearnedCovariates(), panel
        encoding = self.start.covariate_model.encoding if self.start and self.start.covariate_model else None
        return kept_covariates(panel, self.spec, encoding, self.settings.covariates, self.run)

    def _paced(self, spec: ModelSpec, on_chunk: OnChunk) -> tuple[ModelSpec, OnChunk]:
        """Returns the spec of the network that starts now, with the steps it has time for, and what books them."""
        if self.pacer is None:
            return spec, on_chunk
        budget = self.pacer.network_budget(spec)
        return spec.with_(steps=budget.steps), budget.booked(on_chunk)


def _on_device(run: Run) -> Run:
    """Returns the run on the device that networks are compiled for: TensorFlow is asked, unless it was before."""
    if run.machine.device != "auto":
        return run
    from forecast.models.networks.tensorflow import find_machine  # imports TensorFlow

    return run.on(find_machine(run.machine))


def _side_by_side(train: Callable[[Job], Network], jobs: list[Job], threads: int, stop: Event) -> tuple[Network, ...]:
    """Returns the network of each job; where one fails, or Ctrl-C is pressed, running chunks end and none is begun."""
    with ThreadPoolExecutor(min(threads, len(jobs))) as pool:
        try:
            futures = [pool.submit(train, job) for job in jobs]
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()  # raises what ended the first thread
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(future.result() for future in futures)


def kept_covariates(
    panel: Panel, spec: ModelSpec, encoding: Encoding | None, settings: CovariateSettings, run: Run
) -> tuple[LearnedCovariates, Panel]:
    """Returns what the panel's covariates and dates teach, and the panel without their effects.

    It is kept: cells that are trained in turn on the same panel learn the same, and so do trials of a tuning.
    """

    def learn() -> tuple[LearnedCovariates, Panel]:
        learned = learn_covariates(panel, spec, encoding, settings)
        return learned, learned.remove(panel)

    seasons = frozenset((spec.season, *(view.season for view in spec.views)))
    asked = (spec.calendar, spec.country, spec.season, seasons, spec.horizon)  # of a spec, all that effects hang on
    key = (asked, settings, _key_of(panel), encoding and encoding.digest())
    return run.cache.get("covariates", key, learn, most=_kept_of(panel))


def _known_inputs(learned: LearnedCovariates, panel: Panel, windows: dict[int, Windows]) -> dict[int, KnownInputs]:
    """Returns by season the inputs made of covariates, on the steps of the windows' buffer and by series."""
    model = learned.model
    assert model is not None
    observed, static = model.observed(panel, learned.encoded), model.static(panel)

    def on_steps(places: IntArray) -> KnownInputs:
        rows = np.where(places[:, None] >= 0, observed[places], np.float32(0))
        return KnownInputs(rows, static, model.drifting)

    return {season: on_steps(own.places) for season, own in windows.items()}


def prepare_views(
    panel: Panel,
    views: tuple[View, ...],
    window: int,
    horizon: int,
    settings: ViewSettings,
    run: Run,
    *,
    is_fresh: bool = True,
) -> tuple[dict[View, SeriesStatistics], dict[View, TrainingData]]:
    """Returns what each view learns from the panel before any network is trained, and what networks learn from.

    It is kept: cells that are trained in turn on the same panel see the same.

    Args:
        panel: ends at the origin.
        views: of one spec.
        window: its lookback.
        horizon: its horizon.
        settings: the numbers that are the same for all views.
        run: what to work with.
        is_fresh: the networks begin anew; those that go on need no start for their highway.

    Raises:
        DataError: no series is long enough for one window.
    """

    def prepare_all() -> dict[View, tuple[SeriesStatistics, TrainingData]]:
        windows = {view.season: cut_windows(panel, window, horizon, view.season) for view in views}

        def prepare(view: View) -> tuple[SeriesStatistics, TrainingData]:
            own = _fit_view(panel, view, windows[view.season], settings, run)
            highway = fit_linear_init(windows[view.season], view, own, settings) if is_fresh else None
            return own, TrainingData(windows[view.season], own.level, own.scale, highway, run.machine.room)

        # a view a core: one regression on all cores waits for the slowest of them at each step
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(min(len(views), run.machine.threads)) as pool:
            return dict(zip(views, pool.map(prepare, views), strict=True))

    key = (views, window, horizon, settings, run.machine.room, is_fresh, _key_of(panel))
    prepared = run.cache.get("views", key, prepare_all, most=_kept_of(panel))
    return {view: own for view, (own, _) in prepared.items()}, {view: data for view, (_, data) in prepared.items()}


def _key_of(panel: Panel) -> tuple[Hashable, ...]:
    """Returns all that decides what is made of a panel."""
    return panel.series_ids, panel.frequency, panel.target, panel.fill, panel_digest(panel)


def _kept_of(panel: Panel) -> int:
    """Returns how many panels of this size are kept with what was made of them: all folds, or the latest alone."""
    size = max(panel.values.size, 1)
    return min(FEW_FOLDS * FEW_STEPS // size, MOST_FOLDS) if size <= FEW_STEPS else 1


def _fit_view(panel: Panel, view: View, windows: Windows, settings: ViewSettings, run: Run) -> SeriesStatistics:
    """Returns what a view learns from the panel before any network is trained."""
    statistics = measure_series(panel, view, settings)
    if view.base != "smoothed":
        return statistics
    some = even_choice(len(windows), SMOOTHED_WINDOWS)
    series = windows.series[some]
    lookbacks, maps = windows.lookbacks(some), view_maps(view, windows.lookback, windows.horizon, settings)
    seen = see(lookbacks, maps, statistics.level[series], statistics.scale[series])
    past = to_unit(lookbacks, seen.mean, maps)
    future = to_unit(windows.horizons(some), seen.mean, maps)
    weights = windows.target_weights(some)
    return replace(statistics, base=fit_smoothing(past, future, seen.scale, view.season, run.cache, weights))


def panel_digest(panel: Panel) -> bytes:
    """Returns a fingerprint of all that a model can learn from a panel."""
    digest = blake2b(panel.values.tobytes() + panel.offsets.tobytes() + panel.first.tobytes())
    digest.update(repr((panel.ignored, panel.half_life)).encode())
    for array in (panel.weights, panel.left_out):
        digest.update(b"" if array is None else array.tobytes())
    told = panel.covariates
    if told:
        digest.update(repr(told.columns).encode())
        for name in ARRAYS:
            digest.update(getattr(told, name).tobytes())
    return digest.digest()
