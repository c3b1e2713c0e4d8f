"""`--cost under=3,over=1`: how much to order, and what that may be expected to cost beside ordering the forecast.

    under   what a unit too little costs: a number, or a column that says so of each series or step
    over    what a unit too much costs, likewise

Shapes: ``S`` series, ``H`` horizon.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import KINDS, Covariates
from forecast.data.files.free_memory import free_memory, short_of_memory
from forecast.data.panel import Panel
from forecast.data.reading.future_coverage import when
from forecast.errors import UsageError, closest, did_you_mean
from forecast.evaluation.distribution.newsvendor import critical_ratios, expected_costs, quantiles_at
from forecast.evaluation.distribution.probabilistic_forecast import ProbabilisticForecast
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.decisions.periods import steps_ahead
from forecast.models.forecaster import Forecasts
from forecast.name_lists import flag_value
from forecast.probabilities import PLACES
from forecast.wording import counted, digits, joined, quoted, short

FloatArray = NDArray[np.float64]

SIDES = ("under", "over")
EXAMPLE = "--cost under=3,over=1"
GRID = (*(0.001, 0.0025, 0.005), *(round(0.01 * k, 2) for k in range(1, 100)), *(0.995, 0.9975, 0.999))
"""Probabilities between which costs are integrated along straight lines."""
MOST_RATIOS = 100
"""So many critical ratios have their own quantile; of more, each lies on the line between two of the grid."""
MOST_TIMES = 10_000
"""No side costs more times as much as the other: no errors tell of so rare an event."""
_PART = re.compile(r"\s*(under|over)\s*=\s*(.*?)\s*(?:,(?=\s*(?:under|over)\s*=)|$)", re.IGNORECASE)


@dataclass(frozen=True)
class UnitCosts:
    """What errors cost: numbers above 0, or names of columns.

    Attributes:
        under: what a unit too little costs.
        over: what a unit too much costs.
    """

    under: float | str
    over: float | str


@dataclass(frozen=True, eq=False)
class Orders:
    """What to order.

    Attributes:
        asked: what units cost.
        orders: (S, H), in the target's unit; NaN beyond the horizon that the version was trained for.
        costs: (S, H), expected of these orders, in the unit of ``asked``; NaN likewise.
        costs_of_forecast: (S, H), expected of ordering the forecast.
        is_ahead: (S, H), whether the step lies after the newest one that was observed of any series.
    """

    asked: UnitCosts
    orders: FloatArray
    costs: FloatArray
    costs_of_forecast: FloatArray
    is_ahead: NDArray[np.bool_]

    @property
    def told(self) -> int:
        """Of how many steps that lie ahead it can be told what to order."""
        return int(np.isfinite(self.orders[self.is_ahead]).sum())

    @property
    def untold(self) -> int:
        """Of how many of them it can't."""
        return int(self.is_ahead.sum()) - self.told

    @property
    def total(self) -> float:
        """What all orders that lie ahead may be expected to cost."""
        return float(np.nansum(self.costs[self.is_ahead]))

    @property
    def total_of_forecast(self) -> float:
        """Likewise of ordering the forecast."""
        return float(np.nansum(self.costs_of_forecast[self.is_ahead]))

    @property
    def columns(self) -> dict[str, FloatArray]:
        """The columns of a table, (S, H) each."""
        return {
            "order": self.orders,
            "expected_cost": self.costs,
            "expected_cost_of_forecast": self.costs_of_forecast,
        }


def read_unit_costs(asked: str | Mapping[str, float | str]) -> UnitCosts:
    """Returns the costs that a text such as ``under=margin,over=1`` names, or a mapping.

    Raises:
        UsageError: it does not name both, or a number is not above 0.
    """
    text = asked if isinstance(asked, str) else ",".join(f"{side}={cost}" for side, cost in asked.items())
    parts = list(_PART.finditer(text))
    sides = [part[1].lower() for part in parts]
    if "".join(part[0] for part in parts) != text or sorted(sides) != sorted(SIDES) or not all(p[2] for p in parts):
        message = f"--cost {quoted(text)} does not say what a unit too little and a unit too much cost."
        raise UsageError(message, EXAMPLE)
    found = {side: _number_or_name(part[2]) for side, part in zip(sides, parts, strict=True)}
    for side, cost in found.items():
        if isinstance(cost, float) and not 0 < cost < float("inf"):
            must = "finite" if cost == float("inf") else "above 0"
            raise UsageError(f"--cost {side}={digits(cost)}: a cost must be {must}.", EXAMPLE)
    return UnitCosts(**found)


