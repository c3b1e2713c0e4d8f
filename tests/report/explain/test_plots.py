"""The panels and the page: nothing is cut off or overlaps, and hostile names stay text."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from forecast.evaluation.explain.gates import GateEvent
from forecast.models.networks.cells import CELLS
from forecast.report.explain.cost import cost_figure
from forecast.report.explain.gates import gates_figure
from forecast.report.explain.gradient_flow import flow_figure
from forecast.report.explain.learning import learning_figure
from forecast.report.explain.memory import memory_figure
from forecast.report.explain.memory_test import recall_figure
from forecast.report.explain.saturation import saturation_figure
from forecast.report.explain.spike import spike_figure
from forecast.report.explain.time_constants import constants_figure
from forecast.report.figures.figure import render
from marks import slow_but
from memory_results import recollection
from pictures import HOSTILE, assert_all_text_is_inside_and_apart, words_of
from reports_of_cells import cell_report_of


@pytest.fixture(scope="module")
def cell_reports():
    return [cell_report_of(cell) for cell in CELLS]


FIGURES = {
    "memory": lambda p, t: memory_figure([x.memory for x in p], seasons=(4,), lags=8, title=t),
    "flow": lambda p, t: flow_figure([flow for x in p for flow in x.flows], title=t),
    "gates": lambda p, t: gates_figure(p[1].calendar, target="rides", title=t),
    "constants": lambda p, t: constants_figure([x.constants for x in p], seasons=(4,), title=t),
    "saturation": lambda p, t: saturation_figure([x.saturation for x in p], title=t),
    "spike": lambda p, t: spike_figure([x.spike for x in p], [x.memory for x in p], season=4, target="rides", title=t),
    "cost": lambda p, t: cost_figure([x.cost for x in p], title=t),
    "learning": lambda p, t: learning_figure([x.learning for x in p], target="rides", title=t),
    "recall": lambda p, t: recall_figure(recollection(), title=t),
}


@pytest.fixture(scope="module")
def drawn(cell_reports):
    """Returns a figure of all cells by its name, drawn once."""
    return functools.cache(lambda name: FIGURES[name](cell_reports, "A title"))


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_all_text_is_inside_and_apart(name, drawn):
    figure = drawn(name)
    assert_all_text_is_inside_and_apart(figure)
    assert "A title" in words_of(figure)
    assert "mathdefault" not in words_of(figure)


@pytest.mark.parametrize(
    "name", slow_but(["flow", "cost"], [name for name in FIGURES if name not in {"gates", "recall"}])
)
def test_one_cell_alone_is_drawn(name, cell_reports):
    assert_all_text_is_inside_and_apart(FIGURES[name](cell_reports[2:], ""))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gates", "constants", "recall"])
def test_same_picture_is_the_same_bytes(name, cell_reports):
    first, second = (render(FIGURES[name](cell_reports, "t"), "svg") for _ in range(2))
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("name", slow_but(HOSTILE[:1], HOSTILE))
def test_hostile_names_are_only_text(name, cell_reports):
    calendar = replace(cell_reports[0].calendar, series_id=name)
    spike = replace(cell_reports[0].spike, series_id=name)
    figures = [
        gates_figure(calendar, target=name, title=name),
        spike_figure([spike], [cell_reports[0].memory], season=4, target=name, title=name),
        learning_figure([cell_reports[0].learning], target=name, title=name),
    ]
    for figure in figures:
        assert_all_text_is_inside_and_apart(figure)
        assert b"<script" not in render(figure, "svg")


@pytest.mark.slow
def test_panels_say_what_they_show(cell_reports, drawn):
    assert "Cho et al., Keras; Chung et al.: 1 − z" in words_of(gates_figure(cell_reports[2].calendar, target="rides"))
    assert "lstm's cell state" in words_of(drawn("flow"))
    assert "season 4" in words_of(drawn("memory"))
    assert "mean Jacobian" in words_of(drawn("constants"))
    recall = words_of(drawn("recall"))
    assert all(f"{cell}, {setup}" in recall for cell in CELLS for setup in CELLS[cell].memory_setups)


def test_events_of_one_date_are_all_seen(cell_reports):
    both = cell_reports[0].calendar.timestamps == cell_reports[0].calendar.timestamps[3]
    events = (GateEvent("promo", both), GateEvent("holiday", both))
    axes = gates_figure(replace(cell_reports[0].calendar, events=events), target="rides").axes[0]
    heights = [line.get_ydata()[0] for line in axes.lines if len(line.get_ydata()) == 1]
    assert len(set(heights)) == 2
    assert min(heights) > np.nanmax(cell_reports[0].calendar.values)
