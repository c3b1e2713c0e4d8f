"""How rare a score is said to be, and how rare it is."""

import numpy as np
import pytest

from forecast.evaluation.anomalies.calibration import calibrate, episode_scale, false_discovery_rates, survival


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


def clustered(run, seed=0, steps=20_000):
    """Probabilities of steps: each rare one comes ``run`` times in a row."""
    rare = np.random.default_rng(seed).random(steps // run)
    return np.repeat(rare, run), np.arange(len(rare) * run) == 0


@pytest.mark.parametrize("run", [1, 5])
@pytest.mark.parametrize("rate", [0.002, 0.0005])
def test_episodes_come_at_the_rate_that_is_told_of_them(run, rate):
    rare, starts = clustered(run)
    scale = episode_scale(rare, starts, 1)
    fresh, _ = clustered(run, seed=1, steps=1_000_000)
    at = np.flatnonzero(scale.rarity(fresh) <= rate)
    episodes = int((np.diff(at) > 1).sum()) + 1
    assert 1 / 1.5 < episodes / len(fresh) / rate < 1.5


def test_of_two_looks_the_rarer_is_no_surer_than_both():
    looks = np.random.default_rng(0).random((2, 20_000))
    scale = episode_scale(looks.min(axis=0), np.arange(20_000) == 0, 1)
    assert scale.rarity(np.array([0.001]))[0] == pytest.approx(0.002, rel=0.3)


@pytest.mark.parametrize("count", [0, 1, 20, 150])
def test_few_steps_say_that_each_rare_one_is_an_episode(count):
    scale = episode_scale(np.linspace(0.01, 1, count), np.arange(count) == 0, 3, looks=2)
    rarity = scale.rarity(np.array([1e-8, 1e-4, 0.2, 1.0, np.nan]))
    assert 1e-8 <= rarity[0] <= 3e-8
    assert (np.diff(rarity[:4]) > 0).all()
    assert rarity[3] == 1
    assert np.isnan(rarity[4])


@pytest.mark.parametrize("rate", [0.02, 0.002])
def test_what_can_be_counted_is_counted_even_where_no_tail_of_the_kind_fits(rate):
    rng = np.random.default_rng(0)
    size = (2, 40_000)
    drawn = np.where(rng.random(size) < 0.05, rng.uniform(1, 5, size), rng.exponential(0.5, size))
    rarity = calibrate(drawn[0]).rarity(drawn[1])
    assert 1 / 1.3 < (rarity <= rate).mean() / rate < 1.3
