"""What passes the gates: along the calendar, as time constants, and where a network is saturated or idle.

One network of a cell is shown from inside: the one whose memory curve is nearest to the mean of all.

Shapes: ``N`` dates, ``B`` windows, ``L`` lookback, ``T`` recurrent steps, ``U`` units.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import KINDS
from forecast.data.panel import Panel
from forecast.evaluation.explain.subject import Probe, Subject, WindowEnds
from forecast.models.covariates.encoding import training_rows
from forecast.models.networks.backprop import ForwardPass, mean_transition
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import CELL_STATE, HIDDEN, JACOBIAN, Trace
from forecast.models.networks.recurrent import Network

FloatArray = NDArray[np.float64]

MOST_DATES = 150
FEW_DATES = 40
"""Where a series has fewer whole windows, the first ones are lengthened on the left."""
LOW, HIGH = 0.1, 0.9
DEAD = 0.01
"""A unit whose state varies by less than this over all windows and steps does no work."""
FLAT = 0.95
"""Beyond this a tanh hardly moves any more."""
OUTLIER = 5.0
"""Robust standard deviations of the seasonal difference beyond which a value is an event."""


@dataclass(frozen=True, eq=False)
class GateEvent:
    """Dates that are out of the ordinary: (N,) true where they are."""

    name: str
    dates: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class GateCalendar:
    """A series and the gates of a network at the last step of the window that ends at each date.

    Attributes:
        rows: by gate, (U, N), units with the longest memory first.
        padded: so many of the first dates have a window that reaches before the series.
    """

    cell: str
    series_id: str
    layer: int
    segment: int
    timestamps: NDArray[np.datetime64]
    values: FloatArray  # NaN where nothing was observed
    rows: dict[str, FloatArray]
    events: tuple[GateEvent, ...]
    padded: int


@dataclass(frozen=True, eq=False)
class TimeConstants:
    """How long each unit remembers, in observed steps, (U,): τ = −1 / ln(mean keep gate), times the segment.

    Attributes:
        source: the gate; for a cell that has none, its Jacobian ∂h_t/∂h_{t−1}, the mean over real windows and steps,
            with what tanh leaves of a change: the moduli of its eigenvalues are what is kept; ∞ from 1 on.
    """

    cell: str
    source: str
    tau: FloatArray


@dataclass(frozen=True, eq=False)
class Saturation:
    """Where a network is stuck or idle: shares of all units, windows and steps.

    Attributes:
        low: by sigmoid gate, the share of values below 0.1.
        high: likewise above 0.9.
        flat: share of the tanh values beyond ± 0.95; None for a cell whose candidate goes through none.
        dead: units whose state hardly varies.
        radius: largest modulus of an eigenvalue of the recurrent matrix as it is, without what gates and tanh leave of
            it; of the candidate's where there are gates; None for a cell without one.
    """

    cell: str
    units: int
    low: dict[str, float]
    high: dict[str, float]
    flat: float | None
    dead: int
    radius: float | None


def gates_on_calendar(subject: Subject, network: Network, series: int) -> GateCalendar:
    """Returns the gates of one network along one series."""
    own, lookback = subject.of_series(series), subject.spec.window
    panel = own.panel
    length = len(panel.values)
    dates = min(length, MOST_DATES, max(length - lookback + 1, FEW_DATES))
    padded = max(0, dates - max(length - lookback + 1, 0))
    ends = np.arange(length - dates, length) + 1
    trace = own.probe(network, WindowEnds(np.zeros(dates, dtype=np.int64), ends)).run().traces[-1]
    order = np.argsort(-_persistence(subject.cell, trace), kind="stable")
    last = {name: gate[-1] for name, gate in trace.gates.items()} | {HIDDEN: trace.hidden[-1]}
    if trace.cell_state is not None:
        last[CELL_STATE] = trace.cell_state[-1]
    return GateCalendar(
        cell=subject.cell,
        series_id=panel.series_ids[0],
        layer=subject.spec.layers,
        segment=subject.spec.segment,
        timestamps=panel.timestamps(0)[-dates:],
        values=panel.values[-dates:],
        rows={name: last[name].T[order].astype(np.float64) for name in CELLS[subject.cell].shown},
        events=_events(panel, network.view.season, dates),
        padded=padded,
    )


def _persistence(cell: str, trace: Trace) -> FloatArray:
    """Returns how much of its memory each unit keeps, (U,): the mean keep gate, or its state's autocorrelation."""
    if keep := CELLS[cell].keep_gate:
        return np.asarray(keep.kept(trace.gates).mean(axis=(0, 1)), dtype=np.float64)
    if len(trace.hidden) < 2:
        return np.zeros(trace.hidden.shape[2])
    now, before = (
        trace.hidden[1:].reshape(-1, trace.hidden.shape[2]),
        trace.hidden[:-1].reshape(-1, trace.hidden.shape[2]),
    )
    now, before = now - now.mean(axis=0), before - before.mean(axis=0)
    return np.asarray((now * before).sum(axis=0) / (np.sqrt((now**2).sum(axis=0) * (before**2).sum(axis=0)) + 1e-12))


