import numpy as np
import pytest
from tiny import wave

from forecast.data.panel import panel_from_series
from forecast.data.windows import cut_windows
from forecast.errors import DataError, UsageError
from forecast.evaluation.splits import rolling_origins
from forecast.models.recipe import make_spec
from forecast.specs import Settings
from forecast.workflows.planning import make_plan

FREQUENCIES = ["15min", "h", "D", "B", "W-SUN", "MS", "QS", "YS"]
LENGTHS = [*range(2, 60), 100, 150, 400, 1500]
SETTINGS = [
    Settings(),
    Settings(preset="tutorial"),
    Settings(horizon=3),
    Settings(window=10),
    Settings(season=6),
    Settings(folds=2),
    Settings(horizon=1, window=1, folds=1, season=1),
]


def line(steps, frequency="D", series=1):
    return panel_from_series([np.arange(1.0, steps + 1)] * series, frequency)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_plan_is_refused_or_can_be_carried_out(frequency, settings):
    planned = 0
    for steps in LENGTHS:
        panel = line(steps, frequency)
        try:
            plan = make_plan(panel, settings)
        except (DataError, UsageError):
            continue
        planned += 1
        first = rolling_origins(panel, plan.horizon, plan.folds, min(plan.window, plan.season + 1))[0]
        spec = make_spec("lstm", plan, settings, windows=steps)
        for season in {view.season for view in spec.views}:
            assert len(cut_windows(first.train(panel), plan.window, 1 if spec.rolled else plan.horizon, season)) > 0
    assert planned > len(LENGTHS) / 2


@pytest.mark.parametrize("settings", SETTINGS)
def test_what_a_person_gave_is_kept(settings):
    plan = make_plan(line(200), settings)
    for name in ("horizon", "window", "folds"):
        assert getattr(settings, name) in (None, getattr(plan, name))
    assert settings.season in (None, plan.season)


def test_more_data_is_refused_no_more_than_less():
    def fits(steps):
        try:
            return bool(make_plan(line(steps), Settings(horizon=3)))
        except UsageError:
            return False

    answers = [fits(steps) for steps in range(2, 60)]
    assert answers == sorted(answers)


def test_too_few_rows_say_how_many_are_needed():
    with pytest.raises(
        DataError, match="2 rows are too few to forecast 1 step and to score that on 1 fold: 4 are needed"
    ):
        make_plan(line(2), Settings())
    with pytest.raises(
        UsageError, match=r"20 rows are too few to forecast 9 steps .* on 1 fold: 28 are needed"
    ) as error:
        make_plan(line(20), Settings(horizon=9))
    assert make_plan(line(20), Settings(horizon=int(error.value.hint.split()[1])))
    assert make_plan(line(28), Settings(horizon=9)).folds == 1


def test_season_is_believed_where_the_data_holds_two_and_a_half_of_it():
    assert make_plan(line(29, "MS"), Settings()).seasons == ()
    assert make_plan(line(30, "MS"), Settings()).seasons == (12,)
    assert make_plan(line(1000), Settings()).seasons == (7, 365)
    assert make_plan(line(1000), Settings(season=1)).season == 1


def test_negative_values_are_noticed_and_gaps_are_not():
    assert make_plan(line(60), Settings()).nonnegative
    assert make_plan(panel_from_series([[np.nan, *wave(60)]], "D"), Settings()).nonnegative
    assert not make_plan(panel_from_series([wave(60) - 21], "D"), Settings()).nonnegative


def test_large_panels_are_trained_once():
    assert make_plan(line(100), Settings()).refit
    assert not make_plan(line(100, series=51), Settings()).refit
