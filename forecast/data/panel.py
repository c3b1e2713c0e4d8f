"""Many series at one frequency in one flat buffer: what every model and every score is computed from.

    values     a a a a a a | b b b | c c c c c      N observations, NaN where a step is missing
    offsets    0             6       9           14  series i is values[offsets[i]:offsets[i + 1]]

Cutting a panel at an origin gives a new panel without the steps after it, and gaps are filled on the panel
that was cut. So no filled value can depend on what comes after the origin.

Shapes: ``S`` series, ``N`` steps of all series together, ``H`` horizon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forecast.data.covariates import Covariates
from forecast.data.frequency import Frequency, parse_frequency
from forecast.data.hierarchy import Hierarchy
from forecast.data.limits import Limits
from forecast.data.season_bridge import bridged

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Fill = Literal["interpolate", "previous", "zero", "error"]

COMMON_END = 0.5  # measured by benchmarks/tuning/plan.py
"""Where at least this share of the series ends together, an origin is a date for all of them."""


TARGET = "target"
"""What tells series apart, beside the columns of their ids, where several columns are forecast."""


@dataclass(frozen=True)
class IdParts:
    """What the series of a panel are told apart by.

    Attributes:
        names: of the columns, the user's, and ``TARGET`` where several are forecast; empty for one series alone.
        values: (S,) of each column, series by series. One may hold a slash, so that names can't be cut at slashes.
        others: columns of the file that are no part of it, and neither time nor target.
        traits: (S,) of each of them that is a text and the same in all rows of a series, its words.
    """

    names: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ()
    others: tuple[str, ...] = ()
    traits: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def some(self, names: Sequence[str], chosen: Sequence[str]) -> Self:
        """Returns what some series are told apart by, as far as that is known.

        Args:
            names: of all series.
            chosen: of those that stay.
        """
        places = {name: i for i, name in enumerate(names[: len(self.values)])}
        kept = [places[name] for name in chosen if name in places]
        traits = {name: tuple(words[i] for i in kept) for name, words in self.traits.items()}
        return replace(self, values=tuple(self.values[i] for i in kept), traits=traits)


@dataclass(frozen=True, eq=False)
class Panel:
    """S series at one frequency in one flat buffer; a missing step is NaN, never absent."""

    series_ids: tuple[str, ...]  # S
    values: FloatArray  # (N,) as observed: NaN where nothing was
    offsets: IntArray  # (S + 1,)
    first: IntArray  # (S,) ordinal of each series' first step
    frequency: Frequency
    target: str  # the user's name of the column
    fill: Fill = "interpolate"
    covariates: Covariates | None = None  # what is known beside the target
    ignored: tuple[tuple[int, int], ...] = ()  # spans of ordinals, ends included: nothing counts as observed there
    left_out: NDArray[np.bool_] | None = None  # (N,) values of single series that are ignored likewise; None for none
    weights: FloatArray | None = None  # (N,) how much each step counts where models learn and are scored; None for 1
    limits: Limits | None = None  # that forecasts are to keep
    half_life: float | None = None  # steps: so long before the end, a step counts half where models learn
    hierarchy: Hierarchy | None = None  # which series are sums of which others
    own_last: IntArray | None = None  # (S,) ordinal of each series' own last step, where zeros follow it; None for all

    def __len__(self) -> int:
        return len(self.series_ids)

    @property
    def lengths(self) -> IntArray:
        """Steps of each series, missing ones included, (S,)."""
        return np.diff(self.offsets)

    @property
    def last(self) -> IntArray:
        """Ordinal of each series' last step, (S,); of an empty series, the one before its first."""
        return self.first + self.lengths - 1

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """Where a value was observed, (N,)."""
        return ~np.isnan(self.values)

    @cached_property
    def filled(self) -> FloatArray:
        """The values without a NaN, (N,): each gap filled from its own series by the rule ``fill``.

        Before the first observation stands the first one, after the last one the last; 0 where there is none. What is
        ignored is filled by ``season_bridge`` instead, whatever the rule.
        """
        missing = np.flatnonzero(~self.observed)
        if missing.size == 0:
            return self.values
        filled = self.values.copy()
        filled[missing] = 0.0 if self.fill == "zero" else self._bridge(missing)
        hidden = self.is_ignored & ~self.observed
        for i in np.flatnonzero(np.diff(np.concatenate([[0], np.cumsum(hidden)])[self.offsets])):
            own = slice(self.offsets[i], self.offsets[i + 1])
            filled[own] = bridged(filled[own], hidden[own], self.frequency.seasons)
        return filled

    @cached_property
    def is_ignored(self) -> NDArray[np.bool_]:
        """Which steps lie in a span that is ignored, (N,)."""
        ordinals = np.arange(len(self.values)) + np.repeat(self.first - self.offsets[:-1], self.lengths)
        within = np.zeros(len(self.values), dtype=bool) if self.left_out is None else self.left_out.copy()
        for begin, end in self.ignored:
            within |= (ordinals >= begin) & (ordinals <= end)
        return within

    @property
    def has_ignored(self) -> bool:
        """Whether anything is ignored, in all series or in some."""
        return bool(self.ignored) or self.left_out is not None

    @cached_property
    def training_weights(self) -> FloatArray | None:
        """How much each step counts where models learn, the mean over observed ones being 1, (N,); None for 1."""
        if self.weights is None and self.half_life is None:
            return None
        weights = np.ones(len(self.values)) if self.weights is None else self.weights
        if self.half_life is not None and len(self):
            ends = np.full(len(self), self.last.max()) if self.ends_together else self.last
            ordinals = np.arange(len(self.values)) + np.repeat(self.first - self.offsets[:-1], self.lengths)
            weights = weights * 0.5 ** ((np.repeat(ends, self.lengths) - ordinals) / self.half_life)
        mean = weights[self.observed].mean() if self.observed.any() else 0.0
        return weights / mean if mean > 0 else weights

    @property
    def ends_together(self) -> bool:
        """Whether most series end at the panel's last step: then an origin is one date for all."""
        return bool((self.last == self.last.max()).mean() >= COMMON_END)

    @property
    def summands(self) -> IntArray:
        """The series that add up to all there is: the leaves of a hierarchy; all, where none is a sum of others."""
        return np.arange(len(self)) if self.hierarchy is None else self.hierarchy.leaves

    @property
    def has_ended(self) -> NDArray[np.bool_]:
        """Which series ended before the panel does, and count 0 from there on, (S,)."""
        return np.zeros(len(self), dtype=bool) if self.own_last is None else np.asarray(self.own_last < self.last)

    @property
    def counted_last(self) -> IntArray:
        """Ordinal of the last step of each series that is not ignored, (S,)."""
        if self.left_out is not None:
            shown = np.flatnonzero(~self.is_ignored)
            newest = np.concatenate([[-1], shown])[np.searchsorted(shown, self.offsets[1:])]
            return np.asarray(np.maximum(self.first + newest - self.offsets[:-1], self.first - 1))
        last = self.last.copy()
        for begin, end in sorted(self.ignored, reverse=True):
            last = np.where((last >= begin) & (last <= end), begin - 1, last)
        return last

    def leaving_out(self, places: ArrayLike) -> Self:
        """Returns the panel with nothing observed at some positions of the flat buffer, each of one series alone."""
        chosen = np.zeros(len(self.values), dtype=bool)
        chosen[np.asarray(places, dtype=np.int64)] = True
        if not chosen.any():
            return self
        before = self.left_out if self.left_out is not None else False
        return replace(self, left_out=before | chosen, values=np.where(chosen, np.nan, self.values))

    def ignoring(self, spans: Sequence[tuple[int, int]]) -> Self:
        """Returns the panel with nothing observed in some spans of ordinals, ends included, in all series."""
        if not spans:
            return self
        merged: list[tuple[int, int]] = []
        for begin, end in sorted((*self.ignored, *spans)):
            if merged and begin <= merged[-1][1] + 1:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((begin, end))
        hidden = replace(self, ignored=tuple(merged))
        return replace(hidden, values=np.where(hidden.is_ignored, np.nan, self.values))

    def series(self, i: int) -> FloatArray:
        """Returns the values of series i as observed; a view."""
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def series_of(self, positions: IntArray) -> IntArray:
        """Returns the series that each position in the flat buffer belongs to."""
        return np.asarray(np.searchsorted(self.offsets, positions, side="right") - 1)

    def timestamps(self, i: int) -> NDArray[np.datetime64]:
        """Returns the timestamp of each step of series i."""
        return self.frequency.timestamps(self.first[i] + np.arange(self.lengths[i]))

    def future_timestamps(self, horizon: int) -> NDArray[np.datetime64]:
        """Returns the timestamps of the steps after each series' end, (S, H)."""
        return self.frequency.timestamps(self.last[:, None] + np.arange(1, horizon + 1))

    def until(self, lengths: ArrayLike) -> Self:
        """Returns the panel with the first ``lengths[i]`` steps of each series i; 0 keeps an empty series."""
        return self._cut(np.zeros(len(self), dtype=np.int64), np.asarray(lengths, dtype=np.int64))

    def tail(self, steps: ArrayLike) -> Self:
        """Returns the panel with at most the last ``steps`` of each series, (S,) or of all the same."""
        lengths = np.minimum(self.lengths, np.asarray(steps, dtype=np.int64))
        return self._cut(self.lengths - lengths, lengths)

    def select(self, indices: ArrayLike) -> Self:
        """Returns the panel of the series at these positions, in this order."""
        chosen = np.asarray(indices, dtype=np.int64)
        names = tuple(self.series_ids[i] for i in chosen.tolist())
        return self._gather(chosen, self.offsets[chosen], self.lengths[chosen], self.first[chosen], names)

    def _cut(self, skipped: IntArray, lengths: IntArray) -> Self:
        if lengths.shape != skipped.shape or (lengths < 0).any() or (skipped + lengths > self.lengths).any():
            raise ValueError("each series can be cut to between 0 and its own number of steps")
        whole = np.arange(len(self))
        return self._gather(whole, self.offsets[:-1] + skipped, lengths, self.first + skipped, self.series_ids)

    def _gather(
        self, chosen: IntArray, starts: IntArray, lengths: IntArray, first: IntArray, names: tuple[str, ...]
    ) -> Self:
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        tree, own_last = self._tree_of(chosen), None if self.own_last is None else self.own_last[chosen]
        if len(chosen) == 1 and self.covariates is None:  # a long series is not copied
            values = self.values[starts[0] : starts[0] + lengths[0]]
            own = slice(starts[0], starts[0] + lengths[0])
            weights = None if self.weights is None else self.weights[own]
            cut = replace(self, series_ids=names, values=values, offsets=offsets, first=first, weights=weights)
            cut = replace(cut, hierarchy=tree, own_last=own_last)
            cut = cut if self.left_out is None else replace(cut, left_out=_some(self.left_out[own]))
            return replace(cut, limits=self.limits.of(chosen)) if self.limits else cut
        positions = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        return replace(
            self,
            series_ids=names,
            values=self.values[positions],
            offsets=offsets,
            first=first,
            covariates=self.covariates.cut(positions, chosen) if self.covariates else None,
            weights=None if self.weights is None else self.weights[positions],
            left_out=None if self.left_out is None else _some(self.left_out[positions]),
            limits=self.limits.of(chosen) if self.limits else None,
            hierarchy=tree,
            own_last=own_last,
        )

    def _tree_of(self, chosen: IntArray) -> Hierarchy | None:
        """Returns the hierarchy of some series; None where others that have begun are missing: nothing adds up."""
        if self.hierarchy is None or np.array_equal(chosen, np.arange(len(self))):
            return self.hierarchy
        left_out = np.setdiff1d(np.arange(len(self)), chosen)
        return None if self.lengths[left_out].any() else self.hierarchy.of(chosen)

    def _bridge(self, missing: IntArray) -> FloatArray:
        """Returns a value for each missing position from the observed ones around it in the same series."""
        observed = np.flatnonzero(self.observed)
        if observed.size == 0:
            return np.zeros(missing.size)
        rank = np.searchsorted(observed, missing)
        before = observed[np.maximum(rank - 1, 0)]
        after = observed[np.minimum(rank, observed.size - 1)]
        series = self.series_of(missing)
        has_before = (rank > 0) & (before >= self.offsets[series])
        has_after = (rank < observed.size) & (after < self.offsets[series + 1])
        left = np.where(has_before, self.values[before], self.values[after])
        right = np.where(has_after, self.values[after], left)
        weight = (missing - before) / np.maximum(after - before, 1) if self.fill == "interpolate" else 0.0
        bridged = np.where(has_before & has_after, left * (1 - weight) + right * weight, left)
        return np.where(has_before | has_after, bridged, 0.0)


