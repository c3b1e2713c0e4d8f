import shlex

import numpy as np
import pandas as pd
import pytest

from forecast.data.columns.wide_tables import DatesAcrossError, columns_of_dates, columns_of_months, dates_across
from forecast.data.files.source import read_source
from forecast.data.files.table import Table
from forecast.data.read_options import PriorReading, ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.data.shards.row_stream import open_stream
from forecast.errors import DataError

MONTHS = pd.date_range("2020-01", periods=24, freq="MS")
YEARS = list(map(str, range(1990, 2010)))


def wide(first, cells, names):
    rows = (",".join([cell, *(str((i + 1) * (k + 5) % 19) for i in range(len(names)))]) for k, cell in enumerate(cells))
    return "\n".join([",".join([first, *names]), *rows]) + "\n"


WIDE = [
    (wide("product", "ab", MONTHS.strftime("%b-%y")), "the dates are columns, from 'Jan-20' to 'Dec-21'", 24),
    (wide("it's $", "ab", MONTHS.strftime("%Y-%m-%d")), "the dates are columns, from '2020-01-01' to '2021-12-01'", 24),
    (wide("product", "ab", [f" {name}" for name in MONTHS.strftime("%b-%y")]), "from 'Jan-20' to 'Dec-21'", 24),
    (wide("", "ab", YEARS), "the years are columns, from '1990' to '2009'", 20),
    (wide("country", "ab", YEARS).replace(",", ";"), "the years are columns, from '1990' to '2009'", 20),
    (wide("Year", YEARS, MONTHS[:12].strftime("%b")), "the months are columns, from 'Jan' to 'Dec'", 240),
    (wide("Year", YEARS, ["Q1", "Q2", "Q3", "Q4"]), "the quarters are columns, from 'Q1' to 'Q4'", 80),
    (wide("Month", MONTHS[:12].strftime("%b"), YEARS), "the years are columns, from '1990' to '2009'", 240),
    (wide("metric", "a", MONTHS.strftime("%m/%Y")), "from '01/2020' to '12/2021'", 24),
]


@pytest.mark.parametrize(("text", "words", "steps"), WIDE)
def test_each_date_that_is_a_column_is_read_as_a_row(tmp_path, text, words, steps):
    (tmp_path / "sales.csv").write_text(text)
    reading = read_panel(tmp_path / "sales.csv")
    assert set(reading.panel.lengths.tolist()) == {steps}
    assert any(words in found.text for found in reading.findings)
    again = read_panel(tmp_path / "sales.csv", reading.settled, prior=PriorReading(is_settled=True))
    assert again.panel.values.tolist() == reading.panel.values.tolist()


@pytest.mark.parametrize(("text", "words", "steps"), WIDE)
@pytest.mark.slow
def test_it_is_read_as_pandas_turns_it(tmp_path, monkeypatch, text, words, steps):
    path = tmp_path / "sales.csv"
    path.write_text(text)
    with pytest.raises(DataError, match="where each row should be one") as refused:
        _raise_across(path)
    line = shlex.split(refused.value.hint.partition(" turns it")[0])
    assert line[:2] == ["python", "-c"]
    monkeypatch.chdir(tmp_path)
    exec(line[2])
    one, other = (read_panel(tmp_path / name).panel for name in ("sales.csv", "long.csv"))
    assert one.values.tolist() == other.values.tolist()
    assert (one.first.tolist(), one.frequency) == (other.first.tolist(), other.frequency)


def _raise_across(path):
    table = Table(read_source(str(path)))
    raise DatesAcrossError(table, dates_across(table) or dates_across(table, ["Year"]))


NAMES = MONTHS.strftime("%Y-%m").tolist()
CELLS = np.round(np.random.default_rng(0).uniform(10, 99, (3, 24)), 2)


def sums(total_row=True, total_column=True, off=0.0):
    rows = [["a", "n", *CELLS[0]], ["b", "n", *CELLS[1]], ["c", "s", *CELLS[2]]]
    if total_row:
        rows.append(["all", "", *(CELLS.sum(axis=0).round(2) + off)])
    frame = pd.DataFrame(rows, columns=["shop", "region", *NAMES])
    return frame.assign(**({"sum": frame[NAMES].sum(axis=1).round(2) + off} if total_column else {}))


