"""What a stored model says of each step: its covariates' effects, and its forecasts of what came after its training."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.dates.date_spans import parse_span
from forecast.data.frequency import readable
from forecast.data.panel import IntArray, Panel, places_of
from forecast.errors import UsageError
from forecast.evaluation.anomalies.flagged import flagged_values
from forecast.evaluation.anomalies.residuals.model_residuals import ModelSteps, model_steps
from forecast.evaluation.anomalies.search import AnomalyInput, follow
from forecast.evaluation.distribution.distribution import Distribution
from forecast.experiment.plan import make_plan
from forecast.experiment.versions.stored_model import StoredModel
from forecast.models.covariates.covariate_model import CovariateModel, check_columns, learn_covariates
from forecast.run import Run
from forecast.specs import LINEAR, ModelSpec, Settings

FloatArray = NDArray[np.float64]
CLOSED = 0.1
"""Where the effects leave less than this share of a usual step, as of a closed day, its value says nothing."""
LEAST_TO_LEARN = 30
"""Steps of the longest series from which effects of covariates are estimated."""


def input_of_file(panel: Panel) -> AnomalyInput:
    """Returns a panel without the effects of its covariates, where it has any and is long enough to tell them."""
    if panel.covariates is None or panel.lengths.max(initial=0) < LEAST_TO_LEARN:
        return AnomalyInput(panel)
    plan = make_plan(panel, Settings())
    return _input_of_covariates(panel, plan.season, plan.horizon)


def input_of_version(stored: StoredModel, panel: Panel, run: Run) -> AnomalyInput:
    """Returns a panel as a model sees it, or as it sees itself where the model learned no effects of its columns.

    A value that stands alone is left out where later ones are forecast, or a season later another would seem strange.

    Raises:
        DataError: the panel lacks a column that the model was trained with.
    """
    if stored.trained.model.covariate_model is None and panel.covariates is not None:
        return input_of_file(panel)
    if not isinstance(stored.trained.distribution, Distribution):
        return _input_of(stored, panel, None)
    until = trained_until(stored, panel)
    made = model_steps(stored.trained, panel, until, run)
    given = _input_of(stored, panel, made)
    if not len(made.places):
        return given
    given = replace(given, followed=follow(given, threads=run.machine.threads))
    alone = flagged_values(given, until, run.machine.threads)
    if not alone.size:
        return given
    changed = np.arange(len(panel)) if panel.hierarchy is not None else np.unique(panel.series_of(alone))
    again = model_steps(stored.trained, panel.leaving_out(alone), until, run, changed)
    return replace(_input_of(stored, panel, again.beside(made)), followed=given.followed)


def trained_until(stored: StoredModel, panel: Panel) -> IntArray:
    """Returns the ordinal of the last step of each series that a model was trained on, (S,); of a new one: all."""
    place = places_of(panel.series_ids, stored.context.series_ids)
    return np.where(place >= 0, stored.context.last[place], panel.last)


def _input_of(stored: StoredModel, panel: Panel, made: ModelSteps | None) -> AnomalyInput:
    """Returns a panel without the effects that a model knows, and likewise what it expects, if it does."""
    model = stored.trained.model
    seasons = tuple(season for season in model.seasons if season > 1)
    gain, offset = _effects(model.covariate_model, panel)
    if made is None:
        return AnomalyInput(panel, seasons, gain, offset)
    if gain is None or offset is None:
        return AnomalyInput(panel, seasons, model=made)
    own, moved = gain[made.places], made.expected - offset[made.places]
    made = ModelSteps(made.places, moved / own, made.above / own, made.below / own)
    return AnomalyInput(panel, seasons, gain, offset, made.only(~np.isnan(made.expected)))


def _input_of_covariates(panel: Panel, season: int, horizon: int) -> AnomalyInput:
    """Returns a panel as its own covariates let it be seen, where no model learned what they do.

    Args:
        panel: the effects are estimated on all of it; one value moves them little.
        season: of it; 1 for none.
        horizon: steps that changes are looked at over.
    """
    spec = ModelSpec(LINEAR, window=max(season, horizon), horizon=horizon, season=season)
    gain, offset = _effects(learn_covariates(panel, spec).model, panel)
    return AnomalyInput(panel, None, gain, offset)


def _effects(learned: CovariateModel | None, panel: Panel) -> tuple[FloatArray | None, FloatArray | None]:
    """Returns what covariates do to each step, as a factor and a term, (N,); None for nothing."""
    if learned is None or learned.effects is None:
        return None, None
    own = check_columns(learned, panel)
    encoded = learned.encoding.known_of(own) if learned.encoding is not None else None
    ones, zeros = (
        learned.remove(replace(own, values=np.full(len(own.values), level)), encoded).values for level in (1.0, 0.0)
    )
    share = ones - zeros  # what is left of one unit; of a step on which the effects leave next to nothing, NaN
    gain = 1 / np.where(share > 0, share, np.nan)
    usual = float(np.nanmedian(gain)) if not np.isnan(gain).all() else 1.0
    return np.where(gain < CLOSED * usual, np.nan, gain), -np.nan_to_num(zeros) * gain


def first_judged(panel: Panel, text: str, *, is_part: bool = False) -> int:
    """Returns the ordinal of the first step that is judged; of a part of a panel, that may be none of its own.

    Raises:
        UsageError: it is no date, or none of the data's.
    """
    low, high = int(panel.first.min()), int(panel.last.max())
    ordinals = np.arange(low, high + 1)
    stamps = panel.frequency.timestamps(ordinals)
    first, last = (readable(stamp).removeprefix("row ") for stamp in (stamps[0], stamps[-1]))
    middle = readable(stamps[len(stamps) * 9 // 10]).removeprefix("row ")
    begin = parse_span("--since", text, panel.frequency, middle)[0]
    within = np.flatnonzero(stamps >= begin)
    if is_part:
        return int(ordinals[within[0]]) if within.size else high + 1
    if not within.size or begin < stamps[0]:
        raise UsageError(f"--since {text} lies outside of the data, {first} to {last}.", f"--since {middle}")
    return int(ordinals[within[0]])
