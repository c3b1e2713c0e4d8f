"""`forecast diff`: two issued forecasts beside each other, and what the difference comes from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forecast.data.panel import IdParts
from forecast.errors import UsageError, did_you_mean
from forecast.experiment.changes.choice import choose_pair
from forecast.experiment.changes.comparison import ForecastComparison, actuals, compare_issued, period_edges
from forecast.experiment.changes.difference import PARTS, DifferenceSums, summed
from forecast.experiment.changes.issued_forecast import load_issued
from forecast.experiment.changes.newest_data import NewestData
from forecast.experiment.changes.sentences import TotalChange, change_sentences, left_out_words, total_change
from forecast.experiment.decisions.totals import ALL, AskedTotals
from forecast.experiment.input_data import only_model
from forecast.experiment.stored_forecast import id_parts_of, only_series
from forecast.experiment.versions.stored_model import StoredModel
from forecast.name_lists import flag_value
from forecast.production.store.store import Store
from forecast.report.tables import ResultTable, Value, numbers_of, timestamp_texts
from forecast.run import Run
from forecast.wording import joined

CHANGES = ("before", "after", "difference", *(f"from_{part}" for part in PARTS))
STEP_COLUMNS = ("series_id", "timestamp", "step", *CHANGES, "actual")
TOTAL_COLUMNS = ("series_id", "period_start", "period_end", "steps", "is_whole", *CHANGES)


@dataclass(frozen=True)
class DiffRequest:
    """What `diff` was asked for.

    Attributes:
        words: the model, which may be left out where there is one, and up to two versions or dates of issue.
        source: newer data than the file that the model was trained on.
        series: names of those that are compared; empty for all.
        totals: what is added up; None for each step of each series by itself.
    """

    words: tuple[str, ...] = ()
    source: str | None = None
    series: tuple[str, ...] = ()
    totals: AskedTotals | None = None


@dataclass(frozen=True, eq=False)
class DiffResult:
    """What `diff` found.

    Attributes:
        comparison: of the series that were asked for.
        total: over all that is compared.
        sentences: what changed and why, the most important first.
        sums: where totals were asked for.
        notes: what is to be said.
    """

    comparison: ForecastComparison
    total: TotalChange
    sentences: tuple[str, ...]
    sums: DifferenceSums | None
    notes: tuple[str, ...]

    def table(self) -> ResultTable:
        """Returns a row a series and step, or a row a total."""
        points, parts, sums = self.comparison.points, self.comparison.parts, self.sums
        if sums is None:
            stamps = timestamp_texts(points.timestamps).tolist()
            keys: list[Sequence[Value]] = [[points.series_ids[i] for i in points.series.tolist()], stamps]
            keys.append(points.steps.tolist())
            before, after = points.before, points.after
        else:
            starts, ends = (timestamp_texts(each).tolist() for each in (sums.starts, sums.ends))
            keys = [sums.names, starts, ends, sums.steps.tolist(), sums.is_whole.tolist()]
            before, after, parts = sums.before, sums.after, sums.parts
        numbers: list[Sequence[Value]] = [list(numbers_of(each)) for each in (before, after, after - before)]
        nothing: list[Value] = [None] * len(before)
        numbers += [nothing if parts is None else list(numbers_of(parts[part])) for part in PARTS]
        if sums is None:
            numbers.append(list(numbers_of(actuals(self.comparison))))
        columns = STEP_COLUMNS if sums is None else TOTAL_COLUMNS
        return ResultTable(columns, tuple(zip(*keys, *numbers, strict=True)))


def diff(request: DiffRequest, store: Store, run: Run) -> DiffResult:
    """Compares two forecasts that were issued.

    Raises:
        NotFoundError: no such model, version or forecast, or there is only one forecast.
        UsageError: the two can't be compared, or a word may mean several.
        DataError: one is damaged, or the data can't be read.
    """
    name, words = _told_apart(request.words, store)
    models = store.model(name)
    pair = choose_pair(models, words)
    versions = {version.number: version for version in models.versions()}
    before, after = (load_issued(mark, versions) for mark in (pair.before, pair.after))
    newest = NewestData(run, request.source)
    comparison = compare_issued(name, before, after, newest, run)
    if stored := after.stored or before.stored:
        comparison = replace(comparison, newest=newest(stored))
    left_out = left_out_words(comparison)
    if request.series:
        comparison = comparison.some(_wanted(comparison, request.series))
    sums = None if request.totals is None else _sums(comparison, request.totals)
    notes = (*pair.notes, *newest.notes, *comparison.notes, *([left_out] if left_out else []))
    return DiffResult(comparison, total_change(comparison), change_sentences(comparison), sums, notes)


def _told_apart(words: tuple[str, ...], store: Store) -> tuple[str, tuple[str, ...]]:
    """Returns the model that is named first, or the only one, and the other words.

    Raises:
        UsageError: there are too many words, or several models and none is named.
    """
    names = store.names()
    is_named = bool(words) and (words[0] in names or len(names) != 1 or not _is_forecast(words[0]))
    rest = words[1:] if is_named else words
    if len(rest) > 2:
        message = f"Two forecasts are compared, and {len(rest)} are named: {joined(rest)}."
        raise UsageError(message, f"forecast diff {words[0] if is_named else 'NAME'} {rest[0]} {rest[-1]}")
    return (words[0] if is_named else only_model(store, "diff")), rest


def _is_forecast(word: str) -> bool:
    """Returns whether a word looks like a version or a time, and no model's name."""
    return word.removeprefix("v")[:1].isdigit()


