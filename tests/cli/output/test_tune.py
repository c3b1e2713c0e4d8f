"""The table of a tuning on a terminal: what a trial differs by is seen, however many settings are searched."""

from types import SimpleNamespace

import pytest

from forecast.cli.output.tune import _print_table
from forecast.experiment.tuning.optuna_study import TriedSettings
from forecast.experiment.tuning.search_space import SearchedSetting

NAMES = ("window", "views", "loss", "learning-rate", "segment", "weight-decay", "units", "dropout")
SPACE = tuple(SearchedSetting(name, 1, (1, 2, 3)) for name in NAMES)
USUAL = dict.fromkeys(NAMES, 1)
TRIALS = (
    TriedSettings(0, USUAL, "whole", 1.0, seconds=1.0),
    TriedSettings(1, USUAL | {"dropout": 3}, "whole", 0.8, seconds=1.0),
)


@pytest.mark.parametrize(
    ("columns", "found"), [("80", "  1        dropout 3  0.8000     -20.0 %"), ("200", "dropout    s")]
)
def test_changes_stand_in_words_where_columns_do_not_fit(columns, found, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    result = SimpleNamespace(
        trials=TRIALS, entry=SimpleNamespace(space=SPACE), full={}, importances={}, verdict="A tie.", best=TRIALS[1]
    )
    _print_table(result)
    assert found in capsys.readouterr().out
