from math import gcd

import numpy as np
import pytest

from forecast.evaluation.distribution import spread as module
from forecast.evaluation.distribution.difficulty import FEATURES
from forecast.evaluation.distribution.spread import (
    OWN_FOLDS,
    PLAIN,
    PRIOR,
    PRIOR_BETWEEN,
    PRIOR_GROWTH_PLAIN,
    PRIOR_MEANS,
    PRIOR_PLAIN,
    PRIOR_SIZE,
    PRIOR_SIZE_PLAIN,
    fit_hardness,
    phases_after,
    stride,
)

SEASON = 12
NAN = np.nan
H = 6
MEANS = np.array(PRIOR_MEANS)
LOGS = np.log(np.arange(1, H + 1)) - MEANS[0]


def told(records, series, horizon=H, seed=0):
    """Features around the usual ones."""
    rng = np.random.default_rng(seed)
    features = MEANS[:, None, None] + rng.normal(0, 1, (records, len(FEATURES), series, horizon))
    features[:, 0] = np.log(np.arange(1, horizon + 1))
    return features.astype(np.float32)


def fit_spread(errors, features, series_folds, season, folds=None):
    """The spread of records that are of one fold unless they are said to be of several."""
    folds = np.zeros(len(errors), dtype=int) if folds is None else np.asarray(folds)
    return module.fit_spread(errors, features, folds, series_folds, season)


def errors_like(features, slopes, size=0.0, seed=1):
    """Absolute errors of such a mean size."""
    mean = np.exp(size + np.einsum("f,rfsh->rsh", slopes[1:], features[:, 1:] - MEANS[1:, None, None]))
    return mean * np.random.default_rng(seed).exponential(1, mean.shape)


def test_many_errors_tell_what_they_hang_on():
    slopes = np.array([0.0, 0.5, 0.0, -0.3, 0.9, 0.4, 0.0, 0.0, 0.2, -0.4])
    features = told(5, 400)
    found = fit_spread(errors_like(features, slopes, size=0.3), features, 2000.0, SEASON)
    np.testing.assert_allclose(found.slopes[1:], slopes[1:], atol=0.05)
    assert found.profile.mean() == pytest.approx(0.3, abs=0.05)


def test_few_errors_leave_what_many_short_series_taught():
    features = as_usual(told(2, 1))
    found = fit_spread(errors_like(features, np.zeros(10)), features, 0.0, SEASON)
    np.testing.assert_allclose(found.slopes, PRIOR)
    np.testing.assert_allclose(found.profile, PRIOR_SIZE + PRIOR[0] * LOGS, atol=1e-6)


def as_usual(features):
    """The same, about the usual ones exactly."""
    moved = features - features.mean(axis=(0, 2, 3), keepdims=True) + MEANS[:, None, None]
    moved[:, 0] = features[:, 0]
    return moved.astype(np.float64)


@pytest.mark.parametrize(
    ("season", "within", "growth", "size"),
    [(SEASON, PRIOR, PRIOR_BETWEEN[0], PRIOR_SIZE), (1, PRIOR_PLAIN, PRIOR_GROWTH_PLAIN, PRIOR_SIZE_PLAIN)],
)
def test_one_series_errs_by_what_changes_within_it_and_many_by_what_tells_them_apart(season, within, growth, size):
    between = np.array([growth, *PRIOR_BETWEEN[1:]])
    for series, share in ((1, 1.0), (13, 0.5), (400, 0.0)):
        features = as_usual(told(2, series)) + 0.5
        found = fit_spread(errors_like(features, np.zeros(10)), features, 0.0, season)
        np.testing.assert_allclose(found.slopes, share * np.array(within) + (1 - share) * between, atol=2e-3)
        usual = size + 0.5 * sum(PRIOR_BETWEEN[1:])  # a series of other features than usual is of another size
        np.testing.assert_allclose(found.profile - found.slopes[0] * LOGS, usual, rtol=1e-6)


def test_a_series_that_varies_more_of_late_is_not_expected_to_err_more_for_that():
    features = told(4, 1)
    late = features[0].copy()
    late[FEATURES.index("recent")] += 0.7
    spread = fit_spread(errors_like(features, np.zeros(10)), features, 0.0, SEASON)
    assert (spread.of(late) <= spread.of(features[0])).all()


