import numpy as np
import pytest

from forecast.evaluation.distribution.paths import Dependence, fit_dependence

H, ROUNDS = 6, 40


def scores_of(rng, share, *, fades=0.8, origins=ROUNDS, series=50):
    """Returns normal scores of errors that have a part in common and are correlated from step to step."""
    apart = np.abs(np.subtract.outer(np.arange(H), np.arange(H)))
    root = np.linalg.cholesky(fades**apart)
    common = rng.normal(size=(origins, 1, H)) @ root.T
    own = rng.normal(size=(origins, series, H)) @ root.T
    return np.sqrt(share) * common + np.sqrt(1 - share) * own


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_share_that_series_have_in_common_is_found(share):
    scores = scores_of(np.random.default_rng(0), share)
    found = fit_dependence(scores, np.arange(ROUNDS), ROUNDS * 50.0)
    assert found.share == pytest.approx(share, abs=0.12)


@pytest.mark.parametrize("fades", [0.2, 0.9])
def test_correlation_along_the_horizon_is_found(fades):
    scores = scores_of(np.random.default_rng(1), 0.2, fades=fades)
    found = fit_dependence(scores, np.arange(ROUNDS), ROUNDS * 50.0)
    correlation = found.own @ found.own.T
    assert np.diag(correlation) == pytest.approx(np.ones(H))
    assert correlation[0, 1] == pytest.approx(fades, abs=0.05)
    assert correlation[0, 3] == pytest.approx(fades**3, abs=0.06)


def test_what_series_have_in_common_follows_the_horizon_by_a_correlation_of_its_own():
    """Own parts that hardly last beside a common part that does, and the other way round."""
    rng = np.random.default_rng(6)
    alone = [np.sqrt(1 - 0.5) * scores_of(rng, 0.0, fades=fades) for fades in (0.1, 0.9)]
    common = [np.sqrt(0.5) * scores_of(rng, 1.0, fades=fades) for fades in (0.9, 0.1)]
    near = []
    for own, shared in zip(alone, common, strict=True):
        found = fit_dependence(own + shared, np.arange(ROUNDS), ROUNDS * 50.0)
        near.append([(root @ root.T)[0, 1] for root in (found.common, found.own)])
    (lasting, fading), (faded, lasted) = near
    assert (fading, lasted) == pytest.approx((0.1, 0.9), abs=0.05)
    assert lasting > 0.75
    assert faded < 0.4  # of 40 origins, drawn to what is usual


def test_draws_have_the_spread_and_the_dependence_that_were_found():
    found = fit_dependence(scores_of(np.random.default_rng(2), 0.4), np.arange(ROUNDS), ROUNDS * 50.0)
    one, other = found.draws(4000, ("a", "b"), seed=1)
    assert one.std(axis=0) == pytest.approx(np.ones(H), abs=0.05)
    assert np.corrcoef(one[:, 0], other[:, 0])[0, 1] == pytest.approx(found.share, abs=0.05)
    assert one.mean(axis=0) == pytest.approx(np.zeros(H), abs=1e-9)  # each with its opposite


def test_sum_of_a_horizon_is_neither_that_of_bounds_nor_of_independent_steps():
    scores = scores_of(np.random.default_rng(3), 0.0, fades=0.6)
    found = fit_dependence(scores, np.arange(ROUNDS), ROUNDS * 50.0)
    (drawn,) = found.draws(4000, ("a",), seed=0)
    true = np.sqrt((0.6 ** np.abs(np.subtract.outer(np.arange(H), np.arange(H)))).sum())
    assert np.sqrt(H) * 1.2 < drawn.sum(axis=1).std() < H * 0.9
    assert drawn.sum(axis=1).std() == pytest.approx(true, rel=0.05)


def test_draws_of_a_series_are_the_same_whichever_others_are_asked_for():
    found = Dependence(0.3, np.eye(H), np.eye(H))
    alone = next(found.draws(10, ("b",), seed=4))
    among = list(found.draws(10, ("a", "b", "c"), seed=4))[1]
    np.testing.assert_array_equal(alone, among)


def test_another_seed_draws_other_futures_and_the_same_one_the_same():
    found = Dependence(0.3, np.eye(H), np.eye(H))
    one, same, other = (next(found.draws(10, ("a",), seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).all()


def test_few_origins_leave_what_is_usual():
    found = fit_dependence(np.full((1, 1, H), np.nan), np.array([0]), 0.0)
    correlation = found.own @ found.own.T
    assert found.share == 0.0  # one series has nothing in common with others
    assert correlation[0, 1] > correlation[0, 5] > 0.2


def test_truths_that_are_not_known_count_for_nothing():
    scores = scores_of(np.random.default_rng(5), 0.5)
    poisoned = np.concatenate([scores, np.full((ROUNDS, 3, H), np.nan)], axis=1)
    before, after = (fit_dependence(each, np.arange(ROUNDS), ROUNDS * 50.0) for each in (scores, poisoned))
    assert before.share == pytest.approx(after.share)
    np.testing.assert_allclose(before.own, after.own)
