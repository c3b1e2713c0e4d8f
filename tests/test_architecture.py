"""docs/architecture.md and CONTRIBUTING.md name what is there."""

import re

import pytest

from places import PACKAGE, ROOT

PAGES = ("docs/architecture.md", "CONTRIBUTING.md", "docs/engine.md")
PATH = re.compile(r"`((?:forecast|tests|docs|benchmarks|\.ci)(?:/[\w.]+)*/?)`|\]\(([\w./-]+)\)")


def paths():
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for inside, linked in PATH.findall(text):
            yield page, inside or str(((ROOT / page).parent / linked).resolve().relative_to(ROOT))


NAMED = sorted(set(paths()))


@pytest.mark.parametrize(("page", "path"), NAMED)
def test_path_that_a_page_names_is_there(page, path):
    assert (ROOT / path).exists()


def test_pages_name_many_paths():
    assert len(NAMED) > 50


def test_every_room_and_sub_room_is_drawn():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = {path.parent for path in PACKAGE.rglob("__init__.py")} - {PACKAGE}
    missing = [str(room.relative_to(ROOT)) for room in sorted(rooms) if f"`{room.name}`" not in text
               and f"`{room.relative_to(ROOT)}`" not in text]  # fmt: skip
    assert not missing


def test_pages_and_code_cite_nothing_that_lies_outside_of_the_repository():
    """The house plan lay beside the project; its place in the project is docs/architecture.md."""
    found = [
        str(path.relative_to(ROOT))
        for folder in (PACKAGE, ROOT / "tests", ROOT / "docs")
        for path in folder.rglob("*")
        if path.suffix in {".py", ".md"} and "frozen" not in path.parts
        if "HOUSE" + ".md" in path.read_text(encoding="utf-8")
    ]
    assert not found


def test_readme_links_the_pages():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in ("docs/architecture.md", "CONTRIBUTING.md"):
        assert f"]({page})" in readme
