"""What a picture shows is said once: the same for matplotlib and for the page."""

from datetime import UTC, datetime

import numpy as np

from forecast.report.figures.figure import CUT_OFF
from forecast.report.figures.pictures import CAPTION, ErrorsByStep, Retrains


def test_lines_end_with_the_name_of_their_model_at_their_last_scored_step():
    shown = ErrorsByStep({"gru": np.array([1.0, 2.0, np.nan]), "lost": np.array([np.nan])}, "sales", "daily")
    assert [(end.model, end.value, end.name) for end in shown.ends] == [("gru", 2.0, "gru")]
    assert (shown.steps, shown.below, shown.unit) == (3, "steps ahead (daily)", "RMSE (sales)")
    assert (shown.limit, shown.caption) == (1.08 * 2.0, "")


def test_a_line_far_above_the_others_leaves_the_picture_and_tells_its_value():
    lines = {"gru": np.array([1.0]), "rnn": np.array([1.2]), "lstm": np.array([1.1]), "wild": np.array([5_000.0])}
    shown = ErrorsByStep(lines, "sales", "daily")
    assert shown.limit < 5_000
    assert shown.ends[-1].name == "wild ↑ 5,000"
    assert shown.caption == CUT_OFF


def test_retrains_are_either_put_in_use_or_left():
    promoted = np.array([True, False, True])
    ones = np.ones(3)
    runs = Retrains([datetime(2026, 1, 1, tzinfo=UTC)] * 3, ones, 2 * ones, ones, promoted)
    put, left = runs.challengers.values()
    assert (put ^ left).all()
    assert (runs.limit, runs.caption) == (1.08 * 2, CAPTION)
