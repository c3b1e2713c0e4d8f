"""Out-of-sample residuals of every step, in units of their own scale: from the steps before it and from those after it.

    forward     1 2 3 4 5 6 ▶ 7           what was expected of step 7 by the steps before it
    backward              7 ◀ 8 9 10 …    by the steps after it, where there are enough: the series is read backwards

A spike is off both; the first step of a new level is off the forward forecast alone. The newest steps have only a past.

Shapes: ``S`` series, ``N`` steps of all series together, ``B`` series of one block, ``T`` steps of the longest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel, even_choice
from forecast.evaluation.anomalies.residuals.autoregression import corrected
from forecast.evaluation.anomalies.residuals.demand import demand_of, is_intermittent
from forecast.evaluation.anomalies.residuals.smoothing_bank import step_forecasts
from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings
from forecast.evaluation.distribution.distribution import SHARES
from forecast.evaluation.distribution.shape import SYMMETRIES, Symmetry, Transform
from forecast.models.parallel import in_pieces, side_by_side

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BLOCK = 1 << 19
"""Values that are followed together."""
FEW, JUDGED = 50, 1_000
"""Panels of at most so many series choose a scale for each; it is judged by so many newest steps of as many series."""
CLEARLY = 0.01
"""Another scale is taken where a step is so much likelier (in nats) on it, as belief in the values' own scale."""
ROUNDING = 1e-6
RARELY = 0.01
"""Where more values than this share are negative, there are no roots or logarithms of them."""
FREEDOM = 3.0
"""Degrees of freedom of the Student distribution that says how likely a step is."""
BOTH_SIDES = ("forward", "forward_scale", "backward", "backward_scale")
"""What is expected of a step from either side, by name."""


