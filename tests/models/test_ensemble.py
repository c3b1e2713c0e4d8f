import numpy as np
import pytest

from forecast.models.ensemble import EnsembleForecaster, EnsembleModel
from forecast.models.forecaster import Curve, Watcher
from tiny import VIEWS, random_model, tiny_spec

CELLS = ("rnn", "lstm", "gru")


def parts_of(panel, **changes):
    return tuple(random_model(tiny_spec(cell, views=VIEWS, seeds=(0, 1), **changes), panel) for cell in CELLS)


class Prepared:
    """A forecaster whose model is there already."""

    def __init__(self, model):
        self.name, self.model = model.spec.cell, model

    def fit(self, panel, watcher):
        for share in (0.0, 0.5, 1.0):
            watcher.progress(share)
        return self.model


def test_members_of_all_parts_stand_side_by_side(awkward):
    parts = parts_of(awkward)
    members = EnsembleModel(parts).predict_members(awkward)
    np.testing.assert_array_equal(
        members.values, np.concatenate([part.predict_members(awkward).values for part in parts])
    )
    assert members.seeds == (0, 1) * 3 * len(VIEWS)
    np.testing.assert_equal(members.anchors, parts[0].predict_members(awkward).anchors)


def test_view_of_one_cell_is_another_than_that_of_the_next(awkward):
    members = EnsembleModel(parts_of(awkward)).predict_members(awkward)
    assert len(set(members.views)) == 3 * len(VIEWS)
    assert all(members.views.count(view) == 2 for view in members.views)  # the seeds


def test_ensemble_of_one_is_that_one(awkward):
    part = parts_of(awkward)[0]
    alone, members = part.predict_members(awkward), EnsembleModel((part,)).predict_members(awkward)
    assert (members.views, members.seeds) == (alone.views, alone.seeds)
    np.testing.assert_array_equal(members.values, alone.values)


def test_costs_add_up(awkward):
    parts = parts_of(awkward)
    model = EnsembleModel(parts)
    assert model.parameters == sum(part.parameters for part in parts)
    assert model.train_seconds == sum(part.train_seconds for part in parts)
    assert model.horizon == 3


@pytest.mark.parametrize("count", [1, 3])
def test_curve_is_that_of_the_only_part(awkward, count):
    parts = parts_of(awkward)[:count]
    curve = Curve(np.array([1]), np.array([0.1]), np.array([2.0]))
    for part in parts:
        object.__setattr__(part, "curve", curve)
    assert EnsembleModel(parts).curve is (curve if count == 1 else None)


def test_parts_are_trained_in_turn_and_progress_goes_from_nought_to_one(awkward):
    parts, shares = parts_of(awkward), []
    model = EnsembleForecaster("ensemble", tuple(Prepared(part) for part in parts)).fit(awkward, Watcher(shares.append))
    assert model.parts == parts
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
