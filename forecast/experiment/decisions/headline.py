"""What a forecast comes to in one line: its total beside the last steps and last year, or where a price will stand.

    │ ── a year before ── │ … │ ── the last ── │ ── the next ── │
                                               ▲ origin

Sales are added up, with the interval of the sum; what has a level, as a temperature, is averaged; of a price or a
random walk a sum means nothing, and the last step is told. What is compared is of the same series on both sides.
Of all series together the steps after the newest one count, as in ``--total-by``: what ended a horizon before has none.

Shapes: ``S`` series, ``H`` horizon.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import Frequency, readable
from forecast.data.panel import IdParts, Panel
from forecast.data.reading.future_coverage import steps_counted
from forecast.data.target_names import adds_up
from forecast.evaluation.distribution.probabilistic_forecast import ProbabilisticForecast
from forecast.evaluation.fold_forecasts import Manner
from forecast.experiment.decisions.periods import HORIZON, steps_ahead
from forecast.experiment.decisions.series_selection import leaves_alone
from forecast.experiment.decisions.totals import ALL, AskedTotals, totals_of
from forecast.interval_levels import MAIN
from forecast.models.classical.random_walk import behaves_like_walk
from forecast.models.forecaster import Forecasts, ends_of
from forecast.specs import Aggregate, Kind

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Steps = TypeVar("Steps", FloatArray, BoolArray)

REACH = 500
"""So many of the newest steps are compared with: a version keeps no fewer of each series, and tells the same later."""
GAPS = 0.1
"""Of a stretch of which a larger share is missing, nothing is told."""


@dataclass(frozen=True)
class Earlier:
    """What came in as many steps before.

    Attributes:
        name: of the steps, such as ``the last 28 days``.
        value: of the series that were there.
        expected: the forecast of these series.
        series: that were there.
    """

    name: str
    value: float
    expected: float
    series: int

    @property
    def share(self) -> float | None:
        """By which the forecast is more, of the size of what came; None where that is 0."""
        return (self.expected - self.value) / abs(self.value) if self.value else None


@dataclass(frozen=True)
class Headline:
    """What a forecast comes to.

    Attributes:
        whose: the series it is of; empty for all of them, and where it is called as the target.
        target: the unit.
        manner: how steps became one number.
        series: how many are in it.
        steps: how far it reaches, such as ``28 days``.
        first, last: dates of the first step and of the last.
        value: what is expected.
        lower, upper: ends of its 80 % interval; None where no errors are known.
        before: what came just before.
        year: what came a year before, or as many years as the steps are long.
        is_ragged: some of the series end before the others, and are not forecast as far.
        ended: series that end a whole forecast before the others, and are not in it.
        has_rests: some of them stand for several leaves, so that nobody counts them.
    """

    whose: str
    target: str
    manner: Manner
    series: int
    steps: str
    first: str
    last: str
    value: float
    lower: float | None = None
    upper: float | None = None
    before: Earlier | None = None
    year: Earlier | None = None
    is_ragged: bool = False
    ended: int = 0
    has_rests: bool = False


def manner_of(panel: Panel, horizon: int, season: int, kind: Kind, aggregate: Aggregate | None = None) -> Manner:
    """Returns how the steps of a forecast become one number.

    Args:
        panel: that is forecast.
        horizon: steps of the forecast.
        season: of the panel; 1 for none.
        kind: that its values were said to be.
        aggregate: how the rows of one step became one value.
    """
    panel = panel.tail(REACH)
    if kind == "price":
        return "standing"
    summed = adds_up(panel.target) if aggregate not in {"mean", "last"} else False
    if kind == "sales" or summed:
        return "total"
    if behaves_like_walk(panel, horizon, season):
        return "standing"
    negative = bool((panel.values[~np.isnan(panel.values)] < 0).any())
    return "mean" if negative or summed is False else "total"


def headline_of(
    panel: Panel, forecasts: Forecasts, distributed: ProbabilisticForecast | None, manner: Manner
) -> Headline:
    """Returns what the forecast of all series comes to; of several prices, what their mean does.

    Args:
        panel: that is forecast.
        forecasts: (S, H) of it.
        distributed: the same with the distribution of their errors; None where none is known.
        manner: how steps become one number.
    """
    has_rests = panel.hierarchy is not None and panel.hierarchy.has_rests
    return replace(_headlines(*leaves_alone(panel, forecasts, distributed), manner, ALL)[0], has_rests=has_rests)


def series_headlines(
    panel: Panel, forecasts: Forecasts, distributed: ProbabilisticForecast | None, manner: Manner
) -> tuple[Headline, ...]:
    """Returns what the forecast of each series comes to; see ``headline_of``."""
    return _headlines(panel, forecasts, distributed, manner, None)


def _headlines(
    panel: Panel, forecasts: Forecasts, distributed: ProbabilisticForecast | None, manner: Manner, by: str | None
) -> tuple[Headline, ...]:
    """Returns what the forecast of each group comes to: of every series, or of all of them together."""
    horizon, is_joint = forecasts.point.shape[1], by is not None
    value, lower, upper = _expected(panel, forecasts, distributed, manner, by)
    groups = [slice(None)] if is_joint else [slice(s, s + 1) for s in range(len(panel))]
    is_plain = panel.series_ids == (panel.target,)
    newest = panel.last.max() if is_joint else panel.last
    is_part = steps_ahead(panel.last, horizon, newest)
    is_there, starts = is_part[:, -1], np.where(is_part, forecasts.timestamps, forecasts.timestamps.max())
    is_ragged = not is_part[is_there].all()
    steps = steps_counted(horizon, panel.frequency).removeprefix("1 ")
    name = "the last value" if manner == "standing" else f"the last {steps}"
    before, last_year = _Comparison(_earlier(panel, horizon, horizon, manner), name), _last_year(panel, horizon, manner)
    reached, is_part = _reached(forecasts.point, manner), _reached(is_part, manner)
    return tuple(
        Headline(
            whose="" if is_plain or (is_joint and len(panel) > 1) else panel.series_ids[place],
            target=panel.target,
            manner=manner,
            series=int(is_there.sum()) if is_joint else 1,
            steps=steps,
            first=readable(starts[own].min()),
            last=readable(forecasts.timestamps[own, -1].max()),
            value=float(value[place]),
            lower=_number(lower[place]),
            upper=_number(upper[place]),
            before=before.of(own, reached, is_part, manner),
            year=last_year.of(own, reached, is_part, manner) if last_year else None,
            is_ragged=is_ragged,
            ended=int((~is_there).sum()),
        )
        for place, own in enumerate(groups)
    )


def _expected(
    panel: Panel, forecasts: Forecasts, distributed: ProbabilisticForecast | None, manner: Manner, by: str | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Returns what the steps of each group come to, with the ends of the 80 % interval, (R,) each."""
    if manner == "standing":
        value, (lower, upper) = forecasts.point[:, -1], _last_bounds(forecasts, distributed)
        if by is None:
            return value, lower, upper
        nothing = np.full(1, np.nan)
        one = len(panel) == 1
        is_there = steps_ahead(panel.last, forecasts.point.shape[1], panel.last.max())[:, -1]
        return np.array([value[is_there].mean()]), lower if one else nothing, upper if one else nothing
    own = tuple(interval for interval in forecasts.intervals if interval.level == MAIN)
    asked = replace(forecasts, intervals=own, quantiles=None, levels=(MAIN,))
    made = totals_of(panel, asked, distributed, AskedTotals(HORIZON, by), IdParts())
    count: float | FloatArray = 1
    if manner == "mean":
        newest = panel.last if by is None else panel.last.max()
        is_part = steps_ahead(panel.last, forecasts.point.shape[1], newest)
        count = is_part.sum() / len(made.names)
    lower, upper = (made.quantiles.at(end) / count for end in ends_of(MAIN))
    return made.forecasts / count, lower, upper


