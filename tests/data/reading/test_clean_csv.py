import datetime
import shlex

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import csv_bytes
from forecast.data.frequency import parse_frequency
from forecast.data.reading.clean_csv import clean_csv, extra_flags, role_flags
from forecast.data.reading.reader import ReadOptions, read_panel
from places import SHARED

AS_IT_IS = ReadOptions()
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")

FLAGS = {
    "--time": "time",
    "--target": "target",
    "--id": "ids",
    "--freq": "freq",
    "--no-dates": "no_dates",
    "--missing": "missing",
}


def options_of(flags):
    words, options = shlex.split(flags), {}
    while words:
        name = FLAGS[words.pop(0)]
        options[name] = True if name == "no_dates" else words.pop(0)
        if name in {"target", "ids", "missing"}:
            options[name] = tuple(options[name].split(","))
    return ReadOptions(**options)


def assert_read_again_alike(path, folder, options=AS_IT_IS):
    """The clean table has the same panel, and cleaning it again changes no byte."""
    once = read_panel(path, options, other_numbers=True, may_ask=False)
    clean = folder / f"{once.path.name.split('.')[0]}.csv"
    text = clean_csv(once)
    clean.write_bytes(text)
    flags = extra_flags(once, options)
    again_options = options_of(flags + role_flags(once, text, flags))
    again = read_panel(clean, again_options, other_numbers=True, may_ask=False)
    for name in ("values", "offsets", "first"):
        np.testing.assert_array_equal(getattr(again.panel, name), getattr(once.panel, name))
    assert again.panel.frequency == once.panel.frequency
    assert again.panel.target == once.panel.target
    assert again.panel.series_ids == once.panel.series_ids
    assert clean_csv(again) == text
    return text.decode()


