"""Commands that take whole groups of flags: one dataclass argument a group.

Of a store at an address, those that only read get a copy, and those that write are refused before they begin.
"""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import wraps
from typing import Any, get_type_hints

from forecast.addresses import address_of
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import say, say_notes
from forecast.cli.output.question import ask, can_ask
from forecast.cli.output.verbose import spoken
from forecast.errors import QuestionError, UsageError
from forecast.process import cache_folder

READERS = frozenset(
    (
        *("anomalies", "check", "compare", "diff", "explain", "history", "predict", "report", "score", "status"),
        *("backup", "export", "list", "show", "verify"),  # of ``models``
    )
)
WRITERS = frozenset(
    (
        *("doctor", "mcp", "retrain", "schedule", "train", "tune"),
        *("promote", "prune", "restore", "rollback"),  # of ``models``
    )
)
"""Functions of commands by their names; what is in neither has nothing to do with a store."""


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Returns the command with every dataclass argument spread into its fields."""
    hints = get_type_hints(command, include_extras=True)
    parameters, groups = [], {}
    for name, parameter in inspect.signature(command).parameters.items():
        if is_dataclass(hints[name]):
            groups[name] = hints[name]
            inner = get_type_hints(hints[name], include_extras=True)
            for field in fields(hints[name]):
                parameters.append(
                    inspect.Parameter(
                        field.name,
                        inspect.Parameter.KEYWORD_ONLY,
                        default=field.default,
                        annotation=inner[field.name],
                    )
                )
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[name]))

    @wraps(command)
    def run(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        place = next((name for name, value in values.items() if isinstance(value, OutputFlags)), None)
        output = values[place] if place else None
        if place and output:
            output.check()
            output = values[place] = with_near_store(output, command.__name__.removesuffix("_command"), _name(values))
            if output.config and output.config.note and not output.quiet:
                say(output.config.note, "Note")
        with spoken(output):
            _settled(command, values, output)

    del run.__wrapped__  # or Typer would see the ungrouped signature
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def with_near_store(output: OutputFlags, command: str, name: str | None) -> OutputFlags:
    """Returns the flags with a copy of the store in place of its address.

    Args:
        output: the flags of a command.
        command: its function's name, without ``_command``.
        name: of the model that it is about, where it is about one.

    Raises:
        UsageError: the command writes.
        ForecastError: see ``copy_store``.
    """
    address = address_of(output.store)
    if address is None or command not in READERS | WRITERS:
        return output
    if command in WRITERS:
        message = (
            f"{command} needs a store on this machine, and {address} can only be read: a version is published by a "
            "lock and a rename, which no address has."
        )
        raise UsageError(message, "--store DIR; then copy DIR there, from where others read it")
    from forecast.production.backup.store_copy import copy_sentence, copy_store  # an address alone pays for it

    copy = copy_store(address, cache_folder(), name)
    if not output.quiet:
        say(copy_sentence(copy), "Store")
    say_notes(copy.unsound)
    return replace(output, store=copy.root)


def _name(values: dict[str, Any]) -> str | None:
    """Returns the model that a command is about, as far as its arguments tell."""
    name = values.get("name")
    return name if isinstance(name, str) else None


def _settled(command: Callable[..., None], values: dict[str, Any], output: OutputFlags | None) -> None:
    """Calls a command, again where it needs a decision and somebody sits there to make it.

    A job that reports to a watchdog has failed by then, and what came from standard input can't be read again.

    Raises:
        QuestionError: nobody decides.
    """
    try:
        command(**values)
    except QuestionError as error:
        field = error.flag.removeprefix("--").replace("-", "_")
        owner = next((name for name, group in values.items() if is_dataclass(group) and hasattr(group, field)), None)
        is_job = any(hasattr(group, "ping_url") for group in values.values())
        is_heard = output is not None and not output.quiet and output.form != "json"
        if owner is None or is_job or not is_heard or values.get("data") == "-" or not can_ask():
            raise
        chosen = ask(error)
        if chosen is None:
            raise
        values[owner] = replace(values[owner], **{field: chosen})
        _settled(command, values, output)
