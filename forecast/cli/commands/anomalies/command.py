"""`forecast anomalies [NAME-OR-DATA]`."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from forecast.cli.commands.anomalies.output import anomalies_json, anomalies_table, print_shards
from forecast.cli.grouping import grouped
from forecast.cli.input_data import find_data, read_options
from forecast.cli.options.arguments import SHARDS, Cluster, ModelVersion, PartOfShards, ReplaceFiles
from forecast.cli.options.groups import DataFlags, OutputFlags
from forecast.cli.output.console import print_csv, print_json, say, say_notes, settle_form
from forecast.cli.output.progress_notes import narrated
from forecast.cli.output.streams import write_out
from forecast.errors import ExitCode, UsageError
from forecast.process import keep_memory, start_run
from forecast.specs import PlotKind

if TYPE_CHECKING:
    from forecast.data.read_options import ReadOptions
    from forecast.production.store.store import Store
    from forecast.report.tables import ResultTable
    from forecast.workflows.anomalies.anomalies import AnomaliesResult


@dataclass(frozen=True)
class SearchFlags:
    """What is searched, where, and how sure it has to be."""

    data: Annotated[str | None, typer.Option("--data", help="A file with newer rows, for a model.", metavar="FILE")] = (
        None
    )
    kind: Annotated[
        Literal["auto", "point", "level", "shape"],
        typer.Option("--kind", help="Single values, new levels and changes of variance, shapes; auto: all of them."),
    ] = "auto"
    rate: Annotated[
        str,
        typer.Option("--rate", help="False alarms: 1/1000 is one episode in a thousand usual values.", metavar="N/M"),
    ] = "1/1000"
    since: Annotated[
        str | None,
        typer.Option("--since", help="Judge values from this date on; those before say what is usual.", metavar="DATE"),
    ] = None
    version: ModelVersion = None


@dataclass(frozen=True)
class EpisodeFlags:
    """What is written, and when an episode is a failure."""

    scores: Annotated[
        Path | None,
        typer.Option("--scores", help="Write a score for every value that was judged.", metavar="FILE"),
    ] = None
    plot: Annotated[PlotKind, typer.Option("--plot", help="Draw the rarest episodes.")] = "none"
    out_dir: Annotated[
        Path, typer.Option("--out-dir", metavar="DIR", help="Folder of the pictures.", file_okay=False)
    ] = Path("forecasts")
    to: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for the episodes of a folder of shards: a file a shard.", metavar="DIR"
        ),
    ] = None
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            max=1024,
            metavar="N",
            help="Of a folder of shards: look in so many processes, into the folder of -o.",
            rich_help_panel=SHARDS,
        ),
    ] = None
    cluster: Cluster = None
    shard: PartOfShards = None
    force: ReplaceFiles = False
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 7 if there is an episode.")] = False

    @property
    def by_shards(self) -> str | None:
        """The first flag that only a folder of shards has; None where there is none."""
        flags = {"-o": self.to, "--workers": self.workers, "--cluster": self.cluster, "--shard": self.shard}
        return next((flag for flag, value in flags.items() if value is not None), None)


@grouped
def anomalies_command(
    output: OutputFlags,
    reading: DataFlags,
    look: SearchFlags,
    write: EpisodeFlags,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME-OR-DATA", help="A model, or a file alone; left out: as for check."),
    ] = None,
) -> None:
    """Say what was not expected: spikes, dips, new levels, changes of variance, unusual shapes.

    forecast anomalies sales.csv

    forecast anomalies sales --data newest.csv --since 2026-11-01 --rate 1/1000

    forecast anomalies sensors --data panel/ -o odd/ --workers 2
    """
    from forecast.experiment.destinations import TABLES, check_folder, check_free
    from forecast.experiment.outputs import write_table
    from forecast.production.store.store import Store
    from forecast.workflows.anomalies.anomalies import (
        AnomaliesRequest,
        anomalies,
        draw_episodes,
        episode_table,
        score_table,
    )

    if write.by_shards is not None:
        _search_shards(name, reading, look, write, output)
        return
    ending = check_free(write.scores, TABLES, force=write.force, flag="--scores")
    if write.plot != "none":
        check_folder(write.out_dir)
    store = Store(output.store)
    model, source, options = _what(name, store, reading, look, output)
    asked = AnomaliesRequest(model, source, options, look.kind, parse_rate(look.rate), look.since, look.version)
    keep_memory()
    result = anomalies(asked, store, start_run())
    table = episode_table(result)
    if write.scores is not None:
        write_table(write.scores, ending, score_table(result))
    files = draw_episodes(result, write.plot, write.out_dir)
    files = (*files, *([write.scores] if write.scores is not None else []))
    _print(result, table, files, output)
    if write.strict and result.episodes:
        raise typer.Exit(ExitCode.QUALITY_GATE)


def _print(result: "AnomaliesResult", table: "ResultTable", files: "tuple[Path, ...]", output: OutputFlags) -> None:
    """Prints the episodes in the form that was asked for, and says what was written."""
    from forecast.report.tables import csv_text

    if not output.quiet:
        say_notes(result.notes)
    form = settle_form(output.form)
    if form == "json":
        print_json(anomalies_json(result, table, files))
    elif form == "csv":
        print_csv(csv_text(table.columns, table.rows))
    else:
        write_out(anomalies_table(result, table))
    if not output.quiet:
        for path in files:
            say(str(path), "Wrote")


def _what(
    name: str | None, store: "Store", reading: DataFlags, look: SearchFlags, output: OutputFlags
) -> "tuple[str | None, str | None, ReadOptions]":
    """Returns the model that judges, if any, the file that is judged, and how it is read.

    Raises:
        UsageError: a flag can't apply.
    """
    if name is not None and name in store.names():
        _refuse_with_model(reading, name)
        return name, look.data, read_options(reading)
    _refuse_without_model(look, name)
    return None, *find_data(name, reading, output)


def _search_shards(
    name: str | None, reading: DataFlags, look: SearchFlags, write: EpisodeFlags, output: OutputFlags
) -> None:
    """Looks at a folder of shards file by file."""
    from forecast.execution.executor import Workplace
    from forecast.experiment.panels.panel_forecast import Share
    from forecast.production.store.store import Store
    from forecast.workflows.anomalies.anomalies import AnomaliesRequest
    from forecast.workflows.anomalies.shards import anomalies_of_shards

    store = Store(output.store)
    if write.to is None:
        message = f"{write.by_shards} is of a folder of shards, looked at into a folder, and none is named."
        raise UsageError(message, "-o DIR")
    for flag, is_given in (("--scores", write.scores is not None), ("--plot", write.plot != "none")):
        if is_given:
            message = f"{flag} is of one table of values, and a folder is looked at shard by shard."
            raise UsageError(message, f"leave out {flag}, or {write.by_shards}, where all of it fits into the memory")
    if name is None or name not in store.names():
        message = "A folder of shards is looked at with a model that all shards share, and none is named."
        raise UsageError(message, "forecast train DIR --name NAME; then forecast anomalies NAME --data DIR -o OUT")
    _refuse_with_model(reading, name)
    asked = AnomaliesRequest(
        name, look.data, read_options(reading), look.kind, parse_rate(look.rate), look.since, look.version
    )
    place = Workplace(write.workers or 1, write.cluster)
    share = Share.parse(write.shard) if write.shard is not None else Share()
    with narrated("Shards", output) as run:
        found = anomalies_of_shards(asked, write.to, place, share, store, run, force=write.force)
    print_shards(found, output)
    if write.strict and found.found.episodes:
        raise typer.Exit(ExitCode.QUALITY_GATE)


def parse_rate(text: str) -> float:
    """Returns a rate such as ``1/1000``, ``0.001`` or ``0.1%``.

    Raises:
        UsageError: it is none.
    """
    bare = text.strip()
    share = bare.removesuffix("%")
    try:
        return float(Fraction(share.strip())) / (100 if share != bare else 1)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"--rate '{text}' is no rate of false alarms.", "--rate 1/1000") from None


def _refuse_without_model(look: SearchFlags, name: str | None) -> None:
    """Refuses flags that only a model can heed.

    Raises:
        UsageError: there are some.
    """
    if look.data is not None:
        named = f"there is no model '{name}'" if name else "no model is named"
        raise UsageError(f"--data is for a model, and {named}.", f"forecast anomalies {look.data}, or a model's NAME")
    if look.version is not None:
        raise UsageError("--model-version is for a model, and none is named.", "forecast anomalies NAME")


def _refuse_with_model(reading: DataFlags, name: str) -> None:
    """Refuses flags of reading: a model reads as it was trained.

    Raises:
        UsageError: there are some.
    """
    if reading != DataFlags():
        raise UsageError(
            f"The data of {name} is read as when it was trained; flags about columns can't change that.",
            f"forecast anomalies {name} --data FILE, or forecast anomalies FILE with the flags",
        )
