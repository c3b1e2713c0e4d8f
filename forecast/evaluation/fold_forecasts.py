"""What a model forecast at each origin of the backtest, beside what came: of all series together, and of the largest.

    origin 1 │ ── forecast ──│
    ─────────│── what came ──│── what came ──│
                    origin 2 │ ── forecast ──│

Shapes: ``K`` folds, ``N`` paths, ``S`` series, ``H`` horizon.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import iso_text
from forecast.data.panel import Panel
from forecast.evaluation.backtest import Backtest, ModelBacktest
from forecast.evaluation.fold_forecast import FoldForecast
from forecast.evaluation.total_scores import PATHS
from forecast.interval_levels import MAIN
from forecast.models.forecaster import ends_of
from forecast.wording import rounded

FloatArray = NDArray[np.float64]
Manner = Literal["total", "mean", "standing"]
"""How many steps become one number: added up, averaged, or the last of them."""

LARGEST = 3
"""Series that are told beside all of them together."""
MOST_STEPS = 2000
"""Of several series no more than so many steps on all folds are told: a summary is read whenever models are listed."""
DIGITS = 5  # what is drawn needs no more


def fold_forecasts(panel: Panel, backtest: Backtest, tested: ModelBacktest, manner: Manner) -> tuple[FoldForecast, ...]:
    """Returns what a model forecast on the scored folds, series by series, the earliest fold first.

    Args:
        panel: that was backtested.
        backtest: of it.
        tested: of the model.
        manner: how steps become one number.
    """
    truths = backtest.truths
    folds, series, horizon = truths.shape
    told: list[FoldForecast] = []
    if series > 1 and manner != "standing" and len(set(panel.last.tolist())) == 1:
        told += _joint(panel, backtest, tested, manner)
    most = max(1 - len(told), min(LARGEST, MOST_STEPS // (folds * horizon)))
    sizes = np.nansum(np.abs(truths), axis=(0, 2))
    if told and panel.hierarchy is not None:
        sizes[panel.hierarchy.level == 0] = -1.0  # the total is all of them together
    for place in np.argsort(-sizes, kind="stable")[:most]:
        told += _own(panel, backtest, tested, int(place), manner)
    return tuple(told)


@dataclass(frozen=True, eq=False)
class _Stretch:
    """One fold of one series, (H,), with the paths by which its total is told, (N, H); None where there are none."""

    truth: FloatArray
    forecast: FloatArray
    lower: FloatArray
    upper: FloatArray
    paths: FloatArray | None


def _own(panel: Panel, backtest: Backtest, tested: ModelBacktest, place: int, manner: Manner) -> Iterator[FoldForecast]:
    """Yields the folds of one series."""
    bounds = tested.interval(MAIN)
    nothing = np.full(backtest.truths.shape[-1], np.nan)
    for k, fold in enumerate(backtest.folds[1:]):
        if np.isnan(backtest.truths[k, place]).all():
            continue
        known = tested.distributed[k] if tested.distributed else None
        stretch = _Stretch(
            backtest.truths[k, place],
            tested.forecasts[k, place],
            bounds.lower[k, place] if bounds else nothing,
            bounds.upper[k, place] if bounds else nothing,
            next(known.paths(PATHS, which=[place])) if known else None,
        )
        first = fold.train(panel).future_timestamps(1)[place, 0]
        yield _told(stretch, panel.series_ids[place], fold.number, first, manner)


def _joint(panel: Panel, backtest: Backtest, tested: ModelBacktest, manner: Manner) -> Iterator[FoldForecast]:
    """Yields the folds of all series together; what was not observed of a series is left out of its forecast, too."""
    adds = np.zeros((len(panel), 1), dtype=bool)
    adds[panel.summands] = True
    for k, fold in enumerate(backtest.folds[1:]):
        known = ~np.isnan(backtest.truths[k]) & adds
        count = np.maximum(known.sum(axis=0), 1) if manner == "mean" else 1
        truth = np.where(known.any(axis=0), np.nansum(np.where(known, backtest.truths[k], 0.0), axis=0) / count, np.nan)
        forecast = np.where(known, tested.forecasts[k], 0.0).sum(axis=0) / count
        paths, nothing = None, np.full(truth.shape, np.nan)
        distributed = tested.distributed[k] if tested.distributed else None
        if distributed:
            paths = np.zeros((PATHS, truth.size))
            for i, own in enumerate(distributed.paths(PATHS)):
                paths += np.where(known[i], np.where(np.isnan(own), distributed.point[i], own), 0.0)
            paths = paths / count
        lower, upper = np.quantile(paths, ends_of(MAIN), axis=0) if paths is not None else (nothing, nothing)
        stretch = _Stretch(truth, forecast, lower, upper, paths)
        name = f"all {len(panel.summands):,} series"
        yield _told(stretch, name, fold.number, fold.train(panel).future_timestamps(1).max(), manner)


def _told(stretch: _Stretch, series: str, fold: int, first: np.datetime64, manner: Manner) -> FoldForecast:
    came, expected = (_joined(own[np.newaxis], manner)[0] for own in (stretch.truth, stretch.forecast))
    ends = np.full(2, np.nan)
    if stretch.paths is not None and not np.isnan(stretch.paths).any():
        ends = np.quantile(_joined(stretch.paths, manner), ends_of(MAIN))
    return FoldForecast(
        series=series,
        fold=fold,
        first=iso_text(first),
        truths=_numbers(stretch.truth),
        forecasts=_numbers(stretch.forecast),
        lower=_numbers(stretch.lower),
        upper=_numbers(stretch.upper),
        came=rounded(float(came), DIGITS),
        expected=rounded(float(expected), DIGITS),
        lowest=rounded(float(ends[0]), DIGITS),
        highest=rounded(float(ends[1]), DIGITS),
    )


def _joined(values: FloatArray, manner: Manner) -> FloatArray:
    """Returns what steps come to, (N, H) -> (N,)."""
    if manner == "standing":
        return np.asarray(values[:, -1])
    joined: FloatArray = values.sum(axis=1) if manner == "total" else values.mean(axis=1)
    return joined


def _numbers(values: FloatArray) -> tuple[float | None, ...]:
    return tuple(rounded(float(value), DIGITS) for value in values)
