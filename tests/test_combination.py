import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecast.models.combination import (
    DOUBT,
    DOUBT_SERIES,
    SMOOTHING,
    USUAL_TRUST,
    Combination,
    Evidence,
    learn_combination,
    plain_combination,
)
from forecast.models.forecaster import Members

NAN = np.nan
METRICS = ["rmsse", "rmse", "mae", "mase", "smape"]
REPEATABLE = settings(deadline=None, derandomize=True)
NUMBERS = st.floats(-1e6, 1e6)
VALUES = arrays(float, st.tuples(st.integers(1, 6), st.just(2), st.just(3)), elements=NUMBERS)
ANCHORS = arrays(float, (2, 2, 3), elements=NUMBERS)


def members_of(values, views=None, anchors=None):
    values = np.asarray(values, dtype=float)
    names = views or tuple(f"view{i}" for i in range(len(values)))
    return Members(tuple(names), tuple(range(len(values))), values, anchors)


def evidence_of(errors, *, scales=(1.0, 1.0), views=None, truth=None, anchors=True):
    """Members that are each wrong by so much everywhere; two series, three steps; the anchors are wrong by 3 and 4."""
    truth = np.arange(10.0, 16.0).reshape(2, 3) if truth is None else np.asarray(truth, dtype=float)
    known = np.nan_to_num(truth)
    values = known + np.asarray(errors, dtype=float)[:, None, None]
    naive = np.stack([known - 3, known - 4]) if anchors else None
    return Evidence(members_of(values, views, naive), truth, np.asarray(scales, dtype=float))


def assert_usable(combination, members):
    assert combination.used.any()
    assert 0 <= combination.trust <= 1
    assert combination.anchor in (0, 1)
    assert np.isfinite(combination.apply(members)).all()


@REPEATABLE
@given(VALUES, ANCHORS, st.floats(0, 1), st.integers(0, 1), st.randoms())
def test_joint_forecast_lies_between_members_and_anchor_whatever_the_order(values, anchors, trust, anchor, random):
    used = np.array([random.random() < 0.7 for _ in values])
    used[random.randrange(len(values))] = True
    joint = Combination(used, trust, anchor).apply(members_of(values, anchors=anchors))
    around = np.concatenate([values[used], anchors[[anchor]]])
    slack = 1e-9 * np.abs(around).max()
    assert (joint >= around.min(axis=0) - slack).all()
    assert (joint <= around.max(axis=0) + slack).all()
    order = list(range(len(values)))
    random.shuffle(order)
    shuffled = Combination(used[order], trust, anchor).apply(members_of(values[order], anchors=anchors))
    np.testing.assert_allclose(shuffled, joint, atol=slack)


def test_full_trust_is_the_median_and_none_the_anchor():
    values, anchors = np.random.default_rng(0).normal(0, 1, (5, 2, 3)), np.zeros((2, 2, 3))
    members, used = members_of(values, anchors=anchors), np.array([True, True, False, True, False])
    np.testing.assert_allclose(Combination(used).apply(members), np.median(values[used], axis=0))
    np.testing.assert_array_equal(Combination(used, trust=0.0).apply(members), anchors[0])
    np.testing.assert_allclose(plain_combination(members).apply(members), np.median(values, axis=0))


def test_members_without_an_anchor_are_not_drawn_anywhere():
    members = members_of([np.full((2, 3), 7.0)])
    np.testing.assert_array_equal(Combination(np.array([True]), trust=0.1).apply(members), members.values[0])


def test_part_of_a_combination_never_is_empty():
    whole = Combination(np.array([True, False, False, True]), trust=0.4, anchor=1)
    part = whole.of(np.array([True, True, False, False]))
    assert (list(part.used), part.trust, part.anchor) == ([True, False], 0.4, 1)
    assert list(whole.of(np.array([False, True, True, False])).used) == [True, True]


@pytest.mark.parametrize("metric", METRICS)
def test_best_view_is_always_used_and_a_far_worse_one_never(metric):
    evidence = [evidence_of([1.0, 9.0, 1.01]), evidence_of([1.0, 9.0, 1.0])]
    combination = learn_combination(evidence, metric)
    assert list(combination.used) == [True, False, True]


@pytest.mark.parametrize("metric", METRICS)
def test_seeds_of_one_view_stand_or_fall_together(metric):
    combination = learn_combination([evidence_of([1.0, 9.0, 1.5, 1.5], views=("a", "a", "b", "b"))], metric)
    assert combination.used[0] == combination.used[1]
    assert combination.used[2] == combination.used[3]


def test_better_anchor_is_chosen():
    assert learn_combination([evidence_of([1.0, 1.0])], "rmsse").anchor == 0
    worse = evidence_of([1.0, 1.0])
    swapped = members_of(worse.members.values, anchors=worse.members.anchors[::-1])
    assert learn_combination([Evidence(swapped, worse.truth, worse.scales)], "rmsse").anchor == 1


@pytest.mark.parametrize("best", [0, 1, 2])
def test_best_of_three_anchors_is_chosen_and_stands_against_the_members(best):
    one = evidence_of([1.0, 1.0])
    distances = np.where(np.arange(3) == best, 2, 5)[:, None, None]
    members = members_of(one.members.values, anchors=one.truth - distances)
    combination = learn_combination([Evidence(members, one.truth, one.scales)], "rmsse")
    assert combination.anchor == best
    none = Combination(combination.used, trust=0.0, anchor=combination.anchor)
    np.testing.assert_allclose(none.apply(members), one.truth - 2)


