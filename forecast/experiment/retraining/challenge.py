"""The challenge: champion and challenger scored on the same newest points, which neither was trained on.

    champion      [------- trained on -------]·················· stored weights, it only looks on
    challenger    [--------- trained on ------------][··········
    truths                                           [- H -][- H -]   the hold-out
                                                     ▲ origins

Where too few steps came after the champion's training, both recipes are trained anew at rolling origins.

Shapes: ``K`` origins, ``S`` series, ``H`` horizon.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, places_of
from forecast.data.reading.reader import Reading
from forecast.evaluation.backtest import Backtest, ModelBacktest, backtest
from forecast.evaluation.metrics import coverage, known, rmse, weighed
from forecast.evaluation.scales import usual_spread
from forecast.evaluation.significance import TIE_WITHIN, chance_words, diebold_mariano, gap_below, standing
from forecast.evaluation.splits import Fold, ends_together, truth_weights
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.experiment import Experiment, run_experiment
from forecast.experiment.final_fit import fit_on_all, with_baselines
from forecast.interval_levels import MAIN
from forecast.models.classical.baselines import seasonal_naive
from forecast.models.covariates.usual_values import learn_usual
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Forecaster, Watcher
from forecast.models.registry import is_same_recipe, make_forecaster, train_on
from forecast.models.regression import FittedRegression
from forecast.production.promotion import ModelScore
from forecast.run import News, Reporter, Run
from forecast.specs import ModelSpec, Settings
from forecast.wording import counted

FloatArray = NDArray[np.float64]

BACKTEST = 0.85
"""Share of the time, about, that a backtest takes of itself and the fit to all the data that follows."""


@dataclass(frozen=True)
class Recipe:
    """What the challenger is made by."""

    model: str
    settings: Settings
    warm: bool = False  # another challenger starts from the champion's weights


@dataclass(frozen=True, eq=False)
class Challenger:
    """A model that wants to be champion.

    Attributes:
        trained: on what came before the hold-out; None where recipes were compared.
        points: its forecasts of the hold-out, (K, S, H).
        is_warm: it began from the champion's weights.
    """

    score: ModelScore
    trained: TrainedModel | None
    points: FloatArray
    is_warm: bool = False


@dataclass(frozen=True, eq=False)
class Challenge:
    """How champion and challenger did on the same points.

    Attributes:
        steps: of the calendar that the points lie in.
        points: observed values that were forecast.
        refitted: both recipes were trained anew, since too few rows came after the champion's training.
        is_same: they are one recipe, so that the scores are one as well.
        notes: what the person should know about the challenge.
    """

    champion: ModelScore
    challenger: Challenger
    naive_rmse: float
    steps: int
    points: int
    refitted: bool
    folds: tuple[Fold, ...]  # origins and points
    experiment: Experiment  # the challenger's own backtest
    early: Panel  # all that came before the points, of what both were trained on
    is_same: bool = False
    notes: tuple[str, ...] = ()
    tie: str = ""  # why a challenger that errs more may do so by chance; empty where it does not
    spread: float = 0.0  # standard deviation of the RMSE over seeds, as a share of it

    def scored_on(self, panel: Panel) -> str:
        """Returns what the scores stand on, such as ``the newest 28 days``."""
        frequency = panel.frequency
        noun = frequency.unit.replace("-", " ") if frequency.every == 1 else "step"
        return f"the newest {counted(self.steps, noun)}{', both trained anew' if self.refitted else ''}"


def find_hold_out(panel: Panel, context: Panel, horizon: int, least: int) -> tuple[Fold, ...]:
    """Returns the origins of the hold-out, none where fewer than ``least`` steps came since the champion's training.

    The hold-out is the newer half of what came, so that the challenger can learn from the older half, but never
    fewer than ``least`` steps. A series whose points the champion was trained on is not scored.

    Args:
        panel: all the data.
        context: the end of what the champion was trained on.
        horizon: steps that both forecast at once.
        least: steps worth scoring on.
    """
    counted_last = panel.counted_last  # nothing of what is ignored can be scored
    ends = np.full(len(panel), counted_last.max()) if ends_together(panel) else counted_last
    places = places_of(panel.series_ids, context.series_ids)
    known = places >= 0
    trained = np.where(known, context.last[places], -1)
    if not known.any():
        return ()
    came = int(np.median((ends - trained)[known]))
    if came < least:
        return ()
    held = max(least, came // 2)
    folds = []
    for number, start in enumerate(range(0, held, horizon), start=1):
        origin = ends - held + start
        cuts = np.clip(origin - panel.first + 1, 0, panel.lengths)
        unseen = ~known | (trained <= ends - held)
        folds.append(Fold(number, cuts, unseen & (cuts > 0) & (cuts < panel.lengths), horizon))
    is_scored = any(fold.scored.any() and not np.isnan(fold.truth(panel)).all() for fold in folds)
    return tuple(folds) if is_scored else ()


def run_challenge(
    reading: Reading, champion: TrainedModel, folds: tuple[Fold, ...], recipe: Recipe, run: Run
) -> Challenge:
    """Returns how the champion's stored weights and a challenger did on a hold-out.

    Raises:
        ForecastError: see ``run_experiment``.
    """
    panel = reading.panel
    early = folds[0].train(panel)
    early = early.select(np.flatnonzero(early.lengths))
    backtest = run.stage(0.0, BACKTEST)
    known = replace(reading, panel=early)
    experiment = run_experiment(known, recipe.settings, with_baselines((recipe.model,)), backtest)
    cold = fit_on_all(experiment, recipe.model, run.stage(BACKTEST, 1.0))
    challengers = [Challenger(*scored_on(cold, panel, folds, run))]
    if recipe.warm:
        warm = _warmed(champion, early, run.on(experiment.machine))
        challengers.append(Challenger(*scored_on(warm, panel, folds, run), is_warm=True))
    best = min(challengers, key=lambda one: one.score.rmse if np.isfinite(one.score.rmse) else np.inf)
    row = experiment.board.row(recipe.model)
    shares = row.rmse_std / row.rmse if row.rmse else 0.0  # of the error, over seeds, as its own backtest has it
    before, _, points = scored_on(champion, panel, folds, run)
    truths, weights = np.stack([fold.truth(panel) for fold in folds]), truth_weights(panel, folds)
    season, horizon = experiment.plan.naive_season, folds[0].horizon
    naive = np.stack([seasonal_naive(fold.train(panel), horizon, season) for fold in folds])
    return Challenge(
        champion=before,
        challenger=best,
        naive_rmse=rmse(truths, naive, weights),
        steps=int((panel.lengths - folds[0].cuts)[folds[0].scored].max()),
        points=int((~np.isnan(truths)).sum()),
        refitted=False,
        folds=folds,
        experiment=experiment,
        early=early,
        tie=tie_between(truths, points, best.points, shares, weights),
        spread=shares,
    )


def challenge_recipes(reading: Reading, champion: TrainedModel, recipe: Recipe, run: Run) -> Challenge:
    """Returns how the champion's recipe and the challenger's did, both trained anew at the same rolling origins.

    Raises:
        ForecastError: see ``run_experiment``.
    """
    experiment = run_experiment(reading, recipe.settings, with_baselines((recipe.model,)), run)
    run, result = run.on(experiment.machine), experiment.backtest
    by_name = {tested.name: tested for tested in result.models}
    forecaster = _forecaster_of(champion, run)
    asked = make_forecaster(recipe.model, experiment.specs, experiment.plan.season_of(recipe.model), run)
    is_same = champion.name == recipe.model and is_same_recipe(champion.model, asked, experiment.specs)
    if is_same:
        old = by_name[recipe.model]
    else:
        [old] = backtest(
            reading.panel,
            result.folds,
            [forecaster],
            experiment.plan.season,
            refit=experiment.plan.refit,
            metric=recipe.settings.metric,
            progress=lambda name, share: run.reporter.progress(f"the champion's {name}", share),
            run=run,
            kind=experiment.plan.kind,
        ).models
    new = by_name[recipe.model]
    spread = _spread(old, new, result)
    notes = ("--warm needs newer rows than the champion was trained on to be scored fairly: left out",)
    return Challenge(
        champion=_score_of(old, result),
        challenger=Challenger(_score_of(new, result), None, new.forecasts),
        naive_rmse=rmse(result.truths, by_name["seasonal-naive"].forecasts, result.weights),
        steps=len(result.truths) * experiment.plan.horizon,
        points=int((~np.isnan(result.truths)).sum()),
        refitted=True,
        folds=result.folds[1:],
        experiment=experiment,
        early=result.folds[-1].train(reading.panel),
        is_same=is_same,
        notes=notes if recipe.warm else (),
        tie=tie_between(result.truths, old.forecasts, new.forecasts, spread, result.weights),
        spread=spread,
    )


def _spread(old: ModelBacktest, new: ModelBacktest, result: Backtest) -> float:
    """Returns the larger standard deviation of the RMSE over seeds of two models, as a share of the first one's."""
    spreads = [np.std([rmse(result.truths, own, result.weights) for own in tested.by_seed], ddof=1)
               for tested in (old, new) if len(tested.by_seed) > 1]  # fmt: skip
    base = rmse(result.truths, old.forecasts, result.weights)
    return float(max(spreads) / base) if spreads and base else 0.0


