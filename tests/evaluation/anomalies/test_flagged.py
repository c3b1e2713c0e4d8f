"""Which values nobody should learn from, and which look like them."""

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.anomalies.flagged import flagged_values
from forecast.evaluation.anomalies.search import AnomalyInput

STEPS = 200


def flagged(changed, until=99):
    rng, t = np.random.default_rng(3), np.arange(STEPS)
    values = 100 + 10 * np.sin(2 * np.pi * t / 7) + rng.uniform(-2, 2, STEPS)
    for where, size in changed:
        values[where] += size
    return flagged_values(AnomalyInput(panel_from_series([values], "D"), (7,)), np.array([until])).tolist()


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        ([(150, 40), (157, -40)], [150, 157]),
        ([(STEPS - 1, 40)], [STEPS - 1]),
        ([(slice(STEPS - 3, None), 40)], []),  # nobody knows yet whether that stays
        ([(slice(150, None), 40)], []),  # a new level
        ([(50, 40)], []),  # learned from before
    ],
)
def test_spikes_and_dips_of_the_new_values_are_flagged_and_new_levels_are_not(changed, places):
    assert flagged(changed) == places


def test_nothing_is_flagged_where_nothing_is_new_or_too_little_came_before():
    assert flagged([(150, 40)], until=STEPS - 1) == []
    assert flagged([(15, 40)], until=9) == []


def test_a_day_on_which_all_series_are_off_is_flagged_in_each():
    rng = np.random.default_rng(3)
    values = 100 + rng.uniform(-2, 2, (10, STEPS))
    values[:, 150] = 0
    panel = panel_from_series(list(values), "D")
    flags = flagged_values(AnomalyInput(panel, ()), np.full(10, 99))
    assert set((panel.offsets[:-1] + 150).tolist()) <= set(flags.tolist())
