"""From a spec and a panel to a trained model: one network for each view and seed, several at a time.

Shapes: ``S`` series, ``L`` lookback, ``H`` horizon, ``K`` points of a curve.
"""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.data.windows import Windows, cut_windows, last_lookbacks
from forecast.models.forecaster import Curve, Watcher
from forecast.models.recurrent import (
    Network,
    RecurrentModel,
    SeriesStatistics,
    Weights,
    measure_series,
    run_view,
)
from forecast.models.smoothing import fit_smoothing
from forecast.models.training import TrainingData, prepare_loop, train_network
from forecast.models.views import see, to_unit, view_maps
from forecast.specs import ModelSpec, View

FloatArray = NDArray[np.float64]

SMOOTHED_WINDOWS = 2000
"""The settings of a smoothed base are fitted to at most so many windows."""
CURVE_SERIES = 100
"""A curve is drawn on at most this many series: it is to be looked at, not to be scored."""


@dataclass(frozen=True, eq=False)
class RecurrentForecaster:
    """An RNN, LSTM, GRU, or the linear highway alone, as its spec says.

    Attributes:
        jit: compile with XLA; off on a GPU, where it would exclude the cuDNN kernels.
        threads: networks trained side by side.
        memory: what was trained before in this run, by spec and data: it is not trained again.
    """

    name: str
    spec: ModelSpec
    jit: bool = True
    threads: int = 1
    memory: dict[tuple[ModelSpec, bytes], RecurrentModel] | None = None

    def fit(self, panel: Panel, watcher: Watcher) -> RecurrentModel:
        """Trains all networks of the spec on the panel.

        Raises:
            TrainingError: a loss became NaN.
            DataError: no series is long enough for one window.
            KeyboardInterrupt: after the running chunk of steps.
        """
        if self.memory is None:
            return self._train(panel, watcher)
        key = (self.spec, blake2b(panel.values.tobytes() + panel.offsets.tobytes()).digest())
        if key not in self.memory:
            self.memory[key] = self._train(panel, watcher)
        watcher.progress(1.0)
        return self.memory[key]

    def _train(self, panel: Panel, watcher: Watcher) -> RecurrentModel:
        began = time.perf_counter()
        spec = self.spec
        horizon = 1 if spec.rolled else spec.horizon
        windows = {view.season: cut_windows(panel, spec.window, horizon, view.season) for view in spec.views}
        statistics = {view: _fit_view(panel, view, windows[view.season]) for view in spec.views}
        data = {
            view: TrainingData(windows[view.season], statistics[view].level, statistics[view].scale)
            for view in spec.views
        }
        prepare_loop(spec, data[spec.views[0]], jit=self.jit)  # once, before the threads ask for it together
        jobs = [(view, seed) for view in spec.views for seed in spec.seeds]
        log = _TrainingLog(watcher, panel, spec, statistics, total=spec.steps * len(jobs))

        def train(job: tuple[View, int]) -> Network:
            view, seed = job
            on_chunk = log.listener(view)
            maps = view_maps(view, spec.window, horizon, statistics[view].base)
            return Network(view, seed, train_network(spec, maps, data[view], seed, on_chunk, jit=self.jit))

        with ThreadPoolExecutor(min(self.threads, len(jobs))) as pool:
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
        return RecurrentModel(spec, networks, panel.series_ids, statistics, log.curve(), seconds)


def _fit_view(panel: Panel, view: View, windows: Windows) -> SeriesStatistics:
    """Returns what a view learns from the panel before any network is trained."""
    statistics = measure_series(panel, view)
    if view.base != "smoothed":
        return statistics
    some = np.unique(np.linspace(0, len(windows) - 1, SMOOTHED_WINDOWS).astype(np.int64))
    series = windows.series[some]
    lookbacks, maps = windows.lookbacks(some), view_maps(view, windows.lookback, windows.horizon)
    seen = see(lookbacks, maps, statistics.level[series], statistics.scale[series])
    past = to_unit(lookbacks, seen.mean, maps.log)
    future = to_unit(windows.horizons(some), seen.mean, maps.log)
    return replace(statistics, base=fit_smoothing(past, future, seen.scale, view.season))


def curve_series(panel: Panel) -> NDArray[np.int64]:
    """Returns the positions of the series that a curve is drawn on."""
    return np.unique(np.linspace(0, len(panel) - 1, CURVE_SERIES).astype(np.int64))


class Stopped(Exception):  # noqa: N818 - not an error: another thread was interrupted
    """Ends a training thread between two chunks."""


@dataclass(eq=False)
class _TrainingLog:
    """Collects progress and curve points from the training threads."""

    watcher: Watcher
    panel: Panel
    spec: ModelSpec
    statistics: dict[View, SeriesStatistics]
    total: int
    done: int = 0
    points: list[tuple[int, float, float]] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def listener(self, view: View) -> Callable[[int, Callable[[], Weights]], None]:
        """Returns what one training thread calls after each chunk.

        Its clock starts at step 0, when all is compiled, and stands still while the weights are looked at.
        """
        clock = {"start": 0.0, "step": 0}

        def on_chunk(step: int, weights: Callable[[], Weights]) -> None:
            if self.stop.is_set():
                raise Stopped
            began = time.perf_counter()
            if step == 0:
                clock["start"] = began
            rmse = self._rmse(view, weights()) if self.watcher.truth is not None else None
            with self.lock:
                self.done += step - int(clock["step"])
                clock["step"] = step
                if rmse is not None:
                    self.points.append((step, began - clock["start"], rmse))
                self.watcher.progress(self.done / self.total)
            clock["start"] += time.perf_counter() - began

        return on_chunk

    def _rmse(self, view: View, weights: Weights) -> float:
        truth = self.watcher.truth
        assert truth is not None
        some = curve_series(self.panel)
        lookbacks = last_lookbacks(self.panel.select(some), self.spec.window, view.season)
        own = self.statistics[view]
        statistics = SeriesStatistics(own.level[some], own.scale[some], own.base)
        error = run_view(self.spec, weights, view, lookbacks, statistics) - truth[some]
        return float(np.sqrt(np.nanmean(error**2))) if np.isfinite(error).any() else float("nan")

    def curve(self) -> Curve | None:
        """Returns the mean over all networks at each step that was looked at."""
        if not self.points:
            return None
        points = np.array(self.points)
        steps = np.unique(points[:, 0])
        mean = np.array([points[points[:, 0] == step].mean(axis=0) for step in steps])
        return Curve(steps.astype(np.int64), mean[:, 1], mean[:, 2])
