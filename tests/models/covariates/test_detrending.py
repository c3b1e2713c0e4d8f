import numpy as np
import pytest

from forecast.models.covariates.detrending import change_since, moving_mean, without_trend
from told import season


@pytest.mark.parametrize("steps", [1, 2, 5, 6, 31])
def test_moving_mean_is_the_mean_of_the_steps_around(steps):
    values = np.random.default_rng(0).normal(0, 1, (20, 2))
    half = steps // 2
    for i, row in enumerate(moving_mean(values, steps)):
        if steps % 2:
            expected = values[max(i - half, 0) : i + half + 1].mean(axis=0)
        else:  # a window that lies evenly around has half a step at both ends
            early, late = values[max(i - half, 0) : i + half], values[max(i - half + 1, 0) : i + half + 1]
            expected = (early.mean(axis=0) + late.mean(axis=0)) / 2
        np.testing.assert_allclose(row, expected)


def test_filter_leaves_nothing_of_a_season_on_a_level():
    values = (50 * season(140))[:, None]
    rest = without_trend(values, 7)
    assert np.abs(rest[24:-24]).max() < 1e-9
    pulse = values.copy()
    pulse[70] += 5
    assert without_trend(pulse, 7)[70, 0] == pytest.approx(5 * 6 / 7)


def test_change_is_that_of_the_level_over_one_horizon():
    values = np.arange(60.0)[:, None] ** 1.5
    change = change_since(values, 7, 10)
    assert np.isnan(change[:10]).all()
    np.testing.assert_allclose(change[20, 0], values[17:24].mean() - values[7:14].mean())
    assert np.isnan(change_since(values[:5], 7, 10)).all()
