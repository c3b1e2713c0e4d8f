"""The data and the model that a command works on where none was named, and how newer data is read."""

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import forecast
from forecast.addresses import is_address
from forecast.data.columns.roles import MissingColumnError
from forecast.data.covariates import KINDS, Column, Kind
from forecast.data.files.parquet_folder import is_folder
from forecast.data.files.source import SUFFIXES, Source
from forecast.data.findings import Finding
from forecast.data.frequency import Frequency
from forecast.data.hierarchy import is_rest
from forecast.data.panel import Panel
from forecast.data.read_options import PriorReading, ReadOptions
from forecast.data.reading.hierarchies.hierarchy_sums import LoneSeriesError, read_nodes
from forecast.data.reading.reader import Reading, read_panel
from forecast.errors import DataError, ForecastError, NotFoundError, UsageError
from forecast.experiment.versions.data_entry import options_of
from forecast.name_lists import flag_value, pieces_of
from forecast.production.known_hosts import checked_source
from forecast.production.store.disk import is_file, kind_of
from forecast.production.store.store import Store

SAMPLE = "airline_passengers.csv"
MOST_GAPS = 0.5
"""A file that would have more gaps than this at the model's frequency has another one."""


@dataclass(frozen=True)
class FoundSource:
    """A data source, and why it was taken; no reason where the user named it."""

    source: str
    why: str = ""
    options: ReadOptions | None = None


def find_source(named: str | None, store: Store, configured: tuple[str, str] | None = None) -> FoundSource:
    """Returns the data to use: as named, else as configured, else of the last train, else the sample.

    Args:
        named: by the user.
        store: where the last train is known.
        configured: data, and the file of settings or the variable that names it.
    """
    if named is not None:
        return FoundSource(named)
    if configured:
        return FoundSource(configured[0], f"named in {configured[1]}")
    newest = store.newest()
    if newest is None:
        return FoundSource(str(sample_path()), f"the bundled sample, since nothing was trained in {store.root} yet")
    source = checked_source(newest.manifest.data.source, "forecast COMMAND")
    if is_address(source) or is_file(Path(source)) or is_folder(source):
        return FoundSource(source, f"from the last train ({newest.name})", options_of(newest))
    why = f"the bundled sample, since {source} of the last train ({newest.name}) is not there"
    return FoundSource(str(sample_path()), why)


def name_and_data(first: str | None, second: str | None, store: Store) -> tuple[str | None, str | None]:
    """Returns the model and the data that one or two arguments name: a lone one may be either."""
    if first is None or second is not None or first in store.names():
        return first, second
    path = Path(first)
    is_data = first == "-" or "/" in first or path.suffix.lower() in SUFFIXES or is_file(path) or is_folder(first)
    return (None, first) if is_data else (first, None)


def is_there(source: str, flag: str) -> bool:
    """Returns whether there is such a file, or folder of Parquet files; an address is looked at when it is read.

    Raises:
        DataError: it can't be known; the hint names ``flag``.
    """
    return is_address(source) or kind_of(Path(source), flag) == "file" or is_folder(source)


def only_model(store: Store, command: str) -> str:
    """Returns the name of the one model in the store.

    Raises:
        NotFoundError: there is none.
        UsageError: there are several; the hint is the command with the name of the first.
    """
    names = store.names()
    if len(names) == 1:
        return names[0]
    if not names:
        where = f"in {store.root}" if store.is_there() else f"in {store.root}, which is not there"
        raise NotFoundError(
            f"There is no trained model {where}.", "forecast train DATA, or --store with another folder"
        )
    raise UsageError(f"Which model? The store has {', '.join(names)}.", f"forecast {command} {names[0]}")


