"""The training log: progress, points of the learning curve, snapshots of networks, from several threads.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, even_choice
from forecast.data.windows import last_lookbacks
from forecast.models.covariates.covariate_model import LearnedCovariates, NetworkCovariates
from forecast.models.covariates.encoding import encoded_of
from forecast.models.forecaster import Curve, Snapshot
from forecast.models.networks.descent.batches import CHUNK
from forecast.models.networks.recurrent import SeriesStatistics, Weights, run_view
from forecast.models.views import ViewSettings, view_maps
from forecast.run import Clock
from forecast.specs import ModelSpec, View

FloatArray = NDArray[np.float64]

CURVE_POINTS = 12
"""Looking costs time that training could use."""
CURVE_SERIES = 100
"""A curve is drawn on at most this many series: it is to be looked at, not to be scored."""


def curve_series(panel: Panel) -> NDArray[np.int64]:
    """Returns the positions of the series that a curve is drawn on."""
    return even_choice(len(panel), CURVE_SERIES)


@dataclass(frozen=True, eq=False)
class ValidationSeries:
    """What a curve is drawn from: some series before the origin, and what came after it."""

    lookbacks: dict[int, FloatArray]  # by season, which decides the padding
    statistics: dict[View, SeriesStatistics]
    truth: FloatArray  # (S, H)
    spec: ModelSpec
    panel: Panel
    covariates: dict[int, NetworkCovariates] | None  # by season
    learned: LearnedCovariates  # encoded are the covariates of ``panel``
    settings: ViewSettings

    def rmse(self, view: View, weights: Weights) -> float:
        """Returns a network's error; NaN where nothing was observed."""
        covariates = self.covariates[view.season] if self.covariates else None
        spec, own = self.spec, self.statistics[view]
        maps = view_maps(view, spec.window, 1 if spec.rolled else spec.horizon, self.settings, own.base)
        point = run_view(spec, weights, maps, self.lookbacks[view.season], own, covariates)
        model, encoded = self.learned.model, self.learned.encoded
        error = (model.restore(point, self.panel, encoded) if model else point) - self.truth
        return float(np.sqrt(np.nanmean(error**2))) if np.isfinite(error).any() else float("nan")

    def is_due(self, step: int) -> bool:
        """Tells whether the curve has a point at this step."""
        stride = -(-self.spec.steps // (CHUNK * CURVE_POINTS))
        return step == self.spec.steps or step // CHUNK % stride == 0


def validation_series(
    panel: Panel,
    rest: Panel,
    spec: ModelSpec,
    statistics: dict[View, SeriesStatistics],
    learned: LearnedCovariates,
    truth: FloatArray | None,
    settings: ViewSettings,
) -> ValidationSeries | None:
    """Returns what a curve is drawn from; None where there is no truth to draw it against.

    Args:
        panel: as it is.
        rest: without the effects of its covariates.
        spec: of the networks.
        statistics: of each view.
        learned: of the panel's covariates.
        truth: (S, H), what came.
        settings: of the views.
    """
    if truth is None:
        return None
    some, seasons = curve_series(panel), {view.season for view in spec.views}
    chosen, told = rest.select(some), panel.select(some)
    lookbacks = {season: last_lookbacks(chosen, spec.window, season) for season in seasons}
    model, encoded, covariates = learned.model, encoded_of(learned.encoded, panel, some), None
    if model and spec.takes_covariates:
        covariates = {season: model.at_end(told, spec.window, spec.horizon, season, encoded) for season in seasons}
    own = {view: SeriesStatistics(seen.level[some], seen.scale[some], seen.base) for view, seen in statistics.items()}
    learned = LearnedCovariates(model, encoded)
    return ValidationSeries(lookbacks, own, truth[some], spec, told, covariates, learned, settings)


@dataclass(eq=False)
class TrainingLog:
    """Collects progress and curve points from the training threads."""

    progress: Callable[[float], None]
    watched: ValidationSeries | None
    total: int
    clock: Clock
    look: Callable[[Snapshot], None] | None = None
    track: Callable[[View, int, int, Mapping[str, float]], None] | None = None
    done: int = 0
    points: list[tuple[int, float, float]] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def listener(self, view: View, seed: int, *, is_watched: bool) -> Callable[[int, Callable[[], Weights]], None]:
        """Returns what one training thread calls after each chunk.

        Its clock starts at step 0, when all is compiled, and stands still while the weights are looked at.
        """
        at = {"start": 0.0, "step": 0}
        watched = self.watched

        def on_chunk(step: int, weights: Callable[[], Weights]) -> None:
            if self.stop.is_set():
                raise CancelledError  # another thread was interrupted
            began = self.clock.seconds()
            if step == 0:
                at["start"] = began
            is_due = watched is not None and watched.is_due(step)
            rmse = watched.rmse(view, weights()) if watched and is_watched and is_due else None
            with self.lock:
                if self.look and is_due:
                    self.look(Snapshot(view, seed, step, began - at["start"], weights()))
                self.done += step - int(at["step"])
                at["step"] = step
                if rmse is not None:
                    self.points.append((step, began - at["start"], rmse))
                self.progress(self.done / self.total)
            if self.track and rmse is not None:
                self.track(view, seed, step, {"validation_rmse": rmse})
            at["start"] += self.clock.seconds() - began

        return on_chunk

    def curve(self) -> Curve | None:
        """Returns the mean over the first seed's networks at each step that was looked at."""
        if not self.points:
            return None
        points = np.array(self.points)
        steps = np.unique(points[:, 0])
        mean = np.array([points[points[:, 0] == step].mean(axis=0) for step in steps])
        return Curve(steps.astype(np.int64), mean[:, 1], mean[:, 2])
