"""What a model's history and a retrain's decision say, as sections of a report."""

from itertools import islice
from typing import Any

import numpy as np

from forecast.decoding import decode
from forecast.production.promotion import Gate, rules
from forecast.production.store.manifest import MANIFEST
from forecast.production.store.model_store import ModelStore
from forecast.production.store.run_record import PROOF, RunRecord, read_line
from forecast.production.store.version import Version, missing_field, unreadable
from forecast.report.figures.pictures import Retrains
from forecast.report.html.page import Gallery
from forecast.report.html.retrain_sections import decision_section, run_section
from forecast.report.html.retrains import run_gallery
from forecast.workflows.pages.sections import RetrainSections

MOST = 500
"""So many of the newest runs are told: a page of a million rows opens nowhere."""
FEWEST = 2
"""A picture of fewer retrains says nothing that the table does not."""


def challenge_of(version: Version) -> RunRecord | None:
    """Returns the run that a version came about by; None where it was trained as such.

    Raises:
        DamagedError: its manifest does not say how champion and challenger did.
    """
    record = version.manifest.retrain
    if record is not None:
        for name in PROOF:
            if name not in version.document["retrain"]:
                raise missing_field(version.name, version.label, name)
        _gate(version, record.gate)
    return record


def _gate(version: Version, document: Any) -> Gate:
    try:
        return decode(Gate, document, "retrain.gate")
    except ValueError as error:
        raise unreadable(version.name, version.label, MANIFEST, error) from error


def retrain_sections(models: ModelStore, challenge: RunRecord | None) -> RetrainSections:
    """Returns the decision, if there was one, and the runs of a model, if there was more than its first."""
    newest = list(islice(models.newest_runs(), MOST + 1))
    runs = tuple(read_line(models.name, line) for line in reversed(newest[:MOST]))
    decision = (decision_section(challenge, _rules(challenge)),) if challenge else ()
    return RetrainSections(
        decision,
        (run_section(runs, _gallery(runs), is_all=len(newest) <= MOST),) if len(runs) > 1 else (),
    )


def _rules(record: RunRecord) -> tuple[str, ...]:
    return rules(decode(Gate, record.gate)) if record.scored_on else ()


def _gallery(runs: tuple[RunRecord, ...]) -> Gallery | None:
    scored = [run for run in runs if run.ended and run.champion_rmse is not None and run.challenger_rmse is not None]
    if len(scored) < FEWEST:
        return None
    columns = ("champion_rmse", "challenger_rmse", "naive_rmse")
    champion, challenger, naive = (np.array([getattr(run, c) for run in scored], dtype=float) for c in columns)
    promoted = np.array([run.outcome == "promoted" for run in scored])
    times = [run.ended for run in scored if run.ended]
    return run_gallery(Retrains(times, champion, challenger, naive, promoted))
