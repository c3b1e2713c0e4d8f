"""A result of the memory test, to be drawn."""

import numpy as np

from forecast.evaluation.explain.memory_test import LAGS, MemoryTestResult
from forecast.models.networks.cells import CELLS


def recollection():
    rates = {
        cell: {setup: np.linspace([1.0, 1.0], [0.5, 0.55], 7) for setup in CELLS[cell].memory_setups} for cell in CELLS
    }
    rates["gru"]["update bias 4"] += 0.01
    return MemoryTestResult(LAGS, {"rnn": 27, "lstm": 13, "gru": 14}, rates, 180, 60.0)
