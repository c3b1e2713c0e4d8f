"""Series that ended before the first origin of a backtest: what their errors would be, though no fold scores them.

Networks have seen these series whole. What they are trusted against learns from each series by itself: its errors from
origins before the own ends count, times how much less the model erred than it on the series that were scored.

Shapes: ``S`` series, ``H`` horizon.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.evaluation.distribution.difficulty import Difficulty, difficulty
from forecast.evaluation.distribution.distribution import ErrorRecord
from forecast.evaluation.scales import learning_scales
from forecast.evaluation.splits import Fold
from forecast.models.classical.baselines import baseline
from forecast.models.combination import Combination, Evidence
from forecast.models.forecaster import Members
from forecast.models.method_settings import CURRENT
from forecast.run import Run
from forecast.specs import Anchor

FloatArray = NDArray[np.float64]


def ended(panel: Panel, folds: Sequence[Fold]) -> NDArray[np.bool_]:
    """Returns which series no fold scores, since they had ended, though they are long enough, (S,)."""
    first, last = folds[0], folds[-1]
    is_over = panel.lengths <= first.cuts
    return is_over & (panel.lengths >= (last.number + 2) * first.horizon)


def ended_records(
    panel: Panel,
    which: NDArray[np.bool_],
    evidence: Sequence[Evidence],
    combination: Combination,
    seasons: tuple[int, ...],
    run: Run,
) -> Iterator[ErrorRecord]:
    """Yields a record for each fold, with what ended series would have erred: NaN for all others.

    Args:
        panel: all the data.
        which: (S,), the ended series.
        evidence: forecasts of the model on the folds, with what it is trusted against beside them.
        combination: that the folds taught.
        seasons: of the model.
        run: what to work with.
    """
    # Of rare demand, sizes and chances are learned of all series, and not errors.
    if evidence[0].members.is_demand or combination.anchor == "pooled":
        return
    ratio, horizon = _ratio(evidence, combination), evidence[0].truth.shape[1]
    own, count = panel.select(np.flatnonzero(which).tolist()), max(piece.fold for piece in evidence) + 1
    rules = [name for name in evidence[0].members.anchors or {} if name != "pooled"]
    names = [name for name in rules if name != combination.anchor]
    for number in range(count):
        cuts = own.lengths - (count - number) * horizon
        known, fold = own.until(cuts), Fold(number, cuts, np.ones(len(own), dtype=bool), horizon)
        forecast = baseline(combination.anchor, known, horizon, seasons, CURRENT.classical, run)
        others: dict[Anchor, FloatArray]
        others = {name: baseline(name, known, horizon, seasons, CURRENT.classical, run) for name in names}
        members = Members(("",), (0,), forecast[None], others)
        scales = learning_scales(known, seasons[0])
        told = difficulty(known, seasons[0], scales, forecast, members, np.ones(1, dtype=bool))
        truth = fold.truth(own)
        yield _widened(ErrorRecord(number, truth - ratio * (truth - forecast), truth, told), which)


def _ratio(evidence: Sequence[Evidence], combination: Combination) -> float:
    """Returns how large the errors of the model are beside those of what it is trusted against."""
    sums = np.zeros(2)
    for piece in evidence:
        anchor = (piece.members.anchors or {})[combination.anchor]
        scaled = np.stack([combination.apply(piece.members), anchor]) - piece.truth
        sums += np.nansum(np.abs(scaled) / np.where(piece.scales > 0, piece.scales, np.nan)[:, None], axis=(1, 2))
    return float(sums[0] / sums[1]) if sums[1] > 0 else 1.0


def _widened(record: ErrorRecord, which: NDArray[np.bool_]) -> ErrorRecord:
    """Returns a record of some series as one of all, NaN for the others."""
    place = np.where(which, np.cumsum(which) - 1, len(record.point))  # the others' is a row of NaN after the last

    def widened(values: FloatArray) -> FloatArray:
        return np.concatenate([values, np.full_like(values[:1], np.nan)])[place]

    told = record.difficulty
    features = np.concatenate([told.features, np.full_like(told.features[:, :1], np.nan)], axis=1)[:, place]
    origins = np.append(told.origins, 0)[place]
    demands = None if told.demands is None else np.append(told.demands, np.zeros((2, 1)), axis=1)[:, place]
    difficulties = Difficulty(widened(told.scales), widened(told.levels), origins, features, demands)
    return ErrorRecord(record.fold, widened(record.point), widened(record.truth), difficulties)
