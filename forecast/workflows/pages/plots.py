"""The plots of a run, drawn from its tables: matplotlib is imported here and nowhere before."""

from collections.abc import Mapping, Sequence
from typing import Literal

from forecast.data.checks.survey import Spot
from forecast.data.panel import Panel
from forecast.evaluation.metrics import rmse
from forecast.evaluation.verdict import REFERENCE
from forecast.experiment.ablation.ablation import Ablation
from forecast.experiment.experiment import Experiment
from forecast.models.classical.baselines import seasonal_naive
from forecast.models.forecaster import Forecasts, Interval
from forecast.models.registry import MODELS
from forecast.specs import PlotKind
from forecast.wording import counted


def draw_experiment(experiment: Experiment, kind: PlotKind, title: str) -> dict[str, bytes]:
    """Returns the plots of a backtest by file stem: scores, error by step, convergence, last fold."""
    if kind == "none":
        return {}
    from forecast.report.figures.convergence import convergence_figure
    from forecast.report.figures.figure import render  # matplotlib is slow to import
    from forecast.report.figures.scores import scores_figure
    from forecast.report.figures.steps import error_by_step_figure

    target, board = experiment.reading.panel.target, experiment.board
    frequency = experiment.reading.panel.frequency.name
    figures = {
        f"scores.{kind}": scores_figure(
            board.rows, target=target, title=f"{title}: error on {describe_folds(experiment)}"
        ),
        f"steps.{kind}": error_by_step_figure(
            board.by_step, target=target, frequency=frequency, title=f"{title}: error by step of the horizon"
        ),
    }
    curves = {tested.name: tested.curve for tested in experiment.backtest.models if tested.curve is not None}
    if curves:
        figures[f"convergence.{kind}"] = convergence_figure(
            curves,
            target=target,
            seasonal_naive=_naive_on_validation(experiment),
            title=f"{title}: error of one network while it learns",
        )
    return {name: render(figure, kind) for name, figure in figures.items()}


def _naive_on_validation(experiment: Experiment) -> float:
    """Returns the seasonal naive's RMSE on the points that the curves are drawn on."""
    from forecast.models.networks.training_log import curve_series  # imports TensorFlow, which is loaded by now

    panel, fold = experiment.reading.panel, experiment.backtest.folds[0]
    some = curve_series(panel)
    forecast = seasonal_naive(fold.train(panel).select(some), fold.horizon, experiment.plan.naive_season)
    return rmse(fold.truth(panel)[some], forecast)


def draw_ablation(ablation: Ablation, experiment: Experiment, kind: PlotKind, title: str) -> dict[str, bytes]:
    """Returns the plot of what each covariate is worth."""
    if kind == "none":
        return {}
    from forecast.report.figures.ablation import ablation_figure
    from forecast.report.figures.figure import render

    heading = f"{title}: what each covariate is worth to {ablation.model}"
    figure = ablation_figure(ablation.rows, target=experiment.reading.panel.target, title=heading)
    return {f"ablation.{kind}": render(figure, kind)}


def draw_last_fold(experiment: Experiment, kind: PlotKind, title: str) -> dict[str, bytes]:
    """Returns the plot of what the networks and the seasonal naive said of the last fold, beside what came."""
    if kind == "none":
        return {}
    train, forecasts = last_fold(experiment)
    return draw_forecast(train, forecasts, kind, title, actuals=experiment.reading.panel)


def last_fold(experiment: Experiment) -> tuple[Panel, dict[str, Forecasts]]:
    """Returns what was known at the last origin, and what the networks and the seasonal naive said then."""
    panel, fold = experiment.reading.panel, experiment.backtest.folds[-1]
    train = fold.train(panel)
    others = {name for name in MODELS if name not in MODELS.of("network")}  # what a user wrote is shown
    shown = [row for row in experiment.board.rows if row.model not in others or REFERENCE in {row.model, row.same}]
    forecasts = {}
    for row in shown:
        tested = experiment.backtest.model(row.model)
        bands = tuple(Interval(i.level, i.lower[-1], i.upper[-1]) for i in tested.intervals)
        stamps = train.future_timestamps(fold.horizon)
        forecasts[row.model] = Forecasts(panel.series_ids, stamps, tested.forecasts[-1], bands)
    return train, forecasts


def draw_forecast(
    history: Panel,
    forecasts: Mapping[str, Forecasts],
    kind: PlotKind,
    title: str,
    actuals: Panel | None = None,
) -> dict[str, bytes]:
    """Returns the plot of forecasts after their history."""
    if kind == "none":
        return {}
    from forecast.report.figures.figure import render
    from forecast.report.figures.forecast import forecast_figure

    if history.hierarchy is not None and actuals is None:
        from forecast.report.figures.tree import tree_figure

        return {f"forecast.{kind}": render(tree_figure(history, forecasts, title=title), kind)}
    return {f"forecast.{kind}": render(forecast_figure(history, forecasts, actuals=actuals, title=title), kind)}


def draw_check(panel: Panel, spots: Sequence[Spot], kind: Literal["png", "svg", "pdf"], title: str) -> bytes:
    """Returns the plot of the series with what was found in them."""
    from forecast.report.figures.check import check_figure
    from forecast.report.figures.figure import render

    return render(check_figure(panel, spots, title=title), kind)


def describe_folds(experiment: Experiment) -> str:
    """Returns what scores stand on, such as ``3 folds × 12 steps``."""
    return f"{counted(experiment.board.folds, 'fold')} × {counted(experiment.board.horizon, 'step')}"
