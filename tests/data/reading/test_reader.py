import csv
import gzip
import hashlib
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.data.frequency import readable
from forecast.data.reading.reader import Columns, ReadOptions, read_panel
from forecast.errors import DataError, UsageError
from marks import slow_but
from places import SHARED

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets are not here")


@pytest.fixture
def read(tmp_path):
    def read_text(text, name="sales.csv", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_panel(path, ReadOptions(**options))

    return read_text


def days(*values, start="2024-01-01"):
    stamps = np.datetime64(start) + np.arange(len(values))
    return "date,value\n" + "".join(f"{day},{value}\n" for day, value in zip(stamps, values, strict=True))


def found(reading, topic):
    return [finding for finding in reading.findings if finding.topic == topic]


def test_a_plain_file_becomes_one_series_named_after_it(read, tmp_path):
    reading = read(days(1, 2, 4))
    panel = reading.panel
    assert (reading.source, reading.path, reading.rows) == ("sales.csv", tmp_path / "sales.csv", 3)
    assert reading.columns == Columns("date", ("value",), ())
    assert reading.fingerprint == hashlib.sha256(days(1, 2, 4).encode()).hexdigest()
    assert reading.findings == ()
    assert (panel.series_ids, panel.target, panel.frequency.code) == (("sales",), "value", "D")
    assert panel.values.tolist() == [1, 2, 4]
    assert panel.timestamps(0)[0] == np.datetime64("2024-01-01")


def test_every_kind_of_source_gives_the_same_panel(tmp_path, monkeypatch):
    text = days(1, 2.5, 4)
    table = pa.table({"date": np.datetime64("2024-01-01") + np.arange(3), "value": [1, 2.5, 4]})
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "a.tsv").write_text(text.replace(",", "\t"))
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(text.replace(",", "\t").encode()))
    (tmp_path / "a.txt").write_text(text.replace(",", ";").replace("2.5", "2,5"))
    pq.write_table(table, tmp_path / "a.parquet")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    for name in [*sorted(tmp_path.iterdir()), "-"]:
        panel = read_panel(name).panel
        assert panel.values.tolist() == [1, 2.5, 4]
        assert panel.frequency.code == "D"
        assert panel.series_ids == ("stdin" if name == "-" else "a",)


def test_rows_in_any_order_give_the_same_panel(read):
    header, *rows = days(*range(1, 30)).splitlines(keepends=True)
    expected = read(header + "".join(rows)).panel
    shuffled = np.random.default_rng(0).permutation(rows)
    for order in (rows[::-1], shuffled):
        panel = read(header + "".join(order)).panel
        np.testing.assert_array_equal(panel.values, expected.values)
        assert panel.first.tolist() == expected.first.tolist()


STYLES = {  # decimal, thousands
    "plain": (".", ""),
    "comma": (",", ""),
    "English": (".", ","),
    "German": (",", "."),
    "Swiss": (".", "'"),
    "French": (",", "\u202f"),
}


def written(value, style, unit):
    decimal, thousands = STYLES[style]
    marks = str.maketrans({",": thousands, ".": decimal})
    return unit.format(f"{value:,.2f}".translate(marks))


@settings(deadline=None, derandomize=True, max_examples=8)
@given(
    data=st.data(),
    delimiter=st.sampled_from(",;\t|"),
    form=st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%y", "%b %d, %Y", "%Y%m%d", "%G-W%V-%u"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    style=st.sampled_from(sorted(STYLES)),
    unit=st.sampled_from(["{}", "{}", "€ {}", "{} %"]),
    above=st.sampled_from(["", "", "Umsätze aller Filialen", "# von Hand"]),
    below=st.sampled_from(["", "", "Quelle: die Kasse"]),
)
@pytest.mark.slow
def test_a_panel_written_in_any_dialect_is_read_back(
    *, tmp_path_factory, data, delimiter, form, end, encoding, style, unit, above, below
):
    if style == "French" and encoding == "cp1252":
        style = "Swiss"  # which has no narrow space
    lengths = data.draw(st.lists(st.integers(20, 40), min_size=1, max_size=3))
    cents = st.integers(-(10**11), 10**11).map(lambda number: number / 100)
    values = [data.draw(st.lists(cents, min_size=n, max_size=n, unique=True)) for n in lengths]
    rows = [
        (f"Köln {k}", (np.datetime64("2023-12-20") + i).item().strftime(form), written(value, style, unit))
        for k, series in enumerate(values)
        for i, value in enumerate(series)
    ]
    out = io.StringIO(newline="")
    out.write(f"{above}{end}" if above else "")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(["filiale", "date", "menge"])
    writer.writerows(data.draw(st.permutations(rows)))
    out.write(f"{below}{end}" if below else "")
    path = tmp_path_factory.mktemp("dialect") / "x.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    panel = read_panel(path, ReadOptions(ids=("filiale",), missing=("none",))).panel
    assert panel.series_ids == tuple(f"Köln {k}" for k in range(len(values)))
    assert panel.frequency.code == "D"
    for k, series in enumerate(values):
        assert panel.series(k).tolist() == series
        assert panel.timestamps(k)[0] == np.datetime64("2023-12-20")


