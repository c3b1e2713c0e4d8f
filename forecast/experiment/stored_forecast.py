"""A forecast from a stored model: from which panel, how far, and whether that can be promised."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from forecast.data.files.free_memory import free_memory, short_of_memory
from forecast.data.files.source import Source, read_source
from forecast.data.future.extrapolation import check_flags, yes_no_columns
from forecast.data.future.future_file import read_future
from forecast.data.hierarchy import is_rest
from forecast.data.panel import TARGET, IdParts, Panel
from forecast.data.read_options import ReadOptions
from forecast.data.reading.hierarchies.hierarchy_sums import with_told_leaves
from forecast.data.reading.reader import Reading
from forecast.errors import DataError, UsageError, closest, did_you_mean
from forecast.evaluation.distribution.probabilistic_forecast import ProbabilisticForecast
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.decisions.asked import AS_USUAL, Asked, asked_of, median_notes
from forecast.experiment.decisions.orders import Orders, orders_of
from forecast.experiment.decisions.series_selection import level_places, some_series
from forecast.experiment.decisions.totals import Totals, earlier_notes, narrowed, totals_of
from forecast.experiment.input_data import called_alike, is_there, read_alike
from forecast.experiment.known_ahead import assumed_notes, short_notes, unseen_notes
from forecast.experiment.outputs import forecast_table
from forecast.experiment.plan import check_kind
from forecast.experiment.versions.stored_model import StoredModel, read_settings
from forecast.models.classical.baselines import Baseline
from forecast.models.forecaster import FloatArray, Forecasts
from forecast.name_lists import UnknownNameError, find_names, flag_value
from forecast.production.known_hosts import checked_source
from forecast.production.store.version import Version
from forecast.report.tables import ResultTable
from forecast.run import Run
from forecast.wording import counted, listed

MOST_REPEATS = 1000
"""A forecast is repeated from its own end at most so many times, for the steps that no network was trained for."""
OF_A_FORECAST = 1500
"""Bytes that a step of one series takes: in all members, with its bounds, as a row and as text."""


@dataclass(frozen=True, eq=False)
class PredictResult:
    """What `predict` found.

    Attributes:
        widened: how many times as wide as the version's own its intervals and quantiles are.
        distributed: the direct forecasts with the distribution of their errors; None where none is known.
    """

    version: Version
    model: str
    panel: Panel
    forecasts: Forecasts
    notes: tuple[str, ...]
    orders: Orders | None = None
    totals: Totals | None = None
    widened: float = 1.0
    distributed: ProbabilisticForecast | None = None

    @property
    def beside(self) -> dict[str, FloatArray]:
        """More columns of the table of forecasts, (S, H) each."""
        return self.orders.columns if self.orders else {}


def result_table(result: PredictResult, version: str) -> ResultTable:
    """Returns a forecast as a row a series and step, or as a row a total where these were asked for."""
    if result.totals:
        return result.totals.table(result.model, version)
    return forecast_table(result.forecasts, result.panel, result.model, version, result.beside)


def only_series(panel: Panel, names: Sequence[str]) -> Panel:
    """Returns the panel of the series named one by one or in lists, in its order; all of them where none is named.

    Raises:
        UsageError: there is no such series.
    """
    try:
        wanted = set(find_names(names, panel.series_ids, fold=False))
    except UnknownNameError as error:
        message = f"There is no series '{error.name}' among {listed(list(panel.series_ids))}."
        meant = did_you_mean(error.name, panel.series_ids)
        likely = closest(error.name, panel.series_ids) or panel.series_ids[0]
        raise UsageError(f"{message}{meant}", f"--series {flag_value([likely])}") from None
    return panel.select([i for i, name in enumerate(panel.series_ids) if name in wanted]) if names else panel


def with_future(panel: Panel, source: str | Source, options: ReadOptions) -> tuple[Panel, tuple[str, ...]]:
    """Returns a panel with what a second file tells of the steps to come, limits included, and what is to be said.

    Args:
        panel: to forecast from.
        source: of the known covariates.
        options: how the panel's own data was read.

    Raises:
        UsageError: the panel has no known covariates.
        DataError, NotFoundError: see ``read_future``; or a yes/no column is told to be anything else.
    """
    has_known = panel.covariates is not None and bool(panel.covariates.of("known"))
    if panel.limits and panel.limits.told:
        source = read_source(
            source, options.encoding, options.sheet, may_lack=True
        )  # standard input can't be read twice
        panel, texts = _with_limits(panel, source, options, may_lack=has_known)
        if not has_known:
            return panel, texts
    if not has_known:
        message = "--future tells of known covariates, but the model was trained without any."
        raise UsageError(message, "forecast train DATA --known COLUMNS makes one with them")
    leaves = panel.select(panel.summands) if panel.hierarchy is not None else panel
    covariates, findings = read_future(source, options, leaves)
    told = with_told_leaves(panel, covariates)
    check_flags(told, yes_no_columns(panel), is_averaged=bool(options.aggregate))
    return told, tuple(finding.text for finding in findings)


NO_ID = IdParts()


def _with_limits(
    panel: Panel, source: Source, options: ReadOptions, *, may_lack: bool
) -> tuple[Panel, tuple[str, ...]]:
    """Returns a panel with what a second file tells of the limits of the steps to come.

    Raises:
        DataError: see ``read_future``; a file may lack the columns where it tells of others.
    """
    assert panel.limits
    try:
        told, findings = read_future(source, options, replace(panel, covariates=panel.limits.told))
    except DataError as error:
        if may_lack and "has no column" in error.message:
            return panel, ()
        raise
    limits = replace(panel.limits, told=told)
    if limits.cross(panel.last):
        raise DataError(
            f"{source.name}: on some step to come, the lower limit is above the upper one.",
            "correct the file, so that --min is not above --max",
        )
    return replace(panel, limits=limits), tuple(finding.text for finding in findings)


def forecast_from(
    stored: StoredModel,
    panel: Panel,
    notes: tuple[str, ...],
    horizon: int | None,
    run: Run,
    asked: Asked = AS_USUAL,
    ids: IdParts = NO_ID,
) -> PredictResult:
    """Forecasts the steps after the end of a panel; what nobody tells of the known covariates is taken as usual.

    Args:
        stored: the model.
        panel: what to forecast from.
        notes: on the panel.
        horizon: steps; None for those that the model was trained for.
        run: what to forecast with.
        asked: of its distribution.
        ids: what the panel's series are told apart by.

    Raises:
        DataError: the panel holds values that the model's kind can't have, or a yes/no covariate another value.
        UsageError: the horizon is below 1, or the version has no distribution.
    """
    trained = asked_of(stored, asked)
    horizon = check_horizon(stored, panel, horizon)
    notes += known_notes(stored, panel, horizon) + longer_note(stored.trained, horizon)
    forecasts, distributed = trained.issue(panel, horizon, run, probabilities=asked.probabilities)
    check_numbers(stored, forecasts)
    notes += median_notes(forecasts)
    view = series_wanted(panel, asked)
    if view is not None:
        ids = narrowed(ids, panel.series_ids, [panel.series_ids[i] for i in view])
        panel, forecasts, distributed = some_series(panel, forecasts, distributed, view)
    orders = orders_of(trained, panel, forecasts, distributed, asked.costs) if asked.costs else None
    totals = totals_of(panel, forecasts, distributed, asked.totals, ids) if asked.totals else None
    if totals:
        notes += earlier_notes(totals)
    widened = stored.widening.factor
    return PredictResult(stored.version, trained.name, panel, forecasts, notes, orders, totals, widened, distributed)


def series_wanted(panel: Panel, asked: Asked) -> list[int] | None:
    """Returns the series of a hierarchy that are wanted, of sums by a part of the id what is below them; None for all.

    Raises:
        UsageError: there is no such level or series, or no such series of the level.
    """
    if panel.hierarchy is None:
        level_places(panel, asked.level)
        return None
    places = level_places(panel, asked.level)
    if places is None and asked.costs is not None:
        places = panel.summands.tolist()  # what is ordered of a sum is ordered of what is below it
    if asked.series:
        wanted = set(only_series(panel, asked.series).series_ids)
        places = [i for i in places or range(len(panel)) if panel.series_ids[i] in wanted]
        if not places:
            message = f"--level {asked.level} has none of the series that --series names."
            raise UsageError(message, f"--series with others, or without --level {flag_value([asked.level or ''])}")
    if places is not None and asked.totals is not None and asked.totals.by is not None:
        places = np.unique(np.concatenate([panel.hierarchy.leaves_of(i) for i in places])).tolist()
    return places


def known_notes(stored: StoredModel, panel: Panel, horizon: int) -> tuple[str, ...]:
    """Returns what is to be said of the data, and of what is not known of the steps to come."""
    notes = short_notes(stored.trained, panel)
    notes += unseen_notes(stored.trained, panel, horizon, is_averaged=bool(stored.options.aggregate))
    fix = f"forecast predict {stored.version.name} --future FILE"
    return notes + assumed_notes(stored.trained, panel, horizon, fix) + stored.width_notes


def check_numbers(stored: StoredModel, forecasts: Forecasts) -> None:
    """Refuses forecasts that are not all numbers, which would be empty cells.

    Raises:
        DataError: some are none; weights that are far too large are a reason.
    """
    lost = int((~np.isfinite(forecasts.point)).sum())
    if lost:
        version = stored.version
        raise DataError(
            f"{version.name} {version.label} forecasts no number for {lost:,} of {forecasts.point.size:,} steps.",
            f"forecast models rollback {version.name}, or train it anew",
        )


def check_horizon(stored: StoredModel, panel: Panel, horizon: int | None) -> int:
    """Returns the steps to forecast: as many as asked for, else as the model was trained for.

    Raises:
        DataError: the panel holds values that the model's kind can't have.
        UsageError: the horizon is below 1.
    """
    check_promise(stored, panel)
    horizon = stored.trained.horizon if horizon is None else horizon
    if horizon < 1:
        raise UsageError(f"--horizon {horizon} is not a number of steps.", "--horizon 1 or more")
    _check_reach(stored.trained.horizon, len(panel), horizon)
    return horizon


def _check_reach(trained: int, series: int, horizon: int) -> None:
    """Refuses a horizon that would take hours or more memory than is free, before anything is forecast.

    Raises:
        UsageError: it would.
    """
    if horizon > MOST_REPEATS * trained:
        times, most = f"{horizon / trained:,.0f} times", MOST_REPEATS * trained
        message = f"--horizon {horizon} is {times} the {counted(trained, 'step')} that the model was trained for."
        raise UsageError(message, f"--horizon {most} or less, or forecast train DATA --horizon with more steps")
    needed = OF_A_FORECAST * series * horizon
    if horizon > trained and needed > (free := free_memory()):
        most = max(trained, int(free / OF_A_FORECAST / series))
        needs = f"{counted(horizon, 'step')} of {counted(series, 'series')} need"
        raise short_of_memory(needs, needed, free, f"--horizon {most} or less, or --series with fewer of them")


def check_promise(stored: StoredModel, panel: Panel) -> None:
    """Refuses values that sales or prices can't have, where a model was trained for them.

    Raises:
        DataError, UsageError: see ``check_kind``.
    """
    hint = "mend the data, or forecast train FILE --kind auto"
    check_kind(panel, read_settings(stored.version).kind, hint)


def longer_note(trained: TrainedModel, horizon: int) -> tuple[str, ...]:
    """Returns what is to be said where more steps are asked for than a model was trained for."""
    if horizon <= trained.horizon:
        return ()
    return (
        f"The model was trained for {trained.horizon} steps; its forecast is repeated from its own end "
        f"for the rest, and those steps have no intervals, since their errors were never measured "
        f"(forecast train DATA --horizon {horizon} measures them).",
    )


@dataclass(frozen=True, eq=False)
class KnownData:
    """What is forecast from.

    Attributes:
        panel: ends at the origin.
        notes: what is to be said about it.
        ids: what its series are told apart by.
    """

    panel: Panel
    notes: tuple[str, ...]
    ids: IdParts


def data_of_forecast(stored: StoredModel, source: str | Source | None, now: datetime | None = None) -> KnownData:
    """Returns the data to forecast from: a file's, or what the model was trained on."""
    known = source or checked_source(stored.source, f"forecast predict {stored.version.name} --data")
    if isinstance(known, str) and source is None and not is_there(known, "--data FILE"):
        why = f"{known} is not there any more" if Path(known).is_absolute() else f"The model was trained on {known}"
        note = f"{why}: forecasting from the end of the data that it saw (--data FILE takes newer rows)."
        return KnownData(stored.context, (note, *_rest_notes(stored.context)), id_parts_of(stored))
    reading, notes = _read(stored, known, now)
    panel = called_alike(reading.panel, stored.context)
    before = {name for name in stored.context.series_ids if not is_rest(name)}
    there = set(panel.series_ids)
    notes += [f"{_series(there - before)} not among those that the model was trained on."] if there - before else []
    notes += [f"{_series(before - there)} not in {reading.source}, and not forecast."] if before - there else []
    if source is not None:
        notes += _shorter(stored, panel, reading.source)
    return KnownData(panel, tuple(notes), reading.ids)