def _last_bounds(forecasts: Forecasts, distributed: ProbabilisticForecast | None) -> tuple[FloatArray, FloatArray]:
    bounds = [(own.lower, own.upper) for own in forecasts.intervals if own.level == MAIN]
    if not bounds and distributed is not None and distributed.point.shape == forecasts.point.shape:
        made = distributed.quantiles(ends_of(MAIN)).interval(MAIN)
        bounds = [(made.lower, made.upper)]
    lower, upper = bounds[0] if bounds else 2 * (np.full(forecasts.point.shape, np.nan),)
    return lower[:, -1], upper[:, -1]


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Earlier steps of all series, (S, H), NaN where not enough of a series is known; and what they are called."""

    values: FloatArray
    name: str

    def of(self, own: slice, reached: FloatArray, is_part: BoolArray, manner: Manner) -> Earlier | None:
        """Returns what came of some series; None where less than half of the forecast is that of series then there.

        Args:
            own: the series.
            reached: (S, H), the forecast.
            is_part: likewise, which steps count.
            manner: how they become one number.
        """
        values, forecast = self.values[own], reached[own]
        there = np.asarray(~np.isnan(values).any(axis=1) & is_part[own].any(axis=1))
        known = is_part[own] & there[:, np.newaxis]
        size = np.abs(forecast[is_part[own]]).sum()
        if not there.any() or np.abs(forecast[known]).sum() < size / 2:
            return None
        join = np.sum if manner == "total" else np.mean
        return Earlier(self.name, float(join(values[known])), float(join(forecast[known])), int(there.sum()))


def _reached(point: Steps, manner: Manner) -> Steps:
    """Returns the steps that become one number: all, (S, H), or the last, (S, 1)."""
    return point[:, -1:] if manner == "standing" else point


def _earlier(panel: Panel, shift: int, horizon: int, manner: Manner) -> FloatArray:
    """Returns the steps that lie so many before those of the forecast, (S, H) or of a price (S, 1).

    Few gaps are filled with the mean of the stretch, or zeros where gaps are zeros; a series with many is NaN.
    """
    steps = np.arange(1, horizon + 1)
    if manner == "standing":  # the last value; or the same date a year before
        steps = np.array([horizon])
    found = np.full((len(panel), steps.size), np.nan)
    is_there = np.zeros(len(panel), dtype=bool)
    for i in range(len(panel)):
        own = panel.series(i)
        places = own.size - 1 - shift + steps
        is_there[i] = places[0] >= 0 and places[-1] < own.size and own.size - places[0] <= REACH
        if is_there[i]:
            found[i] = own[places]
    gaps = np.isnan(found)
    if panel.fill == "zero":
        return np.where(gaps & is_there[:, np.newaxis], 0.0, found)
    few = is_there & np.asarray(gaps.mean(axis=1) <= GAPS)
    means = np.zeros(len(panel))
    means[few] = np.nanmean(found[few], axis=1)
    return np.where(gaps & few[:, np.newaxis], means[:, np.newaxis], found)


def _last_year(panel: Panel, horizon: int, manner: Manner) -> _Comparison | None:
    """Returns the same steps as few whole years earlier as are known; None where these are the steps just before."""
    year = _year_steps(panel.frequency)
    shift = year * -(-horizon // year) if year else 0
    if not year or (shift == horizon and manner != "standing"):
        return None
    steps = steps_counted(horizon, panel.frequency).removeprefix("1 ")
    return _Comparison(_earlier(panel, shift, horizon, manner), _year_name(steps, shift // year, manner))


def _year_steps(frequency: Frequency) -> int:
    """Returns how many steps are a year, by whole weeks where steps are days; 0 where none are, or they are many."""
    weeks = {"day": 364, "business-day": 260, "week": 52, "month": 12, "quarter": 4}
    year = weeks.get(frequency.unit, 0)
    return 0 if year % frequency.every else year // frequency.every


def _year_name(steps: str, years: int, manner: Manner) -> str:
    ago = f"{'a year' if years == 1 else f'{years} years'} earlier"
    return f"the value {ago}" if manner == "standing" else f"the same {steps} {ago}"


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
