import numpy as np
import pytest
from scipy.stats import t as student

from forecast.evaluation.significance import diebold_mariano, doubt, is_last_value, paired_blocks


def noise(seed, shape=(10, 1, 4)):
    return np.random.default_rng(seed).normal(size=shape)


def test_p_value_follows_harvey_leybourne_and_newbold_by_hand():
    truths = np.zeros((6, 1, 2))
    first, second = noise(1, truths.shape), 1.3 * noise(2, truths.shape)
    d = (first**2 - second**2).ravel()
    n, h = len(d), 2
    gamma = [((d - d.mean())[k:] * (d - d.mean())[: n - k]).sum() / n for k in (0, 1)]
    variance = (gamma[0] + 2 * 0.5 * gamma[1]) / n
    statistic = d.mean() / np.sqrt(variance) * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    assert diebold_mariano(truths, first, second) == pytest.approx(2 * student.sf(abs(statistic), n - 1))


def test_equal_models_are_told_apart_about_as_often_as_promised():
    truths = np.zeros((10, 1, 4))
    ps = [diebold_mariano(truths, noise(seed), noise(seed + 5000)) for seed in range(400)]
    assert 0.02 < np.mean(np.array(ps) < 0.05) < 0.12


@pytest.mark.parametrize(("folds", "steps", "most"), [(3, 12, 0.09), (2, 12, 0.07), (1, 12, 0.0)])
def test_errors_that_drift_within_a_fold_are_little_evidence(folds, steps, most):
    shape = (folds, 1, steps)
    pairs = [(noise(seed, shape).cumsum(axis=2), noise(seed + 5000, shape).cumsum(axis=2)) for seed in range(400)]
    ps = np.array([diebold_mariano(np.zeros(shape), *pair) for pair in pairs])
    assert np.mean(ps < 0.05) <= most


def test_one_fold_tells_nothing_of_another():
    assert np.isnan(diebold_mariano(np.zeros((1, 5, 12)), noise(1, (1, 5, 12)), 9 * noise(2, (1, 5, 12))))


def test_series_that_share_what_moves_them_are_not_many_witnesses():
    """Both models are equally good; each day moves all fifty series together."""
    ps = []
    for seed in range(200):
        first, second = (
            noise(start + seed, (3, 50, 12)) + 2 * noise(start + seed + 1000, (3, 1, 12)) for start in (0, 5000)
        )
        ps.append((paired_blocks(np.zeros_like(first), first, second), doubt(np.zeros_like(first), first, second)))
    alone, both = (np.array(ps) < 0.05).mean(axis=0)
    assert alone > 0.3
    assert both < 0.1
    better = noise(1, (3, 50, 12))
    assert doubt(np.zeros_like(better), 1.5 * noise(2, (3, 50, 12)), better) < 0.01


def test_much_better_model_is_not_called_a_tie():
    truths = np.zeros((10, 3, 4))
    assert diebold_mariano(truths, noise(1, truths.shape), 3 * noise(2, truths.shape)) < 0.01


def test_identical_forecasts_have_p_one_and_order_does_not_matter():
    truths, first, second = np.zeros((10, 1, 4)), noise(1), noise(2)
    assert diebold_mariano(truths, first, first) == 1.0
    assert diebold_mariano(truths, first, second) == diebold_mariano(truths, second, first)


def test_unscored_points_change_nothing():
    truths, first, second = np.zeros((10, 2, 4)), noise(1, (10, 2, 4)), noise(2, (10, 2, 4))
    truths[:, 1] = np.nan
    alone = diebold_mariano(truths[:, :1], first[:, :1], second[:, :1])
    assert diebold_mariano(truths, first, second) == alone
    assert np.isnan(diebold_mariano(np.full((1, 1, 2), np.nan), first[:1, :1, :2], second[:1, :1, :2]))


def test_last_value_in_disguise_is_recognised():
    naive = np.full((3, 1, 4), 10.0)
    truths = naive + noise(3, naive.shape)
    assert is_last_value(truths, naive + 0.01, naive)
    assert not is_last_value(truths, truths, naive)
