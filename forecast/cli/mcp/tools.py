"""The tools, each a command with some of its flags: those that neither name a place to write to nor run anything.

A tool takes the flags of its command as arguments, by their names with underscores, described by the command's own
help. Its call becomes a command line, which another process runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, Literal

from forecast.cli.mcp.confinement import Confinement
from forecast.cli.options.setting_values import METAVARS
from forecast.errors import UsageError, did_you_mean
from forecast.name_lists import split_names

READING = (
    *(
        "--time",
        "--target",
        "--id",
        "--freq",
        "--date-format",
        "--fill",
        "--missing",
        "--decimal",
        "--encoding",
        "--sheet",
    ),
    *("--aggregate", "--keep-partial", "--no-dates", "--known", "--past", "--static", "--ignore", "--weight", "--min"),
    *("--max", "--half-life", "--hierarchy", "--parents"),
)
LEARNING = (
    *("--horizon", "--window", "--season", "--folds", "--levels", "--kind", "--no-calendar", "--country", "--preset"),
    *("--metric", "--seed", "--seeds", "--steps", "--time-limit"),
)
FILES = ("--data", "--future")
"""Flags that name a file to read: it must lie in the folder."""
CHOOSING = ("--model", "--models")
"""Flags that name models: only those of the program, never a file with one of somebody's own."""
MOST_ROWS = 1000
"""Of a list in a document; the rest is left out, and said to be."""
DRAWN = {"cells"}
"""Parts of a document that are drawn, not read."""


@dataclass(frozen=True)
class Tool:
    """One of them.

    Attributes:
        name: what it is called.
        words: of the command.
        flags: that it takes.
        about: what stands before its flags: a file, a model, or nothing.
        fixed: what is always said.
        writes: it adds to the store or to the folder of forecasts.
        is_long: it trains, so that one at a time is enough.
    """

    name: str
    words: tuple[str, ...]
    flags: tuple[str, ...]
    about: Literal["data", "name", ""] = "data"
    fixed: tuple[str, ...] = ()
    writes: bool = False
    is_long: bool = False


TOOLS = (
    Tool("check", ("check",), (*READING, "--horizon", "--window", "--season", "--folds")),
    Tool(
        "train",
        ("train",),
        ("--model", "--name", *READING, *LEARNING, "--dry-run"),
        fixed=("--plots", "none"),
        writes=True,
        is_long=True,
    ),
    Tool(
        "compare",
        ("compare",),
        ("--models", "--match", "--by", "--ablate", *READING, *LEARNING, "--dry-run"),
        fixed=("--plots", "none"),
        is_long=True,
    ),
    Tool(
        "predict",
        ("predict",),
        (
            *("--horizon", "--data", "--future", "--series", "--set", "--at", "--levels", "--quantiles", "--cost"),
            *("--total", "--total-by", "--level"),
        ),
        about="name",
    ),
    Tool(
        "explain",
        ("explain",),
        ("--data", "--series", "--lags"),
        about="name",
        fixed=("--plots", "none"),
        writes=True,
        is_long=True,
    ),
    Tool("models", ("models", "list"), (), about=""),
)


@dataclass(frozen=True)
class Argument:
    """What a tool takes: the type of its values, and in whose words it is described."""

    name: str
    kind: Any
    help: str
    is_needed: bool = False


def description_of(tool: Tool, root: Any) -> str:
    """Returns what a tool does, in the words of its command's help."""
    return cleandoc(_command(tool, root).help).partition("\n\n")[0].replace("\n", " ")


def arguments_of(tool: Tool, root: Any) -> list[Argument]:
    """Returns what a tool takes: the file or the model, then its flags.

    Args:
        tool: one of ``TOOLS``.
        root: all commands, as click has them.
    """
    made = []
    if tool.about == "data":
        made.append(
            Argument("data", str, "Path of a .csv, .csv.gz, .tsv or .parquet file in the folder.", is_needed=True)
        )
    if tool.about == "name":
        made.append(Argument("name", str | None, "Name of a trained model; may be left out where there is one."))
    for flag in tool.flags:
        option = _option(tool, root, flag)
        kind = _kind_of(option)
        made.append(Argument(_argument(flag), kind if kind is bool else kind | None, option.help))
    return made


def command_line(tool: Tool, given: Mapping[str, Any], where: Confinement) -> list[str]:
    """Returns the words of the command that a call of a tool stands for.

    Args:
        tool: that is called.
        given: its arguments; None and False are as good as none.
        where: it may look.

    Raises:
        UsageError: a path leads out of the folder, or a model is none of the program's.
        NotFoundError: there is no such file or model.
    """
    where.check_places()
    words = [*tool.words, *tool.fixed]
    for flag in tool.flags:
        value = given.get(_argument(flag))
        if value is True:
            words.append(flag)
        elif value is not None and value is not False:
            several = value if isinstance(value, list) else [value]
            words += [f"{flag}={_checked(flag, one, where)}" for one in several]
    if tool.about == "data":
        return [*words, "--", where.file("data", given["data"])]
    if tool.about == "name":
        name = where.model(given.get("name"))
        if given.get("data") is None:
            where.check_source(name)
        return [*words, "--", name]
    return words


def shortened(document: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a document that is not too long to read, with what was left out of it by name."""
    kept = {name: part for name, part in document.items() if name not in DRAWN}
    left = {
        name: len(part) - MOST_ROWS for name, part in kept.items() if isinstance(part, list) and len(part) > MOST_ROWS
    }
    kept |= {name: kept[name][:MOST_ROWS] for name in left}
    return {**kept, "left_out": left} if left else kept


def _checked(flag: str, value: Any, where: Confinement) -> str:
    if flag in FILES:
        return where.file(_argument(flag), str(value))
    if flag in CHOOSING:
        from forecast.models.registry import MODELS

        known = ("auto", *MODELS)
        for name in split_names(str(value)):
            if name not in known:
                raise UsageError(f"There is no model {name!r}.{did_you_mean(name, known)}", ", ".join(known))
    return str(value)


def _command(tool: Tool, root: Any) -> Any:
    found = root
    for word in tool.words:
        found = found.commands[word]
    return found


def _option(tool: Tool, root: Any, flag: str) -> Any:
    return next(each for each in _command(tool, root).params if flag in each.opts)


def _argument(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


def _kind_of(option: Any) -> Any:
    """Returns the type of a flag's values."""
    if option.is_flag:
        return bool
    if option.multiple:
        return list[str]
    for kind, metavars in METAVARS.items():
        if option.metavar in metavars:
            return kind
    words = option.display_type_rich(None) if option.metavar is None else ""
    return Literal[tuple(words.strip("<>").split("|"))] if "|" in words else str
