"""The forecast of all series together, as that of one series: sums at each step with the intervals of the sums.

Shapes: ``S`` series, ``H`` horizon, ``T`` steps, ``C`` known columns.
"""

from dataclasses import replace

import numpy as np

from forecast.data.covariates import Column, Covariates
from forecast.data.panel import IdParts, Panel, panel_from_series
from forecast.evaluation.fold_forecasts import Manner
from forecast.experiment.decisions.headline import REACH
from forecast.experiment.decisions.series_selection import leaves_alone
from forecast.experiment.decisions.totals import ALL, AskedTotals, totals_of
from forecast.experiment.outputs import Outlook
from forecast.models.forecaster import Forecasts, Interval, ends_of

PAIR, MOST = 2, 0.5
"""Values of a yes/no column, and the share of the series that are most."""


def together(outlook: Outlook, manner: Manner) -> Outlook | None:
    """Returns the sum of all series, or their mean, with the newest of its history.

    None for one series, for prices, and where series end at different dates: a step is none that all share.
    """
    panel, forecasts, distributed = leaves_alone(outlook.history, outlook.forecasts, outlook.distributed)
    if len(panel) == 1 or manner == "standing" or len(set(panel.last.tolist())) > 1:
        return None
    made = totals_of(panel, replace(forecasts, quantiles=None), distributed, AskedTotals(None, ALL), IdParts())
    count = len(panel) if manner == "mean" else 1
    name = f"all {len(panel):,} series"
    intervals = []
    for level in made.levels:
        lower, upper = (made.quantiles.at(end)[np.newaxis] / count for end in ends_of(level))
        if np.isfinite(lower).any():
            intervals.append(Interval(level, lower, upper))
    point = made.forecasts[np.newaxis] / count
    joint = Forecasts((name,), made.starts[np.newaxis], point, tuple(intervals), levels=made.levels)
    return Outlook(_history(panel, name, manner), joint)


def _history(panel: Panel, name: str, manner: Manner) -> Panel:
    """Returns the newest steps of all series together; one that had not begun yet does not count there."""
    known = panel.tail(REACH)
    steps = int(known.lengths.max())
    sums, counts = np.zeros(steps), np.zeros(steps)
    for begin, end in zip(known.offsets, known.offsets[1:], strict=False):
        own = known.filled[begin:end]
        sums[steps - own.size :] += np.nan_to_num(own)
        counts[steps - own.size :] += ~np.isnan(own)
    values = sums / np.maximum(counts, 1) if manner == "mean" else sums
    first = np.array([int(known.last.max()) - steps + 1])
    whole = panel_from_series([values], panel.frequency, series_ids=[name], first=first, target=panel.target)
    return replace(whole, covariates=_flags_of_most(panel, int(first[0])))


def _flags_of_most(panel: Panel, first: int) -> Covariates | None:
    """Returns the yes/no columns as most series have them, from a step on; None where there are none."""
    covariates = panel.covariates
    known = covariates.of("known") if covariates else ()
    if covariates is None or not known:
        return None
    count = int(max(covariates.known_last.max(), panel.last.max())) - first + 1
    values = covariates.known_between(np.full(len(panel), first), max(count, 0))  # (S, T, C)
    columns, flags = [], []
    for place, column in enumerate(known):
        own = values[..., place]
        told = ~np.isnan(own)
        pair = np.unique(own[told])
        if column.levels is not None or pair.size != PAIR:
            continue
        share = (own == pair[1]).sum(axis=0) / np.maximum(told.sum(axis=0), 1)
        flags.append(np.where(told.any(axis=0), np.where(share > MOST, pair[1], pair[0]), np.nan))
        columns.append(Column(f"{column.name} (most series)", "known"))
    if not flags:
        return None
    steps = panel.tail(REACH).lengths.max()
    return Covariates(
        columns=tuple(columns),
        known=np.stack(flags, axis=1),
        known_offsets=np.array([0, count]),
        known_first=np.array([first]),
        past=np.empty((int(steps), 0)),
        static=np.empty((1, 0)),
    )
