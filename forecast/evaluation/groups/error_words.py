"""Where a model's errors are, in plain words: the worst groups, and what the worst series have in common.

Shapes: ``S`` series, ``N`` steps of all series together.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.data.panel import TARGET, IdParts, Panel
from forecast.errors import shortened
from forecast.evaluation.groups.group_errors import ErrorTable, GroupErrors
from forecast.evaluation.groups.grouping import DATE_GROUPS, SERIES, STEP
from forecast.wording import counted, joined, percent, rare_percent, score_text, spelled

BoolArray = NDArray[np.bool_]

WORST, WORST_WORD = 10, "ten"
"""Series that are told of where there are more than ``ALL_SHOWN``."""
ALL_SHOWN = 20
MOST_OF = 0.7
"""Worst series that must have a thing in common, as a share of them, before it is called so."""
USUAL = 0.4
"""What at most this share of all series has is no matter of course."""
ONE_SIDED = 0.9
"""Worst series that must be forecast too high, or too low, before it is called so."""
LITTLE = 30
"""Points of a group below which its error may well be chance."""
MOST_WINNERS = 4
"""Models that are named with how many groups they are the best in."""
ALIKE = 1.05
"""Up to so many times the lowest error, all groups are said to be alike."""
LONGEST = 40
"""Signs of a group's name within a sentence."""
WORTH_A_WORD = 0.02
"""Relative bias that is told."""


@dataclass(frozen=True)
class ErrorsFound:
    """The errors by one kind of group, and in words where those of the best model are."""

    table: ErrorTable
    words: str


def error_words(table: ErrorTable, panel: Panel, ids: IdParts) -> str:
    """Returns where the errors of the best model are, in a few sentences.

    Args:
        table: of the errors by one kind of group.
        panel: all the data: how large, long and empty series are.
        ids: of its series.
    """
    own = [row for row in table.of(table.models[0]) if row.rmse is not None]
    if len(own) < 2:
        return ""
    sentences = _series_words(own, panel, ids) if table.by == SERIES else _group_words(own, table.by)
    return " ".join([*sentences, *_wins(table), *_caution(own)])


