import re
from dataclasses import replace

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.data.panel import panel_from_series
from forecast.data.windows import cut_windows
from forecast.errors import DataError, UsageError
from forecast.evaluation.splits import rolling_origins
from forecast.experiment.plan import make_plan
from forecast.models.networks.presets import make_spec
from forecast.specs import Settings
from marks import slow_but
from tiny import wave

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


RANDOM = hypothesis.settings(deadline=None, max_examples=10)


def line(steps, frequency="D", series=1):
    return panel_from_series([np.arange(1.0, steps + 1)] * series, frequency)


def earliest(panel, plan):
    least = min(plan.window, plan.season + 1)
    return rolling_origins(panel, plan.horizon, plan.folds, least, warms_up=plan.warms_up)[0]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("frequency", slow_but(["D", "MS", "15min"], FREQUENCIES))
def test_plan_is_refused_or_can_be_carried_out(frequency, settings):
    planned, turn = 0, (FREQUENCIES.index(frequency) + SETTINGS.index(settings)) % 7
    lengths = LENGTHS[turn::7]  # each length with each frequency, and with each setting
    for steps in lengths:
        panel = line(steps, frequency)
        try:
            plan = make_plan(panel, settings)
        except (DataError, UsageError):
            continue
        planned += 1
        first = earliest(panel, plan)
        spec = make_spec("lstm", plan, settings, windows=steps)
        for season in {view.season for view in spec.views}:
            assert len(cut_windows(first.train(panel), plan.window, 1 if spec.rolled else plan.horizon, season)) > 0
    assert planned > len(lengths) / 2


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
        UsageError, match=r"20 rows are too few to forecast 9 steps .* on 1 fold: 27 are needed"
    ) as error:
        make_plan(line(20), Settings(horizon=9))
    assert make_plan(line(20), Settings(horizon=int(error.value.hint.split()[1])))
    assert make_plan(line(27), Settings(horizon=9)).folds == 1


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


# Any length, frequency and wish

WISHES = st.builds(
    Settings,
    horizon=st.none() | st.integers(1, 80),
    window=st.none() | st.integers(1, 500),
    season=st.none() | st.integers(1, 400),
    folds=st.none() | st.integers(1, 12),
    preset=st.sampled_from(["balanced", "tutorial"]),
)


def carry_out(panel, plan, settings):
    """Cuts what training cuts at the earliest origin; returns the number of windows."""
    first = earliest(panel, plan)
    spec = make_spec("gru", plan, settings, windows=len(panel.values))
    ahead = 1 if spec.rolled else plan.horizon
    return min(len(cut_windows(first.train(panel), plan.window, ahead, view.season)) for view in spec.views)


@RANDOM
@given(st.integers(5, 2000), st.sampled_from(FREQUENCIES), WISHES)
def test_any_plan_fits_its_data_and_keeps_what_was_wished(steps, frequency, settings):
    panel = line(steps, frequency)
    try:
        plan = make_plan(panel, settings)
    except (DataError, UsageError):
        return
    wished = {name: value for name in ("horizon", "window", "folds") if (value := getattr(settings, name))}
    assert {name: getattr(plan, name) for name in wished} == wished
    assert settings.season in {None, plan.season}
    assert plan.window + plan.horizon + plan.folds * plan.horizon <= steps or settings.window
    assert carry_out(panel, plan, settings) > 0


