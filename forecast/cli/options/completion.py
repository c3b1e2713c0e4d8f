"""What the shell offers after TAB: columns of the file, models and versions of the store, words that a flag takes.

Whatever goes wrong here stays unsaid: the shell then offers nothing.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import typer

from forecast.errors import ForecastError, printable
from forecast.name_lists import split_names
from forecast.specs import USUAL_STORE

GROUPS = ("series", "step", "weekday", "month", "level")
FREQUENCIES = ("15min", "30min", "h", "D", "B", "W", "MS", "ME", "QS", "QE", "YS", "YE")


def complete_column(context: typer.Context, incomplete: str) -> list[str]:
    """Returns the columns of the file that begin so; after a comma, those that are not named yet."""
    words = _words(context, "data")
    source = next((word for word in words if Path(word).is_file()), None) if words else _configured_data()
    with suppress(OSError, ForecastError):
        from forecast.data.files.header_peek import column_names

        return _next_of(column_names(Path(source)), incomplete) if source else []
    return []


def complete_network(incomplete: str) -> list[str]:
    """Returns the models that `train` knows."""
    from forecast.models.registry import MODELS

    return _beginning(("auto", *MODELS), incomplete)


def complete_models(incomplete: str) -> list[str]:
    """Returns all models, and after a comma those that are not named yet."""
    from forecast.models.registry import MODELS

    return _next_of(MODELS, incomplete)


def complete_grouping(context: typer.Context, incomplete: str) -> list[str]:
    """Returns what errors may be told apart by: the usual groups, and the columns that were named as the id."""
    ids = split_names(context.params.get("id"))
    return _beginning((*GROUPS, *(ids if len(ids) > 1 else ())), incomplete)


def complete_frequency(incomplete: str) -> list[str]:
    """Returns the usual frequencies."""
    return _beginning(FREQUENCIES, incomplete)


def complete_period(incomplete: str) -> list[str]:
    """Returns the periods that forecasts are added up by."""
    from forecast.experiment.decisions.periods import HORIZON, PERIODS

    return _beginning((*PERIODS, HORIZON), incomplete)


def complete_name(context: typer.Context, incomplete: str) -> list[str]:
    """Returns the models in the store."""
    from forecast.production.store.store import Store

    with suppress(OSError, ForecastError):
        return _beginning(Store(_store(context)).names(), incomplete)
    return []


def complete_version(context: typer.Context, incomplete: str) -> list[str]:
    """Returns the versions of the model that is named, or of the only one, the newest first."""
    from forecast.production.store.store import Store

    with suppress(OSError, ForecastError):
        store = Store(_store(context))
        name = next(iter([*_words(context, "name"), *store.names()]), "")
        return _beginning([version.label for version in reversed(store.model(name).versions())], incomplete)
    return []


def _words(context: typer.Context, argument: str) -> list[str]:
    """Returns what an argument was given; after a flag that still lacks its value, all words may be meant."""
    value = context.params.get(argument)
    return [value] if value else list(context.args)


def _store(context: typer.Context) -> Path:
    return Path(context.params.get("store") or USUAL_STORE)


def _configured_data() -> str | None:
    from forecast.cli.options.config_file import find_config

    with suppress(OSError, ForecastError):
        found = find_config(Path.cwd())
        data = found.table.get("data") if found else None
        return found.resolved(data) if found and isinstance(data, str) else None
    return None


def _beginning(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete) and printable(word) == word]


def _next_of(words: Iterable[str], incomplete: str) -> list[str]:
    """Returns the words that may follow in a list with commas, each with what stands before it."""
    before, comma, last = incomplete.rpartition(",")
    named = {name.strip() for name in before.split(",")}
    return [before + comma + word for word in _beginning(words, last.strip()) if word not in named]
