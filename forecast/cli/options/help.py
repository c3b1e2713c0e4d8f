"""What `--help` shows of a command: its first ten flags; `--help-all` shows them all, in panels.

A flag is among the first by standing in ``FIRST``, in the order in which it is shown; any other is behind `--help-all`.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from forecast.cli.options.plain_values import spared

FIRST: dict[str, tuple[str, ...]] = {
    "check": (
        *("--target", "--time", "--id", "--known", "--freq", "--date-format", "--missing", "--aggregate"),
        *("--fix", "--strict"),
    ),
    "train": (
        *("--target", "--time", "--id", "--known", "--horizon", "--model", "--preset", "--time-limit"),
        *("--name", "--dry-run"),
    ),
    "compare": (
        *("--models", "--target", "--time", "--id", "--known", "--horizon", "--preset", "--time-limit"),
        *("--by", "--report"),
    ),
    "tune": (
        *("--time-limit", "--trials", "--search", "--fix", "--workers", "--resume", "--target", "--horizon"),
        *("--write", "--name"),
    ),
    "predict": (
        *("--horizon", "--output", "--json", "--series", "--data", "--future", "--set", "--at", "--total"),
        "--levels",
    ),
    "retrain": (
        *("--min-new-rows", "--max-age", "--on-drift", "--min-gain", "--preset", "--candidate-only", "--dry-run"),
        *("--detailed-exitcode", "--log-file", "--on-failure"),
    ),
    "report": ("--output", "--all", "--model-version", "--label", "--force", "--json"),
    "score": ("--plot", "--json", "--target", "--time", "--id", "--freq"),
    "diff": ("--total", "--total-by", "--series", "--data", "--output", "--plot", "--force", "--json"),
    "anomalies": (
        *("--data", "--since", "--rate", "--kind", "--scores", "--plot", "--json", "--strict", "--target", "--time"),
    ),
    "schedule": ("--daily", "--weekly", "--cron", "--kind", "--install", "--remove", "--yes", "--log-file", "--output"),
    "shard": ("--shards", "--id", "--time", "--target", "--date-format", "--missing", "--force", "--json"),
    "explain": (
        *("--models", "--series", "--model-version", "--teach", "--lags", "--lesson", "--target", "--time"),
        *("--known", "--output"),
    ),
}
"""The flags that matter first, at most ten a command; a command that isn't named here shows all it has."""
ALL, SHOWN, LISTED = "--help-all", "shown", "listed"
_WIDEST = 24
"""Characters of a choice between words beside its flag; a longer one stands in the sentence."""
_ROUND = 100
"""Limits of a number beyond this are there to catch typing errors, and are not worth a reader's time."""


HELP_NAMES = ["-h", "--help"]


class HelpfulCommand(TyperCommand):
    """A command whose help leads with the flags that matter."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # ctx: of Typer's private copy of click
        """Writes the help, with all flags where ``--help-all`` asked for it."""
        with _reading(self, ctx, super().get_params(ctx)):
            super().format_help(ctx, formatter)

    def get_params(self, ctx: Any) -> list[Any]:
        """Returns arguments and flags; while help is written, those that it shows."""
        return _reading_of(self, ctx) or super().get_params(ctx)

    def get_help_option_names(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        """Returns the names of the flag ``--help``, the same whichever context asks first: click remembers the flag."""
        return HELP_NAMES

    def get_help_option(self, ctx: Any) -> Any:
        """Returns the flag ``--help``."""
        return spared(super().get_help_option(ctx))


class HelpfulGroup(TyperGroup):
    """Commands whose common help shows its few flags in the same way, and lists them without building one."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns a command; while the commands are listed, its name and what it does."""
        listed = getattr(self.commands, "listed", None)
        if listed and ctx.meta.get(LISTED) is self:
            return listed(cmd_name)
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        """Returns the names of the commands."""
        return list(self.commands)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Returns the commands and flags that begin so."""
        with _listing(self, ctx):
            return super().shell_complete(ctx, incomplete)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Writes the help."""
        with _reading(self, ctx, super().get_params(ctx)), _listing(self, ctx):
            super().format_help(ctx, formatter)

    def get_params(self, ctx: Any) -> list[Any]:
        """Returns the flags; while help is written, as a person reads them."""
        return _reading_of(self, ctx) or super().get_params(ctx)

    def get_help_option_names(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        """Returns the names of the flag ``--help``, the same whichever context asks first: click remembers the flag."""
        return HELP_NAMES

    def get_help_option(self, ctx: Any) -> Any:
        """Returns the flag ``--help``."""
        return spared(super().get_help_option(ctx))


@contextmanager
def _listing(group: Any, context: Any) -> Iterator[None]:
    context.meta[LISTED] = group
    try:
        yield
    finally:
        del context.meta[LISTED]


@contextmanager
def _reading(command: Any, context: Any, params: list[Any]) -> Iterator[None]:
    context.meta[SHOWN] = command, _shown(params, FIRST.get(context.info_name, ()), context)
    try:
        yield
    finally:
        del context.meta[SHOWN]


def _reading_of(command: Any, context: Any) -> list[Any] | None:
    """Returns what the help of this command shows while it is written; its usage line asks the groups above too."""
    whose, shown = context.meta.get(SHOWN, (None, None))
    return shown if whose is command else None


def _shown(params: list[Any], first: tuple[str, ...], context: Any) -> list[Any]:
    options = [param for param in params if param.param_type_name == "option"]
    others = [_without_type(param) for param in params if param.param_type_name != "option"]
    if not first or context.meta.get(ALL):
        return others + [_as_read(option, context) for option in options if ALL not in option.opts or first]
    by_name = {name: option for option in options for name in option.opts}
    shown = [_as_read(by_name[name], context) for name in first]
    every = copy.copy(by_name[ALL])
    every.help = f"Show all {len(options)} flags."
    shown += [_as_read(option, context) for option in (every, by_name["--help"])]
    for option in shown:
        option.rich_help_panel = None
    return others + shown


def _without_type(argument: Any) -> Any:
    read = copy.copy(argument)
    read.display_type_rich = lambda ctx: None  # its name says what it is  # noqa: ARG005 - Typer's signature
    return read


def _as_read(option: Any, context: Any) -> Any:
    """Returns a copy of a flag as a person reads it: nothing after a switch, no long list of words, no far limits."""
    read = copy.copy(option)
    if option.is_flag:
        read.metavar = ""
    elif option.metavar is None and len(words := option.display_type_rich(context)) > _WIDEST:
        read.metavar = "WORD"
        read.help = f"{option.help} One of: {', '.join(words.strip('<>').split('|'))}."
    if option.max is None or option.max > _ROUND:
        read.min = read.max = None
    return read


def show_all(context: typer.Context, is_wanted: bool) -> None:
    """Shows the help with all flags, where ``--help-all`` is given."""
    if is_wanted and not context.resilient_parsing:
        context.meta[ALL] = True
        typer.echo(context.get_help(), nl=False)
        raise typer.Exit
