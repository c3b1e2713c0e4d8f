"""Live points of a model: issued forecasts with what came true, and whether they tell of drift."""

from datetime import timedelta

import numpy as np

from forecast.data.files.written.forecast_csv import parse_forecasts
from forecast.data.panel import IntArray, Panel
from forecast.data.reading.reader import Reading
from forecast.evaluation import metrics
from forecast.evaluation.drift import DriftEvidence, DriftSignal, detect_drift, values_outside
from forecast.evaluation.live.points import LivePoints, join_live
from forecast.evaluation.live.scores import RECENT_HORIZONS, score_recent
from forecast.evaluation.live.width import next_width
from forecast.experiment.versions.data_entry import data_of
from forecast.experiment.versions.stored_model import has_distribution
from forecast.experiment.versions.stored_summary import read_summary
from forecast.interval_levels import MAIN
from forecast.production.quality import LiveFigures
from forecast.production.store.model_store import ModelStore
from forecast.production.store.version import Version
from forecast.widening import Widening

MOST_ISSUED = 256 * 1024**2
"""Bytes of the newest issued forecasts, of which `retrain` learns how wide the next are to be: years of most panels."""


def read_live(
    models: ModelStore, reading: Reading, season: int | None, most: int | None = None
) -> tuple[LivePoints, tuple[str, ...]]:
    """Returns every forecast ever issued for a model beside the truths in a file, and what is to be said about it.

    Args:
        models: the model in the store.
        reading: of the file.
        season: of the seasonal naive; None where nobody asks what that forecast.
        most: bytes of issued forecasts, from which on the oldest are left out.

    Raises:
        DataError: the folder of issued forecasts can't be read.
    """
    issued = models.issued(most)
    notes, tables = list(issued.notes), []
    for table in issued.tables:
        try:
            tables.append(parse_forecasts(table.data))
        except ValueError as error:
            notes.append(f"{models.name}: {table.name} is left out: it {error}.")
    lone = not reading.columns.ids and len(reading.columns.target) == 1
    points, lost = join_live(reading.panel, tables, season, lone=lone)
    if lost:
        notes.append(
            f"{lost:,} forecast {'point fits' if lost == 1 else 'points fit'} no series or step of {reading.source}, "
            "and can't be scored by it."
        )
    return points, tuple(notes)


def width_since(models: ModelStore, version: Version, points: LivePoints) -> Widening:
    """Returns how much wider than its own the next intervals of a version are to be; see ``next_width``.

    What counts was issued by it and by those before it, as far back as they have the same kind of intervals.

    Args:
        models: the model in the store.
        version: in use.
        points: from ``read_live``.
    """
    others = [
        other.number
        for other in models.versions()
        if other.number < version.number and has_distribution(other) != has_distribution(version)
    ]
    of_kind = (points.versions > max(others, default=0)) & (points.versions <= version.number)
    return next_width(points.some(of_kind))


def live_figures(points: LivePoints, panel: Panel, season: int, age: timedelta) -> LiveFigures:
    """Returns what quality rules are about: how what came true of late was forecast, and the champion's age."""
    score = score_recent(points, panel, season)
    seconds = max(age.total_seconds(), 0.0)  # clocks jump
    if score is None:
        return LiveFigures(age=seconds)
    return LiveFigures(score.skill, score.rmse, score.coverage.get(MAIN), score.bias, score.points, seconds)


def drift_since(version: Version, points: LivePoints, panel: Panel, widened: float = 1.0) -> tuple[DriftSignal, ...]:
    """Returns the signals that the world has moved away from what a version learned; see ``detect_drift``.

    Args:
        version: the champion.
        points: from ``read_live``.
        panel: that they were joined with.
        widened: how many times as wide as its own its next intervals are: what that has mended is no sign.
    """
    own = points.some((points.versions == version.number) & points.arrived).as_wide_as(widened)
    horizon = int(own.steps.max(initial=0))
    recent = own.some(own.origins + own.steps > panel.last.max() - RECENT_HORIZONS * horizon)
    lower, upper = recent.bounds_of(MAIN)
    with_interval = int((~np.isnan(lower)).sum())
    outside, new_values = values_outside(panel, _trained_steps(version, panel))
    return detect_drift(
        DriftEvidence(
            version=version.label,
            backtest_rmse=_backtest_rmse(version),
            live_rmse=metrics.rmse(recent.truths, recent.forecasts) if recent.truths.size else None,
            live_points=recent.truths.size,
            coverage_80=metrics.coverage(recent.truths, lower, upper) if with_interval else None,
            covered_points=with_interval,
            outside=outside,
            new_values=new_values,
        )
    )


def _trained_steps(version: Version, panel: Panel) -> IntArray:
    """Returns how many steps of each series a version was trained on; all, where its end is no step of the panel."""
    end = data_of(version).training_end
    if not panel.frequency.on_step(end)[0]:
        return panel.lengths
    steps: IntArray = np.clip(panel.frequency.ordinals(end)[0] - panel.first + 1, 0, panel.lengths)
    return steps


def _backtest_rmse(version: Version) -> float | None:
    """Returns the RMSE that a version's model had in the backtest it was chosen by, None where it had none."""
    row = read_summary(version).row(version.manifest.model)
    return row.rmse if row else None
