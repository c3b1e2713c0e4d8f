"""One row a file of ../shared/messy: what its README wants of it, against pandas, at most two flags away."""

import functools
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError
from marks import slow_but
from places import SHARED

MESSY = SHARED / "messy"
pytestmark = pytest.mark.skipif(not MESSY.is_dir(), reason="../shared/messy is not here")


@dataclass(frozen=True)
class Case:
    """How a file is read, what comes of it, and how pandas reads it without us."""

    name: str
    flags: dict = field(default_factory=dict)
    columns: tuple = ()  # time, target, ids
    code: str = ""
    ends: tuple = ()
    rows: int = 0
    oracle: object = None  # () -> Series by time, or by (id, time)
    findings: tuple = ()  # topics that must be told
    refused: str = ""  # by the message of the first try, whose hint names the flag


def csv(name, **options):
    return pd.read_csv(MESSY / name, **options)


def air():
    frame = csv("airquality_uci.csv", sep=";").dropna(how="all")
    stamps = pd.to_datetime(frame["Date"] + " " + frame["Time"], format="%d/%m/%Y %H:%M")
    return pd.Series(frame["CO(GT)"].replace(-200, np.nan).to_numpy(), stamps)


def superstore(rule):
    frame = csv("global_superstore.tsv", sep="\t")
    stamps = pd.to_datetime(frame["Order Date"], format="%m/%d/%y")
    sales = frame["Sales"].str.replace(",", ".").astype(float)
    return pd.Series(sales.to_numpy(), stamps).sort_index().resample(rule).sum()


def supermarket():
    frame = csv("supermarket_sales.csv")
    frame["day"] = pd.to_datetime(frame["Date"], format="%m/%d/%Y")
    return frame.groupby(["Branch", "day"])["Total"].sum()


def tesla():
    frame = csv("tesla_stock.csv").iloc[1:]
    return pd.Series(frame["close"].to_numpy(), pd.to_datetime(frame["date"], format="%Y/%m/%d"))


def gold():
    frame = csv("gold_investing.csv", encoding="utf-8-sig")
    prices = pd.Series(frame["Price"].to_numpy(), pd.to_datetime(frame["Date"], format="%b %d, %Y"))
    return prices[np.is_busday(prices.index.to_numpy().astype("datetime64[D]"))]


def walmart():
    frame = csv("walmart_ddmmyy.csv")
    frame["day"] = pd.to_datetime(frame["Date"], format="%d/%m/%y")
    return frame.set_index([frame["Store"].astype(str), "day"])["Weekly_Sales"]


def norway():
    frame = csv("norway_new_car_sales_by_month.csv", encoding="latin-1")
    return pd.Series(frame["Quantity"].to_numpy(), pd.to_datetime(frame[["Year", "Month"]].assign(day=1)))


def simple(name, time, target, form):
    frame = csv(name)
    return pd.Series(frame[target].to_numpy(), pd.to_datetime(frame[time], format=form))


def shampoo():
    frame = csv("shampoo_yearmonth.csv")
    parts = frame["Month"].str.split("-", expand=True).astype(int)
    stamps = [np.datetime64(f"{year:04}-{month:02}-01", "s") for year, month in parts.to_numpy()]
    return pd.Series(frame["Sales"].to_numpy(), np.array(stamps))


ADD_UP = "no other column tells them apart"
NO_DATES = "holds dates"
CASES = [
    Case(
        "airquality_uci.csv", {}, ("Date,Time", "CO(GT)", ""), "h", ("2004-03-10", "2005-04-04"), 9357, air,
        ("time", "sentinel", "gaps"),
    ),
    Case("gold_investing.csv", {}, ("Date", "Price", ""), "B", ("2022-01-03", "2022-05-18"), 99, gold, ("weekends",)),
    Case(
        "walmart_ddmmyy.csv", {}, ("Date", "Weekly_Sales", "Store"), "W-FRI", ("2010-02-05", "2012-10-26"), 6435,
        walmart, ("dates",),
    ),
    Case(
        "global_superstore.tsv", {"aggregate": "sum", "freq": "M"}, ("Order Date", "Sales", ""), "MS",
        ("2011-01-01", "2014-12-01"), 1000, lambda: superstore("MS"), ("aggregate", "numbers"), ADD_UP,
    ),
    Case(
        "global_superstore.tsv", {"aggregate": "sum", "freq": "W"}, ("Order Date", "Sales", ""), "W-SUN",
        ("2011-01-02", "2014-12-28"), 1000, lambda: superstore("W").iloc[:-1], ("unfinished",), ADD_UP,
    ),
    Case(
        "supermarket_sales.csv", {"aggregate": "sum", "ids": ("Branch",)}, ("Date,Time", "Total", "Branch"), "D",
        ("2019-01-01", "2019-03-30"), 1000, supermarket, ("aggregate",), ADD_UP,
    ),
    Case("tesla_stock.csv", {}, ("date", "close", ""), "B", ("2015-10-15", "2018-10-15"), 757, tesla, ("strays",)),
    Case(
        "fedfunds_ddmmyyyy.csv", {}, ("DATE", "DFF", ""), "MS", ("1954-07-01", "2016-05-01"), 744,
        lambda: simple("fedfunds_ddmmyyyy.csv", "DATE", "DFF", "%d/%m/%Y"), ("dates",),
    ),
    Case(
        "apple_candles_noindex.csv", {"no_dates": True}, ("", "close", ""), "row", ("1", "379"), 379,
        lambda: csv("apple_candles_noindex.csv")["close"], (), NO_DATES,
    ),
    Case(
        "a10_missings.csv", {}, ("date", "value", ""), "MS", ("1991-07-01", "1999-10-01"), 100,
        lambda: simple("a10_missings.csv", "date", "value", "%Y-%m-%d"), ("gaps",),
    ),
    Case(
        "norway_new_car_sales_by_month.csv", {}, ("Year,Month", "Quantity", ""), "MS", ("2007-01-01", "2017-01-01"),
        121, norway, ("time",),
    ),
    Case("shampoo_yearmonth.csv", {}, ("Month", "Sales", ""), "MS", ("0001-01-01", "0003-12-01"), 36, shampoo),
    Case(
        "yosemite_5min_missing.csv", {}, ("ds", "y", ""), "5min", ("2017-05-01", "2017-07-05"), 18721,
        lambda: simple("yosemite_5min_missing.csv", "ds", "y", "%Y-%m-%d %H:%M:%S"), ("gaps",),
    ),
]  # fmt: skip
IDS = [f"{case.name}{'-' + case.flags.get('freq', '') if case.flags.get('freq') else ''}" for case in CASES]


