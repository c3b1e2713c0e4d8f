from dataclasses import replace

import pytest

from forecast.evaluation.leaderboard import LeaderboardRow
from forecast.evaluation.verdict import REFERENCE, saved_words, verdict

NETWORKS = ("rnn", "lstm", "gru")
ROW = LeaderboardRow(1, "", 1.0, 0.0, 1, 1, 1, None, None, None, 0, 0, "", 0, 0, 1, None)


def rows_of(*scores):
    reference = next((score[1] for score in scores if score[0] == REFERENCE), None)
    return tuple(
        replace(ROW, model=name, rmse=rmse, rmse_std=std, skill=1 - rmse / reference if reference else None)
        for name, rmse, std in sorted(scores, key=lambda score: score[1])
    )


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        (
            [("gru", 80.0, 1.0), ("lstm", 90.0, 2.0), (REFERENCE, 100.0, 0.0)],
            "gru has the lowest RMSE, 80, 20 % below seasonal naive. It is 11 % below lstm, "
            "which is more than the spread between seeds (±2); too few points to say if that is chance.",
        ),
        (
            [("gru", 80.0, 1.0), ("lstm", 81.0, 2.0), (REFERENCE, 100.0, 0.0)],
            "gru has the lowest RMSE, 80, 20 % below seasonal naive. It is 1.2 % below lstm, "
            "which is less than the spread between seeds (±2): call it a tie.",
        ),
        (
            [("ridge", 80.0, 0.0), ("naive", 81.0, 0.0), (REFERENCE, 100.0, 0.0)],
            "ridge has the lowest RMSE, 80, 20 % below seasonal naive. It is 1.2 % below naive; "
            "too few points to say if that is chance.",
        ),
        (
            [("gru", 110.0, 1.0), (REFERENCE, 100.0, 0.0)],
            "No network beats the seasonal naive here: the best, gru, has RMSE 110 against 100.",
        ),
        (
            [("gru", 110.0, 1.0), ("lstm", 120.0, 1.0), (REFERENCE, 100.0, 0.0), ("ridge", 90.0, 0.0)],
            "No network beats the seasonal naive here: the best, gru, has RMSE 110 against 100. ridge leads with 90.",
        ),
        (
            [("gru", 100.0, 1.0), (REFERENCE, 100.0, 0.0)],
            "No network beats the seasonal naive here: the best, gru, has RMSE 100 against 100.",
        ),
        (
            [("gru", 62.0, 0.0), (REFERENCE, 100.0, 0.0)],
            "gru has the lowest RMSE, 62. It is 38 % below seasonal naive; too few points to say if that is chance.",
        ),
        ([("gru", 80.0, 0.0)], "gru has RMSE 80; there is nothing to compare it with."),
        (
            [("gru", 80.0, 0.0), ("lstm", 100.0, 0.0)],
            "gru has the lowest RMSE, 80. It is 20 % below lstm; too few points to say if that is chance.",
        ),
        (
            [("gru", 80.0, 1.0), ("lstm", 80.03, 1.0)],
            "gru has the lowest RMSE, 80. It is less than 0.1 % below lstm, "
            "which is less than the spread between seeds (±1): call it a tie.",
        ),
        (
            [("gru", 80.0, 1.0), ("lstm", 80.0, 1.0)],
            "gru has the lowest RMSE, 80. It is level with lstm, "
            "which is less than the spread between seeds (±1): call it a tie.",
        ),
        (
            [(REFERENCE, 100.0, 0.0), ("naive", 120.0, 0.0)],
            "seasonal-naive has the lowest RMSE, 100. It is 17 % below naive; too few points to say if that is chance.",
        ),
        (
            [(REFERENCE, 0.0, 0.0), ("naive", 120.0, 0.0)],
            "seasonal-naive has the lowest RMSE, 0. It is 100 % below naive; too few points to say if that is chance.",
        ),
    ],
)
def test_verdict_says_who_won_by_how_much_and_whether_that_is_more_than_noise(scores, sentence):
    assert verdict(rows_of(*scores), NETWORKS) == sentence


@pytest.mark.parametrize(
    ("rmse", "p", "end"),
    [
        (81.0, 0.41, "1.2 % below lstm: a tie (p = 0.41, 3 independent origins)."),
        (120.0, 0.25, "33 % below lstm, but that may be chance (p = 0.25, 3 independent origins)."),
        (120.0, 0.01, "33 % below lstm, and not chance (p = 0.01, 3 independent origins)."),
    ],
)
def test_gap_is_a_tie_only_where_it_is_small_and_may_be_chance(rmse, p, end):
    best, second = rows_of(("gru", 80.0, 0.0), ("lstm", rmse, 0.0))
    sentence = verdict((best, replace(second, p_best=p)), NETWORKS, origins=3)
    assert sentence == f"gru has the lowest RMSE, 80. It is {end}"


def test_several_ties_are_told_as_a_group():
    best, *others = rows_of(("gru", 80.0, 0.0), ("lstm", 81.0, 0.0), ("rnn", 82.0, 0.0), (REFERENCE, 100.0, 0.0))
    rows = (best, *(replace(row, p_best=p) for row, p in zip(others, (0.6, 0.4, 0.01), strict=True)))
    assert verdict(rows, NETWORKS, origins=3) == (
        "gru has the lowest RMSE, 80, 20 % below seasonal naive. lstm and rnn can't be told apart from it "
        "(p ≥ 0.40, 3 independent origins): a tie."
    )


LOSES = rows_of(("gru", 108.0, 1.0), ("lstm", 140.0, 1.0), (REFERENCE, 100.0, 0.0), ("naive", 300.0, 0.0))


def test_model_that_is_saved_though_a_baseline_did_better_is_told_with_what_to_do():
    assert saved_words(LOSES, "gru", "rmsse") == (
        "gru, which is saved, has an RMSE 8 % above that of the seasonal naive on the folds; "
        "--model seasonal-naive saves that one."
    )
    assert saved_words(LOSES, REFERENCE, "rmsse") == ""


def test_nothing_is_said_of_a_model_that_beats_the_baselines():
    assert saved_words(rows_of(("gru", 99.0, 1.0), (REFERENCE, 100.0, 0.0)), "gru", "rmsse") == ""


def test_choice_that_rmse_would_not_make_is_explained():
    scores = {"gru": 0.55, "lstm": 0.6, REFERENCE: 1.04, "naive": 2.0}
    rows = rows_of(("gru", 300.0, 1.0), ("lstm", 250.0, 1.0), (REFERENCE, 100.0, 0.0), ("naive", 310.0, 0.0))
    rows = [replace(row, rmsse=scores[row.model]) for row in rows]
    said = saved_words(rows, "gru", "rmsse", others=("gru", "lstm"), heaviest=("shop 7", 0.91))
    assert said == (
        "gru, which is saved, has an RMSE 3 times that of the seasonal naive on the folds; it was chosen by RMSSE, "
        "where each series counts by how much it usually moves: 0.55 against 1.04. Of its squared error, 91 % is that "
        "of shop 7; --model seasonal-naive saves that one, --metric rmse would choose lstm."
    )
    by_rmse = saved_words(rows, "lstm", "rmse", others=("gru", "lstm"), heaviest=("shop 7", 0.999))
    assert by_rmse.endswith("2.5 times that of the seasonal naive on the folds; --model seasonal-naive saves that one.")
