"""Two issued forecasts beside each other: what changed where both speak of a step, and what each part comes from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from forecast.data.frequency import Frequency, Timestamps, readable
from forecast.data.hierarchy import is_rest
from forecast.data.panel import FloatArray, IntArray, Panel, places_of
from forecast.errors import ForecastError, UsageError
from forecast.evaluation.fold_forecasts import Manner
from forecast.experiment.changes.choice import last_pair
from forecast.experiment.changes.difference import (
    PeriodEdges,
    Reforecasts,
    SharedPoints,
    parts_of_difference,
    shared_points,
    values_at,
)
from forecast.experiment.changes.issued_forecast import (
    IssuedForecast,
    Newest,
    data_of,
    load_issued,
    plan_of,
    with_plan,
)
from forecast.experiment.changes.newest_data import NewestData
from forecast.experiment.decisions.headline import manner_of
from forecast.experiment.decisions.periods import (
    HORIZON,
    Period,
    check_period,
    edges_of,
    numbered,
    span_of,
)
from forecast.experiment.known_ahead import columns_needed
from forecast.experiment.versions.stored_model import StoredModel, read_settings
from forecast.production.store.model_store import ModelStore
from forecast.run import Run

SAME = 1e-6
"""Share by which a forecast that is made again may differ by rounding."""
NOTHING = Reforecasts()


@dataclass(frozen=True)
class Since:
    """What came between the two origins, beside what the earlier forecast had said.

    Attributes:
        first, last: of the steps.
        came: of all series, joined as the forecasts are.
        said: likewise.
    """

    first: np.datetime64
    last: np.datetime64
    came: float
    said: float


@dataclass(frozen=True, eq=False)
class ForecastComparison:
    """Two forecasts and what changed.

    Attributes:
        name: of the model.
        target: what is forecast.
        points: that both speak of.
        parts: of their difference by name, (P,) each; None where they can't be told apart.
        columns: known ones that the two forecasts were told differently of the steps to come.
        manner: how steps become one number.
        leaves: (P,) which points are of series that are no sums of others.
        since: what came meanwhile; None where that is not known.
        history: the data of the later forecast; None where it can't be had.
        frequency: of the steps; None where no version tells it.
        is_folded: what comes from plans is in the part of the data, as it can't be told.
        newest: the newest data; None where nobody asked for it.
        notes: what is to be said.
    """

    name: str
    target: str
    before: IssuedForecast
    after: IssuedForecast
    points: SharedPoints
    parts: dict[str, FloatArray] | None
    columns: tuple[str, ...]
    manner: Manner
    leaves: np.ndarray
    since: Since | None
    history: Panel | None
    frequency: Frequency | None
    is_folded: bool = False
    newest: Panel | None = None
    notes: tuple[str, ...] = ()

    def some(self, names: Sequence[str]) -> "ForecastComparison":
        """Returns the comparison of some series."""
        wanted = np.array([name in set(names) for name in self.points.series_ids], dtype=bool)
        which = wanted[self.points.series] if len(wanted) else np.zeros(0, dtype=bool)
        parts = None if self.parts is None else {name: values[which] for name, values in self.parts.items()}
        return replace(self, points=self.points.some(which), parts=parts, leaves=self.leaves[which], since=None)


def last_change(
    models: ModelStore, panel: Panel | None, run: Run, since: datetime | None = None
) -> ForecastComparison | None:
    """Returns the forecast that was issued last beside the one before it; None where they can't be compared.

    Args:
        models: the model in the store.
        panel: the newest data, where it was read already.
        run: what to forecast with.
        since: when the last one is to have been issued, at the earliest.
    """
    try:
        pair = last_pair(models)
        if pair is None or (since is not None and pair.after.moment < since.replace(microsecond=0)):
            return None
        versions = {version.number: version for version in models.versions()}
        before, after = (load_issued(mark, versions) for mark in (pair.before, pair.after))
        return compare_issued(models.name, before, after, NewestData(run, panel=panel, only_small=True), run)
    except ForecastError:
        return None


def compare_issued(
    name: str, before: IssuedForecast, after: IssuedForecast, newest: Newest, run: Run
) -> ForecastComparison:
    """Returns two forecasts beside each other.

    Args:
        name: of the model.
        before: what was forecast first.
        after: what was forecast later.
        newest: data as a version reads it, for a forecast whose own is not kept.
        run: what to forecast with.

    Raises:
        UsageError: they have no step in common, or are of different targets or frequencies.
    """
    known = [each.stored for each in (after, before) if each.stored]
    _check_targets(before, after)
    points = shared_points(before.table, after.table)
    if not len(points.before):
        raise _apart(name, before, after)
    again = _forecast_again(before, after, points, newest, run)
    is_same = before.mark.number == after.mark.number
    parts = parts_of_difference(points, again.remade, is_same_version=is_same)
    history = next(filter(None, (data_of(after, stored, newest) for stored in known)), None)
    context = history or (known[0].context if known else None)
    manner = _manner(known[0], context, int(points.steps.max())) if known and context else _plain_manner(points)
    leaves = _leaves(context, points.series_ids)[points.series]
    frequency = known[0].context.frequency if known else None
    return ForecastComparison(
        name=name,
        target=context.target if context else name,
        before=before,
        after=after,
        points=points,
        parts=parts,
        columns=again.columns,
        manner=manner,
        leaves=leaves,
        since=_since(before, history, manner),
        history=history,
        frequency=frequency,
        is_folded=again.is_folded,
        notes=again.notes,
    )


def _check_targets(before: IssuedForecast, after: IssuedForecast) -> None:
    if not before.stored or not after.stored:
        return
    first, later = before.stored.context, after.stored.context
    labels = before.mark.label, after.mark.label
    for old, new in ((first.target, later.target), (first.frequency.code, later.frequency.code)):
        if old != new:
            message = f"{labels[0]} forecasts {old} and {labels[1]} {new}: there is nothing to compare."
            raise UsageError(message, f"two versions of one kind; forecast models show {before.stored.version.name}")


def _apart(name: str, before: IssuedForecast, after: IssuedForecast) -> UsageError:
    """Returns that two forecasts have no step in common."""
    ends = [(readable(each.table.timestamps.min()), readable(each.table.timestamps.max())) for each in (before, after)]
    (first, last), (begin, end) = ends
    message = f"{name}: one forecast is of {first} to {last}, the other of {begin} to {end}: no step is in both."
    return UsageError(message, f"forecast diff {name} compares the last two; or dates that lie closer together")


@dataclass(frozen=True, eq=False)
class _Again:
    """What was forecast again, the columns whose plans changed, and what is to be said."""

    remade: Reforecasts
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_folded: bool = False


def _forecast_again(
    before: IssuedForecast, after: IssuedForecast, points: SharedPoints, newest: Newest, run: Run
) -> _Again:
    """Returns what both versions make of the later forecast's data, as far as that can be told."""
    old, label = before.stored, before.mark.label
    is_same = before.mark.number == after.mark.number
    if old is None:
        why = f"{label} is not in the store any more: what comes from what can't be told apart."
        return _Again(NOTHING, notes=() if is_same else (why,))
    if is_same and not columns_needed(old.trained):
        return _Again(NOTHING)
    own = told_data(after, old, newest)
    if own is None:
        what = "plans of the steps to come count as data" if is_same else "what comes from what can't be told apart"
        note = f"The data of the later forecast can't be had as {label} reads it: {what}."
        return _Again(NOTHING, notes=(note,), is_folded=True)
    steps = int(points.steps.max())

    def values(stored: StoredModel, panel: Panel) -> FloatArray:
        return values_at(stored.trained.forecast(panel, steps, run), points)

    try:
        found = _told_as_before(before, old, own, values)
        data = told_data(after, after.stored, newest) if after.stored and not is_same else None
        if data is None or after.stored is None:
            return found
        new = values(after.stored, data)
    except ForecastError as error:
        return _Again(NOTHING, notes=(f"{label} can't forecast from the later data ({error.message.rstrip('.')}).",))
    notes = found.notes
    if not np.allclose(new, points.after, rtol=SAME, atol=0, equal_nan=True):
        notes += ("The later forecast's data was corrected since; what that changes counts as data.",)
    return replace(found, remade=replace(found.remade, new=new), notes=notes)


