"""A forecast as a workbook: what `predict -o next.xlsx` and a report write for Excel and LibreOffice."""

from dataclasses import replace
from typing import Any

from forecast.evaluation.summary import Summary, SummaryRow
from forecast.experiment.decisions.headline import manner_of
from forecast.experiment.decisions.joint_forecast import together
from forecast.experiment.outputs import Outlook, forecast_table
from forecast.experiment.stored_forecast import PredictResult
from forecast.experiment.versions.stored_model import load_version, read_settings
from forecast.experiment.versions.stored_summary import read_summary
from forecast.production.store.version import Version
from forecast.report.tables import ResultTable
from forecast.report.workbook import SHEET_ROWS, WorkbookContent, check_rows, workbook_bytes

SCORES = (
    *("rank", "model", "rmse", "mae", "wape", "mase", "smape", "skill", "coverage_80", "params", "train_seconds"),
    *("predict_ms", "note"),
)
"""Columns of the leaderboard."""


def workbook_of(
    shown: Outlook, joint: Outlook | None, rows: ResultTable, version: Version, summary: Summary
) -> WorkbookContent:
    """Returns what the workbook of a version's forecast is made of.

    Args:
        shown: the forecast of each series.
        joint: that of all together, which is drawn; None to draw the first series.
        rows: the forecast as a table.
        version: whose it is.
        summary: with its leaderboard.
    """
    drawn = joint or shown
    board = [{name: _score(row, name) for name in SCORES} for row in summary.leaderboard]
    return WorkbookContent(shown.forecasts, rows, drawn.history, drawn.forecasts, board, version.created)


def predicted_workbook(result: PredictResult) -> bytes:
    """Returns the workbook of a forecast that was just made, with its totals where these were asked for.

    Raises:
        UsageError: it has more rows than a sheet holds.
        DataError: a file of the version is damaged.
    """
    check_rows(result.forecasts.point.size)
    stored, version = load_version(result.version), result.version
    steps = result.forecasts.point.shape[1]
    kind, season = read_settings(version).kind, stored.trained.season
    shown = Outlook(result.panel, result.forecasts, result.distributed)
    joint = together(shown, manner_of(result.panel, steps, season, kind, stored.options.aggregate))
    rows = forecast_table(result.forecasts, result.panel, result.model, version.label, result.beside)
    content = workbook_of(shown, joint, rows, version, read_summary(version))
    totals = result.totals.table(result.model, version.label) if result.totals else None
    return workbook_bytes(replace(content, totals=totals, most=SHEET_ROWS))


def _score(row: SummaryRow, name: str) -> Any:
    return getattr(row, name) if hasattr(row, name) else (row.scores or {}).get(name)
