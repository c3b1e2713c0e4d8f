from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecast.models.combination import (
    BY_SERIES,
    DOUBT,
    LONG_TRUST,
    NAIVE,
    PRICE_DOUBT,
    SHORT,
    SMOOTHING,
    TRUST_VARIANCE,
    USUAL_TRUST,
    Combination,
    Evidence,
    FewSeriesPrior,
    is_young,
    learn_combination,
    plain_combination,
)
from forecast.models.forecaster import Members
from forecast.specs import Anchor

NAN = np.nan
METRICS = ["rmsse", "rmse", "mae", "mase", "smape"]
REPEATABLE = settings(deadline=None, derandomize=True)
NUMBERS = st.floats(-1e6, 1e6)
VALUES = arrays(float, st.tuples(st.integers(1, 6), st.just(2), st.just(3)), elements=NUMBERS)
NAMES = get_args(Anchor)
ANCHORS = arrays(float, (2, 2, 3), elements=NUMBERS)


def members_of(values, views=None, anchors=None):
    values = np.asarray(values, dtype=float)
    names = views or tuple(f"view{i}" for i in range(len(values)))
    if anchors is not None and not isinstance(anchors, dict):
        anchors = dict(zip(NAMES, np.asarray(anchors), strict=False))
    return Members(tuple(names), tuple(range(len(values))), values, anchors)


def evidence_of(errors, *, scales=(1.0, 1.0), views=None, truth=None, anchors=True, fold=0):
    """Members that are each wrong by so much everywhere; two series, three steps; the anchors are wrong by 3 and 4."""
    truth = np.arange(10.0, 16.0).reshape(2, 3) if truth is None else np.asarray(truth, dtype=float)
    known = np.nan_to_num(truth)
    values = known + np.asarray(errors, dtype=float)[:, None, None]
    naive = np.stack([known - 3, known - 4]) if anchors else None
    return Evidence(members_of(values, views, naive), truth, np.asarray(scales, dtype=float), fold)


def assert_usable(combination, members):
    assert combination.used.any()
    assert 0 <= combination.trust <= 1
    assert combination.anchor in NAMES[:2]
    assert np.isfinite(combination.apply(members)).all()


@pytest.mark.slow
@REPEATABLE
@given(VALUES, ANCHORS, st.floats(0, 1), st.integers(0, 1), st.randoms())
def test_joint_forecast_lies_between_members_and_anchor_whatever_the_order(values, anchors, trust, anchor, random):
    used = np.array([random.random() < 0.7 for _ in values])
    used[random.randrange(len(values))] = True
    joint = Combination(used, trust, NAMES[anchor]).apply(members_of(values, anchors=anchors))
    around = np.concatenate([values[used], anchors[[anchor]]])
    slack = 1e-9 * np.abs(around).max()
    assert (joint >= around.min(axis=0) - slack).all()
    assert (joint <= around.max(axis=0) + slack).all()
    order = list(range(len(values)))
    random.shuffle(order)
    shuffled = Combination(used[order], trust, NAMES[anchor]).apply(members_of(values[order], anchors=anchors))
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
    whole = Combination(np.array([True, False, False, True]), trust=0.4, anchor="smoothing")
    part = whole.of(np.array([True, True, False, False]))
    assert (list(part.used), part.trust, part.anchor) == ([True, False], 0.4, "smoothing")
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
    assert learn_combination([evidence_of([1.0, 1.0])], "rmsse").anchor == NAIVE
    worse = evidence_of([1.0, 1.0])
    swapped = members_of(worse.members.values, anchors=list(worse.members.anchors.values())[::-1])
    assert learn_combination([Evidence(swapped, worse.truth, worse.scales)], "rmsse").anchor == "seasonal-naive"


@pytest.mark.parametrize("best", [0, 1, 2])
def test_best_of_three_anchors_is_chosen_and_stands_against_the_members(best):
    one = evidence_of([1.0, 1.0])
    distances = np.where(np.arange(3) == best, 2, 5)[:, None, None]
    members = members_of(one.members.values, anchors=one.truth - distances)
    combination = learn_combination([Evidence(members, one.truth, one.scales)], "rmsse")
    assert combination.anchor == NAMES[best]
    none = Combination(combination.used, trust=0.0, anchor=combination.anchor)
    np.testing.assert_allclose(none.apply(members), one.truth - 2)