def tie_between(truths: FloatArray, old: FloatArray, new: FloatArray, spread: float, weights: FloatArray | None) -> str:
    """Returns why the challenger may err more than the champion by chance, or an empty text; as ``compare`` has it.

    Where too few points tell, a small difference is none.

    Args:
        truths: (K, S, H), of the points that decide.
        old: likewise, the champion's forecasts.
        new: the challenger's.
        spread: of the RMSE over seeds, as a share of it.
        weights: of the points.
    """
    errors = [rmse(truths, each, weights) for each in (old, new)]
    if not np.isfinite(errors).all() or errors[1] <= errors[0]:
        return ""
    p = known(diebold_mariano(truths, weighed(truths, old, weights), weighed(truths, new, weights)))
    stands = standing(errors[0], errors[1], spread * errors[0], p)
    if stands == "untold" and gap_below(errors[0], errors[1]) <= TIE_WITHIN:
        return "and too few points tell whether that is chance"
    if stands != "tie":
        return ""
    return f"which may be chance ({chance_words(p)})" if p is not None else "which is within the spread of its seeds"


def _forecaster_of(champion: TrainedModel, run: Run) -> Forecaster:
    """Returns what fits a model of the champion's recipe to other data."""
    model = champion.model
    if isinstance(model, EnsembleModel):
        specs: dict[str, ModelSpec] = {part.spec.cell: part.spec for part in model.parts}
        return make_forecaster(champion.name, specs, champion.season, run, settings=champion.settings)
    if isinstance(model, FittedRegression):
        return model.recipe
    return cast(Forecaster, model)  # a rule learns from whatever it is shown