@RANDOM
@given(st.integers(5, 2000), st.sampled_from(FREQUENCIES))
def test_without_wishes_five_rows_are_always_enough(steps, frequency):
    panel = line(steps, frequency)
    plan = make_plan(panel, Settings())
    assert 1 <= plan.folds <= max(3, 19 // plan.horizon)
    assert carry_out(panel, plan, Settings()) > 0


@RANDOM
@given(st.integers(5, 2000), st.sampled_from(FREQUENCIES), WISHES)
def test_advice_that_comes_with_a_refusal_works(steps, frequency, settings):
    panel, wished = line(steps, frequency), settings
    for _ in range(4):  # one flag after another may be in the way
        try:
            plan = make_plan(panel, wished)
        except (DataError, UsageError) as error:
            advice = re.findall(r"--(\w+) (\d+)", error.hint.split(", or ")[0])
            wished = replace(wished, **{name: int(number) for name, number in advice})
        else:
            assert carry_out(panel, plan, wished) > 0
            return
    pytest.fail(f"{settings} ends in {wished}")


@RANDOM
@given(st.integers(6, 500), st.integers(1, 80), st.integers(1, 12))
def test_number_of_rows_that_is_asked_for_is_the_least_that_will_do(steps, horizon, folds):
    settings = Settings(horizon=horizon, folds=folds)
    try:
        make_plan(line(steps), settings)
    except UsageError as error:
        needed = int(error.message.split(": ")[1].split()[0].replace(",", ""))
        assert needed > steps
        assert make_plan(line(needed), settings)
        with pytest.raises(UsageError, match="are too few"):
            make_plan(line(needed - 1), settings)


def test_season_or_window_that_the_data_can_not_show_is_refused():
    with pytest.raises(
        UsageError, match="A season of 500 steps is longer than what is known at the earliest fold"
    ) as e:
        make_plan(line(60), Settings(season=500))
    assert e.value.hint == "--season 36 or less; 1 for none"
    with pytest.raises(UsageError, match="A window of 5,000 steps and 12 steps after it don't fit") as e:
        make_plan(line(60), Settings(window=5000))
    assert make_plan(line(60), Settings(window=int(e.value.hint.split()[1]))).window == 24


def test_folds_that_do_not_fit_are_the_users_to_change():
    with pytest.raises(UsageError, match="60 rows are too few to forecast 12 steps and to score that on 40 folds") as e:
        make_plan(line(60), Settings(folds=40))
    assert e.value.hint == "--horizon 1, or --folds 3"
    assert make_plan(line(60), Settings(folds=40, horizon=1)).folds == 40
    assert make_plan(line(60), Settings(folds=2)).folds == 2


def test_one_long_series_of_a_panel_is_enough_for_a_long_window():
    panel = panel_from_series([wave(40)] * 3 + [wave(400)], "D")
    assert make_plan(panel, Settings(window=60, horizon=3, folds=1)).window == 60


@pytest.mark.parametrize(("horizon", "series", "folds"), [(1, 1, 19), (2, 1, 9), (4, 1, 4), (7, 1, 3), (1, 20, 7)])
def test_short_horizons_are_scored_often_enough_to_tell_chance_and_widths(horizon, series, folds):
    assert make_plan(line(200, series=series), Settings(horizon=horizon)).folds == folds


@pytest.mark.parametrize(("place", "nonnegative"), [(-1, True), (-48, True), (-49, False), (0, False)])
def test_what_came_after_the_earliest_origin_is_no_part_of_the_plan(place, nonnegative):
    values = np.arange(1.0, 145.0)
    values[place] = -1.0
    assert make_plan(panel_from_series([values, np.ones(144)], "MS"), Settings()).nonnegative is nonnegative


@pytest.mark.parametrize(("steps", "asked", "refit"), [(200, None, True), (1100, None, False), (1100, 19, True)])
def test_many_short_folds_of_a_long_series_are_trained_once(steps, asked, refit):
    plan = make_plan(line(steps), Settings(horizon=1, folds=asked))
    assert (plan.folds, plan.refit) == (19, refit)


@pytest.mark.parametrize(
    ("steps", "frequency", "horizon", "season"),
    [
        (36, "MS", 12, 12),
        (12, "QS", 4, 4),
        (21, "D", 7, 7),
        (72, "h", 24, 24),
        (12, "YS", 4, 1),
        (156, "W-SUN", 52, 52),
    ],
)
def test_three_horizons_are_two_to_learn_from_and_one_to_score(steps, frequency, horizon, season):
    cycle = 100 + 10 * np.sin(2 * np.pi * np.arange(steps) / max(season, 2))
    panel = panel_from_series([cycle + np.random.default_rng(0).normal(0, 0.5, steps)], frequency)
    plan = make_plan(panel, Settings(horizon=horizon))
    unscored, first = rolling_origins(panel, horizon, plan.folds, 1, warms_up=plan.warms_up)
    assert (plan.folds, plan.warms_up, plan.window) == (1, False, max(season, min(horizon, int(0.6 * 2 * horizon))))
    assert first.cuts.tolist() == [2 * horizon]
    assert first.truth(panel).tolist() == [panel.values[-horizon:].tolist()]
    assert np.isnan(unscored.truth(panel)).all()
    with pytest.raises(UsageError, match=f"{3 * horizon} are needed") as error:
        make_plan(panel.tail(steps - 1), Settings(horizon=horizon))
    assert make_plan(panel.tail(steps - 1), Settings(horizon=int(error.value.hint.split()[1])))


def test_two_years_that_show_a_season_are_believed_and_two_of_noise_are_not():
    rng = np.random.default_rng(3)
    cycle = 100 + 10 * np.sin(2 * np.pi * np.arange(24) / 12)
    for series, seasons in ((cycle + rng.normal(0, 0.5, 24), (12,)), (rng.normal(100, 5, 24), ())):
        assert make_plan(panel_from_series([series], "MS"), Settings()).seasons == seasons


def test_seasonal_naive_repeats_the_season_that_is_seen_and_errs_least():
    rng, t = np.random.default_rng(4), np.arange(1500)
    year, week = 10 * np.sin(2 * np.pi * t / 365), 5 * (t % 7 >= 5)
    for series, expected in ((year, 365), (week, 7), (0 * t, 7), (year / 10 + week, 7), (year + week / 5, 365)):
        plan = make_plan(panel_from_series([50 + series + rng.normal(0, 1, t.size)], "D"), Settings(horizon=60))
        assert (plan.naive_season, plan.season_of("seasonal-naive"), plan.season_of("gru")) == (expected, expected, 7)
    assert make_plan(panel_from_series([50 + year], "D"), Settings(season=7)).naive_season == 7


def test_what_is_ignored_must_leave_something_to_learn_from_before_the_earliest_fold():
    values = np.arange(24) % 5 + np.sin(np.arange(24)) + 3.0
    panel = panel_from_series([values], "QS").ignoring([(10, 16)])
    with pytest.raises(
        DataError, match="leaves 4 steps to learn from before the earliest fold, and 6 are needed"
    ) as no:
        make_plan(panel, Settings(horizon=5))
    assert no.value.hint == "a shorter span to --ignore, --horizon 2, or --folds 1"
    assert make_plan(panel, Settings(horizon=2)).horizon == 2


def test_a_plan_counts_the_steps_that_are_not_ignored():
    values = np.arange(60) % 5 + np.sin(np.arange(60)) + 3.0
    panel = panel_from_series([values], "YS")
    shorter = panel_from_series([values[20:]], "YS")
    plans = [make_plan(each, Settings()) for each in (panel.ignoring([(0, 19)]), shorter)]
    assert (plans[0].horizon, plans[0].folds, plans[0].window) == (plans[1].horizon, plans[1].folds, plans[1].window)


def test_a_price_may_be_ignored_for_some_days_whatever_stands_in_gaps():
    values = 10.0 + np.arange(60) % 7
    panel = panel_from_series([values], "D", fill="zero").ignoring([(20, 25)])
    assert make_plan(panel, Settings(kind="price")).kind == "price"
