"""The notebook of docs/: it is the example, and its cells run one after another."""

import json

import pytest

from places import ROOT
from site_pages import script
from untrained import train_nothing

EXAMPLE = ROOT / "docs" / "example.py"
NOTEBOOK = EXAMPLE.with_suffix(".ipynb")
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def test_notebook_is_the_example():
    made = script("make_notebook").notebook_text(EXAMPLE.read_text(encoding="utf-8"))
    assert made == NOTEBOOK.read_text(encoding="utf-8"), "run: python docs/make_notebook.py"


def test_text_and_code_take_turns_and_ids_are_unique():
    assert [cell["cell_type"] for cell in CELLS] == ["markdown", "code"] * (len(CELLS) // 2)
    assert len({cell["id"] for cell in CELLS}) == len(CELLS)


@pytest.mark.slow
def test_cells_run_one_after_another(monkeypatch, capsys):
    """With networks that nobody trained; the script itself is run for real in tests/api/test_verbs.py."""
    train_nothing(monkeypatch)
    monkeypatch.chdir(NOTEBOOK.parent)
    names = {"__name__": "__main__"}
    for cell in CELLS:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert "passengers v1 gru" in capsys.readouterr().out
