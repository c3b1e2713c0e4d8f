"""From the flags about a file to what the readers take."""

from typing import TYPE_CHECKING

from forecast.cli.flags import DataFlags, split_names

if TYPE_CHECKING:
    from forecast.data.readers import ReadOptions


def read_options(flags: DataFlags) -> "ReadOptions":
    """Returns the readers' options."""
    from forecast.data.readers import ReadOptions  # noqa: PLC0415 - imports numpy

    return ReadOptions(
        time=flags.time,
        target=split_names(flags.target),
        ids=split_names(flags.id),
        freq=flags.freq,
        date_format=flags.date_format,
        fill=flags.fill,
    )