def final_model(
    challenge: Challenge,
    reading: Reading,
    champion: TrainedModel,
    recipe: Recipe,
    run: Run,
    *,
    refit_all: bool,
) -> "FinalModel":
    """Returns the challenger as it will be published.

    Args:
        challenge: that it won.
        reading: all the data.
        champion: whose weights a warm challenger began from.
        recipe: of the challenger.
        run: what to work with.
        refit_all: train on all the data; otherwise on what came before the points that decided.

    Raises:
        ForecastError: see ``run_experiment``.
    """
    winner, experiment = challenge.challenger, challenge.experiment
    if winner.trained is not None and not refit_all:
        return FinalModel(winner.trained, None if winner.is_warm else experiment)
    if winner.is_warm:
        return FinalModel(_warmed(champion, reading.panel, run.on(experiment.machine)), None)
    if not challenge.refitted:  # its backtest knew the data before the hold-out only
        quiet = run.with_reporter(ProgressOnlyReporter(run.reporter)).stage(0.0, BACKTEST)
        experiment = run_experiment(reading, recipe.settings, with_baselines((recipe.model,)), quiet)
        run = run.stage(BACKTEST, 1.0)
    known = reading.panel if refit_all else challenge.early
    trained = fit_on_all(replace(experiment, reading=replace(reading, panel=known)), recipe.model, run)
    return FinalModel(trained, experiment)


