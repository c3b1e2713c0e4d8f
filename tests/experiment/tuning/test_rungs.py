"""The rungs: cheap trials that change one setting first, the best few in full, and what gained alone together."""

from dataclasses import replace

import pytest

from forecast.data.read_options import ReadOptions
from forecast.experiment.tuning.optuna_study import TriedSettings, TuningStudy
from forecast.experiment.tuning.rungs import chosen, finalists, rung_of
from forecast.experiment.tuning.search_space import Rung, SearchedSetting, combined, neighbours
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.models.networks.cells import REFERENCE
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


def done(error, **changes):
    return {**USUAL, **changes}, error


@pytest.mark.parametrize(
    ("tried", "together"),
    [
        ([done(1.0), done(0.9, window=48), done(0.8, cell="gru"), done(0.95, **{"learning-rate": 2e-3})],
         [{"cell": "gru", "window": 48}, {"cell": "gru", "window": 48, "learning-rate": 2e-3}]),
        ([done(1.0), done(0.9, window=48), done(0.85, window=12), done(0.8, cell="gru"),
          done(0.5, cell="gru", window=72)],
         [{"cell": "gru", "window": 12}]),
        ([done(1.0), done(0.9, window=48), done(1.1, cell="gru")], []),
        ([done(0.9, window=48), done(0.8, cell="gru")], []),
        ([], []),
    ],
    ids=["by gain", "the best value alone", "one alone", "no default", "nothing"],
)  # fmt: skip
def test_settings_that_gained_alone_are_tried_together(tried, together):
    assert combined(SPACE, tried) == tuple({**USUAL, **each} for each in together)


def test_study_tries_together_what_gained_alone_before_it_proposes_anything_and_after_a_crash_too(tmp_path):
    path, asked = tmp_path / "journal.log", []
    for _ in range(8):
        trial = TuningStudy(path, SPACE, seed=3)
        asked.append(trial.ask())
        gains = {"window": 0.1, "cell": 0.2}
        changed = [name for name, value in asked[-1].values.items() if value != USUAL[name]]
        trial.tell(replace(asked[-1], state="whole", error=1.0 - sum(gains.get(name, -0.1) for name in changed)))
    study = TuningStudy(path, SPACE, seed=3)
    study._enqueue_combined(study.trials())  # and then the process is gone
    assert TuningStudy(path, SPACE, seed=3).ask().values == {**USUAL, "cell": "linear", "window": 48}


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
