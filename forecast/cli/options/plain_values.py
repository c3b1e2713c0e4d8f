"""Values that are already what their flag wants: nothing said, a default, a word where a word is wanted.

Typer hands each of them to pydantic, whose import takes longer than Typer's own. What is plain is passed on as it is,
and to a callback as Typer does it; all else, and every complaint, stays Typer's.
"""

import os
import re
import stat
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

UNSETTLED: Final = object()
"""Of a value that Typer has to look at."""
_DIGITS = {int: re.compile(r"[0-9]{1,15}"), float: re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")}
"""Numbers as most people write them; any others are Typer's to read, or to refuse."""
_PATH_WISHES = ("allow_dash", "exists", "path_type", "resolve_path", "writable")


def spare_conversion(command: Any) -> Any:
    """Returns the command, whose flags take plain values without pydantic; see ``spared``.

    Args:
        command: of click, as Typer makes it.
    """
    for parameter in command.params:
        spared(parameter)
    return command


def spared(parameter: Any) -> Any:
    """Returns an argument or a flag, which takes plain values without pydantic.

    Of a Typer that says in other words what kind of values it takes, nothing is spared.
    """
    kind = getattr(parameter, "type_descriptor", None)
    if hasattr(kind, "annotation") and hasattr(kind, "parameter_info") and "process_value" not in vars(parameter):
        parameter.process_value = partial(_process, parameter, parameter.process_value)
    return parameter


def _process(parameter: Any, usual: Any, ctx: Any, value: Any) -> Any:
    plain = plain_value(parameter, value)
    if plain is UNSETTLED or (parameter.required and parameter.value_is_missing(plain)):
        return usual(ctx, value)
    return plain if parameter.callback is None else parameter.callback(ctx, parameter, plain)


def plain_value(parameter: Any, value: Any) -> Any:
    """Returns what Typer makes of a value, where that takes no conversion; else ``UNSETTLED``."""
    annotation, wishes = parameter.type_descriptor.annotation, parameter.type_descriptor.parameter_info
    is_list = parameter.multiple or parameter.nargs == -1
    if value is None:
        return () if is_list else None
    if wishes.parser is not None or is_list != (get_origin(annotation) is list):
        return UNSETTLED
    if not is_list:
        return _single(annotation, wishes, value)
    if not isinstance(value, list | tuple):
        return UNSETTLED
    items = [_single(get_args(annotation)[0], wishes, each) for each in value]
    return UNSETTLED if any(each is UNSETTLED for each in items) else items


def _single(annotation: Any, wishes: Any, value: Any) -> Any:
    if annotation is str and type(value) is str:
        return value
    if get_origin(annotation) is Literal and wishes.case_sensitive and type(value) is str:
        return value if value in get_args(annotation) else UNSETTLED
    if annotation in (int, float):
        return _number(annotation, wishes, value)
    if annotation is Path and isinstance(value, str | Path):
        return _path(wishes, Path(value))
    return UNSETTLED


def _number(kind: type[int] | type[float], wishes: Any, value: Any) -> Any:
    if type(value) is str and _DIGITS[kind].fullmatch(value):
        value = kind(value)
    if type(value) is not kind or wishes.clamp:
        return UNSETTLED
    is_within = (wishes.min is None or value >= wishes.min) and (wishes.max is None or value <= wishes.max)
    return value if is_within else UNSETTLED


def _path(wishes: Any, path: Path) -> Any:
    if any(getattr(wishes, wish, True) for wish in _PATH_WISHES):
        return UNSETTLED
    try:
        mode = path.stat().st_mode
    except OSError:
        return path  # which is nobody's concern yet
    except ValueError:  # no path at all
        return UNSETTLED
    is_right = (stat.S_ISREG(mode) and wishes.file_okay) or (stat.S_ISDIR(mode) and wishes.dir_okay)
    return path if is_right and os.access(path, os.R_OK) else UNSETTLED
