"""Recurrent cells and losses of one's own, for Python."""

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from forecast.errors import UsageError
from forecast.experiment.versions.own_code import register_own
from forecast.models.networks.cells.cell import OwnCode, RecurrentCell
from forecast.wording import type_name

FILE = "put it into a file of its own, my_cells.py, and import it from there"


def register_cell(cell: Callable[[int], Any] | RecurrentCell, name: str | None = None) -> str:
    """Adds a recurrent cell of your own to those that ``train`` and ``compare`` take, and returns its name.

    A Keras layer needs TensorFlow to predict, too, and ``explain`` can't look into it; a ``RecurrentCell``, which is
    written as steps in numpy, needs neither. Initial weights follow ``seed`` where Keras draws them. The settings
    ``dropout`` and ``recurrent_dropout`` are the cell's own affair. A version keeps a copy of the file that the cell
    stands in, and is loaded only where the same file registered its cell before; no version ever runs code by itself.

    Args:
        cell: a class of a Keras layer or of a cell for ``keras.layers.RNN``, or a function from the number of units to
            one; or a ``forecast.models.networks.cells.cell.RecurrentCell``.
        name: of the model; that of the class, of the function or of the record if left out.

    Raises:
        ForecastError: it is no cell, its name is taken, or it stands in no file.
    """
    if isinstance(cell, RecurrentCell):
        source: Any = cell.forward
        called = cell.name
    elif callable(cell):
        source, called = cell, getattr(cell, "__name__", type(cell).__name__)
    else:
        raise UsageError(f"A cell can't be {type_name(cell)}.", "a Keras layer class, or a RecurrentCell")
    if called == "<lambda>" and name is None:
        raise UsageError("A cell without a name can't be found again.", "register_cell(lambda units: …, name='mine')")
    return register_own(cell, _code_of(source, called), name)


def _code_of(source: Any, called: str) -> OwnCode:
    """Returns the file that a cell stands in; of a cell in a notebook or in the program itself, its own lines.

    Raises:
        UsageError: there is none.
    """
    module: ModuleType | None = inspect.getmodule(source)
    is_program = module is None or module.__name__ == "__main__"
    try:
        text = inspect.getsource(source if is_program or module is None else module)
        file = inspect.getsourcefile(source) or ""
    except (OSError, TypeError):
        raise UsageError(f"The source of {called} can't be found.", FILE) from None
    name = Path(file).name if file.endswith(".py") else "notebook.py"
    return OwnCode(name, called, text.replace("\r\n", "\n").encode())
