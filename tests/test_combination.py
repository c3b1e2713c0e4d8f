import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecast.models.combination import Evidence, combine, learn_weights, weighted_median
from forecast.models.forecaster import Members

NAN = np.nan
REPEATABLE = settings(deadline=None, derandomize=True)
NUMBERS = st.floats(-1e6, 1e6)


def members_of(values, views=None):
    values = np.asarray(values, dtype=float)
    names = views or tuple(f"view{i}" for i in range(len(values)))
    return Members(tuple(names), tuple(range(len(values))), values)


def evidence_of(errors, scales=None, views=None):
    """Members that are each wrong by so much everywhere, (M,); two series, three steps."""
    values = np.repeat(np.asarray(errors, dtype=float), 6).reshape(-1, 2, 3)
    return Evidence(members_of(values, views), np.zeros((2, 3)), np.ones(2) if scales is None else np.asarray(scales))


def weights_usable(weights):
    return np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0


@REPEATABLE
@given(arrays(float, st.tuples(st.integers(1, 6), st.just(2), st.just(3)), elements=NUMBERS), st.randoms())
def test_combination_lies_within_the_members_whatever_their_order(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    weights = np.array([random.uniform(0.01, 1) for _ in order])
    for some in (None, weights):
        joint = combine(members_of(values), some)
        assert (joint >= values.min(axis=0)).all()
        assert (joint <= values.max(axis=0)).all()
        shuffled = combine(members_of(values[order]), None if some is None else some[order])
        np.testing.assert_allclose(shuffled, joint)


def test_combination_of_one_is_that_one_and_of_equals_their_value():
    values = np.random.default_rng(0).normal(0, 1, (1, 2, 3))
    np.testing.assert_array_equal(combine(members_of(values)), values[0])
    np.testing.assert_array_equal(combine(members_of(values), np.array([0.0])), values[0])
    np.testing.assert_allclose(combine(members_of(np.repeat(values, 4, axis=0)), np.arange(1.0, 5)), values[0])


@pytest.mark.parametrize("count", [2, 3, 6, 7])
def test_weighted_median_of_equal_weights_is_the_median(count):
    values = np.random.default_rng(0).normal(0, 1, (count, 2, 3))
    np.testing.assert_allclose(weighted_median(values, np.full(count, 0.3)), np.median(values, axis=0))


def test_weighted_median_repeats_a_value_as_often_as_its_weight_says():
    values = np.random.default_rng(0).normal(0, 1, (4, 2, 3))
    counts = np.array([3, 1, 0, 2])
    np.testing.assert_allclose(
        weighted_median(values, counts.astype(float)), np.median(np.repeat(values, counts, axis=0), axis=0)
    )


def test_member_with_most_of_the_weight_decides():
    values = np.random.default_rng(0).normal(0, 1, (5, 2, 3))
    np.testing.assert_array_equal(combine(members_of(values), np.array([0.1, 0.1, 5.0, 0.1, 0.1])), values[2])


def test_better_views_weigh_no_less():
    weights = learn_weights([evidence_of([1.0, 2.0, 0.5, 4.0])])
    assert weights_usable(weights)
    assert list(np.argsort(-weights, kind="stable")) == [2, 0, 1, 3]


def test_seeds_of_one_view_weigh_alike():
    weights = learn_weights([evidence_of([1.0, 3.0, 2.0, 2.0], views=("a", "a", "b", "b"))])
    assert weights[0] == weights[1]
    assert weights[2] == weights[3]


def test_units_of_the_errors_do_not_matter():
    once, thousandfold = (learn_weights([evidence_of(k * np.array([1.0, 2.0, 3.0]))]) for k in (1, 1000))
    np.testing.assert_allclose(once, thousandfold)


def test_nothing_known_gives_no_weights():
    unknown = Evidence(members_of(np.ones((2, 2, 3))), np.full((2, 3), NAN), np.ones(2))
    assert learn_weights([]) is None
    assert learn_weights([unknown]) is None
    assert learn_weights([evidence_of([1.0, 2.0], scales=[0.0, NAN])]) is None
    np.testing.assert_array_equal(
        learn_weights([unknown, evidence_of([1.0, 2.0])]), learn_weights([evidence_of([1.0, 2.0])])
    )


@pytest.mark.parametrize("errors", [[0.0, 0.0], [0.0, 1.0], [1e-200, 1.0], [1e100, 1e-100]])
def test_members_that_were_always_right_still_make_weights_that_can_be_used(errors):
    weights = learn_weights([evidence_of(errors)])
    assert weights_usable(weights)
    assert weights[np.argmin(errors)] == weights.max()
    assert np.isfinite(combine(members_of(np.ones((2, 2, 3))), weights)).all()
