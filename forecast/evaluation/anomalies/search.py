"""The whole way from a panel to its episodes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.checks.seasons import seasons_of
from forecast.data.panel import Panel
from forecast.errors import DataError
from forecast.evaluation.anomalies.detector import AnomalyKind, Scores, score_steps
from forecast.evaluation.anomalies.episodes import (
    Episode,
    Expectation,
    expectation,
    find_episodes,
    with_others,
    without_explained_sums,
)
from forecast.evaluation.anomalies.residuals.cross_section import SharedStep, beside_others, ordinals_of, shared_steps
from forecast.evaluation.anomalies.residuals.model_residuals import ModelSteps
from forecast.evaluation.anomalies.residuals.residuals import Residuals, residuals_of
from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings
from forecast.models.parallel import in_pieces
from forecast.wording import counted

FloatArray = NDArray[np.float64]
LEAST_STEPS = 30
"""Observed values of a series below which nothing is told."""
LONG_CYCLES = 10
"""Seasons of the calendar that a series has lived through, from which on its shapes are as long as two of them."""
LEAST_SHARE = 0.75
"""A model is no surer of a step than this share of the scale of smoothing's errors: nought on a closed day is usual."""


@dataclass(frozen=True, eq=False)
class SmoothedPanel:
    """A panel followed by smoothing.

    Attributes:
        rest: without the effects of covariates.
        seasons: in steps, ascending.
        residuals: of each step.
    """

    rest: Panel
    seasons: tuple[int, ...]
    residuals: Residuals


@dataclass(frozen=True, eq=False)
class AnomalyInput:
    """A panel whose anomalies are searched, and what a model says of it.

    Attributes:
        panel: in the user's values.
        seasons: of the model; None to look for them.
        gain, offset: (N,) what a model's covariates do to each step: value = rest · gain + offset; None for nothing.
        model: what a model expects of the steps that it judges, in the rest's unit; None where none does.
        followed: the panel by smoothing, where somebody followed it before; see ``follow``.
    """

    panel: Panel
    seasons: tuple[int, ...] | None = None
    gain: FloatArray | None = None
    offset: FloatArray | None = None
    model: ModelSteps | None = None
    followed: SmoothedPanel | None = None


@dataclass(frozen=True, eq=False)
class Anomalies:
    """What was not expected.

    Attributes:
        scores: of each step.
        told: what was expected of it.
        episodes: by series and onset.
        judged: (N,) the steps that were looked at.
        since: ordinal of the first of them; None for all.
        by_model: of these, the observed ones that a saved model judged.
        notes: what is to be said.
    """

    scores: Scores
    told: Expectation
    episodes: tuple[Episode, ...]
    judged: NDArray[np.bool_]
    since: int | None
    by_model: int
    notes: tuple[str, ...]


def search(
    given: AnomalyInput,
    kind: AnomalyKind,
    rate: float,
    since: int | None = None,
    settings: AnomalySettings = SETTINGS,
    threads: int = 1,
    *,
    by_itself: bool = False,
) -> Anomalies:
    """Returns what was not expected in a panel.

    Args:
        given: the panel, and what a model says of it.
        kind: of what is looked for.
        rate: of false alarms a step.
        since: ordinal of the first step that is judged; what lies before calibrates. None for all.
        settings: the numbers of the method.
        threads: blocks of series that are followed at a time.
        by_itself: each series is judged whatever the others do on the same step.

    Raises:
        DataError: no series has enough history.
    """
    panel = given.panel
    notes = check_history(panel, since)
    followed = given.followed or follow(given, settings, threads)
    inner, seasons = followed.rest, followed.seasons
    alone, of_model = _with_model(followed.residuals, inner, given)
    judged = np.ones(len(panel.values), dtype=bool) if since is None else ordinals_of(panel) >= since
    past = None if since is None else ~judged
    season = shape_season(panel, seasons)
    beside = alone if by_itself else beside_others(inner, alone, settings)
    scores = score_steps(inner, beside, season, kind, past, settings, threads)
    shared: tuple[SharedStep, ...] = ()
    if kind != "shape" and not by_itself:
        shared = shared_steps(inner, alone, since, rate, settings)
        scores = scores.with_shared_steps(shared, alone, inner)
    told = expectation(inner, scores)
    if given.gain is not None and given.offset is not None:
        gain, offset = given.gain, given.offset
        told = Expectation(*(_back(part, gain, offset) for part in (told.expected, told.lower, told.upper)))
    episodes = find_episodes(panel, scores, told, rate, max((1, *seasons)), judged)
    episodes = without_explained_sums(panel, with_others(episodes, shared))
    return Anomalies(scores, told, episodes, judged, since, int((of_model & judged & panel.observed).sum()), notes)


