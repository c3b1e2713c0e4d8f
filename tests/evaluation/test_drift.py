import math
from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.drift import MARGIN, DriftEvidence, DriftLimits, detect_drift, values_outside
from tiny import awkward_panel

CALM = DriftEvidence(
    version="v3",
    backtest_rmse=6.5,
    live_rmse=7.0,
    live_points=48,
    coverage_80=0.79,
    covered_points=48,
    outside=2,
    new_values=28,
)


def names(evidence, **limits):
    return [signal.name for signal in detect_drift(evidence, DriftLimits(**limits))]


def test_nothing_fires_where_all_is_well():
    assert detect_drift(CALM) == ()


@pytest.mark.parametrize(
    ("change", "name", "sentence"),
    [
        (
            {"live_rmse": 12345.6},
            "error",
            "The last 48 forecasts of v3 that came true have an RMSE of 12,346, 1899.3 times the 6.5 of its backtest "
            "(limit: 2 times).",
        ),
        (
            {"coverage_80": 0.52},
            "coverage",
            "The 80 % intervals of v3 held 52 % of the last 48 truths (limit: 60 %).",
        ),
        (
            {"outside": 7},
            "range",
            "7 of 28 new values (25 %) lie out of the range that v3 was trained on (limit: 20 %).",
        ),
    ],
)
def test_signal_that_fired_is_told_with_its_numbers(change, name, sentence):
    [signal] = detect_drift(replace(CALM, **change))
    assert (signal.name, signal.sentence) == (name, sentence)


def test_all_that_fired_are_told_the_gravest_first():
    worst = replace(CALM, live_rmse=60.0, coverage_80=0.1, outside=28)
    assert names(worst) == ["error", "coverage", "range"]


@pytest.mark.parametrize(
    ("at", "beyond", "name"),
    [
        ({"live_rmse": 2 * 6.5}, {"live_rmse": 2 * 6.5 + 1e-9}, "error"),
        ({"coverage_80": 0.6}, {"coverage_80": 0.6 - 1e-9}, "coverage"),
        ({"new_values": 10, "outside": 2}, {"new_values": 10, "outside": 3}, "range"),
    ],
)
def test_limit_itself_is_still_well(at, beyond, name):
    assert names(replace(CALM, **at)) == []
    assert names(replace(CALM, **beyond)) == [name]


@pytest.mark.parametrize(
    ("bad", "few"),
    [
        ({"live_rmse": 99.0}, {"live_points": 19}),
        ({"coverage_80": 0.1}, {"covered_points": 19}),
        ({"outside": 9}, {"new_values": 9}),
    ],
)
def test_too_few_points_say_nothing(bad, few):
    assert len(names(replace(CALM, **bad))) == 1
    assert names(replace(CALM, **bad, **few)) == []
    assert len(names(replace(CALM, **bad, **few), fewest_points=1, fewest_values=1)) == 1


@pytest.mark.parametrize(
    "unknown", [{"live_rmse": None, "live_points": 0}, {"backtest_rmse": None}, {"backtest_rmse": 0.0}]
)
def test_what_is_not_known_does_not_fire(unknown):
    assert names(replace(CALM, **{"live_rmse": 99.0, **unknown})) == []
    assert names(replace(CALM, coverage_80=None, covered_points=0, outside=0, new_values=0)) == []


def test_signals_do_not_depend_on_the_unit():
    for scale in (1e-6, 1.0, 1e9):
        scaled = replace(CALM, live_rmse=scale * 14.0, backtest_rmse=scale * 6.5)
        assert names(scaled) == ["error"]


# The range


def outside_of_training(panel, trained):
    """The same, a value at a time."""
    counts = [0, 0]
    for i in range(len(panel)):
        past = [value for value in panel.series(i)[: trained[i]] if not math.isnan(value)]
        for value in panel.series(i)[trained[i] :]:
            if past and not math.isnan(value):
                room = MARGIN * (max(past) - min(past))
                counts[0] += not min(past) - room <= value <= max(past) + room
                counts[1] += 1
    return tuple(counts)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 1.0])
def test_values_outside_are_those_counted_one_by_one(share):
    panel = awkward_panel()
    trained = (panel.lengths * share).astype(np.int64)
    assert values_outside(panel, trained) == outside_of_training(panel, trained)


def test_each_series_has_its_own_range():
    panel = panel_from_series([[1, 2, 3, 2, 5], [100, 200, 300, 5, 250]], "D")
    assert values_outside(panel, np.array([3, 3])) == (2, 4)


def test_a_little_beyond_the_range_is_inside():
    values = [0.0, 10.0, 10.9, -0.9, 11.1, -1.1]
    assert values_outside(panel_from_series([values], "D"), np.array([2])) == (2, 4)