def test_long_files_are_split_by_what_tells_rows_apart(read):
    text = "shop,day,sales\n" + "".join(
        f"{shop},2024-01-0{day},{shop}{day}\n" for day in range(1, 7) for shop in (10, 9)
    )
    reading = read(text)
    assert reading.columns == Columns("day", ("sales",), ("shop",))
    assert reading.panel.series_ids == ("9", "10")
    assert reading.panel.series(1).tolist() == [101, 102, 103, 104, 105, 106]


def test_wide_files_give_a_series_a_column(read):
    text = "date,a,b,c\n2024-01-01,1,7,\n2024-01-02,2,,\n2024-01-03,3,9,\n"
    panel = read(text, target=("b", "a")).panel
    assert panel.series_ids == ("b", "a")
    assert panel.target == "b, a"
    np.testing.assert_array_equal(panel.values, [7, np.nan, 9, 1, 2, 3])
    with pytest.raises(DataError, match=r"Column c of sales.csv is empty"):
        read(text, target=("c",))


def test_wide_and_long_together_name_both(read):
    text = "date,shop,a,b\n" + "".join(f"2024-01-0{day},{shop},{day},{-day}\n" for day in (1, 2, 3) for shop in "xy")
    panel = read(text, target=("a", "b"), ids=("shop",)).panel
    assert panel.series_ids == ("x/a", "y/a", "x/b", "y/b")
    assert panel.series(2).tolist() == [-1, -2, -3]


def test_options_override_what_would_be_inferred(read):
    text = "date,other,y,z\n" + "".join(f"2024-01-0{i},2023-0{i}-01,{i},{i * i}\n" for i in range(1, 8))
    reading = read(text, time="other", target=("Z",), freq="M", fill="zero")
    assert reading.columns == Columns("other", ("z",), ())
    assert reading.panel.frequency.code == "MS"
    assert reading.panel.fill == "zero"
    assert reading.findings == ()


def test_a_column_asked_for_twice_is_refused(read):
    with pytest.raises(UsageError, match="Column value is asked for twice"):
        read(days(1, 2), target=("value",), ids=("Value",))


def test_an_unknown_column_is_refused(read):
    with pytest.raises(UsageError, match=r"no column 'valeu'. Did you mean 'value'\?"):
        read(days(1, 2), target=("valeu",))


def test_a_date_form_that_is_given_settles_the_question(read):
    text = "date,v\n01/02/2024,1\n01/03/2024,2\n01/04/2024,4\n"
    with pytest.raises(DataError, match="01/02/2024 can be 1 February or 2 January"):
        read(text)
    assert read(text, date_format="%d/%m/%Y").panel.frequency.code == "MS"
    assert read(text, date_format="%m/%d/%Y").panel.frequency.code == "D"


@pytest.mark.parametrize(
    ("texts", "code", "first"),
    [
        ([f"{year}{month:02}" for year in (2019, 2020) for month in range(1, 13)], "MS", "2019-01-01"),
        ([f"{year}.{month:02}" for year in (2019, 2020) for month in range(1, 13)], "MS", "2019-01-01"),
        ([f"202001{day:02}{hour:02}" for day in range(1, 4) for hour in range(24)], "h", "2020-01-01"),
        ([str(45292 + 7 * week) for week in range(30)], "W-MON", "2024-01-01"),
        ([f"{year}{week:02}" for year in (2019, 2020) for week in range(1, 53)], "W-MON", "2018-12-31"),
        ([f"{year}-{week}" for year in (2018, 2019) for week in range(1, 53)], "W-MON", "2018-01-01"),
        (["43466", "43497", "43525", "43556", "43586", "43617", "43647", "43678"], "MS", "2019-01-01"),
    ],
)
def test_numbers_in_a_column_called_date_are_dates(read, texts, code, first):
    panel = read("date,value\n" + "".join(f"{text},{i % 5}\n" for i, text in enumerate(texts))).panel
    assert (panel.frequency.code, str(panel.timestamps(0)[0])[:10], panel.target) == (code, first, "value")


