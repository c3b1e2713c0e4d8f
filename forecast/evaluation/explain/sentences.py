"""What the panels show, in at most eight sentences, each with its number and its panel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.evaluation.explain.cell_report import CellReport
from forecast.evaluation.explain.gradient_flow import half_life
from forecast.evaluation.explain.memory import advised_window
from forecast.models.networks.cells.cell import EIGENVALUES
from forecast.wording import percent

MOST = 8
WASTE = 0.1
"""Share of dead units from which on they are worth an advice."""
LITTLE = 10
"""Per cent of the sensitivity: a cell with less hardly changes what the straight ways say."""
MOST_OF_IT = 0.95
"""Share of the window that 90 % of the sensitivity need where even the oldest steps count like the others."""


@dataclass(frozen=True)
class Sentence:
    """One finding, and the panel that shows it."""

    text: str
    panel: str


def plain_words(
    cell_reports: Sequence[CellReport], seasons: Sequence[int], step: str, longest: int
) -> tuple[Sentence, ...]:
    """Returns the findings, the most useful first.

    Args:
        cell_reports: of each cell.
        seasons: in steps, the shortest first; empty where there is none.
        step: what one observed step is called, such as ``month``.
        longest: steps of the longest series.
    """
    found = [
        _memory(cell_reports),
        _advice(cell_reports, seasons, longest),
        _flow(cell_reports),
        _constants(cell_reports, seasons[0] if seasons else 1),
        _waste(cell_reports),
        _spike(cell_reports, step),
        _cost(cell_reports),
        _learning(cell_reports),
    ]
    return tuple(sentence for sentence in found if sentence is not None)[:MOST]


def _memory(cell_reports: Sequence[CellReport]) -> Sentence:
    each = [
        f"the {p.cell} uses {p.memory.reach(0.9)} of its {p.spec.window} steps (half of it lies in the last "
        f"{p.memory.reach(0.5)})"
        for p in cell_reports
    ]
    return Sentence(f"By 90 % of its sensitivity, {'; '.join(each)}.", "memory")


def _advice(cell_reports: Sequence[CellReport], seasons: Sequence[int], longest: int) -> Sentence:
    spec = cell_reports[0].spec
    window, shares = spec.window, [round(100 * p.memory.share) for p in cell_reports]
    wanted = [advised_window(p.memory, seasons) for p in cell_reports]
    needed = max(p.memory.whole_reach(0.9) for p in cell_reports)
    through = f"{min(shares)}" if min(shares) == max(shares) else f"{min(shares)} to {max(shares)}"
    whole = f"Only {through} %" if max(shares) < LITTLE else f"{through} %"
    text = (
        f"{whole} of the forecast's sensitivity goes through the cell; with highway and naive base, 90 % of it lies in "
        f"the last {needed} of {window} steps: "
    )
    if all(wanted):
        text += f"try --window {max(length for length in wanted if length)}."
    elif needed <= MOST_OF_IT * window:
        text += "the window is well chosen."
    elif longest >= 2 * window + spec.horizon:
        text += f"even the oldest count, so a longer window may help (--window {2 * window})."
    else:
        text += f"even the oldest count, but the longest series has {longest:,} steps only."
    return Sentence(text, "memory")


def _flow(cell_reports: Sequence[CellReport]) -> Sentence:
    parts = []
    for p in cell_reports:
        for flow in p.flows:
            if flow.explodes:
                parts.append(f"{flow.name} explodes, up to {flow.trained.max():.0f} times")
                continue
            half, left = half_life(flow.trained), flow.trained[-1] / flow.trained[0]
            lasts = f"halves in {half:.1f} steps" if half is not None else f"keeps {percent(left)} to the end"
            parts.append(f"{flow.name} {lasts}")
    segment = cell_reports[0].spec.segment
    unit = f", of {segment} observations each" if segment > 1 else ""
    return Sentence(f"On its way back through time (recurrent steps{unit}), a gradient: {'; '.join(parts)}.", "flow")


def _constants(cell_reports: Sequence[CellReport], season: int) -> Sentence | None:
    gated = [p for p in cell_reports if p.constants.source != EIGENVALUES]
    if not gated:
        return None
    edge, name = (season, f"a season of {season} steps") if season > 1 else (10, "10 steps")
    each = [f"{int((p.constants.tau > edge).sum())} of {p.spec.units} units of the {p.cell}" for p in gated]
    return Sentence(f"By their mean keep gate, {' and '.join(each)} remember longer than {name}.", "constants")


def _waste(cell_reports: Sequence[CellReport]) -> Sentence:
    idle = ", ".join(f"{p.saturation.dead} of {p.saturation.units} units of the {p.cell}" for p in cell_reports)
    flat = [f"{percent(own.flat)} of the {own.cell}'s" for p in cell_reports if (own := p.saturation).flat is not None]
    saturated = f"; of tanh values, saturated are {', '.join(flat)}" if flat else ""
    wasteful = [p for p in cell_reports if p.saturation.dead > WASTE * p.saturation.units]
    advice = ""
    if wasteful:
        units = max(p.saturation.units - p.saturation.dead for p in wasteful)
        advice = f": try --units {max(units, 4)}"
    return Sentence(f"Idle are {idle}{saturated}{advice}.", "saturation")


def _spike(cell_reports: Sequence[CellReport], step: str) -> Sentence:
    each = []
    for p in cell_reports:
        size = np.abs(p.spike.change).mean(axis=1) / max(p.spike.size, 1e-12)  # (L,)
        worst = int(np.argmax(size))
        each.append(f"{percent(size[worst])} of itself ({p.cell}, {worst + 1} {step}{'s' if worst else ''} back)")
    return Sentence(f"One spike of +1 σ moves the mean forecast by at most {', '.join(each)}.", "spike")


def _cost(cell_reports: Sequence[CellReport]) -> Sentence:
    each = [
        f"{p.cell} {p.cost.parameters:,} parameters and {1000 * p.cost.predict_seconds:.2g} ms a forecast"
        for p in cell_reports
    ]
    return Sentence(f"One network costs: {'; '.join(each)}.", "cost")


def _learning(cell_reports: Sequence[CellReport]) -> Sentence | None:
    watched = [(p.cell, p.learning) for p in cell_reports if p.learning is not None]
    if not watched:
        return None
    each = []
    for cell, own in watched:
        best = own.steps[int(np.argmin(own.rmse))]
        way = f"{cell} from {own.rmse[0]:.4g} to {own.rmse[-1]:.4g}"
        each.append(f"{way} (best at step {best:,} of {own.steps[-1]:,})")
    return Sentence(f"Training took the validation RMSE of the {'; '.join(each)}.", "learning")
