"""The scores of issued forecasts as a person reads them, and as JSON."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.cli.output.console import fitted_table
from forecast.interval_levels import LEVELS, MAIN
from forecast.wording import counted, percent, short

if TYPE_CHECKING:
    from forecast.evaluation.live import LiveScore
    from forecast.workflows.score import ScoreResult

HELD = {level: f"in {level} %" for level in LEVELS}
COLUMNS = ("version", "steps", "points", "RMSE", "MAE", "bias", *HELD.values(), "naive", "skill")
FIRST_TO_GO = (*(HELD[level] for level in LEVELS if level != MAIN), "MAE", "bias", HELD[MAIN], "naive")
"""Columns that leave, in this order, until the table fits; CSV and JSON always have all."""
LEGEND = "  bias: mean of forecast − truth · naive: RMSE of seasonal naive, from what was known\n"


def live_scores_json(result: "ScoreResult", files: Iterable[Path]) -> dict[str, Any]:
    """Returns the JSON document."""
    from forecast.report.tables import live_row

    champion = result.champion
    return {
        "name": champion.name,
        "champion": champion.label,
        "source": result.source,
        "season": result.season,
        "issued": result.points.steps.size,
        "come_true": result.come_true,
        "scores": [live_row(score) for score in result.scores],
        "drift": [asdict(signal) for signal in result.drift],
        "notes": list(result.notes),
        "files": [str(path) for path in files],
    }


def live_scores_table(result: "ScoreResult") -> str:
    """Returns the scores of each version over all steps, and by group of steps over all versions."""
    versions = [score for score in result.scores if score.steps == "all"]
    if len(versions) == 2:  # one version, and all versions, which are the same
        versions = versions[1:]
    steps = [score for score in result.scores if score.version == "all" and score.steps != "all"]
    issued = counted(result.points.steps.size, "forecast point")
    head = f"\n  {result.champion.name}: {result.come_true:,} of {issued} came true, in {result.source}\n"
    rows = [_cells(score) for score in (*versions, *steps)]
    return head + fitted_table(rows, COLUMNS, FIRST_TO_GO, left=2) + (LEGEND if rows else "")


def _cells(score: "LiveScore") -> dict[str, str]:
    return {
        "version": score.version,
        "steps": score.steps,
        "points": short(score.points),
        "RMSE": short(score.rmse),
        "MAE": short(score.mae),
        "bias": short(score.bias),
        **{column: percent(score.coverage[level]) for level, column in HELD.items()},
        "naive": short(score.naive_rmse),
        "skill": percent(score.skill, signed=True),
    }
