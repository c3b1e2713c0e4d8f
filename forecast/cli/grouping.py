"""Commands that take whole groups of flags: one dataclass argument a group."""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import wraps
from typing import Any, get_type_hints

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import say
from forecast.cli.output.question import ask, can_ask
from forecast.cli.output.verbose import spoken
from forecast.errors import QuestionError


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
        output = next((value for value in values.values() if isinstance(value, OutputFlags)), None)
        if output:
            output.check()
            if output.config and output.config.note and not output.quiet:
                say(output.config.note, "Note")
        with spoken(output):
            _settled(command, values, output)

    del run.__wrapped__  # or Typer would see the ungrouped signature
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


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
