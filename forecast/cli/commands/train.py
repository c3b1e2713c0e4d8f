"""`forecast train DATA`."""

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from forecast.cli.grouping import grouped
from forecast.cli.input_data import find_data, models_named, settings_for, tuned_for
from forecast.cli.options.arguments import Sample, Workers
from forecast.cli.options.completion import complete_network
from forecast.cli.options.groups import DataFlags, OutputFlags, PlotFlags, SettingsFlags
from forecast.cli.options.training_workers import training_workers
from forecast.cli.output.ablation import importance_text
from forecast.cli.output.console import say, say_commands
from forecast.cli.output.dry_run import print_dry_run
from forecast.cli.output.leaderboard import print_leaderboard, print_levels
from forecast.cli.output.progress_notes import narrated, tell_covariates, tell_log, tell_saved, tell_timing
from forecast.errors import UsageError
from forecast.models.networks.cells import CELLS
from forecast.specs import Settings

if TYPE_CHECKING:
    from forecast.data.read_options import ReadOptions
    from forecast.production.store.version import Version
    from forecast.workflows.train import TrainRequest, TrainResult


@dataclass(frozen=True)
class NameFlags:
    """What the model is called."""

    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name in the store; default: the file's.")
    ] = None
    force: Annotated[
        bool,
        typer.Option("--force", "-f", help="Go on with a name that stands for another target, ids or frequency."),
    ] = False
    sample: Sample = None
    workers: Workers = None
    anomalies: Annotated[
        Literal["keep", "ignore"],
        typer.Option("--anomalies", help="ignore: spikes and dips of the data are neither learned from nor scored."),
    ] = "keep"
    tuned: Annotated[
        str | None,
        typer.Option("--tuned", metavar="NAME", help="Train with the settings that tune found; flags go before them."),
    ] = None


@grouped
def train_command(
    output: OutputFlags,
    plot: PlotFlags,
    reading: DataFlags,
    settings: SettingsFlags,
    called: NameFlags,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="A .csv, .tsv, .parquet or .xlsx file, an address, or - for standard input; or forecast.toml's.",
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            autocompletion=complete_network,
            metavar="MODEL",
            help=f"{', '.join(CELLS)}, linear, ensemble or any other of compare, or your own as FILE.py:NAME; "
            "auto: the best network.",
        ),
    ] = "auto",
) -> None:
    """Train a model on a CSV, score it beside the naive baselines, save it and forecast.

    forecast train sales.csv

    forecast train sales.csv --model lstm --horizon 28 --target revenue

    forecast train shops.csv --id store --time-limit 2m
    """
    from forecast.production.store.store import Store
    from forecast.workflows.dry_run import dry_run_train
    from forecast.workflows.train import train

    if data is None and output.configured is None:
        raise UsageError("Missing argument 'DATA'.", "forecast train --help")
    found = find_data(data, reading, output)
    request = _request(found, model, called, settings, plot, output)
    store = Store(output.store)
    with narrated("Training", output, device=settings.device, limit=settings.time_limit) as run:
        if plot.dry_run:
            planned = dry_run_train(request, store, run)
        else:
            result = train(request, store, run)
    if plot.dry_run:
        print_dry_run(planned, output)
        return
    _print_trained(result, output)
    if not output.quiet:
        tell_timing(result.experiment, run)
        tell_log(plot.log_dir)
        say_commands(_next(result, request.source, reading, output), "Next")


def _request(
    found: tuple[str, "ReadOptions"],
    model: str,
    called: NameFlags,
    settings: SettingsFlags,
    plot: PlotFlags,
    output: OutputFlags,
) -> "TrainRequest":
    """Returns what is asked of `train`, of data that was found; settings of a tuning are among it."""
    from forecast.workflows.train import TrainRequest

    source, options = found
    (named,) = models_named("model", (model,), output)
    asked, tuned = settings_for(settings, (named,), output), tuned_for(called.tuned, named, output)
    if tuned is not None:
        asked, named = _tuned(tuned, asked, named, output)
    return TrainRequest(
        source=source,
        options=options,
        settings=asked,
        model=named,
        name=called.name,
        folder=plot.out_dir,
        plots=plot.plots,
        deadline=settings.time_limit,
        report=plot.report,
        log_dir=plot.log_dir,
        force=called.force,
        sample=called.sample,
        workers=training_workers(called.workers),
        ignores_anomalies=called.anomalies == "ignore",
    )


