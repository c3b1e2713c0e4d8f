"""`forecast models backup|restore|verify`: the store kept elsewhere, put back, and read to the last byte."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from forecast import __version__
from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import ReplaceFile, SomeName, chosen_models
from forecast.cli.options.completion import complete_name
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_csv, print_json, say, settle_form, table
from forecast.cli.output.streams import write_out
from forecast.errors import DataError, ExitCode
from forecast.wording import counted, listed, size_text

COLUMNS = ("name", "versions", "files", "size_bytes", "problems")
Names = Annotated[
    list[str] | None,
    typer.Argument(autocompletion=complete_name, metavar="[NAME]...", help="Models; all if left out."),
]


@grouped
def backup_command(
    target: Annotated[Path, typer.Argument(metavar="BACKUP", help="The folder, .tar, .tar.gz or .tgz to write.")],
    output: OutputFlags,
    names: Names = None,
    force: ReplaceFile = False,
) -> None:
    """Copy models into a folder or one tar, whole and with checksums, while retrains run.

    forecast models backup backup.tar

    forecast models backup backup.tar.gz sales visits

    forecast models backup /mnt/backup/2026-11-30 --store /srv/forecast
    """
    from forecast.production.backup.backup import back_up
    from forecast.production.store.store import Store

    store = Store(output.store)
    chosen = tuple(store.model(name).champion().name for name in names) if names else store.names()
    done = back_up(store, chosen, target, datetime.now(UTC), __version__, force=force)
    _tell(f"{target}: ", "", done, output, str(target))
    if done.damaged:
        count = counted(len(done.damaged), "part")
        raise DataError(f"{target} is written, but {count} of the store can't be read, and is not in it: "
                        f"{listed(list(done.damaged), 3)}", "forecast models verify --all")  # fmt: skip


@grouped
def restore_command(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="The folder or tar.")],
    output: OutputFlags,
    names: Names = None,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Models that are there get what they lack, and the backup's champion.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Check every byte, and write nothing.")] = False,
) -> None:
    """Put models back from a backup; every byte of it is checked before one is written.

    forecast models restore backup.tar

    forecast models restore backup.tar sales --force

    forecast models restore backup.tar --dry-run
    """
    from forecast.production.backup.restoration import restore
    from forecast.production.runs import try_run
    from forecast.production.store.run_record import RunRecord
    from forecast.production.store.store import Store

    store, now = Store(output.store), datetime.now(UTC)
    done = restore(source, tuple(names or ()), store, now, force=force, dry_run=dry_run)
    if not dry_run:
        for name in done.models:
            label = store.model(name).champion().label
            try_run(store.model(name), RunRecord("restore", "restored", f"by hand, from {source}", label), now)
    _tell(f"{source}: ", " whole, nothing written" if dry_run else " restored", done, output, str(source))


@grouped
def verify_command(
    output: OutputFlags,
    name: SomeName = None,
    is_all: Annotated[bool, typer.Option("--all", help="Every model of the store.")] = False,
) -> None:
    """Read every byte of a model, and say what is not as it was written; exit 5 where anything is.

    forecast models verify sales

    forecast models verify --all

    forecast models verify --all --json --store /srv/forecast
    """
    from forecast.production.backup.verification import verify
    from forecast.production.store.store import Store
    from forecast.report.tables import csv_text

    store = Store(output.store)
    if name is not None and not store.model(name).exists():
        store.model(name).champion()  # says that there is none, and which name is close
    found = [verify(store.model(each)) for each in chosen_models(name, output.store, is_all=is_all)]
    rows: list[dict[str, Any]] = [
        dict(zip(COLUMNS, (one.name, one.versions, one.files, one.size, list(one.problems)), strict=True))
        for one in found
    ]
    form, ill = settle_form(output.form), [one for one in found if one.problems]
    if form == "json":
        print_json({"ok": not ill, "models": rows})
    elif form == "csv":
        print_csv(csv_text(COLUMNS, [[str(row[key]) if key != "problems" else " ".join(row[key]) for key in COLUMNS]
                                     for row in rows]))  # fmt: skip
    else:
        cells = [[one.name, str(one.versions), f"{one.files:,}", size_text(one.size), str(len(one.problems) or "")]
                 for one in found]  # fmt: skip
        write_out(table(("name", "versions", "files", "read", "problems"), cells))
    for one in ill:
        for problem in one.problems:
            say(f"{one.name}: {problem}", "Damaged")
    if ill:
        raise typer.Exit(ExitCode.BAD_DATA)


def _tell(head: str, tail: str, done: Any, output: OutputFlags, file: str) -> None:
    if output.form == "json":
        print_json({"models": list(done.models), "versions": done.versions, "size_bytes": done.size,
                    "damaged": list(done.damaged), "files": [file]})  # fmt: skip
    elif not output.quiet:
        models, versions = counted(len(done.models), "model"), counted(done.versions, "version")
        say(f"{head}{models}, {versions}, {counted(done.files, 'file')}, {size_text(done.size)}{tail}.")
