"""Pictures of parts: bars from one forecast to the other, a panel a part, and slides of 16:9 with 200 dots an inch."""

import struct

import numpy as np
import pytest

from forecast.report.figures.figure import SLIDE, render
from forecast.report.figures.forecast import forecast_figure
from forecast.report.figures.parts import parts_figure
from forecast.report.figures.waterfall import waterfall_figure
from forecast_examples import forecasts_for, panel_of

DATES = np.arange("2024-07-01", "2024-07-15", dtype="datetime64[D]").astype("datetime64[s]")
PARTS = {"level": np.full(14, 100.0), "season": np.tile([5.0, -5.0], 7)}


def bars(axes):
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]


def test_each_bar_begins_where_the_last_one_ended():
    figure = waterfall_figure(100.0, [("promo", 40.0), ("price", -15.0)], 125.0, target="sales")
    [axes] = figure.axes
    whole, what_if, promo, price = bars(axes)
    assert (whole[1], what_if[1]) == pytest.approx((100.0, 125.0))
    assert promo == pytest.approx((100.0, 140.0))
    assert price == pytest.approx((140.0, 125.0))
    assert [text.get_text() for text in axes.texts] == ["100", "+40", "-15", "125"]
    assert axes.get_xlim()[0] == 0


def test_small_changes_of_a_large_whole_can_be_seen_and_the_cut_is_said():
    figure = waterfall_figure(100_000.0, [("promo", 900.0), ("price", 100.0)], 101_000.0, target="sales")
    [axes] = figure.axes
    assert axes.get_xlim()[0] > 90_000
    assert "does not begin at zero" in " ".join(text.get_text() for text in figure.texts)


def test_each_part_has_a_panel_and_says_what_it_comes_to():
    figure = parts_figure(DATES, PARTS, target="sales", title="made of")
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "level (1,400 over all dates)", "season (0 over all dates)",
    ]  # fmt: skip
    heights = [patch.get_height() for patch in figure.axes[1].patches]
    assert heights == pytest.approx(list(PARTS["season"]))


@pytest.mark.parametrize("draw", [
    lambda size: parts_figure(DATES, PARTS, target="sales", size=size),
    lambda size: waterfall_figure(1.0, [("a", 1.0)], 2.0, target="sales", size=size),
    lambda size: forecast_figure(panel_of(), {"gru": forecasts_for(panel_of())}, title="A title " * 20, size=size),
])  # fmt: skip
@pytest.mark.slow
def test_a_slide_is_16_to_9_with_200_dots_an_inch(draw):
    figure = draw("slide")
    assert figure.get_figheight() == pytest.approx(SLIDE)
    content = render(figure, "png", "slide")
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == pytest.approx((2667, 1500), abs=1)
    place = content.index(b"pHYs") + 4
    assert struct.unpack(">II", content[place : place + 8])[0] == round(200 / 0.0254)
