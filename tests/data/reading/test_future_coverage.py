"""The future of known columns: how far it is told, whether that is enough, and more of it from a second file."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.data.future.future_file import read_future
from forecast.data.reading.future_coverage import missing_ahead, reach
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.errors import DataError, NotFoundError

OPTIONS = ReadOptions(target=("sales",), ids=("shop",), known=("promo", "sky"))
ENDS = {"a": 20, "b": 20, "c": 17}  # days of each shop


def sales(ahead=0):
    rows = []
    for shop, end in ENDS.items():
        for step in range(end + (ahead if end == 20 else 0)):
            day = np.datetime64("2024-01-01") + step
            rows.append((day, shop, float(step) if step < end else None, step % 3 == 0, ("sun", "rain")[step % 2]))
    return pd.DataFrame(rows, columns=["day", "shop", "sales", "promo", "sky"])


def coming(first="2024-01-21", steps=5, shops="abc"):
    days = np.datetime64(first) + np.arange(steps)
    rows = [(day, shop, ordinal % 2, "rain") for shop in shops for ordinal, day in enumerate(days)]
    return pd.DataFrame(rows, columns=["day", "shop", "promo", "sky"])


@pytest.fixture
def told(tmp_path):
    def read(frame, future=None, options=OPTIONS):
        frame.to_csv(tmp_path / "shops.csv", index=False)
        reading = read_panel(tmp_path / "shops.csv", options)
        if future is None:
            return reading.panel
        future.to_csv(tmp_path / "next.csv", index=False)
        covariates, findings = read_future(tmp_path / "next.csv", reading.settled, reading.panel)
        return replace(reading.panel, covariates=covariates), findings

    return read


def test_reach_is_the_steps_of_which_every_known_column_tells(told):
    frame = sales(ahead=6)
    assert reach(told(frame)).tolist() == [6, 6, 0]
    frame.loc[(frame["shop"] == "b") & (frame["day"] == np.datetime64("2024-01-23")), "sky"] = None
    assert reach(told(frame)).tolist() == [6, 2, 0]
    assert reach(replace(told(frame), covariates=None)).tolist() == [0, 0, 0]
    assert reach(told(frame, options=replace(OPTIONS, known=(), past=("sky",)))).tolist() == [0, 0, 0]


def lacking(panel, horizon, used=None):
    """What is missing: its columns, series and steps of the horizon."""
    names, missing = missing_ahead(panel, horizon, used)
    return [(names[c], panel.series_ids[s], int(h) + 1) for s, h, c in zip(*np.nonzero(missing), strict=True)]


def test_a_future_that_is_told_lacks_nothing_and_a_shop_that_has_closed_needs_none(told):
    assert told(sales()).lengths.tolist() == [20, 20, 17]
    assert lacking(told(sales(ahead=6)), 6) == []
    assert lacking(told(sales(), options=replace(OPTIONS, known=(), past=("promo",))), 6) == []
    assert lacking(replace(told(sales()), covariates=None), 6) == []


def test_each_missing_value_is_named_by_its_column_series_and_step(told):
    every = [(name, shop, step) for shop in "ab" for step in (1, 2) for name in ("promo", "sky")]
    assert lacking(told(sales()), 2) == every
    assert lacking(told(sales()), 2, {"sky"}) == every[1::2]
    frame = sales(ahead=6)
    assert lacking(told(frame), 7) == [(name, shop, 7) for shop in "ab" for name in ("promo", "sky")]
    frame.loc[len(frame)] = [np.datetime64("2024-01-22"), "c", None, False, "sun"]  # it has not closed
    assert lacking(told(frame), 4) == [("promo", "c", 4), ("sky", "c", 4)]  # the 21st, four days after its end
    frame = sales(ahead=6)
    frame.loc[(frame["shop"] == "b") & (frame["day"] == np.datetime64("2024-01-23")), "sky"] = None
    assert lacking(told(frame), 4) == [("sky", "b", 3)]


def test_a_file_continues_the_known_columns(told):
    panel, findings = told(sales(), coming())
    assert findings == []
    assert reach(panel).tolist() == [5, 5, 0]  # of c, nothing is told of the three days since it closed
    assert lacking(panel, 5) == []
    covariates = panel.covariates
    assert covariates.columns[1].levels == ("rain", "sun")
    ahead = covariates.known_between(np.full(3, panel.last.max() + 1), 5)
    assert ahead[..., 0].tolist() == [[0, 1, 0, 1, 0]] * 3
    assert (ahead[..., 1] == 0).all()
    before = told(sales())
    np.testing.assert_array_equal(
        covariates.known_on(panel.offsets, panel.first), before.covariates.known_on(before.offsets, before.first)
    )


@settings(deadline=None, derandomize=True, max_examples=15)
@given(data=st.data())
def test_old_and_new_values_lie_together_as_pandas_combines_them(data, tmp_path_factory):
    numbers = st.sampled_from([0.0, 1.0, 2.5, None])
    old = sales(ahead=data.draw(st.integers(0, 3)))
    old["promo"] = [1.0, 0.0, *data.draw(st.lists(numbers, min_size=len(old) - 2, max_size=len(old) - 2))]
    first = np.datetime64("2024-01-15") + data.draw(st.integers(0, 12))
    new = coming(first, data.draw(st.integers(1, 8)), data.draw(st.sampled_from(["abc", "b", "ca"])))
    new["promo"] = data.draw(st.lists(numbers, min_size=len(new), max_size=len(new)))
    folder = tmp_path_factory.mktemp("future")
    old.to_csv(folder / "old.csv", index=False)
    new.sample(frac=1, random_state=1).to_csv(folder / "new.csv", index=False)
    options = replace(OPTIONS, known=("promo",))
    reading = read_panel(folder / "old.csv", options)
    covariates, _ = read_future(folder / "new.csv", reading.settled, reading.panel)
    old["day"], new["day"] = pd.to_datetime(old["day"]), pd.to_datetime(new["day"])
    wanted = new.set_index(["shop", "day"])["promo"].astype(float)
    wanted = wanted.combine_first(old.set_index(["shop", "day"])["promo"].astype(float))
    days = pd.date_range("2023-12-20", "2024-02-20")
    ordinals = np.full(3, int((days[0] - pd.Timestamp("1970-01-01")).days))
    laid = covariates.known_between(ordinals, len(days))[..., 0]
    for i, shop in enumerate("abc"):
        np.testing.assert_array_equal(laid[i], wanted[shop].reindex(days).to_numpy())


def test_a_text_that_was_never_seen_is_none_of_the_values_and_named(told):
    future = coming()
    future.loc[2, "sky"] = "hail"
    panel, findings = told(sales(), future)
    assert [(one.grade, one.text) for one in findings] == [
        ("warning", "sky has 'hail', which it never had before: taken as none of its values")
    ]
    assert panel.covariates.known_between(panel.last + 1, 5)[0, 2, 1] == len(panel.covariates.columns[1].levels)
    assert lacking(panel, 5) == []  # it is told, if only that it is something else


def test_series_that_the_data_does_not_have_are_left_out_and_named(told):
    panel, [finding] = told(sales(), coming(shops="abcx"))
    assert finding.text == "1 series of next.csv not in the data left out, such as x"
    assert lacking(panel, 5) == []


@pytest.mark.parametrize("text", ["RAIN", "Rain", " rain "])
def test_a_text_is_the_same_in_any_letters(told, text):
    panel, findings = told(sales(), coming().assign(sky=text))
    spelling = [] if text.strip() == "rain" else [f"sky: '{text}' read regardless of case"]
    assert [finding.text for finding in findings] == spelling
    assert (panel.covariates.known_between(panel.last + 1, 5)[:2, :, 1] == 0).all()


def test_a_file_may_tell_of_some_columns_only_and_the_others_are_named(told):
    panel, [finding] = told(sales(), coming().rename(columns={"sky": "skyy"}))
    assert finding.text == "next.csv has no column 'sky'. Did you mean 'skyy'?"
    assert lacking(panel, 5, {"promo"}) == []
    assert {name for name, *_ in lacking(panel, 5)} == {"sky"}
    whole, _ = told(sales(), coming())
    ahead, all_told = (each.covariates.known_between(each.last + 1, 5) for each in (panel, whole))
    np.testing.assert_array_equal(ahead[..., 0], all_told[..., 0])
    other, _ = told(sales(), coming().drop(columns="promo"))
    np.testing.assert_array_equal(other.covariates.known_between(other.last + 1, 5)[..., 1], all_told[..., 1])


def test_a_lone_series_needs_no_name_and_columns_any_case(told):
    frame = sales()[lambda table: table["shop"] == "a"]
    future = coming(shops="a").drop(columns="shop").rename(columns={"promo": "Promo", "day": "DAY"})
    panel, _ = told(frame, future)
    assert reach(panel).tolist() == [5]


def test_several_targets_share_the_future_of_their_shop(told):
    frame = sales().assign(visits=lambda table: table["sales"] + 3)
    panel, _ = told(frame, coming(), replace(OPTIONS, target=("sales", "visits")))
    assert panel.series_ids == ("a/sales", "b/sales", "c/sales", "a/visits", "b/visits", "c/visits")
    assert lacking(panel, 5) == []
    ahead = panel.covariates.known_between(panel.last + 1, 5)
    np.testing.assert_array_equal(ahead[0], ahead[3])


def test_rows_without_dates_go_on_where_the_data_ends(told):
    frame = sales()[lambda table: table["shop"] == "a"].drop(columns=["day", "shop"])
    future = coming(shops="a")[["promo", "sky"]]
    panel, _ = told(frame, future, ReadOptions(target=("sales",), known=("promo", "sky"), no_dates=True))
    assert reach(panel).tolist() == [5]
    assert lacking(panel, 6) == [("promo", "shops", 6), ("sky", "shops", 6)]


def test_rows_that_are_added_up_have_their_future_added_up_too(told):
    days = pd.date_range("2024-01-01", periods=35)
    frame = pd.DataFrame({"day": days, "sales": range(35), "promo": [step % 7 == 2 for step in range(35)]})
    future = pd.DataFrame({"day": pd.date_range("2024-02-05", periods=14), "promo": [1] * 7 + [0] * 7})
    panel, _ = told(frame, future, ReadOptions(target=("sales",), known=("promo",), aggregate="sum", freq="W"))
    assert panel.covariates.known_between(panel.last + 1, 2)[0, :, 0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (lambda frame: frame[["day", "shop"]], "no column 'promo', 'sky'", "takes the columns day, shop, promo"),
        (lambda frame: frame.drop(columns="shop"), "next.csv has no column 'shop'", "takes the columns"),
        (lambda frame: frame.drop(columns="day"), "next.csv has no column 'day'", "takes the columns"),
        (lambda frame: frame.assign(shop="x"), "none of the series of the data, such as a", "must name them"),
        (
            lambda frame: frame.assign(day=[*frame["day"][:-1].astype(str), "2024-01-21T12:00"]),
            "2024-01-21 12:00:00 is not one of the daily steps",
            "",
        ),
        (lambda frame: frame.assign(day="9024-01-21"), "its dates span 7,670,154 steps", "look for a wrong date"),
        (lambda frame: frame.assign(promo=["x", *["1"] * 14]), "next.csv line 2: 'x' in column promo", "correct it"),
        (
            lambda frame: frame.assign(day=["", *frame["day"][1:]]),
            "next.csv line 2 has a value but no day",
            "fill it in",
        ),
    ],
)
def test_a_file_that_can_not_continue_the_data_is_refused(change, message, hint, told):
    with pytest.raises(DataError, match=message) as error:
        told(sales(), change(coming()))
    assert hint in error.value.hint


def test_a_file_that_is_not_there_is_said(told):
    panel = told(sales())
    with pytest.raises(NotFoundError):
        read_future("nowhere.csv", OPTIONS, panel)
