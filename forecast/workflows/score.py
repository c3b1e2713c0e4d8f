"""`forecast score`: every forecast that train and retrain issued, beside what came true."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from forecast.data.covariates import KINDS
from forecast.data.files.source import Source
from forecast.data.frequency import readable
from forecast.data.panel import Panel
from forecast.data.reading.reader import Reading, ReadOptions, read_panel
from forecast.errors import NotFoundError
from forecast.evaluation.drift import DriftSignal
from forecast.evaluation.live.points import LivePoints
from forecast.evaluation.live.scores import LiveScore, errors_by_origin, score_live, score_recent
from forecast.experiment.destinations import check_folder
from forecast.experiment.input_data import is_there, of_known_series, only_model, read_alike
from forecast.experiment.outputs import write_all
from forecast.experiment.retraining.live import drift_since, read_live, width_since
from forecast.experiment.versions.data_entry import data_of
from forecast.experiment.versions.stored_model import naive_season_of
from forecast.interval_levels import MAIN
from forecast.production.known_hosts import checked_source
from forecast.production.quality import LiveFigures
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from forecast.specs import PlotKind
from forecast.widening import Widening


@dataclass(frozen=True)
class ScoreRequest:
    """What `score` was asked for.

    Attributes:
        name: of the model; None where the store holds only one.
        source: the file with the actuals; None for the one that the champion was trained on.
        options: what was asked of the readers; what was not is as it was when the champion was trained.
        now: when it is; see ``read_panel``.
    """

    name: str | None
    source: str | Source | None
    options: ReadOptions
    now: datetime | None = None


@dataclass(frozen=True, eq=False)
class ScoreResult:
    """What `score` found."""

    champion: Version
    source: str
    panel: Panel  # the actuals
    season: int  # of the seasonal naive
    points: LivePoints
    scores: tuple[LiveScore, ...]
    drift: tuple[DriftSignal, ...]
    widening: Widening  # with which `retrain` lets the next intervals differ from the champion's own
    in_use: Widening  # with which the champion's forecasts are issued now
    notes: tuple[str, ...]
    recent: LiveScore | None  # of what came true of late, whichever version issued it
    age: float | None  # of the champion, in seconds

    @property
    def figures(self) -> LiveFigures:
        """What quality rules are about."""
        if self.recent is None:
            return LiveFigures(age=self.age)
        held = self.recent.coverage.get(MAIN)
        return LiveFigures(self.recent.skill, self.recent.rmse, held, self.recent.bias, self.recent.points, self.age)

    @property
    def come_true(self) -> int:
        """How many of the forecast points have."""
        return int(self.points.arrived.sum())


def score(request: ScoreRequest, store: Store) -> ScoreResult:
    """Joins the forecasts of all versions with the actuals that have arrived.

    Raises:
        NotFoundError: no such model or file.
        DataError: the champion is damaged, or the data can't be read.
        UsageError: the store holds several models and none was named, or the file is not like the champion's.
    """
    models = store.model(request.name or only_model(store, "score"))
    champion, in_use = models.with_widening(lambda version, widening: (version, widening))
    reading = _read(request, champion)
    season = naive_season_of(champion.manifest)
    points, notes = read_live(models, reading, season)
    widening = width_since(models, champion, points)
    warnings = [finding.text for finding in reading.findings if finding.grade == "warning"]
    return ScoreResult(
        champion=champion,
        source=reading.source,
        panel=reading.panel,
        season=season,
        points=points,
        scores=score_live(points),
        drift=drift_since(champion, points, reading.panel, widening.factor),
        widening=widening,
        in_use=in_use,
        notes=(*warnings, *notes, *_missing(points, reading, champion.name)),
        recent=score_recent(points, reading.panel, season),
        age=None if request.now is None else max((request.now - champion.created).total_seconds(), 0.0),
    )


def draw_scores(result: ScoreResult, kind: PlotKind, folder: Path) -> tuple[Path, ...]:
    """Draws the error of each issued forecast over the time of its origin, and returns the file.

    None is drawn where nothing has come true.

    Raises:
        DataError: the disk refused.
    """
    if kind == "none":
        return ()
    check_folder(folder)
    if not result.come_true:
        return ()
    from forecast.report.figures.figure import render  # matplotlib is slow to import
    from forecast.report.figures.live import live_figure

    errors, panel = errors_by_origin(result.points), result.panel
    stamps = panel.frequency.timestamps(errors.origins)
    title = f"{result.champion.name}: error of the forecasts that were issued"
    figure = live_figure(errors, stamps, target=panel.target, title=title)
    return write_all(folder, {f"{result.champion.name}-live.{kind}": render(figure, kind)})


def _read(request: ScoreRequest, champion: Version) -> Reading:
    data = data_of(champion)
    no_covariates: dict[str, Any] = dict.fromkeys(KINDS, ())
    options = replace(
        data.options, **no_covariates, weight=None, half_life=None, min=None, max=None
    )  # truths alone are looked at
    source = request.source
    if source is None:
        source = checked_source(data.source, f"forecast score {champion.name}")
        if not is_there(source, "DATA"):
            raise NotFoundError(
                f"{source}, which {champion.name} {champion.label} was trained on, is not there.",
                f"forecast score {champion.name} DATA",
            )
    series_ids = champion.document.get("series_ids", ())
    known = of_known_series(source, data.options, series_ids, request.now)
    if request.options == ReadOptions():
        return read_alike(known, options, data.frequency, now=request.now, series_ids=series_ids)
    own = {field.name: getattr(request.options, field.name) for field in fields(ReadOptions)}
    given = {name: value for name, value in own.items() if value != getattr(ReadOptions(), name)}
    return read_panel(known, replace(options, **given), now=request.now)


def _missing(points: LivePoints, reading: Reading, name: str) -> tuple[str, ...]:
    """Returns in words which scores there can't be, and why."""
    panel, arrived = reading.panel, points.arrived
    if points.steps.size == 0:
        return (f"No forecast was issued for {name} that could be scored by {reading.source}.",)
    if not arrived.any():
        first, end = (
            readable(stamp)
            for stamp in panel.frequency.timestamps(
                np.array([(points.origins + points.steps).min(), panel.last.max()]),
            )
        )
        return (
            f"Nothing has come true yet: the first of {points.steps.size:,} forecast points is for {first}, and "
            f"{reading.source} ends {end}.",
        )
    waiting = sorted(set(points.versions.tolist()) - set(points.versions[arrived].tolist()))
    labels = ", ".join(f"v{number}" for number in waiting)
    notes = [f"Nothing that {labels} forecast has come true yet."] if waiting else []
    blind = int((arrived & np.isnan(points.naive)).sum())
    if blind:
        notes.append(
            f"{reading.source} has nothing before the origins of {blind:,} points: seasonal naive, and with it the "
            "skill, is scored on the others."
        )
    return tuple(notes)