def test_what_the_errors_are_counts_more_the_more_folds_there_are():
    features = told(2, 40)
    errors = 5 * errors_like(features, np.array(PRIOR))
    sizes = [fit_spread(errors, features, folds, SEASON).profile.mean() for folds in (0.0, 2.0, 20.0, 2000.0)]
    assert sizes == sorted(sizes)
    assert sizes[-1] - sizes[0] > 1


def test_errors_that_grow_over_the_horizon_are_expected_to():
    features = told(5, 300)
    errors = errors_like(features, np.array(PRIOR)) * np.arange(1, H + 1)
    found = fit_spread(errors, features, 1500.0, SEASON)
    assert (np.diff(found.profile) > 0).all()
    assert found.profile[-1] - found.profile[0] > np.log(2)  # neighbours lend their errors


@pytest.mark.parametrize("power", [0.0, 1.5])
def test_how_errors_of_one_series_grow_is_learned_soon(power):
    features = as_usual(told(6, 1, seed=3))
    errors = np.broadcast_to(np.arange(1.0, H + 1) ** power, (6, 1, H))
    found = fit_spread(errors, features, 6.0, 1)
    usual = fit_spread(errors, features, 0.0, 1).slopes[0]
    assert abs(found.slopes[0] - power) < 0.5 * abs(usual - power)


def test_the_latest_folds_tell_most_of_one_series_and_no_more_than_others_of_many():
    folds, grows_calmer = [0, 1, 2, 3], np.array([8.0, 4.0, 2.0, 1.0])[:, None, None]
    for series, least, most in ((1, 1.15, 3.0), (400, 0.99, 1.01)):
        features = as_usual(told(4, series))
        calmer = np.broadcast_to(grows_calmer, (4, series, H))
        sizes = [
            fit_spread(errors, features, 4.0 * series, SEASON, folds).profile.mean()
            for errors in (calmer, calmer[::-1])
        ]
        assert least < np.exp(sizes[1] - sizes[0]) < most


def test_errors_of_which_most_are_nothing_are_not_all_taken_for_nothing():
    features = told(5, 1)
    errors = np.zeros((5, 1, H))
    errors[:2] = 0.5
    spread = fit_spread(errors, features, 5.0, 1)
    assert 0.05 < np.exp(spread.profile).mean() < 1


def test_features_that_a_forecast_has_not_got_are_as_usual():
    features = told(3, 20)
    spread = fit_spread(errors_like(features, np.array(PRIOR)), features, 60.0, SEASON)
    lacks, usual = features[0].copy(), features[0].copy()
    lacks[5:] = NAN
    usual[5:] = np.array(spread.means)[5:, None, None]
    np.testing.assert_allclose(spread.of(lacks), spread.of(usual), rtol=1e-6)


def test_nothing_known_teaches_nothing():
    assert fit_spread(np.full((2, 3, H), NAN), told(2, 3), 0.0, SEASON) is None


def test_forecasts_that_were_always_right_have_a_small_spread_and_no_warning():
    spread = fit_spread(np.zeros((3, 4, H)), told(3, 4), 12.0, SEASON)
    assert np.isfinite(spread.profile).all()
    assert (spread.profile < -3).all()


def test_one_wild_series_does_not_widen_all_others():
    features = told(3, 60)
    calm = errors_like(features, np.array(PRIOR))
    wild = calm.copy()
    wild[:, 0] = 1e9
    one, other = (fit_spread(errors, features, 180.0, SEASON).of(features[0])[1:] for errors in (calm, wild))
    assert np.exp(np.abs(np.log(other / one)).mean()) < 1.5


@pytest.mark.parametrize("horizon", [1, 7, 24, 48, 60])
@pytest.mark.parametrize("count", [1, 999, 1000, 24_000, 48_000, 60_001])
def test_of_very_many_errors_some_of_all_steps_are_looked_at(count, horizon):
    every = stride(count, 1000, horizon)
    assert gcd(every, horizon) == 1
    assert count / every <= 1000
    assert count <= 1000 or count / every > 300


def test_steps_of_a_panel_too_large_to_be_looked_at_whole_each_have_their_own_size(monkeypatch):
    """Each 24-th of errors of 24 steps would be the same step of all series."""
    features, steps = told(2, 500, 24), np.arange(1, 25)
    errors = errors_like(features, np.array(PRIOR)) * steps
    whole = fit_spread(errors, features, 1000.0, SEASON)
    monkeypatch.setattr(module, "MOST_POINTS", 1000)
    np.testing.assert_allclose(fit_spread(errors, features, 1000.0, SEASON).profile, whole.profile, atol=0.35)


