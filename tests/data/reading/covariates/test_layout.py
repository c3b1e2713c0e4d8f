"""Covariates are read as an independent reading by pandas lays them out."""

import io
import shlex
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.data.covariates import Column
from forecast.data.reading.clean_csv import clean_csv, extra_flags
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.errors import DataError, UsageError

DAY_ZERO = pd.Timestamp("2024-01-01")
OPTIONS = {
    "fill": "interpolate",
    "ids": ("shop",),
    "known": ("promo", "sky"),
    "past": ("visits",),
    "static": ("region",),
    "missing": ("none",),
}
SKIES = ("rain", "snow", "sun")


@st.composite
def tables(draw):
    """Shops that open late, close early, have gaps, twins and steps to come; some never sell anything."""
    rows = []
    for shop in range(draw(st.integers(1, 4))):
        start, length, ahead = draw(st.integers(0, 6)), draw(st.integers(3, 14)), draw(st.integers(0, 5))
        sells = shop == 0 or draw(st.integers(0, 4)) > 0
        for step in range(start, start + length + ahead):
            for _ in range(draw(st.sampled_from([0, 1, 1, 1, 1, 1, 1, 1, 2])) if rows else 1):
                is_open = sells and step < start + length and draw(st.integers(0, 5)) > 0
                rows.append(
                    {
                        "day": DAY_ZERO + pd.Timedelta(days=step),
                        "shop": f"shop {shop}",
                        "sales": float(10 * shop + step) if is_open or not rows else None,
                        "promo": draw(st.sampled_from([0.0, 1.0, 1.0, None])),
                        "sky": draw(st.sampled_from([*SKIES, None])),
                        "visits": draw(st.sampled_from([1.5, 2.5, 7.0, None])),
                        "region": draw(st.sampled_from([f"region {shop % 2}", None])),
                    }
                )
    steps = [DAY_ZERO + pd.Timedelta(days=int(d)) for d in range(40, 43)]  # at least three days in a row, for the step
    rows += [{"day": day, "shop": "shop 0", "sales": 5.0 + i, "promo": 0.0} for i, day in enumerate(steps)]
    return pd.DataFrame(rows)


def read(frame, tmp_path_factory, **options):
    path = tmp_path_factory.mktemp("covariates") / "shops.csv"
    frame.to_csv(path, index=False)
    return read_panel(path, ReadOptions(**{**OPTIONS, **options})).panel


def spelled(values, column):
    """The cells of a column; those of text in words, since a shop that is left out may be the only one with some."""
    levels = column.levels
    return ["" if np.isnan(one) else one if levels is None else levels[int(one)] for one in values.ravel()]


def last_told(rows, column):
    """The last cell with something in it, of each day."""
    told = rows.dropna(subset=[column])
    return told.groupby("day")[column].last()


@pytest.mark.slow
@settings(deadline=None, derandomize=True, max_examples=12)
@given(frame=tables())
def test_every_kind_is_laid_out_as_pandas_lays_it_out(frame, tmp_path_factory):
    panel = read(frame, tmp_path_factory)
    covariates = panel.covariates
    selling = sorted(frame.dropna(subset=["sales"])["shop"].unique())
    assert panel.series_ids == tuple(selling)
    kinds = [(column.name, column.kind) for column in covariates.columns]
    assert kinds == [("promo", "known"), ("sky", "known"), ("visits", "past"), ("region", "static")]
    levels = {column.name: column.levels for column in covariates.columns}
    assert levels["promo"] is levels["visits"] is None
    assert levels["sky"] == (tuple(sorted(frame["sky"].dropna().unique())) or None)
    for i, shop in enumerate(selling):
        rows = frame[frame["shop"] == shop]
        days = pd.DatetimeIndex(panel.timestamps(i))
        start, end = covariates.known_offsets[i : i + 2]
        known = covariates.known[start:end]
        told = rows.dropna(subset=["promo", "sky"], how="all")["day"]
        if told.empty:
            assert len(known) == 0
        else:
            reach = pd.date_range(told.min(), told.max())
            stamps = panel.frequency.timestamps(np.array([covariates.known_first[i], covariates.known_last[i]]))
            assert (pd.DatetimeIndex(stamps) == [reach[0], reach[-1]]).all()
            np.testing.assert_array_equal(known[:, 0], last_told(rows, "promo").reindex(reach).to_numpy(float))
            sky = last_told(rows, "sky").reindex(reach)
            words = ["" if np.isnan(code) else levels["sky"][int(code)] for code in known[:, 1]]
            assert words == sky.fillna("").tolist()
        past = covariates.past[panel.offsets[i] : panel.offsets[i + 1], 0]
        np.testing.assert_array_equal(past, last_told(rows, "visits").reindex(days).to_numpy(float))
        region = rows["region"].dropna().unique()
        code = covariates.static[i, 0]
        assert (None if np.isnan(code) else levels["region"][int(code)]) == (region[0] if len(region) else None)


