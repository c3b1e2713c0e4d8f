"""One forecast that was issued, with the version that issued it, and what it knew: its data, and its plans.

                              ● origin
    data     ─────────────────●           kept with the version that was published with the forecast; of one that a
    plans                      p p p p    version issued later, the plans alone are, and newer data is cut at its origin
    forecast                   f f f f

Shapes: ``S`` series, ``H`` horizon, ``C`` known columns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from forecast.data.covariates import Column, Covariates
from forecast.data.files.written.forecast_csv import KNOWN, ForecastTable, parse_forecasts
from forecast.data.panel import FloatArray, IntArray, Panel, places_of
from forecast.errors import DataError
from forecast.experiment.input_data import called_alike
from forecast.experiment.known_ahead import columns_needed
from forecast.experiment.versions.stored_model import StoredModel, load_version
from forecast.production.store.issued import IssuedMark
from forecast.production.store.version import Version

Newest = Callable[[StoredModel], Panel | None]
"""Returns the newest data as a model reads it; None where there is none."""


@dataclass(frozen=True, eq=False)
class IssuedForecast:
    """One of them.

    Attributes:
        mark: when it was issued, and by which version.
        table: its rows.
        stored: the version; None where it is in the store no more, or damaged.
    """

    mark: IssuedMark
    table: ForecastTable
    stored: StoredModel | None

    @property
    def is_published(self) -> bool:
        """Whether the version was published with it, so that all that it knew is kept."""
        return isinstance(self.mark.place, Version)


def load_issued(mark: IssuedMark, versions: Mapping[int, Version]) -> IssuedForecast:
    """Returns a forecast, and the version that issued it.

    Args:
        mark: which it is.
        versions: that are in the store, by number.

    Raises:
        DataError: the forecast is damaged.
    """
    try:
        table = parse_forecasts(mark.read())
    except ValueError as error:
        raise DataError(f"The forecast of {mark.label} {error}.", "compare others") from None
    version = mark.place if isinstance(mark.place, Version) else versions.get(mark.number)
    try:
        stored = None if version is None else load_version(version)
    except DataError:
        stored = None
    return IssuedForecast(mark, table, stored)


def known_beside(stored: StoredModel, panel: Panel, horizon: int) -> dict[str, FloatArray]:
    """Returns what a forecast is told of the steps to come, as columns of the table that is kept, (S, H) each.

    Texts are the places of what the version knows; columns that the model does not look at are left out.
    """
    covariates, needed = panel.covariates, columns_needed(stored.trained)
    if covariates is None or not needed:
        return {}
    ahead = covariates.known_between(panel.last + 1, horizon)
    return {
        f"{KNOWN}{column.name}": ahead[..., place]
        for place, column in enumerate(covariates.of("known"))
        if column.name in needed
    }


def data_of(issued: IssuedForecast, reader: StoredModel, newest: Newest) -> Panel | None:
    """Returns the data of a forecast as another version reads it, up to its origin; None where it can't be had.

    Args:
        issued: the forecast.
        reader: the version that is to forecast from it.
        newest: data, which is cut where the forecast's ended.
    """
    own = issued.stored.context if issued.is_published and issued.stored else None
    if own is not None and _is_enough(own, reader, issued):
        return called_alike(own, reader.context)
    panel = newest(reader)
    return None if panel is None else _until_origins(called_alike(panel, reader.context), issued.table)


def _is_enough(context: Panel, reader: StoredModel, issued: IssuedForecast) -> bool:
    """Returns whether the end of the data that a version keeps holds all that another looks at."""
    assert issued.stored
    names = [(column.name, column.kind) for column in reader.columns]
    if names != [(column.name, column.kind) for column in issued.stored.columns]:
        return False
    if context.frequency != reader.context.frequency or context.target != reader.context.target:
        return False
    told = issued.stored.version.manifest.data.get("steps")
    steps = [each for each in told if type(each) is int] if isinstance(told, list) else []
    whole = np.array(steps, float) if len(steps) == len(context) else np.full(len(context), np.inf)
    used = reader.trained.steps_used
    return bool((context.lengths >= (whole if used is None else np.minimum(whole, used))).all())


def _until_origins(panel: Panel, table: ForecastTable) -> Panel | None:
    """Returns newer data without what came after the origins of a forecast; None where it does not reach so far."""
    if not panel.frequency.on_step(table.origins).all():
        return None
    origins = panel.frequency.ordinals(table.origins)
    lone = len(panel) == len(table.series_ids) == 1
    places = np.zeros(1, dtype=np.int64) if lone else places_of(table.series_ids, panel.series_ids)
    last = np.full(len(panel), origins.max())
    known = places[table.series]
    last[known[known >= 0]] = origins[known >= 0]
    if (panel.last[np.unique(known[known >= 0])] < last[np.unique(known[known >= 0])]).any():
        return None
    return panel.until(np.clip(last - panel.first + 1, 0, panel.lengths))


@dataclass(frozen=True, eq=False)
class KnownPlan:
    """What a forecast was told of the steps after its origin.

    Attributes:
        columns: known ones.
        values: (S, H, C), of texts the places among the levels of the version.
        first: (S,) ordinal of the first step.
    """

    columns: tuple[Column, ...]
    series_ids: tuple[str, ...]
    values: FloatArray
    first: IntArray


def plan_of(issued: IssuedForecast) -> KnownPlan | None:
    """Returns what a forecast was told of the steps to come; None where that was not kept, or its version is gone."""
    stored, table = issued.stored, issued.table
    if stored is None or stored.context.covariates is None:
        return None
    horizon, context = int(table.steps.max()), stored.context
    columns = stored.context.covariates.of("known")
    if issued.is_published:
        values = stored.context.covariates.known_between(context.last + 1, horizon)
        return KnownPlan(columns, context.series_ids, values, context.last + 1)
    kept = tuple(column for column in columns if column.name in table.known)
    if not kept or not context.frequency.on_step(table.origins).all():
        return None
    values = np.full((len(table.series_ids), horizon, len(kept)), np.nan)
    first = np.zeros(len(table.series_ids), dtype=np.int64)
    first[table.series] = context.frequency.ordinals(table.origins) + 1
    for place, column in enumerate(kept):
        values[table.series, table.steps - 1, place] = table.known[column.name]
    names = context.series_ids if len(context) == len(table.series_ids) == 1 else table.series_ids
    return KnownPlan(kept, names, values, first)


def with_plan(panel: Panel, plan: KnownPlan) -> tuple[Panel, tuple[str, ...]]:
    """Returns a panel that is told of the steps to come what a plan tells, and which columns are other than before.

    Beyond the plan it is told what it was; what the plan does not tell, it is not told either.
    """
    covariates = panel.covariates
    assert covariates is not None
    known, reach = covariates.of("known"), int((plan.first + plan.values.shape[1] - 1).max())
    end = max(reach, int(covariates.known_last.max(initial=reach)))
    steps = max(end - int(panel.last.min()), 0)
    now = covariates.known_between(panel.last + 1, steps)
    then = now.copy()
    places = places_of(panel.series_ids, plan.series_ids)
    at = panel.last[:, None] + 1 + np.arange(steps) - plan.first[places][:, None]  # step of the plan
    inside = (places >= 0)[:, None] & (at >= 0) & (at < plan.values.shape[1])
    told = plan.values[places[:, None], np.where(inside, at, 0)]
    names = [column.name for column in known]
    changed = []
    for place, column in enumerate(plan.columns):
        if column.name not in names:
            continue
        c = names.index(column.name)
        own = _recoded(told[..., place], column, known[c])
        then[..., c] = np.where(inside, own, now[..., c])
        if not np.array_equal(then[..., c], now[..., c], equal_nan=True):
            changed.append(column.name)
    return replace(panel, covariates=_told(covariates, panel, then)), tuple(changed)


def _recoded(values: FloatArray, column: Column, like: Column) -> FloatArray:
    """Returns the places of texts among the levels of another version's column; one that it lacks comes after them."""
    levels = like.levels
    if column.levels is None or levels is None or column.levels == levels:
        return values
    places = {text: place for place, text in enumerate(levels)}
    codes = np.array([places.get(text, len(levels)) for text in (*column.levels, "")], dtype=np.float64)
    told = ~np.isnan(values)
    found = values.copy()
    found[told] = codes[np.minimum(values[told].astype(np.int64), len(codes) - 1)]
    return found


def _told(covariates: Covariates, panel: Panel, ahead: FloatArray) -> Covariates:
    """Returns covariates whose known columns tell of the steps after the end of each series what they are told."""
    first = np.minimum(covariates.known_first, panel.last + 1)
    before = panel.last + 1 - first
    lengths = before + ahead.shape[1]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    series = np.repeat(np.arange(len(panel)), lengths)
    steps = np.arange(offsets[-1]) - offsets[series]  # since the first
    values = covariates.known_at(series, first[series] + steps)
    is_ahead = steps >= before[series]
    values[is_ahead] = ahead[series[is_ahead], (steps - before[series])[is_ahead]]
    return replace(covariates, known=values, known_offsets=offsets, known_first=first)
