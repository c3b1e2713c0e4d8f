"""What is asked of a forecast beside its numbers: levels, quantiles, orders, totals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from forecast.errors import UsageError
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.decisions.orders import UnitCosts, read_unit_costs
from forecast.experiment.decisions.totals import AskedTotals, read_totals
from forecast.experiment.versions.stored_model import StoredModel
from forecast.interval_levels import level_text
from forecast.models.forecaster import Forecasts
from forecast.probabilities import read_levels, read_quantiles
from forecast.wording import gap_percent, joined

MEDIAN = 0.5
CLEAR_GAP = 0.005
"""From so much of the forecasts on, the median is said to differ from them."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a forecast beside its numbers.

    Attributes:
        levels: of the intervals, in per cent; None for the version's own, or none where there are quantiles.
        probabilities: of the quantiles.
        costs: of a unit too little and too much, of which follows what to order; then there are no other intervals
            than those of ``levels``.
        totals: what is added up.
        level: of a hierarchy, that is wanted; None for all.
        series: of a hierarchy, that are wanted; all must be forecast. Empty for all.
    """

    levels: tuple[float, ...] | None = None
    probabilities: tuple[float, ...] = ()
    costs: UnitCosts | None = None
    totals: AskedTotals | None = None
    level: str | None = None
    series: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        levels: Any = None,
        quantiles: Any = None,
        cost: str | Mapping[str, float | str] | None = None,
        total: str | None = None,
        total_by: str | None = None,
        level: str | None = None,
    ) -> Self:
        """Returns what is asked in words or numbers; None where nothing is.

        Args:
            levels: of the intervals, in per cent: ``"80,95"``, or numbers.
            quantiles: their probabilities, likewise.
            cost: of a unit too little and too much: ``"under=3,over=1"``, or a mapping.
            total: the period that steps are added up by.
            total_by: the part of the id whose series are added up.
            level: of a hierarchy.

        Raises:
            UsageError: something is no level, quantile, cost or period, or costs of totals are asked for.
        """
        totals = read_totals(total, total_by)
        if totals and cost is not None:
            raise UsageError("--cost says what to order at each step, not of totals.", "--cost without --total")
        return cls(
            None if levels is None else read_levels(levels),
            () if quantiles is None else read_quantiles(quantiles),
            None if cost is None else read_unit_costs(cost),
            totals,
            level,
        )

    @property
    def needed(self) -> tuple[float, ...]:
        """Probabilities that a distribution must know."""
        return self.probabilities or ((MEDIAN,) if self.costs or self.totals else ())


AS_USUAL = Asked()


def asked_of(stored: StoredModel, asked: Asked) -> TrainedModel:
    """Returns a version that gives the intervals which are asked for.

    Raises:
        UsageError: an earlier program trained it, so that it has two levels and no more.
    """
    trained, levels = stored.trained, asked.levels
    if levels is None:
        levels = () if asked.probabilities or asked.costs else trained.levels
    if not trained.can_tell(levels, asked.needed):
        name, label = stored.version.name, stored.version.label
        own = joined(list(map(level_text, trained.levels)))
        message = f"{name} {label} was trained by an earlier program, which kept the {own} % intervals and no others."
        raise UsageError(message, f"forecast retrain {name} --force makes a version that can be asked for any")
    return trained.giving(levels)


def median_notes(forecasts: Forecasts) -> tuple[str, ...]:
    """Returns how the median and the point forecast differ, where the median is asked for and they clearly do."""
    made = forecasts.quantiles
    if made is None or MEDIAN not in made.probabilities:
        return ()
    gap = made.at(MEDIAN) - forecasts.point
    size = np.nanmean(np.abs(forecasts.point)) if np.isfinite(gap).any() else 0.0
    if not size or np.nanmean(np.abs(gap)) <= CLEAR_GAP * size:
        return ()
    share = float(np.nanmean(np.abs(gap)) / size)
    side = "below" if np.nanmean(gap) < 0 else "above"
    return (
        f"The median (q0.5) lies {gap_percent(share)} from the forecast, mostly {side} it: as many outcomes are above "
        "the median as below, while the forecast is like their mean, which is what a low RMSE wants.",
    )
