"""New levels and bursts, by hand."""

import numpy as np
import pytest

from forecast.evaluation.anomalies.level import burst_scores, level_scores, spread_forward


@pytest.fixture(scope="module")
def sides():
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, 3, 60)) * 2


def test_several_series_of_one_length_are_scored_as_each_alone(sides):
    past, future = sides
    for score in (lambda p, f: level_scores(p, f, (5, 15)), lambda p, f: burst_scores(p, f, 8)):
        alone = np.stack([score(p, f) for p, f in zip(past, future, strict=True)])
        assert score(past, future) == pytest.approx(alone, rel=1e-12)


def test_a_burst_is_the_mean_of_its_window_without_the_largest():
    errors = np.zeros(40)
    errors[20:24] = [1.0, 2.0, 1.5, 1.0]
    assert burst_scores(errors, errors, 4).max() == pytest.approx((1 + 1.5 + 1) / 3)


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8])
def test_a_score_spreads_forward_over_so_many_steps(steps):
    scores = np.zeros(20)
    scores[6] = -3.0
    assert np.flatnonzero(spread_forward(scores, steps) == 3).tolist() == list(range(6, 6 + steps))
