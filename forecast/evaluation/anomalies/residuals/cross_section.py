"""What most series of a panel do on the same step: a holiday, a strike, a file that came half empty.

    step         1    2    3    4
    shop 1       ·    ·    ↓    ·
    shop 2       ·    ·    ↓    ↑     step 4 is told of shop 2
    shop 3       ·    ·    ↓    ·
    all               step 3 is told once, of the panel

Each series is then held against what the others let expect of that step: the median of their residuals, as far as it
is surely not nought, and where it is not, how far they are from one another.

Shapes: ``N`` steps of all series together, ``G`` steps of the calendar that enough series have.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, even_choice
from forecast.evaluation.anomalies.calibration import calibrate
from forecast.evaluation.anomalies.residuals.residuals import Residuals
from forecast.evaluation.anomalies.settings import AnomalySettings
from forecast.models.parallel import in_pieces

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
TO_DEVIATION = 1 / 1.349
"""From the range between the quartiles to the standard deviation of normal values."""
TO_ERROR, TO_APART = 1.2533, 1.1
"""From that to the standard error of the median, times the root of how many; and that of the logarithm of what one
size in ten lies beyond, of values with tails."""


@dataclass(frozen=True, eq=False)
class CrossSection:
    """The usual residual of each step of the calendar.

    Attributes:
        ordinals: (G,) the steps, ascending.
        median: (G,) of the residuals, in scales.
        usual: (G,) that median as far as it is surely not nought.
        spread: (G,) how many times as far as usual residuals are from one another there.
    """

    ordinals: IntArray
    median: FloatArray
    usual: FloatArray
    spread: FloatArray

    def at(self, ordinals: IntArray) -> tuple[FloatArray, FloatArray]:
        """Returns the usual residual of some steps and their spread, 0 and 1 of those that too few series have."""
        if not len(self.ordinals) or not len(ordinals):
            return np.zeros(len(ordinals)), np.ones(len(ordinals))
        low = int(ordinals.min())
        usual, spread = np.zeros(int(ordinals.max()) - low + 1), np.ones(int(ordinals.max()) - low + 1)
        own = (self.ordinals >= low) & (self.ordinals < low + len(usual))
        usual[self.ordinals[own] - low] = self.usual[own]
        spread[self.ordinals[own] - low] = self.spread[own]
        return usual[ordinals - low], spread[ordinals - low]


def ordinals_of(panel: Panel, places: IntArray | None = None) -> IntArray:
    """Returns the ordinal of each step of a panel, (N,), or of some."""
    begins = panel.first - panel.offsets[:-1]
    if places is not None:
        return np.asarray(places + begins[panel.series_of(places)])
    return np.arange(len(panel.values)) + np.repeat(begins, panel.lengths)


def _steps_of_some(panel: Panel, most: int) -> IntArray:
    """Returns the places of the steps of so many series as say what is usual."""
    chosen = even_choice(len(panel), min(len(panel), most)).tolist()
    return np.concatenate([np.arange(panel.offsets[i], panel.offsets[i + 1]) for i in chosen])


def cross_section(panel: Panel, errors: Callable[[IntArray], FloatArray], settings: AnomalySettings) -> CrossSection:
    """Returns what is usual on each step.

    Args:
        panel: whose steps they are.
        errors: of the steps at some places, in scales; NaN is none.
        settings: the numbers of the method.
    """
    none = CrossSection(np.empty(0, dtype=np.int64), *(np.empty(0) for _ in range(3)))
    if len(panel) < settings.least_series:
        return none
    places = _steps_of_some(panel, settings.most_series)
    sizes, ordinals = errors(places), ordinals_of(panel, places)
    ordinals, sizes = ordinals[~np.isnan(sizes)], sizes[~np.isnan(sizes)]
    ordinals, sizes, begins, counts = _by_step(ordinals, sizes, settings.least_series)
    if not len(begins):
        return none
    middle = (sizes[begins + (counts - 1) // 2] + sizes[begins + counts // 2]) / 2
    quartiles = sizes[begins + counts // 4], sizes[begins + counts - 1 - counts // 4]
    spread = TO_DEVIATION * (quartiles[1] - quartiles[0])
    usual = _surely(middle, settings.all_belief * TO_ERROR * spread / np.sqrt(counts))
    apart = _apart(ordinals, np.abs(sizes - np.repeat(usual, counts)), settings)
    return CrossSection(ordinals[begins], middle, usual, np.where(usual == 0, apart, np.maximum(spread, 1.0)))


def _by_step(ordinals: IntArray, sizes: FloatArray, least: int) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
    """Returns ordinals and sizes in order, of steps that enough series have; where each begins, how many have it."""
    order = np.lexsort((sizes, ordinals))
    ordinals, sizes = ordinals[order], sizes[order]
    counts = np.diff(np.flatnonzero(np.diff(ordinals, prepend=ordinals[:1] - 1, append=ordinals[-1:] + 1)))
    enough = np.repeat(counts >= least, counts)
    counts = counts[counts >= least]
    return ordinals[enough], sizes[enough], np.cumsum(counts) - counts, counts


def _apart(ordinals: IntArray, sizes: FloatArray, settings: AnomalySettings) -> FloatArray:
    """Returns how far series are from what is usual of each step, beside other steps, as far as that is sure, (G,).

    It is told by the sizes that few of the series lie beyond: on days before a holiday some are off, not most.
    """
    _, sizes, begins, counts = _by_step(ordinals, sizes, settings.least_series)
    beyond = sizes[begins + ((1 - settings.apart_at) * (counts - 1)).astype(int)]
    if not (beyond > 0).any():
        return np.ones(len(begins))
    logs = np.log(np.where(beyond > 0, beyond, np.nan))
    logs = np.where(counts >= settings.apart_series, np.nan_to_num(logs - np.nanmedian(logs)), 0.0)
    logs = _surely(logs, settings.apart_belief * TO_APART / np.sqrt(counts))
    most = np.log(settings.apart_most)
    return np.asarray(np.exp(np.clip(logs, -most, most)))


def _surely(values: FloatArray, error: FloatArray) -> FloatArray:
    """Returns values drawn to nought as far as chance explains them (James & Stein 1961, the positive part)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.maximum(0.0, 1 - (error / values) ** 2)
    return np.where(values == 0, 0.0, values * kept)


