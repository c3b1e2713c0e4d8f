"""The settings of the Python verbs: those of the command line, with underscores, checked as it checks them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, get_args, get_origin, get_type_hints

from forecast.data.read_options import Names, ReadOptions
from forecast.errors import UsageError, did_you_mean
from forecast.specs import Aggregate, Decimal, Fill, Kind, Loss, Metric, Preset


class ReadSettings(TypedDict, total=False):
    """How a file or frame is read, where it can't be told from it."""

    time: str
    target: Names
    id: Names
    freq: str
    date_format: str
    fill: Fill
    missing: Names
    decimal: Decimal
    encoding: str
    aggregate: Aggregate
    keep_partial: bool
    no_dates: bool
    known: Names
    past: Names
    static: Names
    ignore: Names
    weight: str
    half_life: str
    min: float | str
    max: float | str


class RunSettings(ReadSettings, total=False):
    """What is forecast, how it is scored, and the network's settings; what is left out is inferred."""

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
    units: int
    layers: int
    dropout: float
    recurrent_dropout: float
    loss: Loss
    steps: int
    batch_size: int
    learning_rate: float


class Questions(TypedDict, total=False):
    """What ``predict`` can be asked beside its numbers; on the command line these are flags.

    Attributes:
        levels: of the intervals, in per cent, such as ``[50, 90]``; those of the training if left out.
        quantiles: such as ``[0.1, 0.5, 0.9]``, in place of intervals unless there are levels too.
        cost: of a unit too little and one too much, such as ``{"under": 3, "over": "waste"}``, numbers or columns: what
            to order, and what that may be expected to cost.
        total: the period that is added up: day, week, month, quarter, year or horizon.
        total_by: the part of the id that those series have in common which are added up; ``all`` for every one.
    """

    levels: str | float | Sequence[float]
    quantiles: str | float | Sequence[float]
    cost: str | Mapping[str, float | str]
    total: str
    total_by: str


def read_options(settings: Mapping[str, Any]) -> ReadOptions:
    """Returns how the data is read; all settings are checked on the way.

    Raises:
        UsageError: a setting is unknown, or its value is none that it can have.
    """
    hints = get_type_hints(RunSettings)
    for name, value in settings.items():
        if name not in hints:
            raise UsageError(f"There is no setting '{name}'.{did_you_mean(name, hints)}", f"one of {', '.join(hints)}")
        words = get_args(hints[name])
        if get_origin(hints[name]) is Literal and value not in words:
            text = f"{name} is {value!r}.{did_you_mean(str(value), words)}"
            raise UsageError(text, f"{name}={words[0]!r}, or one of {', '.join(words)}")
        least = 0 if name == "seed" else 1
        if hints[name] is int and not (isinstance(value, int) and value >= least):
            raise UsageError(f"{name} is {value!r}; it must be a whole number.", f"{name}={least} or more")
    return ReadOptions.of(settings)
