"""Data as it is handed in: paths, frames, tables of other libraries, and what was read before."""

import hashlib
import os
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pandas as pd

from forecast.addresses import hide_secrets
from forecast.api.frames import source_of
from forecast.api.notebook import PanelReading
from forecast.data.files.parquet import is_arrow_table, parquet_bytes
from forecast.data.files.source import Source
from forecast.data.reading.hierarchies.hierarchy_sums import read_nodes
from forecast.data.reading.reader import Reading, ReadOptions
from forecast.errors import UsageError
from forecast.process import start_run
from forecast.wording import type_name


class ArrowStream(Protocol):
    """A table of another library, such as polars, that hands its columns on by the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Returns the columns as a PyCapsule."""


class InterchangeFrame(Protocol):
    """A table of another library that keeps the data frame interchange protocol."""

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> Any:
        """Returns what describes the columns."""


Table: TypeAlias = str | Path | pd.DataFrame | pd.Series | ArrowStream | InterchangeFrame
"""A path, a pandas frame or Series, or a table of another library (polars, Arrow …)."""
Data: TypeAlias = Table | Reading
"""A table, or what ``read_panel`` returned."""
KINDS = "a path, a pandas or polars frame, a Series with dates in its index, or what read_panel returned"


def read(data: Data, options: ReadOptions) -> tuple[Reading, ReadOptions]:
    """Returns the data, and the options that read it; what was read before can't be read otherwise.

    Raises:
        ForecastError: it can't be read.
    """
    if isinstance(data, Reading):
        if options != ReadOptions():
            raise UsageError("The data has been read already.", "give these settings to read_panel")
        return data, data.settled
    found = known(data)
    if found is None:
        raise UsageError("There is no data.", KINDS)
    return PanelReading.of(read_nodes(found, options, now=start_run().clock.now())), options


def known(data: Data | None) -> str | Source | None:
    """Returns a path, or a frame, series or table as the readers take it; None for None.

    Raises:
        UsageError: it is neither.
    """
    if data is None or isinstance(data, str | Path):
        return None if data is None else hide_secrets(str(data), os.environ)
    if isinstance(data, pd.DataFrame | pd.Series):
        return source_of(data)
    if is_arrow_table(data):
        content = parquet_bytes(data)
        return Source("the table", "data", None, content, hashlib.sha256(content).hexdigest(), "UTF-8")
    is_lazy = callable(getattr(data, "collect", None))
    raise UsageError(f"Data can't be {type_name(data)}.", "data.collect()" if is_lazy else KINDS)
