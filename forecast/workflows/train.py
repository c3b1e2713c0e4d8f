"""`forecast train`: backtest, fit the winner on everything, save it, forecast."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from forecast.data.readers import ReadOptions
from forecast.errors import UsageError, did_you_mean
from forecast.evaluation.leaderboard import Leaderboard
from forecast.evaluation.trained import TrainedModel
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Forecasts, Watcher
from forecast.models.recipe import fit_cost
from forecast.models.recurrent import RecurrentModel
from forecast.models.registry import ENSEMBLE, NETWORKS, make_forecaster
from forecast.production.model_store import ModelStore
from forecast.production.store import Store, model_name_for
from forecast.production.version import Version
from forecast.specs import CELLS, Device, PlotKind, Settings
from forecast.workflows.contest import Contest, Reporter, run_contest
from forecast.workflows.outputs import forecast_csv, stem_of, write_all
from forecast.workflows.pictures import draw_contest, draw_forecast
from forecast.workflows.tables import leaderboard_rows
from forecast.workflows.versions import FORECAST, METRICS, WEIGHTS, pack_version

AUTO = "auto"
BASELINES = ("seasonal-naive", "naive")
MOST_COST = 3e12
"""Multiply-adds of one fit beyond which `auto` leaves out the ensemble of all cells: its last fit costs thrice."""


@dataclass(frozen=True)
class TrainRequest:
    """What `train` was asked for."""

    source: str
    options: ReadOptions
    settings: Settings
    model: str  # a network, or auto
    name: str | None
    folder: Path  # of the forecast and the plots
    plots: PlotKind
    device: Device


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What `train` did."""

    contest: Contest
    chosen: str
    version: Version
    forecasts: Forecasts
    files: tuple[Path, ...]

    @property
    def board(self) -> Leaderboard:
        """The scores that the model was chosen by."""
        return self.contest.board


def train(request: TrainRequest, store: Store, now: Callable[[], datetime], reporter: Reporter) -> TrainResult:
    """Trains, saves and forecasts, holding the model's lock all the while; saving comes last and whole.

    Raises:
        LockedError: another run works on this model.
        ForecastError: see ``run_contest`` and ``ModelStore.publish``.
    """
    models = store.model(request.name or model_name_for(stem_of(request.source)))
    with models.lock():
        return _train(request, models, now, reporter)


def _train(request: TrainRequest, models: ModelStore, now: Callable[[], datetime], reporter: Reporter) -> TrainResult:
    contest = run_contest(
        request.source,
        request.options,
        request.settings,
        (*_candidates(request.model), *BASELINES),
        request.device,
        reporter,
    )
    candidates = _affordable(_candidates(request.model), contest)
    panel = contest.reading.panel
    name = models.name
    chosen = min(candidates, key=lambda name: getattr(contest.board.row(name), request.settings.metric))
    trained = fit_on_all(contest, chosen, reporter)
    forecasts = trained.forecast(panel, contest.plan.horizon)
    weights, manifest = pack_version(trained, contest.reading, request.options, request.settings)
    table = forecast_csv(forecasts, panel, chosen, f"v{models.next_number()}").encode()
    title = f"{name} ({panel.target})"
    plots = draw_forecast(panel, {chosen: forecasts}, request.plots, f"{title}, forecast by {chosen}")
    plots |= draw_contest(contest, request.plots, title)
    scores = {"leaderboard": leaderboard_rows(contest.board), "verdict": contest.board.verdict}
    files = {WEIGHTS: weights, METRICS: json.dumps(scores, indent=1).encode(), FORECAST: table}
    files |= {f"plots/{stem}": content for stem, content in plots.items()}
    version = models.publish(files, manifest, now(), champion=True)
    written = {f"{name}.csv": table} | {f"{name}-{stem}": content for stem, content in plots.items()}
    return TrainResult(contest, chosen, version, forecasts, write_all(request.folder, written))


def fit_on_all(contest: Contest, chosen: str, reporter: Reporter) -> TrainedModel:
    """Returns the chosen network, trained on everything, with the weights and widths its backtest taught."""
    panel, plan = contest.reading.panel, contest.plan
    forecaster = make_forecaster(chosen, contest.specs, plan.season, contest.machine)
    fitted = forecaster.fit(panel, Watcher(lambda share: reporter.progress(f"{chosen}, on all data", share)))
    model = fitted if isinstance(fitted, EnsembleModel) else EnsembleModel((cast(RecurrentModel, fitted),))
    trial = next(trial for trial in contest.backtest.trials if trial.name == chosen)
    return TrainedModel(chosen, model, trial.combination, trial.calibration, plan.season)


def _candidates(model: str) -> tuple[str, ...]:
    if model == AUTO:
        return (*CELLS, ENSEMBLE)
    known = (AUTO, *NETWORKS, ENSEMBLE)
    if model not in known:
        raise UsageError(f"There is no network '{model}'.{did_you_mean(model, known)}", f"--model {'|'.join(known)}")
    return (model,)


def _affordable(candidates: tuple[str, ...], contest: Contest) -> tuple[str, ...]:
    """Returns the candidates without the ensemble where training all its networks again would take too long."""
    cost = sum(fit_cost(contest.specs[cell]) for cell in CELLS if cell in contest.specs)
    return tuple(name for name in candidates if name != ENSEMBLE or len(candidates) == 1 or cost <= MOST_COST)
