"""`forecast schedule NAME --daily 03:15`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import SomeName
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.schedule import give_units, install, print_line, remove
from forecast.durations import parse_duration
from forecast.errors import UsageError

if TYPE_CHECKING:
    from forecast.production.schedule.cron_job import JobLimits

TIME = r"\d{1,2}:\d\d\w*"
ALL = "--all"
"""Stands in the place of a name: see ``cron_job.ALL``."""


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


@dataclass(frozen=True)
class ScheduledJobFlags:
    """What is run, and what it may take of the machine."""

    all: Annotated[bool, typer.Option("--all", help="All models of the store, under one line.")] = False
    log_file: Annotated[
        Path | None, typer.Option("--log-file", metavar="FILE", help="Log of the runs; else STORE/NAME.log.")
    ] = None
    nice: Annotated[
        int | None, typer.Option("--nice", min=-20, max=19, metavar="N", help="Others go before it, such as 10.")
    ] = None
    memory_max: Annotated[
        str | None, typer.Option("--memory-max", metavar="SIZE", help="It is ended beyond, such as 4G; for systemd.")
    ] = None
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="TIME", help="It is stopped after so long, such as 2h.")
    ] = None
    user: Annotated[str | None, typer.Option("--user", metavar="USER", help="Whose job it is; for systemd.")] = None
    jitter: Annotated[
        str | None,
        typer.Option("--jitter", metavar="TIME", help="Its start is spread over so long, such as 10m."),
    ] = None

    def limits(self) -> "JobLimits":
        """Returns them, the times in seconds."""
        from forecast.production.schedule.cron_job import JobLimits

        def seconds(flag: str, text: str | None) -> int | None:
            return None if text is None else max(int(parse_duration(flag, text).total_seconds()), 1)

        timeout, jitter = seconds("--timeout", self.timeout), seconds("--jitter", self.jitter)
        return JobLimits(self.nice, self.memory_max, timeout, self.user, jitter)


@grouped
def schedule_command(
    context: typer.Context,
    job: ScheduledJobFlags,
    when: WhenFlags,
    place: PlaceFlags,
    output: OutputFlags,
    name: SomeName = None,
    flags: Annotated[
        list[str] | None, typer.Argument(metavar="-- FLAGS", help="More flags for forecast retrain.")
    ] = None,
) -> None:
    """Print what cron or systemd needs to retrain a model, or all of them, or put it into your crontab.

    forecast schedule sales --daily 03:15

    forecast schedule sales --weekly 'sun 03:15' --install

    forecast schedule --all --daily 03:15 --kind systemd --nice 10 --memory-max 4G --timeout 2h
    """
    from forecast.workflows.schedule import When, plan_schedule

    name, more = _named(name, list(flags or ()), is_all=job.all)
    weekly = when.weekly
    if weekly and more and re.fullmatch(TIME, more[0]):  # the two words of --weekly sun 03:15
        weekly = f"{weekly} {more.pop(0)}"
    chosen = When(when.daily, weekly, when.cron)
    place.check(has_time=chosen != When())
    if place.remove:
        remove(name, output, yes=place.yes)
        return
    if more:
        _check_flags(context.find_root(), name, more)
    plan = plan_schedule(name, output.store, chosen, job.log_file, tuple(more), job.limits())
    if place.install:
        install(plan, output, yes=place.yes)
    elif place.kind == "cron":
        print_line(plan, output)
    else:
        give_units(plan, place.to, output, force=place.force)


def _named(name: str | None, more: list[str], *, is_all: bool) -> tuple[str, list[str]]:
    """Returns which model is meant, ``ALL`` for all, and the other words: with ``--all``, none of them is a name."""
    if not is_all:
        if name is None:
            raise UsageError("Missing argument 'NAME'.", "forecast schedule NAME, or --all for all models")
        return name, more
    if name is None:
        return ALL, more
    if not name.startswith("-") and not re.fullmatch(TIME, name):
        raise UsageError(f"--all is every model, and '{name}' is named.", "--all alone, or the name without it")
    return ALL, [name, *more]


def _check_flags(root: Any, name: str, flags: list[str]) -> None:  # Typer's copy of click is private to it
    """Parses them as `forecast retrain` will: better an error now than one at night."""
    parent = typer.Context(root.command, info_name="forecast", obj=root.obj)
    root.command.commands["retrain"].make_context("retrain", [name, *flags], parent=parent)