class FinalModel(NamedTuple):
    """A challenger as it will be published, and the backtest that taught its weights and widths, if it had one."""

    trained: TrainedModel
    experiment: Experiment | None


@dataclass(frozen=True)
class ProgressOnlyReporter:
    """A reporter that passes on progress and nothing that was said before."""

    inner: Reporter

    def tell(self, news: News) -> None:
        """Says nothing: the user has been told of the retrain."""

    def progress(self, label: str, share: float) -> None:
        """Passes it on."""
        self.inner.progress(f"{label}, on all data", share)


def _warmed(champion: TrainedModel, panel: Panel, run: Run) -> TrainedModel:
    """Returns the champion trained on, with the weights of its members and the widths that its own backtest taught.

    A backtest of a warm start would not be honest: the weights that it begins from have seen its folds.
    """
    watcher = Watcher(lambda share: run.reporter.progress(f"{champion.name}, from the champion's weights", share))
    assert isinstance(champion.model, EnsembleModel)  # only networks begin from weights; others are refused before
    model = train_on(champion.model, panel, run, watcher)
    learned = learn_usual(panel, champion.settings.covariates)
    spread = usual_spread(panel, champion.season, champion.scales)
    return replace(champion, model=model, learned=learned, spread=spread)


def score_on(trained: TrainedModel, panel: Panel, folds: tuple[Fold, ...], run: Run) -> ModelScore:
    """Returns how a trained model forecasts the hold-out, its weights as they are, in the target's unit."""
    return scored_on(trained, panel, folds, run)[0]


def scored_on(
    trained: TrainedModel, panel: Panel, folds: tuple[Fold, ...], run: Run
) -> tuple[ModelScore, TrainedModel, FloatArray]:
    """Returns the score of a trained model on the hold-out, the model, and its forecasts, (K, S, H)."""
    truths, points, lower, upper = [], [], [], []
    giving = trained.giving((MAIN,)) if trained.can_tell((MAIN,)) else trained
    for fold in folds:
        forecasts = giving.forecast(fold.train(panel), fold.horizon, run)
        truths.append(fold.truth(panel))
        points.append(forecasts.point)
        bounds = next((pair for pair in forecasts.intervals if pair.level == MAIN), None)
        nothing = np.full_like(forecasts.point, np.nan)
        lower.append(bounds.lower if bounds else nothing)
        upper.append(bounds.upper if bounds else nothing)
    weights = truth_weights(panel, folds)
    forecast = np.stack(points)
    score = _score(np.stack(truths), forecast, (np.stack(lower), np.stack(upper)), weights)
    return score, trained, forecast


def _score_of(tested: ModelBacktest, result: Backtest) -> ModelScore:
    truths = result.truths
    bounds = tested.interval(MAIN)
    nothing = np.full_like(truths, np.nan)
    ends = (bounds.lower, bounds.upper) if bounds else (nothing, nothing)
    return _score(truths, tested.forecasts, ends, result.weights)


def _score(
    truths: FloatArray, points: FloatArray, ends: tuple[FloatArray, FloatArray], weights: FloatArray | None
) -> ModelScore:
    """Returns the score of forecasts, (K, S, H); an RMSE of NaN where a scored forecast is not a number."""
    is_broken = bool((~np.isfinite(points) & ~np.isnan(truths)).any())
    held = coverage(truths, *ends)
    return ModelScore(float("nan") if is_broken else rmse(truths, points, weights), None if np.isnan(held) else held)
