"""A waterfall: its parts add up to the difference, none is favoured for its place, and few bars tell of many series."""

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.experiment.decisions.contributions import MOST_PARTS, shapley, waterfall_of
from forecast.models.forecaster import Forecasts


def forecasts_of(point):
    point = np.asarray(point, float)
    panel = panel_from_series([np.ones(5)] * len(point), "D", series_ids=[f"s{k}" for k in range(len(point))])
    return Forecasts(panel.series_ids, panel.future_timestamps(point.shape[1]), point)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7])
def test_parts_add_up_to_the_difference_whatever_the_changes_do_to_each_other(count):
    rng = np.random.default_rng(count)
    known = {}

    def value(chosen):
        return known.setdefault(chosen, float(rng.normal(100, 30)))

    parts = shapley([f"c{k}" for k in range(count)], value)
    assert sum(part.value for part in parts) == pytest.approx(value(frozenset(range(count))) - value(frozenset()))


def test_what_two_changes_do_together_is_shared_evenly():
    own = {0: 10.0, 1: 20.0}
    parts = shapley(["promo", "price"], lambda chosen: sum(own[k] for k in chosen) + 6.0 * (len(chosen) == 2))
    assert [(part.name, part.value) for part in parts] == [("promo", 13.0), ("price", 23.0)]


def test_a_change_that_does_nothing_adds_nothing():
    parts = shapley(["idle", "a", "b"], lambda chosen: 5.0 * (1 in chosen) * (2 in chosen))
    assert parts[0].value == pytest.approx(0)


def test_of_one_column_series_are_told_apart_the_smallest_together():
    before = forecasts_of(np.ones((20, 3)))
    after = forecasts_of(1 + np.arange(20.0)[:, None] * np.ones((20, 3)))
    fall = waterfall_of(before, after, np.ones(before.point.shape, bool), is_mean=False)
    assert (fall.by, len(fall.parts), fall.parts[0].name) == ("series", MOST_PARTS, "s19")
    assert fall.parts[-1].name == f"{20 - MOST_PARTS + 1} other series"
    assert fall.start + sum(part.value for part in fall.parts) == pytest.approx(fall.end)


def test_of_one_series_dates_are_told_apart_in_their_order():
    before, after = forecasts_of(np.ones((1, 20))), forecasts_of(np.arange(20.0)[None])
    fall = waterfall_of(before, after, np.ones(before.point.shape, bool), is_mean=False)
    assert (fall.by, fall.parts[0].name) == ("date", "1970-01-06 to 1970-01-08")
    assert fall.start + sum(part.value for part in fall.parts) == pytest.approx(fall.end)


def test_means_add_up_too():
    before, after = forecasts_of(np.ones((3, 4))), forecasts_of(np.arange(12.0).reshape(3, 4))
    fall = waterfall_of(before, after, np.ones((3, 4), bool), is_mean=True)
    assert (fall.start, fall.end) == pytest.approx((1.0, 5.5))
    assert fall.start + sum(part.value for part in fall.parts) == pytest.approx(5.5)


@pytest.mark.parametrize(("is_mean", "start", "end"), [(False, 6.0, 39.0), (True, 1.0, 6.5)])
def test_sums_of_others_and_steps_that_have_passed_are_added_up_by_neither(is_mean, start, end):
    before, after = forecasts_of(np.ones((3, 4))), forecasts_of(np.arange(12.0).reshape(3, 4))
    counts = np.array([[False] * 4, [True] * 4, [True, True, False, False]])  # a sum, and two series
    fall = waterfall_of(before, after, counts, is_mean=is_mean)
    assert (fall.start, fall.end) == pytest.approx((start, end))
    assert [part.name for part in fall.parts] == ["s1", "s2"]
    assert fall.start + sum(part.value for part in fall.parts) == pytest.approx(end)
