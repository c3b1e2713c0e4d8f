"""What a person says about a file; whatever is left out is inferred from it."""

from dataclasses import dataclass

from forecast.specs import Aggregate, Decimal, Fill

ADDED = ("sum", "count")  # ways to aggregate by which a step without a row is 0
KEEP_ALL = ("none",)  # as --missing takes it: every number is what it says


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

    @property
    def filled(self) -> Fill:
        """What stands in a gap, asked for or not: where rows are added up or counted, a step without any is 0."""
        return self.fill or ("zero" if self.aggregate in ADDED else "interpolate")