def orders_of(
    trained: TrainedModel,
    panel: Panel,
    forecasts: Forecasts,
    distributed: ProbabilisticForecast | None,
    asked: UnitCosts,
) -> Orders:
    """Returns what to order in place of the forecasts of a panel.

    Args:
        trained: has a distribution.
        panel: that the forecasts go on from.
        forecasts: (S, H).
        distributed: the direct ones among them; None where no errors are known.
        asked: what units cost.

    Raises:
        UsageError: a column is not there or no number, a cost of it is not above 0, one side costs more than
            ``MOST_TIMES`` times the other, or memory is short.
    """
    shape = forecasts.point.shape
    steps = min(shape[1], trained.horizon)
    under, over = (_costs_of(side, getattr(asked, side), trained, panel, (shape[0], steps)) for side in SIDES)
    _check_ratio(under, over)
    ratios = np.round(critical_ratios(under, over), PLACES)
    each = np.unique(ratios)
    grid = tuple(sorted({*GRID, *(each.tolist() if len(each) <= MOST_RATIOS else [])}))
    _check_room(len(grid), (shape[0], trained.horizon))
    point = forecasts.point[:, :steps]
    quantiles: FloatArray = np.full((len(grid), *point.shape), np.nan)
    if distributed:
        quantiles[:] = distributed.quantiles(grid).values[..., :steps]
    orders = quantiles_at(quantiles, grid, ratios)
    costs, usual = (expected_costs(quantiles, grid, each, under, over) for each in (orders, point))
    is_ahead = steps_ahead(panel.last, shape[1], panel.last.max())
    orders, costs, usual = (_widened(each, shape[1]) for each in (orders, costs, usual))
    return Orders(asked, orders, costs, usual, is_ahead)


def _number_or_name(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.strip('"')


def _costs_of(side: str, cost: float | str, trained: TrainedModel, panel: Panel, shape: tuple[int, int]) -> FloatArray:
    """Returns what a unit costs by series and step, (S, H)."""
    if isinstance(cost, float):
        return np.full(shape, cost)
    covariates = trained.filled(panel, shape[1]).covariates
    costs = np.broadcast_to(_column(side, cost, panel, covariates, shape[1]), shape)
    wrong = np.argwhere(~(costs > 0) | np.isinf(costs))
    if wrong.size:
        s, h = wrong[0]
        where = f" of {panel.series_ids[s]}" if len(panel) > 1 else ""
        where += f" at {when(panel, int(panel.last[s] + 1 + h))}"
        value = "not known" if np.isnan(costs[s, h]) else digits(float(costs[s, h]))
        message = f"--cost {side}={cost}: {cost}{where} is {value}, and a cost must be above 0."
        raise UsageError(message, f"mend {cost}, or --cost with a number: {EXAMPLE}")
    return costs


def _column(side: str, name: str, panel: Panel, covariates: Covariates | None, horizon: int) -> FloatArray:
    """Returns a column on the steps to come, (S, H) or (S, 1).

    Raises:
        UsageError: there is none of the name that is known then, or it is of text.
    """
    columns = covariates.columns if covariates else ()
    column = next((one for one in columns if one.name == name), None)
    usable = [one.name for one in columns if one.kind != "past" and one.levels is None]
    if covariates is None or column is None:
        message = f"--cost {side}={name}: the model knows no column '{name}'.{did_you_mean(name, usable)}"
        known = f"a number or {joined(usable, 'or')}" if usable else "a number"
        makes = f", or forecast train DATA --static {flag_value([name])} makes one that knows it"
        raise UsageError(message, f"{known}{'' if closest(name, usable) else makes}")
    hint = f"a number, or {joined(usable, 'or')}: {EXAMPLE}" if usable else EXAMPLE
    if column.levels is not None:
        raise UsageError(f"--cost {side}={name}: {name} is a text, not a cost.", hint)
    if column.kind == "past":
        message = f"--cost {side}={name}: {name} is {KINDS['past'].unlike_known}, and what is ordered lies after it."
        raise UsageError(message, hint)
    place = covariates.of(column.kind).index(column)
    if column.kind == "static":
        return covariates.static[:, place][:, None]
    return covariates.known_between(panel.last + 1, horizon)[:, :, place]


def _check_ratio(under: FloatArray, over: FloatArray) -> None:
    """Refuses costs of which one is nothing beside the other.

    Raises:
        UsageError: there are such.
    """
    with np.errstate(over="ignore"):
        most = float(np.maximum(under / over, over / under).max(initial=1.0))
    if most > MOST_TIMES:
        times = f"{short(most)} times" if np.isfinite(most) else "countless times"
        message = f"--cost: one side costs {times} the other, which asks for an event that no errors tell of."
        raise UsageError(message, f"costs that differ by {MOST_TIMES:,} times at most")


def _check_room(grid: int, shape: tuple[int, int]) -> None:
    """Refuses what would take more memory than is free.

    Raises:
        UsageError: it would.
    """
    needed = 8 * 4 * grid * shape[0] * shape[1]
    if needed > (free := free_memory()):
        needs = f"--cost for {counted(shape[0], 'series')} needs"
        raise short_of_memory(needs, needed, free, "--series with fewer of them")


def _widened(values: FloatArray, horizon: int) -> FloatArray:
    """Returns values with NaN on the steps beyond, (S, H)."""
    return np.pad(values, ((0, 0), (0, horizon - values.shape[1])), constant_values=np.nan)