@dataclass(frozen=True, eq=False)
class Residuals:
    """What was expected of each step, and how far off it was, on the scale on which errors are alike.

    Attributes:
        values: (N,) of the panel on that scale; NaN where nothing was observed.
        forward, forward_scale: (N,) what the steps before it let expect, and the scale of that error; NaN where these
            are few.
        backward, backward_scale: likewise by the steps after it.
        symmetry: (S,) the scale of each series, see ``Transform``.
        offsets: (S,) added before a root or a logarithm.
        shared: (N,) the part of ``expected`` that other series of the same step let expect; None for nothing.
        at_once: (N,) the steps on which that is far more than usual errors.
        intermittent: (S,) the series whose residuals are those of ``demand_of``; None for none.
    """

    values: FloatArray
    forward: FloatArray
    forward_scale: FloatArray
    backward: FloatArray
    backward_scale: FloatArray
    symmetry: tuple[Symmetry, ...]
    offsets: FloatArray
    shared: FloatArray | None = None
    at_once: NDArray[np.bool_] | None = None
    intermittent: NDArray[np.bool_] | None = None

    @cached_property
    def from_past(self) -> FloatArray:
        """The residual by the steps before, in scales; NaN where there is none, (N,)."""
        return in_pieces(_in_scales, self.values, self.forward, self.forward_scale)

    @cached_property
    def from_future(self) -> FloatArray:
        """The residual by the steps after, in scales; NaN where there is none, (N,)."""
        return in_pieces(_in_scales, self.values, self.backward, self.backward_scale)

    @cached_property
    def expected(self) -> FloatArray:
        """What both sides expect together, each as far as it is sure; one where the other says nothing, (N,)."""
        return in_pieces(_expected, self.forward, self.forward_scale, self.backward, self.backward_scale)

    @cached_property
    def scale(self) -> FloatArray:
        """The scale of the errors of that, (N,)."""
        return in_pieces(_scale, self.forward_scale, self.backward_scale)

    @cached_property
    def both(self) -> FloatArray:
        """The residual by both sides; NaN where nothing is observed or expected, (N,)."""

        def together(values: FloatArray, *sides: FloatArray) -> FloatArray:
            return _in_scales(values, _expected(*sides), _scale(sides[1], sides[3]))

        return in_pieces(together, self.values, self.forward, self.forward_scale, self.backward, self.backward_scale)

    @cached_property
    def usual(self) -> float:
        """The mean size of a residual by both sides."""
        return float(np.nanmean(np.abs(self.both)))

    def at(self, places: IntArray) -> Self:
        """Returns it of some steps alone; the scales are still those of all series."""
        return type(self)(
            self.values[places],
            self.forward[places],
            self.forward_scale[places],
            self.backward[places],
            self.backward_scale[places],
            self.symmetry,
            self.offsets,
        )

    def back(self, panel: Panel, values: FloatArray) -> FloatArray:
        """Returns values of the scales in the target's unit, (N,)."""
        return self._moved(panel, values, "back")

    def forth(self, panel: Panel, values: FloatArray, places: IntArray | None = None) -> FloatArray:
        """Returns values in the target's unit on the scales, of all steps or of some places."""
        return self._moved(panel, values, "forth", places)

    def _moved(
        self, panel: Panel, values: FloatArray, way: Literal["back", "forth"], places: IntArray | None = None
    ) -> FloatArray:
        kinds = np.array(self.symmetry)
        if (kinds == SYMMETRIES[0]).all():
            return values  # the values' own scale
        of = np.repeat(np.arange(len(panel)), panel.lengths) if places is None else panel.series_of(places)
        result = values.copy()
        for symmetry in dict.fromkeys(self.symmetry):
            if symmetry == SYMMETRIES[0]:
                continue
            own = np.flatnonzero((kinds == symmetry)[of])
            offsets = self.offsets[of[own]]
            transform = Transform(symmetry, np.where(offsets > 0, offsets, 1.0))
            result[own] = (transform.back if way == "back" else transform.forth)(values[own])
        return result

    def with_forward(self, places: IntArray, expected: FloatArray, scale: FloatArray) -> Self:
        """Returns it with other forecasts of some steps, (K,) each, which are known by their past alone there."""
        changed = {}
        for name, part in zip(BOTH_SIDES, (expected, scale, np.nan, np.nan), strict=True):
            changed[name] = getattr(self, name).copy()
            changed[name][places] = part
        return replace(self, **changed)

    def taking(self, other: "Residuals", at: IntArray) -> Self:
        """Returns it with what another expects of some steps."""
        changed = {}
        for name in BOTH_SIDES:
            changed[name] = getattr(self, name).copy()
            changed[name][at] = getattr(other, name)[at]
        return replace(self, **changed)


def _in_scales(values: FloatArray, expected: FloatArray, scale: FloatArray) -> FloatArray:
    """Returns errors in scales, 0 where only rounding is left of them."""
    errors = (values - expected) / scale
    errors[np.abs(errors) < ROUNDING] = 0.0
    return errors


def _expected(
    forward: FloatArray, forward_scale: FloatArray, backward: FloatArray, backward_scale: FloatArray
) -> FloatArray:
    past, future = 1 / forward_scale, 1 / backward_scale
    both = (forward * past + backward * future) / (past + future)
    return np.where(np.isnan(both), np.where(np.isnan(forward), backward, forward), both)


def _scale(forward_scale: FloatArray, backward_scale: FloatArray) -> FloatArray:
    both = 2 / (1 / forward_scale + 1 / backward_scale)
    return np.where(np.isnan(both), np.where(np.isnan(forward_scale), backward_scale, forward_scale), both)


