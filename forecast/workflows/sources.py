"""Which data a command works on where none was named."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import forecast
from forecast.data.readers import ReadOptions
from forecast.errors import DataError
from forecast.production.store import Store
from forecast.workflows.versions import read_data_options

CONFIG = Path("forecast.toml")
SAMPLE = "airline_passengers.csv"


@dataclass(frozen=True)
class FoundSource:
    """A data source, and why it was taken; no reason where the user named it."""

    source: str
    why: str = ""
    options: ReadOptions | None = None


def find_source(named: str | None, store: Store) -> FoundSource:
    """Returns the data to use: as named, else of forecast.toml, else of the last train, else the sample.

    Raises:
        DataError: forecast.toml can't be read.
    """
    if named is not None:
        return FoundSource(named)
    configured = _configured()
    if configured:
        return FoundSource(configured, f"named in {CONFIG}")
    newest = store.newest()
    if newest is None:
        return FoundSource(str(sample_path()), "the bundled sample, since nothing was trained here yet")
    data = newest.manifest["data"]
    if Path(data["source"]).is_file():
        return FoundSource(data["source"], f"from the last train ({newest.name})", read_data_options(data))
    why = f"the bundled sample, since {data['source']} of the last train ({newest.name}) is not there"
    return FoundSource(str(sample_path()), why)


def sample_path() -> Path:
    """Returns the bundled sample series: in the installed package, or in the source tree."""
    package = Path(forecast.__file__).parent
    installed = package / "sample_data" / SAMPLE
    return installed if installed.is_file() else package.parent / "sample_data" / SAMPLE


def _configured() -> str | None:
    if not CONFIG.is_file():
        return None
    try:
        data = tomllib.loads(CONFIG.read_text(encoding="utf-8")).get("data")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"{CONFIG} can't be read: {error}", f"mend {CONFIG}, or name the file: forecast compare DATA"
        ) from error
    if data is not None and not isinstance(data, str):
        raise DataError(f"In {CONFIG}, data is {data!r}; it must be the path of a file.", 'data = "sales.csv"')
    return data