def test_members_that_were_right_are_trusted_and_those_that_went_the_wrong_way_are_not():
    right, wrong = learn_combination([evidence_of([0.0])], "rmsse"), learn_combination([evidence_of([-6.5])], "rmsse")
    assert right.trust == pytest.approx(1)
    assert wrong.trust < 0.2  # they said lower than the anchor, and it came higher


def test_trust_falls_with_the_error():
    trusts = [learn_combination([evidence_of([error])], "rmsse").trust for error in (0.0, 2.0, 5.0)]
    assert trusts == sorted(trusts, reverse=True)
    assert trusts[0] > trusts[-1]


@pytest.mark.parametrize("metric", METRICS)
def test_unit_of_the_data_does_not_matter(metric):
    def scaled(k):
        one = evidence_of([1.0, 1.2, 3.0])
        members = members_of(k * one.members.values, anchors=k * one.members.anchors)
        return learn_combination([Evidence(members, k * one.truth, k * one.scales)], metric)

    once, thousandfold = scaled(1), scaled(1000)
    np.testing.assert_array_equal(once.used, thousandfold.used)
    assert once.trust == pytest.approx(thousandfold.trust)
    assert once.anchor == thousandfold.anchor


def test_one_wild_point_does_not_decide():
    truth = np.arange(10.0, 16.0).reshape(2, 3)
    truth[0, 0] = 1e12
    wild, calm = evidence_of([1.0, 9.0], truth=truth), evidence_of([1.0, 9.0])
    assert list(learn_combination([wild, calm, calm], "rmsse").used) == [True, False]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("anchors", [True, False])
def test_nothing_known_teaches_nothing(metric, anchors):
    unknown = evidence_of([1.0, 2.0], truth=np.full((2, 3), NAN), anchors=anchors)
    known = evidence_of([1.0, 2.0], anchors=anchors)
    assert learn_combination([], metric) is None
    assert learn_combination([unknown], metric) is None
    alone, beside = learn_combination([known], metric), learn_combination([unknown, known], metric)
    np.testing.assert_array_equal(alone.used, beside.used)
    assert (alone.trust, alone.anchor) == (beside.trust, beside.anchor)


@pytest.mark.parametrize("scales", [(0.0, 0.0), (NAN, NAN), (0.0, 1.0)])
@pytest.mark.parametrize("metric", METRICS)
def test_series_without_a_scale_break_nothing(metric, scales):
    evidence = evidence_of([1.0, 2.0], scales=scales)
    combination = learn_combination([evidence], metric)
    if combination is not None:
        assert_usable(combination, evidence.members)


@pytest.mark.parametrize("truth", [np.zeros((2, 3)), np.ones((2, 3)), [[0, NAN, 0], [NAN, 0, NAN]]])
@pytest.mark.parametrize("errors", [[0.0, 0.0], [0.0, 1.0], [1e-200, 1.0], [1e100, 1e-100]])
@pytest.mark.parametrize("metric", METRICS)
def test_extremes_still_make_a_combination_that_can_be_used(metric, errors, truth):
    evidence = evidence_of(errors, truth=truth)
    combination = learn_combination([evidence], metric)
    assert_usable(combination, evidence.members)
    assert combination.used[int(np.argmin(errors))]


@pytest.mark.parametrize("few", [1, 2, 12])
@pytest.mark.parametrize("error", [0.0, 2.0, -6.5])
def test_few_short_series_are_trusted_nearly_as_is_usual_against_smoothing_even_where_it_is_worst(error, few):
    one = evidence_of([error])
    smoothing = one.members.anchors[:1] - 100
    known = [
        Evidence(members_of(one.members.values, anchors=anchors), one.truth, one.scales)
        for anchors in (np.concatenate([one.members.anchors, smoothing]), smoothing)
    ]
    own = learn_combination(known[1:], "rmsse").trust
    short = learn_combination(known[:1], "rmsse", few=few)
    assert short.anchor == SMOOTHING
    assert short.trust == pytest.approx((few * own + DOUBT_SERIES * USUAL_TRUST) / (few + DOUBT_SERIES))


def test_few_long_series_choose_among_the_naive_anchors():
    one = evidence_of([2.0])
    best = np.concatenate([one.members.anchors, one.truth[None] + 0.1])
    evidence = [Evidence(members_of(one.members.values, anchors=best), one.truth, one.scales)]
    assert learn_combination(evidence, "rmsse").anchor == SMOOTHING
    long, naive = learn_combination(evidence, "rmsse", few=3, is_short=False), learn_combination([one], "rmsse")
    assert (long.anchor, long.trust) == (naive.anchor, naive.trust)


def test_one_short_price_is_trusted_like_one_fold_of_prices():
    short = learn_combination([evidence_of([2.0])], "rmsse", few=1)
    assert short.trust == learn_combination([evidence_of([2.0])], "rmsse", folds=1).trust


def test_prices_are_trusted_more_with_every_fold_that_speaks_for_it():
    trusts = [learn_combination([evidence_of([2.0])], "rmsse", folds=folds).trust for folds in (1, 2, 4)]
    assert trusts == pytest.approx([learn_slope(2.0) / (1 + DOUBT / folds) for folds in (1, 2, 4)])
    assert max(trusts) < learn_combination([evidence_of([2.0])], "rmsse").trust


def test_prices_with_a_season_are_trusted_like_all_else():
    one = evidence_of([2.0])
    better = Members(one.members.views, one.members.seeds, one.members.values, one.members.anchors[::-1])
    evidence = [Evidence(better, one.truth, one.scales)]
    assert learn_combination(evidence, "rmsse", folds=1).trust == learn_combination(evidence, "rmsse").trust


def learn_slope(error):
    """The regression through the origin of what came on what was said, both from an anchor that was wrong by 3."""
    said, came = 3.0 + error, 3.0
    return said * came / said**2
