"""`forecast models rollback|promote|prune|export`: what a version can be told to do."""

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import Name, ReplaceFile, SomeName, chosen_models, issued_since
from forecast.cli.options.completion import complete_version
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_json, say
from forecast.errors import UsageError
from forecast.wording import counted, size_text

if TYPE_CHECKING:
    from forecast.production.store.retention import Prunable
    from forecast.production.store.version import Version

Force = Annotated[bool, typer.Option("--force", "-f", help="Even if it has another target, other ids or another step.")]


@grouped
def rollback_command(
    name: Name,
    output: OutputFlags,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", autocompletion=complete_version, metavar="V", help="The version to go back to, such as v2."
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Put the champion before this one, or an older version, back in use.

    forecast models rollback sales

    forecast models rollback sales --to v2

    forecast models rollback sales --store /srv/forecast
    """
    from forecast.workflows.models import rollback

    _tell_champion(rollback(output.store, name, to, datetime.now(UTC), force=force), output)


@grouped
def promote_command(
    name: Name,
    version: Annotated[
        str, typer.Argument(help="The version to put in use, such as v2.", metavar="V", autocompletion=complete_version)
    ],
    output: OutputFlags,
    force: Force = False,
) -> None:
    """Put a version in use, whatever its scores.

    forecast models promote sales v2

    forecast models promote sales 20260102T031500Z-4f2a91c0

    forecast models promote sales v2 --store /srv/forecast
    """
    from forecast.workflows.models import promote

    _tell_champion(promote(output.store, name, version, datetime.now(UTC), force=force), output)


@grouped
def prune_command(
    output: OutputFlags,
    name: SomeName = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, metavar="N", help="So many of the newest versions stay.")
    ] = None,
    keep_issued: Annotated[
        str | None,
        typer.Option("--keep-issued", metavar="DURATION", help="Issued forecasts stay so long, such as 2y."),
    ] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Of every model of the store.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would go, and remove nothing.")] = False,
) -> None:
    """Remove old versions: all but the newest N and the champion, which always stays; say what was freed.

    forecast models prune sales --keep 5

    forecast models prune sales --keep 5 --dry-run

    forecast models prune --all --keep 10 --keep-issued 2y
    """
    from forecast.production.store.retention import Retention
    from forecast.workflows.models import prune

    now = datetime.now(UTC)
    since = issued_since(keep_issued, now)
    if keep is None and since is None:
        raise UsageError("Nothing says what stays.", "--keep 5, or --keep-issued 2y")
    names = chosen_models(name, output.store, is_all=is_all)
    documents = []
    for each in names:
        gone = prune(output.store, each, Retention(keep, since), now, dry_run=dry_run)
        documents.append(_pruned(each, gone, dry_run))
        if output.form != "json" and not output.quiet:
            words = [*(version.label for version in gone.versions), *(f"{own} (damaged)" for own in gone.damaged)]
            verb, freed = ("Would remove", "to be freed") if dry_run else ("Removed", "freed")
            issued = f", and {counted(len(gone.issued), 'issued forecast')}" if gone.issued else ""
            listed = f": {', '.join(words)}" if words else ""
            say(f"{verb} {counted(len(words), 'version')} of {each}{listed}{issued}; {size_text(gone.size)} {freed}.")
    if output.form == "json":
        print_json({"models": documents, "dry_run": dry_run} if is_all else documents[0])


def _pruned(name: str, gone: "Prunable", dry_run: bool) -> dict[str, Any]:
    labels = [version.label for version in gone.versions]
    document = {"name": name, "removed": labels, "damaged": list(gone.damaged), "dry_run": dry_run}
    return {**document, "issued": len(gone.issued), "freed_bytes": gone.size}


@grouped
def export_command(
    name: Name,
    version: Annotated[
        str,
        typer.Argument(
            help="The version, such as v2, or the word champion.", metavar="V", autocompletion=complete_version
        ),
    ],
    path: Annotated[Path, typer.Argument(help="The file to write; it is said what to feed it.", metavar="FILE.keras")],
    output: OutputFlags,
    force: ReplaceFile = False,
) -> None:
    """Write a version as one file that Keras opens without this program, and that predicts the same.

    forecast models export sales champion sales.keras

    forecast models export sales v2 sales-v2.keras

    forecast models export sales v2 sales-v2.keras --force
    """
    from forecast.production.store.store import Store
    from forecast.workflows.export import export

    done = export(Store(output.store), name, version, path, force=force)
    if output.form == "json":
        document = {"name": name, "version": done.version.label, "model": done.model, "lookback": done.lookback}
        print_json({**document, "horizon": done.horizon, "series": list(done.series_ids), "files": [str(path)]})
    elif not output.quiet:
        say(f"{path}: {name} {done.version.label}, {done.model}", "Wrote")
        say(f"window: the last {counted(done.lookback, 'value')}, oldest first, a row a forecast", "Takes")
        say("NaN in front of a series that has fewer; gaps filled", " ")
        if len(done.series_ids) > 1:
            first = ", ".join(f"{place} is {series}" for place, series in enumerate(done.series_ids[:3]))
            more = ", … (all with --json)" if len(done.series_ids) > 3 else ""
            say(f"series: the number of each row's series, from 0: {first}{more}", " ")
        say(f"the next {counted(done.horizon, 'value')}, without intervals", "Gives")


def _tell_champion(version: "Version", output: OutputFlags) -> None:
    if output.form == "json":
        print_json({"name": version.name, "version": version.label, "champion": True, "id": version.id})
    elif not output.quiet:
        name, program = version.name, ["forecast"]
        if version.document.get("code"):
            from forecast.experiment.versions.own_code import cells_words

            program += cells_words(version)
        begins = shlex.join(program)
        say(f"{name} {version.label} is the champion now. Next: {begins} predict {name}{output.store_words}")
