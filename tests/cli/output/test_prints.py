"""Functions that print do no work: the command does it, and hands over what is to be said."""

import ast

from places import PACKAGE
from sources import tree_of

WORK = ("forecast.production", "forecast.experiment", "forecast.workflows")
PAGES = ("forecast.workflows.pages", "forecast.workflows.what_if.COLUMNS")


def printers():
    for path in sorted((PACKAGE / "cli").rglob("*.py")):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("print_"):
                yield path, node


def test_what_prints_neither_computes_nor_writes_files():
    found = list(printers())
    assert len(found) > 5
    wrong = [
        f"{path.name}: {function.name} imports {node.module}"
        for path, function in found
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and node.module.startswith(WORK) and not node.module.startswith(PAGES)
    ]
    wrong += [
        f"{path.name}: {function.name} calls {name}"
        for path, function in found
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and (name := getattr(node.func, "id", "")) in {"write_result", "write_all"}
    ]
    assert not wrong