def test_a_month_that_is_none_makes_no_weeks_of_months(read):
    months = [f"{year}-{month:02}" for year in (2019, 2020) for month in range(1, 13)]
    months[12] = "2020-13"
    with pytest.raises(DataError, match="line 14: '2020-13' is not a date") as error:
        read("date,value\n" + "".join(f"{text},{i}\n" for i, text in enumerate(months)))
    assert error.value.hint == "correct it or delete line 14; other dates are like '2019-01' in line 2"


@pytest.mark.slow
def test_years_with_decimals_are_no_months(read):
    rows = "".join(f"{1958 + i / 24:.2f},{i % 5}\n" for i in range(96))
    with pytest.raises(DataError, match=r"No column of sales.csv holds dates: date \('1958.00'\)"):
        read(f"date,value\n{rows}")


def test_numbers_in_other_columns_are_no_dates(read):
    rows = "".join(f"{day},{201900 + day % 12},{45000 + day}\n" for day in range(20200101, 20200129))
    panel = read(f"date,plan,value\n{rows}").panel
    assert (panel.frequency.code, panel.target) == ("D", "value")


def test_gaps_and_empty_values_are_missing_steps_and_named(read):
    text = "date,value\n2024-01-01,1\n2024-01-02,\n2024-01-05,5\n2024-01-06,6\n"
    reading = read(text, fill="interpolate")
    np.testing.assert_array_equal(reading.panel.values, [1, np.nan, np.nan, np.nan, 5, 6])
    assert reading.panel.filled.tolist() == [1, 2, 3, 4, 5, 6]
    [finding] = found(reading, "gaps")
    assert finding.text == "2 dates missing and 1 value empty, interpolated; the first is 2024-01-02"
    assert (finding.grade, finding.flag) == ("warning", "--fill")
    assert "filled with 0" in found(read(text, fill="zero"), "gaps")[0].text
    with pytest.raises(DataError, match="2 dates missing and 1 value empty, the first is 2024-01-02") as error:
        read(text, fill="error")
    assert error.value.hint == "--fill interpolate"


