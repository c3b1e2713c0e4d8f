"""What the panels share: season lines, lags, and cells as titles."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from forecast.models.forecaster import FloatArray
from forecast.report.figures.figure import round_numbers
from forecast.report.figures.style import MUTED, wrapped

FLOOR = 1e-7
"""Below this share of the largest value a logarithmic axis is cut."""
FEW_DECADES = 2.0
"""On an axis of fewer decades, 2 and 5 are written too."""


def mark_seasons(axes: Axes, seasons: Sequence[int], most: float) -> None:
    """Draws an upright line at each season, and at its first multiples, with the first one named."""
    for season in seasons:
        for place in [season * times for times in range(1, 4) if season * times <= most]:
            axes.axvline(place, color=MUTED, linestyle=(0, (2, 2)), linewidth=0.8, zorder=1)
        if season <= most:
            axes.annotate(
                f"season {season}",
                (season, 1),
                xycoords=("data", "axes fraction"),
                xytext=(2, -3),
                textcoords="offset points",
                fontsize=8,
                color=MUTED,
                va="top",
                zorder=8,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
            )


def whole_numbers(axes: Axes, label: str) -> None:
    """Gives the level axis a name and whole numbers."""
    axes.set_xlabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))


def short_label(axes: Axes, label: str, letters: int) -> None:
    """Gives the upright axis of a low panel a name of two lines at most, and round numbers."""
    axes.set_ylabel(wrapped(label, letters, lines=2))
    round_numbers(axes.yaxis)


def log_axis(axes: Axes, curves: Sequence[FloatArray], label: str) -> None:
    """Makes the upright axis logarithmic, down to the smallest value that is worth seeing."""
    values = np.concatenate([np.asarray(curve).ravel() for curve in curves])
    values = values[np.isfinite(values) & (values > 0)]
    axes.set_yscale("log", nonpositive="mask")
    if values.size:
        top = float(values.max())
        axes.set_ylim(max(float(values.min()), top * FLOOR) / 1.6, top * 2.2)
        few = np.log10(axes.get_ylim()[1] / axes.get_ylim()[0]) < FEW_DECADES
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=9))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel(label)
