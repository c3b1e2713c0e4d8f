"""What differs by cell stands in the cell's own file."""

import ast
import subprocess
import sys

import pytest

from forecast.models.networks.cells import CELLS, REFERENCE
from places import PACKAGE

HOME = PACKAGE / "models" / "networks" / "cells"


def named(source):
    """Returns the lines in which a cell is called by its name: to compare with, as a key, as a value."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return [node.lineno for node in nodes if isinstance(node.value, str) and node.value in CELLS]


@pytest.mark.slow
def test_no_file_but_its_own_and_the_list_names_a_cell():
    found = {path: named(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    assert {path.relative_to(HOME).stem for path, lines in found.items() if lines} == {"__init__", *CELLS}


@pytest.mark.parametrize("line", ['x = cell == "gru"', 'COSTS = {"lstm": 4}', 'biases = 2 if "gru" in cells else 1'])
def test_a_name_anywhere_else_would_be_found(line):
    assert named(line) == [1]


def test_names_cost_no_import_and_a_record_no_tensorflow():
    code = (
        "import sys; from forecast.models.networks.cells import CELLS; names = list(CELLS)\n"
        "assert 'gru' in CELLS and 'elman' not in CELLS and 'numpy' not in sys.modules\n"
        "assert [CELLS[name].name for name in names] == names\n"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", CELLS)
def test_record_agrees_with_itself(name):
    cell = CELLS[name]
    assert {cell.candidate, *cell.symbols} <= set(cell.gates)
    assert set(cell.symbols) == set(cell.gates)
    gates = [cell.keep_gate.name if cell.keep_gate else None, cell.entry_gate, *cell.start]
    assert {gate for gate in gates if gate} <= set(cell.gates)
    assert set(cell.shown) <= {*cell.gates, *cell.paths}
    assert any(line.startswith("source: ") for line in cell.equations)
    units, features = 7, 3
    formulas = {"U": units, "F": features}
    for formula, count in (
        (cell.formula, cell.parameters(units, features)),
        (cell.step_formula, cell.multiplies(units, features)),
    ):
        assert eval(formula.replace(" (", " * (").replace("4 U", "4 * U").replace("3 U", "3 * U"), formulas) == count


def test_reference_is_one_of_them():
    assert REFERENCE in CELLS
