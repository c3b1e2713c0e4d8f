"""The summary of a backtest: all that a report says of it, small enough to be kept with a version as metrics.json.

leaderboard, scored_on, verdict     what came out
data, folds, calendar               what it came from
coverage                            how many truths the intervals held
inferred, given, networks           what was inferred, asked for and trained
beside                              what was used beside the target
command, libraries                  how to do it again
"""

import platform
from dataclasses import asdict
from importlib.metadata import version as package_version
from typing import Any

import numpy as np

import forecast
from forecast.data.frequency import iso_text
from forecast.evaluation.leaderboard import Leaderboard
from forecast.evaluation.metrics import coverage
from forecast.evaluation.splits import ends_together
from forecast.experiment.covariate_effects import covariate_use
from forecast.experiment.experiment import LEARNED, Experiment
from forecast.experiment.inferred import decided_for_run, inferred_from_file
from forecast.experiment.versions.stored_model import LIBRARIES
from forecast.models.registry import spec_names
from forecast.report.tables import leaderboard_rows
from forecast.specs import Match, ModelSpec

DIGITS = 6
"""Of the numbers in an account that are drawn, not read."""

Document = dict[str, Any]


def summary_of(experiment: Experiment, command: str, given: dict[str, str], *, match: Match = "steps") -> Document:
    """Returns the account, ready for JSON.

    Args:
        experiment: that was held.
        command: that would hold it again.
        given: the flags that were asked for.
        match: what the cells shared.
    """
    reading, plan, board = experiment.reading, experiment.plan, experiment.board
    panel = reading.panel
    networks = {cell: experiment.specs[cell] for cell in _trained(board) if cell in experiment.specs}
    is_limited = experiment.timing is not None and experiment.timing.deadline is not None
    inferred = (*inferred_from_file(reading), *decided_for_run(plan, networks, match=match, is_limited=is_limited))
    ends = panel.frequency.timestamps(np.array([panel.first.min(), panel.last.max()]))
    scores = describe_board(board)
    for row in scores["leaderboard"]:
        row["rmse_by_step"] = [_short(value) for value in row["rmse_by_step"]]
    return {
        **scores,
        **describe_contest(experiment),
        "target": panel.target,
        "step": panel.frequency.name,
        "calendar": {
            "first": iso_text(ends[0]),
            "last": iso_text(ends[1]),
            "refit": plan.refit,
            "together": ends_together(panel),
        },
        "coverage": _describe_coverage(experiment),
        "inferred": [{**asdict(one), "flags": list(one.flags)} for one in inferred],
        "given": given,
        "networks": {cell: _describe_network(spec) for cell, spec in networks.items()},
        "command": command,
        "fingerprint": reading.fingerprint,
        "libraries": libraries(),
    }


def libraries() -> dict[str, str]:
    """Returns the versions of this program and of what its numbers depend on."""
    own = {"forecast": forecast.__version__, "python": platform.python_version()}
    return own | {name: package_version(name) for name in (*LIBRARIES, "scikit-learn")}


def describe_board(board: Leaderboard) -> Document:
    """Returns the scores, and what they stand on."""
    by_step = {model: [float(value) for value in errors] for model, errors in board.by_step.items()}
    rows = [{**row, "rmse_by_step": by_step[str(row["model"])]} for row in leaderboard_rows(board)]
    counts = {"folds": board.folds, "seeds": board.seeds, "points": board.points, "horizon": board.horizon}
    return {"leaderboard": rows, "scored_on": counts, "verdict": board.verdict}


def describe_contest(experiment: Experiment) -> Document:
    """Returns the data, what was used beside the target, the plan and the folds."""
    reading, plan = experiment.reading, experiment.plan
    panel = reading.panel
    data = {
        "source": reading.source,
        "rows": reading.rows,
        "time": reading.columns.time,
        "target": list(reading.columns.target),
        "id": list(reading.columns.ids),
        "series": len(panel),
        "frequency": panel.frequency.code,
        "seasons": list(plan.seasons),
        "horizon": plan.horizon,
        "window": plan.window,
        "kind": plan.kind,
        "findings": [vars(finding) for finding in reading.findings],
    }
    folds = [
        {
            "number": fold.number,
            "origin": iso_text(fold.origin(panel)),
            "steps": fold.horizon,
            "series": int(fold.scored.sum()),
            "scored": fold.number > 0,
        }
        for fold in experiment.backtest.folds
    ]
    return {"data": data, "beside": covariate_use(experiment).document(), "folds": folds}


def _trained(board: Leaderboard) -> tuple[str, ...]:
    """Returns the cells of which networks were trained."""
    names = [cell for row in board.rows if row.model in LEARNED for cell in spec_names(row.model)]
    return tuple(dict.fromkeys(names))


def _describe_coverage(experiment: Experiment) -> list[Document]:
    """Returns how many truths the intervals of each model held, those with the best forecasts first."""
    truths, order = experiment.backtest.truths, [row.model for row in experiment.board.rows]
    found = []
    listed = [trial for trial in experiment.backtest.trials if trial.name in order]  # naive twice is one row
    for trial in sorted(listed, key=lambda trial: order.index(trial.name)):
        for interval in sorted(trial.intervals, key=lambda interval: interval.level):
            points = int((~np.isnan(truths) & ~np.isnan(interval.lower)).sum())
            if points:
                each = [coverage(*fold) for fold in zip(truths, interval.lower, interval.upper, strict=True)]
                found.append(
                    {
                        "model": trial.name,
                        "level": interval.level,
                        "share": coverage(truths, interval.lower, interval.upper),
                        "points": points,
                        "by_fold": [_short(share) for share in each],
                    }
                )
    return found


def _describe_network(spec: ModelSpec) -> Document:
    """Returns the settings of a network by the flag that changes them, or where there is none, by their name."""
    return {
        "--window": spec.window,
        "--horizon": spec.horizon,
        "steps in a segment": spec.segment,
        "--units": spec.units,
        "--layers": spec.layers,
        "--dropout": spec.dropout,
        "--recurrent-dropout": spec.recurrent_dropout,
        "--loss": spec.loss,
        "--steps": spec.steps,
        "--batch-size": spec.batch_size,
        "--learning-rate": spec.learning_rate,
        "learning rate falls": "no" if spec.schedule == "constant" else spec.schedule,
        "linear highway": "yes" if spec.highway else "no",
        "seeds": ", ".join(map(str, spec.seeds)),
        "views": "; ".join(view.label for view in spec.views),
        "dates may have effects": "yes" if spec.calendar else "no",
        "--country": spec.country or "none",
        "--preset": spec.preset,
    }


def _short(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
