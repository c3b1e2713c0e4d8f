"""A challenger that has won becomes a version: checked once more, packed, and read back before anybody sees it."""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecast.data.panel import Panel
from forecast.data.reading.reader import Reading, ReadOptions
from forecast.decoding import encode
from forecast.errors import TrainingError
from forecast.evaluation.summary import Summary, SummaryRow
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.experiment import Experiment
from forecast.experiment.final_fit import with_saved
from forecast.experiment.outputs import forecast_csv
from forecast.experiment.rerun_command import given_flags, train_command
from forecast.experiment.retraining.challenge import Challenge, Recipe, score_on
from forecast.experiment.retraining.continuity import RECORD, pack_record
from forecast.experiment.summary import summary_of
from forecast.experiment.versions.own_code import code_files
from forecast.experiment.versions.stored_model import (
    ModelEntry,
    StoredModel,
    pack_version,
    read_settings,
    unpack_model,
)
from forecast.experiment.versions.stored_summary import METRICS, summary_bytes
from forecast.models.forecaster import Forecasts
from forecast.production.promotion import Decision, Gate
from forecast.production.store.issued import FORECAST
from forecast.production.store.run_record import RunRecord
from forecast.production.store.version import WEIGHTS
from forecast.run import Run

WORSE = 1.5
"""A model that was trained on the very points that decided, and errs so many times as much there, is broken."""


@dataclass(frozen=True, eq=False)
class AcceptedChallenger:
    """A challenger that is to be published."""

    champion: StoredModel  # that it challenged
    reading: Reading
    recipe: Recipe
    challenge: Challenge
    record: RunRecord  # of the run, so far
    trained: TrainedModel
    experiment: Experiment | None  # its own backtest; None after a warm start


def second_look(
    decision: Decision, challenge: Challenge, final: TrainedModel, panel: Panel, gate: Gate, run: Run
) -> Decision:
    """Returns the decision, turned where training on all data has broken what won.

    Raises:
        TrainingError: a forecast is not a number.
    """
    after = score_on(final, panel, challenge.folds, run).rmse
    if not np.isfinite(after):
        raise TrainingError("The challenger's forecasts are not all numbers.", "--no-refit-all, or another --seed")
    before = challenge.challenger.score.rmse
    if gate.force or after <= WORSE * max(before, challenge.champion.rmse):
        return decision
    return Decision("kept", f"trained on all data, the challenger errs {after / before:.1f} times as much as before")


def pack_challenger(
    finalist: AcceptedChallenger,
    label: str,
    options: ReadOptions | None,
    run: Run,
    *,
    widened: float,
    refit_all: bool,
) -> tuple[dict[str, bytes], ModelEntry]:
    """Returns the files and the manifest entry of a version, after the packed model was read back and compared.

    Args:
        finalist: the model and how it came about.
        label: that the version will have.
        options: how the data was read; None for the champion's way.
        run: what to forecast with.
        widened: how many times as wide as its own the intervals of the forecast are that it issues.
        refit_all: it was trained on all the data, and not only on what came before the points that decided.

    Raises:
        TrainingError: the packed model does not forecast the same.
    """
    reading, trained, challenge = finalist.reading, finalist.trained, finalist.challenge
    known = reading if refit_all else replace(reading, panel=challenge.early)
    how = options or finalist.champion.options
    weights, entry = pack_version(trained, known, how, finalist.recipe.settings, challenge.experiment.plan.naive_season)
    forecasts = trained.forecast(reading.panel, trained.horizon, run)
    self_test(weights, encode(entry), forecasts, reading.panel, run)
    issued = trained.widened(widened).forecast(reading.panel, trained.horizon, run) if widened != 1 else forecasts
    files = {
        WEIGHTS: weights,
        METRICS: summary_bytes(_summary(finalist, how)),
        FORECAST: forecast_csv(issued, reading.panel, trained.name, label, widened),
        RECORD: pack_record(known.panel),
        **code_files(trained.model),
    }
    return files, replace(entry, retrain=finalist.record.entry())


def self_test(weights: bytes, manifest: dict[str, Any], expected: Forecasts, panel: Panel, run: Run) -> None:
    """Reads a packed model back from its bytes and compares what it forecasts.

    Raises:
        TrainingError: it can't be read, or forecasts something else, or no numbers.
    """
    try:
        loaded, _ = unpack_model(json.loads(json.dumps(manifest, allow_nan=False)), weights)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"The new version can't be read back: {error}.", "forecast doctor") from error
    found = loaded.forecast(panel, loaded.horizon, run)
    if not np.isfinite(expected.point).all():
        raise TrainingError("The new version's forecasts are not all numbers.", "another --seed or --preset")
    for one, other in zip(_numbers(expected), _numbers(found), strict=True):
        if not np.array_equal(one, other, equal_nan=True):  # a series that never varies has no interval
            raise TrainingError("The new version, read back, forecasts something else.", "forecast doctor")


def _numbers(forecasts: Forecasts) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    bounds = [bound for interval in forecasts.intervals for bound in (interval.lower, interval.upper)]
    return [forecasts.point, *bounds]


def _summary(finalist: AcceptedChallenger, options: ReadOptions) -> Summary:
    """Returns the summary of a version: of the model's backtest, or where it had none, its score in the challenge."""
    if finalist.experiment is not None:
        name = finalist.champion.version.name
        given = {"--model": finalist.recipe.model, **given_flags(options, finalist.recipe.settings)}
        command = train_command(finalist.reading, str(finalist.reading.path or finalist.reading.source), name, given)
        learned = finalist.trained.model.covariate_model
        model = finalist.recipe.model
        experiment = with_saved(replace(finalist.experiment, learned=learned), model, model)
        return summary_of(experiment, command, given, chosen=model)
    score = finalist.challenge.challenger.score
    row = SummaryRow(model=finalist.trained.name, rmse=_known(score.rmse), coverage_80=score.coverage)
    return Summary(leaderboard=(row,), verdict="")


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def recipe_difference(recipe: Recipe, stored: StoredModel) -> str:
    """Returns how the challenger's recipe differs from the champion's, in words; empty where it does not."""
    old = read_settings(stored.version)
    pairs: list[tuple[str, Any, Any]] = [("model", recipe.model, stored.trained.name)]
    pairs += [(key, getattr(recipe.settings, key), getattr(old, key)) for key in ("preset", "seed", "seeds")]
    return ", ".join(f"--{key} {new} instead of {before}" for key, new, before in pairs if new != before)
