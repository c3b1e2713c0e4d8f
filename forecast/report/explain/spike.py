"""The panel of the spike: what one unusual value does to the forecast, and the check of the gradients."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forecast.evaluation.explain.memory import MemoryCurve
from forecast.evaluation.explain.spike import Spike
from forecast.models.forecaster import FloatArray
from forecast.report.explain.axes import log_axis, short_label, whole_numbers
from forecast.report.explain.curves import PLAIN, PageCurve, PageFrame, curve_chart, dashed
from forecast.report.figures.figure import add_frame, empty_figure
from forecast.report.figures.style import INK, MUTED, OTHER_STYLES, house_style, wrapped
from forecast.report.html.chart import Key, Look
from forecast.report.html.page import Gallery
from forecast.wording import short_number

SHOWN = ("#0072B2", "#D55E00", "#000000")
GRADIENT = "#E69F00"


@house_style()
def spike_figure(
    spikes: Sequence[Spike], curves: Sequence[MemoryCurve], *, season: int, target: str, title: str = ""
) -> Figure:
    """Returns two axes a cell: the change of the forecast, and occlusion beside the gradient.

    Args:
        spikes: One a cell.
        curves: Of the same cells.
        season: A spike so many steps back is drawn too.
        target: The unit of the forecast.
        title: Above the picture.
    """
    figure = empty_figure(5.0)
    grid = figure.subplots(2, len(spikes), squeeze=False, sharey="row")
    entries: dict[str, Any] = {}
    for (above, below), spike, curve in zip(grid.T, spikes, curves, strict=True):
        entries |= _draw_change(above, spike, season)
        above.set_title(spike.cell)
        entries |= _draw_check(below, _share(spike.occlusion), _share(curve.recurrent))
        below.set_title(f"rank correlation {spike.agreement:.2f}")
        whole_numbers(above, "steps ahead")
        whole_numbers(below, "lag (steps)")
    short_label(grid[0, 0], f"change ({target})", 22)
    shares = [_share(each) for s, c in zip(spikes, curves, strict=True) for each in (s.occlusion, c.recurrent)]
    log_axis(grid[1, 0], shares, "share of the sum")
    add_frame(figure, title=title, legend=entries, caption=_caption(spikes, target))
    return figure


def spike_gallery(spikes: Sequence[Spike], curves: Sequence[MemoryCurve], *, season: int, target: str) -> Gallery:
    """Returns the same for a page: of each cell the change of its forecast, and the check."""
    charts, keys = [], {}
    all_changes = np.concatenate([spike.change[lag - 1] for spike in spikes for lag in _lags(spike, season)])
    air = 0.06 * float(np.ptp(all_changes)) or 1.0
    limits = (min(float(all_changes.min()), 0.0) - air, max(float(all_changes.max()), 0.0) + air)
    for spike, curve in zip(spikes, curves, strict=True):
        length, horizon = spike.change.shape
        ahead, lags = np.arange(1, horizon + 1, dtype=float), np.arange(1, length + 1, dtype=float)
        lines = []
        for lag, colour in zip(_lags(spike, season), SHOWN, strict=False):
            look = PLAIN if colour == SHOWN[-1] else Look("network", colour)
            lines.append(PageCurve(_lag_name(lag), ahead, spike.change[lag - 1], look))
            keys[_lag_name(lag)] = look
        frame = PageFrame(
            label=f"Change of the {spike.cell}'s forecast after a spike, in {target}",
            title=f"{spike.cell}: change of the forecast",
            unit=target,
            below="steps ahead",
            levels=(0.0,),
            limits=limits,
        )
        charts.append(curve_chart(lines, frame))
        check = [
            PageCurve("gradient", lags, _share(curve.recurrent), Look("network", GRADIENT)),
            PageCurve("occlusion", lags, _share(spike.occlusion), dashed(PLAIN)),
        ]
        keys |= {one.name: one.look for one in check}
        about = PageFrame(
            label=f"Occlusion beside the gradients of the {spike.cell}",
            title=f"{spike.cell}: check, rank correlation {spike.agreement:.2f}",
            unit="share of the sum",
            below="lag (steps)",
            is_log=True,
        )
        charts.append(curve_chart(check, about))
    named = tuple(Key(name, "line", look) for name, look in keys.items())
    return Gallery(tuple(charts), named, _caption(spikes, target))


def _caption(spikes: Sequence[Spike], target: str) -> str:
    size = f"{short_number(spikes[0].size)} {wrapped(target, 40, lines=1)}"
    name = wrapped(spikes[0].series_id, 40, lines=1)
    return (
        f"Change: the whole forecast of {name} after one value of its last window was raised by σ = {size}. "
        "Check: through the cell alone, how much the forecast changes where each value is hidden in turn, which uses "
        "no gradient, beside the gradients of the memory panel."
    )


def _lags(spike: Spike, season: int) -> list[int]:
    """Returns the lags whose spikes are drawn: the newest, one season back, and the oldest."""
    length = len(spike.change)
    return list(dict.fromkeys([1, season if 1 < season <= length else max(length // 2, 1), length]))


def _lag_name(lag: int) -> str:
    return "spike at the newest value" if lag == 1 else f"{lag} steps back"


def _draw_change(axes: Axes, spike: Spike, season: int) -> dict[str, Any]:
    horizon, entries = spike.change.shape[1], {}
    for lag, colour, style in zip(_lags(spike, season), SHOWN, OTHER_STYLES, strict=False):
        (entries[_lag_name(lag)],) = axes.plot(
            np.arange(1, horizon + 1),
            spike.change[lag - 1],
            color=colour,
            marker=style.marker,
            markevery=-(-horizon // 8),
        )
    axes.axhline(0, color=MUTED, linewidth=0.9)
    return entries


def _draw_check(axes: Axes, occlusion: FloatArray, gradient: FloatArray) -> dict[str, Any]:
    places = np.arange(1, len(occlusion) + 1)
    (one,) = axes.plot(places, gradient, color=GRADIENT)
    (other,) = axes.plot(places, occlusion, color=INK, linestyle=":", linewidth=1.4)
    return {"gradient": one, "occlusion": other}


def _share(curve: FloatArray) -> FloatArray:
    return curve / curve.sum() if curve.sum() > 0 else curve
