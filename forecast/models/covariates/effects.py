"""What known covariates and dates do to a series: a regression on what its level and its season leave unexplained.

    target = the rest · exp(Σ regressor · effect)        of a series that is never negative
    target = the rest + size · Σ regressor · effect      of another

Effects are taken out of the past before anything else sees it, and put back on the steps that are forecast. So a
promotion in the lookback doesn't look like growth, and one in the future moves its own steps alone.

Each series has effects of its own, drawn to those of all series together as far as it says little itself: ridge
regression, drawn first to zero, then to what is common (Lindley & Smith 1972). How far, and which groups of the
calendar are worth anything, is settled on the training rows (``shrinkage`` and ``effect_fit``).

Shapes: ``S`` series, ``n`` steps, ``K`` steps of the known columns, ``F`` regressors, ``H`` horizon.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import Covariates
from forecast.data.panel import Panel, places_of
from forecast.models.covariates.regressors import Regressors

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Effects:
    """What each regressor does to each series.

    Attributes:
        regressors: what is looked at.
        common: (F,) effects on a series never seen before.
        own: (S, F) effects on each series.
        sizes: (S,) mean size of a series' values, to which effects are added; 0 where they multiply.
        series_ids: of ``own`` and ``sizes``.
    """

    regressors: Regressors
    common: FloatArray
    own: FloatArray
    sizes: FloatArray
    series_ids: tuple[str, ...]

    def remove(self, panel: Panel, encoded: Covariates | None = None) -> Panel:
        """Returns the panel without the effects; a value that they leave nothing of is not observed there.

        Args:
            panel: with covariates where there are effects of some.
            encoded: these, as ``Encoding.known_of`` returns them; None to encode them here.
        """
        series = np.repeat(np.arange(len(panel)), panel.lengths)
        closed = self.regressors.settings.closed
        steps = np.arange(len(panel.values)) - panel.offsets[series] + panel.first[series]
        total = self._total(panel, series, steps, encoded)
        sizes = self._sizes_of(panel)[series]
        rest = np.where(total < closed, np.nan, panel.values * np.exp(-np.maximum(total, closed)))
        return replace(panel, values=np.where(sizes > 0, panel.values - sizes * total, rest))

    def restore(self, values: FloatArray, panel: Panel, encoded: Covariates | None = None) -> FloatArray:
        """Returns forecasts with the effects on their steps, (..., S, H) -> (..., S, H); ``encoded`` as above."""
        horizon = values.shape[-1]
        series = np.repeat(np.arange(len(panel)), horizon)
        steps = panel.last[series] + 1 + np.tile(np.arange(horizon), len(panel))
        total = self._total(panel, series, steps, encoded)
        total, sizes = total.reshape(len(panel), horizon), self._sizes_of(panel)[:, None]
        return np.where(sizes > 0, values + sizes * total, values * np.exp(total))

    def _sizes_of(self, panel: Panel) -> FloatArray:
        """Returns the sizes in the panel's order, (S,); a series never seen before gives its own."""
        index = places_of(panel.series_ids, self.series_ids)
        sizes = np.where(index >= 0, self.sizes[index], 0.0)
        for i in np.flatnonzero(index < 0):
            sizes[i] = added_size(panel.series(int(i)))
        return sizes

    def _total(self, panel: Panel, series: IntArray, steps: IntArray, encoded: Covariates | None) -> FloatArray:
        """Returns all effects together on some steps (n,), ordinals of them, of some series (n,)."""
        index = places_of(panel.series_ids, self.series_ids)
        own = np.where(index[:, None] >= 0, self.own[index], self.common)
        total = np.zeros(len(steps))
        told = self.regressors.of_covariates(panel, encoded)
        count = told.known.shape[1] if told else 0
        if told:
            of_step = np.repeat(np.arange(len(panel)), np.diff(told.known_offsets))
            summed = np.einsum("kf,kf->k", told.known, own[of_step, :count])
            total += np.nan_to_num(replace(told, known=summed[:, None]).known_at(series, steps)[:, 0])
        if count < own.shape[1] and len(steps):
            total += _dated(self.regressors, panel, own[:, count:], series, steps)
        return np.clip(total, self.regressors.settings.lowest, self.regressors.settings.highest)


def added_size(values: FloatArray) -> float:
    """Returns 0 for a series that is never negative, (n,), and for another the mean size of its values."""
    known = values[~np.isnan(values)]
    return float(np.abs(known).mean()) if len(known) and known.min() < 0 else 0.0


def _dated(regressors: Regressors, panel: Panel, own: FloatArray, series: IntArray, steps: IntArray) -> FloatArray:
    """Returns the effects of the dates, (n,)."""
    first, last = int(steps.min()), int(steps.max())
    table = regressors.dated(panel.frequency, first, last - first + 1)  # (T, F)
    if len(table) * len(own) <= regressors.settings.most_cells:
        by_column = np.asfortranarray(table)  # as since the first version: sums of another order round otherwise
        return np.asarray((by_column @ own.T)[steps - first, series])
    return np.concatenate(
        [
            np.einsum("nf,nf->n", table[some - first], own[which])
            for some, which in zip(_chunks(steps), _chunks(series), strict=True)
        ]
    )


def _chunks(array: IntArray) -> list[IntArray]:
    return np.array_split(array, max(1, len(array) // 1_000_000))
