"""A retrain's own search: better settings than the champion's, as one more challenger; see ``experiment.tuning``.

    ─────────────────────────────────────●                  what the search may know
         train ──●─ H ─┤                                    its folds
         train ────────●─ H ─┤
                                         [- H -][- H -]     the points that decide: no trial sees them

The recipe that was found takes the plain challenger's place only where it errs less on these points by more than chance
makes likely; whoever stands there then meets the champion by the rules of every retrain.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecast.data.reading.reader import Reading
from forecast.decoding import decode
from forecast.errors import DataError, ForecastError, TimeUpError, UsageError
from forecast.evaluation.splits import Fold, truth_weights
from forecast.evaluation.trained_model import TrainedModel
from forecast.execution.executor import InThisProcess
from forecast.execution.job import Failure, JobOrder, JobResult
from forecast.experiment.final_fit import AUTO
from forecast.experiment.plan import make_plan
from forecast.experiment.retraining.challenge import (
    Challenge,
    Recipe,
    challenge_recipes,
    run_challenge,
    tie_between,
)
from forecast.experiment.tuning.confirmation_span import search_part
from forecast.experiment.tuning.optuna_study import TuningStudy
from forecast.experiment.tuning.rungs import chosen
from forecast.experiment.tuning.search_space import Value, changed_settings, changes_of
from forecast.experiment.tuning.trial import score_trial
from forecast.experiment.tuning.trial_order import TrialOrder
from forecast.experiment.tuning.tune_search import BATCH, SearchLimits, TrialReporter, TuneSearch
from forecast.experiment.tuning.tuning_entry import TuningScope, tuning_entry
from forecast.models.registry import ENSEMBLE, is_learned
from forecast.run import Run
from forecast.specs import LESSONS, Deadline
from forecast.wording import counted, gap_percent

SEARCHED = 0.4
"""Share of the time, about, that is gone when the search is done."""


@dataclass(frozen=True)
class Retuned:
    """What a search within a retrain found.

    Attributes:
        trials: that were scored, the champion's recipe among them.
        changes: of the champion's recipe that erred least; none where nothing erred less than it.
        is_taken: the challenger has them.
        words: all of it in a sentence, without its full stop.
    """

    trials: int
    changes: dict[str, Value]
    is_taken: bool
    words: str

    def facts(self) -> dict[str, Any]:
        """Returns what the record of the run says of it."""
        return {"tuned": self.words, "tuned_settings": self.changes if self.is_taken else {}}


@dataclass(frozen=True, eq=False)
class ChallengeOutcome:
    """A challenge, by which recipe it was fought, and what was searched before; None where nobody asked for it."""

    challenge: Challenge
    recipe: Recipe
    retuned: Retuned | None = None


def run_challenges(
    reading: Reading, champion: TrainedModel, folds: tuple[Fold, ...], recipe: Recipe, seconds: float | None, run: Run
) -> ChallengeOutcome:
    """Returns how champion and challenger did on the newest points, and which recipe the challenger has.

    Args:
        reading: of all the data.
        champion: the version in use.
        folds: of the hold-out; none where too few steps came, and recipes are compared at rolling origins.
        recipe: the challenger's; settings are searched around it.
        seconds: that the search may take; None for no search.
        run: what to work with.

    Raises:
        ForecastError: see ``run_experiment``.
    """

    def fight(with_recipe: Recipe, how: Run) -> Challenge:
        if folds:
            return run_challenge(reading, champion, folds, with_recipe, how)
        return challenge_recipes(reading, champion, with_recipe, how)

    if seconds is None:
        return ChallengeOutcome(fight(recipe, run), recipe)
    found, tuned = _search(_before(reading, folds, recipe), recipe, seconds, run.stage(0.0, SEARCHED))
    if tuned is None:
        return ChallengeOutcome(fight(recipe, run.stage(SEARCHED, 1.0)), recipe, found)
    half = (1.0 + SEARCHED) / 2
    plain, other = fight(recipe, run.stage(SEARCHED, half)), fight(tuned, run.stage(half, 1.0))
    is_taken, told = _verdict(plain, other, reading)
    found = replace(found, is_taken=is_taken, words=f"{found.words}, and {told}")
    return ChallengeOutcome(other, tuned, found) if is_taken else ChallengeOutcome(plain, recipe, found)


def _before(reading: Reading, folds: tuple[Fold, ...], recipe: Recipe) -> Reading:
    """Returns what lies before the points that decide.

    Raises:
        DataError, UsageError: too little does.
    """
    if not folds:
        return search_part(reading, recipe.settings, make_plan(reading.panel, recipe.settings).folds)
    early = folds[0].train(reading.panel)
    return replace(reading, panel=early.select(np.flatnonzero(early.lengths)), whole=None)


def _search(part: Reading, recipe: Recipe, seconds: float, run: Run) -> tuple[Retuned, Recipe | None]:
    """Returns what was found, and the recipe that has it; None where it is the recipe of before."""
    if not is_learned(recipe.model) or recipe.settings.preset in LESSONS:
        return Retuned(0, {}, False, f"there was nothing to search: {recipe.model} has no settings"), None
    began, model = run.clock.seconds(), AUTO if recipe.model == ENSEMBLE else recipe.model
    scope = TuningScope(
        name="",
        source=part.source,
        options=part.settled,
        sample=None,
        settings=recipe.settings,
        model=model,
        search=None,
        confirm=0,
        batch=BATCH,
        begun=run.clock.now().isoformat(),
        is_pinned=False,
    )
    try:
        entry = tuning_entry(scope, part, run)
    except (DataError, UsageError) as error:
        return Retuned(0, {}, False, f"there was too little to search on: {error.message.rstrip('.')}"), None
    study, reporter = TuningStudy(None, entry.space, entry.seed), TrialReporter(run.reporter, "searching settings")
    quiet = run.with_reporter(reporter)
    limits = SearchLimits(None, Deadline(seconds, began))
    search = TuneSearch(entry, study, PartTrials(part, quiet), quiet, reporter, limits, "")
    trials, full = search.run()
    best, count = chosen(trials, full), sum(trial.error is not None for trial in trials)
    changes = changes_of(best.values, entry.space, entry.window) if best is not None else {}
    if not changes:
        why = "the time was up before any was scored" if best is None else "none erred less than the recipe of before"
        return Retuned(count, {}, False, f"of {counted(count, 'trial')} of settings, {why}"), None
    settings, cell = changed_settings(recipe.settings, model, changes)
    words = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in changes.items()
    )
    tuned = Recipe(ENSEMBLE if cell == AUTO else cell, settings, recipe.warm)
    return Retuned(count, dict(changes), False, f"of {counted(count, 'trial')}, {words} erred least"), tuned


def _verdict(plain: Challenge, tuned: Challenge, reading: Reading) -> tuple[bool, str]:
    """Returns whether the tuned challenger errs less than the plain one beyond chance, and that in words."""
    mine, its = tuned.challenger, plain.challenger
    if not np.isfinite(mine.score.rmse) or mine.points.shape != its.points.shape:
        return False, "its forecasts can't be compared: the recipe stays"
    where = plain.scored_on(reading.panel)
    if not mine.score.rmse < its.score.rmse:
        return False, f"no less on {where}: the recipe stays"
    gain = gap_percent(1 - mine.score.rmse / its.score.rmse)
    truths = np.stack([fold.truth(reading.panel) for fold in plain.folds])
    spread = max(plain.spread, tuned.spread)
    chance = tie_between(truths, mine.points, its.points, spread, truth_weights(reading.panel, plain.folds))
    if chance:
        return False, f"{gain} less on {where}, {chance.removeprefix('and ')}: the recipe stays"
    return True, f"{gain} less on {where}: the challenger has them"


class PartTrials(InThisProcess):
    """Does trials of a part of the data in this process: no file is read again, and nothing after the part is seen."""

    def __init__(self, part: Reading, run: Run) -> None:
        """Takes what they may know, and what to work with."""
        super().__init__(run)
        self._part = part

    def as_completed(self, futures: "Iterable[Future[JobResult]]") -> "Iterator[Future[JobResult]]":
        """Does one trial after another."""
        for future in futures:
            job = self._jobs.pop(future)
            future.set_result(self._done(job))
            yield future

    def _done(self, job: JobOrder) -> JobResult:
        from threadpoolctl import threadpool_limits

        try:
            with threadpool_limits(1, user_api="blas"):
                value = score_trial(decode(TrialOrder, job.spec), self._part, self._run)
        except TimeUpError:
            raise
        except ForecastError as error:
            return JobResult(job.key, failure=Failure(error.message, error.hint, int(error.exit_code)))
        return JobResult(job.key, dict(value))