def _wanted(comparison: ForecastComparison, names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the series that are named.

    Raises:
        UsageError: there is no such series, or none of them is in both forecasts.
    """
    stored = comparison.after.stored or comparison.before.stored
    wanted = only_series(stored.context, names).series_ids if stored is not None else names
    there = [comparison.points.series_ids[i] for i in set(comparison.points.series.tolist())]
    if not set(wanted) & set(there):
        message = f"{joined(wanted)}: both forecasts have no step of it in common."
        raise UsageError(message, f"--series {flag_value(there[:1])}")
    return wanted


def _sums(comparison: ForecastComparison, asked: AskedTotals) -> DifferenceSums:
    """Returns the totals that are asked for.

    Raises:
        UsageError: the period is finer than the steps, or the series have no such part.
    """
    points, parts = comparison.points, comparison.parts
    if asked.by is not None and comparison.leaves.any():  # sums of others would count twice
        points = points.some(comparison.leaves)
        parts = None if parts is None else {name: own[comparison.leaves] for name, own in parts.items()}
    periods = None
    if asked.period is not None:
        if comparison.frequency is None:
            message = "No version of these forecasts is in the store any more, so that their calendar isn't known."
            raise UsageError(message, "leave out --total")
        periods = period_edges(asked.period, comparison.frequency, points)
    return summed(points, parts, _groups(comparison, asked.by), periods)


def _leaf_parts(stored: StoredModel) -> tuple[IdParts, tuple[str, ...]]:
    """Returns what the series that are no sums of others are told apart by, and their names."""
    context = stored.context
    if context.hierarchy is None:
        return id_parts_of(stored), context.series_ids
    leaves = context.select(context.summands)
    return id_parts_of(replace(stored, context=leaves)), leaves.series_ids


def _groups(comparison: ForecastComparison, by: str | None) -> list[str]:
    """Returns what each series is added up under, (S,).

    Raises:
        UsageError: the series have no such part.
    """
    names = list(comparison.points.series_ids)
    if by is None:
        return names
    stored = comparison.after.stored or comparison.before.stored
    ids, leaves = _leaf_parts(stored) if stored else (None, ())
    own = {name.casefold(): place for place, name in enumerate(ids.names)} if ids else {}
    if by.casefold() in own and ids:
        parts = dict(zip(leaves, ids.values, strict=True))
        return [parts[name][own[by.casefold()]] if name in parts else name for name in names]
    if by.casefold() == ALL:
        return [ALL] * len(names)
    known = (*(ids.names if ids else ()), ALL)
    message = f"--total-by {by}: {by} is no part of the id.{did_you_mean(by, known)}"
    raise UsageError(message, joined([f"--total-by {flag_value([each])}" for each in known], "or"))
