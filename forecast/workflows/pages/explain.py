"""The files of `forecast explain`: a picture a panel, the page that holds them, and every number drawn."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import forecast
from forecast.errors import UsageError
from forecast.evaluation.explain.explanation import Explanation
from forecast.evaluation.explain.memory_lesson import knowing
from forecast.evaluation.explain.memory_test import MemoryTestResult
from forecast.experiment.destinations import check_folder
from forecast.models.networks.cells.cell import USUAL
from forecast.production.store.disk import kind_of
from forecast.specs import PlotKind
from forecast.wording import measure, spelled
from forecast.workflows.pages.explain_tables import (
    explain_document,
    json_bytes,
    recall_document,
    recall_rows,
    summary_texts,
)

if TYPE_CHECKING:
    from forecast.report.figures.figure import Drawing
    from forecast.report.html.page import Block, Fact, Page, PageFinding, PageTable, Section

PAGE, NUMBERS = "explain.html", "explain.json"
HEADINGS = {
    "memory": "How far back it looks",
    "flow": "What is left of a gradient on its way back",
    "gates": "The gates along the calendar",
    "constants": "How long units remember",
    "saturation": "Saturation and waste",
    "spike": "What a spike does",
    "cost": "What it costs",
    "learning": "How it learned",
    "lesson": "The equations, with this data's numbers",
    "recall": "Who still knows",
}
INTROS = {
    "memory": "How much the forecast would change if the value at each lag had been a little higher, by exact "
    "gradients. A line that falls fast is a short memory; one that falls slower than its dotted, untrained "
    "line learned to look further back.",
    "flow": "A network learns from what lies k steps back only if the gradient still reaches it. In a plain RNN it "
    "passes a matrix and a tanh at each step, and vanishes (or explodes); an LSTM's cell state is a highway "
    "past both.",
    "gates": "The same network at every date of the series. A column is a date, a row is a unit: look for columns that "
    "change colour at weekends, outliers and promotions, and for rows that change with the season.",
    "constants": "A unit whose gate keeps 90 % at each step has forgotten two thirds after ten. Units to the right of "
    "a season's line can carry something from one season to the next.",
    "saturation": "A gate that is always shut or always open has stopped choosing, and a tanh at its end hardly learns "
    "any more. Units whose state never changes can be saved.",
    "spike": "One value is raised by a standard deviation, and the whole forecast is made again. Then comes the "
    "check of the first panel without any gradient: each value is hidden in turn.",
    "cost": "By formula and by the clock: what the extra gates are paid with.",
    "learning": "The error on the steps after the training data, which no network was trained on, as training went on.",
    "lesson": "The same equations as in the textbooks, and what each symbol was on average here.",
    "recall": "A sequence of random +1 and −1; one of them is marked, and k steps later the network is asked which it "
    "was. Noise before and after the mark, equally many parameters and training steps for each cell.",
}
MEASURES = {
    "networks": "networks",
    "window": "steps that they see",
    "lags_50": "lags that hold 50 % of the cell's sensitivity",
    "lags_90": "lags that hold 90 % of it",
    "whole_lags_90": "lags that hold 90 % of the whole forecast's",
    "half_life": "half-life of a change in the memory (LSTM: its cell state), recurrent steps",
    "median_tau": "median time constant (mean keep gate; RNN: mean Jacobian), observed steps",
    "idle_units": "idle units",
    "saturated": "saturated share of tanh values",
    "spectral_radius": "spectral radius of the recurrent matrix, without gates and tanh",
    "parameters": "parameters of a network",
    "predict_ms": "milliseconds a forecast",
}
"""Rows of the table of numbers: what stands in each column of the summary."""
RECALL_TITLES = ("cell", "setup", "lag", "right, %", "worst seed, %", "best seed, %")


def check_page(folder: Path, *, force: bool) -> None:
    """Refuses a folder that holds a page, or that can't be made, before any work is done for it.

    Raises:
        UsageError: it does and ``--force`` was not given, or something else than a folder is in its place.
    """
    check_folder(folder, "-o")
    if kind_of(folder / PAGE, "-o DIR") and not force:
        raise UsageError(f"{folder / PAGE} exists already.", f"--force to replace it, or -o {folder}-2")


def explain_files(
    explanation: Explanation, lesson: Sequence[str], kind: PlotKind, command: str = ""
) -> dict[str, bytes]:
    """Returns the files by name: panels, the page, and the numbers; without pictures there is no page either.

    Args:
        explanation: what was found.
        lesson: lines of ``--teach``; none for no lesson.
        kind: of the pictures.
        command: that made it, to be said on the page.
    """
    numbers = {**explain_document(explanation), "lesson": list(lesson)}
    files = {NUMBERS: json_bytes(numbers)}
    if kind == "none":
        return files
    from forecast.report.figures.figure import render  # matplotlib is slow to import
    from forecast.report.html.page import Code, Fact, PageFinding, Section, render_page  # needs Jinja2

    files |= {f"{name}.{kind}": render(draw(), kind) for name, draw in _figures(explanation).items()}
    parts = [Section(panel, HEADINGS[panel], own, INTROS[panel]) for panel, own in _panels(explanation).items()]
    if lesson:
        parts.append(Section("lesson", HEADINGS["lesson"], (Code("\n".join(lesson)),), INTROS["lesson"]))
    parts.append(Section("numbers", "In numbers", (_summary_table(explanation),), " ".join(explanation.notes)))
    facts = [
        Fact(f"Lags the {p.cell} uses", f"{p.memory.reach(0.9)} of {p.spec.window}", "hold 90 % of its sensitivity")
        for p in explanation.cell_reports
    ]
    findings = [PageFinding(sentence.text, sentence.panel) for sentence in explanation.sentences]
    about = f"{explanation.target} · gates and the spike of {explanation.series_id}"
    files[PAGE] = render_page(_page(f"Inside {explanation.title}", about, findings, facts, parts, command))
    return files


def memory_test_files(
    found: MemoryTestResult, words: Sequence[str], kind: PlotKind, command: str = "", *, is_lesson: bool = False
) -> dict[str, bytes]:
    """Returns the files of the memory test, or of the lesson, by name.

    Args:
        found: what came out.
        words: what it means, in sentences.
        kind: of the picture.
        command: that made it, to be said on the page.
        is_lesson: it is the short form: one setup a cell.
    """
    files = {NUMBERS: json_bytes(recall_document(found, words))}
    if kind == "none":
        return files
    from forecast.report.explain import memory_test as drawing
    from forecast.report.figures.figure import render
    from forecast.report.html.page import PageFinding, Section, render_page

    draw, caption = (
        (drawing.lesson_figure, drawing.lesson_caption)
        if is_lesson
        else (drawing.recall_figure, drawing.recall_caption)
    )
    title = "Who still knows the value seen k steps ago?"
    files[f"recall.{kind}"] = render(draw(found, title=title if is_lesson else f"Memory test: {title}"), kind)
    picture = drawing.recall_gallery(found, caption(found), shows_seeds=is_lesson)
    parts = [
        Section("recall", HEADINGS["recall"], (picture,), INTROS["recall"]),
        Section("numbers", "In numbers", (_lag_table(found),) if is_lesson else (_recall_table(found),)),
    ]
    facts = [_known(found, cell) if is_lesson else _given_up(found, cell) for cell in found.cells]
    findings = [PageFinding(sentence, "recall") for sentence in words]
    name = "A lesson on memory" if is_lesson else "Memory test"
    files[PAGE] = render_page(
        _page(name, f"{spelled(len(found.cells))} cells, one task", findings, facts, parts, command)
    )
    return files


def _known(found: MemoryTestResult, cell: str) -> "Fact":
    from forecast.report.html.page import Fact

    some, networks = knowing(found, cell)
    return Fact(f"{cell} networks that still know", f"{some} of {networks}", f"after {found.lags[-1]} steps")


def _given_up(found: MemoryTestResult, cell: str) -> "Fact":
    from forecast.report.html.page import Fact

    best = _lag_words(found.gives_up(cell, found.best(cell)))
    return Fact(f"{cell} gives up at", _lag_words(found.gives_up(cell)), f"at its best: {best}")


def _recall_table(found: MemoryTestResult) -> "PageTable":
    """Returns a row for each cell, setup and lag."""
    from forecast.report.html.page import PageColumn, PageTable, cells

    rows = [
        (row["cell"], row["setup"], str(row["lag"]), *(f"{100 * row[key]:.0f}" for key in ("right", "worst", "best")))
        for row in recall_rows(found)
    ]
    return PageTable(
        tuple(PageColumn(title, place > 1) for place, title in enumerate(RECALL_TITLES)), tuple(map(cells, rows))
    )


def _lag_table(found: MemoryTestResult) -> "PageTable":
    """Returns a row a lag and a column a cell, each seed beside the mean."""
    from forecast.report.html.page import PageCell, PageColumn, PageTable

    columns = (PageColumn("steps back"), *(PageColumn(f"{cell}: right, %", True) for cell in found.cells))
    rows = []
    for place, lag in enumerate(found.lags):
        own = [100 * found.rates[cell][USUAL][place] for cell in found.cells]
        each = [PageCell(f"{one.mean():.0f}", note=" ".join(f"{seed:.0f}" for seed in np.sort(one))) for one in own]
        rows.append((PageCell(str(lag)), *each))
    return PageTable(columns, tuple(rows))


def _page(
    title: str,
    about: str,
    findings: Sequence["PageFinding"],
    facts: Sequence["Fact"],
    parts: Sequence["Section"],
    command: str,
) -> "Page":
    from forecast.report.html.page import Code, Page, Section

    made = [Section("made", "How to make it again", (Code(command),))] if command else []
    foot = f"Made by forecast {forecast.__version__}. This file needs no network: all of it is in it."
    return Page(title, about, (), tuple(facts), (*parts, *made), foot, tuple(findings))


def _panels(found: Explanation) -> dict[str, tuple["Block", ...]]:
    """Returns what stands in each section of the page: charts in the colours of its theme, and tables."""
    from forecast.report.explain.cost import cost_note, cost_table
    from forecast.report.explain.gates import gates_gallery
    from forecast.report.explain.gradient_flow import flow_gallery
    from forecast.report.explain.learning import learning_gallery
    from forecast.report.explain.memory import memory_gallery
    from forecast.report.explain.saturation import saturation_note, saturation_table
    from forecast.report.explain.spike import spike_gallery
    from forecast.report.explain.time_constants import constants_gallery
    from forecast.report.html.page import Words

    own, seasons = found.cell_reports, found.seasons
    curves, saturations = [p.memory for p in own], [p.saturation for p in own]
    costs, learned = [p.cost for p in own], [p.learning for p in own if p.learning is not None]
    panels: dict[str, tuple[Block, ...]] = {
        "memory": (memory_gallery(curves, seasons=seasons, lags=found.lags),),
        "flow": (flow_gallery([flow for p in own for flow in p.flows]),),
        "gates": tuple(gates_gallery(p.calendar, target=found.target) for p in own),
        "constants": (constants_gallery([p.constants for p in own], seasons=seasons),),
        "saturation": (saturation_table(saturations), Words(saturation_note(saturations))),
        "spike": (spike_gallery([p.spike for p in own], curves, season=found.season, target=found.target),),
        "cost": (cost_table(costs), Words(cost_note(costs))),
    }
    return panels | ({"learning": (learning_gallery(learned, target=found.target),)} if learned else {})


def _summary_table(explanation: Explanation) -> "PageTable":
    from forecast.report.html.page import PageColumn, PageTable, cells

    found = summary_texts(explanation, measure)
    columns = (PageColumn(""), *(PageColumn(row["cell"], True) for row in found))
    rows = [cells([words, *(row[name] for row in found)]) for name, words in MEASURES.items()]
    return PageTable(columns, tuple(rows))


def _figures(explanation: Explanation) -> dict[str, Callable[[], "Drawing"]]:
    """Returns what draws each panel, by file stem."""
    return _memory_figures(explanation) | _unit_figures(explanation) | _training_figures(explanation)


def _memory_figures(found: Explanation) -> dict[str, Callable[[], "Drawing"]]:
    """Returns what draws how far back the cells look, and what their gates do on the way."""
    from forecast.report.explain.gates import gates_figure
    from forecast.report.explain.gradient_flow import flow_figure
    from forecast.report.explain.memory import memory_figure

    name, cell_reports = found.stem, found.cell_reports
    curves, flows = [p.memory for p in cell_reports], [flow for p in cell_reports for flow in p.flows]
    return {
        "memory": lambda: memory_figure(
            curves, seasons=found.seasons, lags=found.lags, title=f"{name}: how far back it looks"
        ),
        "flow": lambda: flow_figure(flows, title=f"{name}: a gradient on its way back through time"),
        **{
            f"gates-{p.cell}": partial(
                gates_figure, p.calendar, target=found.target, title=f"{name}: the {p.cell} along {found.series_id}"
            )
            for p in cell_reports
        },
    }


def _unit_figures(found: Explanation) -> dict[str, Callable[[], "Drawing"]]:
    """Returns what draws how long units remember, which are idle, and how a spike goes through them."""
    from forecast.report.explain.saturation import saturation_figure
    from forecast.report.explain.spike import spike_figure
    from forecast.report.explain.time_constants import constants_figure

    name, cell_reports = found.stem, found.cell_reports
    constants, saturations = [p.constants for p in cell_reports], [p.saturation for p in cell_reports]
    spikes, curves = [p.spike for p in cell_reports], [p.memory for p in cell_reports]
    return {
        "constants": lambda: constants_figure(
            constants, seasons=found.seasons, title=f"{name}: how long units remember"
        ),
        "saturation": lambda: saturation_figure(saturations, title=f"{name}: where gates are stuck and units idle"),
        "spike": lambda: spike_figure(
            spikes, curves, season=found.season, target=found.target, title=f"{name}: what a spike does"
        ),
    }


def _training_figures(found: Explanation) -> dict[str, Callable[[], "Drawing"]]:
    """Returns what draws what a network costs, and how the cells learned where that was watched."""
    from forecast.report.explain.cost import cost_figure
    from forecast.report.explain.learning import learning_figure

    name, costs = found.stem, [p.cost for p in found.cell_reports]
    learned = [p.learning for p in found.cell_reports if p.learning is not None]
    figures: dict[str, Callable[[], Drawing]] = {
        "cost": lambda: cost_figure(costs, title=f"{name}: what one network costs")
    }
    if learned:
        figures["learning"] = lambda: learning_figure(
            learned, target=found.target, title=f"{name}: how the cells learned"
        )
    return figures


def _lag_words(lag: int | None) -> str:
    return "none" if lag is None else f"{lag} steps"