@settings(deadline=None, derandomize=True, max_examples=10)
@given(frame=tables(), seed=st.integers(0, 9))
@pytest.mark.slow
def test_order_of_the_rows_does_not_matter_where_no_two_are_of_one_day(frame, seed, tmp_path_factory):
    frame = frame.drop_duplicates(["day", "shop"])
    straight = read(frame, tmp_path_factory).covariates
    shuffled = read(frame.sample(frac=1, random_state=seed), tmp_path_factory).covariates
    assert straight.columns == shuffled.columns
    for name in ("known", "known_offsets", "known_first", "past", "static"):
        np.testing.assert_array_equal(getattr(straight, name), getattr(shuffled, name))


@settings(deadline=None, derandomize=True, max_examples=4)
@given(frame=tables(), data=st.data())
def test_a_cut_leaves_no_past_value_after_the_origin_and_every_known_one(frame, data, tmp_path_factory):
    panel = read(frame, tmp_path_factory)
    whole = panel.covariates
    lengths = np.array([data.draw(st.integers(0, int(length))) for length in panel.lengths])
    chosen = data.draw(st.permutations(range(len(panel))))
    cut = panel.until(lengths).tail(3).select(chosen)
    assert len(cut.covariates.past) == len(cut.values) == cut.lengths.sum()
    for j, i in enumerate(chosen):
        here = slice(cut.offsets[j], cut.offsets[j + 1])
        start = panel.offsets[i] + lengths[i] - cut.lengths[j]
        there = slice(start, start + cut.lengths[j])
        np.testing.assert_array_equal(cut.values[here], panel.values[there])
        np.testing.assert_array_equal(cut.covariates.past[here], whole.past[there])
        own, before = (slice(*one.known_offsets[k : k + 2]) for one, k in ((cut.covariates, j), (whole, i)))
        np.testing.assert_array_equal(cut.covariates.known[own], whole.known[before])
        assert cut.covariates.known_first[j] == whole.known_first[i]
        np.testing.assert_array_equal(cut.covariates.static[j], whole.static[i])


