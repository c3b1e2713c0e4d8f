"""`forecast diff NAME [FROM] [TO]`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from forecast.cli.commands.diff.output import diff_json, print_diff
from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import OnlySeries, ReplaceFiles, as_given, require_names
from forecast.cli.options.completion import complete_name, complete_period
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import say, say_notes, write_result
from forecast.errors import UsageError, naming
from forecast.process import start_run
from forecast.specs import PictureSize

if TYPE_CHECKING:
    from forecast.production.store.store import Store
    from forecast.workflows.diff.diff import DiffResult

PICTURE = "Picture"


@dataclass(frozen=True)
class DiffFlags:
    """What is compared, how it is added up, and where it goes."""

    total: Annotated[
        str | None,
        typer.Option(
            "--total",
            metavar="PERIOD",
            autocompletion=complete_period,
            help="Add up each day, week, month, quarter, year or the horizon.",
        ),
    ] = None
    total_by: Annotated[
        str | None,
        typer.Option(
            "--total-by",
            metavar="ID-PART",
            help="Add up the series that have a part of the id in common, such as region; all: every one.",
        ),
    ] = None
    series: OnlySeries = None
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="FILE", help="The newest data; default: the file last trained on."),
    ] = None
    to: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a .csv, .xlsx, .parquet or .json file."),
    ] = None
    plot: Annotated[
        str | None,
        typer.Option(
            "--plot",
            metavar="KIND|FILE",
            help="Draw both forecasts, and what came since, as png, svg or pdf.",
            rich_help_panel=PICTURE,
        ),
    ] = None
    size: Annotated[
        PictureSize | None,
        typer.Option("--size", help="Of the picture: slide is 16:9 with 200 dots an inch.", rich_help_panel=PICTURE),
    ] = None
    force: ReplaceFiles = False


@grouped
def diff_command(
    output: OutputFlags,
    flags: DiffFlags,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=complete_name,
            metavar="[NAME] [FROM] [TO]",
            help="The model, which may be left out where there is one; then versions (v3) or dates of issue "
            "(2026-11-01, UTC). Left out: the forecast issued last, and the one before it.",
        ),
    ] = None,
) -> None:
    """Say what changed between two issued forecasts, and what comes from data, plans or weights.

    forecast diff sales

    forecast diff sales v3 v4 --total month

    forecast diff sales 2026-11-01 2026-12-01 --plot png

    Compared are the steps that both speak of. First comes what the earlier weights make of the newer data (data),
    then of the newer plans (covariates), then what the later weights make of both (weights); the parts add up.
    """
    from forecast.experiment.decisions.totals import read_totals
    from forecast.experiment.destinations import FORECASTS, check_free
    from forecast.experiment.outputs import write_content
    from forecast.production.store.store import Store
    from forecast.workflows.diff.diff import DiffRequest, diff

    require_names("--series", flags.series)
    if flags.size is not None and flags.plot is None:
        raise UsageError("--size says how the picture is drawn, and none is.", f"--plot png --size {flags.size}")
    ending = check_free(flags.to, FORECASTS, force=flags.force)
    store, given = Store(output.store), tuple(words or ())
    name = given[0] if given and given[0] in store.names() else ""
    totals = read_totals(flags.total, flags.total_by)
    picture = _picture_file(flags, name or _only_name(store))
    with naming(name):
        result = diff(DiffRequest(given, flags.data, as_given(flags.series), totals), store, start_run())
    content = _drawn(result, picture, flags) if picture is not None else b""
    if not output.quiet:
        say_notes(result.notes)
    files = [str(path) for path in (flags.to, picture) if path is not None]
    document = diff_json(result, files)
    if flags.to is not None:
        write_result(flags.to, ending, result.table(), document)
    if picture is not None:
        write_content(picture, content)
    print_diff(result, output, document, is_written=flags.to is not None)
    if not output.quiet:
        for path in files:
            say(path, "Drew" if picture is not None and path == str(picture) else "Wrote")


def _only_name(store: "Store") -> str:
    names = store.names()
    return names[0] if len(names) == 1 else "forecast"


def _picture_file(flags: DiffFlags, name: str) -> Path | None:
    """Returns the file of the picture, before any work is done for it; None for none.

    Raises:
        UsageError: it has another ending than those of pictures, or is there already.
    """
    from forecast.experiment.destinations import PICTURES, check_free, picture_path

    if flags.plot is None:
        return None
    path = picture_path(flags.plot, flags.to, f"{name}-diff")
    check_free(path, PICTURES, force=flags.force, flag="--plot")
    return path


def _drawn(result: "DiffResult", path: Path, flags: DiffFlags) -> bytes:
    from forecast.workflows.pages.changes import difference_picture  # matplotlib

    kind = cast(Literal["png", "svg", "pdf"], path.suffix.removeprefix("."))
    return difference_picture(result.comparison, result.sentences[0], kind, flags.size or "page")
