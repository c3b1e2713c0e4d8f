"""What left its level and came back is no new level, seen from either end."""

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.anomalies.excursions import excursion_at, lasts_from, side_of

ONSET, STOP, STEPS = 40, 45, 90
SEASON = 7


def shop(size=-80.0, onset=ONSET, stop=STOP, steps=STEPS):
    """Daily values with a week as large as what they are off by, and how far steps begin a new level."""
    values = 100 + 80 * np.sin(np.arange(steps) * 2 * np.pi / SEASON)
    values[onset:stop] += size
    shifts = np.zeros(steps)
    shifts[onset] = np.sign(size) * 9
    if stop < steps:
        shifts[stop] = -np.sign(size) * 8
    return panel_from_series([values], "D"), shifts


@pytest.mark.parametrize("step", [ONSET, STOP])
@pytest.mark.parametrize("size", [-80.0, 30.0])
def test_excursion_is_the_same_from_either_end(step, size):
    found = excursion_at(*shop(size), step, 0, SEASON)
    assert (found.onset, found.stop) == (ONSET, STOP)
    assert found.size == pytest.approx(size)


def test_gaps_in_it_and_beside_it_are_passed_over():
    panel, shifts = shop()
    panel.values[[ONSET - 1, ONSET + 1, STOP + 2]] = np.nan
    assert excursion_at(panel, shifts, ONSET, 0, SEASON).size == pytest.approx(-80)


@pytest.mark.parametrize("stop", [STEPS, STEPS - 2])
def test_what_has_not_come_back_for_three_steps_is_none(stop):
    assert excursion_at(*shop(stop=stop), ONSET, 0, SEASON) is None


def test_two_levels_of_which_the_second_stays_elsewhere_are_none():
    panel, shifts = shop()
    panel.values[STOP:] -= 50
    assert excursion_at(panel, shifts, ONSET, 0, SEASON) is None


def test_what_lasts_longer_than_two_sides_is_a_level_of_its_own():
    assert excursion_at(*shop(stop=ONSET + 2 * side_of(SEASON) + 1), ONSET, 0, SEASON) is None


def test_other_series_are_not_looked_at():
    panel, shifts = shop()
    half = panel_from_series([panel.values[: ONSET + 2], panel.values[ONSET + 2 :]], "D")
    assert excursion_at(half, shifts, ONSET, 0, SEASON) is None


@pytest.mark.parametrize(("season", "side"), [(1, 7), (5, 10), (7, 7), (12, 12), (61, 7)])
def test_sides_are_whole_seasons(season, side):
    assert side_of(season) == side


@pytest.mark.parametrize(("stop", "lasts"), [(ONSET + 10, False), (STEPS, True), (ONSET + 25, True)])
def test_a_level_lasts_that_is_still_there_on_the_second_side(stop, lasts):
    panel, _ = shop(stop=stop)
    assert lasts_from(panel, ONSET, 0, SEASON) is lasts


def test_of_a_level_that_has_just_begun_nobody_knows_better():
    panel, _ = shop(onset=STEPS - 9, stop=STEPS)
    assert lasts_from(panel, STEPS - 9, 0, SEASON)


def test_steps_at_the_ends_that_are_not_off_are_no_part_of_it():
    panel, shifts = shop()
    shifts[ONSET - 2], shifts[ONSET] = shifts[ONSET], 0
    shifts[STOP + 1], shifts[STOP] = shifts[STOP], 0
    found = excursion_at(panel, shifts, ONSET - 2, 0, SEASON)
    assert (found.onset, found.stop) == (ONSET, STOP)