@pytest.mark.parametrize(
    ("closed", "once", "said"),
    [
        ({6}, None, "; no Sunday has a value"),
        ({4, 5}, None, "; no Friday or Saturday has a value"),
        ({6}, 20, "; hardly a Sunday has a value"),
        ({}, None, None),
    ],
)
def test_days_of_the_week_when_a_shop_is_closed_are_named(read, closed, once, said):
    monday = np.datetime64("2024-01-01")
    rows = [f"{monday + i},{i}" for i in range(7 * 30) if i % 7 not in closed or i // 7 == once]
    if said is None:
        rows = rows[::3] + rows[1::3]  # a third of all days is missing, whichever they are
    text = "date,value\n" + "\n".join(rows)
    [finding] = found(read(text, fill="interpolate"), "gaps")
    assert finding.text.endswith(f"{said}: --fill zero if nothing is sold then" if said else "is 2024-01-03")
    assert found(read(text, fill="zero"), "gaps")[0].text.endswith(said or "is 2024-01-03")


def test_empty_values_at_the_start_and_the_end_are_not_part_of_a_series(read):
    reading = read(days("", 1, 2, 3, "", ""))
    assert reading.panel.values.tolist() == [1, 2, 3]
    assert reading.panel.timestamps(0)[0] == np.datetime64("2024-01-02")
    assert found(reading, "trailing")[0].text == "2 rows without a value at the end left out"


def test_exchange_days_have_no_weekends_but_holidays(read):
    stamps = np.datetime64("2024-01-01") + np.arange(70)
    trading = [day for day in stamps if np.is_busday(day) and str(day) != "2024-01-15"]
    reading = read("date,close\n" + "".join(f"{day},{i}\n" for i, day in enumerate(trading)))
    assert reading.panel.frequency.code == "B"
    assert found(reading, "gaps")[0].text == "1 date missing, interpolated; the first is 2024-01-15"
    odd = "".join(f"{day},{i}\n" for i, day in enumerate([*trading, np.datetime64("2024-01-06")]))
    reading = read("date,close\n" + odd)
    assert reading.panel.frequency.code == "B"
    assert found(reading, "weekends")[0].text == "1 row on weekends left out, the first on 2024-01-06"
    assert read("date,close\n" + odd, freq="D").panel.frequency.code == "D"


def test_repeated_rows_are_dropped_and_conflicts_keep_the_last(read):
    text = days(*range(40))
    same = read(text + "2024-01-03,2\n")
    [finding] = found(same, "duplicates")
    assert (finding.grade, finding.text) == ("note", "1 row repeated (first: line 4 and line 42); dropped")
    np.testing.assert_array_equal(same.panel.values, np.arange(40))
    other = read(text + "\n2024-01-03,99\n")
    [finding] = found(other, "duplicates")
    assert (finding.grade, finding.flag) == ("warning", "--id")
    assert "first: line 4 and line 43" in finding.text
    assert other.panel.values[2] == 99


def test_rows_that_contradict_each_other_all_over_are_refused(read):
    text = days(*range(40)) + days(*range(5, 45)).split("\n", 1)[1]
    with pytest.raises(DataError, match="has 2 rows for 2024-01-01 in column date"):
        read(text)
    panel = "shop,date,value\n" + "".join(f"a,{row}\n" for row in text.splitlines()[1:])
    with pytest.raises(DataError, match=r"sales.csv has 40 rows with the time of another, but another value"):
        read(panel, ids=("shop",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,value\n2024-01-01,1\n2024-13-01,2\n", "sales.csv line 3: '2024-13-01' is not a date"),
        ("date,value\n2024-01-01,1\n,2\n2024-01-03,3\n", "sales.csv line 3 has a value but no date"),
        ("date,value\n2024-01-01,1\n2024-01-02,inf\n", "sales.csv line 3: column value holds an infinite number"),
        ("date,value\n2024-01-01,1\n2024-01-02,2\n2024-01-03,x\n", "line 4: 'x' in column value is not a number"),
        ("date,value\n2024-01-01,1\n", "sales.csv: the frequency can't be told from a single date"),
        (days(5, 5, 5), "Column value of sales.csv has nothing to learn from: every value is 5"),
        (days("", ""), "No column of sales.csv holds numbers to forecast: value .empty."),
        ("date,value\n,1\n,2\n", "No column of sales.csv holds dates"),
        (
            days(*range(20)) + "2024-01-05T01:30,7\n",
            "sales.csv line 22: 2024-01-05 01:30:00 is not one of the daily steps",
        ),
        ("date,value\n2024-01-01,1\n2024-01-20,2\n2031-05-04,2\n", "sales.csv: the frequency can't be inferred"),
    ],
)
@pytest.mark.slow
def test_what_can_not_be_series_is_said_in_the_words_of_the_file(read, text, message):
    with pytest.raises(DataError, match=message) as error:
        read(text)
    assert error.value.hint


def test_more_errors_that_need_an_option(read):
    with pytest.raises(DataError, match="line 3 has a value but no id") as error:
        read("id,date,value\na,2024-01-01,1\n,2024-01-01,2\na,2024-01-02,3\n", ids=("id",))
    assert "fill it in" in error.value.hint
    with pytest.raises(DataError, match=r"sales.csv line 3: 2024-01-02 is not one of the weekly steps \(W-MON\)"):
        read(days(1, 2, 3), freq="W-MON")
    with pytest.raises(UsageError, match="'fortnightly' is not a frequency"):
        read(days(1, 2, 3), freq="fortnightly")
    with pytest.raises(DataError, match=r"sales.csv: from the first date to the last lie .* steps, for 3 values"):
        read("date,value\n0001-01-01,1\n9999-01-01,2\n9999-01-02,3\n", freq="h")
    with pytest.raises(DataError, match=r"Column date of sales.csv is empty"):
        read("date,value\n,1\n,2\n", time="date")


def test_empty_rows_are_left_out(read):
    reading = read("date,value,\n2024-01-01,1,\n,,\n2024-01-02,2,\n,,\n")
    assert reading.panel.values.tolist() == [1, 2]
    assert found(reading, "empty-rows")[0].text == "2 rows without date and value left out"


def test_constant_and_empty_series_in_a_panel_are_told(read):
    lines = [
        f"2024-01-0{day},{name},{value}" for day in range(1, 7) for name, value in zip("abc", (day, 7, ""), strict=True)
    ]
    reading = read("date,id,y\n" + "\n".join(lines))
    assert reading.panel.series_ids == ("a", "b")
    assert found(reading, "constant")[0].text == "1 of 2 series never change, such as b"
    assert found(reading, "empty")[0].text == "1 series without a value left out"
    with pytest.raises(DataError, match="no series ever changes"):
        read("date,id,y\n" + "".join(f"2024-01-0{day},{name},{name}\n" for day in range(1, 7) for name in "12"))


def test_dialects_out_of_the_ordinary_are_told(read):
    reading = read("Datum;Verkäufe\n31.01.2024;1,5\n29.02.2024;2\n31.03.2024;3\n".encode("cp1252"))
    assert reading.panel.values.tolist() == [1.5, 2, 3]
    assert reading.panel.frequency.code == "ME"
    assert reading.panel.target == "Verkäufe"
    assert [finding.topic for finding in reading.findings] == ["encoding", "decimals"]


def test_a_zone_is_told(read):
    reading = read("ts,v\n" + "".join(f"2024-03-31T0{hour}:00Z,{hour}\n" for hour in range(6)))
    assert found(reading, "zone")[0].text.startswith("times are converted to UTC")
    assert reading.panel.frequency.code == "h"


@pytest.mark.slow
def test_reading_needs_neither_pandas_nor_anything_heavier(tmp_path):
    (tmp_path / "a.csv").write_text("shop,date,v\nNA,01.01.2024,1\nNA,02.01.2024,\nNA,03.01.2024,3\n")
    code = (
        "import sys; from forecast.data.reading.reader import *;"
        f"read_panel({str(tmp_path / 'a.csv')!r}, ReadOptions(ids=('shop',)));"
        "print({'pandas', 'sklearn', 'matplotlib', 'tensorflow', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


SALES = "when,branch,amount\n" + "".join(
    f"2024-{month:02}-{day:02} {(7 * day) % 24:02}:30,{'ab'[day % 2]},{day * month}\n"
    for month in (1, 2, 3)
    for day in range(1, 29)
)


def test_transactions_are_refused_with_the_flags_that_add_them_up(read):
    for text in (SALES, re.sub(r" \d\d:30", "", SALES + SALES.split("\n", 1)[1])):
        with pytest.raises(DataError, match=r"frequency can't be inferred|tells them apart") as error:
            read(text)
        assert "--aggregate sum" in error.value.hint


def test_transactions_are_added_up(read):
    reading = read(SALES, aggregate="sum", freq="M")
    assert reading.columns == Columns("when", ("amount",), ())
    assert reading.panel.frequency.code == "MS"
    assert found(reading, "ids")[0].text == "none; possible: branch"
    assert found(reading, "aggregate")[0].flag == "--aggregate, --freq"
    assert reading.panel.values.tolist() == [sum(range(1, 29)) * month for month in (1, 2, 3)]


def test_each_series_is_added_up_by_itself_and_the_last_period_must_be_whole(read):
    text = SALES + "2024-04-01 00:30,a,5\n"
    reading = read(text, aggregate="sum", freq="M", ids=("branch",), missing=("none",))
    odd, even = sum(range(1, 29, 2)), sum(range(2, 29, 2))
    assert reading.panel.series_ids == ("a", "b")
    assert [reading.panel.series(i).tolist() for i in (0, 1)] == [
        [even, 2 * even, 3 * even],
        [odd, 2 * odd, 3 * odd],
    ]
    assert "the month of 2024-04-01 is not whole and left out" in found(reading, "unfinished")[0].text
    kept = read(text, aggregate="sum", freq="M", ids=("branch",), keep_partial=True).panel
    assert [kept.series(i)[-1] for i in (0, 1)] == [5, 0]


def test_rows_are_counted_without_a_target(read):
    reading = read("when,who\n" + SALES.replace(",a,", ",").split("\n", 1)[1].replace(",b,", ","), aggregate="count")
    assert reading.columns.target == ("rows",)
    assert reading.settled.target == ()
    assert set(reading.panel.values.tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"no_dates": True, "time": "date"}, "--time can't be used with --no-dates"),
        ({"no_dates": True, "freq": "D"}, "--freq can't be used with --no-dates"),
        ({"no_dates": True, "aggregate": "sum"}, "--aggregate can't be used with --no-dates"),
        ({"keep_partial": True}, "--keep-partial says what becomes of periods"),
        ({"parents": "ignore"}, "--parents ignore says what becomes of sums in the file, and no --hierarchy"),
        ({"time": "date,valeu"}, "has no column 'valeu'"),
    ],
)
def test_options_that_contradict_each_other_are_refused(read, options, message):
    with pytest.raises(UsageError, match=message) as error:
        read(days(1, 2, 3), **options)
    assert error.value.hint


