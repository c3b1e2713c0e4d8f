"""`forecast config show`, `forecast config init` and `forecast config schema`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import ReplaceFile
from forecast.cli.options.config_template import config_form
from forecast.cli.options.groups import OutputFlags
from forecast.cli.options.settings import Configuration, commands_of, shared_options
from forecast.cli.output.console import Cell, print_csv, print_json, say, say_commands, settle_form, table
from forecast.cli.output.streams import write_data, write_out
from forecast.cli.packaged import schema_names, schema_text
from forecast.errors import UsageError, did_you_mean

HEADER = ("setting", "value", "origin")


@grouped
def show_settings_command(context: typer.Context, output: OutputFlags) -> None:
    """Say what every setting is and where it comes from: a flag, a variable, the file or the program.

    forecast config show

    forecast config show --json

    forecast config show --config other.toml
    """
    from forecast.report.tables import csv_text

    given = output.config or Configuration()
    rows = _rows(context, given)
    form = settle_form(output.form)
    if form == "json":
        print_json({"file": given.file or None, "settings": [dict(zip(HEADER, row, strict=True)) for row in rows]})
    elif form == "csv":
        print_csv(csv_text(HEADER, rows))
    else:
        shown = [[name, _readable(value), origin] for name, value, origin in rows]
        write_out(table(HEADER, shown, left=len(HEADER)))
    if not output.quiet:
        for stranger in given.strangers:
            say(stranger, "Note")


def _readable(value: Cell) -> str:
    if value is None:
        return "not set"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _rows(context: typer.Context, given: Configuration) -> list[tuple[str, Cell, str]]:
    """Returns name, value and origin of each setting, those of single commands last."""
    rows: list[tuple[str, Cell, str]] = []
    for name, option in shared_options(commands_of(context)).items():
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            value, origin = context.params[name], option.opts[0]
        elif name in given.settings:
            value, origin = given.settings[name].value, given.settings[name].origin
        else:
            value, origin = option.default, "default"
        rows.append((name.replace("_", "-"), str(value) if isinstance(value, Path) else value, origin))
    return rows + [(name, setting.value, setting.origin) for name, setting in given.own.items()]


@grouped
def init_command(
    context: typer.Context,
    output: OutputFlags,
    data: Annotated[str | None, typer.Argument(metavar="DATA", help="The data to name in it.")] = None,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file to write; default: forecast.toml.")
    ] = None,
    force: ReplaceFile = False,
) -> None:
    """Write a forecast.toml in which every setting is explained, to be edited.

    forecast config init

    forecast config init sales.csv

    forecast config init -o other.toml --force
    """
    from forecast.cli.options.config_file import CONFIG, write_config

    path = to or Path(CONFIG)
    write_config(path, config_form(shared_options(commands_of(context)), data), force=force)
    if output.form == "json":
        print_json({"files": [str(path)]})
    elif not output.quiet:
        say(str(path), "Wrote")
        say_commands(["forecast config show"], "Next")


@grouped
def schema_command(
    context: typer.Context,
    output: OutputFlags,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND", help="Such as train or models list; error: what fails. Left out: all."),
    ] = None,
) -> None:
    """Print the JSON Schema of what a command prints with --json.

    forecast config schema train

    forecast config schema models list

    forecast config schema --json
    """
    names = schema_names(context.find_root().command)
    if not command:
        if output.form == "json":
            print_json({"schemas": {name: json.loads(schema_text(name)) for name in names}})
        else:
            write_out("".join(f"{name.replace('-', ' ')}\n" for name in names))
        return
    name = "-".join(command)
    if name not in names:
        asked = " ".join(command)
        meant = did_you_mean(asked, [each.replace("-", " ") for each in names])
        raise UsageError(f"No command '{asked}' prints a document.{meant}", "forecast config schema lists them")
    write_data(schema_text(name))
