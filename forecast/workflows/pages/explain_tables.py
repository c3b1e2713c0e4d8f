"""Every number that `forecast explain` draws, as tables and as a JSON document."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from forecast.evaluation.explain.cell_report import CellReport
from forecast.evaluation.explain.explanation import Explanation
from forecast.evaluation.explain.gradient_flow import Flow, half_life
from forecast.evaluation.explain.memory import advised_window
from forecast.evaluation.explain.memory_test import MemoryTestResult
from forecast.models.networks.cells.cell import USUAL
from forecast.report.tables import timestamp_texts

SCHEMA_VERSION = 1
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
            "half_life": half_life(p.memory_flow.trained),
            "median_tau": float(np.median(p.constants.tau)),
            "idle_units": p.saturation.dead,
            "saturated": p.saturation.flat,
            "spectral_radius": p.saturation.radius,
            "parameters": p.cost.parameters,
            "predict_ms": 1000 * p.cost.predict_seconds,
        }
        for p in explanation.cell_reports
    ]


def summary_texts(explanation: Explanation, write: Callable[[Any], str]) -> list[dict[str, str]]:
    """Returns the same in words: a half-life that does not come within the window is longer than its steps."""
    rows = []
    for p, row in zip(explanation.cell_reports, summary_rows(explanation), strict=True):
        longer = f"> {len(p.memory_flow.trained) - 1}"
        texts = {name: write(value) for name, value in row.items()}
        rows.append(texts if row["half_life"] is not None else {**texts, "half_life": longer})
    return rows


def recall_rows(found: MemoryTestResult) -> list[dict[str, Any]]:
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


def recall_document(found: MemoryTestResult, words: Sequence[str]) -> dict[str, Any]:
    """Returns the numbers of the memory test or of the lesson with what they mean, JSON-ready."""
    return {
        "verdict": " ".join(words),
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
        "cells": {p.cell: _cell_document(p, explanation.seasons) for p in explanation.cell_reports},
    }


def _cell_document(p: CellReport, seasons: Sequence[int]) -> dict[str, Any]:
    return {
        "spec": p.spec.to_json(),
        "networks": p.networks,
        "memory": _memory(p, seasons),
        "flow": [_flow(flow) for flow in p.flows],
        "gates": _gates(p),
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


def _memory(p: CellReport, seasons: Sequence[int]) -> dict[str, Any]:
    return {
        "lag": np.arange(1, p.spec.window + 1),
        "recurrent": p.memory.recurrent,
        "untrained": p.memory.untrained,
        "whole": p.memory.whole,
        "windows": p.memory.windows,
        "lags_50": p.memory.reach(0.5),
        "lags_90": p.memory.reach(0.9),
        "whole_lags_50": p.memory.whole_reach(0.5),
        "whole_lags_90": p.memory.whole_reach(0.9),
        "share": p.memory.share,
        "advised_window": advised_window(p.memory, seasons),
    }


def _flow(flow: Flow) -> dict[str, Any]:
    return {
        "path": flow.path,
        "trained": flow.trained,
        "untrained": flow.untrained,
        "half_life": half_life(flow.trained),
        "untrained_half_life": half_life(flow.untrained),
        "explodes": flow.explodes,
        "observations_a_step": flow.segment,
    }


def _gates(p: CellReport) -> dict[str, Any]:
    stamps = timestamp_texts(p.calendar.timestamps)
    return {
        "view": p.shown.view.label,
        "seed": p.shown.seed,
        "timestamp": list(map(str, stamps)),
        "value": p.calendar.values,
        "rows": p.calendar.rows,
        "events": {event.name: [str(s) for s in stamps[event.dates]] for event in p.calendar.events},
        "padded": p.calendar.padded,
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


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Returns a document as the content of a file."""
    whole = {"schema_version": SCHEMA_VERSION, **plain_json(document)}
    return (json.dumps(whole, ensure_ascii=False) + "\n").encode()
