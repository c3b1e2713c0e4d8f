"""How messages name counts, lists and cells: one wording on all floors (standard library only)."""

import re
import shlex


def counted(number: int, noun: str) -> str:
    """Returns the number with its noun: ``1 date``, ``1,461 dates``; ``series`` is its own plural."""
    return f"{number:,} {noun}" + ("" if number == 1 or noun.endswith("s") else "s")


def quoted(text: str, most: int = 40) -> str:
    """Returns what stands in a cell, in quotation marks; its beginning where it is long."""
    return f"'{text}'" if len(text) <= most else f"'{text[:most]}…'"


def python_line(code: str) -> str:
    """Returns a line for the shell that runs Python code."""
    return f"python -c {shlex.quote(code)}" if re.search(r'["$`\\!]', code) else f'python -c "{code}"'


def listed(names: list[str], most: int = 5) -> str:
    """Returns the names with commas, the first few of them when they are many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