@settings(deadline=None, derandomize=True, max_examples=8)
@given(frame=tables())
def test_the_clean_table_has_the_same_covariates(frame, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    frame.to_csv(folder / "shops.csv", index=False)
    options = ReadOptions(**OPTIONS)
    once = read_panel(folder / "shops.csv", options)
    (folder / "clean.csv").write_bytes(clean_csv(once))
    words = shlex.split(extra_flags(once, options))
    flags = dict(zip(words[::2], words[1::2], strict=True))
    assert flags.pop("--freq", "D") == "D"
    assert flags.pop("--missing") == "none"  # as it was read
    assert flags == {"--id": "shop", "--known": "promo,sky", "--past": "visits", "--static": "region"}
    again = read_panel(folder / "clean.csv", replace(options, freq="D"))
    np.testing.assert_array_equal(once.panel.values, again.panel.values)
    steps = int(once.panel.lengths.max()) + 60
    told, retold = (reading.panel.covariates for reading in (once, again))
    for name, values in (
        ("known", [one.known_between(once.panel.first - 30, steps) for one in (told, retold)]),
        ("past", [told.past, retold.past]),
        ("static", [told.static, retold.static]),
    ):
        for place, columns in enumerate(zip(told.of(name), retold.of(name), strict=True)):
            first, second = (spelled(own[..., place], one) for own, one in zip(values, columns, strict=True))
            assert first == second


def test_the_clean_table_has_covariates_beside_one_target_only(tmp_path):
    days = pd.date_range("2024-01-01", periods=9)
    frame = pd.DataFrame({"day": days, "sales": range(9), "visits": range(9), "promo": [0, 1, 0] * 3})
    frame.to_csv(tmp_path / "shops.csv", index=False)
    reading = read_panel(tmp_path / "shops.csv", ReadOptions(target=("sales", "visits"), known=("promo",)))
    with pytest.raises(UsageError, match="room for covariates beside one target only") as error:
        clean_csv(reading)
    assert error.value.hint == "--target sales, or leave out --known, --past and --static"


def test_known_columns_since_a_step_lose_what_is_before_and_nothing_else(tmp_path_factory):
    days = pd.date_range("2024-01-01", periods=8).astype(str).tolist()
    rows = [(day, shop, step, 10 * step) for shop in "ab" for step, day in enumerate(days)]
    frame = pd.DataFrame(rows, columns=["day", "shop", "sales", "promo"])
    panel = read(frame, tmp_path_factory, known=("promo",), past=(), static=())
    later = panel.covariates.since(panel.first + np.array([3, 99]))
    assert later.known[:, 0].tolist() == [30, 40, 50, 60, 70]
    assert later.known_offsets.tolist() == [0, 5, 5]
    assert later.known_first.tolist() == [panel.first[0] + 3, panel.first[1] + 8]


def test_each_of_several_targets_has_the_covariates_of_its_shop(tmp_path_factory):
    text = "day,shop,sales,visits,promo,region\n"
    for step, day in enumerate(pd.date_range("2024-01-01", periods=6)):
        text += f"{day:%Y-%m-%d},a,{step},{step + 5 if step < 4 else ''},{step},x\n"
        text += f"{day:%Y-%m-%d},b,{step + 1 if step > 1 else ''},,{-step},y\n"
    frame = pd.read_csv(io.StringIO(text))
    options = {"target": ("sales", "visits"), "known": ("promo",), "past": (), "static": ("region",)}
    panel = read(frame, tmp_path_factory, **options)
    assert panel.series_ids == ("a/sales", "b/sales", "a/visits")
    assert panel.covariates.static[:, 0].tolist() == [0, 1, 0]
    promo = panel.covariates.known_on(panel.offsets, panel.first)[:, 0]
    assert promo.tolist() == [0, 1, 2, 3, 4, 5, -2, -3, -4, -5, 0, 1, 2, 3]
    past = read(frame, tmp_path_factory, **{**options, "known": (), "past": ("promo",)}).covariates.past[:, 0]
    assert past.tolist() == promo.tolist()


def test_rows_that_are_added_up_have_the_mean_of_their_numbers_and_the_last_of_their_texts(tmp_path_factory):
    days = pd.date_range("2024-01-01", periods=42)  # six weeks from Monday to Sunday
    frame = pd.DataFrame({"day": days, "sales": range(42), "promo": [step % 7 == 3 for step in range(42)]})
    frame["sky"] = [("sun", "rain")[step % 2] for step in range(42)]
    frame.loc[32:, "sales"] = np.nan  # the last value is of a Friday
    known = {"ids": (), "static": (), "past": (), "known": ("promo", "sky")}
    panel = read(frame.sample(frac=1, random_state=1), tmp_path_factory, aggregate="sum", freq="W", **known)
    assert panel.values.tolist() == [sum(range(7 * week, 7 * week + 7)) for week in range(4)]
    assert panel.covariates.known[:, 0].tolist() == pytest.approx([1 / 7] * 6)
    assert panel.covariates.known[:, 1].tolist() == [1, 0, 1, 0, 1, 0]  # rain, sun
    assert panel.covariates.known_last[0] == panel.last[0] + 2


def test_a_trait_that_changes_is_named_with_its_series_and_two_lines(tmp_path_factory):
    text = "day,shop,sales,region\n2024-01-01,a,1,\n2024-01-02,a,2,north\n2024-01-03,a,3,north\n2024-01-04,a,3,south\n"
    options = {"known": (), "past": (), "static": ("region",)}
    message = r"shops.csv: region of series a is 'north' on line 3, but 'south' on line 5; a trait has one value"
    with pytest.raises(DataError, match=message) as error:
        read(pd.read_csv(io.StringIO(text)), tmp_path_factory, **options)
    assert error.value.hint == "--past region, or --known region if it is known in advance"


def test_dates_far_in_the_future_are_refused(tmp_path_factory):
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=30).astype(str), "sales": range(30)})
    frame["promo"] = 1.0
    frame.loc[30] = ["9024-02-01", np.nan, 1.0]  # one such would be left out
    frame.loc[31] = ["9024-02-02", np.nan, 1.0]
    with pytest.raises(DataError, match="from the first date to the last lie 2,556,"):
        read(frame, tmp_path_factory, ids=(), known=("promo",), past=(), static=(), freq="D")


def test_known_columns_need_no_more_than_a_name(tmp_path_factory):
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=9), "kwh": range(9), "price": range(9)})
    panel = read(frame, tmp_path_factory, ids=(), known=("PRICE",), past=(), static=())
    assert panel.target == "kwh"
    assert panel.covariates.columns == (Column("price", "known"),)
