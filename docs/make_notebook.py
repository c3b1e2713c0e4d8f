"""Writes example.ipynb from example.py: `python docs/make_notebook.py`."""

import json
import re
from pathlib import Path

SCRIPT = Path(__file__).with_name("example.py")
NOTEBOOK = SCRIPT.with_suffix(".ipynb")
HERE = ("Path(__file__).parents[1]", 'Path("..")')
"""The folder of the repository as a script finds it, and as a notebook does, which runs where it lies."""
CELL = re.compile(r"^# %%( \[markdown\])?\n", re.MULTILINE)


def notebook_text(script: str) -> str:
    """Returns the notebook, as JSON, of a script whose cells begin with `# %%`."""
    _, *parts = CELL.split(script.replace(*HERE))
    cells = [
        _cell(i, bool(mark), body.strip("\n"))
        for i, (mark, body) in enumerate(zip(parts[::2], parts[1::2], strict=True))
    ]
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {"cells": cells, "metadata": {"kernelspec": python}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _cell(number: int, is_text: bool, body: str) -> dict[str, object]:
    lines = [re.sub(r"^# ?", "", line) for line in body.splitlines()] if is_text else body.splitlines()
    cell = {"cell_type": "markdown" if is_text else "code", "id": f"cell-{number}", "metadata": {}}
    source = "\n".join(lines).splitlines(keepends=True)
    return cell | {"source": source} if is_text else cell | {"execution_count": None, "outputs": [], "source": source}


if __name__ == "__main__":
    NOTEBOOK.write_text(notebook_text(SCRIPT.read_text(encoding="utf-8")), encoding="utf-8")