def _events(panel: Panel, season: int, dates: int) -> tuple[GateEvent, ...]:
    """Returns weekends, gaps, outliers and flags such as promotions on the last dates of a lone series."""
    unit, every = panel.frequency.unit, panel.frequency.every
    found = []
    if unit in {"minute", "hour"} or (unit == "day" and every == 1):
        weekday = (panel.timestamps(0).astype("datetime64[D]").astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        found.append(GateEvent("weekend", weekday >= 5))
    found.append(GateEvent("outlier", _outliers(panel.filled, season)))
    found.append(GateEvent("gap", ~panel.observed))
    if panel.covariates is not None:
        for kind in (kind for kind, record in KINDS.items() if record.rows != "series"):
            values = training_rows(panel, panel.covariates, kind)
            for place, column in enumerate(panel.covariates.of(kind)):
                own = values[:, place]
                if column.levels is None and np.isin(own[~np.isnan(own)], (0, 1)).all():
                    is_rule = np.nanmean(own) > 0.5  # then the exception is the event
                    found.append(
                        GateEvent(f"not {column.name}" if is_rule else column.name, own == (0 if is_rule else 1))
                    )
    return tuple(GateEvent(event.name, event.dates[-dates:]) for event in found if event.dates[-dates:].any())


def _outliers(values: FloatArray, season: int) -> NDArray[np.bool_]:
    """Returns where a value is far from that of one season before and from that of one season after."""
    lag = season if season < len(values) else 1
    change = values[lag:] - values[:-lag]
    if not change.size:
        return np.zeros(len(values), dtype=bool)
    middle = np.median(change)
    spread = 1.4826 * float(np.median(np.abs(change - middle)))
    if spread == 0:
        return np.zeros(len(values), dtype=bool)
    strange = np.abs(change - middle) > OUTLIER * spread
    before, after = np.ones(len(values), dtype=bool), np.ones(len(values), dtype=bool)
    before[lag:], after[:-lag] = strange, strange
    return before & after


def time_constants(probe: Probe, passage: ForwardPass) -> TimeConstants:
    """Returns how long each unit of one network's last layer remembers."""
    cell, segment, trace = probe.spec.cell, probe.spec.segment, passage.traces[-1]
    if keep := CELLS[cell].keep_gate:
        source, kept = keep.label, keep.kept(trace.gates).mean(axis=(0, 1))
    else:
        jacobian = mean_transition(CELLS[cell], passage.weights[-1], trace)
        source, kept = JACOBIAN, np.sort(np.abs(np.linalg.eigvals(jacobian)))[::-1]
    kept = kept.astype(np.float64)
    fading = np.clip(kept, 1e-9, 1 - 1e-12)
    return TimeConstants(cell, source, np.where(kept < 1, -segment / np.log(fading), np.inf))


def saturation(probe: Probe, passage: ForwardPass) -> Saturation:
    """Returns where one network's last layer is stuck or idle."""
    cell, trace, units = CELLS[probe.spec.cell], passage.traces[-1], probe.spec.units
    gates, squashed, radius = {name: trace.gates[name] for name in cell.switches}, None, None
    if cell.is_squashed:
        squashed = float((np.abs(trace.gates[cell.candidate]) > FLAT).mean())
    if cell.is_recurrent:
        recurrent = passage.weights[-1]["recurrent"][:, cell.columns(cell.candidate, units)]
        radius = float(np.abs(np.linalg.eigvals(recurrent)).max())
    return Saturation(
        cell=cell.name,
        units=units,
        low={name: float((gate < LOW).mean()) for name, gate in gates.items()},
        high={name: float((gate > HIGH).mean()) for name, gate in gates.items()},
        flat=squashed,
        dead=int((trace.hidden.std(axis=(0, 1)) < DEAD).sum()),
        radius=radius,
    )
