import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chart_points import points_of
from forecast.data.frequency import ROW
from forecast.report.html.chart import (
    MOST_POINTS,
    Axis,
    band_path,
    count_ticks,
    date_ticks,
    days_of,
    dots_path,
    line_path,
    looks_of,
    number_ticks,
    spread_apart,
)


def test_line_goes_through_its_points():
    across, up = np.array([0.0, 0.5, 1.0]), np.array([0.0, 1.0, 0.25])
    np.testing.assert_allclose(points_of(line_path(across, up)), np.column_stack([across, up]))


def test_gap_breaks_the_line_and_a_lonely_point_is_a_dot():
    up = np.array([0.1, 0.2, np.nan, 0.4, np.nan])
    path = line_path(np.linspace(0, 1, 5), up)
    assert path.count("M") == 2
    assert path.endswith("h0")
    assert "nan" not in path


def test_nothing_known_is_no_path():
    nothing = np.full(3, np.nan)
    assert line_path(nothing, nothing) == band_path(nothing, nothing, nothing) == dots_path(nothing, nothing) == ""


def test_long_line_keeps_its_ends_and_extremes_and_little_else():
    values = np.random.default_rng(0).normal(size=50_000).cumsum() / 1000
    across = np.linspace(0, 1, values.size)
    points = points_of(line_path(across, values))
    assert len(points) <= MOST_POINTS + 2
    assert points[:, 1].max() == pytest.approx(values.max(), abs=1e-4)
    assert points[:, 1].min() == pytest.approx(values.min(), abs=1e-4)
    np.testing.assert_allclose(points[[0, -1], 1], values[[0, -1]], atol=1e-4)


def test_band_lies_between_its_edges_and_one_step_has_a_width():
    across, lower, upper = np.array([0.2, 0.8]), np.array([0.1, 0.2]), np.array([0.5, 0.6])
    points = points_of(band_path(across, lower, upper))
    np.testing.assert_allclose(points, [[0.2, 0.5], [0.8, 0.6], [0.8, 0.2], [0.2, 0.1]])
    alone = points_of(band_path(across[:1], lower[:1], upper[:1]))
    assert np.ptp(alone[:, 0]) > 0.01


def test_what_explodes_is_cut_off_and_stays_a_number():
    path = line_path(np.array([0.0, 1.0]), np.array([1e300, -1e300]))
    assert np.abs(points_of(path)).max() < 20


@given(st.lists(st.floats(0, 1), max_size=10))
def test_names_are_spread_apart_in_their_order(places):
    gap = 0.08
    moved = spread_apart(places, gap)
    order = np.argsort(places, kind="stable")
    assert (np.diff(np.array(moved)[order]) >= gap - 1e-9).all()
    assert max(moved, default=0) <= 1


def test_names_that_are_apart_stay_where_they_are():
    assert spread_apart([0.9, 0.1, 0.5], 0.2) == [0.9, 0.1, 0.5]


@given(st.integers(-2_000_000_000, 4_000_000_000), st.floats(1.8, 9.5), st.sampled_from([4, 5, 8]))
def test_dates_are_few_inside_and_at_least_two(start, magnitude, most):
    first = np.datetime64(start, "s")
    days = days_of(np.array([first, first + np.timedelta64(int(10**magnitude), "s")]))
    ticks, _ = date_ticks(Axis(*days), most)
    assert 2 <= len(ticks) <= most
    assert all(0 <= tick.place <= 1 and tick.text for tick in ticks)


def test_few_dates_keep_what_tells_them_apart():
    days = days_of(np.array(["2024-01-03", "2024-02-20"], "datetime64[s]"))
    ticks, shared = date_ticks(Axis(*days), 4)
    assert [tick.text for tick in ticks] == ["15", "Feb", "15"]
    assert shared == "2024-Feb"
    months = days_of(np.array(["2023-11-01", "2025-05-01"], "datetime64[s]"))
    assert {"2024", "2025"} <= {tick.text for tick in date_ticks(Axis(*months), 4)[0]}


def test_rows_are_counted():
    days = days_of(ROW.timestamps(np.array([1, 60])))
    ticks, shared = date_ticks(Axis(*days), 4)
    assert [tick.text for tick in ticks] == ["15", "30", "45", "60"]
    assert shared == ""


def test_numbers_are_round_and_have_commas():
    assert [tick.text for tick in number_ticks(Axis(0, 21_000))] == ["0", "5,000", "10,000", "15,000", "20,000"]
    assert [tick.text for tick in number_ticks(Axis(-0.0002, 0.0001), 3)] == ["-0.0002", "-0.0001", "0", "0.0001"]
    assert [tick.text for tick in count_ticks(Axis(1, 12), 4)] == ["5", "10"]


def test_networks_get_thinner_by_rank_and_lie_above_baselines():
    looks = looks_of(["gru", "naive", "lstm", "rnn"])
    assert list(looks) == ["naive", "gru", "lstm", "rnn"]
    assert looks["gru"].width > looks["lstm"].width > looks["rnn"].width > 1
    assert looks["naive"].dashes
    assert not looks["gru"].dashes