def test_members_that_were_right_are_trusted_and_those_that_went_the_wrong_way_are_not():
    right, wrong = learn_combination([evidence_of([0.0])], "rmsse"), learn_combination([evidence_of([-6.5])], "rmsse")
    assert right.trust == pytest.approx(1)
    assert wrong.trust < 0.2  # they said lower than the anchor, and it came higher


@pytest.mark.parametrize("best", [0, 1, 2, 3])
@pytest.mark.parametrize("folds", [1, 3])
def test_what_is_usual_counts_like_one_more_fold_against_what_knows_each_series(best, folds):
    distances = np.where(np.arange(4) == best, 3.0, 5.0)[:, None, None]
    evidence = []
    for one in folds_of(folds):
        members = members_of(one.members.values, anchors=one.truth - distances)
        evidence.append(Evidence(members, one.truth, one.scales, one.fold))
    slope = learn_slope(2.0)
    own = slope * (3 - slope) / 2
    combination = learn_combination(evidence, "rmsse")
    assert combination.anchor == NAMES[best]
    assert combination.trust == pytest.approx(
        own if NAMES[best] not in BY_SERIES else (folds * own + 0.4) / (folds + 1)
    )


def test_trust_falls_with_the_error():
    trusts = [learn_combination([evidence_of([error])], "rmsse").trust for error in (0.0, 2.0, 5.0)]
    assert trusts == sorted(trusts, reverse=True)
    assert trusts[0] > trusts[-1]


@pytest.mark.parametrize("metric", METRICS)
def test_unit_of_the_data_does_not_matter(metric):
    def scaled(k):
        one = evidence_of([1.0, 1.2, 3.0])
        members = members_of(k * one.members.values, anchors=[k * own for own in one.members.anchors.values()])
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


def young_of(errors, *, fold, young):
    """Evidence of a member that is right, and of anchors that are wrong by so much."""
    one = evidence_of([0.1], fold=fold)
    anchors = np.stack([one.truth - error for error in errors])
    return Evidence(members_of(one.members.values, anchors=anchors), one.truth, one.scales, fold, young)


def test_fold_in_which_no_season_could_be_known_yet_says_nothing_of_anchors_beside_later_ones():
    young, old = young_of([6, 2, 9], fold=0, young=True), young_of([6, 2, 1], fold=1, young=False)
    names = ("naive", "seasonal-naive", "smoothing")
    assert NAMES[:3] == names
    assert learn_combination([young, old], "rmsse").anchor == "smoothing"
    both = learn_combination([young_of([6, 2, 9], fold=0, young=False), old], "rmsse")
    assert both.anchor == "seasonal-naive"  # by the errors of both
    assert learn_combination([young], "rmsse").anchor == "seasonal-naive"  # for want of another
    unknown = Evidence(old.members, np.full_like(old.truth, NAN), old.scales, 1)
    assert learn_combination([young, unknown], "rmsse").anchor == "seasonal-naive"
    few = FewSeriesPrior(2, 600)
    assert (
        learn_combination([young, old], "rmsse", few=few).anchor == "seasonal-naive"
    )  # of a few series every fold counts


@pytest.mark.parametrize(
    ("lengths", "season", "young"),
    [([23, 23, 60], 12, True), ([24, 24, 5], 12, False), ([0, 0, 24], 12, False), ([5], 1, False), ([0], 12, False)],
)
def test_origin_is_young_where_most_series_that_have_begun_know_fewer_than_two_seasons(lengths, season, young):
    assert is_young(np.array(lengths), season) is young


def few_of(errors_by_fold, *, wrong=3.0):
    """Evidence of one member a fold against a smoothing that was always wrong by so much, and worst of the anchors."""
    pieces = []
    for fold, error in enumerate(errors_by_fold):
        one = evidence_of([0.0], fold=fold)
        values = one.truth + np.broadcast_to(error, one.truth.shape)
        anchors = np.stack([one.truth - 1, one.truth - 2, one.truth - wrong])
        pieces.append(Evidence(members_of(values[None], anchors=anchors), one.truth, one.scales, fold))
    return pieces


@pytest.mark.parametrize("few", [1, 2, 12])
@pytest.mark.parametrize("error", [0.0, 2.0, -6.5])
def test_few_short_series_are_trusted_as_is_usual_against_smoothing_after_one_fold(error, few):
    again = [few_of([error])[0]] * 3  # pieces of one fold are no more than one
    for evidence in (few_of([error]), again):
        for strength in (None, 0.3):
            handful = FewSeriesPrior(few, strength=strength)
            combination = learn_combination(evidence, "rmsse", few=handful)
            assert (combination.anchor, combination.trust) == (SMOOTHING, handful.usual_trust)


