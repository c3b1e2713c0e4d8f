"""What the rest of a search costs: by what the default took in full, its loops compiled, not by its first trial."""

from dataclasses import replace

import pytest

from forecast.data.read_options import ReadOptions
from forecast.experiment.tuning.optuna_study import TriedSettings
from forecast.experiment.tuning.search_space import Rung, SearchedSetting
from forecast.experiment.tuning.tuning_costs import MORE, TuningCosts
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.models.networks.cells import CELLS
from forecast.specs import Settings

SPACE = (
    SearchedSetting("window", 24, (12, 24, 48, 72)),
    SearchedSetting("cell", "auto", ("auto", "linear", "gru"), is_ordered=False),
    SearchedSetting("learning-rate", 1e-3, (2e-4, 5e-3), is_range=True),
)
ENTRY = TuningEntry(
    *("shop", "shop.csv", ReadOptions(), None, "f" * 64, 100, Settings(), "auto", 6, 24, SPACE, 5, 2, 2, 4),
    searched_to="2024-01-31",
    begun="2024-02-01T00:00:00+00:00",
    rung=Rung("lstm", 0.5),
)


def tried(number, error, **changes):
    values = {**{each.name: each.default for each in SPACE}, **changes}
    return TriedSettings(number, values, "whole", error, seconds=9.0, warm=4.0)


CHEAP = (tried(0, 1.0), replace(tried(1, 0.9, **{"learning-rate": 2e-3}), warm=3.0), tried(2, 0.8, cell="gru"),
         replace(tried(3, 0.7, window=72), warm=40.0), tried(4, 1.2, window=12))  # fmt: skip
WHOLE = {0: replace(tried(0, 1.0), seconds=21.0, warm=20.0)}


def test_a_trial_in_full_takes_all_cells_and_all_steps_until_one_was_measured():
    costs = TuningCosts(ENTRY, CHEAP)
    assert costs.full_seconds(CHEAP[1]) == pytest.approx(3.0 * len(CELLS) / 0.5)
    assert costs.full_seconds(CHEAP[2]) == pytest.approx(4.0 / 0.5)
    assert TuningCosts(replace(ENTRY, rung=None), CHEAP).full_seconds(CHEAP[2]) == 4.0


def test_what_the_default_took_in_full_tells_what_others_will_take():
    costs = TuningCosts(ENTRY, CHEAP, WHOLE)
    assert costs.full_seconds(CHEAP[0]) == pytest.approx(20.0)
    assert costs.full_seconds(CHEAP[3]) == pytest.approx(200.0)
    assert costs.full_seconds(CHEAP[2]) == pytest.approx(20.0 / len(CELLS))


def test_seconds_of_importing_and_compiling_count_once_and_not_with_each_trial():
    slow = {0: replace(WHOLE[0], seconds=121.0)}
    one, other = TuningCosts(ENTRY, CHEAP, WHOLE), TuningCosts(ENTRY, CHEAP, slow)
    assert other.full_seconds(CHEAP[0]) == one.full_seconds(CHEAP[0])
    assert other.confirmation_seconds() - one.confirmation_seconds() == pytest.approx(100.0)


def test_two_workers_confirm_side_by_side_and_the_dearer_side_counts():
    alone, two = (TuningCosts(ENTRY, CHEAP, WHOLE, workers) for workers in (1, 2))
    assert alone.confirmation_seconds(CHEAP[3]) == pytest.approx(MORE * 2 * 220.0 + 1.0)
    assert two.confirmation_seconds(CHEAP[3]) == pytest.approx(MORE * 2 * 200.0 + 1.0)
    assert two.confirmation_seconds() == pytest.approx(MORE * 2 * 20.0 + 1.0)
    assert TuningCosts(replace(ENTRY, confirm=0), CHEAP, WHOLE).confirmation_seconds(CHEAP[3]) == 0.0


def test_time_for_trials_in_full_is_kept_but_never_more_than_half_of_what_the_confirmation_leaves():
    costs = TuningCosts(ENTRY, CHEAP)
    assert costs.finals_seconds(1000.0) == pytest.approx(4 * 4.0 * len(CELLS) / 0.5)
    assert costs.finals_seconds(200.0) == pytest.approx(4.0 * len(CELLS) / 0.5)
    assert costs.finals_seconds(100.0) == 0.0
    assert TuningCosts(ENTRY, CHEAP, WHOLE).finals_seconds(1000.0) == pytest.approx(60.0)
    assert TuningCosts(ENTRY, CHEAP, WHOLE, 2).finals_seconds(1000.0) == pytest.approx(40.0)
    assert TuningCosts(ENTRY, CHEAP, {**WHOLE, 1: CHEAP[1]}).finals_seconds(1000.0) == pytest.approx(20.0)
    assert TuningCosts(replace(ENTRY, rung=None), CHEAP).finals_seconds(1000.0) == 0.0


@pytest.mark.parametrize(
    ("full", "limit", "is_worth"), [({}, 1000.0, True), ({}, 100.0, False), (WHOLE, 1000.0, False)]
)
def test_the_default_in_full_is_measured_once_and_where_that_leaves_time_for_trials(full, limit, is_worth):
    assert TuningCosts(ENTRY, CHEAP, full).is_worth_measuring(limit) == is_worth


@pytest.mark.parametrize(
    ("left", "numbers"),
    [(1000.0, (3, 2, 1)), (200.0, (2, 1)), (70.0, (2,)), (5.0, ())],
)
def test_settings_that_are_too_dear_for_the_time_give_way_to_the_next_best(left, numbers):
    assert tuple(each.number for each in TuningCosts(ENTRY, CHEAP, WHOLE).affordable(left)) == numbers


def test_what_was_trained_in_full_is_not_trained_again():
    costs = TuningCosts(ENTRY, CHEAP, {**WHOLE, 2: replace(CHEAP[2], error=1.1)})
    assert tuple(each.number for each in costs.affordable(1000.0)) == (3, 1)


def test_a_rung_of_one_cell_costs_as_many_times_as_it_has_fewer_steps():
    assert TuningCosts(replace(ENTRY, rung=Rung("auto", 0.4)), CHEAP).full_seconds(CHEAP[0]) == pytest.approx(10.0)
