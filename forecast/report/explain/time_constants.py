"""The panel of time constants: how long the units of each cell remember."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from forecast.evaluation.explain.gates import TimeConstants
from forecast.models.networks.cells.cell import JACOBIAN
from forecast.report.explain.axes import mark_seasons
from forecast.report.figures.figure import add_frame, empty_figure
from forecast.report.figures.style import house_style, styles_of

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
    everything = np.clip(np.concatenate([each.tau for each in constants]), SHORTEST, LONGEST)
    low, high = min(everything.min(), *seasons, 1), max(everything.max(), *seasons, 10)
    bins = np.geomspace(low / 1.2, high * 1.2, BINS + 1)
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
    caption = "τ = −1 / ln(mean keep gate), times the observations in one recurrent step."
    ungated = [each.cell.upper() for each in constants if each.source == JACOBIAN]
    if ungated:
        caption += (
            f" An {ungated[0]} has no gate that keeps: its bars are the eigenvalues of its mean Jacobian "
            "∂h_t/∂h_{t−1} along real windows, the recurrent matrix with what tanh leaves of each change; "
            "a modulus of 1 or more counts as the longest."
        )
    add_frame(figure, title=title, caption=caption)
    return figure


def _words(tau: float) -> str:
    return f"{tau:.3g} steps" if np.isfinite(tau) else "without an end"
