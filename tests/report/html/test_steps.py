import numpy as np
import pytest

from chart_points import points_of
from forecast.report.html.steps import step_gallery

ERRORS = {"gru": np.array([1.0, 2.0, 3.0]), "naive": np.array([2.0, 4.0, 6.0])}


def test_each_model_is_a_line_of_its_errors_with_its_name_at_the_end():
    gallery = step_gallery(ERRORS, target="sales", frequency="daily")
    [chart] = gallery.charts
    lines = {mark.title: points_of(mark.path)[:, 1] for mark in chart.marks}
    assert lines["naive"] == pytest.approx(2 * lines["gru"], abs=1e-3)
    assert lines["gru"] / lines["gru"][0] == pytest.approx([1, 2, 3], rel=1e-2)
    assert {end.text: end.place for end in chart.ends} == pytest.approx(
        {"gru": lines["gru"][-1], "naive": lines["naive"][-1]}, abs=1e-3
    )
    assert [key.text for key in gallery.keys] == ["gru", "naive"]
    assert chart.below == "steps ahead (daily)"


def test_model_far_worse_than_the_others_leaves_the_picture_and_is_told():
    gallery = step_gallery({**ERRORS, "drift": np.array([1.0, 90.0, 900.0])}, target="sales", frequency="daily")
    assert "drift ↑ 900.0" in [end.text for end in gallery.charts[0].ends]
    assert "far worse" in gallery.note


def test_step_that_was_not_scored_breaks_the_line():
    [chart] = step_gallery({"gru": np.array([1.0, np.nan, 2.0])}, target="sales", frequency="daily").charts
    assert chart.marks[0].path.count("M") == 2