@pytest.mark.parametrize("few", [1, 3, 12])
@pytest.mark.parametrize("strength", [None, 0.0, 0.9])
@pytest.mark.parametrize("errors", [(0.0, 1.0), (2.0, -1.0, 0.5), (-4.0, -5.0), (-2.0, 6.0, 1.0, 1.0)])
def test_few_short_series_are_trusted_by_what_several_folds_say_and_what_is_usual(errors, few, strength):
    evidence = few_of([np.array([[error, error + 1, 0], [0, error, 2]]) for error in errors])
    said = np.concatenate([(one.members.values[0] - one.members.anchors[SMOOTHING]).ravel() for one in evidence])
    came = np.full_like(said, 3.0)
    (slope,), (squares,), *_ = np.linalg.lstsq(said[:, None], came)
    variance = squares / (said @ said) / (few * (len(errors) - 1))
    slope = min(max(slope, 0), 1)
    handful = FewSeriesPrior(few, SHORT, strength)
    posterior = (slope / variance + handful.usual_trust / TRUST_VARIANCE) / (1 / variance + 1 / TRUST_VARIANCE)
    combination = learn_combination(evidence, "rmsse", few=handful)
    assert combination.anchor == SMOOTHING
    assert combination.trust == pytest.approx(posterior)


def test_networks_are_usually_trusted_the_more_the_more_of_a_season_there_is():
    trusts = [FewSeriesPrior(1, strength=strength).usual_trust for strength in (0.0, 0.5, 1.0)]
    assert trusts == pytest.approx([0.05, 0.335, 0.62])
    assert FewSeriesPrior(1).usual_trust == USUAL_TRUST


def test_few_short_series_are_trusted_fully_where_every_fold_says_so_and_smoothing_is_far_off():
    errors = (0.1, -0.1, 0.1)
    trusts = [learn_combination(few_of(errors[:n], wrong=9), "rmsse", few=FewSeriesPrior(1)).trust for n in (1, 2, 3)]
    assert trusts[0] == USUAL_TRUST
    assert min(trusts[1:]) > 0.95


def test_folds_of_which_nothing_is_known_count_for_nothing():
    known, nothing = few_of([0.5, 1.0]), few_of([0.5, 1.0, 2.0, 3.0])[2:]
    unknown = [Evidence(one.members, np.full_like(one.truth, NAN), one.scales, one.fold) for one in nothing]
    both = learn_combination([*known, *unknown], "rmsse", few=FewSeriesPrior(2))
    assert both.trust == learn_combination(known, "rmsse", few=FewSeriesPrior(2)).trust
    assert learn_combination([*known[:1], *unknown], "rmsse", few=FewSeriesPrior(2)).trust == USUAL_TRUST


def test_members_that_say_what_smoothing_says_are_trusted_as_is_usual():
    assert learn_combination(few_of([-3.0, -3.0, -3.0]), "rmsse", few=FewSeriesPrior(1)).trust == USUAL_TRUST


def test_few_series_can_not_tell_which_views_are_worse():
    evidence = [evidence_of([1.0, 9.0]), evidence_of([1.0, 9.0], fold=1)]
    for few in (FewSeriesPrior(2, SHORT), FewSeriesPrior(2, SHORT + 1)):
        assert list(learn_combination(evidence, "rmsse", few=few).used) == [True, True]
    assert list(learn_combination(evidence, "rmsse").used) == [True, False]


def test_few_short_series_are_trusted_as_is_usual_before_any_evidence():
    members = few_of([0.5])[0].members
    for few, expected in (
        (FewSeriesPrior(1, SHORT, 0.5), (0.335, SMOOTHING)),
        (FewSeriesPrior(1, SHORT + 1, 0.5), (1.0, NAIVE)),
    ):
        plain = plain_combination(members, few)
        assert (plain.trust, plain.anchor) == (pytest.approx(expected[0]), expected[1])
    assert plain_combination(members_of(members.values), FewSeriesPrior(1)).trust == 1
    assert plain_combination(members).trust == 1


@pytest.mark.parametrize("best", [1, 2, 3])
def test_few_long_series_choose_among_all_anchors_and_are_usually_trusted_more(best):
    handful, distances = FewSeriesPrior(3, SHORT + 1, 0.1), np.where(np.arange(4) == best, 3.0, 5.0)[:, None, None]
    evidence = []
    for one in folds_of(3, error=0.5):
        members = members_of(one.members.values, anchors=one.truth - distances)
        evidence.append(Evidence(members, one.truth, one.scales, one.fold))
    first, all_folds = (learn_combination(evidence[:n], "rmsse", few=handful) for n in (1, 3))
    assert first.anchor == all_folds.anchor == NAMES[best]
    assert first.trust == LONG_TRUST
    assert LONG_TRUST < all_folds.trust < 1  # what they said was right


