import math

import pytest

from forecast.data.findings import Finding
from forecast.evaluation.summary import CoverageRow, SummaryRow
from forecast.metric_records import METRICS, MetricRecord
from forecast.report.html.sections import (
    CovariateRow,
    covariate_section,
    coverage_section,
    finding_section,
    leaderboard_section,
    left_out_section,
    reproduce_section,
    setting_section,
)

ROW = {
    "rank": 1, "model": "gru", "rmse": 20.0, "rmse_std": 0.5, "mae": 15.0, "mase": 0.8123, "smape": 5.0, "skill": 0.5,
    "coverage_80": 0.79, "params": 7724, "train_seconds": 4.0, "predict_ms": 1.2, "note": "", "rmse_fold_std": 0.0,
}  # fmt: skip
NAIVE = {**ROW, "model": "seasonal-naive", "rmse": 40.0, "skill": 0.0, "params": None, "note": "tie with gru (p = 0.2)"}


def board(*rows):
    told = [SummaryRow(**row) for row in rows]
    [table] = leaderboard_section(told, target="sales", stands_on="2 folds × 12 steps").blocks
    titles = [column.title for column in table.columns]
    return [dict(zip(titles, row, strict=True)) for row in table.rows]


def test_leaderboard_tells_each_score_in_its_form():
    gru, naive = board(ROW, NAIVE)
    said = {title: cell.text for title, cell in gru.items()}
    assert said == {
        "model": "gru", "RMSE": "20.00", "± seeds": "0.5000", "MAE": "15.00", "MASE": "0.812", "sMAPE": "5.00",
        "skill": "+50 %", "in 80 %": "79 %", "params": "7,724", "train s": "4.0", "ms": "1",
    }  # fmt: skip
    assert naive["params"].text == "–"
    assert naive["model"].note == "tie with gru (p = 0.2)"


def test_bars_of_the_leaderboard_are_as_long_as_the_errors():
    gru, naive = board(ROW, NAIVE)
    assert gru["RMSE"].bar.share == pytest.approx(naive["RMSE"].bar.share / 2)
    assert naive["RMSE"].bar.is_hollow
    assert not gru["RMSE"].bar.is_hollow


def test_row_of_an_early_program_without_scores_is_a_row():
    [row] = board({"model": "gru", "rmse": None})
    assert {title: cell.text for title, cell in row.items()} == {"model": "gru", "RMSE": "–"}


def test_metric_that_was_added_has_a_column_before_the_skill(monkeypatch):
    monkeypatch.setitem(METRICS, "wape", MetricRecord("wape", "WAPE", "target", 1, decimals=2))
    gru, naive = board({**ROW, "scores": {"wape": 1.234, "of_another_program": 2.0}}, NAIVE)
    assert list(gru)[5:9] == ["sMAPE", "WAPE", "of_another_program", "skill"]
    assert (gru["WAPE"].text, gru["of_another_program"].text, naive["WAPE"].text) == ("1.23", "2.000", "–")


def test_chance_is_that_of_as_many_throws():
    held = CoverageRow("gru", 80, 0.75, 64, (0.7, None))
    [table] = coverage_section([held, CoverageRow("gru", 95, 0.9, 64, (0.9, 0.9))], 2).blocks
    [[_, inner, outer, points]] = table.rows
    slack = 1.96 * math.sqrt(0.8 * 0.2 / 64)
    assert inner.bar.chance == pytest.approx((0.8 - slack, 0.8 + slack))
    assert (inner.text, inner.bar.target, inner.note) == ("75 %", 0.8, "by fold: 70, –")
    assert outer.bar.chance[1] == 1.0
    assert points.text == "64"


def test_settings_that_differ_between_cells_are_told_for_each():
    networks = {"rnn": {"--units": 96, "seeds": "0, 1"}, "lstm": {"--units": 48, "seeds": "0, 1"}}
    [terms] = setting_section(networks, "").blocks
    said = {term.name: term for term in terms.terms}
    assert said["units"].text == "rnn 96, lstm 48"
    assert said["units"].flags == ("--units",)
    assert said["seeds"].text == "0, 1"
    assert said["asked for"].text == "nothing: all is as inferred"
    assert "No network" in setting_section({}, "").intro


def test_findings_stand_worst_first_with_their_flags():
    found = [Finding(grade, "topic", grade, flag) for grade, flag in (("note", ""), ("error", "--fill"))]
    [terms] = finding_section(found).blocks
    assert [(term.grade, term.flags) for term in terms.terms] == [("error", ("--fill",)), ("note", ())]
    assert "Nothing out of the ordinary" in finding_section([]).blocks[0].text


def test_columns_beside_the_target_are_told_by_kind_with_what_they_do():
    columns = [CovariateRow("promo", "known", None, "+46 %"), CovariateRow("region", "static", 3, "")]
    section = covariate_section(columns, ["time of year"])
    [terms] = section.blocks
    flags = [("promo", ("--known",)), ("region", ("--static",)), ("calendar", ("--no-calendar",))]
    assert [(term.name, term.flags) for term in terms.terms] == flags
    words = ["known in the future; +46 %", "a trait of each series; text, 3 words", "time of year"]
    assert [term.text for term in terms.terms] == words
    assert "on average over the series" in section.intro
    assert covariate_section(columns[1:], []).intro == ""


def test_command_versions_and_reasons_are_said_as_they_are():
    code, terms = reproduce_section("forecast train x.csv", {"numpy": "2.4"}, "x.csv").blocks
    assert code.text == "forecast train x.csv"
    assert terms.terms[1].text == "numpy 2.4"


def test_parts_that_are_left_out_for_one_reason_stand_together():
    left = left_out_section({"Intervals": "too few errors", "Steps": "one step", "Folds": "too few errors"})
    assert [block.text for block in left.blocks] == ["Intervals, Folds: too few errors.", "Steps: one step."]
