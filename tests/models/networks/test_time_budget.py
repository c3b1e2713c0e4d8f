from itertools import chain, pairwise, product
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.models.networks.cells import CELLS
from forecast.models.networks.presets import EFFORT
from forecast.models.networks.time_budget import (
    WORTH,
    EffortLimits,
    Pace,
    Pacer,
    TrainingBudget,
    measure_pace,
    plan_effort,
)
from tiny import VIEWS, tiny_spec

PACE = Pace(fit=0.5, network=0.05, step=0.01, forecast=0.125)
ROOM = EffortLimits(2.5, 4)


class Clock:
    """A clock that only moves when told to."""

    def __init__(self):
        self.now = 100.0

    def seconds(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def train(spec, pacer, clock, slowness=1.0, pace=PACE):
    """Trains as one thread does, at a pace that may differ from the measured; returns the steps of each network."""
    clock.now += slowness * pace.fit
    pacer.begin(spec, slowness * pace.fit)
    steps = []
    for _ in range(len(spec.views) * len(spec.seeds)):
        turn = pacer.network_budget(spec)
        clock.now += slowness * (pace.network + turn.steps * pace.step)
        turn.advance(turn.steps // 2)
        turn.advance(turn.steps)
        steps.append(turn.steps)
    return steps


# What training costs


@pytest.mark.parametrize("pace", [PACE, Pace(0.0, 0.0, 1e-6, 0.0), Pace(0.001, 0.02, 0.0003, 0.002)])
def test_pace_is_measured_as_it_is(pace, clock):
    spec = tiny_spec("gru", views=VIEWS, seeds=(0, 1), steps=400)

    class Model:
        def predict_members(self, panel, run=None):
            clock.now += len(VIEWS) * pace.forecast

    def fit(tried):
        clock.now += pace.network_seconds(tried)
        return Model()

    measured = measure_pace(fit, spec, panel=None, fit=pace.fit, clock=clock)
    for name in ("network", "step", "forecast"):
        assert getattr(measured, name) == pytest.approx(getattr(pace, name), rel=0.02, abs=1e-5)
    assert measured.fit_seconds(spec) == pytest.approx(pace.fit_seconds(spec), rel=0.05)


def test_steps_within_a_time_take_that_time():
    spec = tiny_spec("gru", views=VIEWS, seeds=(0, 1))
    steps = PACE.steps_within(spec, 20.0)
    assert PACE.fit_seconds(spec.with_(steps=steps)) == pytest.approx(20.0, abs=6 * PACE.step)
    assert PACE.steps_within(spec, 0.1) == 1


def test_in_a_hurry_one_short_fit_must_do_and_its_steps_count_as_dear(clock):
    spec, fits = tiny_spec("gru", views=VIEWS, steps=400), []

    def fit(tried):
        fits.append(tried)
        clock.now += PACE.network_seconds(tried)
        return SimpleNamespace(predict_members=lambda panel: panel)

    measured = measure_pace(fit, spec, panel=None, fit=PACE.fit, clock=clock, is_short=lambda: True)
    assert len(fits) == 1
    assert measured.network_seconds(spec) >= 0.9 * PACE.network_seconds(spec)


# What a time allows


def planned(seconds, room=ROOM):
    specs = {cell: tiny_spec(cell, views=VIEWS, steps=100 * (1 + i)) for i, cell in enumerate(CELLS)}

    def seconds_of(tried):
        return sum(4 * PACE.fit_seconds(spec) for spec in tried.values())

    made = plan_effort(specs, seconds_of, seconds, room)
    return made, seconds_of(made)


def test_a_plan_takes_no_longer_than_its_time_and_uses_most_of_it():
    for seconds in np.geomspace(20, 500, 40):
        _, taken = planned(seconds)
        assert 0.9 * seconds < taken <= 1.01 * seconds


def test_more_time_is_never_worth_less_training():
    works = []
    for seconds in np.geomspace(1, 3000, 80):
        made, _ = planned(seconds)
        works.append(sum(spec.steps * len(spec.seeds) * len(spec.views) for spec in made.values()))
    assert all(late > 0.9 * early for early, late in pairwise(works))
    assert works[-1] > 50 * works[0]


def test_a_plan_ends_at_the_most_it_may_do():
    made, _ = planned(1e9)
    assert [len(spec.seeds) for spec in made.values()] == [4, 4, 4]
    assert [spec.steps for spec in made.values()] == [250, 500, 750]


def test_hardly_any_time_leaves_the_smallest_network():
    made, _ = planned(0.01)
    assert {(len(spec.views), len(spec.seeds), spec.steps) for spec in made.values()} == {(1, 1, 1)}


def test_what_a_person_gave_is_kept_whatever_the_time():
    for seconds, (share, seeds) in product((0.1, 60, 1e6), ((None, 4), (2.5, None), (None, None))):
        made, _ = planned(seconds, EffortLimits(share, seeds))
        assert share or [spec.steps for spec in made.values()] == [100, 200, 300]
        assert seeds or all(spec.seeds == (0,) for spec in made.values())


def test_effort_of_presets_is_in_order():
    assert EFFORT["fast"] < EFFORT["balanced"] < EFFORT["best"]


# Keeping to it


@pytest.mark.parametrize("slowness", [0.5, 1.0, 1.7, 4.0])
def test_training_ends_in_time_on_a_machine_of_any_speed(slowness, clock):
    spec = tiny_spec("gru", views=VIEWS, seeds=(0, 1, 2), steps=300)
    seconds = 3 * PACE.fit_seconds(spec)
    ends = clock.now + seconds
    networks = 3 * PACE.network_seconds(spec)
    pacer = Pacer(PACE, clock, TrainingBudget(networks, lambda: ends - clock.now, fixed=seconds - networks))
    steps = [train(spec, pacer, clock, slowness) for _ in range(3)]
    assert clock.now <= ends + 0.02 * seconds
    if slowness <= 1:
        assert steps == [[300] * 9] * 3
        assert pacer.shortened == 0
    else:
        assert clock.now > ends - 0.1 * seconds
        assert pacer.shortened >= 26  # the first is trained before its slowness is known
        seeing = list(chain(*steps))[2:]  # at first nothing is known of the slowness
        assert max(seeing) < 3.5 * min(seeing)  # and none is left with next to nothing


def test_time_lost_between_fits_is_made_up_for(clock):
    spec = tiny_spec("gru", views=VIEWS, seeds=(0, 1, 2), steps=300)
    seconds = 2 * PACE.fit_seconds(spec) + 10
    ends = clock.now + seconds
    networks = 2 * PACE.network_seconds(spec)
    pacer = Pacer(PACE, clock, TrainingBudget(networks, lambda: ends - clock.now, fixed=seconds - networks), after=5.0)
    train(spec, pacer, clock)
    clock.now += 20  # forecasts were to take 5 s
    assert max(train(spec, pacer, clock)) < 300
    assert ends - 2 < clock.now + 5 <= ends + 0.5


def test_late_beyond_hope_trains_no_less_than_is_worth_anything(clock):
    spec = tiny_spec("gru", views=VIEWS, steps=300)
    pacer = Pacer(PACE, clock, TrainingBudget(10.0, lambda: -1.0))
    assert train(spec, pacer, clock) == [WORTH * 300] * 3


@pytest.mark.parametrize("slowness", [0.7, 1.0, 1.7])
def test_allotted_time_is_used_up_by_every_fit(slowness, clock):
    spec = tiny_spec("gru", views=VIEWS, seeds=(0, 1, 2), steps=300)
    pacer = Pacer(PACE, clock, allotted=PACE.fit_seconds(spec))
    began = clock.now
    for fits in (1, 2, 3, 4):
        train(spec, pacer, clock, slowness)
        assert clock.now - began == pytest.approx(fits * PACE.fit_seconds(spec), rel=0.05)


def test_without_a_time_every_network_gets_its_steps(clock):
    assert Pacer(PACE, clock).network_budget(tiny_spec("gru")).steps == 30