def test_rows_without_dates_are_numbered(read):
    text = "close,shop\n" + "".join(f"{i * i},{'ab'[i % 2]}\n" for i in range(20))
    with pytest.raises(DataError, match="holds dates") as error:
        read(text)
    assert "--no-dates" in error.value.hint
    reading = read(text, no_dates=True)
    assert (reading.columns.time, reading.days) == ("", ("1", "20"))
    assert reading.panel.values.tolist() == [i * i for i in range(20)]
    panel = read(text, no_dates=True, ids=("shop",)).panel
    assert panel.series(1).tolist() == [i * i for i in range(1, 20, 2)]
    assert [readable(stamp) for stamp in panel.future_timestamps(2)[0]] == ["11", "12"]


def test_what_was_settled_reads_a_continued_file_in_the_same_way(read):
    fridays = [np.datetime64("2010-02-05") + 7 * i for i in range(40)]
    rows = "".join(f"{day.item():%d/%m/%y},{-200 if i % 9 == 0 else i % 7}\n" for i, day in enumerate(fridays))
    reading = read(f"date,value\n{rows}")
    assert (reading.settled.date_format, reading.settled.missing) == ("%d/%m/%y", ("-200",))
    short = "date,value\n" + "".join(rows.splitlines(keepends=True)[:3])  # too short to tell either again
    again = read_panel(Path(reading.path).parent / read(short, date_format="%d/%m/%y").source, reading.settled)
    assert again.panel.timestamps(0)[0] == np.datetime64("2010-02-12")
    assert again.panel.values.tolist() == [1, 2]


