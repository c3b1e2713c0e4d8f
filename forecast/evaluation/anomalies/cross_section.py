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
from forecast.evaluation.anomalies.pieces import in_pieces
from forecast.evaluation.anomalies.residuals import Residuals
from forecast.evaluation.anomalies.settings import AnomalySettings

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LEAST_SERIES = 8
"""Series that have a step, from which on they say something of it."""
MOST_SERIES = 200
"""Series whose median is taken, evenly chosen of more."""
DOUBT = 2.0
"""Standard errors that a median is drawn to nought by; see ``_surely``."""
FAR = 3.0
"""Scales from which on the usual residual of a step says nothing of the course of any series."""
TO_DEVIATION = 1 / 1.349
"""From the range between the quartiles to the standard deviation of normal values."""
TO_ERROR = 1.2533
"""From that to the standard error of the median, times the root of how many."""


@dataclass(frozen=True, eq=False)
class CrossSection:
    """The usual residual of each step of the calendar.

    Attributes:
        ordinals: (G,) the steps, ascending.
        median: (G,) of the residuals, in scales.
        usual: (G,) that median as far as it is surely not nought.
        spread: (G,) how far residuals are from one another there, in their own scale, at least 1; 1 where it is usual.
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


def _steps_of_some(panel: Panel) -> IntArray:
    """Returns the places of the steps of so many series as say what is usual."""
    chosen = even_choice(len(panel), min(len(panel), MOST_SERIES)).tolist()
    return np.concatenate([np.arange(panel.offsets[i], panel.offsets[i + 1]) for i in chosen])


def cross_section(panel: Panel, errors: Callable[[IntArray], FloatArray]) -> CrossSection:
    """Returns what is usual on each step.

    Args:
        panel: whose steps they are.
        errors: of the steps at some places, in scales; NaN is none.
    """
    none = CrossSection(np.empty(0, dtype=np.int64), *(np.empty(0) for _ in range(3)))
    if len(panel) < LEAST_SERIES:
        return none
    places = _steps_of_some(panel)
    sizes, ordinals = errors(places), ordinals_of(panel, places)
    ordinals, sizes = ordinals[~np.isnan(sizes)], sizes[~np.isnan(sizes)]
    order = np.lexsort((sizes, ordinals))
    ordinals, sizes = ordinals[order], sizes[order]
    begins = np.flatnonzero(np.diff(ordinals, prepend=ordinals[:1] - 1))
    counts = np.diff(np.append(begins, len(ordinals)))
    enough = counts >= LEAST_SERIES
    begins, counts = begins[enough], counts[enough]
    if not len(begins):
        return none
    middle = (sizes[begins + (counts - 1) // 2] + sizes[begins + counts // 2]) / 2
    quartiles = sizes[begins + counts // 4], sizes[begins + counts - 1 - counts // 4]
    spread = TO_DEVIATION * (quartiles[1] - quartiles[0])
    usual = _surely(middle, TO_ERROR * spread / np.sqrt(counts))
    return CrossSection(ordinals[begins], middle, usual, np.where(usual == 0, 1.0, np.maximum(spread, 1.0)))


def _surely(middle: FloatArray, error: FloatArray) -> FloatArray:
    """Returns medians drawn to nought as far as chance explains them (James & Stein 1961, the positive part)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.maximum(0.0, 1 - (DOUBT * error / middle) ** 2)
    return np.where(middle == 0, 0.0, middle * kept)


def _moved(expected: FloatArray, by: FloatArray, scale: FloatArray) -> FloatArray:
    return in_pieces(lambda expected, by, scale: expected + by * scale, expected, by, scale)


def _further(beside: Residuals, alone: Residuals) -> FloatArray:
    """Returns how much more is expected beside others than alone, (N,)."""
    return in_pieces(np.subtract, beside.expected, alone.expected)


def beside_others(panel: Panel, residuals: Residuals) -> Residuals:
    """Returns the residuals as the other series of the same step let expect them, on either side."""
    sections = (
        cross_section(panel, lambda places: residuals.at(places).from_past),
        cross_section(panel, lambda places: residuals.at(places).from_future),
    )
    if not any(section.usual.any() for section in sections):
        return residuals
    ordinals = ordinals_of(panel)
    (past, ahead), (future, behind) = (section.at(ordinals) for section in sections)
    beside = replace(
        residuals,
        forward=_moved(residuals.forward, past, residuals.ahead),
        ahead=residuals.ahead * ahead,
        backward=_moved(residuals.backward, future, residuals.behind),
        behind=residuals.behind * behind,
    )
    at_once = (np.abs(past) > FAR) | (np.abs(future) > FAR)
    return replace(beside, shared=_further(beside, residuals), at_once=at_once)


@dataclass(frozen=True)
class Together:
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


def together(
    panel: Panel, residuals: Residuals, since: int | None, rate: float, settings: AnomalySettings
) -> tuple[Together, ...]:
    """Returns the judged steps on which the usual residual of all series comes by chance at most at this rate.

    Args:
        panel: whose steps they are.
        residuals: not yet held against the other series.
        since: ordinal of the first step that is judged, and what lies before calibrates; None for all.
        rate: of false alarms.
        settings: the numbers of the method.
    """
    section = cross_section(panel, lambda places: residuals.at(places).both)
    sizes = np.abs(section.median)
    judged = np.ones(len(sizes), dtype=bool) if since is None else section.ordinals >= since
    rarity = calibrate(sizes if since is None else sizes[~judged], settings).rarity(sizes)
    at = np.flatnonzero((rarity <= rate) & judged & (section.usual != 0))
    groups = np.split(at, np.flatnonzero(np.diff(section.ordinals[at]) > 1) + 1) if len(at) else []
    return tuple(each for group in groups for each in _of_steps(panel, residuals, section, rarity, group))


def _of_steps(
    panel: Panel, residuals: Residuals, section: CrossSection, rarity: FloatArray, group: IntArray
) -> Iterator[Together]:
    """Yields steps in a row, all of the series that is off farthest on the rarest of them."""
    leader = None
    for at in sorted(group.tolist(), key=lambda step: float(rarity[step])):
        places = panel.offsets[:-1] + section.ordinals[at] - panel.first
        series = np.flatnonzero((places >= panel.offsets[:-1]) & (places < panel.offsets[1:]))
        errors = residuals.at(places[series]).both
        series, errors = series[~np.isnan(errors)], errors[~np.isnan(errors)]
        off = errors * np.sign(section.median[at])
        if leader is None and series.size:
            leader = int(series[off.argmax()])
        if leader is not None and leader in series:
            yield Together(int(places[leader]), float(rarity[at]), int((off >= 1).sum()), len(series))
