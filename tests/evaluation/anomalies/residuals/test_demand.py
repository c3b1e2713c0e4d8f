"""An ordinary sale of a series that rarely sells is expected, an extraordinary one is not."""

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.anomalies.residuals.demand import DEVIATIONS, TABLE, beyond_normal, demand_of, is_intermittent
from forecast.evaluation.anomalies.search import AnomalyInput, search
from forecast.evaluation.anomalies.settings import SETTINGS

STEPS = 240


def sales(count, seed=0, chance=0.1, steps=STEPS):
    rng = np.random.default_rng(seed)
    return ((rng.random((count, steps)) < chance) * (1 + rng.poisson(1, (count, steps)))).astype(float)


@pytest.mark.parametrize(("rate", "kind"), [(0.01, "point"), (0.002, "point"), (0.01, "auto")])
def test_alarms_of_intermittent_demand_come_at_the_rate_that_was_asked_for(rate, kind):
    panel = panel_from_series(list(sales(250)), "D")
    episodes = search(AnomalyInput(panel, ()), kind, rate, STEPS - 80).episodes
    assert 1 / 1.5 < len(episodes) / (250 * 80 * rate) < 1.5


@pytest.mark.parametrize("count", [1, 40])
def test_a_sale_far_larger_than_all_others_is_told_and_ordinary_ones_are_not(count):
    values = sales(count)
    values[0, 200] = 40
    episodes = search(AnomalyInput(panel_from_series(list(values), "D"), ()), "point", 0.0005).episodes
    assert episodes[0].peak == 200
    assert episodes[0].upper < 10
    assert len(episodes) < 8


def test_closed_days_that_a_season_tells_are_no_intermittent_demand():
    week = np.arange(STEPS) % 7 < 4
    series = [np.where(week, sales(1, seed, 0.99)[0], 0.0) for seed in range(3)]
    mixed = panel_from_series([*series, *sales(2), np.zeros(STEPS)], "D")
    assert is_intermittent(mixed, (7,), SETTINGS).tolist() == [False, False, False, True, True, False]
    assert is_intermittent(mixed, (), SETTINGS)[:3].all()  # the test can fail


def test_what_is_expected_of_a_step_knows_no_later_one():
    values = sales(3)
    changed = values.copy()
    changed[:, 150:] = 7
    before, after = demand_of(values, SETTINGS), demand_of(changed, SETTINGS)
    assert (before.expected[:, :151] == after.expected[:, :151]).all()
    assert (before.expected[:, 152] != after.expected[:, 152]).all()


def test_the_mean_of_a_demand_is_its_chance_times_its_size_and_one_as_usual_is_as_rare_as_any():
    values = np.tile([0.0, 0.0, 0.0, 4.0], 400)[None]
    told = demand_of(values, SETTINGS)
    assert told.expected[0, 1600 - 4] == pytest.approx(1, abs=0.1)
    assert beyond_normal(told.errors[0, -1:])[0] == pytest.approx(told.chance[0, -1], rel=0.05)


def test_shares_beyond_are_those_of_the_normal_distribution():
    assert beyond_normal(np.array([0.0, 1.959964, -2.575829, 40.0])) == pytest.approx(
        [1, 0.05, 0.01, TABLE[0]], rel=1e-3
    )
    assert beyond_normal(DEVIATIONS) == pytest.approx(TABLE)


def test_a_burst_of_a_series_that_is_mostly_nought_is_told():
    values = sales(1, steps=2_000)[0]
    values[1_500:1_540] = np.random.default_rng(1).poisson(3, 40)
    episodes = search(AnomalyInput(panel_from_series([values], "h"), ()), "auto", 0.001).episodes
    assert any(one.onset < 1_540 and one.end >= 1_500 and one.end > one.onset for one in episodes)
    assert len(episodes) < 6
