"""Covariates as numbers about zero, recomputed series by series."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.models.covariates.covariate_settings import NEW
from forecast.models.covariates.encoding import MOST_LEVELS, learn_encoding
from told import AHEAD, shops, told

NAN = float("nan")


def one_column(arrays, kind="known", levels=None, steps=None, ids=None):
    """Returns a panel with one covariate, whose target is of no interest."""
    steps = [len(array) for array in arrays] if steps is None else steps
    values = [np.ones(count) for count in steps]
    return told(values, **{kind: {"x": arrays}}, levels={"x": levels} if levels else {}, series_ids=ids)


def known_of(panel, encoding=None):
    return (encoding or learn_encoding(panel)).known_of(panel).known


def ways(panel):
    return [each.way for each in learn_encoding(panel).inputs]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (3, 70), (1e9, 1e9 + 1), (0, 1e-9)])
def test_two_values_are_a_flag_whatever_they_are(low, high):
    panel = one_column([np.array([low, high, high, low, NAN, low])])
    assert ways(panel) == ["flag"]
    np.testing.assert_array_equal(known_of(panel)[:, 0], [0, 1, 1, 0, 0, 0])


def test_flag_that_is_set_as_a_rule_is_told_by_where_it_is_not():
    panel = one_column([np.array([1, 1, 0, 1, NAN])])
    assert [each.label for each in learn_encoding(panel).inputs] == ["x 0"]
    np.testing.assert_array_equal(known_of(panel)[:, 0], [0, 0, 1, 0, 0])


def test_number_that_is_never_negative_is_told_by_its_ratio_to_the_series_own_mean():
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(1, 3, 40), 100 * rng.uniform(1, 3, 30)]
    panel = one_column(arrays)
    ratios = np.concatenate([array / array.mean() - 1 for array in arrays])
    assert ways(panel) == ["ratio"]
    np.testing.assert_allclose(known_of(panel)[:, 0], (ratios - ratios.mean()) / ratios.std(), atol=1e-12)


def test_number_that_is_below_zero_at_times_is_told_by_its_difference():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(5, 10, 40), rng.normal(-20, 10, 30)]
    panel = one_column(arrays)
    differences = np.concatenate([array - array.mean() for array in arrays])
    assert ways(panel) == ["number"]
    np.testing.assert_allclose(known_of(panel)[:, 0], (differences - differences.mean()) / differences.std())


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e9])
@pytest.mark.parametrize("kind", ["known", "past"])
def test_unit_of_a_number_changes_nothing(kind, scale):
    rng = np.random.default_rng(0)
    for arrays in ([rng.uniform(1, 3, 40), rng.uniform(5, 6, 30)], [rng.normal(0, 2, 40), rng.normal(9, 2, 30)]):
        encoded = []
        for unit in (1, scale):
            panel = one_column([unit * array for array in arrays], kind)
            encoding, raw = learn_encoding(panel), getattr(panel.covariates, kind)
            centers = np.repeat(encoding.centers_of(panel, kind), panel.lengths, axis=0)
            encoded.append(encoding.encode(kind, raw, centers))
        np.testing.assert_allclose(encoded[0], encoded[1], rtol=1e-6, atol=1e-9)


def test_shift_of_a_series_own_numbers_changes_nothing():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(0, 2, 40), rng.normal(0, 2, 30)]
    moved = [arrays[0] - 1000, arrays[1] + 50]
    np.testing.assert_allclose(known_of(one_column(moved)), known_of(one_column(arrays)), atol=1e-9)


def test_price_that_never_changes_tells_nothing_though_shops_differ():
    panel = one_column([np.full(20, 0.1), np.full(20, 0.7), np.full(20, 1.1)])
    assert np.abs(known_of(panel)).max() < 1e-6  # and no rounding error is blown up


@pytest.mark.parametrize("array", [[5.0] * 6, [0.0] * 6, [NAN] * 6, [NAN, 3.0, 3.0, NAN, 3.0, NAN]])
@pytest.mark.parametrize("kind", ["known", "past"])
def test_column_with_one_value_or_none_makes_no_input(kind, array):
    assert ways(one_column([np.array(array)], kind)) == []


def test_text_gets_an_input_a_value_in_the_order_of_its_codes():
    panel = one_column([np.array([2, 0, 2, NAN, 1])], levels=("fog", "rain", "sun"))
    encoding = learn_encoding(panel)
    assert [each.label for each in encoding.inputs] == ["x fog", "x rain", "x sun"]
    np.testing.assert_array_equal(known_of(panel), [[0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 1, 0]])


def test_rare_and_new_texts_are_none_of_the_others():
    codes = np.concatenate([np.repeat(np.arange(MOST_LEVELS), 3), [MOST_LEVELS, MOST_LEVELS + 1]])
    panel = one_column([codes], levels=tuple(f"v{i}" for i in range(MOST_LEVELS + 2)))
    encoded = known_of(panel)
    assert encoded.shape[1] == MOST_LEVELS
    assert encoded[:-2].sum(axis=1).tolist() == [1] * (3 * MOST_LEVELS)
    assert not encoded[-2:].any()


def test_missing_number_counts_as_the_usual_one_and_where_often_missing_says_so():
    rng = np.random.default_rng(0)
    often, seldom = rng.normal(7, 1, 300), rng.normal(7, 1, 300)
    often[::10], seldom[5] = NAN, NAN
    panel = one_column([often])
    assert ways(panel) == ["number" if often[~np.isnan(often)].min() < 0 else "ratio", "missing"]
    encoded = known_of(panel)
    np.testing.assert_array_equal(encoded[:, 1], np.isnan(often))
    assert not encoded[::10, 0].any()
    assert ways(one_column([seldom])) == ["ratio"]


def test_far_out_number_is_cut_off():
    panel = one_column([np.random.default_rng(0).normal(0, 1, 100)])
    encoding = learn_encoding(panel)
    wild = replace(panel, covariates=replace(panel.covariates, known=np.full((100, 1), 1e30)))
    assert (known_of(wild, encoding) == NEW.edge).all()


def test_future_values_teach_nothing():
    panel = shops()
    covariates = panel.covariates
    known = covariates.known.copy()
    for end in covariates.known_offsets[1:]:
        known[end - AHEAD : end] = [[1, 1, 0, 1e6]] * AHEAD
    other = learn_encoding(replace(panel, covariates=replace(covariates, known=known)))
    assert other.inputs == learn_encoding(panel).inputs
    np.testing.assert_array_equal(other.centers["known"], learn_encoding(panel).centers["known"])


def test_new_shop_is_measured_by_its_own_mean_and_known_ones_by_what_was_learned():
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(1, 3, 40), rng.uniform(1, 3, 40)]
    encoding = learn_encoding(one_column(arrays, ids=["a", "b"]))
    later = one_column([10 * arrays[0], 7 * arrays[0]], ids=["new", "b"])
    centers = encoding.centers_of(later, "known")
    np.testing.assert_allclose(centers, [[10 * arrays[0].mean()], [arrays[1].mean()]])
    alone = one_column([arrays[0]], ids=["a"])
    np.testing.assert_allclose(known_of(later, encoding)[:40], known_of(alone, encoding), atol=1e-12)


def test_price_that_a_series_never_had_before_counts_as_usual():
    rng = np.random.default_rng(0)
    future = [rng.uniform(1, 3, 40), np.concatenate([np.full(30, NAN), [2.5] * 10])]
    panel = one_column(future, steps=[30, 30])
    encoded = known_of(panel)
    assert np.isfinite(encoded).all()
    assert not encoded[40:, 0].any()


def test_series_without_a_row_and_rows_without_a_series_do_no_harm():
    rng = np.random.default_rng(0)
    panel = one_column([rng.uniform(1, 3, 20), np.empty(0), rng.uniform(1, 3, 1)])
    assert np.isfinite(known_of(panel)).all()
    assert learn_encoding(one_column([np.empty(0)])).inputs == ()


def test_traits_are_told_once_a_series_about_their_mean():
    sizes = [10.0, 20.0, 60.0]
    panel = told([np.ones(5)] * 3, static={"size": sizes, "corner": [0, 1, 0], "same": [4, 4, 4]})
    encoding = learn_encoding(panel)
    encoded = encoding.encode("static", panel.covariates.static, encoding.centers_of(panel, "static"))
    expected = np.stack([(np.array(sizes) - 30) / np.std(sizes), [0, 1, 0]], axis=1)
    np.testing.assert_allclose(encoded, expected)


def test_inputs_of_all_kinds_are_in_the_order_of_their_columns():
    encoding = learn_encoding(shops())
    labels = ["promo", "feast", "sky fog", "sky rain", "sky sun", "price", "guests", "region", "size"]
    assert [each.label for each in encoding.inputs] == labels
    assert [len(encoding.of(kind)) for kind in ("known", "past", "static")] == [6, 1, 2]
