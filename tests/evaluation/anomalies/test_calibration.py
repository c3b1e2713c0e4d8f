"""How rare a score is said to be, and how rare it is."""

import numpy as np
import pytest

from forecast.evaluation.anomalies.calibration import calibrate, extremal_index, false_discovery_rates, survival


def drawn(seed, count):
    return np.abs(np.random.default_rng(seed).standard_t(5, count))


@pytest.mark.parametrize("rate", [0.01, 0.001])
def test_rates_hold_on_new_scores_of_the_same_kind(rate):
    rarity = calibrate(drawn(0, 20_000)).rarity(drawn(1, 400_000))
    assert 1 / 1.5 < (rarity <= rate).mean() / rate < 1.5


def test_a_rate_below_one_in_the_number_of_scores_means_something():
    rarity = calibrate(drawn(0, 4_000)).rarity(drawn(1, 1_000_000))
    assert 1 / 4 < (rarity <= 1e-4).mean() / 1e-4 < 4


def test_anomalies_of_the_past_hide_no_later_one():
    usual = np.abs(np.random.default_rng(0).normal(size=4_000))
    spoilt = usual.copy()
    spoilt[:80] = np.linspace(8, 20, 80)
    before, after = (calibrate(scores).rarity(np.array([7.0]))[0] for scores in (usual, spoilt))
    assert after < 1e-3
    assert before < 1e-3


def test_rarity_falls_as_scores_rise_across_the_begin_of_the_tail():
    scores = np.linspace(0, 30, 2_000)
    rarity = calibrate(drawn(0, 2_000)).rarity(scores)
    assert (np.diff(rarity) <= 1e-9).all()
    assert rarity[0] == 1


@pytest.mark.parametrize("scores", [[], [1.0], [0.0] * 50, [np.nan] * 30, [*([0.0] * 99), 5.0]])
def test_few_or_equal_scores_are_calibrated_all_the_same(scores):
    rarity = calibrate(np.array(scores)).rarity(np.array([0.0, 1.0, np.nan]))
    assert np.isnan(rarity[2])
    assert ((rarity[:2] > 0) & (rarity[:2] <= 1)).all()


def test_a_tail_of_shape_zero_is_exponential():
    assert survival(np.array([0.0, 1.0, 2.0]), 0.0) == pytest.approx([1, np.exp(-1), np.exp(-2)])
    assert survival(np.array([3.0]), 0.5) == pytest.approx([2.5**-2])


def test_false_discovery_rates_are_those_of_benjamini_and_hochberg():
    rates = false_discovery_rates(np.array([0.02, 0.001, 0.5]), 100)
    assert rates == pytest.approx([min(0.02 * 100 / 2, 1), 0.1, 1])


def test_rare_steps_in_a_row_are_one_episode():
    rarity = np.full(10_000, 0.9)
    for begin in range(0, 10_000, 1_000):
        rarity[begin : begin + 5] = 1e-4
    starts = np.zeros(10_000, dtype=bool)
    starts[0] = True
    assert extremal_index(rarity, starts, 2) == pytest.approx((10 + 2) / (50 + 2))
    assert extremal_index(np.where(rarity < 0.5, 0.9, np.nan), starts, 2) == pytest.approx((10 + 2) / (50 + 2), abs=0.9)
