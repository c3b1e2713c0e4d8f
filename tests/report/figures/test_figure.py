import functools
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from forecast.models.registry import MODELS
from forecast.report.figures.figure import (
    EndLabel,
    add_frame,
    date_axis,
    empty_figure,
    label_ends,
    number_axis,
    render,
    sensible_top,
)
from forecast.report.figures.style import house_style
from marks import slow_but
from pictures import HOSTILE, assert_all_text_is_inside_and_apart, texts_of
from places import ROOT

MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
PLOTS = ["forecast", "scores", "steps", "convergence"]


@house_style()
def picture(title="Sales", names=("lstm", "naive"), target="units"):
    figure = empty_figure(3)
    axes = figure.add_subplot()
    entries = {name: axes.plot([0, 1, 2], [1000 * i, 2000, 3000])[0] for i, name in enumerate(names)}
    number_axis(axes, target)
    add_frame(figure, title=title, legend=entries, caption="One sentence.")
    return figure


@functools.cache
def rendered(kind):
    """Returns the bytes of the picture; it is drawn once."""
    return render(picture(), kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAGIC)
def test_the_same_picture_is_the_same_bytes(kind):
    first = rendered(kind)
    assert first.startswith(MAGIC[kind])
    assert first == render(picture(), kind)


@pytest.mark.parametrize("kind", slow_but(["svg"], MAGIC))
def test_a_figure_can_be_rendered_again_and_in_another_kind(kind):
    figure = picture()
    render(figure, "png")
    assert render(figure, kind) == rendered(kind)


@pytest.mark.parametrize("kind", MAGIC)
@pytest.mark.slow
def test_files_hold_no_date_and_no_version(kind):
    content = rendered(kind).lower()
    assert not any(word in content for word in (b"creationdate", b"<dc:date>", b"matplotlib version"))


def test_a_png_is_as_wide_as_a_screen_column():
    assert 1000 <= int.from_bytes(rendered("png")[16:20], "big") <= 1200


@pytest.mark.slow
def test_drawing_needs_neither_pyplot_nor_a_display():
    code = (
        f"import sys; from forecast.report.figures import {', '.join(PLOTS)};"
        "from forecast.report.figures.figure import *;"
        "f = empty_figure(2); add_frame(f, title='t'); [render(f, k) for k in ('png', 'svg', 'pdf')];"
        "assert 'matplotlib.pyplot' not in sys.modules and 'tkinter' not in sys.modules"
    )
    root = ROOT
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=root, check=True)


@pytest.mark.slow
def test_the_figure_grows_by_its_frame_so_that_the_axes_keep_their_room():
    small, large = picture(title=""), picture(title="long " * 60, names=[f"model {i}" for i in range(30)])
    for figure in (small, large):
        render(figure, "png")
    heights = [figure.axes[0].get_window_extent().height for figure in (small, large)]
    assert large.get_figheight() > small.get_figheight() + 1
    assert heights[0] == pytest.approx(heights[1], rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("kind", slow_but(["svg"], MAGIC))
def test_hostile_names_are_only_text(kind):
    for name in ("".join(HOSTILE), "売上"):
        content = render(picture(title=name, names=HOSTILE, target=name), kind)
        assert b"<script" not in content
        if kind == "svg":
            ElementTree.fromstring(content)


@pytest.mark.parametrize("name", slow_but(HOSTILE[:4], HOSTILE))
def test_no_text_is_cut_off_or_printed_over_another(name):
    assert_all_text_is_inside_and_apart(picture(title=name * 3, names=(name, f"{name} 2", "naive"), target=name))


def test_thirty_legend_entries_find_room():
    assert_all_text_is_inside_and_apart(picture(names=[f"model number {i}" for i in range(30)]))


def test_large_numbers_have_commas():
    figure = picture()
    render(figure, "png")
    assert "2,000" in [text.get_text() for text in texts_of(figure)]


@pytest.mark.parametrize(
    ("heights", "top"),
    [
        ([10, 11, 12], None),
        ([10, 11, 59], None),
        ([10, 11, 12, 13, 1000], 1.25 * 13),
        ([10, 1000], 1.25 * 10),
        ([10, np.nan, np.inf, 12], None),
        ([0, 0, 5], None),
        ([], None),
        ([np.nan], None),
    ],
)
def test_axis_is_cut_only_when_one_height_is_six_times_the_median(heights, top):
    assert sensible_top(heights) == top


def test_names_at_the_ends_of_lines_keep_order_and_distance():
    with house_style():
        figure = empty_figure(4)
        axes = figure.add_subplot()
        axes.set_ylim(0, 100)
        ends = dict.fromkeys(MODELS, 50.0) | {"lstm": 99.9, "gru": 150.0, "rnn": 0.0}
        label_ends(axes, [EndLabel(name, y, MODELS[name].style) for name, y in ends.items()], inches=3.4)
        add_frame(figure)
    assert_all_text_is_inside_and_apart(figure)
    places = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert sorted(places, key=places.get) == sorted(ends, key=ends.get)
    assert places["gru"] == 1


def test_dates_are_written_in_few_letters():
    with house_style():
        figure = empty_figure(3)
        axes = figure.add_subplot()
        days = np.arange("2023-11-20", "2024-03-01", dtype="datetime64[s]")[::86400]
        axes.plot(days, np.arange(days.size))
        date_axis(axes)
    render(figure, "png")
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert "2024" in labels
    assert max(map(len, labels)) <= 4
