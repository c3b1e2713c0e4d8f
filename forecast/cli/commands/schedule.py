"""`forecast schedule NAME --daily 03:15`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import Name
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.schedule import give_units, install, print_line, remove
from forecast.errors import UsageError


@dataclass(frozen=True)
class WhenFlags:
    """When the model is retrained."""

    daily: Annotated[str | None, typer.Option("--daily", metavar="HH:MM", help="Each day at this time.")] = None
    weekly: Annotated[
        str | None, typer.Option("--weekly", metavar="'DAY HH:MM'", help="Each week, such as 'sun 03:15'.")
    ] = None
    cron: Annotated[
        str | None, typer.Option("--cron", metavar="FIELDS", help="As cron writes it, such as '15 3 * * *'.")
    ] = None


@dataclass(frozen=True)
class PlaceFlags:
    """What becomes of the schedule."""

    kind: Annotated[Literal["cron", "systemd"], typer.Option("--kind", help="Line for cron, or units for systemd.")] = (
        "cron"
    )
    to: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write the systemd units into this folder.")
    ] = None
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace units that are there.")] = False
    install: Annotated[bool, typer.Option("--install", help="Put the line into your crontab.")] = False
    remove: Annotated[bool, typer.Option("--remove", help="Take the line out of your crontab.")] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Edit the crontab without asking.")] = False

    def check(self, *, has_time: bool) -> None:
        """Refuses flags that can't apply together."""
        edits = self.install or self.remove
        for is_wrong, message, hint in (
            (self.install and self.remove, "--install and --remove can't be used together.", "one of them"),
            (self.remove and has_time, "--remove needs no time.", "--remove alone"),
            (edits and self.kind == "systemd", "--install and --remove are for cron.", "--kind systemd -o DIR"),
            (self.yes and not edits, "--yes goes with --install or --remove.", "--install --yes"),
            (self.to and self.kind == "cron", "--output is for systemd units.", "--kind systemd, or > FILE"),
            (self.force and self.to is None, "--force goes with --output.", "--kind systemd -o DIR --force"),
        ):
            if is_wrong:
                raise UsageError(message, hint)


@grouped
def schedule_command(
    context: typer.Context,
    name: Name,
    when: WhenFlags,
    place: PlaceFlags,
    output: OutputFlags,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", metavar="FILE", help="Log of the runs; else STORE/NAME.log.")
    ] = None,
    flags: Annotated[
        list[str] | None, typer.Argument(metavar="-- FLAGS", help="More flags for forecast retrain.")
    ] = None,
) -> None:
    """Print what cron or systemd needs to retrain a model, or put it into your crontab.

    forecast schedule sales --daily 03:15

    forecast schedule sales --weekly 'sun 03:15' --install

    forecast schedule sales --cron '15 3 * * *' --kind systemd
    """
    from forecast.workflows.schedule import When, plan_schedule

    more, weekly = list(flags or ()), when.weekly
    if weekly and more and re.fullmatch(r"\d{1,2}:\d\d\w*", more[0]):  # the two words of --weekly sun 03:15
        weekly = f"{weekly} {more.pop(0)}"
    chosen = When(when.daily, weekly, when.cron)
    place.check(has_time=chosen != When())
    if place.remove:
        remove(name, output, yes=place.yes)
        return
    if more:
        _check_flags(context.find_root(), name, more)
    plan = plan_schedule(name, output.store, chosen, log_file, tuple(more))
    if place.install:
        install(plan, output, yes=place.yes)
    elif place.kind == "cron":
        print_line(plan, output)
    else:
        give_units(plan, place.to, output, force=place.force)


def _check_flags(root: Any, name: str, flags: list[str]) -> None:  # Typer's copy of click is private to it
    """Parses them as `forecast retrain` will: better an error now than one at night."""
    parent = typer.Context(root.command, info_name="forecast")
    root.command.commands["retrain"].make_context("retrain", [name, *flags], parent=parent)
