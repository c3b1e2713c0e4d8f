"""What is told of series of demand: nothing of it changes with the unit, and early versions are told what they were."""

import numpy as np
import pytest

from forecast.models.classical.demand_traits import Described, PooledSettings, describe

NOW, EARLY = PooledSettings(), PooledSettings(traits=7, stretches=1)
VALUES = np.array([[0, 0, 3, 0, 1, 0, 0, 2, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 5, 0], [0.0] * 10])


def _told(values: np.ndarray, settings: PooledSettings = NOW, size: float = 2.0) -> Described:
    return describe(values, (0.2, size), settings)


def test_versions_of_before_there_were_more_traits_are_told_the_first_seven() -> None:
    assert _told(VALUES).traits.shape == (3, 10)
    assert (_told(VALUES, EARLY).traits == _told(VALUES).traits[:, :7]).all()


def test_the_newer_traits_are_age_quiet_over_the_usual_interval_and_the_size_of_the_last_demand() -> None:
    told = _told(VALUES)
    age, quiet, last = told.traits[:, 7:].T
    assert age.tolist() == [8, 2, 0]
    assert quiet.tolist() == pytest.approx([2 / (8 / 3), 1 / 2, 10])
    assert (last * told.sizes).tolist() == pytest.approx([2, 5, 0])


def test_steps_before_the_start_of_a_series_tell_nothing() -> None:
    padded = np.column_stack([np.full((3, 4), np.nan), VALUES])
    for name in ("averages", "sizes", "scales", "traits"):
        assert getattr(_told(padded), name) == pytest.approx(getattr(_told(VALUES), name))


def test_inputs_of_trees_have_no_unit() -> None:
    own, other = _told(VALUES), _told(12 * VALUES, size=24.0)
    rate = own.averages[:, 3]
    assert other.inputs(12 * rate) == pytest.approx(own.inputs(rate))
