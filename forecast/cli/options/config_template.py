"""A file of settings to start from: each with what it means and a value it could have, switched off."""

import json
from typing import Any

from forecast.cli.options.setting_values import DATA, Options, example_of

HEAD = """\
# Settings of forecast for this folder and those below it.
# One counts when the # before it is gone. Flags and FORECAST_* variables go before this file.
"""
TAIL = """
# Settings of one command go into a table of its own, here at the end.
# [train]
# name = "sales"
"""
ABOUT_DATA = "The file that is used where none is named."


def config_form(options: Options, data: str | None) -> str:
    """Returns the text of the file; with ``data`` switched on where it is given."""
    panels: dict[str, list[tuple[str, Any]]] = {}
    for name, option in options.items():
        panels.setdefault(getattr(option, "rich_help_panel", None) or "What and how", []).append((name, option))
    lines = [HEAD]
    for panel, members in panels.items():
        lines.append(f"# --- {panel} ---\n")
        for name, option in members:
            about = ABOUT_DATA if name == DATA else option.help
            lines.append(f"# {about}\n{_line(name, option, data if name == DATA else None)}\n")
    return "\n".join(lines) + TAIL


def _line(name: str, option: Any, value: str | None) -> str:
    key = name.replace("_", "-")
    if value is not None:
        return f"{key} = {json.dumps(value, ensure_ascii=False)}"  # a text in JSON is one in TOML
    return f"# {key} = {example_of(option)}"
