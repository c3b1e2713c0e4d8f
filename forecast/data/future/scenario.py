"""A what-if scenario: known columns changed on some steps to come, read from words, checked, laid on a panel.

    promo=1, price=-10%      2024-07-10..2024-07-12
         │                          │
         ▼                          ▼
    known   promo  0 0 1 1 1 0   steps after the end of the target
            price  3 3 2.7 …

Shapes: ``S`` series, ``H`` horizon, ``C`` known columns.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.data.covariates import KINDS, Column, Covariates
from forecast.data.dates.date_spans import RANGE, parse_span, periods_of
from forecast.data.frequency import MONTHS
from forecast.data.future.extrapolation import Flags, Pair, unseen_ahead, unseen_text
from forecast.data.panel import FloatArray, Panel
from forecast.data.reading.covariates.values import FALSE, TRUE
from forecast.data.reading.future_coverage import Known, continued, when
from forecast.errors import UsageError, did_you_mean
from forecast.name_lists import flag_value
from forecast.wording import listed, quoted

BoolArray = NDArray[np.bool_]

EXAMPLE = "2024-12-20..2024-12-24"
_NEXT = re.compile(r",(?=[^,=]+=)")  # a comma that is not within a value
_SHARE = re.compile(r"([+-]\d*\.?\d+)\s*%|\*\s*(\d*\.?\d+)")


@dataclass(frozen=True)
class Scenario:
    """One known column that is otherwise.

    Attributes:
        column: which.
        place: of the column among the known ones.
        value: that it has instead, or by which its own is multiplied; of a text its code.
        is_share: it is multiplied.
        unseen: a text that the column never held.
    """

    column: Column
    place: int
    value: float
    is_share: bool = False
    unseen: str | None = None


def read_scenario(texts: Sequence[str], panel: Panel, flags: Flags) -> tuple[Scenario, ...]:
    """Returns what words such as ``promo=1``, ``price=-10%,sky=rain`` say of a panel's known columns.

    Args:
        texts: the words.
        panel: has known columns.
        flags: those of them that can't be set to anything.

    Raises:
        UsageError: they say nothing, name a column that can't be set or a value that it can't have.
    """
    found: list[Scenario] = []
    for part in [part for text in texts for part in _parts(text, panel)]:
        name, equals, value = (word.strip() for word in part.partition("="))
        if not (name and equals and value):
            raise UsageError(f"--set {part} does not say which column has which value.", "--set promo=1")
        column, place = _column(name, panel)
        if any(one.column == column for one in found):
            raise UsageError(f"--set gives {column.name} two values.", f"--set {column.name}=… once")
        found.append(_change_of(column, place, value, flags.get(column.name)))
    return tuple(found)


def _parts(text: str, panel: Panel) -> list[str]:
    """Returns the settings of a list, a column whose name has commas in it left whole: ``Load, MW=5,promo=1``."""
    assert panel.covariates is not None
    names = {column.name.lower() for column in panel.covariates.columns}
    parts: list[str] = []
    for piece in _NEXT.split(text):
        whole = ",".join([*parts[-1:], piece])
        is_one = bool(parts) and "=" not in parts[-1] and whole.partition("=")[0].strip().lower() in names
        parts[-int(is_one) or len(parts) :] = [whole if is_one else piece]
    return parts


def steps_of(at: str | None, panel: Panel, horizon: int) -> BoolArray:
    """Returns which steps of the horizon a date or a range ``A..B``, both ends included, means, (S, H); None means all.

    Raises:
        UsageError: it is no date, or lies outside of the horizon.
    """
    frequency = panel.frequency
    ordinals = panel.last[:, None] + np.arange(1, horizon + 1)  # (S, H)
    if at is None:
        return np.ones(ordinals.shape, dtype=bool)
    first, _, last = at.partition(RANGE)
    (begin, begun), (ending, end) = (parse_span("--at", text, frequency, EXAMPLE) for text in (first, last or first))
    if begin >= end:
        raise UsageError(f"--at {at} ends before it begins.", f"--at {last}..{first}")
    begins, ends = periods_of(frequency, ordinals)
    low, high = (when(panel, int(step)) for step in (ordinals.min(), ordinals.max()))
    if begun <= begins.min():
        message = f"--at {at} begins before the steps that are forecast, {low} to {high}."
        raise UsageError(message, f"--at {low.removeprefix('row ')}..{high.removeprefix('row ')}, or a part of it")
    if ending >= ends.max():
        wanted = int(frequency.periods(np.array([ending], "datetime64[s]"))[0] - panel.last.max())
        message = f"--at {at} goes on after the steps that are forecast, {low} to {high}."
        raise UsageError(message, f"--horizon {wanted} reaches it")
    stamps = frequency.timestamps(ordinals)
    within: BoolArray = (stamps >= begin) & (stamps < end)
    if frequency.unit in {"week", *MONTHS} or not within.any():  # a day in the middle of a step means the step
        within = (begins < end) & (ends > begin)
    if not within.any():
        raise UsageError(f"--at {at} holds no step that is forecast.", f"--at {low}..{high}, or a part of it")
    return within


def apply_scenario(panel: Panel, changes: Sequence[Scenario], steps: BoolArray, usual: FloatArray) -> Panel:
    """Returns the panel with known columns that are otherwise on some steps to come.

    Args:
        panel: to forecast from.
        changes: what is otherwise.
        steps: where, (S, H).
        usual: what stands for a value that nobody tells, (S, C).
    """
    covariates, (series, horizon) = panel.covariates, steps.shape
    assert covariates is not None
    values = np.full((series, horizon, usual.shape[1]), np.nan)
    told = covariates.known_between(panel.last + 1, horizon)
    for change in changes:
        own = told[..., change.place]
        base = np.where(np.isnan(own), usual[:, None, change.place], own)
        values[..., change.place] = np.where(steps, change.value * base if change.is_share else change.value, np.nan)
    offsets = np.arange(series + 1) * horizon

    def otherwise(told: Covariates, places: Sequence[int | None]) -> Covariates:
        """Returns known columns with what is otherwise, each from its place among the panel's; None for none."""
        own = np.full((series * horizon, len(places)), np.nan)
        for at, place in enumerate(places):
            if place is not None:
                own[:, at] = values[..., place].ravel()
        return continued(told, Known(own, panel.last + 1, offsets))

    names = [column.name for column in covariates.of("known")]
    changed = replace(panel, covariates=otherwise(covariates, range(len(names))))
    limits = panel.limits
    if limits is None or limits.told is None:
        return changed
    places = [names.index(column.name) if column.name in names else None for column in limits.told.columns]
    return replace(changed, limits=replace(limits, told=otherwise(limits.told, places)))


