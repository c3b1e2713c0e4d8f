"""The errors of models in each group of points.

    (K, S, H) points ── a label each ──▶ (G,) groups ── their errors, model by model ──▶ ErrorTable

Shapes: ``K`` scored folds, ``S`` series, ``H`` horizon, ``G`` groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import IdParts, Panel
from forecast.evaluation.backtest import Backtest
from forecast.evaluation.distribution.quantile_metrics import DECILES, pinball_losses
from forecast.evaluation.groups.grouping import Grouping, grouping_of
from forecast.evaluation.metrics import Weights
from forecast.models.forecaster import Quantiles

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class GroupErrors:
    """The errors of one model in one group; None where nothing is scored, or the size of the truths is 0."""

    group: str
    model: str
    points: int
    rmse: float | None
    mae: float | None
    wape: float | None
    bias: float | None  # mean of forecast − truth
    relative_bias: float | None  # Σ(forecast − truth) / Σ|truth|
    wql: float | None
    size: float  # Σ|truth|
    weight: float  # of all points together: as many as they are, where all count alike

    @property
    def squares(self) -> float:
        """The sum of its squared errors."""
        return self.weight * (self.rmse or 0.0) ** 2


@dataclass(frozen=True)
class ErrorTable:
    """The errors of all models by one kind of group.

    Attributes:
        by: what groups are of.
        models: all of them, the best first.
        rows: group by group, in each the models as they stand. Steps, weekdays and months are in their order; others
            by the error of the best model, the largest first.
    """

    by: str
    models: tuple[str, ...]
    rows: tuple[GroupErrors, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, in the order of the rows."""
        return tuple(dict.fromkeys(row.group for row in self.rows))

    def of(self, model: str) -> tuple[GroupErrors, ...]:
        """Returns the rows of one model."""
        return tuple(row for row in self.rows if row.model == model)

    @cached_property
    def best(self) -> dict[str, str]:
        """The model with the lowest RMSE in each group in which something is scored."""
        lowest: dict[str, GroupErrors] = {}
        for row in self.rows:
            known = lowest.get(row.group)
            if row.rmse is not None and (known is None or known.rmse is None or row.rmse < known.rmse):
                lowest[row.group] = row
        return {group: row.model for group, row in lowest.items()}


def errors_by(way: str, panel: Panel, ids: IdParts, backtest: Backtest, models: Sequence[str]) -> ErrorTable:
    """Returns the errors of a backtest by what ``way_to_group`` returned; models are to stand the best first."""
    grouping = grouping_of(way, panel, backtest.folds[-len(backtest.truths) :], ids)
    forecasts = {name: backtest.model(name).forecasts for name in models}
    quantiles = {name: tested.quantiles for name in models if (tested := backtest.model(name)).levels}
    return errors_by_group(grouping, backtest.truths, forecasts, quantiles, backtest.weights)


def errors_by_group(
    grouping: Grouping,
    truths: FloatArray,
    forecasts: Mapping[str, FloatArray],
    quantiles: Mapping[str, Quantiles],
    weights: Weights = None,
) -> ErrorTable:
    """Returns the errors of the models in each group; groups that no point of the horizon falls into are left out.

    Args:
        grouping: of the points.
        truths: (K, S, H), NaN where nothing is scored.
        forecasts: (K, S, H) by model, the best first.
        quantiles: by model, of those that have them.
        weights: (K, S, H), how much each truth counts in means and sums; None for all alike.
    """
    labels = np.broadcast_to(grouping.labels, truths.shape)
    weights = np.ones(truths.shape) if weights is None else weights
    each = [
        _errors_of(name, grouping.names, labels, truths, own, quantiles.get(name), weights)
        for name, own in forecasts.items()
    ]
    occurs = np.bincount(labels.ravel(), minlength=len(grouping.names)) > 0
    order = np.flatnonzero(occurs).tolist()
    if not grouping.is_ordered:
        worst = [-1.0 if row.rmse is None else row.rmse for row in each[0]]
        order.sort(key=lambda place: -worst[place])
    return ErrorTable(grouping.by, tuple(forecasts), tuple(rows[place] for place in order for rows in each))


def _errors_of(
    model: str,
    groups: Sequence[str],
    labels: IntArray,
    truths: FloatArray,
    forecasts: FloatArray,
    quantiles: Quantiles | None,
    weights: FloatArray,
) -> list[GroupErrors]:
    """Returns the errors of a model in each group, G of them."""
    errors = forecasts - truths
    scored = ~np.isnan(errors)
    own, errors, size, shares = labels[scored], errors[scored], np.abs(truths[scored]), weights[scored]

    def sums(values: FloatArray) -> FloatArray:
        return np.bincount(own, shares * values, minlength=len(groups)).astype(np.float64)

    points, counts = np.bincount(own, minlength=len(groups)), sums(np.ones(shares.shape))
    squares, absolute, signed, sizes = sums(errors**2), sums(np.abs(errors)), sums(errors), sums(size)
    losses = _weighted_losses(labels, truths, quantiles, weights, len(groups))
    return [
        GroupErrors(
            group=group,
            model=model,
            points=int(points[g]),
            rmse=_over(squares[g], counts[g], root=True),
            mae=_over(absolute[g], counts[g]),
            wape=_over(absolute[g], sizes[g]),
            bias=_over(signed[g], counts[g]),
            relative_bias=_over(signed[g], sizes[g]),
            wql=_over(*losses[g]),
            size=float(sizes[g]),
            weight=float(counts[g]),
        )
        for g, group in enumerate(groups)
    ]


def _weighted_losses(
    labels: IntArray, truths: FloatArray, quantiles: Quantiles | None, weights: FloatArray, count: int
) -> list[tuple[float, float]]:
    """Returns the mean over deciles of 2·pinball, summed, and the size of the truths it stands on, by group."""
    if quantiles is None:
        return [(0.0, 0.0)] * count
    scored = ~np.isnan(truths) & np.all([~np.isnan(quantiles.at(probability)) for probability in DECILES], axis=0)
    own, truth, shares, losses = labels[scored], truths[scored], weights[scored], np.zeros(count)
    for probability in DECILES:
        each = shares * pinball_losses(truth, quantiles.at(probability)[scored], probability)
        losses += 2 / len(DECILES) * np.bincount(own, each, minlength=count)
    sizes = np.bincount(own, shares * np.abs(truth), minlength=count)
    return list(zip(losses.tolist(), sizes.tolist(), strict=True))


def _over(total: float, by: float, *, root: bool = False) -> float | None:
    """Returns a mean or a share, or its root; None over nothing."""
    if not by > 0:
        return None
    return float(np.sqrt(total / by)) if root else float(total / by)
