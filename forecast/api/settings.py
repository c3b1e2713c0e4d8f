"""The settings of the Python verbs: those of the command line, with underscores, checked as it checks them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal, TypedDict, get_args, get_origin, get_type_hints

from forecast import name_lists
from forecast.data.read_options import ReadOptions
from forecast.errors import UsageError, did_you_mean
from forecast.specs import Aggregate, Decimal, Fill, Kind, Loss, Metric, Overrides, Preset, Settings

Names = str | Sequence[str]


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


class RunSettings(ReadSettings, total=False):
    """What is forecast, how it is scored, and the network's settings; what is left out is inferred."""

    horizon: int
    window: int
    season: int
    folds: int
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
    own = get_type_hints(ReadSettings)
    given: dict[str, Any] = {{"id": "ids"}.get(name, name): value for name, value in settings.items() if name in own}
    for name in {"target", "ids", "missing", "known", "past", "static"} & given.keys():
        given[name] = split_names(given[name]) if name == "missing" else as_given(given[name])
    return ReadOptions(**given)


def run_settings(settings: Mapping[str, Any]) -> Settings:
    """Returns the settings of a run, out of settings that ``read_options`` has checked."""
    network = {field.name: settings[field.name] for field in fields(Overrides) if field.name in settings}
    own = {field.name: settings[field.name] for field in fields(Settings) if field.name in settings}
    return Settings(overrides=Overrides(**network), **own)


def as_given(names: Names) -> tuple[str, ...]:
    """Returns names as they were given, in a text with commas or in a list: the columns of the data take it apart.

    Raises:
        UsageError: they are neither.
    """
    if not isinstance(names, Sequence):
        raise UsageError(f"{names!r} is no list of names.", "a text with commas, or a list of texts")
    return tuple(map(str, (names,) if isinstance(names, str) else names))


def split_names(names: Names) -> tuple[str, ...]:
    """Returns the names in a text with commas or in a list, without blanks.

    Raises:
        UsageError: they are neither.
    """
    if isinstance(names, str):
        return name_lists.split_names(names)
    return tuple(stripped for name in as_given(names) if (stripped := name.strip()))
