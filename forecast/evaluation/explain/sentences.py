"""What the panels show, in at most eight sentences, each with its number, what follows from it, and its panel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.evaluation.explain.cell_report import CellReport
from forecast.evaluation.explain.gradient_flow import Flow, half_life
from forecast.evaluation.explain.memory import advised_window
from forecast.models.networks.cells.cell import JACOBIAN
from forecast.wording import counted, joined, percent

MOST = 8
WASTE = 0.1
"""Share of dead units from which on they are worth an advice."""
LITTLE = 10
"""Per cent of the sensitivity: a cell with less hardly changes what the straight ways say."""
MOST_OF_IT = 0.95
"""Share of the window that 90 % of the sensitivity need where even the oldest steps count like the others."""
FEW_STEPS = 8
"""Recurrent steps up to which nothing has the time to fade: no cell can be told from another by what it keeps."""
LESSON = "forecast explain --lesson memory"


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
    doubt = _doubt(cell_reports)
    found = [
        doubt,
        _memory(cell_reports),
        _advice(cell_reports, seasons, longest),
        _flow(cell_reports),
        _constants(cell_reports, seasons[0] if seasons else 1) if doubt is None else None,
        _waste(cell_reports),
        _spike(cell_reports, step),
        _cost(cell_reports),
        _learning(cell_reports),
    ]
    return tuple(sentence for sentence in found if sentence is not None)[:MOST]


def _doubt(cell_reports: Sequence[CellReport]) -> Sentence | None:
    """Returns why these data can't show what memory is worth, and what can; None where they may."""
    spec = cell_reports[0].spec
    steps, shares = spec.window // spec.segment, [p.memory.share for p in cell_reports]
    reasons = []
    if steps <= FEW_STEPS:
        segments = f", of {spec.segment} observations each" if spec.segment > 1 else ""
        reasons.append(f"the window is only {counted(steps, 'recurrent step')}{segments}: too few for a memory to fade")
    if 100 * max(shares) < LITTLE:
        reasons.append(f"at most {percent(max(shares))} of the forecast goes through a cell")
    if _alike(cell_reports):
        reasons.append("the cells' errors differ by less than those of seeds do")
    if not reasons:
        return None
    longer = "--segment 1 makes a step of each observation, and " if steps <= FEW_STEPS and spec.segment > 1 else ""
    tries = f"{longer}{LESSON} shows it on a task that needs a memory"
    return Sentence(f"Don't read here which cell remembers best: {'; '.join(reasons)}; {tries}.", "memory")


def _alike(cell_reports: Sequence[CellReport]) -> bool:
    """Tells whether several cells were watched, and their errors at the end differ by less than those of seeds."""
    watched = [p.learning for p in cell_reports if p.learning is not None]
    if len(watched) < 2 or watched[0].seeds < 2:
        return False
    apart = max(own.rmse[-1] for own in watched) - min(own.rmse[-1] for own in watched)
    return bool(apart <= max(own.high[-1] - own.low[-1] for own in watched))


def _memory(cell_reports: Sequence[CellReport]) -> Sentence:
    each = [
        f"the {p.cell} uses {p.memory.reach(0.9)} of its {p.spec.window} steps (half of it lies in the last "
        f"{p.memory.reach(0.5)})"
        for p in cell_reports
    ]
    return Sentence(f"By 90 % of its sensitivity, {'; '.join(each)}: older values hardly move what it says.", "memory")


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
    flows = [p.memory_flow for p in cell_reports]
    parts = [f"the {flow.name} {_left(flow)}" for flow in flows]
    segment = cell_reports[0].spec.segment
    unit = f" (of {segment} observations each)" if segment > 1 else ""
    short = [p.cell for p in cell_reports if half_life(p.memory_flow.trained) is not None]
    so = (
        f"the {joined(short)} can hardly learn from what lies much further back" if short else "no step is out of reach"
    )
    if any(flow.explodes for flow in flows):
        so = "where it explodes, training cuts its steps short, and a shorter --window may learn more"
    return Sentence(f"Of a change in its memory, recurrent step by step{unit}: {'; '.join(parts)}; {so}.", "flow")


