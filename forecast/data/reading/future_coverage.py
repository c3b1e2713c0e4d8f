"""What is known of the steps to come: how far, where a value is missing, and how it is continued.

Shapes: ``S`` series, ``K`` steps of the known columns, ``C`` known columns, ``H`` horizon.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import Covariates
from forecast.data.frequency import Frequency, readable
from forecast.data.panel import FloatArray, IntArray, Panel
from forecast.data.reading.gridding import ALWAYS_FINE, NEVER, SPARSE
from forecast.errors import DataError
from forecast.wording import counted


@dataclass(frozen=True, eq=False)
class Known:
    """Known columns of some series, laid out."""

    values: FloatArray  # (K, C)
    first: IntArray  # (S,)
    offsets: IntArray  # (S + 1,)

    @property
    def lengths(self) -> IntArray:
        """How many steps each series has, (S,)."""
        return np.diff(self.offsets)


def steps_counted(number: int, frequency: Frequency) -> str:
    """Returns a number of steps in the unit of the calendar: ``28 days``, ``1 step``."""
    noun = frequency.unit if frequency.every == 1 and frequency.unit not in {"row", "business-day"} else "step"
    return counted(number, noun)


def reach(panel: Panel) -> IntArray:
    """Returns how many steps after the end of each series all known columns have a value without a gap, (S,)."""
    covariates = panel.covariates
    if covariates is None or not covariates.of("known"):
        return np.zeros(len(panel), dtype=np.int64)
    ahead = np.where(np.diff(covariates.known_offsets) > 0, covariates.known_last - panel.last, 0)
    most = max(int(ahead.max(initial=0)), 0)
    told = ~np.isnan(covariates.known_between(panel.last + 1, most)).any(axis=2)  # (S, most)
    steps: IntArray = np.logical_and.accumulate(told, axis=1).sum(axis=1)
    return steps


def with_all_known(panel: Panel) -> Panel:
    """Returns the panel with steps, without values, wherever its known columns tell of any before or after it."""
    covariates = panel.covariates
    if covariates is None or not len(covariates.known):
        return panel
    is_told = np.diff(covariates.known_offsets) > 0
    first = np.where(is_told, np.minimum(panel.first, covariates.known_first), panel.first)
    last = np.where(is_told, np.maximum(panel.last, covariates.known_last), panel.last)
    offsets = np.concatenate([[0], np.cumsum(last - first + 1)])
    places = np.arange(panel.values.size) + np.repeat(
        offsets[:-1] + panel.first - first - panel.offsets[:-1], panel.lengths
    )
    values = np.full(offsets[-1], np.nan)
    values[places] = panel.values
    past = np.full((offsets[-1], covariates.past.shape[1]), np.nan)
    past[places] = covariates.past
    weights = None
    if panel.weights is not None:
        weights = np.full(offsets[-1], np.nan)
        weights[places] = panel.weights
    left_out = None
    if panel.left_out is not None:
        left_out = np.zeros(offsets[-1], dtype=bool)
        left_out[places] = panel.left_out
    longer = replace(panel, values=values, offsets=offsets, first=first, weights=weights, left_out=left_out)
    return replace(longer, covariates=replace(covariates, past=past))


def missing_ahead(
    panel: Panel, horizon: int, used: Collection[str] | None = None
) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
    """Returns known columns, and where they lack a value that a forecast needs, (S, H, C).

    A series that ends before the others needs no values before their end, and none at all where no row tells of it
    after that: a shop that has closed.

    Args:
        panel: To forecast from.
        horizon: Steps, ``H``.
        used: The columns that the model looks at; None for all.
    """
    covariates = panel.covariates
    columns = covariates.of("known") if covariates else ()
    chosen = [place for place, column in enumerate(columns) if used is None or column.name in used]
    if covariates is None or not chosen:
        return (), np.zeros((len(panel), horizon, 0), dtype=bool)
    ordinals = panel.last[:, None] + np.arange(1, horizon + 1)  # (S, H)
    missing = np.isnan(covariates.known_between(panel.last + 1, horizon)[..., chosen])
    has_closed = (panel.last < panel.last.max()) & (covariates.known_last <= panel.last.max())
    missing &= ((ordinals > panel.last.max()) & ~has_closed[:, None])[..., None]
    return tuple(columns[place].name for place in chosen), missing


def continued(covariates: Covariates, newer: Known) -> Covariates:
    """Returns the covariates with known columns on all steps of which the old or the newer ones tell.

    Where both do, the newer ones go before.

    Raises:
        DataError: The newer ones are far away from the old.
    """
    older = Known(covariates.known, covariates.known_first, covariates.known_offsets)
    both = (older, newer)
    first = np.min([np.where(one.lengths > 0, one.first, NEVER) for one in both], axis=0)
    end = np.max([np.where(one.lengths > 0, one.first + one.lengths, -NEVER) for one in both], axis=0)
    lengths = np.maximum(end - first, 0)
    total, told = int(lengths.sum()), len(older.values) + len(newer.values)
    if total > SPARSE * told + ALWAYS_FINE:
        message = f"with the data, its dates span {total:,} steps, of which only {told:,} are there."
        raise DataError(message, "look for a wrong date")
    first = np.where(lengths > 0, first, 0)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = np.full((total, covariates.known.shape[1]), np.nan)
    for one in both:
        starts = offsets[:-1] + one.first - first - one.offsets[:-1]
        places = np.arange(len(one.values)) + np.repeat(starts, one.lengths)
        values[places] = np.where(np.isnan(one.values), values[places], one.values)
    return replace(covariates, known=values, known_offsets=offsets, known_first=first)


def when(panel: Panel, ordinal: int) -> str:
    """Returns the date of a step as a person writes it; of one that has none, ``row 12``."""
    stamp = readable(panel.frequency.timestamps(np.array([ordinal]))[0])
    return f"row {stamp}" if panel.frequency.unit == "row" else stamp
