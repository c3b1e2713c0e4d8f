import numpy as np
import pytest

from forecast.data.files.written.forecast_csv import parse_forecasts
from forecast.errors import UsageError
from forecast.experiment.changes.difference import (
    PARTS,
    Reforecasts,
    parts_of_difference,
    shared_points,
    summed,
    values_at,
)
from forecast.models.forecaster import Forecasts

DAY = np.datetime64("2026-01-01", "s")
DAYS = np.timedelta64(1, "D")


def table(origin, values, *, every=1, version="v1"):
    """The rows of an issued forecast from the day after the origin: values by series."""
    lines = ["series_id,timestamp,step,forecast,lower_80,upper_80,model,version,origin"]
    start = (DAY + origin * DAYS).astype("datetime64[D]")
    for name, own in values.items():
        for step, value in enumerate(own, start=1):
            text = "" if np.isnan(value) else f"{value}"
            lines.append(f"{name},{start + step * every},{step},{text},{value - 1},{value + 1},gru,{version},{start}")
    return parse_forecasts("".join(f"{line}\n" for line in lines).encode())


def random_pair(seed, shift=3, horizon=8, series=("a", "b", "c")):
    rng = np.random.default_rng(seed)
    first = table(0, {name: rng.normal(100, 20, horizon) for name in series})
    return first, table(shift, {name: rng.normal(100, 20, horizon) for name in series}), rng


def test_only_steps_that_both_speak_of_are_compared_and_the_others_counted():
    before, after = table(0, {"a": [1, 2, 3, 4], "gone": [9, 9, 9, 9]}), table(2, {"new": [5] * 4, "a": [6, 7, 8, 9]})
    points = shared_points(before, after)
    assert [str(stamp)[:10] for stamp in points.timestamps] == ["2026-01-04", "2026-01-05"]
    assert (points.before.tolist(), points.after.tolist()) == ([3, 4], [6, 7])
    assert [points.series_ids[i] for i in points.series] == ["a", "a"]
    assert points.steps.tolist() == [1, 2]
    assert (points.lower.tolist(), points.upper.tolist()) == ([2, 3], [4, 5])
    assert (points.only_before, points.only_after) == (6, 6)


def test_a_lone_series_is_the_same_whatever_its_file_is_called():
    points = shared_points(table(0, {"sales": [1, 2]}), table(1, {"newest": [3, 4]}))
    assert (points.before.tolist(), points.after.tolist(), points.series_ids) == ([2], [3], ("newest",))


def test_a_step_that_is_no_number_in_one_of_them_is_left_out():
    points = shared_points(table(0, {"a": [1, np.nan, 3]}), table(0, {"a": [4, 5, np.nan]}))
    assert (points.before.tolist(), points.only_before, points.only_after) == ([1], 2, 2)


@pytest.mark.parametrize("turned", [False, True])
def test_forecasts_whose_steps_lie_between_each_other_are_refused(turned):
    pair = [table(0, {"a": np.ones(40)}), table(0, {"a": np.ones(5)}, every=7)]
    with pytest.raises(UsageError, match="of different frequencies"):
        shared_points(*(pair[::-1] if turned else pair))


def test_forecasts_far_apart_share_nothing():
    assert shared_points(table(0, {"a": [1, 2]}), table(9, {"a": [1, 2]})).before.size == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_same", [False, True])
@pytest.mark.parametrize("known", [(), ("old",), ("old", "new"), ("old", "old_plan"), ("old", "old_plan", "new")])
def test_parts_add_up_to_the_difference_of_each_step_and_of_every_total(seed, is_same, known):
    before, after, rng = random_pair(seed)
    points = shared_points(before, after)
    remade = Reforecasts(**{name: rng.normal(100, 20, points.before.size) for name in known})
    parts = parts_of_difference(points, remade, is_same_version=is_same)
    if not known and not is_same:
        assert parts is None
        return
    assert tuple(parts) == PARTS
    assert np.allclose(sum(parts.values()), points.after - points.before, rtol=0, atol=1e-9)
    sums = summed(points, parts, ["x", "y", "x"], None)
    assert np.allclose(sum(sums.parts.values()), sums.after - sums.before, rtol=0, atol=1e-9)
    assert sums.after.sum() == pytest.approx(points.after.sum(), abs=1e-9)


def test_each_part_is_what_its_step_changes():
    points = shared_points(table(0, {"a": [np.nan, 100.0]}), table(1, {"a": [130.0]}))
    told = Reforecasts(*(np.array([value]) for value in (104.0, 114.0, 130.0)))
    parts = parts_of_difference(points, told, is_same_version=False)
    assert {name: own.tolist() for name, own in parts.items()} == {"data": [4], "covariates": [10], "weights": [16]}


def test_one_version_has_no_part_of_weights_and_what_was_corrected_since_is_data():
    points = shared_points(table(0, {"a": [np.nan, 100.0]}), table(1, {"a": [130.0]}))
    same = parts_of_difference(points, Reforecasts(), is_same_version=True)
    assert {name: own.tolist() for name, own in same.items()} == {"data": [30], "covariates": [0], "weights": [0]}
    corrected = Reforecasts(old=np.array([110.0]), new=np.array([125.0]))  # the later forecast, made again, is 125
    parts = parts_of_difference(points, corrected, is_same_version=False)
    assert {name: own.tolist() for name, own in parts.items()} == {"data": [15], "covariates": [0], "weights": [15]}


def test_a_point_that_can_not_be_forecast_again_counts_as_data():
    points = shared_points(table(0, {"a": [1.0, 2.0]}), table(0, {"a": [11.0, 22.0]}))
    told = Reforecasts(old=np.array([np.nan, 20.0]), new=np.array([11.0, 22.0]))
    parts = parts_of_difference(points, told, is_same_version=False)
    assert (parts["data"].tolist(), parts["weights"].tolist()) == ([10, 18], [0, 2])


@pytest.mark.parametrize("seed", range(3))
def test_values_of_a_forecast_are_found_by_series_and_time(seed):
    before, after, rng = random_pair(seed)
    points = shared_points(before, after)
    names, stamps = ("c", "x", "a"), np.stack([DAY + (offset + np.arange(1, 7)) * DAYS for offset in (2, 3, 4)])
    made = Forecasts(names, stamps, rng.normal(size=(3, 6)))
    wanted = {(name, stamp): made.point[i, h] for i, name in enumerate(names) for h, stamp in enumerate(stamps[i])}
    keys = [(points.series_ids[i], stamp) for i, stamp in zip(points.series, points.timestamps, strict=True)]
    expected = [wanted.get(key, np.nan) for key in keys]
    assert np.array_equal(values_at(made, points), expected, equal_nan=True)
    assert 0 < np.isnan(expected).sum() < len(expected)


def test_sums_are_those_of_a_plain_loop():
    before, after, _ = random_pair(5)
    points = shared_points(before, after)
    parts = {name: points.difference * share for name, share in zip(PARTS, (0.5, 0.2, 0.3), strict=True)}
    sums = summed(points, parts, ["x", "y", "x"], None)
    group = {0: "x", 1: "y", 2: "x"}
    for i, (name, start) in enumerate(zip(sums.names, sums.starts, strict=True)):
        own = [p for p, s in enumerate(points.series) if group[int(s)] == name and points.timestamps[p] == start]
        assert sums.before[i] == pytest.approx(sum(points.before[p] for p in own))
        assert sums.parts["covariates"][i] == pytest.approx(sum(parts["covariates"][p] for p in own))
    assert len(sums.names) == 2 * 5
    assert sums.steps.tolist() == [1] * 10
