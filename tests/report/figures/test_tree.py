from dataclasses import replace

import numpy as np

from forecast.data.hierarchy import REST, Hierarchy
from forecast.data.panel import panel_from_series
from forecast.models.forecaster import Forecasts
from forecast.report.figures.tree import tree_figure

BELOW = np.array([1, 2, 1, 2])
TREE = Hierarchy("shop", ("total", "shop"), np.array([0, 1, 1]), np.array([0, 2, 3, 4]), BELOW)


def test_each_level_has_a_row_of_its_largest_series():
    values = [np.arange(1.0, 21) * size for size in (3, 1, 2)]
    panel = replace(panel_from_series(values, "D", series_ids=("total", "small", "large")), hierarchy=TREE)
    made = Forecasts(panel.series_ids, panel.future_timestamps(4), np.full((3, 4), 9.0))
    figure = tree_figure(panel, {"smoothing": made}, title="shops")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["total", "large", "small"]
    assert figure.axes[1].get_ylabel() == "shop"
    caption = next(text.get_text() for text in figure.texts if text.get_gid() == "caption")
    assert "total 1, shop 2" in caption
    assert caption.endswith("below it.")
    rested = replace(TREE, levels=("total", REST, "shop"), level=np.array([0, 1, 2]))
    figure = tree_figure(replace(panel, hierarchy=rested), {"smoothing": made})
    caption = next(text.get_text() for text in figure.texts if text.get_gid() == "caption")
    assert "of its rests" in caption.replace("\n", " ")
