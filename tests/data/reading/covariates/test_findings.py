import numpy as np
import pandas as pd
import pytest

from forecast.data.read_options import PriorReading, ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.errors import UsageError
from places import ROOT

SHARED = ROOT.parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")


@pytest.fixture
def read(tmp_path):
    def read_frame(frame, like=(), **options):
        frame.to_csv(tmp_path / "shops.csv", index=False)
        return read_panel(tmp_path / "shops.csv", ReadOptions(**options), prior=PriorReading(like))

    return read_frame


def shops(ahead=(0, 0)):
    rows = []
    for shop, more in zip("ab", ahead, strict=True):
        for step in range(20 + more):
            day = np.datetime64("2024-01-01") + step
            rows.append(
                (day, shop, float(step) if step < 20 else None, step % 3, ("sun", "rain")[step % 2], "x" + shop)
            )
    return pd.DataFrame(rows, columns=["day", "shop", "sales", "promo", "sky", "region"])


def texts(reading, topic):
    return [finding.text for finding in reading.findings if finding.topic == topic]


def test_missing_values_are_counted_and_it_is_said_how_they_are_taken(read):
    frame = shops()
    frame.loc[[1, 2, 25], "promo"] = np.nan
    frame.loc[3, "sky"] = None
    frame = frame.drop(index=[9])  # a day of which nothing is told
    reading = read(frame, known=("promo",), past=("sky",), static=("region",))
    assert texts(reading, "missing") == [
        "missing numbers: promo 4 of 40; taken as the column's usual value, and the networks are told",
        "missing text: sky 2 of 40; taken as none of the column's values",
    ]
    covariates = reading.panel.covariates
    assert np.isnan(covariates.known[[1, 2, 9, 25], 0]).all()
    assert np.isnan(covariates.past[[3, 9], 0]).all()


def test_train_says_how_far_the_future_is_known(read):
    options = {"known": ("promo", "sky"), "static": ("region",)}
    [text] = texts(read(shops(), **options), "future")
    assert text == "promo, sky are not known beyond the last sales (2024-01-20); a forecast takes what is usual"
    reading = read(shops((7, 7)), **options)
    assert texts(reading, "future") == ["promo, sky are known 7 days beyond the last sales (2024-01-20)"]
    assert texts(reading, "trailing") == []
    [text] = texts(read(shops((7, 2)), **options), "future")
    assert text == "promo, sky are known 2 to 7 days, depending on the series, beyond the last sales (2024-01-20)"
    assert texts(read(shops((7, 2)), past=("promo",)), "trailing") == ["9 rows without a value at the end left out"]


def test_rows_that_tell_nothing_of_the_future_are_left_out_as_ever(read):
    frame = shops((3, 3))
    frame.loc[frame["sales"].isna(), "promo"] = np.nan
    reading = read(frame, known=("promo",))
    assert texts(reading, "trailing") == ["6 rows without a value at the end left out"]
    assert (reading.panel.covariates.known_last == reading.panel.last).all()


def test_a_column_that_never_changes_is_said_to_tell_nothing(read):
    frame = shops().assign(open="yes", size=3, note=None)
    frame.loc[::2, "open"] = None
    reading = read(frame, known=("open",), past=("note",), static=("size",))
    assert texts(reading, "covariates") == [
        "open is 1 wherever it is given, so it can tell nothing; an empty cell is not taken as 'no': write 0",
        "note is empty, so it can tell nothing",
        "size is 3 wherever it is given, so it can tell nothing",
    ]
    again = read(frame, reading.panel.covariates.columns, known=("open",), past=("note",), static=("size",))
    assert texts(again, "covariates") == []


def test_rows_that_are_added_up_say_what_becomes_of_covariates(read):
    reading = read(shops(), known=("promo",), past=("sky",), aggregate="sum", freq="2D")
    text, *_ = texts(reading, "covariates")
    assert text == "promo averaged over the rows of a step; of sky the last one in a step is taken"


def test_a_covariate_is_chosen_for_nothing_else_and_not_mentioned(read):
    frame = shops().rename(columns={"sales": "kwh", "promo": "sales", "region": "store"})
    reading = read(frame, known=("sales",), static=("store",))
    assert (reading.columns.target, reading.columns.ids) == (("kwh",), ("shop",))
    assert not any(
        "sales" in finding.text or "store" in finding.text
        for finding in reading.findings
        if finding.flag[:6] in {"--targ", "--id"}
    )
    assert reading.columns.covariates == ("sales", "store")
    assert reading.settled.known == ("sales",)
    assert reading.settled.static == ("store",)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"known": ("promo",), "past": ("promo",)}, "Column promo is asked for twice", "--known, --past, --static and"),
        ({"known": ("promo", "promo")}, "Column promo is asked for twice", "take different columns"),
        ({"known": ("sales",), "target": ("sales",)}, "Column sales is asked for twice", "--target"),
        ({"static": ("shop",), "ids": ("shop",)}, "Column shop is asked for twice", "--id"),
        ({"past": ("day",), "time": "day"}, "Column day is asked for twice", "--time"),
        ({"known": ("prmo",)}, "no column 'prmo'. Did you mean 'promo'", "--known takes one of"),
        ({"past": ("temp",)}, "no column 'temp'", "--past takes one of"),
        ({"static": ("size",)}, "no column 'size'", "--static takes one of"),
    ],
)
def test_columns_that_can_not_be_taken_are_refused(options, message, hint, read):
    with pytest.raises(UsageError, match=message) as error:
        read(shops(), **options)
    assert hint in error.value.hint


def test_bundled_stores_are_read_whole():
    frame = pd.read_csv(ROOT / "sample_data" / "store_sales.csv")
    options = ReadOptions(known=("promo", "holiday", "price"), static=("region",))
    reading = read_panel(ROOT / "sample_data" / "store_sales.csv", options)
    panel = reading.panel
    assert len(panel) == frame["store"].nunique() == 10
    np.testing.assert_array_equal(panel.covariates.known, frame[["promo", "holiday", "price"]].to_numpy())
    np.testing.assert_array_equal(panel.values, frame["sales"].to_numpy())
    [column] = panel.covariates.of("static")
    words = [column.levels[int(code)] for code in panel.covariates.static[:, 0]]
    assert words == frame.groupby("store")["region"].first().tolist()


@needs_shared
def test_empty_cells_of_a_real_file_stay_empty():
    path = SHARED / "walmart_weekly_sub200.csv"
    frame = pd.read_csv(path)
    reading = read_panel(path, ReadOptions(known=("isholiday",), past=("markdown1", "cpi")))
    panel = reading.panel
    place = {series_id: i for i, series_id in enumerate(panel.series_ids)}
    frame = frame.sort_values(
        ["unique_id", "ds"], key=lambda column: column.map(place) if column.name[0] == "u" else column
    )
    np.testing.assert_array_equal(panel.covariates.past, frame[["markdown1", "cpi"]].to_numpy())
    np.testing.assert_array_equal(panel.covariates.known[:, 0], frame["isholiday"].to_numpy())
    assert texts(reading, "missing")[0].startswith("missing numbers: markdown1 18,400 of 28,600; taken as")