def residuals_of(
    panel: Panel, seasons: Sequence[int], settings: AnomalySettings = SETTINGS, threads: int = 1
) -> Residuals:
    """Returns the residuals of each step of a panel, none of which any forecast of it was fitted to.

    Args:
        panel: gaps stay gaps.
        seasons: in steps, ascending; of these, series use those that they have lived through twice.
        settings: the numbers of the method.
        threads: blocks of series that are followed at a time.
    """
    symmetry = chosen_scales(panel, seasons, settings)
    offsets = np.array([_offset(panel.series(i), own) for i, own in enumerate(symmetry)])
    parts = {name: np.full(len(panel.values), np.nan) for name in ("values", *BOTH_SIDES)}

    def follow(block: tuple[IntArray, FloatArray]) -> None:
        which, values = block
        scaled = np.empty_like(values)
        kinds = np.array([symmetry[i] for i in which.tolist()])
        for kind in np.unique(kinds).tolist():
            own = kinds == kind
            scaled[own] = _transform(kind, offsets[which[own]]).forth(values[own])
        found = _of_block(scaled, panel.lengths[which], _lived(seasons, panel.lengths[which]), settings)
        places, inside = _places(panel, which)
        for name, array in zip(parts, (scaled, *found), strict=True):
            parts[name][places] = array[inside]

    side_by_side(follow, _blocks(panel), threads)
    intermittent = is_intermittent(panel, seasons, settings)
    if not intermittent.any():
        return Residuals(**parts, symmetry=symmetry, offsets=offsets)
    found = Residuals(**parts, symmetry=symmetry, offsets=offsets, intermittent=intermittent)
    return _with_demand(found, panel, np.flatnonzero(intermittent), settings)


def _with_demand(residuals: Residuals, panel: Panel, some: IntArray, settings: AnomalySettings) -> Residuals:
    """Returns the residuals with those of some series of intermittent demand, by the steps before and after.

    Each scale is such that an error in scales is that of ``demand_of``.
    """
    changed = {name: getattr(residuals, name).copy() for name in BOTH_SIDES}
    lengths = panel.lengths[some]
    inside = np.arange(int(lengths.max())) >= int(lengths.max()) - lengths[:, None]
    at = (panel.offsets[some + 1][:, None] - int(lengths.max()) + np.arange(int(lengths.max())))[inside]
    values = np.full(inside.shape, np.nan)
    values[inside] = panel.values[at]
    for mean, scale, is_back in (("forward", "forward_scale", False), ("backward", "backward_scale", True)):
        own = demand_of(_mirrored(values, lengths) if is_back else values, settings)
        expected, errors, chance = (
            (_mirrored(part, lengths) if is_back else part)[inside] for part in (own.expected, own.errors, own.chance)
        )
        forward, noughts = residuals.forth(panel, expected, at), residuals.forth(panel, np.zeros_like(expected), at)
        usual = np.maximum(forward - noughts, ROUNDING) / np.sqrt(chance)
        with np.errstate(divide="ignore", invalid="ignore"):
            scales = np.abs(residuals.values[at] - forward) / np.abs(errors)
        scales = np.where(np.isfinite(scales) & (scales > 0), scales, usual)
        has = ~np.isnan(changed[mean][at])
        changed[mean][at], changed[scale][at] = np.where(has, forward, np.nan), np.where(has, scales, np.nan)
    return replace(residuals, **changed)


def chosen_scales(panel: Panel, seasons: Sequence[int], settings: AnomalySettings) -> tuple[Symmetry, ...]:
    """Returns the scale on which each series' steps are likeliest; one for all of a panel of many series."""
    if not panel.observed.any() or (panel.values[panel.observed] < 0).mean() > RARELY:
        return (SYMMETRIES[0],) * len(panel)
    some = panel.select(even_choice(len(panel), min(FEW, len(panel)))).tail(JUDGED)
    likely = np.stack([_likelihoods(some, seasons, symmetry, settings) for symmetry in SYMMETRIES])  # (3, S)
    counts = np.array([(~np.isnan(some.series(i))).sum() for i in range(len(some))])
    usual = (likely * counts).sum(axis=1) / max(1, counts.sum())
    usual[1:] -= CLEARLY
    if len(panel) > FEW:
        return (SYMMETRIES[int(usual.argmax())],) * len(panel)
    drawn = (likely * counts + JUDGED / 2 * usual[:, None]) / (counts + JUDGED / 2)
    drawn[1:] -= CLEARLY
    return tuple(SYMMETRIES[place] for place in drawn.argmax(axis=0).tolist())