def _rest_notes(panel: Panel) -> tuple[str, ...]:
    """Returns that leaves which a model did not learn from one by one are forecast together, where there are such."""
    if panel.hierarchy is None or not panel.hierarchy.has_rests:
        return ()
    return ("Leaves that were not in the sample are forecast together, as rests (--data FOLDER has each of them).",)


def _shorter(stored: StoredModel, panel: Panel, source: str) -> list[str]:
    """Returns what is to be said of series that are shorter than what the model looked back on when it was trained."""
    model = stored.trained.model
    if model.lookback is None:
        return []
    needed = min(model.lookback, int(stored.context.lengths.max(initial=0)))
    short = int((panel.lengths < needed).sum())
    if not short:
        return []
    again = "" if isinstance(model, Baseline) else "; it sees what there is again and again"
    which = f"{short:,} of {len(panel):,} series in {source} {'has' if short == 1 else 'have'}"
    return [f"{which} fewer than the {needed:,} steps that the model looks back on{again}."]


def data_of_shard(
    stored: StoredModel, source: Source, now: datetime, *, keep_partial: bool = False
) -> tuple[Reading, Panel, tuple[str, ...]]:
    """Returns what a shard of a panel holds, its panel to forecast from, and what is to be said about it.

    Of a hierarchy, these are leaves: their sums are of leaves in all shards.
    """
    partial = stored.options.keep_partial or keep_partial
    alone = replace(stored, options=replace(stored.options, hierarchy=None, parents=None, keep_partial=partial))
    reading, notes = _read(alone, source, now)
    return reading, called_alike(reading.panel, stored.context, is_part=True), tuple(notes)


def _read(stored: StoredModel, source: str | Source, now: datetime | None) -> tuple[Reading, list[str]]:
    """Returns what a file holds, read as the model's data was, and the warnings of that."""
    options = replace(stored.options, weight=None, half_life=None)  # nothing is learned here
    reading = read_alike(source, options, stored.context.frequency, stored.columns, now=now)
    return reading, [finding.text for finding in reading.findings if finding.grade == "warning"]


def id_parts_of(stored: StoredModel) -> IdParts:
    """Returns what the series that a model was trained on are told apart by, as far as their names tell."""
    options, series_ids = stored.options, stored.context.series_ids
    names = (*options.ids, *([TARGET] if len(options.target) > 1 else []))
    parts = tuple(tuple(name.split("/")) if len(names) > 1 else (name,) for name in series_ids)
    return IdParts(names, parts) if names and {len(own) for own in parts} == {len(names)} else IdParts()


def _series(ids: set[str]) -> str:
    first = ", ".join(sorted(ids)[:3])
    return f"{len(ids):,} series ({first}{', …' if len(ids) > 3 else ''}) {'is' if len(ids) == 1 else 'are'}"
