from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from forecast.errors import UsageError
from forecast.models.networks.cells import CELLS
from forecast.models.networks.presets import make_spec, step_cost, views_of
from forecast.specs import Overrides, Plan, Settings, ViewSet

PLANS = [
    Plan(horizon, window, seasons, folds=2, refit=True, nonnegative=nonnegative)
    for horizon, window, seasons, nonnegative in [
        (12, 36, (12,), True),
        (28, 35, (7, 365), False),
        (48, 72, (24, 168), True),
        (4, 8, (), True),
        (1, 1, (), False),
        (6, 5, (12,), True),
        (13, 156, (52,), True),
    ]
]
PRESETS = ["fast", "balanced", "best", "tutorial"]


def specs():
    for plan, preset, windows in product(PLANS, PRESETS, (1, 50, 5000, 10**7)):
        yield plan, make_spec("gru", plan, Settings(preset=preset), windows)


def test_every_spec_keeps_the_plan_s_window_horizon_and_season():
    for plan, spec in specs():
        assert (spec.window, spec.horizon, spec.season) == (plan.window, plan.horizon, plan.season)


def test_members_of_a_spec_can_be_told_apart():
    for _, spec in specs():
        assert len(set(spec.views)) == len(spec.views) > 0
        assert len(set(spec.seeds)) == len(spec.seeds) > 0


def test_data_with_negative_values_is_never_logged():
    for plan, spec in specs():
        assert plan.nonnegative or not any(view.log for view in spec.views)


@pytest.mark.parametrize("preset", PRESETS[:3])
def test_networks_are_trusted_against_smoothing_too_but_those_of_prices_are_not(preset):
    naive = ("naive", "seasonal-naive")
    for plan in PLANS:
        anchors = [
            make_spec("gru", replace(plan, kind=kind), Settings(preset=preset), 5000).anchors
            for kind in ("auto", "sales", "price")
        ]
        assert anchors == [(*naive, "smoothing"), (*naive, "smoothing"), naive]


def test_more_costly_presets_train_no_less():
    for plan in PLANS:
        made = [make_spec("lstm", plan, Settings(preset=preset), 5000) for preset in ("fast", "balanced", "best")]
        costs = [spec.steps * len(spec.views) * len(spec.seeds) for spec in made]
        assert costs == sorted(costs)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_person_gave_is_kept(preset):
    overrides = Overrides(units=7, layers=3, dropout=0.2, loss="huber", steps=11, batch_size=5, learning_rate=0.01)
    settings = Settings(preset=preset, seed=40, seeds=3, overrides=overrides)
    spec = make_spec("rnn", PLANS[0], settings, 100)
    assert spec.seeds == (40, 41, 42)
    assert {name: getattr(spec, name) for name in overrides.given()} == overrides.given()


@pytest.mark.parametrize(
    ("season", "window", "nonnegative", "bases"),
    [
        (12, 48, True, ["smoothed", "last-season", "mean-season"]),
        (12, 48, False, ["smoothed", "last-season", "mean-season"]),
        (1, 16, True, ["smoothed", "last-season", "last-value"]),
        (52, 30, True, ["smoothed", "last-season", "last-value"]),
    ],
)
def test_views_of_a_short_series_have_a_base_each(season, window, nonnegative, bases):
    plan = replace(PLANS[0], seasons=(season,) if season > 1 else (), window=window, nonnegative=nonnegative)
    views = make_spec("gru", plan, Settings(), windows=50).views
    assert [view.base for view in views] == bases
    assert [view.log for view in views] == [False, nonnegative, nonnegative and bases[2] == "mean-season"]
    assert [view.ridge for view in views] == [True, False, bases[2] == "last-value"]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_training_on_many_windows_costs_no_more_than_is_affordable(cell):
    for window, horizon in ((48, 24), (336, 48), (36, 18)):
        plan = replace(PLANS[0], seasons=(12,), window=window, horizon=horizon)
        spec = make_spec(cell, plan, Settings(), windows=50_000)
        assert spec.steps == min(1000, 50 * round(90e9 / step_cost(spec) / 50))


@pytest.mark.parametrize("cell", CELLS)
def test_cells_see_the_same(cell):
    spec, other = (make_spec(name, PLANS[0], Settings(), 100) for name in (cell, "rnn"))
    assert spec.with_(cell="rnn", steps=other.steps) == other


def test_tutorial_is_what_tutorials_teach():
    spec = make_spec("lstm", PLANS[0], Settings(preset="tutorial"), windows=320)
    assert (spec.units, spec.layers, spec.batch_size, spec.loss) == (50, 2, 32, "mse")
    assert spec.steps == 50 * 10  # 50 epochs of ten batches
    assert spec.rolled
    assert not spec.highway
    assert [(view.base, view.level, view.scale) for view in spec.views] == [("zero", "series", "range")]


@pytest.mark.parametrize("preset", PRESETS)
def test_one_recurrent_step_an_observation_where_it_is_asked_for(preset):
    spec = make_spec("lstm", PLANS[0], Settings(preset=preset, overrides=Overrides(segment=1)), windows=320)
    assert spec.segment == 1
    usual = make_spec("lstm", PLANS[0], Settings(preset=preset), windows=320)
    assert spec.with_(segment=usual.segment) == usual  # on so few windows nothing else hangs on it


def test_steps_on_many_windows_are_as_many_as_segments_of_that_length_can_afford():
    plan = replace(PLANS[0], seasons=(12,), window=336, horizon=48)
    spec = make_spec("lstm", plan, Settings(overrides=Overrides(segment=1)), windows=50_000)
    assert spec.steps < make_spec("lstm", plan, Settings(), windows=50_000).steps


def test_a_segment_that_does_not_divide_the_window_is_refused():
    with pytest.raises(UsageError, match="can't be cut into segments of 5"):
        make_spec("lstm", replace(PLANS[0], window=48), Settings(overrides=Overrides(segment=5)), windows=100)


@pytest.mark.parametrize("plan", PLANS)
def test_bare_cells_are_alike_and_have_nothing_beside_them(plan):
    spec, other = (make_spec(cell, plan, Settings(preset="fast"), 100, is_bare=True) for cell in ("lstm", "rnn"))
    assert spec.with_(cell="rnn") == other
    assert (spec.segment, spec.highway, spec.anchors, spec.calendar) == (1, False, (), False)
    assert [view.base for view in spec.views] == ["zero"]


@pytest.mark.parametrize("name", get_args(ViewSet))
def test_views_that_were_asked_for_stand_in_place_of_the_recipes(name):
    plan = Plan(horizon=6, window=48, seasons=(12,), folds=3, refit=True, nonnegative=True)
    usual = make_spec("gru", plan, Settings(), 5000).views
    found = make_spec("gru", plan, Settings(overrides=Overrides(views=name)), 5000).views
    assert found == views_of(name, plan, usual) != usual
    assert len(set(found)) == len(found)
    if name in {"log", "level"}:
        assert {view.log for view in found} == {name == "log"}


def test_values_below_zero_have_no_logarithm():
    plan = Plan(horizon=6, window=48, seasons=(12,), folds=3, refit=True, nonnegative=False)
    with pytest.raises(UsageError, match="--views log needs values that are never below zero"):
        make_spec("gru", plan, Settings(overrides=Overrides(views="log")), 5000)
