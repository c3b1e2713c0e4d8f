import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.data.files.source import Source
from forecast.data.files.table import Table
from forecast.data.numbers import are_numbers, read_numbers
from forecast.errors import DataError


def read(*texts, decimal=None):
    return read_numbers(pa.array(texts), decimal)


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1,234.50", "2"], [1234.5, 2]),
        (["1.234,50", "2,5"], [1234.5, 2.5]),
        (["1'234", "€5.5"], [1234, 5.5]),
        (["1 234,5", "1\u202f234\xa0567"], [1234.5, 1234567]),
        (["1,00,000", "7"], [100000, 7]),
        (["(12)", "-3", "4-", "−5", "+6"], [-12, -3, -4, -5, 6]),
        (["168.31K", "-1.5m", "2bn", "3 Mio"], [168310, -1.5e6, 2e9, 3e6]),
        (["0.5 %", "-1.56%"], [0.5, -1.56]),
        (["$1,200.5", "-$3", "$-4", "USD 5", "6 kr", "7 €"], [1200.5, -3, -4, 5, 6, 7]),
        (["1e3", "2.5E-1"], [1000, 0.25]),
        (["45,06", "12,960"], [45.06, 12.96]),  # the first proves what the second means
        (["0,123"], [0.123]),
        (["4,787,699", "6189026.0000"], [4787699, 6189026]),
        (["12 kg", "1,234.5kg", "7"], [12, 1234.5, 7]),
        (["106,4 Stück", "(5 stück)"], [106.4, -5]),
        (["1 unit", "3 units"], [1, 3]),
        (["106.4円", "1,200円"], [106.4, 1200]),
        (["١٢٣", "٤٥٫٥"], [123, 45.5]),
        (["１２．５", "३"], [12.5, 3]),
    ],
)
def test_numbers_are_read_as_people_write_them(texts, values):
    numbers = read(*texts)
    assert numbers.valid.all()
    assert not numbers.is_unsure
    np.testing.assert_allclose(numbers.values, values, rtol=1e-15)


@pytest.mark.parametrize(
    "text", ["", "abc", "12:30", "1/2", "2024-01-01", "ABC123", "1,23,4", "1..2", "K", "$", "--5", "1e"]
)
def test_other_text_is_no_number(text):
    assert not read(text).valid.any()
    assert np.isnan(read(text).values).all()


def test_different_measures_are_no_numbers_of_one_series():
    assert read("1 kg", "500 lbs", "3").valid.tolist() == [False, False, True]
    assert not are_numbers(pa.array(["1 kg", "500 mg", "3 pcs"]))


def test_a_mark_before_three_digits_proves_nothing():
    assert read("1,234", "5,678").is_unsure
    assert read("1,234", decimal=",").values.tolist() == [1.234]
    assert read("1,234", decimal=".").values.tolist() == [1234]
    assert read("1.234", "991").is_unsure
    assert read("1.234", "991").values.tolist() == [1.234, 991]  # what a comma between fields leaves it
    assert not read("1.234", "991.5").is_unsure


def test_columns_of_words_are_no_columns_of_numbers():
    assert are_numbers(pa.array(["1,234", "5K", "x"]))
    assert not are_numbers(pa.array(["red", "blue", "5"]))
    assert are_numbers(pa.array([f"{i:,}" for i in range(1000, 9000)]))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    values=st.lists(st.integers(-(10**9), 10**9).map(lambda cents: cents / 100), min_size=1, max_size=20),
    style=st.sampled_from([(",", "."), (".", ","), ("'", "."), (" ", ",")]),
    frame=st.sampled_from(["{}", "${}", "{} €", "{}%", " {} "]),
)
def test_what_is_written_with_two_decimals_is_read_back(values, style, frame):
    marks = str.maketrans({",": style[0], ".": style[1]})
    numbers = read(*[frame.format(f"{value:,.2f}".translate(marks)) for value in values])
    assert numbers.values.tolist() == values


def table_of(text):
    return Table(Source("sales.csv", "sales", None, text.encode(), "", "UTF-8"))


def test_an_open_comma_is_asked_for_where_it_may_separate_decimals():
    with pytest.raises(
        DataError, match=r"sales.csv: 1,234 in column v may be a thousand or have three decimals"
    ) as error:
        table_of("d;v\na;1,234\nb;5,678\n").numbers("v")
    assert error.value.hint == "--decimal . if the comma is before thousands, --decimal , if before decimals"
    assert table_of("d;v;w\na;1,234;0,5\nb;5,678;1,5\n").numbers("v").tolist() == [1.234, 5.678]
    assert table_of('d,v\na,"1,234"\nb,"5,678"\n').numbers("v").tolist() == [1234, 5678]


def test_an_open_point_is_before_thousands_where_another_number_has_a_decimal_comma():
    table = table_of("d;v;w\na;991;4,5\nb;1.005;6,5\n")
    assert table.numbers("v").tolist() == [991, 1005]
    assert table_of("d;v;w\na;991;4.5\nb;1.005;6.5\n").numbers("v").tolist() == [991, 1.005]
    assert table_of("d,v\na,991\nb,1.005\n").numbers("v").tolist() == [991, 1.005]


def test_numbers_with_the_other_decimal_mark_are_refused_with_the_flag_that_reads_them():
    table = Table(Source("sales.csv", "sales", None, b"d;v\na;1.5\nb;2.25\n", "", "UTF-8"), decimal=",")
    with pytest.raises(DataError, match=r"line 2: '1\.5' in column v is not a number with decimals after ','") as error:
        table.numbers("v")
    assert error.value.hint == "--decimal ."


def test_the_decimal_mark_that_is_asked_for_counts():
    source = Source("sales.csv", "sales", None, b'd,v\na,"1,234"\nb,"5,678"\n', "", "UTF-8")
    assert Table(source, decimal=",").numbers("v").tolist() == [1.234, 5.678]
    source = Source("sales.csv", "sales", None, b"d;v\na;1,234\nb;5,678\n", "", "UTF-8")
    assert Table(source, decimal=",").numbers("v").tolist() == [1.234, 5.678]
    assert Table(source, decimal=".").numbers("v").tolist() == [1234, 5678]


def test_the_style_of_a_column_comes_with_an_example():
    table = table_of('d,v,w\na,5,1\nb,"1,200",2\n')
    table.numbers("v")
    table.numbers("w")
    numbers, text = table.style("v")
    assert (text, numbers.values[numbers.example], numbers.thousands) == ("1,200", 1200, ",")
    assert table.style("w") is None


def test_words_can_be_told_to_be_missing():
    source = Source("sales.csv", "sales", None, b"d,v\na,5\nb,closed\n", "", "UTF-8")
    with pytest.raises(DataError, match="'closed' in column v is not a number") as error:
        Table(source).numbers("v")
    assert error.value.hint.endswith("--missing closed")
    np.testing.assert_array_equal(Table(source, missing=["closed"]).numbers("v"), [5, np.nan])
