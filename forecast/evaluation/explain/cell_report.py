"""All that is known of one cell: what the panels draw and the sentences say."""

from dataclasses import dataclass

from forecast.evaluation.explain.cost import Cost
from forecast.evaluation.explain.gates import (
    GateCalendar,
    Saturation,
    TimeConstants,
    gates_on_calendar,
    saturation,
    time_constants,
)
from forecast.evaluation.explain.gradient_flow import Flow, gradient_flows
from forecast.evaluation.explain.learning import Learning
from forecast.evaluation.explain.memory import MemoryCurve, memory_curve
from forecast.evaluation.explain.spike import Spike, spike_response
from forecast.evaluation.explain.subject import Subject
from forecast.models.networks.cells import CELLS
from forecast.models.networks.recurrent import Network
from forecast.specs import ModelSpec


@dataclass(frozen=True, eq=False)
class CellReport:
    """One cell, looked into.

    Attributes:
        networks: that curves are the mean of.
        shown: the one whose gates are drawn.
    """

    spec: ModelSpec
    networks: int
    shown: Network
    memory: MemoryCurve
    flows: tuple[Flow, ...]
    calendar: GateCalendar
    constants: TimeConstants
    saturation: Saturation
    spike: Spike
    cost: Cost
    learning: Learning | None = None

    @property
    def cell(self) -> str:
        """The cell."""
        return self.spec.cell

    @property
    def memory_flow(self) -> Flow:
        """How gradients pass the state that carries the cell's memory."""
        return next(flow for flow in self.flows if flow.path == CELLS[self.cell].memory)


def report_on_cell(subject: Subject, series: int, cost: Cost, learning: Learning | None = None) -> CellReport:
    """Returns all that there is to see of one cell.

    Args:
        subject: its networks, and the panel.
        series: position of the series on which gates and the spike are shown.
        cost: of one network.
        learning: how it was trained, where that was watched.
    """
    memory = memory_curve(subject)
    probe = subject.probes[memory.representative]
    passage = probe.run()
    return CellReport(
        spec=subject.spec,
        networks=len(subject.probes),
        shown=probe.network,
        memory=memory,
        flows=gradient_flows(subject),
        calendar=gates_on_calendar(subject, probe.network, series),
        constants=time_constants(probe, passage),
        saturation=saturation(probe, passage),
        spike=spike_response(subject, memory, series),
        cost=cost,
        learning=learning,
    )
