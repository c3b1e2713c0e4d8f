"""What the hints tell to install is what the program needs, by the names under which indexes of packages have it."""

import ast
import re
import tomllib
from itertools import chain

import pytest

from places import PACKAGE, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LIBRARIES = {*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"].values())}
INSTALL = re.compile(r"pip install (?:--[\w-]+ )*('[^']+'|[^\s']+)")


def hints():
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "pip install" in text else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "pip install" in node.value:
                yield path.name, node.value


def test_there_are_hints_to_install_something():
    assert len(list(hints())) >= 5


@pytest.mark.parametrize(("where", "hint"), list(hints()))
def test_hint_installs_a_library_of_ours_or_the_checkout(where, hint):
    [wanted] = INSTALL.findall(hint) or [""]
    if wanted in {"", "-e"}:  # the name follows, or this program where it was cloned
        return
    wanted = wanted.strip("'")
    names = {re.split(r"[\[<>=]", library)[0] for library in LIBRARIES}
    assert re.split(r"[\[<>=]", wanted)[0] in names
    assert not wanted.startswith("forecast")
    if ">=" in wanted:
        assert wanted in LIBRARIES
