"""The groups that errors are told apart by: what there is in a panel, and which of them each scored point is of.

Shapes: ``K`` scored folds, ``S`` series, ``H`` horizon, ``G`` groups.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.frequency import EPOCH_WEEKDAY, months_of
from forecast.data.panel import TARGET, IdParts, Panel
from forecast.errors import UsageError, did_you_mean
from forecast.evaluation.splits import Fold
from forecast.name_lists import flag_value
from forecast.wording import DAYS, MONTHS, joined, quoted

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Grouping:
    """The group of each point.

    Attributes:
        by: what groups are of, as tables call it.
        names: (G,) of the groups.
        labels: broadcasts to (K, S, H); places among the names.
        is_ordered: whether groups have an order of their own, as the steps have; others stand by their error.
    """

    by: str
    names: tuple[str, ...]
    labels: IntArray
    is_ordered: bool


def _weekdays(panel: Panel, ordinals: IntArray) -> IntArray:
    days = panel.frequency.timestamps(ordinals).astype("datetime64[D]").astype(np.int64)
    return np.asarray((days + EPOCH_WEEKDAY) % 7)  # 0 for Monday


def _months(panel: Panel, ordinals: IntArray) -> IntArray:
    return np.asarray(months_of(panel.frequency.timestamps(ordinals)) % 12)


@dataclass(frozen=True)
class DateGroups:
    """Groups that dates fall into.

    Attributes:
        names: of all that there are.
        units: of the frequencies that have them.
        labels: of the steps of a panel.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    labels: Callable[[Panel, IntArray], IntArray]


_BELOW_WEEKS = ("minute", "hour", "day", "business-day")
DATE_GROUPS = {
    "weekday": DateGroups(DAYS, _BELOW_WEEKS, _weekdays),
    "month": DateGroups(MONTHS, (*_BELOW_WEEKS, "week", "month", "quarter"), _months),
}
SERIES, STEP, LEVEL = "series", "step", "level"
KINDS = (SERIES, STEP, *DATE_GROUPS, LEVEL)
SUMS = "(sums)"
"""The group of those series that are sums of others, where parts of the id are looked at."""


def ways_to_group(panel: Panel, horizon: int, ids: IdParts) -> tuple[str, ...]:
    """Returns all that errors of such a backtest can be told apart by, as ``--by`` takes it."""
    ways = [name for name, count in ((SERIES, len(panel)), (STEP, horizon)) if count > 1]
    ways += [name for name, kind in DATE_GROUPS.items() if _has_several(kind, panel)]
    ways += [LEVEL] if panel.hierarchy is not None else []
    return (*ways, *(name for name in ids.names if len(ids.names) > 1))


def way_to_group(asked: str, panel: Panel, horizon: int, ids: IdParts, columns: Sequence[str] = ()) -> str:
    """Returns what is meant by a value of ``--by``, as it is spelled.

    Args:
        asked: the value.
        panel: all the data.
        horizon: steps that are forecast.
        ids: of the series.
        columns: of the file, each of which might become a part of the id.

    Raises:
        UsageError: it is nothing, or has no two groups in such data; the hint lists what has.
    """
    ways = ways_to_group(panel, horizon, ids)
    known = (*KINDS, *ids.names)
    meant = next((name for name in known if asked in {name}), None)
    meant = meant or next((name for name in known if name.casefold() == asked.strip().casefold()), None)
    if meant is not None and ids.names == (meant,):
        meant = SERIES  # the only column of the id
    if meant in ways:
        return meant
    hint = joined([f"--by {flag_value([way])}" for way in ways], "or") if ways else "leave out --by"
    if meant is None:
        raise _unknown(asked, ids, columns, ways, hint)
    if meant == SERIES:
        raise UsageError("There is one series, so --by series has nothing to tell apart.", hint)
    if meant == LEVEL:
        message = "No series is a sum of others, so --by level has nothing to tell apart."
        raise UsageError(message, f"--hierarchy 'state/region * item' --by level; or {hint}")
    if meant == STEP:
        raise UsageError("One step is forecast, so --by step has nothing to tell apart.", hint)
    raise UsageError(f"{panel.frequency.name.capitalize()} data can't be told apart by {meant}.", hint)


def _unknown(asked: str, ids: IdParts, columns: Sequence[str], ways: Sequence[str], hint: str) -> UsageError:
    """Returns the error of a value that is no way to group; a column of the file may become one."""
    own = [name for name in ids.names if name != TARGET]
    of_id = f"the id, which is {joined(own)}" if own else "an id"
    if own and asked in columns:
        return UsageError(
            f"Column {asked} is no part of {of_id}.", f"--id {flag_value([asked, *own])} --by {flag_value([asked])}"
        )
    what = joined([*KINDS, *([f"a part of {of_id}"] if len(own) > 1 else [])], "or")
    return UsageError(f"--by takes {what}, not {quoted(asked)}.{did_you_mean(asked, ways)}", hint)


def grouping_of(way: str, panel: Panel, folds: Sequence[Fold], ids: IdParts) -> Grouping:
    """Returns the group of each point of the scored folds.

    Args:
        way: as ``way_to_group`` returns it.
        panel: all the data.
        folds: K of them, those that are scored.
        ids: of the series.
    """
    horizon = folds[0].horizon
    if way == SERIES:
        labels = np.arange(len(panel))[None, :, None]
        return Grouping(way, panel.series_ids, labels, is_ordered=False)
    if way == STEP:
        return Grouping(way, tuple(str(step) for step in range(1, horizon + 1)), np.arange(horizon), is_ordered=True)
    if way in DATE_GROUPS:
        kind, steps = DATE_GROUPS[way], np.arange(horizon)
        each = [kind.labels(panel, panel.first[:, None] + fold.cuts[:, None] + steps) for fold in folds]
        return Grouping(way, kind.names, np.stack(each), is_ordered=True)
    if way == LEVEL and panel.hierarchy is not None:
        tree = panel.hierarchy
        return Grouping(way, tree.levels, tree.level[None, :, None], is_ordered=True)
    own = [parts[ids.names.index(way)] or SUMS for parts in ids.values]
    for place in np.setdiff1d(np.arange(len(panel)), panel.summands).tolist():
        own[place] = SUMS
    names = tuple(dict.fromkeys(own))
    place = {name: at for at, name in enumerate(names)}
    return Grouping(way, names, np.array([place[name] for name in own])[None, :, None], is_ordered=False)


def _has_several(kind: DateGroups, panel: Panel) -> bool:
    """Returns whether steps of such data, over a year or more, fall into several of the groups."""
    if panel.frequency.unit not in kind.units:
        return False
    a_day = max(1, round(1 / panel.frequency.days))
    return np.unique(kind.labels(panel, a_day * np.arange(400))).size > 1
