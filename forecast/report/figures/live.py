"""The picture of what became of issued forecasts: the error of each, over the time at which it was made.

Shapes: ``K`` issued forecasts.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from forecast.evaluation.live.scores import OriginErrors
from forecast.evaluation.verdict import REFERENCE
from forecast.models.model_style import ModelStyle
from forecast.models.registry import MODELS
from forecast.report.figures.figure import add_frame, date_axis, empty_figure, number_axis, sensible_top
from forecast.report.figures.style import MUTED, OTHER_STYLES, house_style

HEIGHT = 4.0  # inches
NAIVE = MODELS[REFERENCE].style
FILLED = "os^DH"
STYLES = sorted(
    (style for style in (*(record.style for record in MODELS.values()), *OTHER_STYLES) if style.marker in FILLED),
    key=lambda style: FILLED.index(style.marker),
)
"""Of the newest versions: those whose markers can be told hollow from filled."""
EARLIER = ModelStyle(MUTED, ".")
CAPTION = "Each point is one issued forecast, scored on the steps that have come true; hollow: some are still to come."
FAR = "\nA line that leaves the picture at the top belongs to errors far above the others."


@house_style()
def live_figure(errors: OriginErrors, origins: NDArray[np.datetime64], *, target: str, title: str = "") -> Figure:
    """Returns the RMSE of each issued forecast against its origin, a colour a version, beside seasonal naive.

    Args:
        errors: Of K forecasts.
        origins: (K,), the timestamps of their origins.
        target: The unit of the errors.
        title: Above the picture.
    """
    figure = empty_figure(HEIGHT)
    axes = figure.add_subplot()
    entries: dict[str, Any] = {}
    stamps, first = np.unique(origins, return_index=True)
    if np.isfinite(errors.naive_rmse).any():
        line: dict[str, Any] = {"color": NAIVE.colour, "linestyle": NAIVE.dashes, "marker": NAIVE.marker}
        (entries["seasonal naive"],) = axes.plot(stamps, errors.naive_rmse[first], linewidth=1.3, **line)
    versions = np.unique(errors.versions)
    newest = versions[-len(STYLES) :]
    for version in versions:
        is_own = version in newest
        style = STYLES[int(version) % len(STYLES)] if is_own else EARLIER
        own = errors.versions == version
        label = f"v{version}" if is_own else "earlier versions"
        entries[label] = _draw(axes, origins[own], errors.rmse[own], errors.is_complete[own], style)
    heights = np.concatenate([errors.rmse, errors.naive_rmse])
    top = sensible_top(heights)
    axes.set_ylim(0, top or 1.08 * float(np.nanmax(heights, initial=0.0)) or 1.0)
    if stamps.size == 1:  # one origin has no span of time: a day on either side
        day = np.timedelta64(1, "D")
        axes.set_xlim(stamps[0] - day, stamps[0] + day)
    number_axis(axes, f"RMSE ({target})")
    date_axis(axes)
    axes.set_xlabel("last step that the forecast knew")
    add_frame(figure, title=title, legend=entries, caption=CAPTION + (FAR if top is not None else ""))
    return figure


def _draw(
    axes: Axes, places: NDArray[np.datetime64], rmse: NDArray[np.float64], full: NDArray[np.bool_], style: ModelStyle
) -> Any:
    """Draws one version, and returns what stands for it in the legend."""
    look: dict[str, Any] = {"color": style.colour, "marker": style.marker, "markersize": 5.5, "zorder": 4}
    (line,) = axes.plot(places, rmse, **look)
    axes.plot(places[~full], rmse[~full], **{**look, "linestyle": "none", "markerfacecolor": "white", "zorder": 5})
    return line
