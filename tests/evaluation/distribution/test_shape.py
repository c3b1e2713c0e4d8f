import numpy as np
import pytest

from forecast.evaluation.distribution.shape import (
    GRID,
    SYMMETRIES,
    Transform,
    interpolated,
    normal_scores,
    weighted_quantiles,
)

OFFSETS = np.array([[0.5], [20.0], [1e-6]])
VALUES = np.array([[-30.0, -0.1, 0.0, 1e-9, 0.4, 7.0, 1e6]] * 3)


def test_grid_ascends_and_is_the_same_from_both_ends():
    assert (np.diff(GRID) > 0).all()
    np.testing.assert_allclose(np.array(GRID) + np.array(GRID)[::-1], 1)
    assert 0.5 in GRID


def test_normal_scores_are_those_of_the_tables():
    np.testing.assert_allclose(normal_scores([0.5, 0.975, 0.1]), [0, 1.959964, -1.281552], atol=1e-6)


@pytest.mark.parametrize("probability", [0.00001, 0.0017, 0.05, 0.33, 0.5, 0.912, 0.9999])
def test_a_normal_distribution_is_known_everywhere_by_its_grid_even_beyond_it(probability):
    table = 3 + 2 * normal_scores(GRID)
    np.testing.assert_allclose(interpolated(table, GRID, [probability]), 3 + 2 * normal_scores([probability]))


def test_quantiles_ascend_whatever_the_table_and_the_probabilities():
    rng = np.random.default_rng(0)
    for _ in range(50):
        table = np.sort(rng.standard_t(2, len(GRID))).round(1)  # with ties
        wanted = np.sort(rng.uniform(1e-6, 1 - 1e-6, 40))
        assert (np.diff(interpolated(table, GRID, wanted)) >= 0).all()
    np.testing.assert_allclose(interpolated(table, GRID, GRID), table)


def test_weighted_quantiles_are_those_of_hazen_where_all_weigh_the_same():
    values = np.random.default_rng(0).normal(size=41)
    found = weighted_quantiles(values, np.full(41, 0.7), [0.013, 0.1, 0.5, 0.77])
    np.testing.assert_allclose(found, np.quantile(values, [0.013, 0.1, 0.5, 0.77], method="hazen"))


def test_what_weighs_more_draws_quantiles_to_it_in_whatever_order_it_comes():
    values, weights = np.array([0.0, 1.0, 2.0, 10.0]), np.array([1.0, 1.0, 1.0, 7.0])
    assert weighted_quantiles(values, weights, [0.5]) > weighted_quantiles(values, np.ones(4), [0.5])
    order = [2, 0, 3, 1]
    np.testing.assert_array_equal(
        weighted_quantiles(values, weights, [0.2, 0.6]), weighted_quantiles(values[order], weights[order], [0.2, 0.6])
    )


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_a_scale_ascends_and_leads_back_even_below_zero(symmetry):
    transform = Transform(symmetry, OFFSETS)
    there = transform.forth(VALUES)
    assert (np.diff(there, axis=1) > 0).all()
    np.testing.assert_allclose(transform.back(there), VALUES, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_slope_is_the_derivative_of_a_scale(symmetry):
    transform, step = Transform(symmetry, OFFSETS[:2]), 1e-6
    values = VALUES[:2, [0, 1, 4, 5]]
    measured = (transform.forth(values + step) - transform.forth(values - step)) / (2 * step)
    np.testing.assert_allclose(transform.slope(values), measured, rtol=1e-5)


def test_scales_are_those_of_their_names():
    offsets = np.array([[1.0]])
    np.testing.assert_allclose(Transform("log", offsets).forth(np.array([[np.e - 1]])), 1)
    np.testing.assert_allclose(Transform("sqrt", offsets).forth(np.array([[8.0]])), 6)
    np.testing.assert_allclose(Transform("level", offsets).forth(np.array([[8.0]])), 8)