def _told_as_before(
    before: IssuedForecast, old: StoredModel, panel: Panel, values: Callable[[StoredModel, Panel], FloatArray]
) -> _Again:
    """Returns what the earlier version makes of the later data, told the newer plans, and told its own again.

    Args:
        before: the earlier forecast.
        old: its version.
        panel: the later data as that reads it.
        values: forecasts the points.
    """
    now, needed = values(old, panel), columns_needed(old.trained)
    if not needed:
        return _Again(Reforecasts(old=now))
    plan = plan_of(before)
    if plan is None:
        label = before.mark.label
        note = f"What {label} was told of the steps to come was not kept: changes of it count as data."
        return _Again(Reforecasts(old=now), notes=(note,), is_folded=True)
    planned, changed = with_plan(panel, plan)
    columns = tuple(column for column in changed if column in needed)
    return _Again(Reforecasts(old_plan=values(old, planned) if columns else now, old=now), columns)


def told_data(issued: IssuedForecast, reader: StoredModel, newest: Newest) -> Panel | None:
    """Returns the data of a forecast as a version reads it, told of the steps to come what the forecast was told."""
    panel = data_of(issued, reader, newest)
    if panel is None or panel.covariates is None or issued.is_published:
        return panel
    plan = plan_of(issued)
    return panel if plan is None else with_plan(panel, plan)[0]


