"""The first screen of a report in numbers: the same as its sentence, by one metric, beside one rule."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from forecast.data.frequency import parse_frequency
from forecast.evaluation.summary import Summary, SummaryRow
from forecast.evaluation.verdict import ForecastTerms, plain_verdict
from forecast.workflows.pages.sections import ReportIntro, RetrainSections, page_of

MONTHLY = ForecastTerms("sales", parse_frequency("MS"), 12, 1)


def facts_of(*rows):
    kept = []
    summary, cover = Summary(leaderboard=rows, target="sales"), ReportIntro("sales", "v1", model="gru")
    now = datetime(2026, 1, 2, tzinfo=UTC)
    page_of(cover, summary, (), RetrainSections(), now, write=lambda page: kept.append(page) or b"")
    return {fact.name: (fact.value, fact.note) for fact in kept[0].facts}


@pytest.mark.parametrize(
    ("naive", "seasonal", "fact", "words"),
    [
        (20.9, 30.0, ("Beside the last value repeated", "+4.8 %"), "4.8 % more than repeating the last value."),
        (40.0, 30.0, ("Beside the seasonal naive", "−27 %"), "27 % less than repeating last year."),
    ],
)
def test_sentence_and_number_are_of_one_metric_and_one_rule(naive, seasonal, fact, words):
    rows = (
        SummaryRow(model="gru", rmse=28.0, mae=21.9, skill=0.25, scores={"wape": 0.1}),
        SummaryRow(model="seasonal-naive", rmse=37.3, mae=seasonal, skill=0.0),
        SummaryRow(model="naive", rmse=39.0, mae=naive, skill=-0.04),
    )
    facts = facts_of(*rows)
    assert facts["Mean error of gru"] == ("21.90", "sales: MAE, how far it was off on average")
    assert facts[fact[0]] == (fact[1], "mean error (MAE); less is better")
    assert "Skill" not in facts
    told = [SimpleNamespace(model=row.model, mae=row.mae, same="", error=lambda _: 0.1) for row in rows]
    assert plain_verdict(told, "gru", MONTHLY).endswith(words)


def test_what_an_early_program_did_not_tell_is_told_by_rmse():
    facts = facts_of(SummaryRow(model="gru", rmse=28.0, skill=0.25), SummaryRow(model="seasonal-naive", rmse=37.3))
    assert facts["RMSE of gru"] == ("28.00", "sales: the size of a typical error")
    assert facts["Skill"] == ("+25 %", "lower RMSE than seasonal naive")


def test_a_rule_without_an_error_is_no_measure():
    facts = facts_of(SummaryRow(model="gru", rmse=1.0, mae=1.0), SummaryRow(model="naive", rmse=0.0, mae=0.0))
    assert not any(name.startswith("Beside") for name in facts)
