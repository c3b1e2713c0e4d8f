"""SBA, TSB, ADIDA and IMAPA against loops over one series, and against statsforecast's numbers."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from forecast.data.panel import panel_from_series
from forecast.models.classical.intermittent import RULES, IntermittentSettings, intermittent

FloatArray = NDArray[np.float64]
SETTINGS = IntermittentSettings()
SOLD = np.array([0, 2, 0, 0, 1, 0, 0, 0, 3, 0, 1, 0, 0, 2, 0, 0, 0, 0, 1, 0], dtype=float)
BY_STATSFORECAST = {"sba": 0.6669365844, "tsb": 0.4520478155, "adida": 0.3813633333, "imapa": 0.4112469061}
"""Of release 2.1.1."""


def _smooth(values: list[float], speed: float) -> float:
    level = values[0]
    for value in values[1:]:
        level = speed * value + (1 - speed) * level
    return level


def _least(values: list[float]) -> float:
    """Returns the level by the speed that erred least, of a fine grid."""

    def error(speed: float) -> float:
        return sum((values[i] - _smooth(values[:i], speed)) ** 2 for i in range(1, len(values)))

    return _smooth(values, min(np.linspace(0.1, 0.3, 801), key=error))


def _oracle(rule: str, sold: FloatArray) -> float:
    places = np.flatnonzero(sold) + 1
    sizes = sold[sold > 0].tolist()
    intervals = [float(b - a) for a, b in pairwise([0, *places])]
    if rule == "sba":
        return 0.95 * _smooth(sizes, 0.1) / _smooth(intervals, 0.1)
    if rule == "tsb":
        return _smooth(sizes, 0.2) * _smooth((sold > 0).astype(float).tolist(), 0.2)
    usual = round(float(np.mean(intervals)))
    each = []
    for level in [usual] if rule == "adida" else range(1, usual + 1):
        whole = sold[len(sold) % level :].reshape(-1, level).sum(axis=1).tolist()
        each.append(_least(whole) / level)
    return float(np.mean(each))


@pytest.mark.parametrize("rule", list(RULES))
def test_each_rule_is_what_its_paper_says(rule: str) -> None:
    others = np.stack([SOLD, SOLD[::-1], np.roll(SOLD, 3) * 5])
    found = RULES[rule](others, SETTINGS)
    assert found == pytest.approx([_oracle(rule, own) for own in others], abs=2e-4)


@pytest.mark.parametrize("rule", list(RULES))
def test_each_rule_agrees_with_statsforecast(rule: str) -> None:
    assert RULES[rule](SOLD[None], SETTINGS)[0] == pytest.approx(BY_STATSFORECAST[rule], abs=1e-4)


@pytest.mark.parametrize("rule", list(RULES))
def test_what_never_sold_or_has_no_row_is_forecast_as_zero_and_a_series_alone_as_among_others(rule: str) -> None:
    panel = panel_from_series([SOLD, np.zeros(20), np.zeros(0), SOLD[:7], [3.0]], "MS")
    found = intermittent(rule, panel, 3, SETTINGS)
    assert found.shape == (5, 3)
    assert (found[1:3] == 0).all()
    assert np.isfinite(found).all()
    assert (found[[0, 3, 4]] > 0).all()
    for place in range(5):
        assert (intermittent(rule, panel.select([place]), 3, SETTINGS) == found[place]).all()