@pytest.fixture
def write(tmp_path):
    (tmp_path / "clean").mkdir()

    def write_text(text, name="sales.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name, tmp_path / "clean"

    return write_text


def test_newest_first_doubled_and_with_a_gap_becomes_sorted_unique_and_regular(write):
    path, folder = write("Tag;Umsatz\n05.01.2024;1,5\n04.01.2024;7\n04.01.2024;7\n02.01.2024;3\n31.12.2023;2\n")
    text = assert_read_again_alike(path, folder, ReadOptions(fill="interpolate"))
    assert text == "Tag,Umsatz\n2023-12-31,2\n2024-01-01,\n2024-01-02,3\n2024-01-03,\n2024-01-04,7\n2024-01-05,1.5\n"


def test_names_with_commas_quotes_and_zeros_stay_as_they_are(write):
    rows = "".join(f'2024-01-{d:02},"{name}",{d}\n' for d in (1, 2, 3) for name in ("007", "a, b", 'say ""x""', "NA"))
    path, folder = write('day,"the, shop",sales\n' + rows)
    text = assert_read_again_alike(path, folder)
    assert '"the, shop"' in text
    assert '"say ""x"""' in text


def test_compound_ids_get_their_columns_back(write):
    rows = [f"2024-01-{d:02},{s},{p},{d * s}\n" for s in (1, 2) for p in ("ham", "tea") for d in range(1, 6)]
    path, folder = write("day,store,item,sales\n" + "".join(rows))
    assert assert_read_again_alike(path, folder).startswith("day,store,item,sales\n2024-01-01,1,ham,1\n")


def test_the_columns_that_nobody_uses_are_kept_beside_their_rows(write):
    path, folder = write(
        "when,sales,note,code,rate,at,none\n"
        '2024-01-03,5,"rain, cold",007,2.50,2024-05-01,\n'
        "2024-01-01,7,sun,008,2,2024-05-02,\n"
        "2024-01-02,6,NA,009,,,\n"
        '2024-01-05,9,"say ""x""",010,3.1,2024-05-03,\n'
    )
    text = assert_read_again_alike(path, folder, ReadOptions(time="when", target=("sales",)))
    assert text.splitlines() == [
        "when,sales,note,code,rate,at,none",
        '2024-01-01,7,"sun","008",2,"2024-05-02",',
        '2024-01-02,6,,"009",,,',
        '2024-01-03,5,"rain, cold","007",2.5,"2024-05-01",',
        "2024-01-04,,,,,,",
        '2024-01-05,9,"say ""x""","010",3.1,"2024-05-03",',
    ]


def test_they_are_kept_for_each_series_and_beside_several_targets(write):
    rows = [f"2024-01-{d:02},{s},{d},{d * 2},{s}{d}\n" for s in "ba" for d in (2, 1, 4)]
    path, folder = write("day,store,net,gross,who\n" + "".join(rows))
    for options in (ReadOptions(target=("net",)), ReadOptions(target=("net", "gross"))):
        text = assert_read_again_alike(path, folder, options)
        names = [line.rpartition(",")[2].strip('"') for line in text.splitlines()]
        assert names == ["who", "a1", "a2", "", "a4", "b1", "b2", "", "b4"]


def test_rows_that_were_made_one_keep_no_other_columns(write):
    path, _ = write("day,sales,who\n" + "".join(f"2024-01-{d:02},{d},x{d}\n" for d in range(1, 29)))
    options = ReadOptions(target=("sales",), aggregate="sum", freq="W")
    assert clean_csv(read_panel(path, options, other_numbers=True)).startswith(b"day,sales\n")


@pytest.mark.parametrize(
    ("header", "flags"), [("day,n1,n2,shop", " --time day --target n2 --id shop"), ("day,n1,sales,x", "")]
)
def test_the_clean_table_names_its_columns_where_it_does_not_tell_them_itself(write, header, flags):
    names = header.split(",")
    path, _ = write(header + "\n" + "".join(f"2024-01-{d:02},{d * d % 7},{d % 5},q\n" for d in range(1, 29)))
    ids = ("shop",) if "shop" in header else ()
    reading = read_panel(path, ReadOptions(target=(names[2],), ids=ids), other_numbers=True)
    assert role_flags(reading, clean_csv(reading), "") == flags


def test_several_targets_stay_side_by_side(write):
    rows = [f"2024-01-{d:02},{s},{d if s == 'b' or d > 2 else ''},{d * 1.5}\n" for s in "ab" for d in (1, 2, 3, 5)]
    path, folder = write("day,store,net,gross\n" + "".join(rows))
    text = assert_read_again_alike(path, folder, ReadOptions(target=("net", "gross"), fill="interpolate"))
    assert text.splitlines()[:3] == ["day,store,net,gross", "2024-01-01,a,,1.5", "2024-01-02,a,,3"]


@pytest.mark.parametrize("freq", ["15min", "h", "D", "B", "2W", "W-FRI", "MS", "ME", "M-15", "QS-FEB", "YE"])
def test_every_frequency_survives(freq, write):
    steps = np.delete(np.arange(700, 740), [3, 4, 20])
    stamps = parse_frequency(freq).timestamps(steps)
    path, folder = write("when,y\n" + "".join(f"{t},{i}\n" for i, t in enumerate(stamps)))
    assert_read_again_alike(path, folder, ReadOptions(freq=freq))


def test_rows_without_dates_get_numbers(write):
    path, folder = write("open,close\n1,5\n2,6\n3,\n4,8\n")
    text = assert_read_again_alike(path, folder, ReadOptions(no_dates=True, target=("close",)))
    assert text == "row,close,open\n1,5,1\n2,6,2\n3,,3\n4,8,4\n"


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.floats(-1e300, 1e300, allow_subnormal=False) | st.none(), min_size=8, max_size=30),
    start=st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)),
)
def test_any_values_survive_to_the_last_bit(values, start, tmp_path_factory):
    values = [1.0, 2.0, *values, 3.0]
    rows = [(start + datetime.timedelta(i), "" if v is None else repr(v)) for i, v in enumerate(values)]
    folder = tmp_path_factory.mktemp("any")
    (folder / "clean").mkdir()
    (folder / "sales.csv").write_bytes(csv_bytes(rows))
    assert_read_again_alike(folder / "sales.csv", folder / "clean", ReadOptions(freq="D", missing=("none",)))


def test_numbers_that_were_kept_are_kept_again(write):
    """A -9 among zeros would else be taken for one that was not measured, and a zero has no sign."""
    numbers = (1, 0, 0, "-0.0", 0, -9, -9, -9, 3)
    path, folder = write("day,visits\n" + "".join(f"2024-01-{i + 1:02},{v}\n" for i, v in enumerate(numbers)))
    text = assert_read_again_alike(path, folder, ReadOptions(missing=("none",)))
    assert [line.partition(",")[2] for line in text.splitlines()[1:]] == [
        "1",
        "0",
        "0",
        "0",
        "0",
        "-9",
        "-9",
        "-9",
        "3",
    ]


@needs_shared
@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("messy/airquality_uci.csv", {}),
        ("messy/gold_investing.csv", {}),
        ("messy/walmart_ddmmyy.csv", {}),
        ("messy/global_superstore.tsv", {"aggregate": "sum", "freq": "MS"}),
        ("messy/supermarket_sales.csv", {"aggregate": "sum", "freq": "D", "ids": ("Branch",)}),
        ("messy/tesla_stock.csv", {}),
        ("messy/fedfunds_ddmmyyyy.csv", {}),
        ("messy/norway_new_car_sales_by_month.csv", {}),
        ("messy/a10_missings.csv", {}),
        ("messy/yosemite_5min_missing.csv", {}),
        ("data/stocks5_daily.csv", {}),
        ("data/m3_monthly.csv", {}),
    ],
)
@pytest.mark.slow
def test_files_as_people_have_them_survive(file, options, tmp_path):
    assert_read_again_alike(SHARED / file, tmp_path, ReadOptions(**options))
