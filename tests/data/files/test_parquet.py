import datetime as dt
import decimal
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands import csv_bytes, visits
from forecast.data.columns.roles import check_names
from forecast.data.files.parquet import is_arrow_table, parquet_bytes
from forecast.data.files.source import Source
from forecast.data.files.table import Table
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.data.reading.row_findings import dialect_findings
from forecast.errors import DataError, UsageError

ROWS = 30
DAYS = pa.array([dt.date(2024, 1, 1) + dt.timedelta(i) for i in range(ROWS)])
VALUES = pa.array([float(i * i % 23) for i in range(ROWS)])


def source_of(table):
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return Source("x.parquet", "x", None, buffer.getvalue(), "", "UTF-8")


def table_of(column, name="c"):
    """Returns a table as forecast reads it, with a column that was written in another type."""
    return Table(source_of(pa.table({"date": DAYS, "value": VALUES, name: column})))


WORDS = [("a", "b", None)[i % 3] for i in range(ROWS)]
NUMBERS = [i % 7 for i in range(ROWS)]
TEXTS = {
    "string_view": pa.array(WORDS, pa.string_view()),
    "large_string": pa.array(WORDS, pa.large_string()),
    "binary": pa.array([word and word.encode() for word in WORDS], pa.binary()),
    "large_binary": pa.array([word and word.encode() for word in WORDS], pa.large_binary()),
    "binary_view": pa.array([word and word.encode() for word in WORDS], pa.binary_view()),
    "dictionary": pa.array(WORDS).dictionary_encode(),
    "dictionary of large_string": pa.array(WORDS, pa.large_string()).dictionary_encode(),
    "small dictionary": pa.array(WORDS).cast(pa.dictionary(pa.int8(), pa.string())),
}
OTHERS = {
    "decimal": (pa.array([decimal.Decimal(i) / 4 for i in NUMBERS], pa.decimal128(9, 2)), [i / 4 for i in NUMBERS]),
    "decimal without decimals": (pa.array([decimal.Decimal(i) for i in NUMBERS], pa.decimal128(38, 0)), NUMBERS),
    "decimal256": (pa.array([decimal.Decimal(i) / 4 for i in NUMBERS], pa.decimal256(60, 2)), [i / 4 for i in NUMBERS]),
    "half": (pa.array(np.array(NUMBERS, np.float16)), NUMBERS),
    "dictionary of numbers": (pa.array(NUMBERS).dictionary_encode(), NUMBERS),
    "unsigned": (pa.array(NUMBERS, pa.uint64()), NUMBERS),
}
STRANGE = {
    "lists": pa.array([[i] for i in range(ROWS)]),
    "structures": pa.array([{"a": i} for i in range(ROWS)]),
    "maps": pa.array([[("a", i)] for i in range(ROWS)], pa.map_(pa.string(), pa.int64())),
    "durations": pa.array([dt.timedelta(i) for i in range(ROWS)]),
    "bytes": pa.array([b"\xff\xfe"] * ROWS),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_text_is_text_however_it_is_kept(kind):
    table = table_of(TEXTS[kind])
    assert table.kind("c") == "text"
    codes, names = table.labels("c")
    assert [names[code] if code >= 0 else None for code in codes] == WORDS
    assert [table.texts("c").value(i) for i in range(2)] == ["a", "b"]


@pytest.mark.parametrize("kind", OTHERS)
def test_numbers_are_numbers_however_they_are_kept(kind):
    column, numbers = OTHERS[kind]
    assert table_of(column).numbers("c").tolist() == numbers


def test_decimals_without_decimals_are_whole_and_tell_series_apart():
    table = table_of(OTHERS["decimal without decimals"][0])
    assert table.is_whole("c")
    assert table.labels("c")[1] == [str(i) for i in range(7)]


def test_polars_text_tells_series_apart():
    twice = pa.chunked_array([DAYS, DAYS])
    shops = pa.array(["north"] * ROWS + ["south"] * ROWS, pa.string_view())
    table = pa.table({"date": twice, "shop": shops, "sales": pa.chunked_array([VALUES, VALUES])})
    reading = read_panel(source_of(table))
    assert (reading.columns.ids, reading.panel.series_ids) == (("shop",), ("north", "south"))


def test_times_of_day_go_with_dates():
    hours = pa.array([dt.time(i % 24) for i in range(48)], pa.time64("us"))
    days = pa.array([dt.date(2024, 1, 1 + i // 24) for i in range(48)])
    values = pa.array([float(i * i % 23) for i in range(48)])
    reading = read_panel(source_of(pa.table({"date": days, "time": hours, "value": values})))
    assert (reading.columns.time, reading.panel.frequency.code) == ("date,time", "h")


@pytest.mark.parametrize("what", STRANGE)
def test_what_can_be_no_column_of_a_table_is_named(what):
    table = table_of(STRANGE[what])
    assert table.names == ["date", "value"]
    assert [finding.text for finding in dialect_findings(table)] == [f"c ({what}) left out"]
    with pytest.raises(UsageError, match=rf"Column c of x\.parquet holds {what}, which can't be used\."):
        check_names(table, "--target", ["c"])


def test_labels_of_rows_that_pandas_wrote_are_left_out_and_years_are_not():
    table = table_of(pa.array(range(ROWS), pa.int64()), name="__index_level_0__")
    assert table.names == ["date", "value"]
    assert table_of(pa.array(range(1990, 1990 + ROWS)), name="__index_level_0__").names[-1] == "__index_level_0__"


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match=r"x\.parquet has more than one column called value\."):
        Table(source_of(pa.Table.from_arrays([DAYS, VALUES, VALUES], names=["date", "value", "value"])))


@pytest.mark.parametrize(("kind", "raw"), [(pa.string(), pa.binary()), (pa.large_string(), pa.large_binary())])
def test_text_that_is_no_utf_8_is_refused(kind, raw):
    texts = pa.Array.from_buffers(kind, ROWS, pa.array([b"caf\xe9"] * ROWS, raw).buffers())
    for column in (texts, pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), texts[:1])):
        with pytest.raises(DataError, match=r"Column c of x\.parquet holds text that is not UTF-8\."):
            table_of(column)


def test_the_rest_of_such_a_file_is_read(tmp_path):
    table = pa.table({"date": DAYS, "tags": STRANGE["lists"], "value": VALUES})
    pq.write_table(table, tmp_path / "x.parquet")
    reading = read_panel(tmp_path / "x.parquet", ReadOptions())
    assert reading.columns.target == ("value",)
    assert [finding.topic for finding in reading.findings] == ["columns"]


# Tables of other libraries

TABLE = pa.table(
    {"day": pa.array([day for day, _ in visits()]), "visits": pa.array([float(value) for _, value in visits()])}
)


class Streaming:
    """Hands its columns on as polars does."""

    def __arrow_c_stream__(self, requested_schema=None):
        return TABLE.__arrow_c_stream__(requested_schema)


class Turning:
    """Hands them on by a method."""

    def to_arrow(self):
        return TABLE


class Interchanging:
    """Hands them on by the data frame interchange protocol."""

    def __dataframe__(self, nan_as_null=False, allow_copy=True):
        table = TABLE.set_column(0, "day", TABLE.column("day").cast(pa.timestamp("ms")))  # it knows no plain dates
        return table.__dataframe__(nan_as_null, allow_copy)


@pytest.mark.parametrize("table", [TABLE, Streaming(), Turning(), Interchanging()])
def test_table_is_read_as_its_csv(table, tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    expected = read_panel(tmp_path / "visits.csv").panel
    assert is_arrow_table(table)
    found = read_panel(Source("t", "t", None, parquet_bytes(table), "", "UTF-8")).panel
    assert found.values.tolist() == expected.values.tolist()
    assert found.frequency == expected.frequency
    assert found.first.tolist() == expected.first.tolist()


def test_column_without_a_table_is_refused():
    with pytest.raises(UsageError, match=r"pyarrow\.ChunkedArray can't be read") as caught:
        parquet_bytes(TABLE.column("visits"))
    assert "a column of dates" in caught.value.hint


@pytest.mark.parametrize("data", [3, [1], {"a": [1]}, pa.Table, None])
def test_other_things_are_no_tables(data):
    assert not is_arrow_table(data)


def test_coded_texts_of_another_library_are_texts():
    codes = pa.array([0, 1, None], pa.uint32())
    coded = pa.DictionaryArray.from_arrays(codes, pa.array(["a", "b"], pa.string_view()))
    table = pq.read_table(io.BytesIO(parquet_bytes(pa.table({"shop": coded, "x": [1, 2, 3]}))))
    assert table.column("shop").to_pylist() == ["a", "b", None]
