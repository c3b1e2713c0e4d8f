"""The final fit: which model is chosen, and its fit on everything up to the last row."""

from dataclasses import replace
from typing import cast

import numpy as np

from forecast.errors import TrainingError, UsageError, did_you_mean
from forecast.evaluation.scales import usual_spread
from forecast.evaluation.trained_model import TrainedModel
from forecast.evaluation.verdict import saved_words
from forecast.experiment.experiment import FALLBACK, Experiment
from forecast.metric_records import METRICS
from forecast.models.covariates.usual_values import learn_usual
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Issuable, Watcher
from forecast.models.method_settings import CURRENT
from forecast.models.networks.cells import CELLS
from forecast.models.networks.recurrent import RecurrentModel
from forecast.models.registry import ENSEMBLE, MODELS, is_learned, make_forecaster, spec_names, train_on
from forecast.run import Run

AUTO = "auto"


BASELINES = ("seasonal-naive", "naive")


TIE = 0.01  # measured by benchmarks/tuning/choice.py
"""A network that beats the ensemble by less than this share of its error in the backtest may well have been lucky."""
LAST_EFFORT = 1 / 4  # measured by benchmarks/tuning/descent.py
"""Share of the usual steps by which networks that the backtest trained are trained on to the end of the data."""


def with_saved(experiment: Experiment, chosen: str, model: str) -> Experiment:
    """Returns the experiment with a verdict that says where a baseline did better than the model that is saved.

    Args:
        experiment: that was held.
        chosen: the model that is saved.
        model: that was asked for.
    """
    board, (tested,) = experiment.board, (each for each in experiment.backtest.models if each.name == chosen)
    squares = np.nansum((experiment.backtest.truths - tested.forecasts) ** 2, axis=(0, 2))  # (K, S, H) -> (S,)
    series, heaviest = experiment.reading.panel.series_ids, None
    if len(series) > 1 and squares.sum() > 0:
        heaviest = (series[int(squares.argmax())], float(squares.max() / squares.sum()))
    words = saved_words(board.rows, chosen, experiment.settings.metric, candidates_for(model), heaviest)
    return replace(experiment, board=replace(board, verdict=f"{board.verdict} {words}".strip()))


def fit_on_all(experiment: Experiment, chosen: str, run: Run) -> TrainedModel:
    """Returns the chosen model, fitted to everything, with the weights and widths its backtest taught.

    What the backtest trained once, at the earliest origin, is trained on from there: it need not begin anew.
    """
    panel, plan, timing = experiment.reading.panel, experiment.plan, experiment.timing
    run = run.on(experiment.machine)
    watcher = Watcher(lambda share: run.reporter.progress(f"{chosen}, on all data", share))
    watcher.progress(0.0)
    tested = experiment.backtest.model(chosen)
    combination = tested.combination
    begun = experiment.model_of(chosen)
    if timing and timing.deadline and is_learned(chosen):
        specs = timing.more_seeds({cell: experiment.specs[cell] for cell in spec_names(chosen)}, experiment.settings)
        fitted = make_forecaster(chosen, specs, plan.season_of(chosen), run, pacers=timing.last).fit(panel, watcher)
        tried, made = (len(each[spec_names(chosen)[0]].seeds) for each in (experiment.specs, specs))
        combination = combination.widened(tried, made)
    elif begun:
        fitted = train_on(begun, panel, run, watcher, LAST_EFFORT)
    else:
        fitted = make_forecaster(chosen, experiment.specs, plan.season_of(chosen), run).fit(panel, watcher)
    model = EnsembleModel((fitted,)) if isinstance(fitted, RecurrentModel) else cast(Issuable, fitted)
    spread = usual_spread(panel, plan.season)
    learned, season = learn_usual(panel), plan.season
    levels = experiment.settings.levels
    reconciliation = tested.reconciled.reconciliation if tested.reconciled else None
    trained = TrainedModel(chosen, model, combination, tested.distribution, season, CURRENT, learned, spread)
    return replace(trained, levels=levels, reconciliation=reconciliation)


def candidates_for(model: str) -> tuple[str, ...]:
    """Returns the models among which the backtest chooses.

    Raises:
        UsageError: there is no such model.
    """
    if model == AUTO:
        return (*CELLS, ENSEMBLE)
    check_model(model, (AUTO, *MODELS, *CELLS.unlisted))
    return (model,)


def check_model(model: str, known: tuple[str, ...]) -> None:
    """Refuses a name that no model has.

    Raises:
        UsageError: the hint lists all.
    """
    if model not in known:
        hint = f"--model {'|'.join(known)}"
        if model.endswith(".py"):
            hint = f"--model {model}:MyCell, where MyCell is a cell in that file"
        elif "," in model:
            hint = f"one model, or forecast compare DATA --models {model}"
        raise UsageError(f"There is no model '{model}'.{did_you_mean(model, known)}", hint)


def with_baselines(candidates: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the models of a backtest: the candidates and the baselines that they must beat, each once."""
    return tuple(dict.fromkeys((*candidates, *BASELINES)))


def choose(experiment: Experiment, model: str) -> tuple[str, str]:
    """Returns the model to fit on everything, and in words why it was taken; no words where it was named.

    Args:
        experiment: that was held.
        model: that was asked for; ``AUTO`` for the network with the lowest error in the backtest.

    Raises:
        TrainingError: there was no time for what was asked for.
    """
    tried = {row.model for row in experiment.board.rows}
    if model != AUTO and (model in tried or not is_learned(model)):
        return model, ""
    if model != AUTO:
        raise TrainingError(
            f"The time is too short to train {model} as far as is worth anything on this machine.",
            f"a longer --time-limit, or --model {FALLBACK}, which takes none",
        )
    metric = experiment.settings.metric
    candidates = [name for name in candidates_for(model) if name in tried]  # a deadline may leave some out
    if not candidates:
        return FALLBACK, "exponential smoothing, since the time was too short to train a network worth having"
    ranked = sorted(candidates, key=lambda name: experiment.board.row(name).error(metric))
    reason = f"the network with the lowest {METRICS[metric].explained or METRICS[metric].label} in the backtest"
    if not np.isfinite(experiment.board.row(ranked[0]).error(metric)):  # rows stand by their RMSE
        reason = (
            f"the network with the lowest RMSE in the backtest, which is too short to tell its {METRICS[metric].label}"
        )
    if ENSEMBLE in candidates and ranked[0] != ENSEMBLE:
        error = {name: experiment.board.row(name).error(metric) for name in (ranked[0], ENSEMBLE)}
        if error[ENSEMBLE] <= (1 + TIE) * error[ranked[0]]:
            return ENSEMBLE, f"all networks together, within {100 * TIE:g} % of {ranked[0]}, {reason}: the steadier"
    if ENSEMBLE not in tried:
        reason += f" ({' and '.join(cell for cell in CELLS if cell not in tried)} left out for want of time)"
    return ranked[0], reason
