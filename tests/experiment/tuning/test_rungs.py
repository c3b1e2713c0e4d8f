"""The rungs: cheap trials that change one setting first, the best few in full, and how long all that takes."""

from dataclasses import replace

import pytest

from forecast.data.read_options import ReadOptions
from forecast.experiment.tuning.optuna_study import TriedSettings, TuningStudy
from forecast.experiment.tuning.rungs import (
    COLD,
    chosen,
    confirmation_seconds,
    finalists,
    finals_seconds,
    full_seconds,
    rung_of,
)
from forecast.experiment.tuning.search_space import Rung, SearchedSetting, neighbours
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.models.networks.cells import CELLS, REFERENCE
from forecast.specs import Plan, Settings

SPACE = (
    SearchedSetting("window", 24, (12, 24, 36, 48, 72)),
    SearchedSetting("cell", "auto", ("auto", "linear", "gru"), is_ordered=False),
    SearchedSetting("learning-rate", 1e-3, (2e-4, 5e-3), is_range=True),
)
USUAL = {each.name: each.default for each in SPACE}
CHEAP = Rung("lstm", 0.5)
ENTRY = TuningEntry(
    *("shop", "shop.csv", ReadOptions(), None, "f" * 64, 100, Settings(), "auto", 6, 24, SPACE, 5, 2, 2, 4),
    searched_to="2024-01-31",
    begun="2024-02-01T00:00:00+00:00",
    rung=CHEAP,
)
PLAN = Plan(horizon=6, window=24, seasons=(12,), folds=2, refit=False, nonnegative=True)


def tried(number, error, state="whole", **changes):
    return TriedSettings(number, {**USUAL, **changes}, state, error, seconds=9.0, warm=4.0)


def test_each_of_the_first_trials_changes_one_setting_and_every_setting_comes_before_any_comes_twice():
    found = [{name: value for name, value in trial.items() if value != USUAL[name]} for trial in neighbours(SPACE)]
    assert [[*each] for each in found[:3]] == [["window"], ["cell"], ["learning-rate"]]
    assert all(len(each) == 1 for each in found)
    assert [each["window"] for each in found if "window" in each] == [48, 12, 72]
    assert len({repr(each) for each in found}) == len(found) == 7


def test_study_tries_the_neighbours_before_it_proposes_anything(tmp_path):
    study = TuningStudy(tmp_path / "journal.log", SPACE, seed=3)
    asked = [study.ask().values for _ in range(8)]
    assert asked == [USUAL, *neighbours(SPACE)]


def test_what_is_trained_in_full_is_kept_in_the_journal(tmp_path):
    study = TuningStudy(tmp_path / "journal.log", SPACE, seed=3)
    trial = replace(study.ask(), state="whole", error=2.0, blocks=(1.0, None))
    study.tell(trial)
    study.tell_full(replace(trial, error=1.5, seconds=7.0))
    again = TuningStudy(tmp_path / "journal.log", SPACE, seed=3)
    assert [(each.error, each.seconds) for each in again.full().values()] == [(1.5, 7.0)]
    assert [each.error for each in again.trials()] == [2.0]


@pytest.mark.parametrize(
    ("refit", "preset", "model", "asks", "rung"),
    [
        (False, "balanced", "auto", False, Rung(REFERENCE, 0.4)),
        (False, "best", "gru", False, Rung("auto", 0.16)),
        (False, "balanced", "auto", True, Rung(REFERENCE, 1.0)),
        (True, "balanced", "auto", False, Rung(REFERENCE, 1.0)),
        (True, "balanced", "gru", False, None),
        (False, "fast", "gru", False, None),
    ],
)
def test_trials_are_as_cheap_as_the_data_and_the_recipe_allow(refit, preset, model, asks, rung):
    assert rung_of(replace(PLAN, refit=refit), preset, model, asks_for_steps=asks) == rung


def test_finalists_err_less_than_the_default_and_none_does_what_another_does():
    trials = (tried(0, 1.0), tried(1, 0.9, window=48), tried(2, 0.9, window=48), tried(3, 0.8, "stopped", window=12),
              tried(4, 0.7, cell="gru"), tried(5, 1.1, cell="linear"))  # fmt: skip
    assert [each.number for each in finalists(ENTRY, trials)] == [4, 1]
    assert [each.number for each in finalists(ENTRY, trials, 1)] == [4]


def test_what_meets_the_default_is_the_best_in_full_and_without_such_the_best_of_the_search():
    trials = (tried(0, 1.0), tried(1, 0.9, window=48), tried(2, 0.8, window=72))
    assert chosen(trials, {}).number == 2
    assert chosen(trials, {0: tried(0, 1.0), 1: tried(1, 0.9), 2: tried(2, 0.95)}).number == 1
    assert chosen(trials, {0: tried(0, 0.5), 2: tried(2, 0.6)}).number == 0
    assert chosen(trials, {0: tried(0, 0.5)}).number == 2


def test_a_trial_in_full_takes_all_cells_and_all_steps():
    trials = (tried(0, 1.0), replace(tried(1, 0.9, **{"learning-rate": 2e-3}), warm=3.0), tried(2, 0.9, cell="gru"))
    assert full_seconds(ENTRY, trials[0], trials) == pytest.approx(3.0 * len(CELLS) / 0.5)
    assert full_seconds(ENTRY, trials[2], trials) == pytest.approx(4.0 / 0.5)
    assert full_seconds(replace(ENTRY, rung=None), trials[2], trials) == 4.0


def test_seconds_of_a_first_trial_that_nothing_tells_apart_are_mostly_not_its_own():
    cold = (replace(tried(0, 1.0), warm=9.0),)
    assert full_seconds(ENTRY, cold[0], cold) == pytest.approx(COLD * 9.0 * len(CELLS) / 0.5)


def test_time_for_trials_in_full_is_kept_but_never_most_of_a_limit():
    trials = (tried(0, 1.0),)
    assert finals_seconds(ENTRY, trials, 1000.0) == pytest.approx(4 * 4.0 * len(CELLS) / 0.5)
    assert finals_seconds(ENTRY, trials, 100.0) == pytest.approx(35.0)
    assert finals_seconds(replace(ENTRY, rung=None), trials, 100.0) == 0.0


def test_nothing_is_kept_for_a_confirmation_that_somebody_else_makes():
    assert confirmation_seconds(replace(ENTRY, confirm=0), (tried(0, 1.0),), tried(1, 0.9)) == 0.0
    assert confirmation_seconds(ENTRY, (tried(0, 1.0),), tried(1, 0.9)) > 0.0
