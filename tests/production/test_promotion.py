from itertools import product
from math import inf, nan

import pytest

from forecast.production.promotion import Decision, Gate, ModelScore, decide

CHAMPION = ModelScore(100.0, 0.8)


def outcome(challenger, champion=CHAMPION, naive=150.0, points=28, **asked):
    return decide(champion, challenger, naive, points, Gate(**asked)).outcome


@pytest.mark.parametrize(("rmse", "expected"), [(99.9, "promoted"), (100.0, "promoted"), (100.1, "kept")])
def test_challenger_takes_over_if_it_is_no_worse(rmse, expected):
    assert outcome(ModelScore(rmse, 0.8)) == expected


@pytest.mark.parametrize(("rmse", "expected"), [(89.9, "promoted"), (90.0, "promoted"), (90.1, "kept")])
def test_min_gain_is_the_share_by_which_the_error_has_to_fall(rmse, expected):
    assert outcome(ModelScore(rmse, 0.8), min_gain=0.1) == expected


def test_scores_in_another_unit_give_the_same_decision():
    for champion, challenger, naive, gain in product((1.0, 2.0), (0.5, 1.0, 1.9, 3.0), (0.7, 2.5), (0.0, 0.2)):
        decisions = {
            decide(ModelScore(k * champion), ModelScore(k * challenger), k * naive, 28, Gate(gain))
            for k in (1.0, 1024.0, 0.25)
        }
        assert len(decisions) == 1


def test_a_lesson_takes_over_only_by_force():
    assert outcome(ModelScore(1.0, 0.8), is_lesson=True) == "candidate"
    assert outcome(ModelScore(1.0, 0.8), is_lesson=True, force=True) == "promoted"
    assert outcome(ModelScore(nan), is_lesson=True) == "kept"


@pytest.mark.parametrize("rmse", [nan, inf])
@pytest.mark.parametrize("asked", [{}, {"force": True}, {"candidate_only": True}])
def test_what_is_no_number_is_never_published(rmse, asked):
    assert outcome(ModelScore(rmse, 0.8), **asked) == "kept"


def test_a_champion_without_numbers_is_replaced():
    assert outcome(ModelScore(500.0, 0.8), champion=ModelScore(nan)) == "promoted"


def test_worse_than_seasonal_naive_takes_over_only_from_a_champion_that_is_worse_still():
    assert outcome(ModelScore(99.0, 0.8), naive=50.0) == "promoted"
    assert outcome(ModelScore(100.0, 0.8), naive=50.0) == "kept"
    assert outcome(ModelScore(100.0, 0.8), naive=nan) == "promoted"


@pytest.mark.parametrize(
    ("held", "before", "points", "expected"),
    [
        (0.5, 0.8, 28, "promoted"),
        (0.49, 0.8, 28, "kept"),
        (0.1, 0.8, 9, "promoted"),  # chance
        (0.4, 0.3, 28, "promoted"),  # the champion's are worse
        (0.4, None, 28, "kept"),
        (None, 0.8, 28, "kept"),
        (None, None, 28, "promoted"),
        (1.0, 0.8, 28, "promoted"),
    ],
)
def test_intervals_have_to_cover(held, before, points, expected):
    assert outcome(ModelScore(90.0, held), champion=ModelScore(100.0, before), points=points) == expected


def test_force_promotes_a_loser_and_says_so():
    decision = decide(CHAMPION, ModelScore(200.0, 0.8), 150.0, 28, Gate(force=True))
    assert decision == Decision("promoted", "forced, though the challenger's error is 100 % higher")


def test_candidate_only_never_promotes():
    assert outcome(ModelScore(1.0, 0.8), candidate_only=True) == "candidate"


@pytest.mark.parametrize(
    ("challenger", "asked", "reason"),
    [
        (ModelScore(98.0, 0.8), {}, "the challenger's error is 2.0 % lower"),
        (ModelScore(99.99, 0.8), {}, "the challenger's error is less than 0.1 % lower"),
        (ModelScore(101.8, 0.8), {}, "the challenger's error is 1.8 % higher"),
        (ModelScore(99.0, 0.8), {"min_gain": 0.05}, "only 1.0 % lower, and 5.0 % is the least (--min-gain)"),
        (ModelScore(100.0, 0.8), {}, "both do equally well"),
        (ModelScore(90.0, 0.2), {}, "80 % intervals held only 20 % of the truths"),
        (ModelScore(90.0), {}, "has no intervals"),
        (ModelScore(nan), {}, "not all numbers"),
    ],
)
def test_reason_is_in_words(challenger, asked, reason):
    assert reason in decide(CHAMPION, challenger, 150.0, 28, Gate(**asked)).reason


@pytest.mark.parametrize(
    ("challenger", "asked", "expected"),
    [
        (ModelScore(100.1, 0.8), {}, "promoted"),
        (ModelScore(149.0, 0.8), {}, "promoted"),
        (ModelScore(99.0, 0.8), {}, "promoted"),
        (ModelScore(100.1, 0.8), {"min_gain": 0.01}, "kept"),  # more was asked than a tie
        (ModelScore(151.0, 0.8), {}, "kept"),  # worse than the naive, and no better than the champion
        (ModelScore(100.1, 0.2), {}, "kept"),  # no intervals
        (ModelScore(100.1, 0.8), {"candidate_only": True}, "candidate"),
    ],
)
def test_at_a_tie_newer_data_wins_and_every_other_proof_still_counts(challenger, asked, expected):
    decision = decide(CHAMPION, challenger, 150.0, 28, Gate(**asked), tie="which may be chance (p = 0.41)")
    assert decision.outcome == expected
    if challenger.rmse == 100.1 and expected == "promoted":
        assert decision.reason == (
            "a tie, and the challenger knows newer data: its error is 0.1 % higher, which may be chance (p = 0.41)"
        )


def test_a_perfect_champion_is_never_beaten():
    assert outcome(ModelScore(0.1, 0.8), champion=ModelScore(0.0, 0.8)) == "kept"
    assert outcome(ModelScore(0.0, 0.8), champion=ModelScore(0.0, 0.8)) == "promoted"