def _likelihoods(panel: Panel, seasons: Sequence[int], symmetry: Symmetry, settings: AnomalySettings) -> FloatArray:
    """Returns how likely a step of each series is on a scale, in nats, the mean over its steps, (S,)."""
    result = np.zeros(len(panel))
    for which, values in _blocks(panel):
        offsets = np.array([_offset(panel.series(i), symmetry) for i in which.tolist()])[:, None]
        transform = Transform(symmetry, np.where(offsets > 0, offsets, 1.0))
        scaled = transform.forth(values)
        made = step_forecasts(scaled, _lived(seasons, panel.lengths[which]), settings)
        errors = (scaled - made.expected) / made.scale
        each = -(FREEDOM + 1) / 2 * np.log1p(errors**2 / FREEDOM) - np.log(made.scale) + np.log(transform.slope(values))
        each[:, : settings.least] = np.nan
        known = ~np.isnan(each)
        result[which] = np.where(known, each, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return result


def _offset(values: FloatArray, symmetry: Symmetry) -> float:
    known = np.abs(values[~np.isnan(values)])
    return SHARES[symmetry] * float(known.mean()) if known.size else 0.0


def _transform(symmetry: Symmetry, offsets: FloatArray) -> Transform:
    """Returns the scale of some series; that of a series without a size can be any."""
    return Transform(symmetry, np.where(offsets > 0, offsets, 1.0)[:, None])


def _blocks(panel: Panel) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yields the positions of series of like lengths, (B,), and their values, right-aligned, NaN before, (B, T)."""
    order = np.argsort(panel.lengths, kind="stable")
    order = order[panel.lengths[order] > 0]
    begin = 0
    while begin < len(order):
        size, most = 1, len(order) - begin
        while size < most and (size + 1) * panel.lengths[order[begin + size]] <= BLOCK:
            size += 1
        which = order[begin : begin + size]
        steps = int(panel.lengths[which[-1]])
        values = np.full((size, steps), np.nan)
        places, inside = _places(panel, which)
        values[inside] = panel.values[places]
        yield which, values
        begin += size


def _places(panel: Panel, which: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Returns where the steps of some series lie in the panel's buffer, and in a right-aligned block of them."""
    lengths = panel.lengths[which]
    steps = int(lengths[-1])
    inside = np.arange(steps) >= steps - lengths[:, None]
    places = panel.offsets[which + 1][:, None] - steps + np.arange(steps)
    return places[inside], inside


def _lived(seasons: Sequence[int], lengths: IntArray) -> tuple[int, ...]:
    """Returns the seasons that most of some series have lived through twice and a half."""
    return tuple(season for season in seasons if season > 1 and np.median(lengths) >= 2.5 * season)


def _of_block(
    values: FloatArray, lengths: IntArray, seasons: tuple[int, ...], settings: AnomalySettings
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Returns forecasts and scales forward and backward, (B, T) each; NaN where too few steps tell of one."""
    count = len(values)
    mirrored = _mirrored(values, lengths)
    together = np.concatenate([values, mirrored])  # both ways at once: a step costs the same
    made = corrected(together, step_forecasts(together, seasons, settings), seasons, settings)
    known = np.cumsum(~np.isnan(together), axis=1)
    needed = np.clip(max(settings.warm * max(seasons, default=1), settings.least), None, np.tile(lengths, 2) // 3)
    is_told = known - ~np.isnan(together) >= needed[:, None]
    expected, scale = (np.where(is_told, array, np.nan) for array in (made.expected, made.scale))
    return expected[:count], scale[:count], _mirrored(expected[count:], lengths), _mirrored(scale[count:], lengths)


def _mirrored(values: FloatArray, lengths: IntArray) -> FloatArray:
    """Returns right-aligned series read backwards, right-aligned too, (B, T)."""
    steps = values.shape[1]
    mirrored = values[:, ::-1].copy()
    for row in np.flatnonzero(lengths < steps).tolist():
        mirrored[row] = np.roll(mirrored[row], steps - lengths[row])
    return mirrored
