"""Regressors: the known inputs, what comes around rare events, and the calendar.

An event, such as a holiday, is not over where its flag ends: the two steps before it and the one after are regressors
too. And each month's event is one: Christmas is no Easter. What is too much of that is drawn to zero by the ridge.

Shapes: ``S`` series, ``n`` steps of any series, ``K`` steps of the known columns, ``E`` events, ``F`` regressors.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import Covariates
from forecast.data.dates.calendar_features import CalendarFeatures, calendar_features
from forecast.data.frequency import Frequency
from forecast.data.panel import Panel
from forecast.models.covariates.covariate_settings import NEW, CovariateSettings
from forecast.models.covariates.encoding import Encoding

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

RARE = 0.15  # measured by benchmarks/tuning/covariate_effects.py
"""A flag that is set on at most this share of the steps, for a few steps in a row, is an event."""
SHORT_RUN = 3.0  # measured by benchmarks/tuning/covariate_effects.py
WITH_MONTHS = ("minute", "hour", "day", "business-day", "week")
TOGETHER = 1 << 18
"""Steps whose dates are looked at together."""
COVARIATES = "covariates"
CYCLES = {"day": 1.0, "week": 7.0}
"""Groups of the calendar that go round in so many days, as a season may."""


@dataclass(frozen=True)
class Regressor:
    """One of them.

    Attributes:
        name: as a person would call it.
        group: ``covariates``, or one of ``data.dates.calendar_features``; the latter stand or fall together.
        place: of a covariate, its place among all that is made of them.
        is_binary: it is 0 or 1, not a number that may drift to where it never was.
    """

    name: str
    group: str
    place: int = -1
    is_binary: bool = True


@dataclass(frozen=True, eq=False)
class Regressors:
    """What effects are measured of, and where it comes from.

    Attributes:
        used: the regressors, those of the covariates first.
        encoding: of the covariates; None where there are none.
        events: positions of the known inputs that are events.
        country: whose holidays are among the regressors.
        settings: the numbers by which regressors are made.
    """

    used: tuple[Regressor, ...]
    encoding: Encoding | None = None
    events: tuple[int, ...] = ()
    country: str | None = None
    settings: CovariateSettings = NEW

    def some(self, which: NDArray[np.bool_]) -> "Regressors":
        """Returns some of the regressors, (F,) true for those to keep."""
        return replace(self, used=tuple(regressor for regressor, kept in zip(self.used, which, strict=True) if kept))

    @property
    def _places(self) -> list[int]:
        return [regressor.place for regressor in self.used if regressor.group == COVARIATES]

    def of_covariates(self, panel: Panel, encoded: Covariates | None = None) -> Covariates | None:
        """Returns the panel's covariates with the regressors as known columns, (K, F); None where there are none.

        Args:
            panel: with covariates.
            encoded: these, as ``Encoding.known_of`` returns them; None to encode them here.
        """
        if self.encoding is None or not self._places:
            return None
        encoded = encoded or self.encoding.known_of(panel)
        return replace(
            encoded, known=_made(encoded, self.events, panel.frequency, self.settings.around)[1][:, self._places]
        )

    def dated(self, frequency: Frequency, first: int, steps: int, which: NDArray[np.bool_] | None = None) -> FloatArray:
        """Returns the regressors of the dates of consecutive steps, (steps, F), column after column in memory.

        Args:
            frequency: of the steps.
            first: ordinal of the first one.
            steps: how many.
            which: of the regressors that dates are; None for all.
        """
        names = [regressor.name for regressor in self.used if regressor.group != COVARIATES]
        names = names if which is None else [name for name, wanted in zip(names, which, strict=True) if wanted]
        values = np.zeros((steps, len(names)), order="F")  # 0 for a holiday that these steps don't hold
        for start, book in _books(frequency, first, steps if names else 0, self.country, self.settings):
            place = {name: i for i, name in enumerate(book.names)}
            for column, name in enumerate(names):
                if name in place:
                    values[start : start + len(book.values), column] = book.values[:, place[name]]
        return values


def _books(
    frequency: Frequency, first: int, steps: int, country: str | None, settings: CovariateSettings
) -> Iterator[tuple[int, CalendarFeatures]]:
    """Yields the calendar features of some steps after others, each with its place: those of all steps take gigabytes.

    Holidays and the days around them are looked at together.
    """
    size = steps if country else TOGETHER
    for start in range(0, steps, max(size, 1)):
        book = calendar_features(frequency, first + start, min(size, steps - start), country, settings.calendar)
        if not book.names:  # nor are there any later on
            return
        yield start, book


def _ranges(
    frequency: Frequency, first: int, steps: int, country: str | None, settings: CovariateSettings
) -> tuple[tuple[str, ...], tuple[str, ...], FloatArray]:
    """Returns the names and groups of the calendar features, and from least to most how far each goes."""
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    lows, highs = [], []
    for _, book in _books(frequency, first, steps, country, settings):
        names, groups = book.names, book.groups
        lows.append(book.values.min(axis=0))
        highs.append(book.values.max(axis=0))
    return names, groups, np.max(highs, axis=0) - np.min(lows, axis=0) if names else np.empty(0)


def find_regressors(
    panel: Panel,
    encoding: Encoding | None,
    encoded: Covariates | None = None,
    *,
    calendar: bool,
    country: str | None,
    settings: CovariateSettings = NEW,
) -> Regressors:
    """Returns the regressors that a panel, which ends at the origin, can tell something of.

    Args:
        panel: ends at the origin.
        encoding: of its covariates; None where there are none.
        encoded: its covariates, as ``Encoding.known_of`` returns them; None to encode them here.
        calendar: the dates are regressors too.
        country: whose holidays are.
        settings: the numbers by which regressors are made.
    """
    used: list[Regressor] = []
    events: tuple[int, ...] = ()
    if encoding is not None and encoding.of("known"):
        encoded = encoded or encoding.known_of(panel)
        seen = np.nan_to_num(encoded.known_on(panel.offsets, panel.first))
        events = tuple(i for i, each in enumerate(encoding.of("known")) if each.is_binary and _is_event(seen[:, i]))
        labels = [each.label for each in encoding.of("known")]
        names, made = _made(encoded, events, panel.frequency, settings.around, labels)
        shown = np.nan_to_num(replace(encoded, known=made).known_on(panel.offsets, panel.first))
        varies = np.ptp(shown, axis=0) > 0 if len(shown) else np.zeros(len(names), dtype=bool)
        plain = [each.is_binary for each in encoding.of("known")] + [True] * len(names)  # what is made of events is
        used = [Regressor(names[at], COVARIATES, int(at), plain[at]) for at in np.flatnonzero(varies)]
    if (calendar or country) and len(panel.values):
        first = int(panel.first.min())
        titles, groups, ranges = _ranges(panel.frequency, first, int(panel.last.max()) - first + 1, country, settings)
        pairs = zip(titles, groups, ranges, strict=True)
        used += [
            Regressor(name, group) for name, group, range_ in pairs if range_ > 0 and (calendar or group == "holiday")
        ]
    return Regressors(tuple(used), encoding, events, country, settings)


def without_cycles(regressors: Regressors, frequency: Frequency, seasons: Iterable[int]) -> Regressors:
    """Returns the regressors without the hour or the weekday where a season of whole days or weeks tells of it already.

    Args:
        regressors: of the panel.
        frequency: of its steps.
        seasons: in steps, that the model looks at.
    """
    days = [season * frequency.days for season in seasons if season > 1]
    told = {group for group, cycle in CYCLES.items() if any(_is_whole(each / cycle) for each in days)}
    return regressors.some(np.array([regressor.group not in told for regressor in regressors.used], dtype=bool))


def _is_whole(ratio: float) -> bool:
    return ratio > 0.98 and abs(ratio - round(ratio)) < 0.02


def _is_event(flag: FloatArray) -> bool:
    runs = int((np.diff(flag, prepend=0.0) > 0).sum())
    return bool(0 < flag.mean() <= RARE and flag.sum() / max(runs, 1) <= SHORT_RUN)


def _made(
    encoded: Covariates,
    events: tuple[int, ...],
    frequency: Frequency,
    around: tuple[int, ...],
    labels: list[str] | None = None,
) -> tuple[list[str], FloatArray]:
    """Returns the known inputs, what comes around events, and the events of each month: names, and (K, F)."""
    labels = labels or [""] * encoded.known.shape[1]
    names, parts = list(labels), [encoded.known]
    if events:
        flags, own = encoded.known[:, events], [labels[i] for i in events]
        series = np.repeat(np.arange(len(encoded.known_first)), np.diff(encoded.known_offsets))
        for steps in around:
            names += [f"{name}, {abs(steps)} {'before' if steps > 0 else 'after'}" for name in own]
            parts.append(_moved(flags, steps, encoded.known_offsets, series))
        if frequency.unit in WITH_MONTHS:
            since = np.arange(len(series)) - encoded.known_offsets[series]
            stamps = frequency.timestamps(encoded.known_first[series] + since)
            months = stamps.astype("datetime64[M]").astype(np.int64) % 12
            for month in range(12):
                names += [f"{name} in month {month + 1}" for name in own]
                parts.append(flags * (months == month)[:, None])
    return names, np.concatenate(parts, axis=1)


def _moved(flags: FloatArray, steps: int, offsets: IntArray, series: IntArray) -> FloatArray:
    """Returns the flags of so many steps later, (K, E); none beyond the ends of a series."""
    at = np.arange(len(flags)) + steps
    inside = (at >= offsets[series]) & (at < offsets[series + 1])
    return np.where(inside[:, None], flags[np.where(inside, at, 0)], 0.0)