@pytest.mark.parametrize(("rows", "later"), [(["1.477,50", "2.121,00"], 2121), (["1.5", "2.121"], 2.121)])
def test_the_decimal_mark_that_a_file_proves_reads_a_continued_file_that_leaves_it_open(read, tmp_path, rows, later):
    stamps = days(*range(8)).splitlines()[1:]
    text = "date;value\n" + "".join(f"{day[:10]};{rows[i % 2]}\n" for i, day in enumerate(stamps))
    settled = read(text).settled
    short = text[: text.index("\n") + 1] + "".join(f"2024-02-0{i};{i}.121\n" for i in (2, 3, 4))
    with pytest.raises(DataError, match=r"sales.csv: 2\.121 in column value may be a thousand") as refused:
        read(short)
    assert refused.value.hint == "--decimal , if the point is before thousands, --decimal . if before decimals"
    assert read_panel(tmp_path / "sales.csv", settled).panel.values[0] == later


def test_thousands_beside_whole_numbers_are_asked_about_whatever_another_column_proves(read):
    def rows(factor):
        cells = [f"{1 + i % 3}.{111 + 7 * i}" if i % 2 else f"{factor * (3 + i)}" for i in range(80)]
        return "".join(f"2024-{1 + i // 28:02}-{1 + i % 28:02};{cell};0.5\n" for i, cell in enumerate(cells))

    with pytest.raises(DataError, match=r"1\.118|2\.118 in column sold may be a thousand"):
        read(f"day;sold;weight\n{rows(11)}")
    assert np.nanmin(read(f"day;sold;weight\n{rows(11)}", decimal=".").panel.values) < 2
    assert np.nanmax(read(f"day;sold;weight\n{rows(0)}").panel.values) < 4  # none that is far larger than the others


def test_infinite_and_huge_numbers_among_open_points_are_read_without_a_warning(read):
    def rows(cell):
        return "".join(f"2024-01-{day:02};{cell if day == 9 else f'{day}.5'}\n" for day in range(1, 25))

    with pytest.raises(DataError, match="column sold holds an infinite number"):
        read(f"day;sold\n{rows('-inf')}")
    assert read(f"day;sold\n{rows('1.5e306')}").panel.values.max() == 1.5e306


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (["$100", "¥15000", "$102"], "'$100' (line 2), '¥15000' (line 3)"),
        (["5 EUR", "6", "£7"], "'5 EUR' (line 2), '£7' (line 4)"),
        (["0.3", "31%", "0.32"], "'0.3' (line 2), '31%' (line 3)"),
        (["$100", "101", "$102"], ""),
        (["30%", "31%", "0"], ""),
    ],
)
def test_mixed_currencies_and_percents_are_told(read, cells, text):
    findings = found(read(days(*cells)), "measures")
    wanted = [f"value mixes {text}; the numbers count as they stand, none is converted"] if text else []
    assert [(finding.grade, finding.text) for finding in findings] == [("warning", text) for text in wanted]


