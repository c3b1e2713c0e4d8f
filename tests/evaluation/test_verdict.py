from dataclasses import replace

import pytest

from forecast.data.frequency import Frequency
from forecast.evaluation.leaderboard import LeaderboardRow
from forecast.evaluation.verdict import REFERENCE, ForecastTerms, plain_verdict, saved_words, tied, verdict

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
            [("gru", 80.0, 0.087968), ("lstm", 90.0, 0.0), (REFERENCE, 100.0, 0.0)],
            "gru has the lowest RMSE, 80, 20 % below seasonal naive. It is 11 % below lstm, "
            "which is more than the spread between seeds (±0.088); too few points to say if that is chance.",
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


def test_a_baseline_without_any_error_has_no_multiple():
    said = saved_words(rows_of((REFERENCE, 0.0, 0.0), ("gru", 4.0, 1.0)), "gru", "rmsse")
    assert said.startswith("gru, which is saved, has an RMSE above that of the seasonal naive on the folds; ")


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


MONTHLY = ForecastTerms("passengers", Frequency("month"), 12, 1)


def erring(**maes):
    names = {name.replace("_", "-"): mae for name, mae in maes.items()}
    return tuple(
        replace(ROW, model=name, mae=mae, rmse=mae, scores=(("wape", mae / 400),))
        for name, mae in sorted(names.items(), key=lambda each: each[1])
    )


@pytest.mark.parametrize(
    ("maes", "end"),
    [
        ({"gru": 22.4, "seasonal_naive": 35.1, "naive": 80}, "22 a month (6 %), 36 % less than repeating last year."),
        (
            {"gru": 22.4, "seasonal_naive": 35.1, "naive": 22.5},
            "22 a month (6 %), as much as repeating the last value.",
        ),
        ({"gru": 22.4, "seasonal_naive": 20.1, "naive": 40}, "22 a month (6 %), 11 % more than repeating last year."),
        ({"gru": 60, "seasonal_naive": 20, "naive": 40}, "60 a month (15 %), 3 times as much as repeating last year."),
        (
            {"gru": 60, "seasonal_naive": 80, "drift": 70},
            "60 a month (15 %), 14 % less than drawing a straight line on.",
        ),
        ({"gru": 0.5, "seasonal_naive": 0.0}, "0.5 a month (0.1 %), where there is no error in repeating last year."),
        ({"gru": 0.0, "seasonal_naive": 0.0}, "0 a month, as much as repeating last year."),
        ({"gru": 1234}, "1,200 a month."),
    ],
)
def test_plain_verdict_says_how_far_off_and_beside_what(maes, end):
    assert plain_verdict(erring(**maes), "gru", MONTHLY) == f"Forecasts of passengers by gru are off by about {end}"


def test_plain_verdict_of_a_rule_is_beside_nothing():
    rows = erring(gru=30, seasonal_naive=20)
    assert plain_verdict(rows, "seasonal-naive", MONTHLY).endswith(
        "by seasonal-naive are off by about 20 a month (5 %)."
    )


@pytest.mark.parametrize(
    ("frequency", "season", "series", "words"),
    [
        (Frequency("day"), 7, 3, "a day in each series (6 %), 36 % less than repeating last week."),
        (Frequency("business-day"), 5, 1, "a day (6 %), 36 % less than repeating last week."),
        (Frequency("week"), 52, 1, "a week (6 %), 36 % less than repeating last year."),
        (Frequency("quarter"), 4, 1, "a quarter (6 %), 36 % less than repeating last year."),
        (Frequency("hour"), 24, 1, "an hour (6 %), 36 % less than repeating the day before."),
        (Frequency("minute", 15), 672, 1, "in 15 minutes (6 %), 36 % less than repeating last week."),
        (Frequency("day"), 10, 1, "a day (6 %), 36 % less than repeating the last 10 steps."),
        (Frequency("row"), 12, 1, "a row (6 %), 36 % less than repeating the last 12 rows."),
        (Frequency("year"), 1, 1, "a year (6 %), 36 % less than repeating the last value."),
    ],
)
def test_season_is_called_as_a_person_calls_it(frequency, season, series, words):
    told = ForecastTerms("sales", frequency, season, series)
    assert plain_verdict(erring(gru=22.4, seasonal_naive=35.1), "gru", told).endswith(f"off by about 22 {words}")


def test_models_of_a_tie_are_a_group_with_the_best_first():
    best, *others = rows_of(("gru", 80.0, 0.0), ("lstm", 81.0, 0.0), ("rnn", 82.0, 0.0), (REFERENCE, 100.0, 0.0))
    rows = (best, *(replace(row, p_best=p) for row, p in zip(others, (0.6, 0.01, 0.6), strict=True)))
    assert tied(rows) == ("gru", "lstm")
    assert tied(rows[:1]) == tied((rows[0], rows[2])) == ()