@pytest.fixture(scope="module")
def reading_of():
    """Returns what a case's file gives with its flags; each is read once."""
    readings = {}

    def reading(case):
        key = (case.name, *case.flags.items())
        if key not in readings:
            readings[key] = read_panel(MESSY / case.name, ReadOptions(**case.flags))
        return readings[key]

    return reading


QUICK = [case for case in CASES if case.flags.get("freq") != "W"]  # months of the same file say as much


@pytest.mark.parametrize("case", slow_but(QUICK, CASES), ids=IDS)
def test_a_messy_file_gives_what_its_readme_says(case, reading_of):
    reading = reading_of(case)
    panel, columns = reading.panel, reading.columns
    assert (columns.time, ",".join(columns.target), ",".join(columns.ids)) == case.columns
    assert (panel.frequency.code, reading.days, reading.rows) == (case.code, case.ends, case.rows)
    assert set(case.findings) <= {finding.topic for finding in reading.findings}
    truth = case.oracle()
    if case.code == "row":
        np.testing.assert_array_equal(panel.values, truth)
        return
    for i, series_id in enumerate(panel.series_ids):
        own = truth.xs(series_id) if columns.ids else truth
        own = own.set_axis(own.index.to_numpy().astype("datetime64[s]"))
        stamps = panel.timestamps(i)
        assert set(own.dropna().index) <= set(stamps)
        expected = own.reindex(stamps)
        if case.flags.get("aggregate"):
            expected = expected.fillna(0.0)
        np.testing.assert_allclose(panel.series(i), expected, rtol=1e-12)
    assert len(panel) == (truth.index.get_level_values(0).nunique() if columns.ids else 1)


@pytest.mark.parametrize("case", slow_but(QUICK, CASES), ids=IDS)
def test_the_options_that_a_reading_settled_on_read_the_same_again(case, reading_of):
    reading = reading_of(case)
    again = read_panel(MESSY / case.name, reading.settled)
    np.testing.assert_array_equal(again.panel.values, reading.panel.values)
    assert (again.panel.frequency, again.settled) == (reading.panel.frequency, reading.settled)


@pytest.fixture(scope="module")
def refusal_of():
    """Returns why a file is refused without flags; each is read once."""

    @functools.cache
    def refusal(name):
        with pytest.raises(DataError) as error:
            read_panel(MESSY / name)
        return error.value

    return refusal


@pytest.mark.parametrize("case", [case for case in CASES if case.refused], ids=lambda case: case.name)
def test_the_first_try_names_the_flag_that_is_needed(case, refusal_of):
    assert case.refused in refusal_of(case.name).message
    flags = {"aggregate": "--aggregate sum", "ids": "--id Branch", "no_dates": "--no-dates"}
    for name, value in case.flags.items():
        assert flags.get(name, f"--freq {value}").split(" M")[0] in refusal_of(case.name).hint


def test_a_table_without_dates_is_refused_politely():
    with pytest.raises(DataError, match=r"No column of walmart_stores_crlines.csv holds dates: Store \('1'\)") as error:
        read_panel(MESSY / "walmart_stores_crlines.csv")
    assert error.value.hint.startswith("--no-dates if each row is one step in time")


def test_a_number_that_means_not_measured_can_be_kept_and_named():
    path = MESSY / "airquality_uci.csv"
    kept = read_panel(path, ReadOptions(missing=("none",))).panel
    assert (kept.values == -200).sum() == 1683
    sensor = ReadOptions(target=("PT08.S1(CO)",))
    [hint] = [finding for finding in read_panel(path, sensor).findings if finding.topic == "sentinel"]
    assert hint.flag == "--missing -200"
    named = read_panel(path, ReadOptions(target=("PT08.S1(CO)",), missing=("-200",)))
    assert np.nanmin(named.panel.values) > 0
    assert int(np.isnan(named.panel.values).sum()) == 366
