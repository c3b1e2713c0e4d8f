"""The files of `forecast explain`: a picture a panel, the page that holds them, and every number drawn."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from forecast.errors import UsageError
from forecast.evaluation.insight.flow import half_life
from forecast.evaluation.insight.memory import advised_window
from forecast.evaluation.insight.portrait import Portrait
from forecast.evaluation.insight.recollection import USUAL, Recollection, verdict
from forecast.specs import PlotKind
from forecast.workflows.explain import Explanation
from forecast.workflows.outputs import check_folder
from forecast.workflows.tables import timestamp_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA_VERSION = 1
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
    "recall": "The memory test",
}
SUMMARY = (
    "cell",
    "networks",
    "window",
    "lags_50",
    "lags_90",
    "whole_lags_90",
    "half_life",
    "median_tau",
    "idle_units",
    "saturated",
    "spectral_radius",
    "parameters",
    "predict_ms",
)
RECALL = ("cell", "setup", "units", "lag", "right", "worst", "best", "gives_up")


def check_page(folder: Path, *, force: bool) -> None:
    """Refuses a folder that holds a page, or that can't be made, before any work is done for it.

    Raises:
        UsageError: it does and ``--force`` was not given, or something else than a folder is in its place.
    """
    check_folder(folder)
    if (folder / PAGE).exists() and not force:
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
    files = {NUMBERS: _json_bytes(numbers)}
    if kind == "none":
        return files
    from forecast.report.canvas import render  # noqa: PLC0415 - matplotlib is slow to import
    from forecast.report.insight.page import Finding, Section, Table, page  # noqa: PLC0415

    shown: Literal["png", "svg"] = "svg" if kind == "svg" else "png"
    files_by_panel: dict[str, dict[str, bytes]] = {}
    for name, draw in _figures(explanation).items():
        figure = draw()
        panel = name.partition("-")[0]
        content = render(figure, kind)
        files[f"{name}.{kind}"] = content
        files_by_panel.setdefault(panel, {})[name] = content if kind == shown else render(figure, "png")
    table = Table(SUMMARY, [[_short(row[name]) for name in SUMMARY] for row in summary_rows(explanation)])
    sections = [Section("summary", "In numbers", table=table)]
    sections += [Section(panel, HEADINGS[panel], pictures=own) for panel, own in files_by_panel.items()]
    if lesson:
        sections.append(Section("lesson", HEADINGS["lesson"], lines=lesson))
    about = [*explanation.notes, *([f"Made by: {command}"] if command else [])]
    findings = [Finding(sentence.text, sentence.panel) for sentence in explanation.sentences]
    files[PAGE] = page(explanation.title, about, findings, sections, shown).encode()
    return files


def _figures(explanation: Explanation) -> dict[str, Callable[[], "Figure"]]:
    """Returns what draws each panel, by file stem."""
    from forecast.report.insight.constants_plot import constants_figure  # noqa: PLC0415
    from forecast.report.insight.cost_plot import cost_figure  # noqa: PLC0415
    from forecast.report.insight.flow_plot import flow_figure  # noqa: PLC0415
    from forecast.report.insight.gates_plot import gates_figure  # noqa: PLC0415
    from forecast.report.insight.learning_plot import learning_figure  # noqa: PLC0415
    from forecast.report.insight.memory_plot import memory_figure  # noqa: PLC0415
    from forecast.report.insight.saturation_plot import saturation_figure  # noqa: PLC0415
    from forecast.report.insight.spike_plot import spike_figure  # noqa: PLC0415

    found, portraits = explanation, explanation.portraits
    name, target, seasons = found.stem, found.target, found.seasons
    curves = [p.memory for p in portraits]
    figures: dict[str, Callable[[], Figure]] = {
        "memory": lambda: memory_figure(
            curves, seasons=seasons, lags=found.lags, title=f"{name}: how far back it looks"
        ),
        "flow": lambda: flow_figure(
            [flow for p in portraits for flow in p.flows], title=f"{name}: a gradient on its way back through time"
        ),
    }
    for p in portraits:
        figures[f"gates-{p.cell}"] = lambda p=p: gates_figure(  # type: ignore[misc]
            p.calendar, target=target, title=f"{name}: the {p.cell} along {found.series_id}"
        )
    figures |= {
        "constants": lambda: constants_figure(
            [p.constants for p in portraits], seasons=seasons, title=f"{name}: how long units remember"
        ),
        "saturation": lambda: saturation_figure(
            [p.saturation for p in portraits], title=f"{name}: where gates are stuck and units idle"
        ),
        "spike": lambda: spike_figure(
            [p.spike for p in portraits], curves, season=found.season, target=target, title=f"{name}: what a spike does"
        ),
        "cost": lambda: cost_figure([p.cost for p in portraits], title=f"{name}: what one network costs"),
    }
    learned = [p.learning for p in portraits if p.learning is not None]
    if learned:
        figures["learning"] = lambda: learning_figure(learned, target=target, title=f"{name}: how the cells learned")
    return figures


def recall_files(found: Recollection, kind: PlotKind, command: str = "") -> dict[str, bytes]:
    """Returns the files of the memory test by name."""
    files = {NUMBERS: _json_bytes(recall_document(found))}
    if kind == "none":
        return files
    from forecast.report.canvas import render  # noqa: PLC0415
    from forecast.report.insight.page import Finding, Section, Table, page  # noqa: PLC0415
    from forecast.report.insight.recall_plot import recall_figure  # noqa: PLC0415

    shown: Literal["png", "svg"] = "svg" if kind == "svg" else "png"
    figure = recall_figure(found, title="Memory test: who still knows the value seen k steps ago?")
    files[f"recall.{kind}"] = render(figure, kind)
    table = Table(RECALL, [[_short(row[name]) for name in RECALL] for row in recall_rows(found)])
    section = Section("recall", HEADINGS["recall"], pictures={"recall": render(figure, shown)}, table=table)
    about = [
        "A sequence of random +1 and −1; the first is marked, and k steps later the network is asked what it was.",
        *([f"Made by: {command}"] if command else []),
    ]
    files[PAGE] = page("Memory test", about, [Finding(verdict(found), "recall")], [section], shown).encode()
    return files


def summary_rows(explanation: Explanation) -> list[dict[str, Any]]:
    """Returns a row a cell: what the sentences stand on."""
    return [
        {
            "cell": p.cell,
            "networks": p.networks,
            "window": p.spec.window,
            "lags_50": p.memory.reach(0.5),
            "lags_90": p.memory.reach(0.9),
            "whole_lags_90": p.memory.whole_reach(0.9),
            "half_life": half_life(p.flows[0].trained),
            "median_tau": float(np.median(p.constants.tau)),
            "idle_units": p.saturation.dead,
            "saturated": p.saturation.flat,
            "spectral_radius": p.saturation.radius,
            "parameters": p.cost.parameters,
            "predict_ms": 1000 * p.cost.predict_seconds,
        }
        for p in explanation.portraits
    ]


def recall_rows(found: Recollection) -> list[dict[str, Any]]:
    """Returns a row for each cell, setup and lag."""
    return [
        {
            "cell": cell,
            "setup": setup,
            "units": found.units[cell],
            "lag": lag,
            "right": float(row.mean()),
            "worst": float(row.min()),
            "best": float(row.max()),
            "gives_up": found.gives_up(cell, setup),
        }
        for cell in found.cells
        for setup, rates in found.rates[cell].items()
        for lag, row in zip(found.lags, rates, strict=True)
    ]


def recall_document(found: Recollection) -> dict[str, Any]:
    """Returns the numbers of the memory test, JSON-ready."""
    return {
        "verdict": verdict(found),
        "steps": found.steps,
        "seconds": found.seconds,
        "gives_up": {cell: found.gives_up(cell, USUAL) for cell in found.cells},
        "recall": recall_rows(found),
    }


def explain_document(explanation: Explanation) -> dict[str, Any]:
    """Returns every number that is drawn, JSON-ready."""
    return {
        "title": explanation.title,
        "target": explanation.target,
        "series": explanation.series_id,
        "seasons": list(explanation.seasons),
        "lags": explanation.lags,
        "notes": list(explanation.notes),
        "sentences": [{"text": sentence.text, "panel": sentence.panel} for sentence in explanation.sentences],
        "summary": summary_rows(explanation),
        "cells": {p.cell: _portrait(p, explanation.season) for p in explanation.portraits},
    }


def _portrait(p: Portrait, season: int) -> dict[str, Any]:
    stamps = timestamp_texts(p.calendar.timestamps)
    return {
        "spec": p.spec.to_json(),
        "networks": p.networks,
        "memory": {
            "lag": np.arange(1, p.spec.window + 1),
            "recurrent": p.memory.recurrent,
            "untrained": p.memory.untrained,
            "whole": p.memory.whole,
            "windows": p.memory.windows,
            "lags_50": p.memory.reach(0.5),
            "lags_90": p.memory.reach(0.9),
            "whole_lags_50": p.memory.whole_reach(0.5),
            "whole_lags_90": p.memory.whole_reach(0.9),
            "advised_window": advised_window(p.memory, season),
        },
        "flow": [
            {
                "path": flow.path,
                "trained": flow.trained,
                "untrained": flow.untrained,
                "half_life": half_life(flow.trained),
                "untrained_half_life": half_life(flow.untrained),
                "explodes": flow.explodes,
                "observations_a_step": flow.segment,
            }
            for flow in p.flows
        ],
        "gates": {
            "view": p.shown.view.label,
            "seed": p.shown.seed,
            "timestamp": list(map(str, stamps)),
            "value": p.calendar.values,
            "rows": p.calendar.rows,
            "events": {event.name: [str(s) for s in stamps[event.dates]] for event in p.calendar.events},
            "padded": p.calendar.padded,
        },
        "constants": {"source": p.constants.source, "tau": p.constants.tau},
        "saturation": vars(p.saturation),
        "spike": {
            "sigma": p.spike.size,
            "change": p.spike.change,
            "occlusion": p.spike.occlusion,
            "agreement": p.spike.agreement,
        },
        "cost": vars(p.cost),
        "learning": vars(p.learning) if p.learning else None,
    }


def plain_json(value: Any) -> Any:
    """Returns the value with arrays as lists; what is not finite becomes None."""
    if isinstance(value, np.ndarray):
        return plain_json(value.tolist())
    if isinstance(value, Mapping):
        return {key: plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _json_bytes(document: Mapping[str, Any]) -> bytes:
    whole = {"schema_version": SCHEMA_VERSION, **plain_json(document)}
    return (json.dumps(whole, ensure_ascii=False) + "\n").encode()


def _short(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
