"""The lesson says what came out: who still knows, and the reason only where the cells bear it out."""

import numpy as np
import pytest

from forecast.evaluation.explain.memory_lesson import LAGS, knowing, lesson_words
from forecast.evaluation.explain.memory_test import MemoryTestResult
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import USUAL


def lesson(**last):
    """A result in which the networks of each cell end with the shares told."""
    rates = {cell: {USUAL: np.linspace([1.0] * len(ends), ends, len(LAGS))} for cell, ends in last.items()}
    return MemoryTestResult(LAGS, dict.fromkeys(CELLS, 9), rates, 300, 15.0)


def test_lesson_counts_the_networks_that_still_know():
    found = lesson(rnn=[0.5, 0.74, 0.75], lstm=[1, 1, 1], gru=[0.9, 0.9, 0.6])
    assert [knowing(found, cell) for cell in CELLS] == [(1, 3), (3, 3), (2, 3)]
    said = lesson_words(found)[0]
    assert "1 of 3 rnn networks, 3 of 3 lstm networks and 2 of 3 gru networks still know after 40 steps" in said
    assert "the rnn 66 %" in said


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ({"rnn": [0.5, 0.5], "lstm": [1, 1], "gru": [1, 1]}, "the lstm and gru can leave a state as it is"),
        ({"rnn": [0.5, 1.0], "lstm": [1, 1], "gru": [1, 0.5]}, "unless its start is lucky"),
        ({"rnn": [1, 1], "lstm": [1, 1], "gru": [1, 1]}, None),
        ({"rnn": [0.5, 0.5], "lstm": [0.5, 0.5], "gru": [0.5, 0.6]}, None),
    ],
)
def test_the_reason_is_given_only_where_gates_made_the_difference(last, reason):
    words = " ".join(lesson_words(lesson(**last)))
    assert ("makes its whole state anew" in words) == (reason is not None)
    assert reason is None or reason in words
