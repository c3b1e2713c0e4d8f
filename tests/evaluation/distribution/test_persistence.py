import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.distribution.paths import fit_dependence
from forecast.evaluation.distribution.persistence import correlation, kinds, memory_likelihoods, usual_correlation
from forecast.models.classical.seasonality import SeasonalitySettings

H = 12
STEPS = np.arange(1, H + 1)


def errors_of(taken, left, shared, count, seed=0):
    """Returns errors of so many horizons, simulated shock by shock, (count, H)."""
    rng = np.random.default_rng(seed)
    shocks, found = rng.normal(size=(count, H)), np.zeros((count, H))
    for step in range(H):
        weights = np.array([1.0 if back == 0 else taken * left ** (back - 1) for back in range(step + 1)])
        found[:, step] = shocks[:, : step + 1][:, ::-1] @ weights
    return found + np.sqrt(shared) * rng.normal(size=(count, 1))


def width_of(matrix):
    """Returns how far a total strays beside one of independent errors."""
    return float(np.sqrt(matrix.sum() / len(matrix)))


@pytest.mark.parametrize("kind", [(0.0, 1.0, 0.2), (1.0, 1.0, 0.01), (0.35, 0.6, 0.05), (0.5, 0.95, 0.6)])
def test_correlation_is_that_of_simulated_errors(kind):
    found = np.corrcoef(errors_of(*kind, 40_000).T)
    np.testing.assert_allclose(correlation(STEPS, *kind), found, atol=0.03)


def test_errors_of_a_walk_belong_together_as_the_root_of_their_steps():
    shared = np.sqrt(np.minimum.outer(STEPS, STEPS) / np.maximum.outer(STEPS, STEPS))
    np.testing.assert_allclose(correlation(STEPS, 1.0, 1.0, 0.0), shared)


def test_some_steps_are_told_as_among_all():
    some = np.array([2, 5, 11])
    for kind in kinds():
        np.testing.assert_allclose(correlation(some, *kind), correlation(STEPS, *kind)[np.ix_(some - 1, some - 1)])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("kind", "at_most"), [((0.0, 1.0, 0.0), 1.35), ((1.0, 1.0, 0.0), 1.1)])
def test_twelve_horizons_tell_noise_from_a_walk(kind, at_most, seed):
    found = width_of(usual_correlation(errors_of(*kind, 12, seed), 12.0, None))
    right = width_of(correlation(STEPS, *kind))
    assert 0.85 * right < found < at_most * right


def test_size_of_errors_tells_nothing():
    errors = errors_of(0.5, 1.0, 0.0, 4)
    np.testing.assert_allclose(usual_correlation(errors, 4.0, None), usual_correlation(9 * errors, 4.0, None))


def test_overlapping_horizons_count_as_so_many_as_are_independent():
    errors = errors_of(0.5, 1.0, 0.0, 4)
    twice = usual_correlation(np.repeat(errors, 2, axis=0), 4.0, None)
    np.testing.assert_allclose(usual_correlation(errors, 4.0, None), twice)


def test_steps_that_have_not_come_count_for_nothing():
    errors = errors_of(0.0, 1.0, 0.0, 4)
    more = np.concatenate([errors, np.full((1, H), np.nan)])
    np.testing.assert_allclose(usual_correlation(errors, 4.0, None), usual_correlation(more, 4.0, None))
    errors[-1, 5:] = np.nan
    cut = usual_correlation(errors, 4.0, None)
    assert np.isfinite(cut).all()
    assert np.linalg.eigvalsh(cut).min() > 0


def test_long_horizon_is_told_by_some_of_its_steps():
    rng = np.random.default_rng(4)
    found = usual_correlation(rng.normal(size=(6, 400)), 6.0, None)
    assert np.diag(found) == pytest.approx(np.ones(400))
    assert found[0, 399] < 0.1


def memories_of(*series, season=1):
    return memory_likelihoods(panel_from_series(series, "D"), season, SeasonalitySettings())


def test_a_history_tells_noise_from_a_walk_where_no_fold_does():
    rng, nothing = np.random.default_rng(2), np.full((1, H), np.nan)
    noise, shocks, week = 50 + rng.normal(size=150), rng.normal(size=150), 9.0 * (np.arange(150) % 7)
    unknown, steady, walk, weekly = (
        width_of(usual_correlation(nothing, 0.0, memories))
        for memories in (None, memories_of(noise), memories_of(np.cumsum(shocks)), memories_of(noise + week, season=7))
    )
    assert steady < 0.75 * unknown
    assert weekly < 0.75 * unknown
    assert walk > 1.2 * unknown
    assert walk == pytest.approx(width_of(correlation(STEPS, 1.0, 1.0, 0.0)), rel=0.1)


def test_a_level_that_began_elsewhere_and_a_later_start_tell_the_same():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=80)
    both = memories_of(1000 + noise, np.r_[np.zeros(0), 1000 + noise])
    np.testing.assert_allclose(both - both.max(), memories_of(1000 + noise) - memories_of(1000 + noise).max())
    among = memories_of(np.cumsum(rng.normal(size=120)), 1000 + noise)
    assert np.isfinite(among).all()


def test_flat_and_many_series_tell_nothing():
    flat = memories_of(np.full(30, 5.0))
    assert np.ptp(flat) == pytest.approx(0.0, abs=1e-6)
    assert memories_of(*(np.arange(9.0) for _ in range(13))) is None


def test_dependence_of_one_series_heeds_its_past():
    scores = np.random.default_rng(5).normal(size=(2, 1, H))
    found = [
        fit_dependence(scores, np.array([0, 1]), 2.0, memories)
        for memories in (None, memories_of(np.cumsum(np.random.default_rng(6).normal(size=200))))
    ]
    unknown, walk = (width_of(each.own @ each.own.T) for each in found)
    assert walk > 1.2 * unknown