def _manner(stored: StoredModel, panel: Panel, horizon: int) -> Manner:
    kind, aggregate = read_settings(stored.version).kind, stored.options.aggregate
    return manner_of(panel, horizon, stored.trained.season, kind, aggregate)


def _plain_manner(points: SharedPoints) -> Manner:
    return "mean" if (points.before < 0).any() or (points.after < 0).any() else "total"


def _leaves(panel: Panel | None, series_ids: Sequence[str]) -> np.ndarray:
    """Returns which series are no sums of others, (S,): leaves, and rests of such that are not known one by one."""
    if panel is None or panel.hierarchy is None:
        return np.ones(len(series_ids), dtype=bool)
    leaves = {panel.series_ids[i] for i in panel.summands}
    return np.array([name in leaves or is_rest(name) for name in series_ids], dtype=bool)


def actuals(comparison: ForecastComparison) -> FloatArray:
    """Returns what came at the points that are compared, (P,); NaN where that is not known by now."""
    points, newest = comparison.points, comparison.newest
    if newest is None or not newest.frequency.on_step(points.timestamps).all():
        return np.full(len(points.before), np.nan)
    return _observed(newest, points.series_ids, points.series, points.timestamps)


def _observed(panel: Panel, series_ids: Sequence[str], series: IntArray, timestamps: Timestamps) -> FloatArray:
    """Returns what was observed of some series at some times, (P,); NaN where nothing was. A lone one fits a lone one.

    Args:
        panel: what was observed.
        series_ids: names of the series.
        series: (P,) place among them.
        timestamps: (P,) on its steps.
    """
    names = panel.series_ids if len(panel) == len(series_ids) == 1 else series_ids
    place = places_of(names, panel.series_ids)[series]
    position = panel.frequency.ordinals(timestamps) - panel.first[place]
    inside = (place >= 0) & (position >= 0) & (position < panel.lengths[place])
    found = np.full(len(place), np.nan)
    found[inside] = panel.values[panel.offsets[place[inside]] + position[inside]]
    return found


def _since(before: IssuedForecast, history: Panel | None, manner: Manner) -> Since | None:
    """Returns what came between the origins, of the series that are no sums; None where nothing is known of it."""
    table = before.table
    if history is None or not history.frequency.on_step(table.timestamps).all():
        return None
    came = _observed(history, table.series_ids, table.series, table.timestamps)
    known = ~np.isnan(came) & ~np.isnan(table.point) & _leaves(history, table.series_ids)[table.series]
    if not known.any():
        return None
    stamps = table.timestamps[known]
    if manner == "standing":
        known &= table.timestamps == stamps.max()
    join: Callable[[FloatArray], np.floating] = np.sum if manner == "total" else np.mean
    return Since(stamps.min(), stamps.max(), float(join(came[known])), float(join(table.point[known])))


def period_edges(period: Period, frequency: Frequency, points: SharedPoints) -> PeriodEdges:
    """Returns the periods that points lie in.

    Raises:
        UsageError: the period is finer than the steps, or there are no dates.
    """
    check_period(period, frequency)
    ordinals = frequency.ordinals(points.timestamps)
    numbers = numbered(period, frequency, ordinals)
    if period == HORIZON:
        ends = span_of(frequency, ordinals.min()[None], ordinals.max()[None])

        def span(found: IntArray) -> tuple[Timestamps, Timestamps]:
            return np.repeat(ends[0], len(found)), np.repeat(ends[1], len(found))

        return PeriodEdges(numbers, np.ones(len(numbers), dtype=bool), span)
    _, group = np.unique(np.stack([points.series, numbers]), axis=1, return_inverse=True)
    group = group.ravel()
    first, last = (np.full(group.max() + 1, at(ordinals)) for at in (np.max, np.min))
    np.minimum.at(first, group, ordinals)
    np.maximum.at(last, group, ordinals)
    around = numbered(period, frequency, np.stack([first - 1, last + 1]))
    own = np.zeros(len(first), dtype=np.int64)
    own[group] = numbers
    is_whole = (np.bincount(group) == last - first + 1) & (around != own).all(axis=0)
    return PeriodEdges(numbers, is_whole[group], lambda found: edges_of(period, frequency, found))
