"""From a spec and a panel to a trained model: one network for each view and seed, several at a time.

Shapes: ``S`` series, ``L`` lookback, ``H`` horizon.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forecast.data.panel import Panel, even_choice
from forecast.data.windows import Windows, cut_windows
from forecast.models.covariates.covariate_model import CovariateModel, check_columns, fit_covariate_model
from forecast.models.covariates.covariate_settings import CovariateSettings
from forecast.models.covariates.encoding import Encoding
from forecast.models.forecaster import Watcher
from forecast.models.method_settings import CURRENT, MethodSettings
from forecast.models.networks.linear_init import fit_linear_init
from forecast.models.networks.recurrent import (
    Network,
    RecurrentModel,
    SeriesStatistics,
    Weights,
    measure_series,
)
from forecast.models.networks.smoothed_base import fit_smoothing
from forecast.models.networks.time_budget import Pacer
from forecast.models.networks.training import KnownInputs, OnChunk, TrainingData, prepare_loop, train_network
from forecast.models.networks.training_log import TrainingLog, validation_series
from forecast.models.views import ViewSettings, see, to_unit, view_maps
from forecast.specs import LINEAR, Machine, ModelSpec, View

FloatArray = NDArray[np.float64]

SMOOTHED_WINDOWS = 2000  # measured by benchmarks/tuning/views.py
"""The settings of a smoothed base are fitted to at most so many windows."""


@dataclass(frozen=True, eq=False)
class RecurrentForecaster:
    """A network of one recurrent cell, or the linear highway alone, as its spec says.

    Attributes:
        machine: what to train on.
        memory: what was trained before in this run, by spec and data: it is not trained again.
        start: a model of the same spec whose weights the networks begin from; None for fresh ones.
        pacer: settles how many steps each network has time for; None for as many as the spec says.
        settings: the numbers of the methods that are recomputed at each forecast.
    """

    name: str
    spec: ModelSpec
    machine: Machine = field(default_factory=Machine)
    memory: dict[tuple[ModelSpec, bytes], RecurrentModel] | None = None
    start: RecurrentModel | None = None
    pacer: Pacer | None = None
    settings: MethodSettings = CURRENT

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

    def _train(self, panel: Panel, watcher: Watcher) -> RecurrentModel:
        began = time.perf_counter()
        panel = check_columns(self.start.covariate_model, panel) if self.start else panel
        covariate_model, rest = self._learn_covariates(panel)
        spec = covariate_model.sized(self.spec) if covariate_model else self.spec
        horizon = 1 if spec.rolled else spec.horizon
        is_fresh = self.start is None
        settings = self.settings
        statistics, data = prepare_views(
            rest, spec.views, spec.window, horizon, settings.views, self.machine.room, is_fresh=is_fresh
        )
        if covariate_model and spec.takes_covariates:
            windows = {view.season: own.windows for view, own in data.items()}  # views of one season share theirs
            covariates = {season: _known_inputs(covariate_model, panel, each) for season, each in windows.items()}
            data = {view: replace(own, covariates=covariates[view.season]) for view, own in data.items()}
        prepare_loop(
            spec, data[spec.views[0]], settings.views, jit=self.machine.jit
        )  # once, before the threads ask for it together
        jobs = [(view, seed) for view in spec.views for seed in spec.seeds]
        start = {(old.view, old.seed): old.weights for old in self.start.networks} if self.start else {}
        watched = validation_series(panel, rest, spec, statistics, covariate_model, watcher.truth, settings.views)
        log = TrainingLog(watcher.progress, watched, total=spec.steps * len(jobs), look=watcher.look)
        if self.pacer:
            self.pacer.begin(spec, time.perf_counter() - began)

        def train(job: tuple[View, int]) -> Network:
            view, seed = job
            own, on_chunk = self._paced(spec, log.listener(view, seed, is_watched=seed == spec.seeds[0]))
            maps = view_maps(view, spec.window, horizon, settings.views, statistics[view].base)
            return Network(
                view, seed, train_network(own, maps, data[view], seed, on_chunk, start.get(job), self.machine.jit)
            )

        with ThreadPoolExecutor(min(self.machine.threads, len(jobs))) as pool:
            try:
                futures = [pool.submit(train, job) for job in jobs]
                for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                    future.result()  # raises what ended the first thread
            except BaseException:  # Ctrl-C included: let the running chunks end, start no more
                log.stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        networks = tuple(future.result() for future in futures)
        seconds = time.perf_counter() - began
        return RecurrentModel(
            spec, networks, panel.series_ids, statistics, settings, log.curve(), seconds, covariate_model
        )

    def _learn_covariates(self, panel: Panel) -> tuple[CovariateModel | None, Panel]:
        """Returns what the panel's covariates teach, and the panel without their effects.

        Networks that go on keep the inputs that they know.
        """
        if self.spec.rolled:
            return None, panel
        encoding = self.start.covariate_model.encoding if self.start and self.start.covariate_model else None
        return learn_covariates(panel, self.spec.with_(cell=LINEAR), encoding, self.settings.covariates)

    def _paced(self, spec: ModelSpec, on_chunk: OnChunk) -> tuple[ModelSpec, OnChunk]:
        """Returns the spec of the network that starts now, with the steps it has time for, and what books them."""
        if self.pacer is None:
            return spec, on_chunk
        budget = self.pacer.network_budget(spec)

        def advance(step: int, weights: Callable[[], Weights]) -> None:
            on_chunk(step, weights)
            budget.advance(step)

        return spec.with_(steps=budget.steps), advance


@lru_cache(maxsize=1)  # cells that are trained in turn on the same panel learn the same
def learn_covariates(
    panel: Panel, spec: ModelSpec, encoding: Encoding | None, settings: CovariateSettings
) -> tuple[CovariateModel | None, Panel]:
    """Returns what the panel's covariates and dates teach, None where nothing, and the panel without their effects."""
    covariate_model = fit_covariate_model(panel, spec, encoding, settings)
    return covariate_model, covariate_model.remove(panel) if covariate_model else panel