def worst(table: ErrorTable) -> tuple[str, ...]:
    """Returns the groups to be shown where there is little room: the worst ones of many, or all.

    Of many steps, those that lie evenly from the first to the last.
    """
    groups = table.groups
    if len(groups) <= ALL_SHOWN:
        return groups
    if table.by != STEP:
        return groups[:WORST]
    places = np.unique(np.linspace(0, len(groups) - 1, ALL_SHOWN // 2 + 2).round().astype(int))
    return tuple(groups[place] for place in places)


def _group_words(own: Sequence[GroupErrors], by: str) -> Iterator[str]:
    """Yields where the model errs most and least, and to which side."""
    most, least = max(own, key=_rmse), min(own, key=_rmse)
    where = _in(most.group, by)
    if by == TARGET:
        pass  # in units of their own
    elif _rmse(most) < ALIKE * _rmse(least):
        span = f"RMSE {score_text(_rmse(least))} to {score_text(_rmse(most))}"
        yield f"{most.model} errs about as much {_everywhere(by)}: {span}."
    elif _rmse(most) > _rmse(least) > 0:
        times = score_text(float(f"{_rmse(most) / _rmse(least):.2g}"))
        there = f"with an RMSE of {score_text(_rmse(most))}, {times} times that {_in(least.group, by)}"
        yield f"{most.model} errs most {where}, {there}, where it errs least."
    if most.relative_bias is not None and abs(most.relative_bias) >= WORTH_A_WORD:
        side = "high" if most.relative_bias > 0 else "low"
        yield f"{where[0].upper()}{where[1:]} it forecasts {percent(abs(most.relative_bias))} too {side}."
    shares = {row.group: row.wape for row in own if row.wape is not None}
    if shares and ((worst := max(shares, key=lambda group: shares[group])) != most.group or by == TARGET):
        yield f"As a share of what came (WAPE), {most.model} errs most {_in(worst, by)}: {percent(shares[worst], 1)}."


def _series_words(own: Sequence[GroupErrors], panel: Panel, ids: IdParts) -> Iterator[str]:
    total = sum(row.squares for row in own)
    if not total > 0:
        return
    model = own[0].model
    if len(own) <= ALL_SHOWN:
        held = rare_percent(own[0].squares / total)
        yield f"{shortened(own[0].group, LONGEST)} holds {held} of the squared error of {model}."
        return
    few = own[:WORST]
    held = rare_percent(sum(row.squares for row in few) / total)
    yield f"The {WORST_WORD} worst of {len(own):,} series hold {held} of the squared error of {model}."
    found = list(_in_common(few, own, panel, ids))
    yield from found or ["They have nothing simple in common: neither size, nor a short history, nor a side."]


def _in_common(few: Sequence[GroupErrors], own: Sequence[GroupErrors], panel: Panel, ids: IdParts) -> Iterator[str]:
    """Yields what most of the worst series have in common, and most others have not."""
    place = {name: i for i, name in enumerate(panel.series_ids)}
    scored, chosen = (np.array([place[row.group] for row in rows]) for rows in (own, few))
    whole = panel.observed
    counts = _sums(panel, whole)
    sizes = _sums(panel, np.where(whole, np.abs(panel.values), 0.0)) / np.maximum(counts, 1)
    zeros = _sums(panel, whole & (panel.values == 0)) / np.maximum(counts, 1)
    large = sizes >= np.sort(sizes[scored])[-len(few)]
    short = counts <= np.quantile(counts[scored], 0.25)
    if many := _shared(large, chosen, scored):
        yield f"{_of_them(many, few)} among the {WORST_WORD} largest series{_for_their_size(few, own)}."
    if many := _shared(short, chosen, scored):
        longest = int(counts[short].max())
        yield f"{_of_them(many, few)} short, with no more than {counted(longest, 'observed step')}."
    if many := _shared(zeros >= 0.5, chosen, scored):
        yield f"{_of_them(many, few)} 0 at half of their steps or more."
    for at, name in enumerate(ids.names if len(ids.names) > 1 else ()):
        values = np.array([parts[at] for parts in ids.values], dtype=object)
        value = Counter(values[chosen].tolist()).most_common(1)[0][0]
        if many := _shared(values == value, chosen, scored):
            yield f"{_of_them(many, few)} of {name} {value}."
    for side, sign in (("high", 1), ("low", -1)):
        many = sum(sign * (row.bias or 0.0) > 0 for row in few)
        if many >= ONE_SIDED * len(few):
            yield f"{_of_them(many, few)} forecast too {side}."


def _sums(panel: Panel, values: NDArray[np.generic]) -> NDArray[np.float64]:
    """Returns the sum of each series, (N,) -> (S,)."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(np.diff(total[panel.offsets]))


def _shared(has: BoolArray, chosen: NDArray[np.int64], scored: NDArray[np.int64]) -> int:
    """Returns how many of the chosen series have a thing, or 0 where these are few or most others have it, too."""
    many = int(has[chosen].sum())
    return many if many >= MOST_OF * len(chosen) and has[scored].mean() <= USUAL else 0


def _of_them(many: int, few: Sequence[GroupErrors]) -> str:
    return "All of them are" if many == len(few) else f"{spelled(many).capitalize()} of them are"


def _for_their_size(few: Sequence[GroupErrors], own: Sequence[GroupErrors]) -> str:
    """Returns how the worst stand to all when errors are measured by size; empty where sizes are 0."""
    shares = [_wape(rows) for rows in (few, own)]
    if None in shares:
        return ""
    theirs, all_of = (share for share in shares if share is not None)
    word = "no worse than" if theirs <= all_of else "beside"
    return f": their WAPE is {percent(theirs, 1)}, {word} the {percent(all_of, 1)} of all"


def _wape(rows: Sequence[GroupErrors]) -> float | None:
    size = sum(row.size for row in rows)
    return sum(row.weight * (row.mae or 0.0) for row in rows) / size if size > 0 else None


def _wins(table: ErrorTable) -> Iterator[str]:
    """Yields which models have the lowest error in how many groups."""
    wins = Counter(table.best.values()).most_common()
    if len(table.models) < 2 or not wins:
        return
    total = sum(many for _, many in wins)
    groups = "series" if table.by == SERIES else f"{table.by}s" if table.by in {STEP, *DATE_GROUPS} else "groups"
    first, *others = wins
    at = {STEP: "at", "weekday": "on"}.get(table.by, "in")
    more = [f"{model} {at} {many:,}" for model, many in others[: MOST_WINNERS - 1]]
    more += [f"others {at} the rest"] if len(others) >= MOST_WINNERS else []
    of = f"{first[1]:,} of {total:,}" if first[1] < total else f"all {total:,}" if total > 2 else "both"
    yield f"{first[0]} has the lowest RMSE {at} {joined([f'{of} {groups}', *more])}."


def _caution(own: Sequence[GroupErrors]) -> Iterator[str]:
    least = min(row.points for row in own)
    if least < LITTLE:
        yield f"With as few as {counted(least, 'point')} a group, small differences may be chance."


def _rmse(row: GroupErrors) -> float:
    return row.rmse or 0.0


def _in(group: str, by: str) -> str:
    """Returns a group with its preposition."""
    group = shortened(group, LONGEST)
    if by == STEP:
        return f"at step {group}"
    return {"weekday": f"on {group}", "month": f"in {group}"}.get(by, f"for {by} {group}")


def _everywhere(by: str) -> str:
    return {STEP: "at every step", "weekday": "on every weekday", "month": "in every month"}.get(by, f"for every {by}")
