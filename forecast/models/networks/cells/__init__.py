"""Every recurrent cell, one record in one file: all that differs by cell stands there, and everyone else iterates.

To add a cell:

1. Write ``cells/NAME.py``, which holds a ``RecurrentCell`` called ``RECORD``: its gates, its step forward and its step
   back in numpy, its Keras layer, its step in TensorFlow for the memory test, where its biases start, its equations
   with their source, what it costs, and its colour. ``cell.py`` says what each field means; ``gru.py`` is an example
   of all of them. Where kernel, recurrent kernel and bias are packed as Keras packs them, the rest has defaults.
2. Add its name to ``CELLS`` below. (A cell that lives elsewhere is added by ``CELLS.register(record)``.)

It is then trained, compared, combined by ``ensemble`` and ``auto``, stored, loaded, exported and explained like the
others; the tests that iterate the list check its step and its step back against Keras and against finite differences.

The names cost no import beyond the standard library; a record imports numpy, and its layer TensorFlow when it is made.
"""

from typing import TYPE_CHECKING

from forecast.records import Records

if TYPE_CHECKING:
    from forecast.models.networks.cells.cell import RecurrentCell

CELLS: Records["RecurrentCell"] = Records("forecast.models.networks.cells", ("rnn", "lstm", "gru"))
REFERENCE = "lstm"
"""The cell whose number of parameters the others get, and which hints and trials take where any would do."""
