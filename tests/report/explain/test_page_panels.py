"""The panels in the page: what they hold is in the page's own words and colours, and fits the numbers."""

import base64
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest

from forecast.data.frequency import ROW
from forecast.data.panel import panel_from_series
from forecast.evaluation.explain.gates import GateEvent
from forecast.models.networks.cells import CELLS
from forecast.report.explain.cost import cost_table
from forecast.report.explain.curves import PageCurve, PageFrame, cell_looks, curve_chart, log_ticks
from forecast.report.explain.gates import gates_gallery
from forecast.report.explain.gradient_flow import flow_gallery
from forecast.report.explain.heatmap import ABOVE, BELOW, heatmap
from forecast.report.explain.learning import learning_gallery
from forecast.report.explain.memory import memory_gallery
from forecast.report.explain.memory_test import recall_gallery
from forecast.report.explain.saturation import saturation_table
from forecast.report.explain.spike import spike_gallery
from forecast.report.explain.time_constants import constants_gallery
from forecast.report.html.chart import Axis
from forecast.report.html.page import Page, Section, render_page
from memory_results import recollection
from pictures import HOSTILE
from reports_of_cells import cell_report_of

PANELS = {
    "memory": lambda p: memory_gallery([x.memory for x in p], seasons=(4,), lags=8),
    "flow": lambda p: flow_gallery([flow for x in p for flow in x.flows]),
    "gates": lambda p: gates_gallery(p[-1].calendar, target="rides"),
    "constants": lambda p: constants_gallery([x.constants for x in p], seasons=(4,)),
    "saturation": lambda p: saturation_table([x.saturation for x in p]),
    "spike": lambda p: spike_gallery([x.spike for x in p], [x.memory for x in p], season=4, target="rides"),
    "cost": lambda p: cost_table([x.cost for x in p]),
    "learning": lambda p: learning_gallery([x.learning for x in p], target="rides"),
    "recall": lambda p: recall_gallery(recollection(), "a note", shows_seeds=False),
    "lesson": lambda p: recall_gallery(recollection(), "a note", shows_seeds=True),
}


@pytest.fixture(scope="module")
def cell_reports():
    return [cell_report_of(cell) for cell in CELLS]


def page_with(block):
    return render_page(Page("t", "", (), (), (Section("s", "s", (block,)),), "")).decode()


@pytest.mark.parametrize("cells", [slice(None), slice(2, 3)], ids=["all", "one"])
@pytest.mark.parametrize("name", PANELS)
@pytest.mark.slow
def test_panel_is_drawn_in_the_page_itself(name, cells, cell_reports):
    block = PANELS[name](cell_reports[cells])
    page = page_with(block)
    body = page.partition("</style>")[2]
    assert "nan" not in " ".join(part.partition('"')[0] for part in body.split(' d="')[1:])
    assert page == page_with(PANELS[name](cell_reports[cells]))  # the same bytes again
    if block.kind == "gallery":
        assert page.count("<figure>") == len(block.charts)
        assert all(chart.marks or chart.image for chart in block.charts)
        assert all(0 <= tick.place <= 1 for chart in block.charts for tick in (*chart.left, *chart.days))


@pytest.mark.parametrize("name", HOSTILE[:2])
def test_hostile_names_stay_text(name, cell_reports):
    own = cell_reports[0]
    event = GateEvent(name, own.calendar.timestamps == own.calendar.timestamps[3])
    calendar = replace(own.calendar, series_id=name, events=(event,))
    spike = replace(own.spike, series_id=name)
    blocks = [
        gates_gallery(calendar, target=name),
        spike_gallery([spike], [own.memory], season=4, target=name),
        learning_gallery([own.learning], target=name),
    ]
    assert not any("<script" in page_with(block) for block in blocks)


@pytest.mark.parametrize("values", [np.nan, 5.0])
def test_gates_of_a_series_that_never_varies_or_was_not_observed_are_drawn(values, cell_reports):
    own = cell_reports[-1].calendar
    gallery = gates_gallery(replace(own, values=np.full(len(own.values), values)), target="rides")
    assert "nan" not in "".join(mark.path for chart in gallery.charts for mark in chart.marks)


def test_gates_of_rows_without_dates_are_numbered(cell_reports):
    own = cell_reports[-1].calendar
    rows = panel_from_series([np.arange(60.0)], ROW).timestamps(0)[-len(own.timestamps) :]
    gallery = gates_gallery(replace(own, timestamps=rows), target="rides")
    assert {tick.text for tick in gallery.charts[0].days} <= {str(number) for number in range(61)}


def test_legend_stays_where_dashed_lines_have_no_name_at_their_end(cell_reports):
    assert '<ul class="keys">' in page_with(PANELS["flow"](cell_reports))  # the hidden state of the LSTM
    assert '<ul class="keys spare">' in page_with(PANELS["flow"](cell_reports[:1]))


def test_map_has_a_pixel_a_value_as_opaque_as_it_is_large():
    address = heatmap(np.array([[0.0, 0.5, 2.0], [-1.0, 1.0, -0.25]]), 1.0, is_signed=True)
    content = base64.b64decode(address.partition(",")[2])
    assert content.startswith(b"\x89PNG")
    size = struct.unpack(">I", content[33:37])[0]
    lines = np.frombuffer(zlib.decompress(content[41 : 41 + size]), np.uint8).reshape(2, 1 + 3 * 4)
    assert struct.unpack(">II", content[16:24]) == (3, 2)
    pixels = lines[:, 1:].reshape(2, 3, 4)
    np.testing.assert_array_equal(pixels[..., 3], [[0, 128, 255], [255, 255, 64]])
    assert bytes(pixels[0, 2, :3]).hex().upper() == ABOVE[1:]
    assert bytes(pixels[1, 0, :3]).hex().upper() == BELOW[1:]


def test_logarithmic_axis_has_powers_of_ten_and_few_decades_more():
    assert [tick.text for tick in log_ticks(Axis(-3, 1), 9)] == ["0.001", "0.01", "0.1", "1", "10"]
    assert [tick.text for tick in log_ticks(Axis(0, 1), 9)] == ["1", "2", "5", "10"]


def test_what_is_0_breaks_a_line_on_a_logarithmic_axis():
    curve = PageCurve("gru", np.arange(4.0), np.array([1.0, 0.1, 0.0, 0.01]), cell_looks(["gru"])["gru"])
    chart = curve_chart([curve], PageFrame("a", is_log=True))
    (line,) = [mark for mark in chart.marks if mark.shape == "line"]
    assert line.path.count("M") == 2