def test_numbers_that_are_taken_for_an_index_are_told(read):
    stamps = [line[:10] for line in days(*range(12)).splitlines()[1:]]
    text = "sales,date\n" + "".join(f"{1000 + 37 * i * i % 401},{i % 7},{day}\n" for i, day in enumerate(stamps))
    [finding] = found(read(text), "index")
    assert finding.grade == "warning"
    assert finding.text.startswith("there is one field more than names: the first of each row, such as 1000, is taken")
    for index in (range(12), [5, 3, 4, 1, 2, 0, 6, 7, 8, 9, 10, 11], range(7, 150, 12), [f"r{i}" for i in range(12)]):
        rows = zip(index, stamps, strict=True)
        text = "sales,date\n" + "".join(f"{row},{i % 7},{day}\n" for i, (row, day) in enumerate(rows))
        assert found(read(text), "index") == []


def test_files_joined_end_to_end_are_one(read):
    first, second = days(*range(10)), days(*range(10), start="2024-01-11")
    reading = read(first + second)
    assert reading.panel.values.tolist() == [*range(10), *range(10)]
    [finding] = found(reading, "headers")
    assert finding.text == "1 line with the names of the columns once more left out (line 12)"


def test_an_id_with_a_blank_behind_is_of_the_same_series(read):
    stamps = [line[:10] for line in days(*range(8)).splitlines()[1:]]
    rows = [f"{day},{store}{' ' * (i % 2)},{i}\n" for i, day in enumerate(stamps) for store in "AB"]
    reading = read("date,store,v\n" + "".join(rows))
    assert (reading.panel.series_ids, reading.panel.lengths.tolist()) == (("A", "B"), [8, 8])
    [finding] = found(reading, "blanks")
    assert finding.text == "blanks around 'A ', 'B ' in store left out"


def test_mixed_currencies_of_a_covariate_are_told_too(read):
    rows = [f"{line},{'$€'[i % 2]}{i}" for i, line in enumerate(days(*range(12)).splitlines()[1:])]
    [finding] = found(read("\n".join(["date,sales,price", *rows]), known=("price",)), "measures")
    assert finding.text.startswith("price mixes '$0' (line 2), '€1' (line 3)")


@pytest.mark.parametrize(("mark", "point"), [(";", ","), (";", "."), (",", ".")])
def test_months_with_a_point_are_dates_though_they_could_be_numbers(read, mark, point):
    months = (np.datetime64("2022-01", "M") + np.arange(20)).tolist()
    rows = "".join(f"{day:%m.%Y}{mark}{i}{point}5\n" for i, day in enumerate(months))
    panel = read(f"Monat{mark}Umsatz\n{rows}").panel
    assert (panel.frequency.code, panel.values.tolist()) == ("MS", [i + 0.5 for i in range(20)])


def test_seconds_that_went_by_are_no_months(read):
    rows = "".join(f"{i / 8},{i % 5}\n" for i in range(20))
    with pytest.raises(DataError, match=r"No column of sales\.csv holds dates"):
        read(f"time,v\n{rows}")


def test_two_series_of_one_name_are_refused(read):
    stamps = [line[:10] for line in days(*range(8)).splitlines()[1:]]
    cells = {"x/y,z": 1, "x,y/z": 2}
    text = "date,a,b,v\n" + "".join(
        f"{day},{ids},{v * i}\n" for i, day in enumerate(stamps) for ids, v in cells.items()
    )
    with pytest.raises(
        DataError, match=r"line 2 and line 3 are of different series, both called x/y/z by a, b"
    ) as refused:
        read(text, ids=("a", "b"))
    assert refused.value.hint == "write another sign in place of / in column a or b"
    assert read(text.replace("x,y/z", "w,y/z"), ids=("a", "b")).panel.series_ids == ("w/y/z", "x/y/z")


def test_numbers_that_mean_nothing_are_told_with_their_flag(read):
    values = [-200 if i % 8 == 3 else i % 7 + 0.5 for i in range(60)]
    [finding] = found(read(days(*values)), "sentinel")
    assert finding.text == "-200 comes 8 times in value, far from all else: read as missing"
    assert (finding.grade, finding.flag) == ("warning", "--missing none")
    assert np.nanmin(read(days(*values)).panel.values) == 0.5
    assert read(days(*values), missing=("none",)).panel.values.min() == -200
    assert np.isnan(read(days(*values), missing=("-200", "6.5")).panel.values[6])


def test_what_stands_around_a_table_is_told(read):
    reading = read(f"Visits\nof 2024\n{days(1, 2, 4)}Source: the door of the shop\n")
    assert reading.panel.values.tolist() == [1, 2, 4]
    assert found(reading, "title")[0].text == "2 lines above the column names left out"
    assert found(reading, "comments")[0].text == "1 line of comment left out (line 7: 'Source: the door of the shop')"