# Series that are harder than is expected of them


def hardness(ratios, folds=None, phases=1, origins=None, belief=10.0):
    folds = np.arange(len(ratios)) if folds is None else np.asarray(folds)
    origins = np.zeros(ratios.shape[:2], dtype=int) if origins is None else origins
    return fit_hardness(ratios, folds, origins, phases, belief)


def test_what_a_series_errs_more_counts_beside_folds_in_which_it_erred_like_all():
    ratios = np.ones((2, 4, 3)) * np.array([2.0, 1.0, 1.0, 0.0])[:, None]
    ratios[0, 2] = NAN  # known in one fold only
    seen = np.array([2, 2, 1, 2])
    expected = np.clip([2.0, 1.0, 1.0, 0.0], PLAIN, 1 / PLAIN) ** (seen / (seen + OWN_FOLDS))
    np.testing.assert_allclose(hardness(ratios).own, expected)


def test_records_of_one_fold_are_one_piece_of_evidence():
    ratios = np.random.default_rng(0).exponential(1, (2, 3, H)) * np.array([1.0, 3.0, 1.0])[:, None]
    np.testing.assert_allclose(hardness(np.repeat(ratios, 5, axis=0), np.repeat([0, 1], 5)).own, hardness(ratios).own)


def test_extremes_are_bounded_and_the_unknown_is_as_usual():
    ratios = np.ones((4, 4, 2)) * np.array([1e9, 1e-9, NAN, 0.0])[:, None]
    own = hardness(ratios).own
    assert own[2] == 1
    assert (own >= PLAIN).all()
    assert (own <= 1 / PLAIN).all()


def test_a_phase_belongs_to_its_step_whatever_the_origin():
    np.testing.assert_array_equal(phases_after(np.array([6, 8]), 4, 7), [[0, 1, 2, 3], [2, 3, 4, 5]])
    assert set(phases_after(np.array([-3]), 5, 7)[0]) <= set(range(7))  # before 1970


def test_hard_phases_are_told_from_folds_whose_origins_lie_in_different_ones():
    rng, origins = np.random.default_rng(0), np.array([[0, 3], [4, 5], [9, 2], [13, 1]])
    ratios = rng.exponential(1, (4, 2, 7))
    ratios[phases_after(origins, 7, 7) == 2] *= 4
    found = hardness(ratios, phases=7, origins=origins, belief=1.0)
    assert (found.phases.argmax(axis=1) == 2).all()
    for origin in (0, 1, 20):
        factors = found.of(np.array([origin, origin]), 7)
        assert ((origin + 1 + factors.argmax(axis=1)) % 7 == 2).all()


def test_a_phase_that_was_never_seen_is_as_hard_as_the_series():
    ratios = np.random.default_rng(0).exponential(1, (3, 2, 2))
    found = hardness(ratios, phases=7, origins=np.full((3, 2), 6))
    np.testing.assert_array_equal(found.phases[:, 2:], 1)


def test_without_a_season_few_errors_are_taken_for_larger_and_growing_faster():
    nothing = np.full((1, 1, H), np.nan)
    nothing[0, 0, 0] = 1.0
    seasonal, plain = (fit_spread(nothing, told(1, 1), 0.0, season).profile for season in (12, 1))
    assert (plain > seasonal + 0.3).all()
    assert np.ptp(plain) > np.ptp(seasonal)


@pytest.mark.parametrize(("series_folds", "larger"), [(1.0, 1.265), (4.0, 1.072), (4000.0, 1.0)])
def test_errors_to_come_are_expected_larger_than_few_that_were_seen(series_folds, larger, monkeypatch):
    errors, features = np.full((1, 1, H), 1.0), told(1, 1)
    found = fit_spread(errors, features, series_folds, SEASON).of(features[0])
    monkeypatch.setattr("forecast.evaluation.distribution.spread.SPREAD_DOUBT", 0.0)
    np.testing.assert_allclose(
        found / fit_spread(errors, features, series_folds, SEASON).of(features[0]), larger, rtol=1e-3
    )
