"""The backtest in a page: a picture a series, and what each test came to beside what came."""

import pytest

from forecast.data.frequency import ROW, parse_frequency
from forecast.evaluation.fold_forecast import FoldForecast
from forecast.report.html.backtest import backtest_section


def fold(number, first, *, series="all 2 series", came=100.0, lowest=90.0, highest=120.0):
    steps = (10.0, 20.0, None)
    return FoldForecast(
        series=series, fold=number, first=first, truths=steps, forecasts=(11.0, 19.0, 5.0), lower=(9.0, 17.0, 4.0),
        upper=(12.0, 22.0, 7.0), came=came, expected=110.0, lowest=lowest, highest=highest,
    )  # fmt: skip


def texts(section):
    return [[(cell.text, cell.note) for cell in row] for row in section.blocks[1].rows]


def test_each_test_is_a_row_with_its_interval_and_the_side_of_the_truth():
    told = [fold(1, "2024-01-01"), fold(2, "2024-01-04", came=80.0), fold(3, "2024-01-07", came=130.0)]
    section = backtest_section(told, parse_frequency("D"), "sales", "gru", "total")
    assert texts(section)[0] == [
        ("2024-01-01", "to 2024-01-03"), ("110", "80 %: 90 to 120"), ("100", "inside"), ("+10.0 %", ""),
    ]  # fmt: skip
    assert [row[2][1] for row in texts(section)] == ["inside", "below", "above"]


def test_a_truth_that_is_not_known_whole_is_a_dash():
    told = [fold(1, "2024-01-01", came=None, lowest=None, highest=None)]
    section = backtest_section(told, parse_frequency("D"), "sales", "gru", "total")
    assert [cell for cell, _ in texts(section)[0][1:]] == ["110", "–", "–"]


def test_each_series_has_a_picture_of_what_was_said_and_what_came():
    told = [fold(1, "2024-01-01"), fold(2, "2024-01-04"), fold(1, "2024-01-01", series="s1")]
    charts = backtest_section(told, parse_frequency("D"), "sales", "gru", "total").blocks[0].charts
    assert [chart.title for chart in charts] == ["all 2 series", "s1"]
    assert [mark.title for mark in charts[0].marks] == [
        "fold 1: 80 % interval", "fold 1: gru", "fold 1: origin", "fold 2: 80 % interval", "fold 2: gru",
        "fold 2: origin", "what came",
    ]  # fmt: skip


@pytest.mark.parametrize(("frequency", "first", "last"), [("MS", "2024-02-01", "to 2024-04-01"), (ROW, "7", "to 9")])
def test_steps_are_counted_by_the_frequency(frequency, first, last):
    own = parse_frequency(frequency) if isinstance(frequency, str) else frequency
    assert texts(backtest_section([fold(1, first)], own, "sales", "gru", "total"))[0][0] == (first, last)
