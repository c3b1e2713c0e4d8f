"""What a model's history and a retrain's decision say, as sections of a report."""

from itertools import islice
from typing import Any

import numpy as np

from forecast.decoding import decode
from forecast.production.promotion import Gate, rules
from forecast.production.runs import Entry, PastRun, runs_of
from forecast.production.store.manifest import MANIFEST
from forecast.production.store.model_store import ModelStore
from forecast.production.store.version import Version, unreadable
from forecast.report.figures.retrains import Retrains
from forecast.report.html.page import Gallery
from forecast.report.html.retrain_sections import ChallengeSummary, RunRow, decision_section, run_section
from forecast.report.html.retrains import run_gallery
from forecast.workflows.pages.sections import RetrainSections

MOST = 500
"""So many of the newest runs are told: a page of a million rows opens nowhere."""
FEWEST = 2
"""A picture of fewer retrains says nothing that the table does not."""


def challenge_of(version: Version) -> ChallengeSummary | None:
    """Returns the challenge that a version came about by; None where it was trained as such."""
    about = version.manifest.retrain
    if about is None:
        return None
    numbers = (about.champion_rmse, about.challenger_rmse, about.naive_rmse)
    gate = _gate(version, about.gate)
    return ChallengeSummary(
        outcome=about.outcome,
        reason=about.reason,
        champion=about.challenged,
        scored_on=about.scored_on,
        rmse=numbers,
        trigger=about.trigger,
        rules=rules(gate),
    )


def _gate(version: Version, document: Any) -> Gate:
    try:
        return decode(Gate, document, "retrain.gate")
    except ValueError as error:
        raise unreadable(version.name, version.label, MANIFEST, error) from error


def challenge_of_run(entry: Entry, challenged: str, scored_on: str, gate: Gate) -> ChallengeSummary:
    """Returns what a retrain decided."""
    numbers = entry.champion_rmse, entry.challenger_rmse, entry.naive_rmse
    return ChallengeSummary(
        outcome=entry.outcome,
        reason=entry.reason,
        champion=challenged,
        scored_on=scored_on,
        rmse=numbers,
        trigger=entry.trigger,
        rules=rules(gate) if scored_on else (),
    )


def retrain_sections(models: ModelStore, challenge: ChallengeSummary | None) -> RetrainSections:
    """Returns the decision, if there was one, and the runs of a model, if there was more than its first."""
    newest = list(islice(models.newest_runs(), MOST + 1))
    runs = runs_of(models.name, reversed(newest[:MOST]))
    decision = (decision_section(challenge),) if challenge else ()
    return RetrainSections(
        decision,
        (run_section([_row(run) for run in runs], _gallery(runs), is_all=len(newest) <= MOST),)
        if len(runs) > 1
        else (),
    )


def _gallery(runs: tuple[PastRun, ...]) -> Gallery | None:
    scored = [run for run in runs if run.time and run.champion_rmse is not None and run.challenger_rmse is not None]
    if len(scored) < FEWEST:
        return None
    columns = ("champion_rmse", "challenger_rmse", "naive_rmse")
    champion, challenger, naive = (np.array([getattr(run, c) for run in scored], dtype=float) for c in columns)
    promoted = np.array([run.outcome == "promoted" for run in scored])
    times = [run.time for run in scored if run.time]
    return run_gallery(Retrains(times, champion, challenger, naive, promoted))


def _row(run: PastRun) -> RunRow:
    return RunRow(
        time=f"{run.time:%Y-%m-%d %H:%M}" if run.time else "–",
        decision=run.outcome or run.command or "–",
        champion_rmse=run.champion_rmse,
        challenger_rmse=run.challenger_rmse,
        in_use=run.champion or "–",
        reason=run.reason or "",
    )
