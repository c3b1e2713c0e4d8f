import pytest

from forecast.models.networks.cells import CELLS
from forecast.models.networks.presets import match_parameters, spec_parameters
from forecast.specs import ModelSpec
from tiny import VIEWS, random_model, tiny_spec

BUDGETS = [ModelSpec("lstm", 48, 12, segment=12, units=32), ModelSpec("lstm", 336, 48, segment=24, units=64)]
BUDGETS += [ModelSpec("lstm", 20, 5, units=20), ModelSpec("lstm", 60, 1, units=50, layers=2, highway=False)]


@pytest.mark.parametrize("cell", [*CELLS, "linear"])
def test_parameters_of_a_spec_are_those_of_its_networks(cell, awkward):
    for spec in (tiny_spec(cell, views=VIEWS[:1]), tiny_spec(cell, segment=1, layers=2, highway=False)):
        assert spec_parameters(spec) == random_model(spec, awkward).parameters


@pytest.mark.parametrize("lstm", BUDGETS)
def test_matched_cells_have_as_many_parameters_as_the_lstm(lstm):
    matched = match_parameters({cell: lstm.with_(cell=cell) for cell in CELLS}, spec_parameters(lstm))
    assert matched["lstm"] == lstm
    for spec in matched.values():
        assert spec_parameters(spec) == pytest.approx(spec_parameters(lstm), rel=0.03)


@pytest.mark.parametrize("lstm", BUDGETS)
@pytest.mark.parametrize("cell", CELLS)
def test_no_other_number_of_units_comes_nearer(cell, lstm):
    budget = spec_parameters(lstm)
    spec = match_parameters({cell: lstm.with_(cell=cell)}, budget)[cell]
    near = abs(spec_parameters(spec) - budget)
    for units in (spec.units - 1, spec.units + 1):
        assert abs(spec_parameters(spec.with_(units=units)) - budget) >= near


def test_linear_highway_has_no_units_to_match():
    linear = ModelSpec("linear", 48, 12)
    assert match_parameters({"linear": linear}, 10**6) == {"linear": linear}
