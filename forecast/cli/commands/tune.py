"""`forecast tune [DATA]`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forecast.cli.grouping import grouped
from forecast.cli.input_data import find_data, read_options, settings_for
from forecast.cli.options.arguments import Sample, parse_time_limit, settle_deadline
from forecast.cli.options.completion import complete_network
from forecast.cli.options.config_file import CONFIG, write_settings
from forecast.cli.options.groups import DataFlags, OutputFlags, SettingsFlags
from forecast.cli.output.console import say
from forecast.cli.output.progress_notes import narrated
from forecast.cli.output.tune import print_tuning
from forecast.durations import parse_duration
from forecast.errors import UsageError
from forecast.name_lists import split_names
from forecast.process import SystemClock, has_graphics_card, unasked_workers
from forecast.specs import Deadline, PlotKind

if TYPE_CHECKING:
    from forecast.run import Run
    from forecast.workflows.tuning.tune import TuneRequest

USUAL = 600.0
"""Seconds that a tuning takes where neither a time nor a number of trials is given."""
MANY = 12
"""From so many trials on, processes that share them make good what starting them takes."""


@dataclass(frozen=True)
class TuneSettingsFlags(SettingsFlags):
    """Settings of the default, which no trial searches; and how long it all may take."""

    time_limit: Annotated[
        Deadline | None,
        typer.Option(
            "--time-limit",
            help="Search and confirmation together end by then, such as 10m, which it is where --trials is not given.",
            metavar="TIME",
            parser=parse_time_limit,
            callback=settle_deadline,
            rich_help_panel="Network",
        ),
    ] = None


@dataclass(frozen=True)
class TuneFlags:
    """What is searched, how long, and where it goes."""

    search: Annotated[
        str | None,
        typer.Option("--search", metavar="SETTINGS", help="Settings to search, with commas; default: all that help."),
    ] = None
    fix: Annotated[
        str | None,
        typer.Option("--fix", metavar="NAME=VALUE", help="Settings that are not searched: units=32,layers=1."),
    ] = None
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials", min=1, max=100_000, metavar="N", help="So many settings in all, the default among them."
        ),
    ] = None
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, max=1024, metavar="N", help="Trials side by side, each in a process; default: by data."
        ),
    ] = None
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="URL", help="Trials on the workers of a Dask scheduler.")
    ] = None
    confirm: Annotated[
        int | None,
        typer.Option("--confirm", min=1, max=50, metavar="N", help="Folds at the end that no trial sees."),
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a tuning that was begun.")] = False
    force: Annotated[bool, typer.Option("--force", "-f", help="Begin anew; the trials of before are lost.")] = False
    write: Annotated[bool, typer.Option("--write", help="Write what won into forecast.toml, for train.")] = False
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name in the store; default: the file's.")
    ] = None
    lock_timeout: Annotated[
        str, typer.Option("--lock-timeout", metavar="TIME", help="Wait so long for another tuning, such as 10m.")
    ] = "0"
    plots: Annotated[PlotKind, typer.Option("--plots", help="Kind of the plots.")] = "png"
    out_dir: Annotated[Path, typer.Option("--out-dir", help="Folder of the plots.", metavar="DIR", file_okay=False)] = (
        Path("forecasts")
    )
    report: Annotated[bool, typer.Option("--report", help="Write one HTML page of it all into the folder.")] = False
    sample: Sample = None


@grouped
def tune_command(
    output: OutputFlags,
    reading: DataFlags,
    settings: TuneSettingsFlags,
    tuning: TuneFlags,
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="A CSV; left out: forecast.toml's, the last train's, or what is resumed."),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            autocompletion=complete_network,
            metavar="MODEL",
            help="A network; auto: its cell is searched too.",
        ),
    ] = "auto",
) -> None:
    """Search for better settings; they win only if they beat the default where no trial has looked.

    forecast tune sales.csv --time-limit 10m

    forecast tune sales.csv --search window,units,learning-rate --trials 200 --workers 2

    forecast tune --resume
    """
    from forecast.production.store.store import Store
    from forecast.workflows.tuning.tune import tune

    store = Store(output.store)
    with narrated("Tuning", output, device=settings.device, limit=settings.time_limit) as run:
        request = _request(data, model, tuning, settings, output, reading, run)
        result = tune(request, store, run)
    if tuning.write and result.settings:
        write_settings(Path(CONFIG), "train", result.settings)
    print_tuning(result, output)
    if tuning.write and not output.quiet:
        say(f"{CONFIG}, [train]" if result.settings else "nothing: the default stays", "Written")


def _request(
    data: str | None,
    model: str,
    tuning: TuneFlags,
    settings: SettingsFlags,
    output: OutputFlags,
    reading: DataFlags,
    run: "Run",
) -> "TuneRequest":
    from forecast.experiment.tuning.tune_search import SearchLimits
    from forecast.workflows.tuning.tune import TuneRequest

    if tuning.resume and tuning.force:
        raise UsageError("--resume goes on, and --force begins anew.", "one of them")
    deadline = settings.time_limit
    if deadline is None and tuning.trials is None:
        deadline = Deadline(USUAL, run.clock.seconds())
    source, options = (data, read_options(reading)) if tuning.resume else find_data(data, reading, output)
    if source == "-" and ((tuning.workers or 1) > 1 or tuning.cluster is not None):
        raise UsageError("Other processes can't read this one's standard input.", "a file, or no --workers")
    given = settings_for(settings, (model,), output)
    return TuneRequest(
        source=source,
        options=options,
        settings=given,
        model=model,
        name=tuning.name,
        search=split_names(tuning.search) if tuning.search is not None else None,
        fixed=_fixed(tuning.fix),
        limits=SearchLimits(tuning.trials, deadline, tuning.workers or 1),
        spare=1 if source == "-" else _spare(tuning, settings),
        folder=tuning.out_dir,
        plots=tuning.plots,
        report=tuning.report,
        confirm=tuning.confirm,
        resume=tuning.resume,
        force=tuning.force,
        lock_timeout=parse_duration("--lock-timeout", tuning.lock_timeout, may_be_zero=True).total_seconds(),
        sample=tuning.sample,
        cluster=tuning.cluster,
        job=f"{tune_job.__module__}:{tune_job.__name__}",
    )


def _spare(tuning: TuneFlags, settings: SettingsFlags) -> int:
    """Returns how many processes may do trials where nobody says, if the data is small: some of many trials."""
    if tuning.workers is not None or tuning.cluster is not None or (settings.device != "cpu" and has_graphics_card()):
        return 1
    return unasked_workers(MANY if tuning.trials is None else tuning.trials, MANY)


def _fixed(text: str | None) -> dict[str, str]:
    """Returns settings and values of ``--fix``.

    Raises:
        UsageError: a word is no pair.
    """
    found: dict[str, str] = {}
    for word in split_names(text or ""):
        name, mark, value = (part.strip() for part in word.partition("="))
        if not mark or not name or not value:
            raise UsageError(f"--fix {word} is no setting with a value.", "--fix units=32,layers=1")
        if found.setdefault(name, value) != value:
            raise UsageError(f"--fix: {name} can't be both {found[name]} and {value}.", f"--fix {name}={value}")
    return found


def tune_job(spec: Mapping[str, Any], run: "Run") -> Mapping[str, Any]:
    """Does what a tuning orders, in whatever process: seconds and end are by that process's clock."""
    from forecast.experiment.tuning.contestant_jobs import do_job

    return do_job(spec, replace(run, clock=SystemClock()))
