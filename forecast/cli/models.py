"""`forecast models list|show|rollback|promote`."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from forecast.cli.console import print_json, say, settle_form, table
from forecast.cli.flags import OutputFlags, grouped
from forecast.cli.streams import write_out

if TYPE_CHECKING:
    from forecast.production.version import Version

models_app = typer.Typer(
    help="The trained models: list, show, rollback, promote.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the model.")]
HEADER = ("name", "version", "champion", "model", "created", "training_end")


@models_app.command("list")
@grouped
def list_command(output: OutputFlags) -> None:
    """List the models and their champions.

    forecast models list

    forecast models list --json

    forecast models list --store /srv/forecast
    """
    from forecast.workflows.inventory import describe_champions  # noqa: PLC0415 - --help waits for no store

    _print_versions(describe_champions(output.store), output)


@models_app.command("show")
@grouped
def show_command(name: Name, output: OutputFlags) -> None:
    """List all versions of a model.

    forecast models show sales

    forecast models show sales --json

    forecast models show sales --store /srv/forecast
    """
    from forecast.workflows.inventory import describe_versions  # noqa: PLC0415

    _print_versions(describe_versions(output.store, name), output)


@models_app.command("rollback")
@grouped
def rollback_command(
    name: Name,
    output: OutputFlags,
    to: Annotated[str | None, typer.Option("--to", metavar="V", help="The version to go back to, such as v2.")] = None,
) -> None:
    """Put the champion before this one, or an older version, back in use.

    forecast models rollback sales

    forecast models rollback sales --to v2

    forecast models rollback sales --store /srv/forecast
    """
    from forecast.production.store import Store  # noqa: PLC0415

    _tell_champion(Store(output.store).model(name).rollback(to, datetime.now(UTC)), output)


@models_app.command("promote")
@grouped
def promote_command(
    name: Name,
    version: Annotated[str, typer.Argument(help="The version to put in use, such as v2.", metavar="V")],
    output: OutputFlags,
) -> None:
    """Put a version in use, whatever its scores.

    forecast models promote sales v2

    forecast models promote sales 20260102T031500Z-4f2a91c0

    forecast models promote sales v2 --store /srv/forecast
    """
    from forecast.production.store import Store  # noqa: PLC0415

    _tell_champion(Store(output.store).model(name).promote(version, datetime.now(UTC)), output)


def _tell_champion(version: "Version", output: OutputFlags) -> None:
    if output.form == "json":
        print_json({"name": version.name, "version": version.label, "champion": True, "id": version.id})
    elif not output.quiet:
        name = version.name
        say(f"{name} {version.label} is the champion now. Next: forecast predict {name}{output.store_words}")


def _print_versions(rows: list[dict[str, str | bool]], output: OutputFlags) -> None:
    from forecast.workflows.tables import csv_text  # noqa: PLC0415

    form = settle_form(output.form)
    if form == "json":
        print_json({"models": rows})
        return
    cells = [[str(row[column]) for column in HEADER] for row in rows]
    if form == "csv":
        write_out(csv_text(HEADER, cells))
        return
    shown = [[_readable(row[column]) for column in HEADER] for row in rows]
    write_out(table([name.replace("created", "created (UTC)") for name in HEADER], shown, left=len(HEADER)))


def _readable(value: str | bool) -> str:
    """Returns what a person needs of it: a mark for true, a time without its seconds and zone."""
    if isinstance(value, bool):
        return "✓" if value else ""
    return re.sub(r"(\d{4}-\d\d-\d\d)(?:T00:00:00$|T(\d\d:\d\d).*)", r"\1 \2", value).rstrip()
