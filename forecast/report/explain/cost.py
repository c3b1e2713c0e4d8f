"""The panel of cost: what each cell takes, by formula and by the clock."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from forecast.evaluation.explain.cost import Cost
from forecast.report.figures.figure import add_frame, empty_figure
from forecast.report.figures.style import house_style, styles_of
from forecast.report.html.page import Bar, PageCell, PageColumn, PageTable
from forecast.wording import short_number


@house_style()
def cost_figure(costs: Sequence[Cost], *, title: str = "") -> Figure:
    """Returns bars for parameters, multiply-adds, and measured milliseconds.

    Args:
        costs: One a cell.
        title: Above the picture.
    """
    styles = styles_of(cost.cell for cost in costs)
    measures = _measures(costs)
    figure = empty_figure(0.9 + 0.42 * len(costs))
    grid = figure.subplots(1, len(measures), sharey=True, squeeze=False).ravel()
    for axes, (name, values) in zip(grid, measures.items(), strict=True):
        for place, (cost, value) in enumerate(zip(costs, values, strict=True)):
            axes.barh(place, value, color=styles[cost.cell].colour, height=0.6)
            axes.text(value, place, f" {short_number(value)}", va="center", fontsize=8.5)
        axes.set_title(name)
        axes.set_xlim(0, 1.45 * max(values))
        axes.set_xticks([])
        axes.grid(visible=False)
    grid[0].set_yticks(range(len(costs)), [cost.cell for cost in costs])
    grid[0].invert_yaxis()
    add_frame(figure, title=title, caption=cost_note(costs))
    return figure


def cost_table(costs: Sequence[Cost]) -> PageTable:
    """Returns the same for a page: a row a measure, a column a cell."""
    styles = styles_of(cost.cell for cost in costs)
    rows = []
    for name, values in _measures(costs).items():
        most = max(values) or 1.0
        bars = [Bar(value / most, styles[cost.cell].colour) for cost, value in zip(costs, values, strict=True)]
        rows.append((PageCell(name), *(PageCell(short_number(v), bar) for v, bar in zip(values, bars, strict=True))))
    return PageTable((PageColumn(""), *(PageColumn(cost.cell, True) for cost in costs)), tuple(rows))


def _measures(costs: Sequence[Cost]) -> dict[str, list[float]]:
    measures = {
        "parameters": [float(cost.parameters) for cost in costs],
        "multiply-adds a step": [float(cost.step_multiplies) for cost in costs],
        "ms a forecast, measured": [1000 * cost.predict_seconds for cost in costs],
    }
    if all(cost.train_seconds is not None for cost in costs):
        measures["ms a training step, measured"] = [1000 * (cost.train_seconds or 0.0) for cost in costs]
    return measures


def cost_note(costs: Sequence[Cost]) -> str:
    """Returns the formulas, and how was measured."""
    formulas = "; ".join(f"{cost.cell} {cost.formula}" for cost in costs)
    multiplies = "; ".join(f"{cost.cell} {cost.step_formula}" for cost in costs)
    wholes = "; ".join(f"{cost.cell} {cost.forecast_multiplies:,}" for cost in costs)
    memory = "; ".join(f"{cost.cell} {_kib(cost.weight_bytes)} + {_kib(cost.activation_bytes)}" for cost in costs)
    return (
        f"Parameters of one layer (U units, F features): {formulas}; multiply-adds a recurrent step: {multiplies}, and "
        f"of a whole forecast: {wholes}. Memory for weights + what a training batch keeps: {memory}. Measured with one "
        f"window (forecast, numpy), and with a batch while the other networks train beside it (training: "
        f"{costs[0].kernel})."
    )


def _kib(size: int) -> str:
    return f"{size / 1024:,.0f} KiB"
