"""Ablation of covariates: the best network is backtested anew without each, on the same folds.

Shapes: ``K`` folds, ``S`` series, ``H`` horizon.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import Panel
from forecast.errors import UsageError
from forecast.evaluation.backtest import backtest
from forecast.evaluation.metrics import rmse, weighed
from forecast.evaluation.significance import LEVEL, doubt
from forecast.experiment.experiment import Experiment
from forecast.models.covariates.regressors import COVARIATES
from forecast.models.networks.cells import REFERENCE
from forecast.models.networks.recurrent import Memory
from forecast.models.registry import is_learned, make_forecaster
from forecast.run import Run
from forecast.specs import ModelSpec

if TYPE_CHECKING:  # so that `models list` prints its table without numpy
    import numpy as np

from forecast.report.tables import Value

FloatArray = NDArray[np.float64]

Progress = Callable[[str, float], None]
EVERYTHING, CALENDAR = "all covariates", "the calendar"


@dataclass(frozen=True)
class CovariateWorth:
    """What the forecasts lose without one covariate.

    Attributes:
        rmse: without it, over all scored points.
        worth: that less the RMSE with it; negative where the forecasts are better without.
        spread: standard deviation of the worth over folds; None for one fold.
        share: the worth as a share of the RMSE with it.
        p: that the difference is chance, over series and folds or over time, whichever doubts it more; None if unknown.
    """

    covariate: str
    rmse: float
    worth: float
    spread: float | None
    share: float
    p: float | None

    @property
    def is_tie(self) -> bool:
        """Whether the difference may be chance."""
        return self.p is None or self.p > LEVEL


@dataclass(frozen=True)
class Ablation:
    """What each covariate is worth to one model, the dearest first."""

    model: str
    rmse: float  # with all of them
    rows: tuple[CovariateWorth, ...]


def check_ablation(panel: Panel, models: tuple[str, ...], *, is_timed: bool) -> None:
    """Refuses what can't be ablated, before anything is trained.

    Raises:
        UsageError: there are no covariates, no network is compared, or time is limited.
    """
    if panel.covariates is None:
        message = "--ablate takes covariates away one at a time, but none are named."
        hint = "--known promo,price --ablate; forecast check DATA names the columns that could serve"
        raise UsageError(message, hint)
    if not any(is_learned(name) for name in models):
        raise UsageError("--ablate trains a network anew, but none is compared.", f"--models {REFERENCE} --ablate")
    if is_timed:
        raise UsageError("--ablate can't be used with --time-limit or --match seconds.", "leave one of them out")


def ablate(experiment: Experiment, run: Run) -> Ablation:
    """Returns what each covariate, all together, and the calendar are worth to the best network of an experiment.

    Raises:
        ForecastError: see ``backtest``.
    """
    panel = experiment.reading.panel
    covariates = panel.covariates
    assert covariates is not None
    model = next(row.model for row in experiment.board.rows if is_learned(row.model))
    cases: list[tuple[str, Panel, dict[str, ModelSpec]]] = [
        (column.name, replace(panel, covariates=covariates.without(column.name)), experiment.specs)
        for column in covariates.columns
    ]
    if len(cases) > 1:
        cases.append((EVERYTHING, replace(panel, covariates=None), experiment.specs))
    if calendar_used(experiment):
        plain = {cell: spec.with_(calendar=False, country=None) for cell, spec in experiment.specs.items()}
        cases.append((CALENDAR, panel, plain))
    truths, weights = experiment.backtest.truths, experiment.backtest.weights
    usual = weighed(truths, experiment.backtest.model(model).forecasts, weights)
    rows = []
    for number, (name, told, specs) in enumerate(cases):

        def progress(_: str, share: float, name: str = name, number: int = number) -> None:
            run.reporter.progress(f"{model} without {name}", (number + share) / len(cases))

        forecasts = _without(experiment, model, told, specs, progress, run.on(experiment.machine))
        rows.append(_worth(name, truths, weighed(truths, forecasts, weights), usual))
    return Ablation(model, rmse(truths, usual), tuple(sorted(rows, key=lambda row: -row.worth)))


def calendar_used(experiment: Experiment) -> list[str]:
    """Returns the groups of the calendar that the networks of the latest fold use."""
    covariate_model = experiment.covariate_model
    if covariate_model is None or covariate_model.effects is None:
        return []
    groups = dict.fromkeys(regressor.group for regressor in covariate_model.effects.regressors.used)
    return [group for group in groups if group != COVARIATES]


def _without(
    experiment: Experiment, model: str, panel: Panel, specs: dict[str, ModelSpec], progress: Progress, run: Run
) -> FloatArray:
    memory: Memory = {}
    forecaster = make_forecaster(model, specs, experiment.plan.season, run, memory)
    result = backtest(
        panel,
        experiment.backtest.folds,
        [forecaster],
        experiment.plan.season,
        refit=experiment.plan.refit,
        metric=experiment.settings.metric,
        progress=progress,
        run=run,
        kind=experiment.plan.kind,
    )
    return result.models[0].forecasts


def _worth(name: str, truths: FloatArray, without: FloatArray, usual: FloatArray) -> CovariateWorth:
    error, least = rmse(truths, without), rmse(truths, usual)
    folds = [rmse(truths[k], without[k]) - rmse(truths[k], usual[k]) for k in range(len(truths))]
    known = [one for one in folds if np.isfinite(one)]
    p = doubt(truths, without, usual)
    return CovariateWorth(
        covariate=name,
        rmse=error,
        worth=error - least,
        spread=float(np.std(known, ddof=1)) if len(known) > 1 else None,
        share=(error - least) / least if least > 0 else 0.0,
        p=None if np.isnan(p) else p,
    )


def ablation_table(ablation: "Ablation") -> tuple[tuple[str, ...], list[tuple[Value, ...]]]:
    """Returns the columns and the rows of what each covariate is worth."""
    columns = ("covariate", "rmse_without", "worth", "worth_std", "worth_share", "p", "model", "rmse")
    rows: list[tuple[Value, ...]] = [
        (row.covariate, row.rmse, row.worth, row.spread, row.share, row.p, ablation.model, ablation.rmse)
        for row in ablation.rows
    ]
    return columns, rows
