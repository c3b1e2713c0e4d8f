import re
import time
from dataclasses import dataclass, replace

import numpy as np
import pytest

from commands import QUICK, csv_bytes, run, visits
from forecast.cli.options.arguments import parse_time_limit
from forecast.data.panel import panel_from_series
from forecast.errors import UsageError
from forecast.evaluation.splits import rolling_origins
from forecast.experiment import experiment
from forecast.experiment.time_limit import (
    Terms,
    Timing,
    Work,
    affordable,
    check_terms,
    effort_limits,
    measure_paces,
    settle,
)
from forecast.models.combination import Combination
from forecast.models.networks.cells import CELLS
from forecast.models.networks.descent.batches import CHUNK
from forecast.models.networks.time_budget import Pace
from forecast.specs import Deadline, Machine, Overrides, Settings
from marks import slow
from runs import QUIET
from tiny import SEASON, random_weights, tiny_spec, wave
from untrained import train_nothing

PACE = Pace(fit=0.1, network=0.01, step=0.002, forecast=0.001)
PACES = {"rnn": replace(PACE, step=0.001), "lstm": PACE, "gru": replace(PACE, step=0.003)}
MANY = 10_000


def panel():
    return panel_from_series([wave(60), wave(60, seed=1)], "D")


def folds():
    return rolling_origins(panel(), 3, 2, SEASON + 1)


def specs(**changes):
    return {cell: tiny_spec(cell, **{"steps": 200, "seeds": (0, 1), **changes}) for cell in CELLS}


def deadline(seconds):
    return Deadline(seconds, QUIET.clock.seconds())


def settled(terms, settings=None):
    work = Work(folds(), refit=True, has_ensemble=False, is_train=False)
    return work, *settle(specs(), PACES, work, terms, effort_limits(settings or Settings(), MANY), QUIET.clock)


def test_deadline_counts_from_the_start_of_the_command():
    late = Deadline(60.0, began=100.0)
    assert (late.spent(150.0), late.left(150.0), late.left(170.0)) == (50.0, 10.0, -10.0)


# What can't be met is refused before anything is trained


@pytest.mark.parametrize(
    ("terms", "settings", "trained", "message"),
    [
        (Terms("params"), Settings(), ["gru"], "--match params needs at least two networks"),
        (Terms("seconds"), Settings(), ["gru", "linear"], "--match seconds needs at least two networks"),
        (Terms("seconds"), Settings(preset="tutorial"), CELLS, "--preset tutorial trains 50 epochs"),
        (Terms(deadline=deadline(99)), Settings(preset="tutorial"), CELLS, "--preset tutorial trains 50 epochs"),
        (Terms("seconds"), Settings(overrides=Overrides(steps=9)), CELLS, "settles the steps by itself"),
        (Terms(deadline=deadline(99)), Settings(), [], "--time-limit is for the training of networks"),
        (Terms(deadline=deadline(5)), Settings(), CELLS, "--time-limit 5s is too short"),
    ],
)
def test_terms_that_can_not_be_met_are_refused(terms, settings, trained, message):
    with pytest.raises(UsageError, match=message) as error:
        check_terms(terms, settings, trained)
    assert error.value.hint


def test_least_time_that_is_named_is_enough():
    with pytest.raises(UsageError) as error:
        check_terms(Terms(deadline=deadline(5)), Settings(), CELLS)
    least = parse_time_limit(re.search(r"--time-limit (\w+)", error.value.hint)[1])
    check_terms(Terms(deadline=deadline(least)), Settings(), CELLS)


# What is planned


@pytest.mark.parametrize("seconds", [10, 20, 30])
def test_a_deadline_is_planned_for_and_nearly_used_up(seconds):
    work, made, timing = settled(Terms(deadline=deadline(seconds)))
    assert 0.85 * seconds < work.seconds(made, PACES) <= seconds
    assert timing.pacers.keys() == PACES.keys()


