"""The command that runs it again: what was asked for, as flags, whether it came from flags or from settings."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from forecast.addresses import is_address
from forecast.data.read_options import SETTINGS, ReadOptions
from forecast.data.reading.reader import Reading
from forecast.experiment.outputs import stem_of
from forecast.interval_levels import level_text
from forecast.name_lists import join_names
from forecast.production.store.store import model_name_for
from forecast.specs import Settings


def given_flags(options: ReadOptions, settings: Settings) -> dict[str, str]:
    """Returns the flags that make a run what it is, with their values; empty for a flag that takes none."""
    asked, usual = _flat(options, settings), _flat(ReadOptions(), Settings())
    changed = {name: value for name, value in asked.items() if value != usual[name]}
    return {_flag(name, value): _word(value) for name, value in changed.items()}


def train_command(reading: Reading, source: str, name: str, given: Mapping[str, str]) -> str:
    """Returns the command that trains a model once more.

    Args:
        reading: the data; a data frame has no name that a shell would know.
        source: as the data was named.
        name: of the model.
        given: the flags that were asked for.
    """
    word = source if reading.path or source == "-" or is_address(source) else "DATA"
    named = {"--name": name} if name != model_name_for(stem_of(word)) else {}
    return command_line(("train", word), {**given, **named})


def command_line(words: Sequence[str], flags: Mapping[str, str]) -> str:
    """Returns a command as a shell takes it."""
    pairs = [part for flag, value in flags.items() for part in ([flag, value] if value else [flag])]
    return shlex.join(["forecast", *words, *pairs])


def _flat(options: ReadOptions, settings: Settings) -> dict[str, Any]:
    return {**vars(options), **settings.flat()}


def _flag(name: str, value: Any) -> str:
    return f"--{'no-' if value is False else ''}{SETTINGS.get(name, name).replace('_', '-')}"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return ""
    if isinstance(value, tuple | list):
        return join_names([each if isinstance(each, str) else level_text(each) for each in value])
    return f"{value}"
