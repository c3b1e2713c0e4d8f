"""The commands by name, and what `forecast --help` says of them all."""

from functools import cache
from typing import Annotated, Any

import typer

from forecast import __version__
from forecast.cli.command_index import SETTINGS, CommandIndex, Entry
from forecast.cli.options.help import HelpfulGroup
from forecast.cli.options.plain_values import spare_conversion

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
    context_settings=SETTINGS,
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
COMMANDS = (
    Entry(
        "check",
        "Say what is in a file and what may be wrong with it, each finding with what mends it.",
        "check:check_command",
        USE,
    ),
    Entry(
        "train",
        "Train a model on a CSV, score it beside the naive baselines, save it and forecast.",
        "train:train_command",
        USE,
    ),
    Entry(
        "compare",
        "Backtest several models and the baselines on the same folds and say which is best.",
        "compare:compare_command",
        USE,
    ),
    Entry(
        "tune",
        "Search for better settings; they win only if they beat the default where no trial has looked.",
        "tune:tune_command",
        USE,
    ),
    Entry(
        "predict",
        "Forecast from the end of the data with the champion, without TensorFlow.",
        "predict:predict_command",
        USE,
    ),
    Entry(
        "shard",
        "Cut a panel of any size into Parquet files of whole series, with a manifest.",
        "shard:shard_command",
        USE,
    ),
    Entry(
        "retrain",
        "Train a challenger on the newest data; it takes over only if it wins. Made for cron.",
        "retrain:retrain_command",
        OPERATE,
    ),
    Entry(
        "status",
        "Say at a glance how each model is: champion, last and next run, live skill, drift, rows behind, size, lock.",
        "status:status_command",
        OPERATE,
    ),
    Entry(
        "score",
        "Score every forecast that train and retrain issued by what came true since.",
        "score:score_command",
        OPERATE,
    ),
    Entry(
        "diff",
        "Say what changed between two issued forecasts, and what comes from data, plans or weights.",
        "diff.command:diff_command",
        OPERATE,
    ),
    Entry(
        "anomalies",
        "Say what was not expected: spikes, dips, new levels, changes of variance, unusual shapes.",
        "anomalies.command:anomalies_command",
        OPERATE,
    ),
    Entry(
        "schedule",
        "Print what cron or systemd needs to retrain a model, or all of them, or put it into your crontab.",
        "schedule:schedule_command",
        OPERATE,
    ),
    Entry(
        "history",
        "Say what every run decided, and why: a line a run, with the RMSE of champion and challenger.",
        "history:history_command",
        OPERATE,
    ),
    Entry(
        "explain",
        "See why: how far back a network looks, what passes its gates, and where gradients vanish, on your own data.",
        "explain:explain_command",
        LOOK,
    ),
    Entry(
        "report",
        "Write one HTML page of a model: what is expected, how good that was, settings; beside it a CSV and an Excel "
        "file.",
        "report:report_command",
        LOOK,
    ),
    Entry(
        "doctor",
        "Say what is installed, what training will run on, and whether it works.",
        "doctor:doctor_command",
        LOOK,
    ),
    Entry(
        "skill",
        "Print a SKILL.md that tells an assistant how to use this command line safely.",
        "assistants:skill_command",
        MACHINES,
    ),
    Entry(
        "mcp",
        "Serve check, train, compare, predict and explain to an assistant, by the Model Context Protocol.",
        "assistants:mcp_command",
        MACHINES,
    ),
    Entry(
        "models",
        "The trained models: list, show, rollback, promote, prune, export, backup, restore, verify.",
        panel=OPERATE,
        inside=(
            Entry("list", "List the models and their champions.", "models.listing:list_command"),
            Entry("show", "List all versions of a model.", "models.listing:show_command"),
            Entry(
                "rollback",
                "Put the champion before this one, or an older version, back in use.",
                "models.changes:rollback_command",
            ),
            Entry("promote", "Put a version in use, whatever its scores.", "models.changes:promote_command"),
            Entry(
                "prune",
                "Remove old versions: all but the newest N and the champion, which always stays; say what was freed.",
                "models.changes:prune_command",
            ),
            Entry(
                "export",
                "Write a version as one file that Keras opens without this program, and that predicts the same.",
                "models.changes:export_command",
            ),
            Entry(
                "backup",
                "Copy models into a folder or one tar, whole and with checksums, while retrains run.",
                "models.backup:backup_command",
            ),
            Entry(
                "restore",
                "Put models back from a backup; every byte of it is checked before one is written.",
                "models.backup:restore_command",
            ),
            Entry(
                "verify",
                "Read every byte of a model, and say what is not as it was written; exit 5 where anything is.",
                "models.backup:verify_command",
            ),
        ),
    ),
    Entry(
        "config",
        "Settings that are written down: show where each comes from, or begin a file of them.",
        panel=OPERATE,
        inside=(
            Entry(
                "show",
                "Say what every setting is and where it comes from: a flag, a variable, the file or the program.",
                "config:show_settings_command",
            ),
            Entry(
                "init",
                "Write a forecast.toml in which every setting is explained, to be edited.",
                "config:init_command",
            ),
            Entry("schema", "Print the JSON Schema of what a command prints with --json.", "config:schema_command"),
        ),
    ),
)
"""All that the program does, in the order of its help."""


@cache
def root_command() -> Any:  # Typer's copy of click is private to it
    """Returns all of it as click has it; made once."""
    root: Any = typer.main.get_command(app)
    root.commands = CommandIndex(COMMANDS)
    return spare_conversion(root)
