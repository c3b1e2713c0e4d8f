"""The rules of docs/architecture.md that a program can check: files a room, lines a file, one name a class."""

import ast
import tomllib
from collections import Counter

import grimp
import pytest

from places import PACKAGE, ROOT
from sources import sources, tree_of

MOST_FILES = 18
MOST_LINES = 400
CRUMB = 60
"""A file of fewer lines that one other file imports goes home to that one."""
A_FILE_EACH = (
    *("cli.commands.", "data.checks.", "report.explain.", "report.figures.", "report.html."),
    "workflows.",
)
"""Rooms with a file a command, a kind of trouble, a panel, a picture, a verb, a page, whatever its length."""
MAY_BE_SHORT = {
    "api.own_cells": "handed on by the package, when it is asked for",
    "cli.options.config_template": "imports all commands, which its importer must not at once",
    "data.files.header_peek": "TAB must not pay for the reader",
    "data.files.written.written_table": "Arrow, which its importer must not know",
    "models.covariates.detrending": "formulas with a source of their own",
    "models.networks.event_log": "TensorFlow, which its importer must not import at once",
}


def test_no_room_holds_more_files_than_one_can_look_over():
    counts = Counter(str(path.parent.relative_to(ROOT)) for path in sources())
    assert {room: count for room, count in counts.items() if count > MOST_FILES} == {}


def test_no_file_is_longer_than_one_can_keep_in_mind():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {str(path): length for path, length in lengths.items() if length > MOST_LINES} == {}


def test_public_class_names_are_unique():
    places = {}
    for path in sources():
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_every_room_is_packaged():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    rooms = {".".join(path.parent.relative_to(ROOT).parts) for path in sources()}
    assert all((PACKAGE.parent / room.replace(".", "/") / "__init__.py").is_file() for room in rooms)
    assert set(setuptools["packages"]) == rooms | {"forecast.sample_data"}


def test_weights_of_every_edition_are_packaged():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    there = sorted(path.name for path in (PACKAGE / "models" / "classical").glob("*.f32"))
    assert there
    assert setuptools["package-data"]["forecast.models.classical"] == there


def test_crumbs_are_at_home():
    """Type imports count, and so do those inside of functions."""
    graph = grimp.build_graph("forecast", cache_dir=None)
    short = set()
    for path in sources():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        importers = graph.find_modules_that_directly_import(module) if module in graph.modules else set()
        if len(path.read_text(encoding="utf-8").splitlines()) < CRUMB and len(importers) == 1:
            short.add(module.removeprefix("forecast."))
    assert {name for name in short - set(MAY_BE_SHORT) if not name.startswith(A_FILE_EACH)} == set()


@pytest.mark.parametrize("module", MAY_BE_SHORT)
def test_crumb_that_may_stay_is_there(module):
    assert (PACKAGE / f"{module.replace('.', '/')}.py").is_file()


@pytest.mark.parametrize("path", sorted(set(PACKAGE.rglob("__init__.py")) - {PACKAGE / "__init__.py"}))
def test_room_says_in_a_line_what_it_holds(path):
    assert ast.get_docstring(tree_of(path))
