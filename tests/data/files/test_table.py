import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast.data.files.source import Source
from forecast.data.files.table import Table, first_row
from forecast.errors import DataError


def table_of(data, name="sales.csv"):
    encoded = data.encode() if isinstance(data, str) else data
    return Table(Source(name, "sales", None, encoded, "", "UTF-8"))


def parquet_of(**columns):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return table_of(buffer.getvalue(), "sales.parquet")


def test_columns_are_judged_by_all_rows():
    table = table_of("d,n,t,e,b,\n2024-01-01,1,x,,true,0\n2024-01-02,2.5,7,,false,1\n")
    assert table.names == ["d", "n", "t", "e", "b"]
    assert [table.kind(name) for name in table.names] == ["dates", "numbers", "text", "empty", "other"]
    assert table.rows == 2


def test_numbers_are_exact_and_missing_words_are_not_numbers():
    table = table_of("v,w\n0.1,1\nNA,2\n,3\n1e-7,4\n")
    np.testing.assert_array_equal(table.numbers("v"), [0.1, np.nan, np.nan, 1e-7])
    np.testing.assert_array_equal(table.numbers("w"), [1, 2, 3, 4])
    assert table.is_whole("w")
    assert not table.is_whole("v")


def test_an_empty_column_is_all_missing():
    assert np.isnan(table_of("v,w\n,1\n,2\n").numbers("v")).all()


def test_decimal_commas_are_numbers():
    np.testing.assert_array_equal(table_of("d;v\na;1,5\nb;-2\n").numbers("v"), [1.5, -2])


def test_text_among_numbers_is_named_with_its_line():
    table = table_of("d,v\na,1\nb,NA\nc,2x\nd,3\n")
    assert table.is_mostly_numbers("v")
    assert not table.is_mostly_numbers("d")
    with pytest.raises(DataError, match=r"(?m)^sales.csv line 4: '2x' in column v is not a number$"):
        table.numbers("v")
    with pytest.raises(DataError, match=r"sales.csv line 2: 'true' in column b is not a number"):
        table_of("b,v\ntrue,1\nfalse,2\n").numbers("b")
    np.testing.assert_array_equal(parquet_of(v=["1", "2"]).numbers("v"), [1, 2])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_that_repeat_the_header_are_no_rows(end):
    table = table_of(end.join(["of May", "d,v", "a,1", "d,v", "d,v", "d,v2", "b,2x", "d,v"]))
    assert (table.rows, table.headers) == (3, (4, 5, 8))
    assert [table.line(row) for row in range(3)] == ["line 3", "line 6", "line 7"]


def test_a_line_that_repeats_the_names_in_other_words_is_named():
    with pytest.raises(DataError, match=r"(?m)^sales.csv line 3 repeats the names of the columns\.$") as refused:
        table_of('d,v\na,1\n"d","v"\nb,2\nc,3\n').numbers("v")
    assert refused.value.hint == "delete that line"


def test_parquet_columns_that_no_csv_could_hold_are_left_out():
    assert parquet_of(v=[1], nested=[[1, 2]], raw=[b"\xff"]).names == ["v"]


def test_labels_stay_as_they_are_written():
    codes, names = table_of("id,v\n007,1\n7,1\n007,1\n,1\n").labels("id")
    assert [names[code] if code >= 0 else None for code in codes] == ["007", "7", "007", None]
    codes, names = table_of("id,v\nNA,1\nEU,1\n ,1\n").labels("id")
    assert [names[code] if code >= 0 else None for code in codes] == ["NA", "EU", None]


def test_blanks_around_labels_tell_no_two_apart():
    table = table_of("id,v\nA,1\nA ,1\n B,1\n  ,1\nA,2\n")
    codes, names = table.labels("id")
    assert [names[code] if code >= 0 else None for code in codes] == ["A", "A", "B", None, "A"]
    assert table.merged("id") == ["A ", " B"]
    assert table_of("id,v\n A,1\n B,1\n").labels("id")[1] == ["A", "B"]


def test_text_is_read_back_from_columns_that_look_like_something_else():
    texts = table_of("d,v\n2024-01-01T00:00+01:00,1\n2024-01-02T00:00+01:00,2\n").texts("d")
    assert [texts.value(row) for row in range(2)] == ["2024-01-01T00:00+01:00", "2024-01-02T00:00+01:00"]
    texts = table_of("d,v\n x ,1\nNA,2\n ,3\n").texts("d")
    assert texts.codes[1] == texts.codes[2] == -1
    for column in ("true\nNA\n\nfalse", "1\nNA\n-\n2"):  # words that Arrow takes for truth and for numbers
        texts = table_of(f"d\n{column}\n".replace("\n\n", "\n-\n")).texts("d")
        assert texts.codes.tolist() == [0, -1, -1, 1]
        assert texts.values.to_pylist() == [column[: column.index("\n")], column[column.rindex("\n") + 1 :]]


def test_distinct_counts_values_and_not_empty_cells():
    table = table_of("s,n\na,1\nb,1\n,1\na,2\n")
    assert (table.distinct("s"), table.distinct("n")) == (2, 2)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_the_file(end):
    table = table_of(end.join(["d,v", "a,1", "b,2"]))
    assert [table.line(row) for row in range(2)] == ["line 2", "line 3"]
    table = table_of(end.join(["d,v", "", "a,1", '"b', 'b",2', "c,3", ""]))
    assert [table.line(row) for row in range(3)] == ["line 3", "line 4", "line 6"]


