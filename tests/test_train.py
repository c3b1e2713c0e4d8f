from types import SimpleNamespace

import pytest

from forecast.specs import Settings
from forecast.workflows.train import choose


@pytest.mark.parametrize("model", ["naive", "seasonal-naive"])
def test_a_model_that_was_named_is_taken_though_it_shares_its_row_with_another(model):
    rows = [SimpleNamespace(model="seasonal-naive", same="naive", rmsse=1.0)]
    contest = SimpleNamespace(board=SimpleNamespace(rows=rows))
    assert choose(contest, SimpleNamespace(model=model, settings=Settings())) == (model, "")
