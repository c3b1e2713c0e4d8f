"""The command that tunes once more says all that was asked for, and no more."""

from dataclasses import replace

import pytest

from forecast.data.read_options import ReadOptions
from forecast.experiment.tuning.search_space import SearchedSetting
from forecast.experiment.tuning.tuning_entry import tune_command
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.specs import Settings

SPACE = (SearchedSetting("window", 24, (12, 24)), SearchedSetting("steps", 50, (25, 50)))
ENTRY = TuningEntry(
    *("shop", "shop.csv", ReadOptions(), None, "f" * 64, 100, Settings(preset="fast")),
    *("auto", 6, 24, SPACE, 5, 3, 3, 4),
    searched_to="2024-01-31",
    begun="2024-02-01T00:00:00+00:00",
)
PLAIN = "forecast tune shop.csv --preset fast --trials 9 --name shop{} --search window,steps"


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        ({}, ""),
        ({"model": "linear"}, " --model linear"),
        ({"confirm": 1}, " --confirm 1"),
        ({"sample": 40}, " --sample 40"),
        ({"batch": 8}, " --workers 8"),
    ],
)
def test_command_names_what_differs_from_the_usual(change, flags):
    assert tune_command(replace(ENTRY, **change), 9) == PLAIN.format(flags)