def _known_inputs(covariate_model: CovariateModel, panel: Panel, windows: Windows) -> KnownInputs:
    """Returns the inputs that are made of covariates, on the steps of the windows' buffer and by series."""
    observed, places = covariate_model.observed(panel), windows.places
    rows = np.where(places[:, None] >= 0, observed[places], np.float32(0))
    return KnownInputs(rows, covariate_model.static(panel), covariate_model.drifting)


@lru_cache(maxsize=1)  # cells that are trained in turn on the same panel see the same
def prepare_views(
    panel: Panel,
    views: tuple[View, ...],
    window: int,
    horizon: int,
    settings: ViewSettings,
    room: int = 0,
    *,
    is_fresh: bool = True,
) -> tuple[dict[View, SeriesStatistics], dict[View, TrainingData]]:
    """Returns what each view learns from the panel before any network is trained, and what networks learn from.

    Args:
        panel: ends at the origin.
        views: of one spec.
        window: its lookback.
        horizon: its horizon.
        settings: the numbers that are the same for all views.
        room: see ``Machine``.
        is_fresh: the networks begin anew; those that go on need no start for their highway.

    Raises:
        DataError: no series is long enough for one window.
    """
    windows = {view.season: cut_windows(panel, window, horizon, view.season) for view in views}

    def prepare(view: View) -> tuple[SeriesStatistics, TrainingData]:
        own = _fit_view(panel, view, windows[view.season], settings)
        highway = fit_linear_init(windows[view.season], view, own, settings) if is_fresh else None
        return own, TrainingData(windows[view.season], own.level, own.scale, highway, room)

    # a view a core: one regression on all cores waits for the slowest of them at each step
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(min(len(views), os.cpu_count() or 1)) as pool:
        prepared = dict(zip(views, pool.map(prepare, views), strict=True))
    return {view: own for view, (own, _) in prepared.items()}, {view: data for view, (_, data) in prepared.items()}


def _fit_view(panel: Panel, view: View, windows: Windows, settings: ViewSettings) -> SeriesStatistics:
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
    return replace(statistics, base=fit_smoothing(past, future, seen.scale, view.season))


def panel_digest(panel: Panel) -> bytes:
    """Returns a fingerprint of all that a model can learn from a panel."""
    digest = blake2b(panel.values.tobytes() + panel.offsets.tobytes() + panel.first.tobytes())
    told = panel.covariates
    if told:
        digest.update(repr(told.columns).encode())
        for array in (told.known, told.known_offsets, told.known_first, told.past, told.static):
            digest.update(array.tobytes())
    return digest.digest()
