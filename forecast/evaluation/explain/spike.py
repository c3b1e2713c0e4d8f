"""What one unusual value does to the whole forecast, and a check of the gradients that uses none.

Shapes: ``L`` lookback, ``H`` horizon.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.windows import last_lookbacks
from forecast.evaluation.explain.memory import MemoryCurve, occlusion_curve, rank_correlation
from forecast.evaluation.explain.subject import Subject, taken
from forecast.models.networks.recurrent import SeriesStatistics, run_view

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spike:
    """The change of one cell's forecast (median of its networks) by a spike of +1 σ in the last window.

    Attributes:
        size: σ, the standard deviation of that window, in the target's unit.
        change: (L, H) in the target's unit, lag 1 first: normalisation, base and highway take part.
        occlusion: (L,) see ``occlusion_curve``.
        agreement: rank correlation of ``occlusion`` with the gradients.
    """

    cell: str
    series_id: str
    size: float
    change: FloatArray
    occlusion: FloatArray
    agreement: float


def spike_response(subject: Subject, curve: MemoryCurve, series: int) -> Spike:
    """Returns what a spike at each lag does to the forecast from the end of one series."""
    own, spec = subject.of_series(series), subject.spec
    members = []
    size = 0.0
    covariate_model = subject.model.covariate_model
    for network in subject.model.networks:
        plain = last_lookbacks(own.rest, spec.window, network.view.season)  # (1, L)
        size = float(plain.std())
        rows = np.concatenate([plain, plain + size * np.eye(spec.window)[::-1]])  # row k has its spike at lag k
        again = np.zeros(len(rows), dtype=np.int64)
        known = own.model.statistics_of(own.rest, network.view)
        statistics = SeriesStatistics(known.level[again], known.scale[again], known.base)
        covariates = taken(own.covariates(own.panel, network.view), again)
        maps = own.model.maps_of(network.view, statistics)
        moved = run_view(spec, network.weights, maps, rows, statistics, covariates)
        members.append(covariate_model.restore(moved[:, None], own.panel)[:, 0] if covariate_model else moved)
    forecasts = np.median(np.stack(members), axis=0)  # (1 + L, H)
    occlusion = occlusion_curve(subject)
    agreement = rank_correlation(occlusion, curve.recurrent)
    return Spike(subject.cell, own.panel.series_ids[0], size, forecasts[1:] - forecasts[0], occlusion, agreement)