def _left(flow: Flow) -> str:
    """Returns what is left of a gradient in the state that carries the memory, as the end of a clause."""
    if flow.explodes:
        return f"makes up to {flow.trained.max():.0f} times as much: it explodes"
    half = half_life(flow.trained)
    if half is not None:
        return f"keeps half for {half:.1f} {'step' if round(half, 1) == 1 else 'steps'}"
    left = f"{percent(flow.trained[-1] / flow.trained[0])} to the end"
    return f"keeps {left} ({counted(len(flow.trained) - 1, 'step')} back)"


def _constants(cell_reports: Sequence[CellReport], season: int) -> Sentence:
    edge, name = (season, f"a season of {season} steps") if season > 1 else (10, "10 steps")
    far = [int((p.constants.tau > edge).sum()) for p in cell_reports]
    each = [f"{some} of {p.spec.units} units of the {p.cell}" for some, p in zip(far, cell_reports, strict=True)]
    plain = [p.cell for p in cell_reports if p.constants.source == JACOBIAN]
    how = "mean keep gate"
    if plain:
        how = f"mean {JACOBIAN}" if len(plain) == len(each) else f"{how} (the {joined(plain)} by its mean {JACOBIAN})"
    so = "only these carry something from one to the next" if any(far) else "nothing is carried so far"
    return Sentence(f"By their {how}, {joined(each)} remember longer than {name}: {so}.", "constants")


def _waste(cell_reports: Sequence[CellReport]) -> Sentence:
    idle = ", ".join(f"{p.saturation.dead} of {p.saturation.units} units of the {p.cell}" for p in cell_reports)
    flat = [f"{percent(own.flat)} of the {own.cell}'s" for p in cell_reports if (own := p.saturation).flat is not None]
    saturated = f"; of tanh values, saturated are {', '.join(flat)}" if flat else ""
    wasteful = [p for p in cell_reports if p.saturation.dead > WASTE * p.saturation.units]
    advice = ": no unit is wasted" if not any(p.saturation.dead for p in cell_reports) else ": hardly any is wasted"
    if wasteful:
        units = max(p.saturation.units - p.saturation.dead for p in wasteful)
        advice = f": fewer do as well, try --units {max(units, 4)}"
    return Sentence(f"Idle are {idle}{saturated}{advice}.", "saturation")


def _spike(cell_reports: Sequence[CellReport], step: str) -> Sentence:
    each = []
    for p in cell_reports:
        size = np.abs(p.spike.change).mean(axis=1) / max(p.spike.size, 1e-12)  # (L,)
        worst = int(np.argmax(size))
        each.append(f"{percent(size[worst])} of itself ({p.cell}, {worst + 1} {step}{'s' if worst else ''} back)")
    moves = f"One spike of +1 σ moves the mean forecast by at most {', '.join(each)}"
    return Sentence(f"{moves}: so much of one wrong value gets into every forecast made from it.", "spike")


def _cost(cell_reports: Sequence[CellReport]) -> Sentence:
    each = [
        f"{p.cell} {p.cost.parameters:,} parameters and {1000 * p.cost.predict_seconds:.2g} ms a forecast"
        for p in cell_reports
    ]
    sizes = {p.cell: p.cost.parameters for p in cell_reports}
    least, most = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    so = ""
    if sizes[most] > sizes[least]:
        ratio = f"{sizes[most] / sizes[least]:.2g} times the {least}'s parameters"
        so = f"; the {most} has {ratio}, worth it only where its error is lower"
    return Sentence(f"One network costs: {'; '.join(each)}{so}.", "cost")


def _learning(cell_reports: Sequence[CellReport]) -> Sentence | None:
    watched = [(p.cell, p.learning) for p in cell_reports if p.learning is not None]
    if not watched:
        return None
    each, best = [], []
    for cell, own in watched:
        best.append(int(own.steps[int(np.argmin(own.rmse))]))
        way = f"{cell} from {own.rmse[0]:.4g} to {own.rmse[-1]:.4g}"
        each.append(f"{way} (best at step {best[-1]:,} of {own.steps[-1]:,})")
    last = int(watched[0][1].steps[-1])
    so = "the steps suffice"
    if min(best) == last:
        so = f"it was still falling, so more steps may help (--steps {2 * last})"
    elif 0 < max(best) <= last / 2:
        so = f"later steps brought nothing, and fewer may do (--steps {max(best)})"
    return Sentence(f"Training took the validation RMSE of the {'; '.join(each)}: {so}.", "learning")
