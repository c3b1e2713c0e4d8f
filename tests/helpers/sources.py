"""The package as trees of syntax, each file parsed once."""

import ast
import functools

from places import PACKAGE


@functools.cache
def tree_of(path):
    """Returns what stands in a file, to be looked at only."""
    return ast.parse(path.read_text(encoding="utf-8"))


def sources():
    """Returns the files of the package."""
    return sorted(PACKAGE.rglob("*.py"))
