"""Writes commands.md from the help, then what else pages take from the program: `python docs/make_commands.py`."""

import inspect
import runpy
from collections.abc import Iterator
from pathlib import Path

import typer

from forecast.cli.app import EXIT_CODES, root_command

HEAD = """\
# Commands

Made by `python docs/make_commands.py` from the program's own help; a test keeps it current.

Results go to stdout (a table on a terminal, CSV in a pipe, `--json` for programs), everything else to stderr; `-v`
says more of it. `-n` (`--dry-run`) of `train`, `compare` and `retrain` says what would be done, and the first two how
long it takes on this machine. After `forecast --install-completion` the shell completes flags, columns of the file,
models and versions.
"""


def commands_text():
    """Returns the page."""
    root = root_command()
    context = typer.Context(root, info_name="forecast")
    pages = [page for name, command in root.commands.items() for page in _pages(name, command, context)]
    return "\n".join([HEAD, f"{EXIT_CODES}.\n", _glance(pages), *pages])


def _glance(pages):
    """Returns a table of all commands, each with its first sentence."""
    heads = (page.splitlines() for page in pages)
    rows = ((title.removeprefix("## "), about) for title, _, about, *_ in heads)
    lines = [f"| [`{name}`](#{name.replace(' ', '-')}) | {_cell(about)} |" for name, about in rows]
    return "\n".join(["| command | what it does |", "|---|---|", *lines]) + "\n"


def _pages(name, command, parent) -> Iterator[str]:
    context = typer.Context(command, info_name=name, parent=parent)
    if hasattr(command, "commands"):
        for inner, each in command.commands.items():
            yield from _pages(inner, each, context)
        return
    about, *examples = inspect.cleandoc(command.help).split("\n\n")
    lines = [f"## {context.command_path}", "", about.replace("\n", " "), "", "```sh", *examples, "```", ""]
    lines += ["| | |", "|---|---|"]
    for parameter in sorted(command.params, key=lambda each: each.param_type_name):  # arguments first
        shown, text = parameter.get_help_record(context)
        lines.append(f"| `{_cell(shown)}` | {_cell(text)} |")
    yield "\n".join(lines) + "\n"


def _cell(text):
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    Path(__file__).with_name("commands.md").write_text(commands_text(), encoding="utf-8")
    runpy.run_path(str(Path(__file__).with_name("make_reference.py")), run_name="__main__")