def read_to_learn(source: str, options: ReadOptions, now: datetime | None = None, sample: int | None = None) -> Reading:
    """Returns what is learned from: a file, or of a folder of Parquet files so many series that a network has enough.

    Args:
        source: a path, or ``-``.
        options: how it is read.
        now: when it is; see ``read_panel``.
        sample: series of a folder; None for as many as are enough.

    Raises:
        UsageError: a sample of something else than a folder is asked for.
        ForecastError: see ``read_panel`` and ``sample_of_folder``.
    """
    if options.hierarchy is not None and is_folder(source):
        return _tree_to_learn(source, options, now, sample)
    if not is_folder(source):
        if sample is not None:
            message = f"--sample takes some series of a folder of Parquet files, and {source} is none."
            raise UsageError(message, f"forecast shard {shlex.quote(source)} DIR, or leave out --sample")
        return read_nodes(source, options, now=now)
    from forecast.data.shards.series_sample import sample_of_folder  # a folder pays for it

    found = sample_of_folder(source, options, now.year if now else None, sample)
    if found is None:
        return read_panel(source, options, now=now)
    reading = read_panel(found.source, options, now=now)
    about = "" if found.is_counted else "about "
    text = f"{found.series:,} of {about}{found.of:,} series are learned from, as long and as large as all of them are"
    return replace(reading, findings=(Finding("note", "sample", text, "--sample"), *reading.findings))


def _tree_to_learn(source: str, options: ReadOptions, now: datetime | None, sample: int | None) -> Reading:
    """Returns what is learned from of a hierarchy in shards: all of it, or all sums with a sample of the leaves.

    Raises:
        UsageError: a sample is asked for where none can be taken.
        ForecastError: see ``sampled_tree``.
    """
    from forecast.data.shards.tree_sample import sampled_tree  # a folder pays for it

    reading = sampled_tree(source, options, now=now, asked=sample)
    if reading is None and sample is not None:
        message = "--sample takes some leaves of nested levels, without covariates, weights, --ignore or --aggregate."
        raise UsageError(message, "leave out --sample: then all leaves are read")
    return reading or read_nodes(source, options, now=now)


def _nodes_alike(
    source: str | Source, options: ReadOptions, series_ids: Sequence[str], now: datetime | None, prior: PriorReading
) -> Reading:
    """Returns newer data of a model; of one that learned from a sample of leaves, these with the rests of today.

    Raises:
        UsageError: such a model's data is no folder.
        ForecastError: see ``sampled_tree``.
    """
    if options.hierarchy is None or not any(map(is_rest, series_ids)):
        return read_nodes(source, options, prior=prior, now=now)
    if isinstance(source, Source) or not is_folder(source):
        message = f"The model learned from some leaves of a folder of shards with all their sums, and {source} is none."
        raise UsageError(message, f"forecast shard {shlex.quote(str(source))} DIR makes one")
    from forecast.data.shards.tree_sample import sampled_tree  # a folder pays for it

    reading = sampled_tree(source, options, now=now, known=series_ids, prior=prior)
    return reading or read_nodes(source, options, prior=prior, now=now)


def of_known_series(
    source: str | Source, options: ReadOptions, series_ids: Sequence[str], now: datetime | None
) -> str | Source:
    """Returns the rows of a model's own series in a folder that holds many more than it learned from; else the source.

    Args:
        source: a path, or ``-``, or what was read.
        options: how the model's data was read.
        series_ids: that the model was trained on.
        now: when it is.

    Raises:
        ForecastError: see ``source_of_series``.
    """
    if isinstance(source, Source) or not is_folder(source) or options.hierarchy is not None:
        return source
    from forecast.data.shards.series_sample import is_large, source_of_series  # a folder pays for it

    if not options.ids or not is_large(source):
        return source
    is_plain = len(options.ids) == 1 and len(options.target) < 2
    parts = [(name,) if is_plain else tuple(name.split("/"))[: len(options.ids)] for name in series_ids]
    return source_of_series(source, options, parts, now.year if now else None)