def test_fast_is_the_most_under_a_deadline_where_it_is_asked_for():
    _, made, _ = settled(Terms(deadline=deadline(1e6)), Settings(preset="fast"))
    assert {(spec.steps, len(spec.seeds)) for spec in made.values()} == {(80, 1)}


def test_best_may_do_more_than_balanced():
    efforts = []
    for preset in ("fast", "balanced", "best"):
        _, made, _ = settled(Terms(deadline=deadline(1e6)), Settings(preset=preset))
        efforts.append(made["gru"].steps * len(made["gru"].seeds))
    assert efforts == sorted(set(efforts))


def test_few_windows_get_more_seeds_and_no_more_steps():
    room = effort_limits(Settings(), 100)
    assert room.share == 1.0
    assert room.seeds > effort_limits(Settings(), MANY).seeds


def test_equal_seconds_are_those_of_the_lstm():
    _, made, _ = settled(Terms("seconds"))
    times = [PACES[cell].fit_seconds(spec) for cell, spec in made.items()]
    assert times == pytest.approx([PACE.fit_seconds(specs()["lstm"])] * 3, rel=0.02)


def test_equal_seconds_keep_to_a_deadline_too():
    work, made, _ = settled(Terms("seconds", deadline(40)))
    times = [PACES[cell].fit_seconds(spec) for cell, spec in made.items()]
    assert max(times) == pytest.approx(min(times), rel=0.05)
    assert 30 < work.seconds(made, PACES) <= 40.5


@pytest.mark.parametrize(
    ("steps", "cells"),
    [
        ({"rnn": 200, "lstm": 200, "gru": 200}, ["rnn", "lstm", "gru"]),
        ({"rnn": 20, "lstm": 20, "gru": 20}, ["rnn", "lstm", "gru"]),
        ({"rnn": 60, "lstm": 19, "gru": 19}, ["rnn"]),
        ({"rnn": 19, "lstm": 19, "gru": 19}, []),
    ],
)
def test_cells_that_would_hardly_be_trained_are_left_out(steps, cells):
    """A cell that is left out gives nothing to the others here: what the plan is made by is tested above."""
    usual = specs()

    def plan(paces):
        return {cell: usual[cell].with_(steps=steps[cell]) for cell in paces}, len(paces)

    made, _ = affordable(usual, PACES, plan)
    assert list(made) == cells


@pytest.fixture
def slow_machine(monkeypatch, tmp_path):
    """A folder of data on a machine on which a training step takes an hour."""
    train_nothing(monkeypatch)
    hour = Pace(fit=0.1, network=0.01, step=3600.0, forecast=0.001)
    monkeypatch.setattr(experiment, "measure_paces", lambda specs, *rest: dict.fromkeys(specs, hour))
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(100)))
    return tmp_path


WORDS = ("train", "visits.csv", "--horizon", "7", "--time-limit", "10m", "--plots", "none")


@pytest.mark.slow
def test_time_that_is_too_short_for_any_network_saves_what_is_worth_something_and_says_so(slow_machine):
    done = run(*WORDS, folder=slow_machine)
    assert done.code == 0, done.err
    assert re.search(r"Saved +smoothing, exponential smoothing, since the time was too short", done.err)
    assert run("predict", "visits", folder=slow_machine).rows[0]["model"] == "smoothing"


def test_network_that_is_named_and_has_no_time_is_refused_with_what_mends_it(slow_machine):
    done = run(*WORDS, "--model", "gru", folder=slow_machine)
    assert (done.code, "The time is too short to train gru" in done.err, "--model smoothing" in done.err) == (
        6,
        True,
        True,
    )


def test_last_fit_turns_time_that_is_left_into_seeds():
    timing = Timing(PACES, {}, deadline(100), QUIET.clock, tail=5.0)
    wider = timing.more_seeds({"gru": specs()["gru"]}, Settings())["gru"]
    assert wider.seeds[:2] == (0, 1)
    assert len(wider.seeds) > 2
    assert wider.with_(seeds=(0, 1)) == specs()["gru"]
    assert timing.more_seeds({"gru": specs()["gru"]}, Settings(seeds=2))["gru"].seeds == (0, 1)
    late = Timing(PACES, {}, deadline(0.1), QUIET.clock)
    assert late.more_seeds({"gru": specs()["gru"]}, Settings())["gru"].seeds == (0, 1)