def follow(given: AnomalyInput, settings: AnomalySettings = SETTINGS, threads: int = 1) -> SmoothedPanel:
    """Returns a panel followed by smoothing, without the effects of its covariates."""
    panel = given.panel
    seasons = seasons_seen(panel) if given.seasons is None else given.seasons
    rest = panel.values
    if given.gain is not None and given.offset is not None:
        rest = in_pieces(lambda values, gain, offset: (values - offset) / gain, rest, given.gain, given.offset)
    inner = replace(panel, values=rest, covariates=None)
    return SmoothedPanel(inner, seasons, residuals_of(inner, seasons, settings, threads))


def _back(rest: FloatArray, gain: FloatArray, offset: FloatArray) -> FloatArray:
    """Returns values with what covariates do to them, (N,)."""
    return in_pieces(lambda rest, gain, offset: rest * gain + offset, rest, gain, offset)


def _with_model(residuals: Residuals, panel: Panel, given: AnomalyInput) -> tuple[Residuals, NDArray[np.bool_]]:
    """Returns the residuals with those of a model where it judges, and which steps these are."""
    if given.model is None:
        return residuals, np.zeros(len(panel.values), dtype=bool)
    made, at = given.model, given.model.places
    if residuals.intermittent is not None:  # a mean and its error say little of a demand that may not come
        made = made.only(~residuals.intermittent[panel.series_of(at)])
        at = made.places
    own = residuals.at(at)
    expected, above, below = (
        residuals.forth(panel, part, at)
        for part in (made.expected, made.expected + made.above, made.expected - made.below)
    )
    scale = np.where(own.values >= expected, above - expected, expected - below)
    scale = np.fmax(np.maximum(scale, (above - below) / 10), LEAST_SHARE * own.forward_scale)
    says = ~np.isnan(expected) & (scale > 0)
    at, expected, scale = at[says], expected[says], scale[says]
    where = np.zeros(len(panel.values), dtype=bool)
    where[at] = True
    return residuals.with_forward(at, expected, scale), where


def check_history(panel: Panel, since: int | None) -> tuple[str, ...]:
    """Returns what is to be said of series with too little history.

    Raises:
        DataError: all have; or none has enough before the first step that is judged.
    """
    counts = np.diff(np.concatenate([[0], np.cumsum(panel.observed)])[panel.offsets])
    if since is not None:
        before = panel.observed & (ordinals_of(panel) < since)
        counts = np.diff(np.concatenate([[0], np.cumsum(before)])[panel.offsets])
    short = counts < LEAST_STEPS
    if short.all():
        where = " before --since" if since is not None else ""
        raise DataError(
            f"{counted(int(counts.max(initial=0)), 'value')} of a series{where} say too little of what is usual: "
            f"{LEAST_STEPS} are needed.",
            "a longer history, or a later --since" if since is not None else "a file with a longer history",
        )
    if not short.any():
        return ()
    name = panel.series_ids[int(np.flatnonzero(short)[0])]
    return (
        f"{int(short.sum()):,} of {counted(len(panel), 'series')} have fewer than {LEAST_STEPS} values to learn from, "
        f"such as {name}: what is told of them is little.",
    )


def seasons_seen(panel: Panel) -> tuple[int, ...]:
    """Returns the seasons that a panel shows, at most two, the shortest first."""
    return tuple(season.steps for season in seasons_of(panel) if season.is_seen)[:2]


def shape_season(panel: Panel, seasons: tuple[int, ...]) -> int:
    """Returns half the steps of a shape: the season, else one of the calendar that series have lived through often."""
    if seasons:
        return seasons[0]
    typical = float(np.median(panel.lengths))
    return next((season for season in panel.frequency.seasons if typical >= LONG_CYCLES * season), 1)