def read_alike(
    source: str | Source,
    options: ReadOptions,
    frequency: Frequency,
    covariates: tuple[Column, ...] = (),
    *,
    is_asked: bool = False,
    now: datetime | None = None,
    series_ids: Sequence[str] = (),
) -> Reading:
    """Returns what a file holds at the frequency of a model's data, which a few rows alone may not tell.

    Args:
        source: newer data for the model.
        options: how the data that the model was trained on was read.
        frequency: of that data.
        covariates: of that data; their texts keep their codes, and new ones come after them.
        is_asked: the options are the user's instead.
        now: when it is; see ``read_panel``.
        series_ids: that the model was trained on, where no others are to be read of a hierarchy.

    Raises:
        UsageError: the file has another frequency than the model's data had, or the user asks for a column that it
            lacks, or for other covariates.
        DataError: the file has lost a column of the model's data.
        ForecastError: see ``read_panel``.
    """
    if is_asked:
        options = _with_covariates(options, covariates)
    prior = PriorReading(covariates, is_settled=not is_asked)
    try:
        reading = _nodes_alike(source, options, series_ids, now, prior)
        if reading.panel.frequency == frequency:
            return reading
        problem: ForecastError = UsageError(
            f"{reading.source} is {reading.panel.frequency.name} ({reading.panel.frequency.code}), but the model was "
            f"trained on {frequency.name} data ({frequency.code}).",
            f"forecast train {shlex.quote(str(source))}",
        )
    except UsageError as error:
        if is_asked:
            raise
        if isinstance(error, MissingColumnError):
            raise _lost_column(error, str(source), options) from None
        hint = "a file with all series that the model adds up" if isinstance(error, LoneSeriesError) else error.hint
        raise DataError(error.message, hint) from None  # nobody asked for it but the model
    except DataError as error:
        problem = error
    if source != "-":  # standard input can't be read twice
        with suppress(DataError):
            reading = _nodes_alike(source, options, series_ids, now, replace(prior, frequency=frequency))
            if (reading.whole or reading.panel).observed.mean() >= 1 - MOST_GAPS:
                return reading
    raise problem


def called_alike(panel: Panel, context: Panel, *, is_part: bool = False) -> Panel:
    """Returns a model's newer data, a lone series and all texts called as in the data that the model was trained on.

    Such a name comes from the file's, and what a model knows of a series goes by its name; of a text, by its code. In
    a part of a panel, a lone series is one of many.
    """
    is_lone = len(panel) == len(context) == 1 and not is_part
    panel = replace(panel, series_ids=context.series_ids) if is_lone else panel
    if panel.covariates is None or context.covariates is None:
        return panel
    return replace(panel, covariates=panel.covariates.coded_like(context.covariates.columns))


def _with_covariates(options: ReadOptions, covariates: tuple[Column, ...]) -> ReadOptions:
    """Returns a user's options with the covariates that the model was trained with.

    Raises:
        UsageError: they name others.
    """
    trained = {kind: tuple(column.name for column in covariates if column.kind == kind) for kind in KINDS}
    given = {kind: getattr(options, kind) for kind in KINDS}
    folded = [{kind: pieces_of(names) for kind, names in each.items()} for each in (given, trained)]
    if any(given.values()) and folded[0] != folded[1]:
        names = ", ".join(column.name for column in covariates)
        message = f"The model was trained with {names or 'no covariates'}, and its covariates can't be changed."
        raise UsageError(message, f"forecast train DATA{_flags(given)} trains another")
    changes: dict[str, Any] = {str(kind): names for kind, names in trained.items()}
    return replace(options, **changes)


def _flags(names: Mapping[Kind, tuple[str, ...]]) -> str:
    return "".join(f" --{kind} {flag_value(names[kind])}" for kind in KINDS if names[kind])


def _lost_column(error: MissingColumnError, source: str, options: ReadOptions) -> DataError:
    """Returns that a file lacks a column of the model's data, with what to do without it."""
    kept = {kind: tuple(name for name in getattr(options, kind) if name != error.column) for kind in KINDS}
    names = [options.time or "", *options.target, *options.ids]
    names += [name for kind in KINDS for name in getattr(options, kind)]
    hint = f"a file with the columns that the model was trained on: {', '.join(filter(None, names))}"
    if any(error.column in getattr(options, kind) for kind in KINDS):
        hint = f"forecast train {shlex.quote(source)}{_flags(kept)} makes a model without it"
    return DataError(f"{error.message} The model was trained with it.", hint)


def sample_path() -> Path:
    """Returns the bundled sample series: in the installed package, or in the source tree."""
    package = Path(forecast.__file__).parent
    installed = package / "sample_data" / SAMPLE
    return installed if installed.is_file() else package.parent / "sample_data" / SAMPLE
