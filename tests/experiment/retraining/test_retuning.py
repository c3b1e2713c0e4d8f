"""A retrain's own search: its find takes the plain challenger's place only beyond chance, and sees no later point."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.panel import Panel, panel_from_series
from forecast.evaluation.splits import Fold
from forecast.experiment.retraining import retuning
from forecast.experiment.retraining.challenge import Recipe
from forecast.experiment.retraining.retuning import Retuned, run_challenges
from forecast.production.promotion import ModelScore
from forecast.specs import Settings
from runs import QUIET

H, STEPS = 4, 40
PANEL = panel_from_series([np.random.default_rng(s).normal(100.0, 10.0, STEPS) for s in range(6)], "D",
                          series_ids=[f"s{s}" for s in range(6)])  # fmt: skip
FOLDS = tuple(Fold(k + 1, np.full(6, STEPS - (3 - k) * H), np.ones(6, dtype=bool), H) for k in range(3))
TRUTHS = np.stack([fold.truth(PANEL) for fold in FOLDS])
NOISE = np.random.default_rng(9).normal(0.0, 5.0, TRUTHS.shape)
READING = SimpleNamespace(panel=PANEL)


@dataclass(frozen=True)
class Data:
    """Of a reading, what a search looks at."""

    panel: Panel
    whole: Panel | None = None


def fought(errors):
    """A challenge whose challenger errs so."""
    score = ModelScore(float(np.sqrt((errors**2).mean())))
    challenger = SimpleNamespace(score=score, points=TRUTHS + errors)
    return SimpleNamespace(challenger=challenger, folds=FOLDS, spread=0.0, scored_on=lambda panel: "the newest 12 days")


@pytest.mark.parametrize(
    ("errors", "is_taken", "words"),
    [
        (0.5 * NOISE, True, "50 % less on the newest 12 days: the challenger has them"),
        (NOISE * np.where(np.arange(H) % 2, 1.02, 0.97), False, "which may be chance"),
        (1.5 * NOISE, False, "no less on the newest 12 days: the recipe stays"),
        (np.full_like(NOISE, np.nan), False, "can't be compared: the recipe stays"),
    ],
)
def test_tuned_recipe_takes_the_place_of_the_plain_one_only_beyond_chance(errors, is_taken, words):
    taken, told = retuning._verdict(fought(NOISE), fought(errors), READING)
    assert (taken, words in told) == (is_taken, True), told


@pytest.fixture
def fights(monkeypatch):
    """Challenges by recipe: the one with a window of 8 errs half as much."""
    monkeypatch.setattr(
        retuning, "run_challenge", lambda reading, champion, folds, recipe, run: fought(
            NOISE * (0.5 if recipe.settings.window == 8 else 1.0))
    )  # fmt: skip
    return monkeypatch


def searched(fights, found):
    seen = []
    fights.setattr(retuning, "_search", lambda part, recipe, seconds, run: seen.append(part) or found)
    reading = Data(PANEL)
    return run_challenges(reading, None, FOLDS, Recipe("gru", Settings()), 60.0, QUIET), seen


def test_search_knows_nothing_of_the_points_that_decide(fights):
    _, [part] = searched(fights, (Retuned(3, {}, False, "of 3 trials, none"), None))
    assert part.panel.lengths.max() == STEPS - 3 * H


def test_challenger_has_the_recipe_that_was_found_and_the_record_says_so(fights):
    tuned = Recipe("gru", Settings(window=8))
    found, _ = searched(fights, (Retuned(9, {"window": 8}, False, "of 9 trials, window 8 erred least"), tuned))
    assert found.recipe is tuned
    assert found.retuned.facts() == {
        "tuned": "of 9 trials, window 8 erred least, and 50 % less on the newest 12 days: the challenger has them",
        "tuned_settings": {"window": 8},
    }


def test_recipe_that_is_no_better_stays(fights):
    found, _ = searched(fights, (Retuned(9, {"units": 8}, False, "of 9 trials, units 8 erred least"),
                                 Recipe("lstm", Settings())))  # fmt: skip
    assert (found.recipe.model, found.retuned.is_taken) == ("gru", False)
    assert found.retuned.facts()["tuned_settings"] == {}


def test_nothing_is_searched_where_nobody_asked(fights):
    assert run_challenges(READING, None, FOLDS, Recipe("gru", Settings()), None, QUIET).retuned is None


def test_model_without_settings_is_not_tuned_and_that_is_said():
    found, tuned = retuning._search(READING, Recipe("smoothing", Settings()), 60.0, QUIET)
    assert (tuned, found.words) == (None, "there was nothing to search: smoothing has no settings")