def doubts(changed: Panel, changes: Sequence[Scenario], horizon: int, flags: Flags) -> list[str]:
    """Returns in words where a scenario goes beyond what the data has ever held.

    Args:
        changed: see ``apply_scenario``.
        changes: what is otherwise.
        horizon: steps.
        flags: see ``read_scenario``.
    """
    notes = []
    for change in changes:
        name, levels = change.column.name, list(change.column.levels or ())
        if change.unseen is not None:
            notes.append(unseen_text(name, change.unseen, levels) + did_you_mean(change.unseen, levels))
        elif name not in flags:
            notes += unseen_ahead(changed, horizon, [name])
    return notes


def _column(name: str, panel: Panel) -> tuple[Column, int]:
    """Returns the known column of a name and its place.

    Raises:
        UsageError: there is none.
    """
    assert panel.covariates is not None
    columns = panel.covariates.columns
    known = panel.covariates.of("known")
    names = listed([column.name for column in known], 8)
    column = next((one for one in columns if name in (one.name, one.name.lower())), None) or next(
        (one for one in columns if one.name.lower() == name.lower()), None
    )
    if column is None:
        what = "is what is forecast" if name == panel.target else "is no column that the model looks at"
        meant = did_you_mean(name, [one.name for one in known]) if name != panel.target else ""
        raise UsageError(f"{name} {what}.{meant}", f"--set COLUMN=VALUE with {names}")
    if what := KINDS[column.kind].unlike_known:
        raise UsageError(
            f"{column.name} is {what} (--{column.kind}); what can be set is known in advance: {names}.",
            f"forecast train DATA --known {flag_value([column.name])} makes a model that knows it ahead",
        )
    return column, known.index(column)


def _change_of(column: Column, place: int, text: str, pair: Pair | None) -> Scenario:
    """Returns what a column is to be.

    Raises:
        UsageError: it can't be that.
    """
    if column.levels is not None:
        code = next((i for i, level in enumerate(column.levels) if level == text), None)
        if code is None:
            code = next((i for i, level in enumerate(column.levels) if level.lower() == text.lower()), None)
        if code is None:  # a code of its own, which no input of a model is made for
            return Scenario(column, place, float(len(column.levels)), unseen=text)
        return Scenario(column, place, float(code))
    flag = f"{pair[0]:.5g} or {pair[1]:.5g}" if pair else ""
    example = f"--set {column.name}={pair[1]:.5g}" if pair else f"--set {column.name}=2.5, or =-10% of what it is"
    share = _SHARE.fullmatch(text)
    number = _number(text)
    if (share is None and number is None) or (share and pair):
        what = f"is {flag}" if pair else "is a number"
        raise UsageError(f"{column.name} {what}, which {quoted(text)} is not.", example)
    if share is not None:
        factor = 1 + float(share[1]) / 100 if share[1] else float(share[2])
        return Scenario(column, place, factor, is_share=True)
    assert number is not None
    if pair and number not in pair:
        raise UsageError(f"{column.name} is {flag}, never {text}.", example)
    return Scenario(column, place, number)


def _number(text: str) -> float | None:
    """Returns what a text says as a number, true and false included; None where that is none."""
    if text.lower() in TRUE | FALSE:
        return float(text.lower() in TRUE)
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
