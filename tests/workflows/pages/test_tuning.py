"""The page of a tuning: each trial tells what it changes of the default, which fits a phone whatever is searched."""

from dataclasses import replace
from datetime import UTC, datetime

from forecast.data.read_options import ReadOptions
from forecast.experiment.tuning.optuna_study import TriedSettings
from forecast.experiment.tuning.search_space import SearchedSetting
from forecast.experiment.tuning.tuning_folder import TuningEntry
from forecast.specs import Settings
from forecast.workflows.pages.tuning import TuningOutcome, tuning_page

SPACE = (
    SearchedSetting("window", 24, (12, 24, 48)),
    SearchedSetting("learning-rate", 1e-3, (2e-4, 5e-3), is_range=True),
    SearchedSetting("loss", "mae", ("mae", "mse"), is_ordered=False),
)
ENTRY = TuningEntry(
    *("shop", "shop.csv", ReadOptions(), None, "f" * 64, 100, Settings(), "auto", 6, 24, SPACE, 5, 2, 2, 4),
    searched_to="2024-01-31",
    begun="2024-02-01T00:00:00+00:00",
)
USUAL = {each.name: each.default for each in SPACE}
DEFAULT = TriedSettings(0, USUAL, "whole", 1.0, seconds=9.0)
OTHER = replace(DEFAULT, number=1, values=USUAL | {"learning-rate": 2.2e-3, "window": 48}, error=0.9)


def test_trials_tell_what_they_change():
    told = TuningOutcome("A tie.", None, "", "forecast tune shop.csv")
    page = tuning_page(ENTRY, (DEFAULT, OTHER), {}, told, datetime(2024, 2, 1, tzinfo=UTC)).decode()
    table = page[page.index('id="trials"') : page.index('id="searched"')]
    assert "window 48, learning-rate 0.0022" in table
    assert table.index("0.9000") < table.index("window 48") < table.index("1.0000") < table.index("nothing")
    assert "mae" not in table