def test_dates_and_hours_in_two_columns_are_one_time(read):
    rows = "".join(f"{day}.3.2004;{hour:02}.00;{day * hour}\n" for day in (29, 30, 31) for hour in range(24))
    reading = read(f"Date;Time;v\n{rows}")
    assert reading.columns.time == "Date,Time"
    assert reading.panel.frequency.code == "h"
    assert found(reading, "time")[0].text == "Date and Time together"
    assert read(f"Date;Time;v\n{rows}", time="Date,Time").panel.values.size == 72


def test_a_panel_of_sensors_shares_its_date_and_time(read):
    rows = "".join(f"{s},{d}.3.2004,{h:02}:00,{d * h}\n" for s in "xy" for d in (29, 30, 31) for h in range(24))
    panel = read(f"sensor,Date,Time,v\n{rows}").panel
    assert (panel.series_ids, panel.frequency.code) == (("x", "y"), "h")


BENCHMARK_FILES = [path for path in sorted((SHARED / "data").glob("*.csv")) if "regions" not in path.stem]
SMALL_FILES = [path for path in BENCHMARK_FILES if path.stat().st_size < 400_000]


@needs_shared
@pytest.mark.parametrize("path", slow_but(SMALL_FILES, BENCHMARK_FILES), ids=lambda path: path.stem)
@pytest.mark.slow
def test_benchmark_files_need_no_option(path):
    reading = read_panel(path)
    assert reading.columns == Columns("ds", ("y",), ("unique_id",))
    with path.open() as file:
        rows = list(csv.DictReader(file))
    values = {(row["unique_id"], row["ds"]): float(row["y"]) for row in rows if row["y"]}
    panel = reading.panel
    assert int(panel.observed.sum()) == len(values)
    for i in (0, len(panel) - 1):
        stamps = panel.timestamps(i)
        expected = [
            values.get(
                (panel.series_ids[i], str(stamp.astype("datetime64[D]"))),
                values.get((panel.series_ids[i], str(stamp).replace("T", " ")), np.nan),
            )
            for stamp in stamps
        ]
        np.testing.assert_array_equal(panel.series(i), expected)


def test_names_like_formulas_are_kept_and_noted(tmp_path):
    ids = ["=1+1", "@SUM(1)", "-5", "+7.5", "plain"]
    rows = [f"2024-01-{day:02},{name},{day}" for name in ids for day in range(1, 29)]
    (tmp_path / "x.csv").write_text("\n".join(["date,id,v", *rows]))
    reading = read_panel(tmp_path / "x.csv", ReadOptions(ids=("id",)))
    assert set(reading.panel.series_ids) == set(ids)
    [note] = [finding for finding in reading.findings if finding.topic == "formulas"]
    assert note.text.startswith("2 series begin like a formula ('=1+1', '@SUM(1)')")


def test_parts_of_ids_stand_series_by_series_though_one_holds_a_slash(read):
    shops = [("so/uth", "2", 1), ("north", "10", 2), ("so/uth", "1", ""), ("north", "9", 4)]
    rows = [
        f"2024-01-{day:02},{region},{shop},{v and v + day},{day}" for region, shop, v in shops for day in range(1, 15)
    ]
    text = "\n".join(["date,region,shop,v,w", *rows])
    one = read(text, ids=("region", "shop"), target=("v",))
    assert one.panel.series_ids == ("north/9", "north/10", "so/uth/2")
    assert one.ids.names == ("region", "shop")
    assert one.ids.values == (("north", "9"), ("north", "10"), ("so/uth", "2"))
    both = read(text, ids=("region", "shop"), target=("v", "w"))
    assert both.ids.names == ("region", "shop", "target")
    assert ["/".join(parts) for parts in both.ids.values] == list(both.panel.series_ids)
    assert both.ids.values[-1] == ("so/uth", "2", "w")


def test_one_series_has_no_parts(read):
    assert read(days(*range(20))).ids.names == ()
    assert read(days(*range(20))).ids.values == ((),)


def test_parts_of_ids_are_those_of_the_series_that_are_left(read):
    rows = [
        f"2024-01-{day:02},{region},x,{day}" for region in ("a", "b") for day in range(1, 15 if region == "b" else 5)
    ]
    reading = read("\n".join(["date,region,shop,v", *rows]), ids=("region", "shop"), ignore=("2024-01-01..2024-01-05",))
    assert reading.panel.series_ids == ("b/x",)
    assert reading.ids.values == (("b", "x"),)
