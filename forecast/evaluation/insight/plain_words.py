"""What the panels show, in at most eight sentences, each with its number and its panel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.evaluation.insight.flow import half_life
from forecast.evaluation.insight.memory import advised_window
from forecast.evaluation.insight.portrait import Portrait

MOST = 8
WASTE = 0.1
"""Share of dead units from which on they are worth a sentence."""


@dataclass(frozen=True)
class Sentence:
    """One finding, and the panel that shows it."""

    text: str
    panel: str


def plain_words(portraits: Sequence[Portrait], season: int, step: str) -> tuple[Sentence, ...]:
    """Returns the findings, the most useful first.

    Args:
        portraits: of each cell.
        season: steps in one season, 1 for none.
        step: what one observed step is called, such as ``month``.
    """
    found = [
        _memory(portraits),
        _advice(portraits, season),
        _flow(portraits),
        _constants(portraits, season),
        _waste(portraits),
        _spike(portraits, step),
        _cost(portraits),
        _learning(portraits),
    ]
    return tuple(sentence for sentence in found if sentence is not None)[:MOST]


def _memory(portraits: Sequence[Portrait]) -> Sentence:
    each = [
        f"the {p.cell} uses {p.memory.reach(0.9)} of its {p.spec.window} steps (half of it lies in the last "
        f"{p.memory.reach(0.5)})"
        for p in portraits
    ]
    return Sentence(f"By 90 % of its sensitivity, {'; '.join(each)}.", "memory")


def _advice(portraits: Sequence[Portrait], season: int) -> Sentence:
    window = portraits[0].spec.window
    wanted = [advised_window(p.memory, season) for p in portraits]
    needed = max(p.memory.whole_reach(0.9) for p in portraits)
    if all(wanted):
        best = max(length for length in wanted if length)
        text = (
            f"Highway and naive base included, 90 % lies in the last {needed} of {window} steps: try --window {best}."
        )
    elif needed > 0.95 * window:
        text = (
            f"Highway and naive base included, 90 % of the sensitivity needs {needed} of {window} steps: even the "
            f"oldest count, so a longer window may help (--window {2 * window})."
        )
    else:
        text = (
            f"Highway and naive base included, 90 % of the sensitivity needs {needed} of {window} steps: the window "
            f"is well chosen."
        )
    return Sentence(text, "memory")


def _flow(portraits: Sequence[Portrait]) -> Sentence:
    parts = []
    for p in portraits:
        for flow in p.flows:
            if flow.explodes:
                parts.append(f"{flow.name} explodes, up to {flow.trained.max():.0f} times")
                continue
            half, left = half_life(flow.trained), flow.trained[-1] / flow.trained[0]
            lasts = (
                f"halves in {half:.1f} recurrent steps" if half is not None else f"keeps {100 * left:.0f} % to the end"
            )
            parts.append(f"{flow.name} {lasts}")
    segment = portraits[0].spec.segment
    unit = f" (of {segment} observations each)" if segment > 1 else ""
    return Sentence(f"On its way back through time, the gradient of the {'; '.join(parts)}{unit}.", "flow")


def _constants(portraits: Sequence[Portrait], season: int) -> Sentence | None:
    gated = [p for p in portraits if p.constants.source != "eigenvalues"]
    if not gated:
        return None
    edge, name = (season, f"a season of {season} steps") if season > 1 else (10, "10 steps")
    each = [f"{int((p.constants.tau > edge).sum())} of {p.spec.units} units of the {p.cell}" for p in gated]
    return Sentence(f"By their mean keep gate, {' and '.join(each)} remember longer than {name}.", "constants")


def _waste(portraits: Sequence[Portrait]) -> Sentence:
    parts = [
        f"{p.saturation.dead} of {p.saturation.units} units of the {p.cell} are idle, "
        f"{100 * p.saturation.flat:.0f} % of its tanh values saturated"
        for p in portraits
    ]
    wasteful = [p for p in portraits if p.saturation.dead > WASTE * p.saturation.units]
    advice = ""
    if wasteful:
        units = max(p.saturation.units - p.saturation.dead for p in wasteful)
        advice = f": try --units {max(units, 4)}"
    return Sentence(f"{'; '.join(parts)}{advice}.", "saturation")


def _spike(portraits: Sequence[Portrait], step: str) -> Sentence:
    each = []
    for p in portraits:
        size = np.abs(p.spike.change).mean(axis=1) / max(p.spike.size, 1e-12)  # (L,)
        worst = int(np.argmax(size))
        each.append(f"{100 * size[worst]:.0f} % of itself ({p.cell}, {worst + 1} {step}{'s' if worst else ''} back)")
    return Sentence(f"One spike of +1 σ moves the mean forecast by at most {', '.join(each)}.", "spike")


def _cost(portraits: Sequence[Portrait]) -> Sentence:
    each = [
        f"{p.cell} {p.cost.parameters:,} parameters and {1000 * p.cost.predict_seconds:.2g} ms a forecast"
        for p in portraits
    ]
    return Sentence(f"One network costs: {'; '.join(each)}.", "cost")


def _learning(portraits: Sequence[Portrait]) -> Sentence | None:
    watched = [(p.cell, p.learning) for p in portraits if p.learning is not None]
    if not watched:
        return None
    each = []
    for cell, own in watched:
        best = own.steps[int(np.argmin(own.rmse))]
        way = f"{cell} from {own.rmse[0]:.4g} to {own.rmse[-1]:.4g}"
        each.append(f"{way} (best at step {best:,} of {own.steps[-1]:,})")
    return Sentence(f"Training took the validation RMSE of the {'; '.join(each)}.", "learning")
