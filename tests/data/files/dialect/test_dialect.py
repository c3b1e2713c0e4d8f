import pytest

from forecast.data.files.dialect.dialect import detect_dialect, records
from forecast.errors import DataError


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_header_are_found(delimiter, end):
    rows = [["date", " Sales ", "note"], ["2024-01-01", "1", "a, b; c"], ["2024-01-02", "2", '"x'], ["", "", ""]]
    quoted = (delimiter.join('"' + field.replace('"', '""') + '"' for field in row) for row in rows)
    dialect = detect_dialect((end.join(quoted) + end).encode(), "sales.csv")
    assert dialect.delimiter == delimiter
    assert dialect.header == ("date", "Sales", "note")


@pytest.mark.parametrize(
    ("delimiter", "values", "decimal"),
    [
        (";", ("1,5", "2"), ","),
        (";", ("0,123", "7"), ","),
        ("\t", ("-1234,567", "2"), ","),
        (";", ("1.5", "2"), "."),
        (";", ("1,234", "5,678"), "."),  # may be thousands
        (";", ("1,5", "1.5"), "."),  # speaks for neither
        (";", ("1,5", "1.005"), ","),
        (";", ("1,5", "01.2024"), ","),  # a month
        (";", ("1,5", "2024.01"), ","),
        (",", ("1", "2"), "."),
    ],
)
def test_decimal_comma_needs_a_proof(delimiter, values, decimal):
    lines = ["date" + delimiter + "v"] + ["2024-01-01" + delimiter + value for value in values]
    assert detect_dialect("\n".join(lines).encode(), "x.csv").decimal == decimal


def test_dates_with_points_do_not_speak_for_a_decimal_point():
    assert detect_dialect(b"d;v\n31.12.2024;1,5\n", "x.csv").decimal == ","


def test_only_the_beginning_of_a_long_file_is_looked_at():
    data = b"date,value\n" + b"2024-01-01,1\n" * 20_000 + b"a;b;c;d\n" * 100_000
    assert detect_dialect(data, "x.csv").delimiter == ","


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2024-01-01,5\n2024-01-02,6\n", "The first line of x.csv holds data, not column names"),
        ("date,value\n", "x.csv has a header but no rows"),
        ("date,a,a\n2024-01-01,1,2\n", "x.csv has more than one column called a"),
    ],
)
def test_a_header_that_can_not_serve_is_refused(text, message):
    with pytest.raises(DataError, match=message):
        detect_dialect(text.encode(), "x.csv")


def test_two_lines_of_names_are_named():
    with pytest.raises(DataError, match=r"x.csv has more than one column called sales\.") as refused:
        detect_dialect(b",sales,sales\ndate,A,B\n2024-01-01,few,many\n", "x.csv")
    assert refused.value.hint == "make one line of names of lines 1 and 2, which hold no data"


def test_a_file_may_begin_with_nothing_for_long():
    assert detect_dialect(b"\n" * 100_000 + b"date;value\n2024-01-01;1\n", "x.csv").delimiter == ";"


def test_records_know_their_lines():
    text = 'a,b\n\n1,"x\ny"\r\n\r\n2,z\r3,w'
    assert list(records(text.encode(), ",")) == [
        (1, ["a", "b"]),
        (3, ["1", "x\ny"]),
        (6, ["2", "z"]),
        (7, ["3", "w"]),
    ]


@pytest.mark.parametrize(
    ("above", "lines"),
    [
        ("Sales of Rome\n", 1),
        ("Sales of Rome\nfrom 2024, by hand\n\n", 3),
        ("# a comment\n# 1,2,3\n", 2),
        ("Sales,,,\n,,,\n", 2),
        ("\ufeff\n\n", 2),
    ],
)
def test_titles_and_comments_above_the_header_are_left_out(above, lines):
    text = above.lstrip("\ufeff") + "date,store,sales,price\n2024-01-01,1,2,3\n2024-01-02,1,2,3\n2024-01-03,1,2,4\n"
    dialect = detect_dialect(text.encode(), "x.csv")
    assert dialect.header == ("date", "store", "sales", "price")
    assert dialect.line == lines + 1
    assert text.encode()[dialect.body :].startswith(b"2024-01-01")


def test_a_header_may_begin_like_a_comment():
    assert detect_dialect(b"#date,value\n2024-01-01,5\n2024-01-02,6\n", "x.csv").header == ("date", "value")


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("date,value\n2024-01-01,5,\n2024-01-02,6,\n", ("date", "value", "")),
        ("date;value\n2024-01-01;5;;\n2024-01-02;6;;\n", ("date", "value", "", "")),
        ("date,value\n1,2024-01-01,5\n2,2024-01-02,6\n", ("", "date", "value")),
        ("date,value\n2024-01-01,5\n2024-01-02,6,7\n2024-01-03,6\n", ("date", "value")),
    ],
)
def test_rows_may_have_fields_that_the_header_has_not(text, header):
    assert detect_dialect(text.encode(), "x.csv").header == header


def test_a_header_of_thousands_of_columns_is_read_to_its_end():
    names = [f"shop {i}" for i in range(20_000)]
    data = f"date,{','.join(names)}\n" + "".join(f"2024-01-0{day}{',1' * 20_000}\n" for day in range(1, 8))
    dialect = detect_dialect(data.encode(), "x.csv")
    assert dialect.header == ("date", *names)


def test_a_long_cell_that_is_nearly_a_number_takes_no_time():
    assert detect_dialect(b"date," + b"1" * 60_000 + b"x\n2024-01-01,1\n", "x.csv").header[1].endswith("1x")


def months(cells, first="2018-{:02}"):
    return [f"{first.format(month + 1)},{cell}" for month, cell in enumerate(cells)]


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("date,sales", months(["1000,0", "1007,1", "998,4", "1013,2"])),
        ("Monat,Umsatz,Laden", months(["21,55,A", "20,15,A", "23,05,B"], "01.{:02}.2018")),
        ("month,price,sales", months(["5,31,2", "6,35,0", "5,29,9"])),
        ("year,sales", [f"{year},{year % 7 + 1948},5" for year in range(1990, 1999)]),
    ],
)
def test_decimal_commas_without_quotes_do_not_shift_the_names(header, rows):
    with pytest.raises(DataError, match=r"x.csv has \d column names, but \d fields in a row \(line 2: ") as refused:
        detect_dialect("\n".join([header, *rows]).encode(), "x.csv")
    assert "quotes" in refused.value.hint


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("month,sales", ["1,500", "2,512", "3,498"]),  # parts of the dates in front
        ("time,sales", ["10,500", "11,512", "12,498"]),  # that counts on
        ("timestamp,sales", ["1514764800,500", "1517443200,512", "1519862400,498"]),
        ("date,sales", ["20180105,500", "20180203,512", "20180302,498"]),
        ("week,sales", ["1,500", "5,512", "9,498"]),
        ("day,sales", ["6,0", "0,5", "3,7"]),  # of the week
        ("delivery time,sales", ["21,0", "14,5", "7,7"]),
        ("month,sales", ["Jan,500", "Feb,512", "Mar,498"]),
        ("sales,visits", ["1000,0", "1007,1", "998,4"]),  # no name of a time
        ("date,sales", ["1000,0.5", "1007,1.5", "998,4.5"]),  # nothing that could be decimals
    ],
)
def test_dates_without_a_name_are_an_index_where_the_names_fit_the_columns_behind(header, cells):
    text = "\n".join([header, *months(cells)])
    assert detect_dialect(text.encode(), "x.csv").header == ("", *header.split(","))
