from types import SimpleNamespace

import pytest

from forecast.experiment.final_fit import choose


@pytest.mark.parametrize("model", ["naive", "seasonal-naive"])
def test_a_model_that_was_named_is_taken_though_it_shares_its_row_with_another(model):
    rows = [SimpleNamespace(model="seasonal-naive", same="naive", rmsse=1.0)]
    experiment = SimpleNamespace(board=SimpleNamespace(rows=rows))
    assert choose(experiment, model) == (model, "")
