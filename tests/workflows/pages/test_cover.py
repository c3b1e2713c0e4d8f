"""What a report says first: it is of the model that was saved, whoever won."""

from dataclasses import replace

import pytest

from forecast.data.frequency import parse_frequency
from forecast.evaluation.summary import ScoredOn, Summary, SummaryRow
from forecast.workflows.pages.cover import accuracy_sentence

DAILY = parse_frequency("D")
ROWS = (
    SummaryRow(rank=1, model="gru", rmse=10.0, mae=8.0, scores={"wape": 0.20}),
    SummaryRow(rank=2, model="ensemble", rmse=10.1, mae=8.04, scores={"wape": 0.21}),
    SummaryRow(rank=3, model="seasonal-naive", rmse=15.0, mae=12.0, note="repeats the last 7 steps"),
)
SUMMARY = Summary(
    leaderboard=ROWS, scored_on=ScoredOn(folds=3, points=84, horizon=28), target="sales", verdict="gru has the lowest"
)


def test_the_saved_model_is_named_and_not_the_one_that_won():
    words = accuracy_sentence(SUMMARY, "ensemble", DAILY)
    assert words == (
        "Forecast by ensemble, all networks together: in 3 tests on the past, of 28 days each, it was off by 8.04 "
        "sales a day on average, 21 % of what came; seasonal-naive, which repeats the last 7 steps, was off by 12."
    )


def test_the_plain_verdict_is_told_with_what_it_stands_on():
    told = replace(SUMMARY, plain_verdict="Forecasts of sales by ensemble are off by about 8 a day.")
    assert accuracy_sentence(told, "ensemble", DAILY) == (
        "Forecasts of sales by ensemble are off by about 8 a day; measured in 3 tests on the past, of 28 days each."
    )


def test_a_baseline_is_not_compared_with_itself():
    assert accuracy_sentence(SUMMARY, "seasonal-naive", DAILY).endswith("off by 12 sales a day on average.")


def test_without_a_backtest_the_model_is_named_alone():
    assert accuracy_sentence(Summary(leaderboard=ROWS[:1]), "gru", DAILY) == "Forecast by gru."


@pytest.mark.parametrize(("code", "words"), [
    ("h", "sales an hour on average"), ("B", "20 business days each"), ("15min", "sales a step"),
])  # fmt: skip
def test_steps_have_the_words_of_a_person(code, words):
    told = replace(SUMMARY, scored_on=ScoredOn(folds=3, points=60, horizon=20))
    assert words in accuracy_sentence(told, "ensemble", parse_frequency(code))
