"""All that is known of an untrained cell, to be drawn."""

import numpy as np

from forecast.data.panel import panel_from_series
from forecast.evaluation.explain.cell_report import report_on_cell
from forecast.evaluation.explain.cost import network_cost
from forecast.evaluation.explain.learning import Learning
from forecast.evaluation.explain.subject import Subject
from tiny import VIEWS, random_model, tiny_spec, wave


def cell_report_of(cell):
    """Of a daily series with a gap and an outlier."""
    values = wave(60)
    values[[20, 41]] = 90.0, np.nan
    panel = panel_from_series([values], "D", series_ids=["bikes"])
    subject = Subject(random_model(tiny_spec(cell, views=VIEWS[:2], segment=1), panel), panel)
    points = np.linspace(1, 0.2, 6)
    learning = Learning(
        cell, 3, np.arange(0, 150, 25), points[::-1], 40 * points, 38 * points, 45 * points, 2 * points, points
    )
    cost = network_cost(subject.spec, 0.0012, 0.0034, "one loop compiled by XLA; no cuDNN on a CPU")
    return report_on_cell(subject, 0, cost, learning)
