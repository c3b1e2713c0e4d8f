"""The commands by name, and what `forecast --help` says of them all."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer

from forecast import __version__
from forecast.cli.commands.anomalies.command import anomalies_command
from forecast.cli.commands.assistants import mcp_command, skill_command
from forecast.cli.commands.check import check_command
from forecast.cli.commands.compare import compare_command
from forecast.cli.commands.config import config_app
from forecast.cli.commands.diff.command import diff_command
from forecast.cli.commands.doctor import doctor_command
from forecast.cli.commands.explain import explain_command
from forecast.cli.commands.history import history_command
from forecast.cli.commands.models.listing import models_app
from forecast.cli.commands.predict import predict_command
from forecast.cli.commands.report import report_command
from forecast.cli.commands.retrain import retrain_command
from forecast.cli.commands.schedule import schedule_command
from forecast.cli.commands.score import score_command
from forecast.cli.commands.shard import shard_command
from forecast.cli.commands.status import status_command
from forecast.cli.commands.train import train_command
from forecast.cli.commands.tune import tune_command
from forecast.cli.options.help import HelpfulCommand, HelpfulGroup

EXIT_CODES = (  # one line: Typer wraps it, and keeps every line break that is in it
    "Exit codes: 0 done · 1 a bug · 2 usage · 3 dependency or device missing · 4 not found · 5 bad data or config · "
    "6 training failed · 7 a quality gate failed · 10 not promoted (with --detailed-exitcode) · "
    "75 another run holds the lock · 129 SIGHUP · 130 Ctrl-C · 143 SIGTERM"
)

EXAMPLES = """From a CSV of sales or prices to forecasts you can trust.

  forecast train sales.csv

  forecast compare sales.csv --models rnn,lstm,gru

  forecast predict sales --horizon 24 -o next.csv
"""

app = typer.Typer(
    cls=HelpfulGroup,
    help=EXAMPLES,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"forecast {__version__}")
        raise typer.Exit


@app.callback()
def _forecast(
    cells: Annotated[
        list[str],
        typer.Option(
            "--cells", metavar="FILE.py:NAME", help="A recurrent cell of your own that a saved model needs; runs FILE."
        ),
    ] = [],  # noqa: B006 - Typer copies it
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version  # said by its callback
    if cells:
        from forecast.experiment.versions.own_code import named_cell

        for word in cells:
            named_cell(word, must_name=True)


USE, OPERATE, LOOK, MACHINES = "Use", "Operate", "Look inside", "For programs and assistants"


def _add(panel: str, name: str, command: Callable[..., None]) -> None:
    app.command(name, cls=HelpfulCommand, rich_help_panel=panel)(command)


_add(USE, "check", check_command)
_add(USE, "train", train_command)
_add(USE, "compare", compare_command)
_add(USE, "tune", tune_command)
_add(USE, "predict", predict_command)
_add(USE, "shard", shard_command)
_add(OPERATE, "retrain", retrain_command)
_add(OPERATE, "status", status_command)
_add(OPERATE, "score", score_command)
_add(OPERATE, "diff", diff_command)
_add(OPERATE, "anomalies", anomalies_command)
_add(OPERATE, "schedule", schedule_command)
_add(OPERATE, "history", history_command)
_add(LOOK, "explain", explain_command)
_add(LOOK, "report", report_command)
_add(LOOK, "doctor", doctor_command)
_add(MACHINES, "skill", skill_command)
_add(MACHINES, "mcp", mcp_command)
app.add_typer(models_app, name="models", rich_help_panel=OPERATE)
app.add_typer(config_app, name="config", rich_help_panel=OPERATE)


@cache
def root_command() -> Any:  # Typer's copy of click is private to it
    """Returns all of it as click has it; made once, since that takes Typer longer than many a command."""
    return typer.main.get_command(app)
