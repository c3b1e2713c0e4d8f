from dataclasses import replace

import pytest

from forecast.production.promotion import Gate, rules
from forecast.report.html.page import PageTable, PageTerms
from forecast.report.html.retrain_sections import MOST_RUNS, ChallengeSummary, RunRow, decision_section, run_section

FIGHT = ChallengeSummary(
    "kept", "it errs more", "v1", "the newest 7 days", (20.0, 25.0, 40.0), "7 new rows", rules(Gate())
)


def test_decision_is_a_sentence_with_its_reason_rules_and_numbers():
    section = decision_section(FIGHT)
    terms, table, _, proofs = section.blocks
    assert terms.terms[0].text == FIGHT.sentence == "The champion stays: it errs more."
    assert terms.terms[1].text == "7 new rows"
    assert [row[0].text for row in table.rows] == ["champion v1", "challenger", "seasonal naive"]
    assert [row[1].bar.share for row in table.rows] == pytest.approx([0.5, 0.625, 1.0])
    assert table.columns[1].title == "RMSE on the newest 7 days"
    assert len(proofs.terms) == 4


def test_run_without_a_fight_has_no_scores_and_no_rules():
    nothing = replace(
        FIGHT, outcome="nothing-new", reason="the same data", rmse=(None, None, None), trigger="", rules=()
    )
    [terms] = decision_section(nothing).blocks
    assert isinstance(terms, PageTerms)
    assert terms.terms[0].text == "Nothing new, and the champion stays: the same data."


def test_rules_are_those_that_were_asked_for():
    assert "at least 10 % lower than the champion's (--min-gain)" in rules(Gate(min_gain=0.1))[1]
    assert "--force" in rules(Gate(force=True))[-1]
    assert "--candidate-only" in rules(Gate(candidate_only=True))[0]


def test_runs_stand_newest_first_and_old_ones_are_left_to_the_history():
    rows = [RunRow(f"day {day}", "kept", None, 2.0, "v1", "why") for day in range(MOST_RUNS + 5)]
    section = run_section(rows, None)
    [table] = section.blocks
    assert isinstance(table, PageTable)
    assert len(table.rows) == MOST_RUNS
    assert table.rows[0][0].text == f"day {MOST_RUNS + 4}"
    assert table.rows[0][2].text == "–"
    assert f"the last {MOST_RUNS} of {MOST_RUNS + 5}" in section.intro
