import numpy as np
import pytest

from decomposed import decompose, season_of
from forecast.data.panel import panel_from_series
from forecast.models.classical.seasonality import SeasonalitySettings, find_pattern, season_strength
from tiny import wave


def repeated(season, years, *, noise, seed=0):
    """Years of a season of size 1, and noise of so much."""
    rng = np.random.default_rng(seed)
    return np.tile(np.sin(2 * np.pi * np.arange(season) / season), years) + rng.normal(0, noise, season * years)


def strengths(*series, season=12, steps=500, **changes):
    return season_strength(panel_from_series(series, "D"), season, steps, SeasonalitySettings(**changes))


@pytest.mark.parametrize("season", [2, 3, 4, 7, 12])
@pytest.mark.parametrize("level", [0.0, 30.0])
def test_pattern_and_strength_are_those_of_the_papers(season, level):
    for steps in (2 * season, 2 * season + 1, 5 * season - 1, 60):
        values = level + wave(steps, level=0.0, seed=steps)
        found = find_pattern(values[None], season, SeasonalitySettings())
        added, multiplies = season_of(list(values), season)
        assert found.multiplies[0] == multiplies
        np.testing.assert_allclose(found.added[0][np.arange(steps)[::-1] % season], np.resize(added, steps), atol=1e-9)
        own = np.log(values) if multiplies else values
        strength = decompose(list(own), season, lambda value: value, own)[2]
        assert found.strength[0] == pytest.approx(strength, abs=1e-9)


def test_what_may_be_chance_is_no_season():
    noise = np.random.default_rng(0).normal(0, 1, (200, 60))
    kept = np.sqrt((find_pattern(noise, 12, SeasonalitySettings()).added ** 2).mean())
    plain = noise.reshape(200, 5, 12).mean(axis=1)
    assert kept < 0.4 * plain.std()
    clear = find_pattern(repeated(12, 5, noise=0.1)[None], 12, SeasonalitySettings()).added[0]
    assert np.abs(clear).max() > 0.9


def test_season_of_noise_is_kept_the_less_the_shorter_the_history():
    rng = np.random.default_rng(1)
    season = np.sin(2 * np.pi * np.arange(12) / 12)
    errors = []
    for years in (3, 6, 12):
        values = np.tile(season, years) + rng.normal(0, 1, (300, 12 * years))
        added = find_pattern(values, 12, SeasonalitySettings()).added[:, ::-1]
        errors.append(np.sqrt(((added - season) ** 2).mean()))
        assert errors[-1] < season.std()  # better than no season at all
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("grows", [True, False])
def test_season_multiplies_where_that_leaves_less_unexplained(grows):
    time = np.arange(96)
    season = 0.3 * np.sin(2 * np.pi * time / 12)
    values = (10 + time) * (1 + season) if grows else 100 + time + 10 * season
    assert find_pattern(values[None], 12, SeasonalitySettings()).multiplies[0] == grows
    assert not find_pattern(values[None] - 200, 12, SeasonalitySettings()).multiplies[0]


def test_season_taken_out_and_put_back_changes_nothing():
    values = np.stack([wave(40), wave(40) - 20, np.r_[np.full(10, np.nan), wave(30)]])
    pattern = find_pattern(values, 4, SeasonalitySettings())
    ahead = pattern.remove(values)[:, -4:]
    np.testing.assert_allclose(pattern.restore(ahead), values[:, -4:])


def test_strength_grows_from_nought_to_one_as_noise_goes_down():
    found = strengths(*(repeated(12, 8, noise=noise) for noise in (100.0, 1.0, 0.3, 0.0)))
    assert list(found) == sorted(found)
    assert found[0] < 0.2
    assert found[-1] == pytest.approx(1)


def test_strength_is_nought_where_nothing_moves_and_unknown_without_two_seasons():
    assert list(strengths(np.full(60, 0.1), np.zeros(60))) == [0, 0]
    assert np.isnan(strengths(wave(23), [], [3.0])).all()
    assert strengths().shape == (0,)


@pytest.mark.parametrize("season", [4, 12, 24])
@pytest.mark.parametrize("more", [0, 1, 3])
def test_two_seasons_of_noise_make_hardly_any(season, more):
    noise = np.random.default_rng(0).normal(0, 1, (300, 2 * season + more))
    found = find_pattern(noise, season, SeasonalitySettings())
    assert np.sqrt((found.added**2).mean()) < 0.55  # of the noise; a plain mean of two keeps 0.7
    assert found.strength.mean() < 0.3
    clear = find_pattern(
        noise + 10 * np.sin(2 * np.pi * np.arange(2 * season + more) / season), season, SeasonalitySettings()
    )
    assert clear.strength.mean() > 0.9


@pytest.mark.parametrize("factor", [1e-200, 0.1, 1e7])
def test_unit_of_the_data_does_not_matter_to_the_strength(factor):
    for values in (wave(80), wave(80) - 20):
        np.testing.assert_allclose(strengths(factor * values, season=4), strengths(values, season=4), rtol=1e-6)


def test_strength_looks_at_the_newest_steps_and_at_each_series_alone():
    series = [wave(80), repeated(4, 9, noise=0.5), np.r_[[1e6] * 40, wave(40)]]
    whole = strengths(*series, season=4, steps=40)
    assert whole[2] == strengths(wave(40), season=4)[0]
    np.testing.assert_allclose(strengths(*series, season=4, steps=40, block=50), whole, rtol=1e-9)