def test_a_row_of_another_width_is_named():
    with pytest.raises(DataError, match=r"sales.csv line 3 has 3 fields, but the header has 2"):
        table_of("d,v\na,1\nb,2,3\n")
    with pytest.raises(DataError, match=r"sales.csv line 4 has 1 fields"):
        table_of("d,v\na,1\nb,2\nc")


@pytest.mark.slow
def test_a_line_longer_than_a_block_is_refused():
    with pytest.raises(DataError, match="has a row longer than 8 MB"):
        table_of(b"d,v\na,1\nb," + b"7" * (1 << 24) + b"\n" + b"c,3\n" * 9)


def test_parquet_columns_read_like_csv_columns():
    days = pa.array(np.array(["2024-01-01", "2024-01-02"], "datetime64[D]"))
    table = parquet_of(d=days, v=[1.5, None], i=[3, 3], s=["a", None])
    assert [table.kind(name) for name in table.names] == ["dates", "numbers", "numbers", "text"]
    codes, stamps = table.stamps("d")
    assert stamps[codes].astype(str).tolist() == ["2024-01-01T00:00:00", "2024-01-02T00:00:00"]
    np.testing.assert_array_equal(table.numbers("v"), [1.5, np.nan])
    assert table.labels("i")[1] == ["3"]
    assert table.place(1) == "sales.parquet row 2"


def test_damaged_and_empty_parquet_is_refused():
    with pytest.raises(DataError, match="damaged or cut-off Parquet"):
        table_of(b"PAR1 something else", "sales.parquet")
    with pytest.raises(DataError, match="has columns but no rows"):
        parquet_of(v=pa.array([], pa.float64()))


def test_first_row_skips_empty_cells():
    assert first_row(np.array([-1, 0, 2, 1, 2]), np.array([False, False, True])) == 2


def test_comments_and_footers_are_no_rows():
    table = table_of("Sales\nd,v\n# first\na,1\n\n# second, of two, more\nb,2\nSource: the till of Rome\n")
    assert table.rows == 2
    assert table.numbers("v").tolist() == [1, 2]
    assert [line for line, _ in table.strays] == [3, 6, 8]
    assert [table.line(row) for row in range(2)] == ["line 4", "line 7"]


@pytest.mark.parametrize("row", ["2024-01-03", "c,3,4", "c"])
def test_a_row_that_was_cut_off_is_no_footer(row):
    with pytest.raises(DataError, match=r"sales.csv line 4 has"):
        table_of(f"d,v\n2024-01-01,1\n2024-01-02,2\n{row}\n")
    with pytest.raises(DataError, match=r"sales.csv line 3 has"):
        table_of("d,v\n2024-01-01,1\nSource: the till\n2024-01-02,2\n")


def test_stamps_that_are_all_different_are_coded_too():
    stamps = np.datetime64("2024-01-01T00:00:00") + np.random.default_rng(0).permutation(100_000)
    table = table_of("d,v\n" + "".join(f"{stamp},1\n" if i % 9 else ",1\n" for i, stamp in enumerate(stamps)))
    codes, values = table.stamps("d")
    kept = np.arange(stamps.size) % 9 > 0
    assert (codes[~kept] == -1).all()
    np.testing.assert_array_equal(values[codes[kept]], stamps[kept])


def test_columns_that_got_their_name_from_pandas_have_none():
    assert table_of("Unnamed: 0,d,v,...4\n0,a,1,\n1,b,2,\n").names == ["d", "v"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (",v\n2024-01-01,1\n2024-01-02,2\n", ["column 1", "v"]),
        ("Unnamed: 0,v\nJan 2024,1\nFeb 2024,2\n", ["Unnamed: 0", "v"]),
        (",d,v\n7,2024-01-01,1\n9,2024-01-02,2\n", ["d", "v"]),  # numbers of rows
        (",d,v\n,2024-01-01,1\n,2024-01-02,2\n", ["d", "v"]),  # empty
        (",column 1,v\na,2024-01-01,1\nb,2024-01-02,2\n", ["column 1", "v"]),
        ("d,,v\n2024-01-01,a remark,1\n2024-01-02,,2\n", ["d", "v"]),  # not the first
    ],
)
def test_index_that_was_saved_without_a_name_is_a_column_if_it_is_no_numbers(text, names):
    table = table_of(text)
    assert table.names == names
    assert table.kind(names[0]) in {"dates", "text"}
    assert table.kind("v") == "numbers"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (",v\n1871,1\n1872,2\n", ["year", "v"]),
        ("Unnamed: 0,v,w\n1871,1,5\n1872,2,6\n", ["year", "v", "w"]),
        (",v\n0,1\n1,2\n", ["v"]),
        (",v\n1871,1\n1873,2\n", ["v"]),
        (",v\n1871.5,1\n1872.5,2\n", ["v"]),
        (",v\n2199,1\n2200,2\n2201,3\n", ["v"]),
        (",v\n,1\n,2\n", ["v"]),
        (",day,v\n1871,2024-01-01,1\n1872,2024-01-02,2\n", ["day", "v"]),  # rows of a long table
    ],
)
def test_index_of_years_is_a_column_beside_numbers_alone(text, names):
    assert table_of(text).names == names


def test_positions_that_pandas_saves_for_names_are_names_above_an_index_only():
    table = table_of(",0,1\n2024-01-01,5,7\n2024-01-02,6,8\n")
    assert table.names == ["column 1", "0", "1"]
    assert table.numbers("0").tolist() == [5, 6]
    for rows in (",0,1\n,5,7\n2024-01-02,6,8\n", ",0,2\n2024-01-01,5,7\n", "0,1\n2024-01-01,5\n"):
        with pytest.raises(DataError, match="holds data, not column names"):
            table_of(rows)