def _dense(panel: Panel, residuals: Residuals, places: IntArray) -> Residuals:
    """Returns the residuals at some places, none of series of intermittent demand: these are never off together."""
    own = residuals.at(places)
    if residuals.intermittent is None:
        return own
    return replace(own, values=np.where(residuals.intermittent[panel.series_of(places)], np.nan, own.values))


def _moved(expected: FloatArray, by: FloatArray, scale: FloatArray) -> FloatArray:
    return in_pieces(lambda expected, by, scale: expected + by * scale, expected, by, scale)


def _further(beside: Residuals, alone: Residuals) -> FloatArray:
    """Returns how much more is expected beside others than alone, (N,)."""
    return in_pieces(np.subtract, beside.expected, alone.expected)


def beside_others(panel: Panel, residuals: Residuals, settings: AnomalySettings) -> Residuals:
    """Returns the residuals as the other series of the same step let expect them, on either side."""
    sections = (
        cross_section(panel, lambda places: _dense(panel, residuals, places).from_past, settings),
        cross_section(panel, lambda places: _dense(panel, residuals, places).from_future, settings),
    )
    if not any(len(section.ordinals) for section in sections):
        return residuals
    ordinals = ordinals_of(panel)
    (past, forward_scale), (future, backward_scale) = (section.at(ordinals) for section in sections)
    if residuals.intermittent is not None:
        own = np.repeat(residuals.intermittent, panel.lengths)
        past[own], forward_scale[own], future[own], backward_scale[own] = 0.0, 1.0, 0.0, 1.0
    beside = replace(
        residuals,
        forward=_moved(residuals.forward, past, residuals.forward_scale),
        forward_scale=residuals.forward_scale * forward_scale,
        backward=_moved(residuals.backward, future, residuals.backward_scale),
        backward_scale=residuals.backward_scale * backward_scale,
    )
    at_once = np.maximum(np.abs(past), np.abs(future)) > settings.all_far
    return replace(beside, shared=_further(beside, residuals), at_once=at_once)


@dataclass(frozen=True)
class SharedStep:
    """A step that most series were off on, the same way: one alarm, told of the series that was off farthest.

    Attributes:
        place: of that series and step in the panel's buffer.
        rarity: the probability of such a step by chance.
        alike: series that were off by a scale or more the same way.
        series: that have the step.
    """

    place: int
    rarity: float
    alike: int
    series: int


def shared_steps(
    panel: Panel, residuals: Residuals, since: int | None, rate: float, settings: AnomalySettings
) -> tuple[SharedStep, ...]:
    """Returns the judged steps on which the usual residual of all series comes by chance at most at this rate.

    Args:
        panel: whose steps they are.
        residuals: not yet held against the other series.
        since: ordinal of the first step that is judged, and what lies before calibrates; None for all.
        rate: of false alarms.
        settings: the numbers of the method.
    """
    section = cross_section(panel, lambda places: _dense(panel, residuals, places).both, settings)
    sizes = np.abs(section.median)
    judged = np.ones(len(sizes), dtype=bool) if since is None else section.ordinals >= since
    known = sizes if since is None else sizes[~judged]
    rarity = calibrate(known, settings.of_windows).rarity(sizes)  # a new level of all takes many steps
    at = np.flatnonzero((rarity <= rate) & judged & (section.usual != 0))
    groups = np.split(at, np.flatnonzero(np.diff(section.ordinals[at]) > 1) + 1) if len(at) else []
    return tuple(each for group in groups for each in _of_steps(panel, residuals, section, rarity, group))


def _of_steps(
    panel: Panel, residuals: Residuals, section: CrossSection, rarity: FloatArray, group: IntArray
) -> Iterator[SharedStep]:
    """Yields steps in a row, all of the series that is off farthest on the rarest of them."""
    leader = None
    for at in sorted(group.tolist(), key=lambda step: float(rarity[step])):
        places = panel.offsets[:-1] + section.ordinals[at] - panel.first
        series = np.flatnonzero((places >= panel.offsets[:-1]) & (places < panel.offsets[1:]))
        errors = _dense(panel, residuals, places[series]).both
        series, errors = series[~np.isnan(errors)], errors[~np.isnan(errors)]
        off = errors * np.sign(section.median[at])
        if leader is None and series.size:
            leader = int(series[off.argmax()])
        if leader is not None and leader in series:
            yield SharedStep(int(places[leader]), float(rarity[at]), int((off >= 1).sum()), len(series))