def test_few_series_of_which_the_last_value_is_best_are_doubted():
    evidence = [
        Evidence(members_of(one.members.values, anchors=one.truth - np.reshape([3, 4, 5], (3, 1, 1))), one.truth,
                 one.scales, one.fold)
        for one in folds_of(2)
    ]  # fmt: skip
    found = learn_combination(evidence, "rmsse", few=FewSeriesPrior(2, SHORT + 1))
    assert (found.anchor, found.trust) == (NAIVE, learn_slope(2.0) / (1 + DOUBT / 2))


def folds_of(count, error=2.0):
    return [evidence_of([error], fold=fold) for fold in range(count)]


@pytest.mark.parametrize(("is_price", "doubt"), [(False, DOUBT), (True, PRICE_DOUBT)])
def test_one_short_series_without_smoothing_is_trusted_like_one_fold(is_price, doubt):
    one = learn_combination(folds_of(3), "rmsse", few=FewSeriesPrior(1), is_price=is_price)
    assert one.trust == pytest.approx(learn_slope(2.0) / (1 + doubt))
    for more in (FewSeriesPrior(1, SHORT + 1), FewSeriesPrior(2)):
        several = learn_combination(folds_of(3), "rmsse", few=more, is_price=is_price)
        assert several.trust == pytest.approx(learn_slope(2.0) / (1 + doubt / 3))


def test_prices_are_trusted_more_with_every_fold_that_speaks_for_it():
    trusts = [learn_combination(folds_of(folds), "rmsse", is_price=True).trust for folds in (1, 2, 4)]
    assert trusts == pytest.approx([learn_slope(2.0) / (1 + PRICE_DOUBT / folds) for folds in (1, 2, 4)])
    assert max(trusts) < learn_combination(folds_of(4), "rmsse").trust


@pytest.mark.parametrize("few", [None, FewSeriesPrior(2, SHORT + 1, 0.0), FewSeriesPrior(2, SHORT, 0.0)])
def test_no_anchor_replaces_the_last_value_of_prices_unless_it_is_clearly_better(few):
    found = []
    for error in (2.8, 2.9):  # 3² · 0.9 lies between their squares
        evidence = []
        for one in folds_of(3, error=0.5):
            anchors = one.truth - np.reshape([3.0, 4.0, error], (3, 1, 1))
            evidence.append(Evidence(members_of(one.members.values, anchors=anchors), one.truth, one.scales, one.fold))
        found.append(learn_combination(evidence, "rmsse", few=few, is_price=True).anchor)
        assert learn_combination(evidence, "rmsse", few=few).anchor == SMOOTHING
    assert found == [SMOOTHING, NAIVE]


@pytest.mark.parametrize(
    "few", [None, FewSeriesPrior(2, SHORT + 1, 0.0), FewSeriesPrior(2, SHORT, 0.0), FewSeriesPrior(1, SHORT, 0.0)]
)
def test_nothing_replaces_the_last_value_of_random_walks_and_networks_are_doubted(few):
    evidence = []
    for one in folds_of(3, error=2.0):
        anchors = one.truth - np.reshape([3.0, 1.0, 0.1], (3, 1, 1))
        evidence.append(Evidence(members_of(one.members.values, anchors=anchors), one.truth, one.scales, one.fold))
    found = learn_combination(evidence, "rmsse", few=few, is_walk=True)
    folds = 1 if few and few.series == 1 else 3
    assert (found.anchor, found.trust) == (NAIVE, pytest.approx(learn_slope(2.0) / (1 + PRICE_DOUBT / folds)))
    assert learn_combination(evidence, "rmsse", few=few).anchor == SMOOTHING


def test_prices_with_a_season_are_trusted_like_all_else():
    one = evidence_of([2.0])
    better = members_of(one.members.values, one.members.views, list(one.members.anchors.values())[::-1])
    evidence = [Evidence(better, one.truth, one.scales)]
    assert learn_combination(evidence, "rmsse", is_price=True).trust == learn_combination(evidence, "rmsse").trust


def learn_slope(error):
    """The regression through the origin of what came on what was said, both from an anchor that was wrong by 3."""
    said, came = 3.0 + error, 3.0
    return said * came / said**2
