import numpy as np
import pytest

from forecast.evaluation.distribution.level_hardness import DOUBT, fit_node_hardness, independent_pieces, level_factors
from forecast.evaluation.distribution.spread import fit_hardness

LEVELS = np.array([0, *[1] * 4, *[2] * 12])
FOLDS = np.arange(4)


def errors(alike=0.0, folds=4, series=17, seed=0):
    random = np.random.default_rng(seed)
    own, common = random.standard_normal((folds, series, 6)), random.standard_normal((folds, 1, 6))
    return np.sqrt(1 - alike) * own + np.sqrt(alike) * common


def test_series_that_err_alike_are_few_independent_pieces_and_others_many():
    for alike, expected in ((1.0, 4), (0.5, 4 / 0.5)):
        assert independent_pieces(errors(alike, series=200), FOLDS) == pytest.approx(expected, rel=0.25)
    assert independent_pieces(errors(0.0, series=200), FOLDS) > 300


@pytest.mark.parametrize("alike", [0.0, 0.9])
def test_pieces_are_no_fewer_than_folds_and_no_more_than_forecasts(alike):
    for series in (1, 2, 9):
        assert 4 <= independent_pieces(errors(alike, series=series), FOLDS) <= 4 * series


def test_leaves_are_as_hard_as_they_are_without_a_hierarchy():
    made = level_factors(errors(), FOLDS, LEVELS)
    np.testing.assert_array_equal(made[LEVELS == 2], 1.0)
    plain = fit_hardness(np.abs(errors()), FOLDS, np.zeros((4, 17), int), 1, 10.0)
    none = fit_node_hardness(errors(), FOLDS, np.zeros((4, 17), int), 1, 10.0, None)
    np.testing.assert_array_equal(none.own, plain.own)


def test_a_total_after_few_folds_is_doubted_and_after_many_it_is_as_it_was():
    few, many = (level_factors(np.ones((count, 17, 6)), np.arange(count), LEVELS)[0] for count in (3, 3000))
    assert few == pytest.approx(np.sqrt(1 + DOUBT / 3))
    assert many == pytest.approx(1, abs=1e-3)


def test_what_all_sums_of_a_level_err_more_each_is_told_to():
    """One alone is drawn to what all series err: a sum that the others of its level confirm is not."""
    harder = np.where(LEVELS == 1, 3.0, 1.0)[:, None] * errors()
    alone = np.where(np.arange(17) == 1, 3.0, 1.0)[:, None] * errors()
    assert level_factors(harder, FOLDS, LEVELS)[1] > 1.2 * level_factors(alone, FOLDS, LEVELS)[1]


def test_sums_of_which_nothing_is_known_are_as_usual():
    unknown = errors()
    unknown[:, :5] = np.nan
    np.testing.assert_array_equal(level_factors(unknown, FOLDS, LEVELS), 1.0)
