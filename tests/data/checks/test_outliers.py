import numpy as np
import pytest

from forecast.data.checks.outliers import EXTREME, outliers
from generated import CLEAN, usual_step


@pytest.mark.parametrize("kind", CLEAN)
@pytest.mark.parametrize("steps", [60, 300])
def test_clean_series_have_next_to_none(kind, steps):
    rng = np.random.default_rng(4)
    found = [outliers(kind(rng, steps), (12,)).size > 0 for _ in range(100)]
    assert np.mean(found) <= 0.03


@pytest.mark.parametrize("kind", CLEAN)
@pytest.mark.parametrize("sign", [-1, 1])
def test_one_that_is_put_in_is_found_alone_and_where_it_is(kind, sign):
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(60):
        series, place = kind(rng, 120), int(rng.integers(120))
        series[place] += sign * 12 * usual_step(series)
        hits += outliers(series, (12,)).tolist() == [place]
    assert hits >= 55


@pytest.mark.parametrize("kind", CLEAN)
def test_new_level_is_no_outlier(kind):
    rng = np.random.default_rng(6)
    found = 0
    for _ in range(50):
        series, place = kind(rng, 120), int(rng.integers(20, 100))
        series[place:] += 10 * usual_step(series)
        found += outliers(series, (12,)).size > 0
    assert found <= 2


def test_peak_that_comes_back_every_season_is_none():
    series = 100 + np.random.default_rng(7).normal(0, 1, 140)
    series[::7] += 300
    assert outliers(series, (7,)).size == 0
    series[70] = 100  # a week without its peak
    assert outliers(series, (7,)).tolist() == [70]


def test_scale_and_gaps_change_nothing():
    series = np.random.default_rng(8).normal(0, 1, 200)
    series[50] = 30
    series[[10, 51, 52, 120]] = np.nan
    assert outliers(series, ()).tolist() == outliers(1e6 * series, ()).tolist() == [50]


def test_many_are_the_nature_of_the_series():
    series = np.random.default_rng(9).normal(0, 1, 300)
    series[np.arange(5, 300, 23)] = 40
    assert outliers(series, ()).size == 0


@pytest.mark.parametrize("series", [np.arange(19.0), np.full(50, 3.0), np.full(50, np.nan)])
def test_short_constant_and_empty_series_have_none(series):
    assert outliers(series, (7,)).size == 0


def test_limit_tells_the_rare_from_the_impossible():
    series = np.random.default_rng(10).normal(0, 1, 200)
    series[50], series[100] = 12, 60
    assert outliers(series, ()).tolist() == [50, 100]
    assert outliers(series, (), EXTREME).tolist() == [100]