def _print_trained(result: "TrainResult", output: OutputFlags) -> None:
    """Prints how good it is, and says what was saved."""
    from forecast.experiment.summary import reconciliation_of

    print_leaderboard(result.board, output, _document(result), result.chosen)
    print_levels(reconciliation_of(result.experiment, result.chosen), output)
    if not output.quiet:
        tell_covariates(result.experiment)
        if worth := importance_text(result.importance):
            say(worth, "Worth")
        tell_saved(result)


def _tuned(name: str, settings: Settings, model: str, output: OutputFlags) -> tuple[Settings, str]:
    """Returns settings and model as a tuning found them, and says what they are."""
    from forecast.experiment.tuning.tuning_folder import tuned_settings, with_tuned
    from forecast.production.store.store import Store

    found = tuned_settings(Store(output.store), name)
    settings, model, changes = with_tuned(settings, model, found)
    if not output.quiet:
        told = ", ".join(f"{setting} {value}" for setting, value in changes.items())
        nothing = f"nothing that {model} has" if found.changes else "the default, which no settings were found to beat"
        say(told or f"{name}: {nothing}", "Tuned")
    return settings, model


def _document(result: "TrainResult") -> dict[str, Any]:
    from forecast.experiment.summary import describe_board, describe_experiment, describe_levels, plain_words

    version, board = result.version, result.board
    row = board.row(result.chosen)
    return {
        "name": version.name,
        "version": version.label,
        "champion": result.stays is None,
        "model": result.chosen,
        "spec": _spec(result),
        "scores": {"model": result.chosen, "rmse": row.rmse, "skill": row.skill, "coverage_80": row.coverage_80},
        **describe_board(board),
        **describe_experiment(result.experiment),
        "mixture": dict(zip(("anchor", "share"), result.mixture, strict=True)) if result.mixture else None,
        "importance": [asdict(one) for one in result.importance],
        "notes": list(result.assumed),
        "files": [str(path) for path in result.files],
        "plain_verdict": plain_words(result.experiment, result.chosen),
        **describe_levels(result.experiment, result.chosen),
    }


def _spec(result: "TrainResult") -> dict[str, Any]:
    """Returns the settings of what was saved: all of a network's, and of another model what it has of them."""
    from forecast.models.registry import is_learned, spec_names

    chosen, plan = result.chosen, result.experiment.plan
    if not is_learned(chosen):
        return {"cell": chosen, "window": plan.window, "horizon": plan.horizon, "season": plan.season}
    return {**result.experiment.specs[spec_names(chosen)[-1]].to_json(), "cell": chosen}


def _next(result: "TrainResult", data: str, reading: DataFlags, output: OutputFlags) -> tuple[str, ...]:
    """Returns the commands worth running now; `compare` knows by itself how the last train read its file."""
    if result.stays:
        name, label = result.version.name, result.version.label
        return (f"{_program(result.version)} models promote {name} {label}{output.store_words}",)
    predict = f"{_program(result.version)} predict {result.version.name}{output.store_words}"
    if data != "-" and Path(data).is_dir():
        predict += f" --data {shlex.quote(data)} -o {result.version.name}_forecasts"
    elif result.is_untold:
        plan = shlex.quote(f"{result.version.name}_future.xlsx")
        predict = f"forecast predict {result.version.name}{output.store_words} --future-template {plan}"
    compare = f"forecast compare{output.store_words}"
    if data == "-":
        return (predict,)
    return predict, f"{compare} {shlex.quote(data)}" if reading == DataFlags() else compare


def _program(version: "Version") -> str:
    """Returns how a command begins that loads a version: cells of the user's own are named before the verb."""
    from forecast.experiment.versions.own_code import cells_words

    return shlex.join(("forecast", *cells_words(version)))
