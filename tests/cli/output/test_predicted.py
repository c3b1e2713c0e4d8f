"""Which columns of a forecast leave a table that is too wide."""

import pytest

from forecast.cli.output.predicted import _first_to_go

TOTAL = ("series_id", "period_start", "period_end", "steps", "is_whole", "forecast")


@pytest.mark.parametrize(
    ("columns", "gone"),
    [
        ((*TOTAL, "lower_80", "upper_80", "lower_95", "upper_95"), ["lower_95", "upper_95"]),
        ((*TOTAL, "lower_80", "upper_80"), ["steps"]),
        ((*TOTAL[:3], *TOTAL[4:], "lower_80", "upper_80"), ["period_end"]),
        ((*TOTAL[:2], *TOTAL[4:], "lower_80", "upper_80"), ["lower_80", "upper_80"]),
        ((*TOTAL, "q0.1", "q0.5", "q0.9"), ["steps"]),
        (("series_id", "timestamp", "step", "forecast", "lower_80", "upper_80"), ["lower_80", "upper_80"]),
        (("timestamp", "step", "forecast", "order", "expected_cost"), ["expected_cost"]),
        (("timestamp", "step", "forecast", "order"), []),
    ],
)
def test_the_only_bounds_of_a_total_stay_before_its_steps_and_its_end(columns, gone):
    assert _first_to_go(columns) == gone
