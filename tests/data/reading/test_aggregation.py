import numpy as np
import pandas as pd
import pytest

from forecast.data.dates.dates import Dates
from forecast.data.frequency import parse_frequency
from forecast.data.reading.aggregation import aggregate, aggregated_frequency, unfinished
from forecast.errors import DataError

RULES = {"D": "D", "W": "W", "W-WED": "W-WED", "MS": "MS", "ME": "ME", "QS": "QS", "QE": "QE", "YS": "YS", "h": "h"}


def moments(count=400, days=200, seed=0):
    rng = np.random.default_rng(seed)
    return np.datetime64("2023-12-27", "s") + np.sort(rng.integers(0, days * 86400, count))


def dates_of(stamps):
    unique, codes = np.unique(stamps, return_inverse=True)
    return Dates(codes, unique)


@pytest.mark.parametrize("how", ["sum", "mean", "last", "count"])
@pytest.mark.parametrize("code", RULES)
def test_rows_of_a_step_become_what_pandas_makes_of_them(code, how):
    stamps, values = moments(), np.random.default_rng(1).normal(size=400)
    frequency = parse_frequency(code)
    steps = frequency.periods(stamps)
    added = aggregate(np.zeros(400, np.int64), steps, values, 1, how=how)
    expected = getattr(pd.Series(values, stamps).resample(RULES[code]), how)()
    labels = expected.index.to_numpy().astype("datetime64[s]")
    np.testing.assert_array_equal(
        frequency.timestamps(added.steps).astype("datetime64[D]"), labels.astype("datetime64[D]")
    )
    np.testing.assert_allclose(added.values, expected, rtol=1e-12)


@pytest.mark.parametrize(("apart", "expected"), [(1, True), (7, None)])
def test_weeks_of_days_end_with_their_day_and_weeks_of_weeks_may_begin_there(apart, expected):
    mondays = np.datetime64("2024-01-01", "s") + np.arange(0, 70, apart) * 86400
    found = aggregated_frequency(dates_of(mondays), "W-MON")
    assert (found.is_closing, found == parse_frequency("W-MON")) == (expected, True)


def test_the_order_of_the_rows_does_not_matter():
    stamps, values = moments(), np.random.default_rng(1).normal(size=400)
    series = np.random.default_rng(2).integers(0, 3, 400)
    steps, order = parse_frequency("W").periods(stamps), dates_of(stamps).codes
    mixed = np.random.default_rng(3).permutation(400)
    for how in ("sum", "mean", "last", "count"):
        one = aggregate(series, steps, values, 3, how=how, order=order)
        other = aggregate(series[mixed], steps[mixed], values[mixed], 3, how=how, order=order[mixed])
        np.testing.assert_array_equal(one.steps, other.steps)
        np.testing.assert_allclose(one.values, other.values, rtol=1e-12)


def test_a_step_without_rows_has_the_sum_0_but_no_mean():
    series, steps, values = np.array([0, 0, 1, -1]), np.array([5, 8, 6, 9]), np.array([1.0, 2.0, 3.0, 9.0])
    added = aggregate(series, steps, values, 2, how="sum")
    assert added.values.tolist() == [1, 0, 0, 2, 3, 0, 0]  # the second series sold nothing at the end
    assert added.series.tolist() == [0] * 4 + [1] * 3
    mean = aggregate(series, steps, values, 2, how="mean")
    np.testing.assert_array_equal(mean.values, [1, np.nan, np.nan, 2, 3])


def test_rows_without_a_value_do_not_count():
    nothing = np.array([np.nan, np.nan])
    assert aggregate(np.zeros(2, np.int64), np.arange(2), nothing, 1, how="count").values.size == 0
    some = np.array([np.nan, 1.0])
    assert aggregate(np.zeros(2, np.int64), np.zeros(2, np.int64), some, 1, how="count").values.tolist() == [1]


def test_a_date_far_off_is_refused():
    with pytest.raises(DataError, match="lie 10,000,001 steps, for 2 rows"):
        aggregate(np.zeros(2, np.int64), np.array([0, 10_000_000]), np.ones(2), 1, how="sum")


def test_the_frequency_is_that_of_the_dates_or_daily():
    assert aggregated_frequency(dates_of(moments()), None).code == "D"
    months = np.array(["2024-01", "2024-02", "2024-03"], "datetime64[M]").astype("datetime64[s]")
    assert aggregated_frequency(dates_of(months), None).code == "MS"
    assert aggregated_frequency(dates_of(months), "Q").code == "QS"


def days(first, last):
    return np.arange(np.datetime64(first), np.datetime64(last) + 1).astype("datetime64[s]")


@pytest.mark.parametrize(
    ("first", "last", "how", "labels"),
    [
        ("2024-01-01", "2024-06-30", "sum", []),
        ("2024-01-01", "2024-07-03", "sum", ["the data ends on 2024-07-03, so the month of 2024-07-01 is not whole"]),
        ("2024-01-01", "2024-07-03", "last", ["the data ends on 2024-07-03"]),
        ("2024-01-01", "2024-07-03", "mean", []),
        ("2024-01-28", "2024-06-30", "count", ["the data begins on 2024-01-28, so the month of 2024-01-01"]),
        ("2024-01-28", "2024-06-30", "last", []),
        ("2024-01-28", "2024-07-03", "sum", ["ends on 2024-07-03", "begins on 2024-01-28"]),
    ],
)
def test_a_month_of_three_days_is_no_month(first, last, how, labels):
    dates = dates_of(days(first, last))
    dropped, findings = unfinished(dates, parse_frequency("M"), how)
    assert [label in finding.text for label, finding in zip(labels, findings, strict=True)] == [True] * len(labels)
    assert {finding.flag for finding in findings} <= {"--keep-partial"}
    kept = dates.stamps[dates.codes[~dropped]]
    assert dropped.any() == bool(labels)
    assert kept.size + dropped.sum() == dates.stamps.size


def test_a_week_of_trading_days_ends_on_friday():
    stamps = days("2024-01-01", "2024-03-15")
    trading = stamps[np.is_busday(stamps.astype("datetime64[D]"))]
    assert unfinished(dates_of(trading), parse_frequency("W"), "sum")[1] == []
    [finding] = unfinished(dates_of(trading[:-2]), parse_frequency("W"), "sum")[1]
    assert "the week of 2024-03-17 is not whole" in finding.text
