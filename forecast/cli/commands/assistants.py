"""`forecast skill` and `forecast mcp`: for assistants that use this program."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_json, say, say_commands, wrapped
from forecast.cli.output.streams import write_data, write_out
from forecast.cli.packaged import skill_text
from forecast.errors import DependencyError, UsageError


@grouped
def skill_command(output: OutputFlags) -> None:
    """Print a SKILL.md that tells an assistant how to use this command line safely.

    forecast skill

    forecast skill > .claude/skills/forecast/SKILL.md

    forecast skill --json
    """
    if output.form == "json":
        print_json({"skill": skill_text()})
    else:
        write_data(skill_text())


@dataclass(frozen=True)
class ServerFlags:
    """Where an assistant may look, and whether it is asked at all."""

    root: Annotated[
        Path,
        typer.Option(
            "--root",
            metavar="DIR",
            help="Folder that may be read and written; nothing outside of it is.",
            file_okay=False,
        ),
    ] = Path()
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say which tools there are and how a client starts them.")
    ] = False


@grouped
def mcp_command(context: typer.Context, output: OutputFlags, flags: ServerFlags) -> None:
    """Serve check, train, compare, predict and explain to an assistant, by the Model Context Protocol.

    forecast mcp --root data

    forecast mcp --dry-run

    forecast mcp --root data --dry-run --json
    """
    from forecast.cli.mcp.confinement import confinement_of
    from forecast.cli.mcp.tools import TOOLS, arguments_of, description_of

    where, root = confinement_of(flags.root, output.store), context.find_root().command
    if flags.dry_run:
        tools = [
            {
                "name": tool.name,
                "description": description_of(tool, root),
                "arguments": [one.name for one in arguments_of(tool, root)],
            }
            for tool in TOOLS
        ]
        _tell({"root": str(where.root), "store": str(where.store), **_client(where.root), "tools": tools}, output)
        return
    if output.form != "auto":
        raise UsageError("Standard output is the protocol's, in no other form.", "forecast mcp --dry-run --json")
    try:
        from forecast.cli.mcp.server import serve
    except ImportError as error:
        message = "The Model Context Protocol needs the library mcp, which is not installed."
        raise DependencyError(message, "pip install 'mcp>=2.0'") from error
    if sys.stdin.isatty() and not output.quiet:
        say(f"Waiting for an assistant's program on standard input, for {where.root}. Ctrl-C ends it.")
    serve(where, root)


def _client(root: Path) -> dict[str, Any]:
    """Returns how a client starts the server, in the words of its settings."""
    program = shutil.which("forecast") or shutil.which(str(Path(sys.executable).with_name("forecast")))
    line = [program] if program else [sys.executable, "-m", "forecast"]
    return {"command": line[0], "args": [*line[1:], "mcp", "--root", str(root)]}


def _tell(document: dict[str, Any], output: OutputFlags) -> None:
    if output.form == "json":
        print_json(document)
        return
    width = max(len(one["name"]) for one in document["tools"]) + 4
    for one in document["tools"]:
        write_out(wrapped(one["description"], f"  {one['name']}", label_width=width))
    if not output.quiet:
        settings = {"mcpServers": {"forecast": {name: document[name] for name in ("command", "args")}}}
        told = {"Folder": document["root"], "Store": document["store"], "Client": json.dumps(settings)}
        for label, line in told.items():
            say_commands([line], label)  # to be copied whole
