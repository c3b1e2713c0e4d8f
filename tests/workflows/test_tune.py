"""Who does the trials of a tuning where nobody says: several processes where each would use one core alone."""

import numpy as np
import pytest

from forecast.cli.commands import tune as command
from forecast.data.read_options import ReadOptions
from forecast.experiment.tuning.tune_search import SearchLimits
from forecast.production.store.store import Store
from forecast.run import SILENT, Cache, Run, StoppedClock
from forecast.specs import Machine, Settings
from forecast.workflows.tuning import tune as workflow


class OpenedError(Exception):
    """Somebody is asked to do trials."""


@pytest.mark.parametrize(("series", "asked", "workers"), [(1, 1, 3), (1, 4, 4), (90, 1, 1), (90, 2, 2)])
def test_small_data_is_shared_by_the_processes_that_are_to_spare_and_a_panel_is_not(
    tmp_path, monkeypatch, series, asked, workers
):
    def opened(place, run):
        raise OpenedError(place.workers)

    days = np.arange(np.datetime64("2024-01-01"), np.datetime64("2024-03-01"))
    lines = [f"{day},s{number},{day.astype(int) % 7 + number}" for number in range(series) for day in days]
    (tmp_path / "shop.csv").write_text("day,shop,sales\n" + "\n".join(lines) + "\n")
    monkeypatch.setattr(workflow, "open_executor", opened)
    request = workflow.TuneRequest(
        *(str(tmp_path / "shop.csv"), ReadOptions(), Settings(horizon=3), "linear", None, ("steps",), {}),
        limits=SearchLimits(20, workers=asked),
        folder=tmp_path,
        plots="none",
        spare=3,
    )
    with pytest.raises(OpenedError, match=str(workers)):
        workflow.tune(request, Store(tmp_path / "store"), Run(Machine(), SILENT, StoppedClock(), Cache()))


@pytest.mark.parametrize(
    ("given", "card", "spare"),
    [
        ({}, False, 4),
        ({"trials": 12}, False, 4),
        ({"trials": 11}, False, 1),
        ({"workers": 1}, False, 1),
        ({"cluster": "tcp://a:1"}, False, 1),
        ({}, True, 1),
    ],
)
def test_processes_are_to_spare_for_many_trials_where_nobody_says_who_does_them(monkeypatch, given, card, spare):
    monkeypatch.setattr(command, "has_graphics_card", lambda: card)
    monkeypatch.setattr("forecast.process.available_cpus", lambda: 8)
    assert command._spare(command.TuneFlags(**given), command.TuneSettingsFlags()) == spare
