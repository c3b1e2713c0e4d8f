"""The settings of the Python verbs: those of the command line, with underscores, checked as it checks them."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypedDict, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from forecast.data.read_options import Names
from forecast.durations import EXAMPLES, parse_duration
from forecast.errors import UsageError, did_you_mean
from forecast.specs import OWN_LOSS, Aggregate, Decimal, Fill, Kind, Loss, Metric, Parents, Preset, ViewSet
from forecast.wording import type_name


class ReadSettings(TypedDict, total=False):
    """How a file or frame is read, where it can't be told from it.

    Attributes:
        time: the column of dates; several with commas, such as ``"Year,Month"``.
        target: the column to forecast, or several.
        id: the columns that tell the series apart.
        freq: the step between rows, such as ``"D"``, ``"W"``, ``"MS"`` or ``"15min"``.
        date_format: how dates are written, such as ``"%d.%m.%Y"``.
        fill: what stands in a gap: ``"interpolate"``, ``"previous"``, ``"zero"`` or ``"error"``.
        missing: words and numbers that stand for no value; ``"none"`` to keep even what is surely none.
        decimal: what separates decimals, ``"."`` or ``","``.
        encoding: of the text.
        sheet: of a workbook, by its name or its number from 1.
        aggregate: how the rows of one step become one value: ``"sum"``, ``"mean"``, ``"last"`` or ``"count"``.
        keep_partial: keep a first or last period that is only partly there, where rows are aggregated.
        no_dates: each row is one step: there are no dates.
        known: covariates that are known ahead, such as promotions and prices.
        past: covariates that are seen up to the forecast only, such as weather.
        static: traits of a series, such as its region.
        ignore: dates, or ranges such as ``"2020-03-15..2020-05-31"``, that are neither learned from nor scored.
        weight: the column that says how much each row counts.
        half_life: so long before a forecast, such as ``"1y"``, a value counts half.
        query: of a database, a SELECT whose rows are read; ``ADDRESS#TABLE`` reads a table.
        min: no forecast lies below: a number, or a column.
        max: no forecast lies above: likewise.
        hierarchy: columns of the id, nested and crossed as in ``"state/region * item"``: sums are forecast as well,
            and all add up.
        parents: sums that stand in the data: ``"check"`` or ``"ignore"`` them.
    """

    time: str
    target: Names
    id: Names
    freq: str
    date_format: str
    fill: Fill
    missing: Names
    decimal: Decimal
    encoding: str
    sheet: str
    aggregate: Aggregate
    keep_partial: bool
    no_dates: bool
    known: Names
    past: Names
    static: Names
    ignore: Names
    weight: str
    half_life: str
    query: str
    min: float | str
    max: float | str
    hierarchy: str
    parents: Parents


class RunSettings(ReadSettings, total=False):
    """What is forecast, how it is scored, and the network's settings; what is left out is inferred.

    Attributes:
        horizon: steps to forecast.
        window: observed steps that a network sees, its lookback.
        season: steps in one season; 1 for none.
        folds: origins that models are scored at.
        levels: of the intervals in per cent, such as ``[80, 95]``.
        kind: what the values are: ``"sales"`` are never negative, a ``"price"`` moves from its last value on.
        calendar: look at dates for effects (yes if left out).
        country: whose holidays are looked at too, such as ``"DE"``.
        preset: the recipe of the networks: ``"fast"``, ``"balanced"``, ``"best"``, or ``"tutorial"``, a lesson that
            replaces no champion by itself.
        seed: the first seed.
        seeds: networks that are trained from each view, each from its own seed.
        metric: by which models are chosen, such as ``"rmsse"``, ``"wape"`` or ``"wql"``.
        segment: observations that enter one recurrent step; 1 for a step each.
        units: of a recurrent layer.
        layers: recurrent layers.
        dropout: share of what enters a layer that is dropped while it trains.
        recurrent_dropout: share of the hidden state likewise.
        loss: ``"mae"``, ``"mse"`` or ``"huber"``; or a function of your own, ``loss(truth, forecast)``, from tensors in
            units of the network to the cost of each step, which TensorFlow can differentiate.
        steps: training steps of a network.
        batch_size: windows in a training step.
        learning_rate: at its peak, after warming up.
        weight_decay: share of each weight that a step takes off, times the learning rate.
        views: how windows are shown to the networks: ``"level"``, ``"log"``, ``"ridge"``, ``"smoothed"``, ``"steady"``.
    """

    horizon: int
    window: int
    season: int
    folds: int
    levels: str | float | Sequence[float]
    kind: Kind
    calendar: bool
    country: str
    preset: Preset
    seed: int
    seeds: int
    metric: Metric
    segment: int
    units: int
    layers: int
    dropout: float
    recurrent_dropout: float
    loss: Loss | Callable[[Any, Any], Any]
    steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    views: ViewSet


class Questions(TypedDict, total=False):
    """What ``predict`` can be asked beside its numbers; on the command line these are flags.

    Attributes:
        levels: of the intervals, in per cent, such as ``[50, 90]``; those of the training if left out.
        quantiles: such as ``[0.1, 0.5, 0.9]``, in place of intervals unless there are levels too.
        cost: of a unit too little and one too much, such as ``{"under": 3, "over": "waste"}``, numbers or columns: what
            to order, and what that may be expected to cost.
        total: the period that is added up: day, week, month, quarter, year or horizon.
        total_by: the part of the id that those series have in common which are added up; ``all`` for every one.
        level: of a model with a hierarchy, such as ``"state"`` or ``"total"``; all of them if left out.
    """

    levels: str | float | Sequence[float]
    quantiles: str | float | Sequence[float]
    cost: str | Mapping[str, float | str]
    total: str
    total_by: str
    level: str


Verb = TypeVar("Verb", bound=Callable[..., Any])


def telling(*settings: type) -> Callable[[Verb], Verb]:
    """Returns what adds the meaning of every setting to the help of a verb that takes them by keyword."""
    listed = "\n".join(map(_attributes_of, settings))

    def tell(verb: Verb) -> Verb:
        text, word = inspect.getdoc(verb) or "", "\nRaises:\n"
        before, after = text.split(word) if word in text else (text, "")
        verb.__doc__ = f"{before}\nSettings, all by keyword:\n{listed}\n" + (word + after if after else "")
        return verb

    return tell


def _attributes_of(settings: type) -> str:
    """Returns the lines of a docstring that say what each setting means."""
    return (inspect.getdoc(settings) or "").partition("Attributes:\n")[2].rstrip()


def checked_settings(given: Mapping[str, Any], kind: type = RunSettings, others: Iterable[str] = ()) -> dict[str, Any]:
    """Returns settings as the program takes them; what is None was not given.

    Args:
        given: by name.
        kind: which there are.
        others: arguments beside them, which may have been meant.

    Raises:
        UsageError: a setting is unknown, or its value is none that it can have.
    """
    hints = get_type_hints(kind)
    hints |= {"loss": Loss} if "loss" in hints else {}  # see _named
    for name in given:
        if name not in hints:
            meant = did_you_mean(name, (*others, *hints))
            raise UsageError(f"There is no setting '{name}'.{meant}", f"one of {', '.join(hints)}")
    return {name: checked(name, _named(name, value), hints[name]) for name, value in given.items() if value is not None}


def _named(name: str, value: Any) -> Any:
    """Returns a setting; a loss that is a function by its name."""
    if name != "loss" or not callable(value):
        return value
    from forecast.models.networks.own.own_losses import register_loss  # noqa: PLC0415 - imports TensorFlow

    return register_loss(value)


def checked(name: str, value: Any, hint: Any) -> Any:
    """Returns the value of a setting or argument as the program takes it, such as an int for numpy's.

    Raises:
        UsageError: it is of another type, or none of the words that there are.
    """
    if get_origin(hint) is Literal and not (name == "loss" and str(value).startswith(OWN_LOSS)):
        words = get_args(hint)
        if not isinstance(value, str) or value not in words:
            meant = did_you_mean(str(value), words)
            raise UsageError(f"{name} is {value!r}.{meant}", f"{name}={words[0]!r}, or one of {', '.join(words)}")
        return value
    if hint == Names:
        return _names(name, value)
    if hint in _CHECKS:
        return _CHECKS[hint](name, value)
    if get_origin(hint) in {Union, UnionType} and float in get_args(hint) and not isinstance(value, str):
        several = any(get_origin(part) is not None for part in get_args(hint))
        return _numbers(name, value) if several else _number(name, value)
    if any(get_origin(part) is Mapping for part in get_args(hint)):
        return _of_type(name, value, (str, Mapping), "a text, or values by name", f"{name}={{'under': 3, 'over': 1}}")
    return value


def checked_path(name: str, value: object) -> Path:
    """Returns where something is to be written, or is.

    Raises:
        UsageError: it is no path.
    """
    if not isinstance(value, str | PathLike) or not str(value):
        raise UsageError(f"{name} is {_shown(value)}; it must be a path.", f"{name}='…'")
    return Path(value)


def checked_time(limit: object) -> float | None:
    """Returns a time limit in seconds; a text may have units, as on the command line.

    Raises:
        UsageError: it is none.
    """
    if limit is None:
        return None
    if isinstance(limit, str):
        return parse_duration("time_limit", limit).total_seconds()
    if isinstance(limit, Real) and not isinstance(limit, bool) and isfinite(limit) and float(limit) > 0:
        return float(limit)
    raise UsageError(f"time_limit is {limit!r}; it must be seconds, or a text with units.", f"60, or {EXAMPLES}")


def _switch(name: str, value: Any) -> bool:
    return bool(_of_type(name, value, (bool, np.bool_), "True or False", f"{name}=True"))


def _text(name: str, value: Any) -> str:
    return str(_of_type(name, value, (str,), "a text", f"{name}='…'"))


def _count(name: str, value: Any) -> int:
    least = 0 if name == "seed" else 1
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise UsageError(f"{name} is {_shown(value)}; it must be a whole number.", f"{name}={least} or more")
    return int(value)


def _of_type(name: str, value: Any, types: tuple[type, ...], what: str, hint: str) -> Any:
    if not isinstance(value, types):
        raise UsageError(f"{name} is {_shown(value)}; it must be {what}.", hint)
    return value


def _number(name: str, value: Any) -> float:
    if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value):
        raise UsageError(f"{name} is {_shown(value)}; it must be a number.", f"{name}=0.1")
    return float(value)


def _numbers(name: str, value: Any) -> Any:
    """Returns one number as it is, or several as a list."""
    if isinstance(value, Mapping) or (not isinstance(value, Iterable) and not isinstance(value, Real)):
        raise UsageError(f"{name} is {_shown(value)}; it must be a number or a list of them.", f"{name}=[50, 90]")
    return [_number(name, each) for each in value] if isinstance(value, Iterable) else _number(name, value)


def _names(name: str, value: Any) -> str | list[str]:
    if isinstance(value, str):
        return value
    if not isinstance(value, Iterable) or isinstance(value, bytes | Mapping):
        raise UsageError(f"{name} is {_shown(value)}; it must be a list of names.", f"{name}=['a', 'b'] or 'a,b'")
    return list(map(str, value))


def _shown(value: object) -> str:
    """Returns a value as a message shows it: by its type where its text would be long."""
    text = repr(value)
    return text if len(text) <= 40 and "\n" not in text else f"a {type_name(value)}"


_CHECKS: dict[Any, Callable[[str, Any], Any]] = {bool: _switch, int: _count, float: _number, str: _text}
