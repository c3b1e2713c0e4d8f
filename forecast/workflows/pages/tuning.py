"""The pictures of a tuning: errors against time, which settings mattered, and each of them against the error."""

from collections.abc import Mapping, Sequence

from forecast.experiment.tuning.optuna_study import TriedSettings
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.metric_records import METRICS
from forecast.specs import PlotKind


def draw_tuning(
    entry: TuningEntry, trials: Sequence[TriedSettings], importances: Mapping[str, float], kind: PlotKind
) -> dict[str, bytes]:
    """Returns the pictures by file stem; none of the kind ``none``."""
    rows = tuple(trial for trial in trials if trial.error is not None)
    if kind == "none" or not rows:
        return {}
    from forecast.report.figures.figure import render  # matplotlib is slow to import
    from forecast.report.figures.tuning import importance_figure, search_figure, slices_figure

    label = f"{METRICS[entry.settings.metric].label} on the search folds, scaled by series"
    names = tuple(each.name for each in entry.space)
    logarithmic = {each.name for each in entry.space if each.is_range}
    figures = {
        f"search.{kind}": search_figure(rows, label=label, title=f"{entry.name}: the search"),
        f"slices.{kind}": slices_figure(rows, names, logarithmic, label=label, title=f"{entry.name}: settings tried"),
    }
    if importances:
        figures[f"importance.{kind}"] = importance_figure(importances, title=f"{entry.name}: which settings mattered")
    return {name: render(figure, kind) for name, figure in figures.items()}
