"""The pretrained network of series without a season: its weights, what it may do, and what it is good for."""

from dataclasses import replace
from hashlib import sha256
from importlib.resources import files

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.errors import UsageError
from forecast.models.classical.baselines import baseline
from forecast.models.classical.pretrained import moved, read_weights, shares_of, simple_forecasts, tents, traits
from forecast.models.method_settings import CURRENT

NOW = CURRENT.classical
PLAIN = replace(NOW, pretrained=replace(NOW.pretrained, share=0.0))
WHOLLY = replace(NOW.pretrained, share=1.0)


def smoothed(series, horizon=6, settings=NOW, season=1):
    return baseline("smoothing", panel_from_series(series, "YS"), horizon, (season,), settings)


def right_aligned(series):
    longest = max(map(len, series))
    return np.array([[np.nan] * (longest - len(own)) + list(own) for own in series])


@pytest.fixture(scope="module")
def walks():
    """Returns walks of several lengths, some noisy, some with a trend."""
    rng = np.random.default_rng(4)
    return [
        50 + np.cumsum(rng.normal(0.3 * (number % 2), 1, steps)) + rng.normal(0, number % 3, steps)
        for number, steps in enumerate((9, 15, 30, 48, 49, 90, 160))
    ]


def test_weights_of_an_edition_never_change():
    content = files("forecast.models.classical").joinpath("pretrained_1.f32").read_bytes()
    assert sha256(content).hexdigest() == "dc34617d0a1b0d47c9083f367b3fb51ac6df690d3ceba636f5cd206f42f49050"
    weights = read_weights(NOW.pretrained)
    assert [each.shape for each in weights] == list(NOW.pretrained.shapes)
    assert all(np.isfinite(each).all() for each in weights)


def test_shares_are_those_of_a_network_written_out(walks):
    found = simple_forecasts(right_aligned(walks) / 100, 6, NOW.theta, NOW.seasonless, NOW.pretrained)
    seen, weights = traits(found, NOW.theta, NOW.pretrained), read_weights(NOW.pretrained)
    shares = shares_of(np, seen, weights, 12)
    mean, spread, one, bias, two, other, last, rest = weights
    for own, row in zip(shares, seen, strict=True):
        first = [v / (1 + np.exp(-1.702 * v)) for v in (row - mean) / spread @ one + bias]
        second = [a + v / (1 + np.exp(-1.702 * v)) for a, v in zip(first, first @ two + other, strict=True)]
        told = (second @ last + rest).reshape(9, 3)
        for step, share in enumerate(own.T):
            near = 1 - abs(step - 5.5) / 5.5
            way = [(1 - near) * (step < 6), near, (1 - near) * (step > 5)]
            odds = np.exp(told @ way)
            np.testing.assert_allclose(share, odds / odds.sum(), rtol=1e-9)


def test_a_forecast_lies_within_what_simple_ones_say_and_goes_so_far_as_its_share(walks):
    found = simple_forecasts(right_aligned(walks) / 100, 6, NOW.theta, NOW.seasonless, NOW.pretrained)
    whole = moved(found, 6, read_weights(WHOLLY), NOW.theta, WHOLLY)
    every = np.array([own[:, :6] for own in (*found.every, found.base)])
    assert (every.min(axis=0) - 1e-4 <= whole).all()
    assert (whole <= every.max(axis=0) + 1e-4).all()
    assert np.abs(whole - found.base[:, :6]).max(axis=1).min() > 1e-5
    plain, now = smoothed(walks, settings=PLAIN), smoothed(walks)
    wholly = smoothed(walks, settings=replace(NOW, pretrained=WHOLLY))
    np.testing.assert_allclose(now, plain + NOW.pretrained.share * (wholly - plain), rtol=1e-12)


def test_each_series_is_forecast_as_alone(walks):
    alone = np.concatenate([smoothed([own]) for own in walks])
    np.testing.assert_allclose(smoothed(walks), alone, rtol=1e-12)


def test_steps_beyond_those_it_learned_of_are_moved_as_the_last_of_them(walks):
    far, near = smoothed(walks, 30), smoothed(walks, 12)
    np.testing.assert_allclose(far[:, :12], near, rtol=1e-12)
    change = far - smoothed(walks, 30, PLAIN)
    np.testing.assert_allclose(change[:, 12:], np.repeat(change[:, 11:12], 18, axis=1), atol=1e-9)


@pytest.mark.parametrize("season", [1, 4])
def test_short_series_and_those_with_a_season_are_left_to_smoothing(season, walks):
    series = [[], [3.0], [4.0, 7.0], np.arange(7.0) ** 2] if season == 1 else walks
    given = {"horizon": 6, "season": season}
    np.testing.assert_allclose(smoothed(series, **given), smoothed(series, settings=PLAIN, **given), rtol=1e-12)


@pytest.mark.parametrize("values", [np.zeros(30), np.full(30, 7.0), np.full(30, -1e-12)])
def test_what_never_changes_stays(values):
    np.testing.assert_allclose(smoothed([values]), np.repeat(values[-1], 6)[None], rtol=1e-9, atol=1e-15)


def test_the_scale_of_values_says_nothing(walks):
    series = [own for own in walks if own.min() > 0]
    np.testing.assert_allclose(smoothed([1e6 * own for own in series]), 1e6 * smoothed(series), rtol=1e-5)


def test_what_swings_or_goes_on_is_forecast_better_and_a_noisy_level_nearly_as_well_as_can_be():
    rng = np.random.default_rng(7)
    swings, trends, levels = np.zeros((200, 60)), np.zeros((200, 60)), rng.normal(0, 0.3, (200, 60))
    for step in range(2, 60):
        swings[:, step] = 1.5 * swings[:, step - 1] - 0.8 * swings[:, step - 2] + rng.normal(size=200)
    trends += np.cumsum(np.cumsum(rng.normal(0, 0.2, (200, 60)), axis=1), axis=1) + rng.normal(0, 0.2, (200, 60))
    levels = 20 + np.cumsum(levels, axis=1) + rng.normal(size=(200, 60))

    def missed(values, settings):
        return np.abs(smoothed(values[:, :54] + 100, settings=settings) - values[:, 54:] - 100).mean()

    for values, most in ((swings, 0.97), (trends, 0.98), (levels, 1.01)):
        assert missed(values, NOW) < most * missed(values, PLAIN)
    assert missed(levels, NOW) < 0.92 * np.abs(levels[:, 53:54] - levels[:, 54:]).mean()


def test_each_step_hears_of_the_places_beside_it():
    np.testing.assert_allclose(tents(5), [[1, 0.5, 0, 0, 0], [0, 0.5, 1, 0.5, 0], [0, 0, 0, 0.5, 1]])


def test_an_edition_of_another_program_is_refused():
    with pytest.raises(UsageError, match="edition 999"):
        read_weights(replace(NOW.pretrained, edition=999))
