"""Demand classes: Syntetos & Boylan's cut-offs, zeros that a season explains, and what the others teach nothing of."""

import numpy as np
import pytest

from forecast.data.checks.demand import FEW, INTERVAL, counted_series, demand_classes, few_pieces, rare_series
from forecast.data.panel import Panel, panel_from_series

RNG = np.random.default_rng(5)
EVERY_THIRD = [0.0, 0.0, 4.0, 0.0, 4.0, 0.0, 0.0, 0.0, 4.0] * 4  # on average
LUMPS = [0.0, 0.0, 1.0, 0.0, 0.0, 9.0, 0.0] * 6


def _panel(*series: list[float], code: str = "MS", fill: str = "zero") -> Panel:
    return panel_from_series(series, code, fill=fill)


@pytest.mark.parametrize(
    ("values", "interval", "variation", "sparse", "lumpy"),
    [
        ([5.0, 6.0, 7.0, 6.0] * 9, 1.0, 0.0, False, False),  # smooth
        ([1.0, 30.0] * 18, 1.0, 0.9, False, False),  # erratic
        (EVERY_THIRD, 3.0, 0.0, True, False),
        (LUMPS, 3.5, 0.67, True, True),
        ([0.0] * 30 + [2.0], 31.0, 0.0, True, False),
    ],
    ids=["smooth", "erratic", "intermittent", "lumpy", "once"],
)
def test_a_series_has_the_class_of_its_interval_and_variation(
    values: list[float], interval: float, variation: float, *, sparse: bool, lumpy: bool
) -> None:
    found = demand_classes(_panel(values))
    sells = np.array([value for value in values if value > 0])
    assert found.interval[0] == pytest.approx(len(values) / len(sells))
    if len(sells) > 1:
        assert found.variation[0] == pytest.approx(sells.var(ddof=1) / sells.mean() ** 2)
    assert found.interval[0] == pytest.approx(interval)
    assert variation == pytest.approx(found.variation[0], abs=0.1)
    assert (bool(found.is_sparse[0]), bool(found.is_lumpy[0])) == (sparse, lumpy)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (np.where(np.arange(140) % 7 < 5, RNG.poisson(30, 140) + 1.0, 0.0), "D"),  # closed on two days
        (np.where((np.arange(24 * 20) % 24 > 6) & (np.arange(24 * 20) % 24 < 18), 50.0, 0.0), "h"),  # the sun
        (np.where(np.arange(60) % 12 < 6, 40.0, 0.0), "MS"),  # ice cream
    ],
    ids=["shop", "sun", "ice"],
)
def test_zeros_that_come_round_with_the_season_are_no_intervals(values: np.ndarray, code: str) -> None:
    found = demand_classes(_panel(list(values), code=code))
    assert not found.is_sparse.any()
    assert not found.is_mostly_sparse


def test_demand_by_chance_is_sparse_though_its_frequency_has_a_season() -> None:
    values = (RNG.random(140) < 0.2) * 3.0
    assert demand_classes(_panel(list(values), code="D")).is_sparse.all()


def test_what_never_sold_is_new_or_has_ended_is_told() -> None:
    steady = EVERY_THIRD
    found = demand_classes(_panel(steady, [0.0] * 36, [0.0] * 30 + [1.0, 0, 0, 1, 0, 1], [2.0, 0.0] * 6 + [0.0] * 24))
    assert found.never_sold.tolist() == [False, True, False, False]
    assert found.is_new.tolist() == [False, False, True, False]
    assert found.has_ended.tolist() == [False, False, False, True]
    assert found.is_mostly_sparse  # a series that never sold has no say


@pytest.mark.parametrize("other", [[-1.0, *EVERY_THIRD[1:]], None], ids=["a value below zero", "nothing sells"])
def test_a_panel_with_values_below_zero_or_without_a_demand_is_none_of_demand(other: list[float] | None) -> None:
    panel = _panel(EVERY_THIRD, other) if other else _panel([0.0] * 36)
    assert not demand_classes(panel).is_mostly_sparse


def test_missing_steps_tell_nothing_unless_they_are_zeros() -> None:
    gaps = [value or np.nan for value in EVERY_THIRD]
    assert not demand_classes(_panel(gaps, fill="interpolate")).is_sparse.any()
    assert demand_classes(_panel(gaps, fill="zero")).is_sparse.all()


def test_series_that_sell_now_and_then_never_or_few_whole_pieces_have_counts() -> None:
    few, parts, many = [1.0, 2.0, 3.0] * 12, [1.0, 2.5, 3.0] * 12, [18.0, 22.0, 20.0] * 12
    panel = _panel(EVERY_THIRD, [0.0] * 36, few, parts, many, [-1.0, 0.0, 0.0] * 12)
    assert counted_series(panel, INTERVAL, FEW).tolist() == [True, True, True, False, False, False]
    assert counted_series(panel, INTERVAL, 0.0).tolist() == [True, True, False, False, False, False]


def test_among_others_those_are_rare_that_sold_now_and_then_lately_too() -> None:
    often, began, stopped = [18.0, 22.0, 20.0] * 12, [0.0] * 18 + [9.0, 8.0] * 9, [9.0, 8.0] * 9 + [0.0] * 18
    panel = _panel(EVERY_THIRD, often, began, stopped, [0.0] * 36, [-1.0, 0.0, 0.0] * 12)
    assert demand_classes(panel).is_sparse.tolist() == [True, False, True, True, False, False]
    assert rare_series(panel, INTERVAL).tolist() == [True, False, False, True, True, False]


def test_few_pieces_are_counted_where_most_that_sell_no_more_sell_now_and_then() -> None:
    few, many = [1.0, 2.0, 3.0] * 12, [18.0, 22.0, 20.0] * 12
    assert few_pieces(_panel(EVERY_THIRD, EVERY_THIRD, few, many, many, many)) == FEW
    assert few_pieces(_panel(EVERY_THIRD, few, [0.0] * 36)) == 0
