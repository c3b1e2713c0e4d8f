"""Columns that tell of levels and quantiles."""

import pytest

from forecast.interval_levels import (
    LEVELS,
    bounds_of,
    coverage_of,
    is_number_column,
    level_text,
    levels_in,
    quantile_column,
)
from forecast.report.tables import forecast_columns, live_columns


def test_usual_levels_stand_in_the_columns_that_everybody_reads():
    assert LEVELS == (80, 95)
    assert ",".join(forecast_columns()) == (
        "series_id,timestamp,step,forecast,lower_80,upper_80,lower_95,upper_95,model,version,origin"
    )
    assert live_columns()[8:10] == ("coverage_80", "coverage_95")


def test_levels_and_quantiles_stand_in_their_order_after_the_forecast():
    assert forecast_columns((50, 99.5), (0.1, 0.025)) == (
        *("series_id", "timestamp", "step", "forecast", "lower_50", "upper_50", "lower_99.5", "upper_99.5"),
        *("q0.1", "q0.025", "model", "version", "origin"),
    )


def test_coverage_of_unusual_levels_stands_at_the_end():
    assert live_columns((50, 80, 95, 99.5)) == (*live_columns(), "coverage_50", "coverage_99.5")


@pytest.mark.parametrize(
    ("number", "text"), [(80, "80"), (80.0, "80"), (99.5, "99.5"), (99.9999, "99.9999"), (0.000001, "0.000001")]
)
def test_no_column_is_named_by_a_power_of_ten_or_a_rounded_number(number, text):
    assert level_text(number) == text


@pytest.mark.parametrize("level", [1, 50, 80, 99.5, 99.9999])
def test_levels_are_read_back_from_their_columns(level):
    assert levels_in(("series_id", *bounds_of(level), "model")) == (level,)
    assert all(map(is_number_column, (*bounds_of(level), quantile_column(level / 100))))


@pytest.mark.parametrize("name", ["lower_", "lower_x", "lower_100", "lower_0", "Lower_80", "lower_80 ", "upper_1e1"])
def test_columns_that_are_no_bounds_tell_of_no_level(name):
    assert levels_in((name, name.replace("lower", "upper").replace("Lower", "Upper"))) == ()


def test_one_bound_alone_is_no_interval():
    assert levels_in(("lower_80", "lower_95", "upper_95")) == (95,)


@pytest.mark.parametrize("name", ["q1", "quantity", "q0.5x", "forecast", *coverage_of(80)])
def test_other_columns_hold_anything(name):
    assert not is_number_column(name)
