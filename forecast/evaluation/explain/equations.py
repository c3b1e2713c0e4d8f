"""Equations of a cell (`--teach`) with source, learned averages of their symbols, and one real window step by step.

Nothing is rounded before it is averaged; the walk shows the unit with the longest memory.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np

from forecast.data.windows import last_lookbacks
from forecast.evaluation.explain.cell_report import CellReport
from forecast.evaluation.explain.subject import Probe, Subject, sample_ends
from forecast.models.networks.backprop import ForwardPass
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import HIDDEN
from forecast.models.networks.recurrent import run_network
from forecast.models.views import restore

LETTERS = {"kernel": "W", "recurrent": "U", "bias": "b"}
MOST_STEPS = 14
"""A longer walk shows so many steps: the first few and the last."""


def equation_lines(cell_reports: Sequence[CellReport], subjects: Sequence[Subject], series: int) -> tuple[str, ...]:
    """Returns the equations of each cell with its numbers, in lines of text.

    Args:
        cell_reports: of the cells.
        subjects: of the same cells.
        series: position of the series whose last window is walked through.
    """
    lines: list[str] = []
    for cell_report, subject in zip(cell_reports, subjects, strict=True):
        lines += [f"{cell_report.cell.upper()}: the equations", ""]
        lines += [f"  {line}" for line in (*CELLS[cell_report.cell].equations, *_entry(cell_report))]
        lines += ["", *_averages(cell_report, subject), "", *_walk(cell_report, subject, series), ""]
    return tuple(lines[:-1])


def _entry(cell_report: CellReport) -> tuple[str, ...]:
    """Returns what x_t is where it is more than the observation of step t."""
    spec = cell_report.spec
    texts = [f"x_t: {spec.segment} observations at once, through a linear embedding"] if spec.segment > 1 else []
    texts += ["beside them: covariates"] if spec.known + spec.past else []
    texts += (
        [f"{spec.layers} layers: the h_t of one is the x_t of the next; shown is the last"] if spec.layers > 1 else []
    )
    return tuple(texts)


def _averages(cell_report: CellReport, subject: Subject) -> list[str]:
    """Returns each symbol beside its average over units, windows and steps."""
    probe = subject.probes[cell_report.memory.representative]
    passage = probe.run()
    trace, weights = passage.traces[-1], passage.weights[-1]
    windows, steps = trace.hidden.shape[1], trace.hidden.shape[0]
    lines = [f"On this data: mean and spread over {probe.spec.units} units, {windows} windows, {steps} steps", ""]
    symbols = CELLS[probe.spec.cell].symbols
    values = {symbols[name]: gate for name, gate in trace.gates.items() if name != HIDDEN} | {"h": trace.hidden}
    if trace.cell_state is not None:
        values["c, the cell state"] = trace.cell_state
    values |= {letter: weights[part] for part, letter in LETTERS.items() if part in weights}
    lines += [f"  {_padded(name, 26)} {value.mean():>8.3f} ± {value.std():.3f}" for name, value in values.items()]
    return lines


def _walk(cell_report: CellReport, subject: Subject, series: int) -> list[str]:
    """Returns one real window step by step, in the unit that remembers longest."""
    own, spec = subject.of_series(series), subject.spec
    network = cell_report.shown
    window = last_lookbacks(own.rest, spec.window, network.view.season)
    probe = own.probe(network, sample_ends(own.panel, spec.window, most=1))
    passage = probe.run()
    trace = passage.traces[-1]
    cell = CELLS[spec.cell]
    kept = cell.keep_gate.kept(trace.gates) if cell.keep_gate else np.abs(trace.hidden)
    unit = int(np.argmax(kept.mean(axis=(0, 1))))
    gates = [name for name in trace.gates if name != HIDDEN]
    columns = [*(cell.symbols[name].partition(",")[0].partition(" ")[0] for name in gates)]
    columns += ["c", "h"] if trace.cell_state is not None else ["h"]
    head = "".join(_padded(name, -8) for name in columns)
    x = "mean x" if spec.segment > 1 else "x"
    lines = [
        f"One window, step by step: the last of {own.panel.series_ids[0]}",
        f"in unit {unit} of the last layer, the one that {'keeps most' if cell.keep_gate else 'is largest'}",
        "",
        f"  step{'value':>12}{x:>9}{head}",
    ]
    raw = window.reshape(-1, spec.segment).mean(axis=1)
    for t in _shown(len(raw)):
        if t is None:
            lines.append("   …")
            continue
        own_values = [trace.gates[name][t, 0, unit] for name in gates]
        own_values += [trace.cell_state[t, 0, unit]] if trace.cell_state is not None else []
        own_values.append(trace.hidden[t, 0, unit])
        seen = probe.seen.inputs.reshape(-1, spec.segment).mean(axis=1)[t]
        lines.append(f"  {t + 1:>4}{raw[t]:>12,.5g}{seen:>9.3f}" + "".join(f"{value:>8.3f}" for value in own_values))
    return [*lines, "", *_answer(probe, passage)]


def _answer(probe: Probe, passage: ForwardPass) -> list[str]:
    """Returns how the last state becomes the first step of the forecast."""
    weights, seen = probe.weights, probe.seen
    through_cell = passage.last[0] @ weights["head/kernel"][:, 0] + weights["head/bias"][0]
    output = run_network(probe.spec, weights, seen.inputs, probe.covariates, seen.normalised_base)
    forecast = restore(output, seen, probe.maps)[0, 0]
    straight = output[0, 0] - through_cell
    said, unit = output[0, 0], "in log(value / mean)" if probe.maps.log else "in the value's unit"
    level, scale = seen.base[0, 0], seen.scale[0, 0]
    others = "the highway adds" if probe.covariates is None else "highway and decoder add"
    return [
        f"  head · h_T + b = {through_cell:.3f}, {others} {straight:.3f}: {said:.3f} scales",
        f"  base {level:.5g} + scale {scale:.4g} × {said:.3f} = {level + scale * said:.5g}, {unit}:",
        f"  this network's forecast of the first step is {forecast:,.5g}",
    ]


def _padded(text: str, width: int) -> str:
    """Returns the text with blanks after it, or before it for a width below zero; accents take no room."""
    blanks = " " * (abs(width) - sum(not unicodedata.combining(letter) for letter in text))
    return text + blanks if width > 0 else blanks + text


def _shown(steps: int) -> list[int | None]:
    """Returns the steps to show, None for a gap."""
    if steps <= MOST_STEPS:
        return list(range(steps))
    return [0, 1, 2, None, *range(steps - MOST_STEPS + 4, steps)]
