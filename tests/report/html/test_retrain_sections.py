import pytest

from forecast.production.promotion import Gate, rules
from forecast.production.store.run_record import RunRecord
from forecast.report.html.page import PageTable, PageTerms
from forecast.report.html.retrain_sections import MOST_RUNS, decision_section, decision_sentence, run_section

SCORES = {"champion_rmse": 20.0, "challenger_rmse": 25.0, "naive_rmse": 40.0}
STANDS_ON = {"challenged": "v1", "scored_on": "the newest 7 days", "trigger": "7 new rows"}
KEPT = RunRecord(outcome="kept", reason="it errs more", **STANDS_ON, **SCORES)


def test_decision_is_a_sentence_with_its_reason_rules_and_numbers():
    section = decision_section(KEPT, rules(Gate()))
    terms, table, _, proofs = section.blocks
    assert terms.terms[0].text == decision_sentence(KEPT) == "The champion stays: it errs more."
    assert terms.terms[1].text == "7 new rows"
    assert [row[0].text for row in table.rows] == ["champion v1", "challenger", "seasonal naive"]
    assert [row[1].bar.share for row in table.rows] == pytest.approx([0.5, 0.625, 1.0])
    assert table.columns[1].title == "RMSE on the newest 7 days"
    assert len(proofs.terms) == 4


def test_run_without_a_fight_has_no_scores_and_no_rules():
    nothing = RunRecord(outcome="nothing-new", reason="the same data", challenged="v1")
    [terms] = decision_section(nothing, ()).blocks
    assert isinstance(terms, PageTerms)
    assert terms.terms[0].text == "Nothing new, and the champion stays: the same data."


def test_rules_are_those_that_were_asked_for():
    assert "at least 10 % lower than the champion's (--min-gain)" in rules(Gate(min_gain=0.1))[1]
    assert "--force" in rules(Gate(force=True))[-1]
    assert "--candidate-only" in rules(Gate(candidate_only=True))[0]


def test_runs_stand_newest_first_and_old_ones_are_left_to_the_history():
    days = [f"2026-01-{1 + day % 28:02}T03:{day:02}:00+00:00" for day in range(MOST_RUNS + 5)]
    runs = [RunRecord("retrain", "kept", "why", "v1", challenger_rmse=2.0, time=day) for day in days]
    section = run_section(runs, None)
    [table] = section.blocks
    assert isinstance(table, PageTable)
    assert len(table.rows) == MOST_RUNS
    assert [cell.text for cell in table.rows[0]] == [days[-1][:16].replace("T", " "), "kept", "–", "2.000", "v1", "why"]
    assert f"the last {MOST_RUNS} of {MOST_RUNS + 5}" in section.intro