@pytest.mark.parametrize("kind", ["csv", "parquet", "semicolons"])
@pytest.mark.parametrize(("total_row", "total_column"), [(True, True), (True, False), (False, True)])
def test_sums_of_rows_and_columns_are_left_out(tmp_path, kind, total_row, total_column):
    path, frame = tmp_path / f"s.{kind}", sums(total_row, total_column)
    if kind == "parquet":
        frame.to_parquet(path)
    else:
        path.write_text(frame.to_csv(index=False, **({"sep": ";", "decimal": ","} if kind == "semicolons" else {})))
    reading = read_panel(path)
    assert reading.panel.series_ids == ("a", "b", "c")
    assert reading.panel.values.reshape(3, -1).tolist() == CELLS.tolist()
    assert reading.header == ("shop", "region", "date", "value")
    left = [found.text for found in reading.findings if found.topic == "sums"]
    assert left == [f"left out: {'row 4' if kind == 'parquet' else 'line 5'}, the sum of the rows above"] * total_row


def test_what_adds_up_to_something_else_stays(tmp_path):
    sums(off=1.0).to_csv(tmp_path / "s.csv", index=False)
    reading = read_panel(tmp_path / "s.csv")
    assert "all" in reading.panel.series_ids
    assert "sum" in reading.header


def test_a_later_month_is_newer_data(tmp_path):
    frame = sums()
    frame.drop(columns="sum").to_csv(tmp_path / "s.csv", index=False)
    first = read_panel(tmp_path / "s.csv")
    frame["2022-01"] = [1.0, 2.0, 3.0, 6.0]
    frame.drop(columns="sum").to_csv(tmp_path / "s.csv", index=False)
    later = read_panel(tmp_path / "s.csv", first.settled, prior=PriorReading(frequency=first.panel.frequency))
    assert later.panel.series_ids == first.panel.series_ids
    assert later.panel.lengths.tolist() == [25] * 3


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_cell_that_is_no_number_is_named_by_its_line_and_its_date(tmp_path, kind):
    frame = sums(False, False).astype(dict.fromkeys(NAMES, str))
    frame.loc[1, "2020-05"] = "oops"
    path = tmp_path / f"s.{kind}"
    frame.to_parquet(path) if kind == "parquet" else frame.to_csv(path, index=False)
    place = "row 2" if kind == "parquet" else "line 3"
    with pytest.raises(DataError, match=f"s.{kind} {place}: 'oops' in column 2020-05 is not a number"):
        read_panel(path)


def test_cells_are_read_as_they_are_written_where_one_column_is_of_text(tmp_path):
    lines = ["sku;01.2020;02.2020;03.2020;04.2020", "007;1,5;2,5;n/a;1.234,5", "8;1;2;3,5;4"]
    (tmp_path / "s.csv").write_text("\n".join(lines) + "\n")
    panel = read_panel(tmp_path / "s.csv").panel
    assert panel.series_ids == ("007", "8")
    np.testing.assert_array_equal(panel.values, [1.5, 2.5, np.nan, 1234.5, 1, 2, 3.5, 4])


def test_shards_hold_the_rows_of_a_wide_table_without_its_sums(tmp_path):
    sums().to_csv(tmp_path / "s.csv", index=False)
    stream = open_stream(str(tmp_path / "s.csv"), ReadOptions())
    (table,) = stream.tables()
    assert (stream.rows, table.num_rows, table.column_names) == (72, 72, ["shop", "region", "date", "value"])
    with pytest.raises(DataError, match="where each row should be one"):
        open_stream(str(tmp_path / "s.csv"), ReadOptions(), whole=0)


def test_columns_that_are_no_dates_are_none():
    assert columns_of_dates(["date", "a", "b", "c"]) == []
    assert columns_of_dates(["date", "2020", "2021"]) == []  # two may be an accident
    assert columns_of_dates(["code", "2021", "2020", "2022"]) == []  # not in turn
    assert columns_of_months(["May", "June", "July"]) == []


def test_months_beside_dates_of_months_may_tell_the_time_of_year(tmp_path):
    frame = pd.DataFrame({"date": MONTHS.strftime("%Y-%m"), "sales": np.arange(24) % 7})
    for number, name in enumerate(MONTHS[:12].strftime("%b")):
        frame[name] = (MONTHS.month == number + 1).astype(int)
    (tmp_path / "sales.csv").write_text(frame.to_csv(index=False))
    assert read_panel(tmp_path / "sales.csv").columns.target == ("sales",)
