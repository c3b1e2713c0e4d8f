"""The panel of time constants: how long the units of each cell remember."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from forecast.evaluation.explain.gates import TimeConstants
from forecast.models.forecaster import FloatArray
from forecast.models.networks.cells.cell import JACOBIAN
from forecast.report.explain.axes import mark_seasons
from forecast.report.explain.curves import PLAIN, log_ticks
from forecast.report.figures.figure import add_frame, empty_figure
from forecast.report.figures.style import house_style, styles_of
from forecast.report.html.chart import NARROW, WIDE, Axis, Chart, Look, Mark, bar_path, count_ticks, rule_path
from forecast.report.html.page import Gallery

BINS = 24
SHORTEST, LONGEST = 0.1, 3_000.0


@house_style()
def constants_figure(constants: Sequence[TimeConstants], *, seasons: Sequence[int], title: str = "") -> Figure:
    """Returns a histogram a cell, above one another on the same logarithmic axis.

    Args:
        constants: One a cell.
        seasons: In steps.
        title: Above the picture.
    """
    styles = styles_of(each.cell for each in constants)
    figure = empty_figure(0.6 + 1.5 * len(constants))
    grid = figure.subplots(len(constants), 1, sharex=True, squeeze=False).ravel()
    bins = _bins(constants, seasons)
    for axes, each in zip(grid, constants, strict=True):
        axes.hist(np.clip(each.tau, SHORTEST, LONGEST), bins=bins, color=styles[each.cell].colour, edgecolor="white")
        axes.set_xscale("log")
        axes.set_xlim(bins[0], bins[-1])
        axes.set_ylabel("units")
        axes.margins(y=0.22)  # room for the names of seasons
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        axes.set_title(f"{each.cell}, by its {each.source}: median {_words(float(np.median(each.tau)))}")
        mark_seasons(axes, seasons, float(bins[-1]))
    grid[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
    grid[-1].xaxis.set_minor_formatter(NullFormatter())
    grid[-1].set_xlabel("time constant τ in observed steps")
    add_frame(figure, title=title, caption=_caption(constants))
    return figure


def constants_gallery(constants: Sequence[TimeConstants], *, seasons: Sequence[int]) -> Gallery:
    """Returns the same for a page."""
    styles, bins = styles_of(each.cell for each in constants), _bins(constants, seasons)
    across = Axis(float(np.log10(bins[0])), float(np.log10(bins[-1])))
    edges = across.places(np.log10(bins))
    counts = [np.histogram(np.clip(each.tau, SHORTEST, LONGEST), bins)[0] for each in constants]
    up = Axis(0.0, 1.15 * max(int(own.max()) for own in counts))
    rules = [Mark("rule", rule_path(across.place(float(np.log10(place)))), PLAIN) for place in seasons]
    charts = []
    for each, own in zip(constants, counts, strict=True):
        look = Look.of(styles[each.cell])
        bars = [
            Mark("bar", bar_path(left, right, 0.0, up.place(float(count))), look, f"{count} units")
            for left, right, count in zip(edges[:-1], edges[1:], own, strict=True)
            if count
        ]
        median = _words(float(np.median(each.tau)))
        charts.append(
            Chart(
                label=f"Units of the {each.cell} by their time constant",
                marks=(*bars, *rules),
                left=count_ticks(up, 4),
                days=log_ticks(across, WIDE),
                days_narrow=log_ticks(across, NARROW + 1),
                title=f"{each.cell}, by its {each.source}: median {median}",
                unit="units",
                below="time constant τ in observed steps",
                height=7.0,
            )
        )
    upright = f" Upright lines: seasons ({', '.join(map(str, seasons))} steps)." if seasons else ""
    return Gallery(tuple(charts), (), f"{_caption(constants)}{upright}", is_stacked=True)


def _bins(constants: Sequence[TimeConstants], seasons: Sequence[int]) -> FloatArray:
    """Returns the edges of the bars, as many steps of a logarithm."""
    everything = np.clip(np.concatenate([each.tau for each in constants]), SHORTEST, LONGEST)
    low, high = min(everything.min(), *seasons, 1), max(everything.max(), *seasons, 10)
    return np.geomspace(low / 1.2, high * 1.2, BINS + 1)


def _caption(constants: Sequence[TimeConstants]) -> str:
    caption = "τ = −1 / ln(mean keep gate), times the observations in one recurrent step."
    ungated = [each.cell.upper() for each in constants if each.source == JACOBIAN]
    if ungated:
        caption += (
            f" An {ungated[0]} has no gate that keeps: its bars are the eigenvalues of its mean Jacobian "
            "∂h_t/∂h_{t−1} along real windows, the recurrent matrix with what tanh leaves of each change; "
            "a modulus of 1 or more counts as the longest."
        )
    return caption


def _words(tau: float) -> str:
    return f"{tau:.3g} steps" if np.isfinite(tau) else "without an end"