def _some(left_out: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Returns which values are left out; None where none is, so that the panel is as if nobody had looked."""
    return left_out if left_out.any() else None


def even_choice(count: int, most: int) -> IntArray:
    """Returns up to ``most`` of ``count`` positions, evenly from the first to the last, (≤ most,)."""
    return np.unique(np.linspace(0, count - 1, most).astype(np.int64))


def places_of(wanted: Sequence[str], among: Sequence[str]) -> IntArray:
    """Returns where each of the series that are wanted stands among others, by id; −1 for one that doesn't."""
    place = {series_id: i for i, series_id in enumerate(among)}
    return np.array([place.get(series_id, -1) for series_id in wanted], dtype=np.int64)


def panel_from_series(
    values: Sequence[ArrayLike],
    frequency: Frequency | str,
    *,
    series_ids: Sequence[str] | None = None,
    first: ArrayLike | None = None,
    target: str = "target",
    fill: Fill = "interpolate",
) -> Panel:
    """Returns a panel of arrays, one a series.

    Args:
        values: The observations of each series; NaN where one is missing.
        frequency: The step between them, as a Frequency or as its code.
        series_ids: Their names; by default their positions.
        first: Ordinal of each series' first step; by default 0, the first step since 1970.
        target: What the values are.
        fill: How gaps are filled.
    """
    arrays = [np.asarray(series, dtype=np.float64) for series in values]
    return Panel(
        series_ids=tuple(series_ids) if series_ids is not None else tuple(str(i) for i in range(len(arrays))),
        values=np.concatenate([*arrays, np.empty(0)]),
        offsets=np.concatenate([[0], np.cumsum([series.size for series in arrays])]).astype(np.int64),
        first=np.zeros(len(arrays), np.int64) if first is None else np.asarray(first, dtype=np.int64),
        frequency=parse_frequency(frequency) if isinstance(frequency, str) else frequency,
        target=target,
        fill=fill,
    )
