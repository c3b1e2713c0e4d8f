"""`forecast train`: backtest, fit the winner on everything, save it, forecast."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from forecast.data.readers import ReadOptions, read_panel
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
from forecast.specs import CELLS, Device, Metric, PlotKind, Settings
from forecast.workflows.contest import Contest, Reporter, run_contest
from forecast.workflows.outputs import check_folder, forecast_csv, stem_of, write_all
from forecast.workflows.pictures import draw_contest, draw_forecast
from forecast.workflows.tables import leaderboard_rows
from forecast.workflows.versions import FORECAST, METRICS, WEIGHTS, pack_version

AUTO = "auto"
BASELINES = ("seasonal-naive", "naive")
METRIC_NAMES: dict[Metric, str] = {
    "rmsse": "RMSSE (scaled RMSE)",
    "rmse": "RMSE",
    "mae": "MAE",
    "mase": "MASE",
    "smape": "sMAPE",
}
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
    reason: str  # why it was chosen among several; empty where it was named
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
        UsageError: the network or the name can't be used, or no folder can be made for the forecast.
        LockedError: another run works on this model.
        ForecastError: see ``read_panel``, ``run_contest`` and ``ModelStore.publish``.
    """
    candidates = _candidates(request.model)
    models = store.model(request.name or model_name_for(stem_of(request.source)))
    check_folder(request.folder)
    reading = read_panel(request.source, request.options)
    reporter.read(reading)
    with models.lock():
        contest = run_contest(reading, request.settings, (*candidates, *BASELINES), request.device, reporter)
        return _publish(request, contest, models, now, reporter)


def _publish(
    request: TrainRequest, contest: Contest, models: ModelStore, now: Callable[[], datetime], reporter: Reporter
) -> TrainResult:
    """Fits the winner on everything, saves it as the champion, and writes its forecast and plots."""
    panel = contest.reading.panel
    name = models.name
    chosen, reason = _choose(contest, request)
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
    return TrainResult(contest, chosen, reason, version, forecasts, write_all(request.folder, written))


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


def _choose(contest: Contest, request: TrainRequest) -> tuple[str, str]:
    """Returns the network with the lowest error in the backtest, and in words why it was taken.

    `auto` leaves out the ensemble where training all its networks once more would take too long.
    """
    candidates, metric = _candidates(request.model), request.settings.metric
    ranked = sorted(candidates, key=lambda name: float(getattr(contest.board.row(name), metric)))
    if len(ranked) == 1:
        return ranked[0], ""
    reason = f"the network with the lowest {METRIC_NAMES[metric]} in the backtest"
    cost = sum(fit_cost(contest.specs[cell]) for cell in CELLS)
    if ranked[0] == ENSEMBLE and cost > MOST_COST:
        return ranked[1], f"{reason} but the ensemble, which would take three times as long (--model {ENSEMBLE})"
    return ranked[0], reason
