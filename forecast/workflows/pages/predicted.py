"""The pictures of `predict --plot`: the forecast and one as usual, what it is made of, and a what-if in parts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from forecast.data.panel import Panel
from forecast.evaluation.fold_forecasts import Manner
from forecast.experiment.decisions.contributions import Waterfall
from forecast.experiment.decisions.headline import Headline, headline_of, manner_of, series_headlines
from forecast.experiment.decisions.headline_words import headline_sentences
from forecast.experiment.decisions.joint_forecast import together
from forecast.experiment.decisions.parts import NAMES, ForecastParts
from forecast.experiment.outputs import Outlook
from forecast.experiment.stored_forecast import PredictResult, id_parts_of
from forecast.experiment.versions.stored_model import StoredModel, read_settings
from forecast.models.forecaster import Forecasts
from forecast.models.model_style import ModelStyle
from forecast.report.figures.figure import render
from forecast.report.figures.forecast import forecast_figure
from forecast.report.figures.parts import parts_figure
from forecast.report.figures.tree import tree_figure
from forecast.report.figures.waterfall import waterfall_figure
from forecast.specs import PictureSize
from forecast.wording import about, counted, percent

USUAL, AS_IS, WHAT_IF = "if all were as usual", "as it is", "what if"
LOOKS = {
    USUAL: ModelStyle("#666666", "", (0, (4, 2)), is_baseline=True),
    AS_IS: ModelStyle("#666666", "", (0, (4, 2)), is_baseline=True),
    WHAT_IF: ModelStyle("#0072B2", "o"),
}
PARTS, WATERFALL = "-parts", "-waterfall"
"""How the names of the second pictures end."""


@dataclass(frozen=True)
class PictureRequest:
    """How a forecast is drawn.

    Attributes:
        kind: of the file.
        size: of the picture.
        label: what the values are called; None for the name of their column.
    """

    kind: Literal["png", "svg", "pdf"]
    size: PictureSize = "page"
    label: str | None = None

    def named(self, panel: Panel) -> Panel:
        """Returns the panel whose values are called as asked for."""
        return panel if self.label is None else replace(panel, target=self.label)


def manner_for(stored: StoredModel, panel: Panel, horizon: int) -> Manner:
    """Returns how the steps of a stored model's forecast become one number."""
    kind, aggregate = read_settings(stored.version).kind, stored.options.aggregate
    return manner_of(panel, horizon, stored.trained.season, kind, aggregate)


def headlines_of(stored: StoredModel, outlook: Outlook, manner: Manner, label: str | None) -> tuple[Headline, ...]:
    """Returns what the forecast of all series comes to, and then that of each.

    Args:
        stored: the model; a lone series of a file without an id has no name but the file's, which says nothing.
        outlook: its forecast.
        manner: how steps become one number.
        label: what the values are called; None for the name of their column.
    """
    told = (outlook.history, outlook.forecasts, outlook.distributed, manner)
    found = (headline_of(*told), *series_headlines(*told))
    if len(outlook.history) == 1 and not id_parts_of(stored).names:
        found = tuple(replace(own, whose="") for own in found)
    return found if label is None else tuple(replace(own, target=label) for own in found)


def prediction_pictures(
    stored: StoredModel,
    result: PredictResult,
    usual: Forecasts | None,
    parts: ForecastParts,
    request: PictureRequest,
) -> dict[str, bytes]:
    """Returns the pictures of a forecast by how their names end: itself, and but for prices what it is made of.

    Args:
        stored: the model.
        result: the forecast.
        usual: it, if all were as usual; None where nothing else is told.
        parts: it is made of.
        request: how it is drawn.
    """
    panel = request.named(result.panel)
    manner = manner_for(stored, result.panel, result.forecasts.point.shape[1])
    outlook = Outlook(panel, replace(result.forecasts, quantiles=None), result.distributed)
    together_told, *each = headlines_of(stored, replace(outlook, history=result.panel), manner, request.label)
    title = headline_sentences(together_told, tuple(each))[0].rstrip(".")
    drawn = {result.model: outlook} | ({USUAL: Outlook(panel, usual)} if usual else {})
    content = _lines(drawn, manner, title, request)
    if manner == "standing":  # a price has no parts that add up to anything
        return {"": content}
    count = len(panel.summands)
    parts = parts.some(panel.summands.tolist())
    shown = parts if count == 1 else parts.joined(f"all {count:,} series", manner)
    whose = "" if count == 1 else f" of {shown.series_ids[0]}"
    bars = {NAMES[name]: values[0] for name, values in shown.by_name.items()}
    figure = parts_figure(
        shown.timestamps[0],
        bars,
        target=panel.target,
        title=f"{panel.target}{whose}: what the forecast is made of",
        size=request.size,
    )
    return {"": content, PARTS: render(figure, request.kind, request.size)}


def what_if_pictures(
    panel: Panel,
    changed: Panel,
    before: Forecasts,
    after: Forecasts,
    question: str,
    waterfall: Waterfall,
    request: PictureRequest,
) -> dict[str, bytes]:
    """Returns the pictures of a what-if by how their names end: both forecasts, and what adds up to the difference."""
    panel, changed = request.named(panel), request.named(changed)
    manner: Manner = "mean" if waterfall.is_mean else "total"
    share = (waterfall.end - waterfall.start) / abs(waterfall.start) if waterfall.start else None
    change = "" if share is None else f" ({percent(share, 1, signed=True)})"
    average = " on average" if waterfall.is_mean else ""
    title = f"{panel.target} if {question}: {about(waterfall.end)} instead of {about(waterfall.start)}{average}{change}"
    drawn = {WHAT_IF: Outlook(changed, after), AS_IS: Outlook(panel, before)}
    bars = [(part.name, part.value) for part in waterfall.parts]
    basis = "the mean over all orders in which they could be set" if waterfall.by == "column" else ""
    caption = f"What each {waterfall.by} adds{f', {basis}' if basis else ''}; the bars add up to the difference."
    unit = f"{panel.target}{', on average over all steps' if waterfall.is_mean else ', all steps together'}"
    figure = waterfall_figure(
        waterfall.start, bars, waterfall.end, target=unit, title=title, caption=caption, size=request.size
    )
    return {"": _lines(drawn, manner, title, request), WATERFALL: render(figure, request.kind, request.size)}


def _lines(drawn: Mapping[str, Outlook], manner: Manner, title: str, request: PictureRequest) -> bytes:
    """Returns the picture of forecasts after their history: of all series together where that means something."""
    told = next(iter(drawn.values())).history
    if told.hierarchy is not None:
        every = {name: own.forecasts for name, own in drawn.items()}
        looks = {name: look for name, look in LOOKS.items() if name in every}
        figure = tree_figure(told, every, title=title, size=request.size, looks=looks)
        return render(figure, request.kind, request.size)
    joint = {name: together(own, manner) for name, own in drawn.items()}
    shown = {name: own for name, own in joint.items() if own} or drawn
    first, given = next(iter(shown.values())), next(iter(drawn.values()))
    caption = ""
    if first is not given:
        what = "Sum" if manner == "total" else "Mean"
        caption = f"{what} of {counted(len(given.history), 'series')}."
    figure = forecast_figure(
        first.history,
        {name: own.forecasts for name, own in shown.items()},
        title=title,
        size=request.size,
        looks={name: look for name, look in LOOKS.items() if name in shown},
        caption=caption,
    )
    return render(figure, request.kind, request.size)