def test_members_of_added_seeds_count_as_those_of_their_view():
    used = np.array([True, True, False, False, True, True])  # three views, two seeds
    wider = Combination(used, 0.7, "smoothing").widened(2, 3)
    assert list(wider.used) == [True] * 3 + [False] * 3 + [True] * 3
    assert (wider.trust, wider.anchor) == (0.7, "smoothing")


def test_no_cell_is_compiled_where_the_import_has_left_less_than_twice_its_time():
    tiny = {"rnn": tiny_spec("rnn", dropout=0.1)}
    assert measure_paces(tiny, panel(), folds()[0], QUIET, lambda: 19.0, imported=10.0) == {}


@pytest.mark.slow
def test_cells_that_there_is_no_time_for_are_left_out_and_the_first_never_is():
    tiny = {cell: tiny_spec(cell) for cell in ("linear", "rnn")}
    assert measure_paces(tiny, panel(), folds()[0], QUIET, lambda: -1.0).keys() == {"linear"}
    paces = measure_paces(tiny, panel(), folds()[0], QUIET, lambda: np.inf)
    assert paces.keys() == tiny.keys()
    assert all(pace.step > 0 for pace in paces.values())


# The command


@dataclass
class Clock:
    """A clock on which nothing but training takes time: so many seconds a network, and so many a step."""

    network: float
    step: float
    now: float = 1000.0
    steps: int = 0

    def train(self, spec, maps, data, seed, on_chunk=None, *more):
        """In place of ``train_network``: the weights are random."""
        weights = random_weights(spec, seed)
        self.now += self.network
        for done in range(0, spec.steps, CHUNK):
            count = min(CHUNK, spec.steps - done)
            self.now, self.steps = self.now + count * self.step, self.steps + count
            if on_chunk:
                on_chunk(done + count, lambda: weights)
        return weights


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "network", "step"), [slow(25, 0.05, 0.002), (40, 0.3, 0.0005)])
def test_train_ends_within_its_limit_and_uses_it(limit, network, step, tmp_path, monkeypatch):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(200)))
    clock = Clock(network, step)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr("forecast.models.networks.training.train_network", clock.train)
    monkeypatch.setattr("forecast.experiment.experiment.machine_for", lambda models, asked: Machine(jit=False))
    done = run("train", "visits.csv", "--time-limit", f"{limit}s", "--plots", "none", folder=tmp_path)
    assert done.code == 0, done.err
    assert f" s of {limit} s" in done.err
    assert 0.5 * limit < clock.now - 1000 <= limit
    assert clock.steps > 1000


@pytest.mark.slow
def test_a_limit_is_kept_and_told(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    words = ("--models", "gru", *QUICK, "--plots", "none", "--time-limit", "40s")
    done = run("compare", "visits.csv", *words, folder=tmp_path)
    assert done.code == 0, done.err
    assert re.search(r"Time +\d+ s of 40 s", done.err)
    assert "(--time-limit)" in done.err
    assert "25 steps each" in done.err  # what was given is kept


@pytest.mark.slow
def test_matched_parameters_are_told_and_shown(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    words = ("--models", "rnn,lstm", *QUICK, "--plots", "none", "--match", "params", "--units", "16", "--json")
    done = run("compare", "visits.csv", *words, folder=tmp_path)
    assert done.code == 0, done.err
    counts = {row["model"]: row["params"] for row in done.document["leaderboard"]}
    assert counts["rnn"] == pytest.approx(counts["lstm"], rel=0.05)
    assert "Matched   parameters" in done.err
    assert f"{counts['lstm']:,}" in done.err
