"""How a command is told which model it is about, and which version of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.options.completion import complete_name, complete_version
from forecast.durations import EXAMPLES, parse_duration
from forecast.errors import UsageError
from forecast.name_lists import split_names
from forecast.probabilities import read_levels, read_quantiles
from forecast.specs import Deadline


def parse_time_limit(text: str) -> float:
    """Returns the seconds of ``--time-limit``; see ``parse_duration``."""
    return parse_duration("--time-limit", text).total_seconds()


def parse_since(text: str, now: datetime) -> datetime:
    """Returns the instant that ``--since`` means: a date, a date and time (UTC), or so long before now.

    Args:
        text: what came.
        now: aware, UTC.

    Raises:
        UsageError: it is none of these, or longer ago than any date.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    try:
        return now - parse_duration("--since", text, bare_seconds=False)
    except (UsageError, OverflowError):
        raise UsageError(
            f"--since '{text}' is neither a date nor a length of time.", f"--since 2026-01-31, or --since {EXAMPLES}"
        ) from None


def issued_since(text: str | None, now: datetime) -> datetime | None:
    """Returns from when on issued forecasts are kept, as ``--keep-issued`` says; None for ever.

    Raises:
        UsageError: it is no length of time, or longer than a calendar.
    """
    if text is None:
        return None
    length = parse_duration("--keep-issued", text, bare_seconds=False, is_long=True)
    try:
        return now - length
    except OverflowError:
        raise UsageError(f"--keep-issued '{text}' is longer ago than any date.", "--keep-issued 2y") from None


def look_for_metrics(path: Path | None) -> None:
    """Refuses a place for metrics that no monitor could read from; see ``check_metrics_file``."""
    if path is not None:
        from forecast.production.metrics import check_metrics_file

        check_metrics_file(path)


def chosen_models(name: str | None, root: Path, *, is_all: bool) -> tuple[str, ...]:
    """Returns the model that is named, or all of a store.

    Raises:
        UsageError: neither is, or both are.
    """
    if is_all and name is not None:
        raise UsageError(f"--all is every model, and '{name}' is named.", "--all alone, or the name without it")
    if is_all:
        from forecast.production.store.store import Store

        return Store(root).names()
    if name is None:
        raise UsageError("Which model?", "its NAME, or --all; forecast models list")
    return (name,)


def settle_deadline(context: typer.Context, seconds: float | None) -> Deadline | None:
    """Returns the deadline of this command: the time since its start, which is in the context, counts."""
    return None if seconds is None else Deadline(seconds, context.obj.began)


def as_given(text: str | None) -> tuple[str, ...]:
    """Returns a list of names as it was given, for those to take apart who know which names there are."""
    return (text,) if text is not None else ()


def require_names(flag: str, text: str | None) -> None:
    """Refuses a list that is given and has no name in it.

    Raises:
        UsageError: it is such a list.
    """
    if text is not None and not split_names(text):
        raise UsageError(f"{flag} '{text}' names nothing.", f"{flag} with a name, or no {flag}")


def check_levels(text: str | None) -> str | None:
    """Returns levels as they were given; see ``read_levels``."""
    if text is not None:
        read_levels(text)
    return text


def check_quantiles(text: str | None) -> str | None:
    """Returns quantiles as they were given; see ``read_quantiles``."""
    if text is not None:
        read_quantiles(text)
    return text


def check_rules(texts: list[str] | None) -> list[str] | None:
    """Returns quality rules as they were given; see ``read_rules``."""
    if texts:
        from forecast.production.quality import read_rules

        read_rules(texts)
    return texts


Name = Annotated[str, typer.Argument(autocompletion=complete_name, metavar="NAME", help="Name of the model.")]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="RULES",
        help="Exit 7 where live accuracy breaks a rule: 'skill<0', 'rmse>200', 'coverage<60%', 'bias>10', 'age>30d'.",
        callback=check_rules,
    ),
]
MetricsFile = Annotated[
    Path | None,
    typer.Option(
        "--metrics-file",
        metavar="FILE.prom",
        help="Write metrics for node_exporter's textfile collector.",
        dir_okay=False,
    ),
]
SomeName = Annotated[
    str | None,
    typer.Argument(autocompletion=complete_name, metavar="NAME", help="Name of the model; left out with --all."),
]
OnlyName = Annotated[
    str | None,
    typer.Argument(
        autocompletion=complete_name, metavar="NAME", help="Name of the model; may be left out where there is one."
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(
        "--sample",
        metavar="N",
        min=2,
        max=1_000_000,
        help="Of a folder of Parquet files: learn from so many series, as long and as large as all are.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=1024,
        metavar="N",
        help="Train the networks of the folds in so many processes; pays where one takes minutes.",
    ),
]
ModelVersion = Annotated[
    str | None,
    typer.Option(
        "--model-version",
        autocompletion=complete_version,
        metavar="V",
        help="A version such as v2 instead of the champion.",
    ),
]
OnlySeries = Annotated[
    str | None, typer.Option("--series", metavar="IDS", help="Only these series, with commas; default: all.")
]
ReplaceFile = Annotated[bool, typer.Option("--force", "-f", help="Replace the file if it is there.")]
ReplaceFiles = Annotated[bool, typer.Option("--force", "-f", help="Replace files that are there.")]
SHARDS = "Shard by shard"
"""The part of a command's help with the flags of folders of shards."""
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="URL",
        help="Likewise, on the workers of a Dask scheduler, such as tcp://scheduler:8786.",
        rich_help_panel=SHARDS,
    ),
]
PartOfShards = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Likewise, only the I-th of N parts of the shards: one task of an array of jobs.",
        rich_help_panel=SHARDS,
    ),
]
