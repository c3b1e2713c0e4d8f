"""What a person says about a file; whatever is left out is inferred from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from forecast.data.covariates import Column
from forecast.data.frequency import Frequency
from forecast.data.limits import as_limit
from forecast.decoding import MayLack
from forecast.errors import UsageError
from forecast.name_lists import split_names
from forecast.specs import Aggregate, Decimal, Fill, Parents

Names: TypeAlias = str | Sequence[str]
"""As a setting takes them: in a text with commas, or in a list."""
ADDED = ("sum", "count")  # ways to aggregate by which a step without a row is 0
KEEP_ALL = ("none",)  # as --missing takes it: every number is what it says
SETTINGS = {"ids": "id"}
"""What an option is called by who sets it, be it a flag, a key of forecast.toml or an argument, where that differs."""


@dataclass(frozen=True)
class ReadOptions:
    """What a person asks for; what is left out is inferred.

    Attributes:
        time: The date column; several with commas, such as ``Year,Month`` or ``Date,Time``.
        target: The columns to forecast.
        ids: The columns that tell the series apart.
        freq: The step between rows.
        date_format: How dates are written.
        fill: What stands in a gap; None for ``interpolate``, or 0 where rows are added up or counted.
        decimal: What separates decimals, ``.`` or ``,``.
        encoding: Of the text.
        missing: Words and numbers that stand for no value; ``KEEP_ALL`` to keep even what is surely none.
        aggregate: How the rows of one step become one value.
        keep_partial: Keep a first or last period that is only partly there, when rows are aggregated.
        no_dates: Each row is one step: there are no dates.
        known: Covariates that are known in the future.
        past: Covariates that are seen up to the origin only.
        static: Covariates that are a trait of the series.
        ignore: Dates, or ranges of them, whose values are neither learned from nor scored; see ``date_spans``.
        weight: The column that says how much each row counts where models learn and are scored.
        min: No forecast lies below: a number, or a column.
        max: No forecast lies above: likewise.
        sheet: Of a workbook, by its name or its number from 1.
        query: What is asked of a database, in its SQL; None for all of a table, or for a file.
        half_life: So long before an origin, a value counts half where models learn; see ``row_weights``.
        hierarchy: Which series are added up to which, by the parts of their ids; see ``data.hierarchy``.
        parents: Whether sums that stand in the file are held against their children, or ignored.
    """

    time: str | None = None
    target: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    freq: str | None = None
    date_format: str | None = None
    fill: Fill | None = None
    decimal: Decimal | None = None
    encoding: str | None = None
    missing: tuple[str, ...] = ()
    aggregate: Aggregate | None = None
    keep_partial: bool = False
    no_dates: bool = False
    known: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    ignore: MayLack[tuple[str, ...]] = None
    weight: MayLack[str] = None
    half_life: MayLack[str] = None
    min: MayLack[str] = None
    max: MayLack[str] = None
    sheet: MayLack[str] = None
    query: MayLack[str] = None
    hierarchy: MayLack[str] = None
    parents: MayLack[Parents] = None

    @property
    def filled(self) -> Fill:
        """What stands in a gap, asked for or not: where rows are added up or counted, a step without any is 0."""
        return self.fill or ("zero" if self.aggregate in ADDED else "interpolate")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "ReadOptions":
        """Returns the options among settings that were given by name; lists of names are texts with commas, or lists.

        Raises:
            UsageError: a list of names is neither.
        """
        own = {name: given[setting] for name, setting in setting_names().items() if setting in given}
        for name in LISTS & own.keys():
            own[name] = names_in(own[name]) if name == "missing" else as_given(own[name])
        if "ignore" in own:
            own["ignore"] = tuple(span for text in own["ignore"] for span in split_names(text)) or None
        own |= {name: f"{own[name]}" for name in ("min", "max") if own.get(name) is not None}
        return cls(**own)

    @property
    def limit_columns(self) -> tuple[str | None, str | None]:
        """The columns that are limits of forecasts, below and above; None where that is a number, or none."""
        low, high = (None if as_limit(text) is not None else text for text in (self.min, self.max))
        return low, high


@dataclass(frozen=True)
class PriorReading:
    """How the data of a version was read, so that newer data is read alike.

    Attributes:
        covariates: What was text then is text again, and keeps its codes.
        frequency: With the time of day of its steps; None for what the dates and options say.
        is_settled: The options are the version's: dates to ignore that the file no longer has are no mistake.
    """

    covariates: tuple[Column, ...] = ()
    frequency: Frequency | None = None
    is_settled: bool = False


LISTS = frozenset(field.name for field in fields(ReadOptions) if field.default == ()) | {"ignore"}
"""Options that are lists of names, or of dates."""


def setting_names() -> dict[str, str]:
    """Returns what each option is called by who sets it."""
    return {field.name: SETTINGS.get(field.name, field.name) for field in fields(ReadOptions)}


def as_given(names: Names) -> tuple[str, ...]:
    """Returns names as they were given, in a text with commas or in a list: the columns of the data take it apart.

    Raises:
        UsageError: they are neither.
    """
    if not isinstance(names, Sequence):
        raise UsageError(f"{names!r} is no list of names.", "a text with commas, or a list of texts")
    return tuple(map(str, (names,) if isinstance(names, str) else names))


def names_in(names: Names) -> tuple[str, ...]:
    """Returns the names in a text with commas or in a list, without blanks.

    Raises:
        UsageError: they are neither.
    """
    if isinstance(names, str):
        return split_names(names)
    return tuple(stripped for name in as_given(names) if (stripped := name.strip()))
