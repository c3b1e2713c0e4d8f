import numpy as np
import pytest

from forecast.data.columns.roles import check_names, choose_ids, choose_time, series_keys
from forecast.data.columns.target import choose_target
from forecast.data.dates.dates import read_dates
from forecast.data.files.source import Source
from forecast.data.files.table import Table
from forecast.errors import DataError, UsageError


def table_of(header, rows):
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    return Table(Source("sales.csv", "sales", None, "\n".join(lines).encode(), "", "UTF-8"))


def days(count):
    return [str(day) for day in np.datetime64("2024-01-01") + np.arange(count)]


def ids_of(header, rows, taken=()):
    table = table_of(header, rows)
    time, _ = choose_time(table, taken, None)
    return choose_ids(table, read_dates(table, time), [*taken, time], time)


def test_names_are_found_whatever_their_case():
    table = table_of("Date,Sales,sales", [("2024-01-01", 1, 2)])
    assert check_names(table, "--target", ["date", "sales", "Sales"]) == ("Date", "sales", "Sales")


def test_an_unknown_name_is_answered_with_the_nearest_and_all():
    table = table_of("Date,Sales", [("2024-01-01", 1)])
    with pytest.raises(UsageError, match=r"sales.csv has no column 'Salse'. Did you mean 'Sales'\?") as error:
        check_names(table, "--target", ["Salse"])
    assert error.value.hint == "--target takes one of: Date, Sales"


@pytest.mark.parametrize(
    ("header", "row", "time"),
    [
        ("y,ds", (1, "2024-01-01"), "ds"),
        ("made,date,v", ("2020-01-01", "2024-01-01", 1), "date"),
        ("Ship Date,Order Date,v", ("2020-01-01", "2024-01-01", 1), "Ship Date"),
        ("v,wann", (1, "31.12.2024"), "wann"),
        ("year,v", (2024, 1), "year"),
        ("day,v", (20240131, 1), "day"),
        ("Month,v", ("1949-01", 1), "Month"),
        ("time,when,v", ("13:08", "2024-01-01", 1), "when"),
    ],
)
def test_the_time_is_the_column_of_that_name_or_of_dates(header, row, time):
    assert choose_time(table_of(header, [row]), [], None)[0] == time


@pytest.mark.slow
def test_a_number_of_a_month_is_no_date_and_neither_is_a_column_that_is_taken():
    for header, taken in (("month,v", []), ("date,v", ["date"])):
        with pytest.raises(DataError, match=r"No column of sales.csv holds dates") as error:
            choose_time(table_of(header, [(7, "x"), (8, "")]), taken, None)
        assert "--time" in error.value.hint
    with pytest.raises(DataError, match=r"holds dates: month \('7'\), v \(empty\)."):
        choose_time(table_of("month,v", [(7, "")]), [], None)


def test_other_dates_are_mentioned():
    table = table_of("ordered,shipped,v", [("2024-01-01", "2024-01-02", 1)])
    [finding] = choose_time(table, [], None)[1]
    assert (finding.text, finding.flag) == ("ordered; also dates: shipped", "--time")


def test_a_form_that_is_given_chooses_the_column_it_fits():
    table = table_of("a,b,v", [("2024-01-31", "31_01_2024", 1)])
    assert choose_time(table, [], "%d_%m_%Y")[0] == "b"


@pytest.mark.parametrize(
    ("header", "rows", "target"),
    [
        ("date,kwh", [("2024-01-01", 1)], "kwh"),
        ("date,open,close,y", [("2024-01-01", 1, 2, 3)], "y"),
        ("date,Store,Weekly_Sales,temp", [("2024-01-01", 1, 2, 3)], "Weekly_Sales"),
        ("date,flag,kwh,temp", [("2024-01-01", 0, 5, 3), ("2024-01-02", 0, 6, 4)], "kwh"),
        ("date,store,kwh", [("2024-01-01", 1, 5), ("2024-01-02", 2, 6)], "kwh"),
        ("date,day", [("2024-01-01", 1)], "day"),
        ("date,account,kwh", [("2024-01-01", 1, 5), ("2024-01-02", "2A", 6), ("2024-01-03", 3, 7)], "kwh"),
        ("date,note,v", [("2024-01-01", "a", 1), ("2024-01-02", "b", "x"), ("2024-01-03", "b", 2)], "v"),
    ],
)
def test_the_target_is_known_by_its_name_or_by_varying(header, rows, target):
    assert choose_target(table_of(header, rows), ["date"])[0] == target


def test_the_target_mentions_the_other_numbers_and_one_number_needs_no_mention():
    [finding] = choose_target(table_of("date,a,sales", [("2024-01-01", 1, 2)]), ["date"])[1]
    assert (finding.text, finding.flag) == ("sales; also numbers: a", "--target")
    assert choose_target(table_of("date,a", [("2024-01-01", 1)]), ["date"])[1] == []


def test_no_numbers_is_an_error():
    with pytest.raises(DataError, match=r"No column of sales.csv holds numbers to forecast: note \('a'\)."):
        choose_target(table_of("date,note", [("2024-01-01", "a")]), ["date"])
    with pytest.raises(DataError, match="holds numbers to forecast\\."):
        choose_target(table_of("date", [("2024-01-01",)]), ["date"])


def test_one_row_a_time_needs_no_id_unless_it_is_surely_one():
    rows = [(day, "a", i) for i, day in enumerate(days(5))]
    assert ids_of("date,kind,y", rows) == ((), [])
    assert ids_of("date,unique_id,y", rows) == (("unique_id",), [])


@pytest.mark.parametrize(
    ("header", "ids"),
    [("date,unique_id,y", "unique_id"), ("date,kiosk,y", "kiosk"), ("date,Store,y", "Store"), ("date,7,y", "7")],
)
def test_the_column_that_tells_rows_apart_is_the_id(header, ids):
    rows = [(day, shop, i) for i, day in enumerate(days(9)) for shop in (3, 20, 100)]
    assert ids_of(header, rows)[0] == (ids,)


def test_as_many_columns_as_needed_but_no_more():
    rows = [(day, shop, item, i % 2, i) for i, day in enumerate(days(9)) for shop in "123" for item in "ab"]
    chosen, [finding] = ids_of(
        "date,store,item,promo,region,y", [(*row[:4], "north" if row[1] == "1" else "south", row[4]) for row in rows]
    )
    assert chosen == ("store", "item")
    assert finding.flag == "--id"


def test_a_covariate_does_not_explain_a_few_doubled_rows():
    rows = [(day, shop, i % 2, i) for i, day in enumerate(days(50)) for shop in "ab"]
    rows.append((days(1)[0], "a", 1, 99))
    assert ids_of("date,shop,promo,y", rows)[0] == ("shop",)
    assert ids_of("date,note,y", [(day, "x", i) for i, day in enumerate(days(30))] + [(days(1)[0], "z", 5)])[0] == ()


def test_measured_numbers_are_no_ids():
    rng = np.random.default_rng(0)
    rows = [(day, rng.integers(1000), rng.integers(1000)) for day in days(60) for _ in range(24)]
    with pytest.raises(DataError, match=r"sales.csv has 24 rows for 2024-01-01 in column date, and no other") as error:
        ids_of("date,ozone,y", rows, ["y"])
    assert error.value.hint.startswith("--aggregate sum adds them up")


def test_a_column_with_thousands_marks_is_as_good_a_target_as_one_without():
    text = "tag;note;absatz;preis\n2024-01-01;€1;991;4,5\n2024-01-02;€2;1.005;5,5\n"
    table = Table(Source("sales.csv", "sales", None, text.encode(), "", "UTF-8"))
    assert choose_target(table, ["tag"])[0] == "absatz"


def test_another_column_of_dates_is_named_where_it_has_each_date_once():
    rows = [
        (shipped, day, i % 5) for i, (shipped, day) in enumerate(zip(np.repeat(days(20), 3), days(60), strict=True))
    ]
    with pytest.raises(DataError, match="3 rows for 2024-01-01 in column date, and no other column") as error:
        ids_of("date,order_date,y", rows)
    assert error.value.hint.startswith("--time order_date takes the column whose dates come once each; --aggregate sum")
    with pytest.raises(DataError, match="no other column tells them apart") as error:
        ids_of("date,order_date,y", [*rows, rows[0]])
    assert error.value.hint.startswith("--aggregate sum")


def test_single_transactions_are_no_panel():
    rng = np.random.default_rng(0)
    rows = [(day, *(rng.choice(list("abcdef")) for _ in range(4)), 1) for day in days(60) for _ in range(8)]
    with pytest.raises(DataError, match="no other column tells them apart"):
        ids_of("date,branch,kind,sort,payment,y", rows)


def test_series_are_in_natural_order_and_named_by_all_their_columns():
    rows = [("s10", "b"), ("s2", "a"), ("s10", "a"), ("s2", ""), ("s10", "b")]
    keys = series_keys(table_of("store,item", rows), ["store", "item"])
    assert keys.names == ("s2/a", "s10/a", "s10/b")
    assert keys.codes.tolist() == [2, 0, 1, -1, 2]


def test_many_possible_pairs_are_counted_without_a_table_of_them():
    rows = [(f"a{i}", f"b{i}") for i in range(500)] + [("", "b0")]
    keys = series_keys(table_of("a,b", rows), ["a", "b"])
    assert len(keys.names) == 500
    assert [keys.names[code] for code in keys.codes[:500]] == [f"a{i}/b{i}" for i in range(500)]
    assert keys.codes[500] == -1


def test_the_only_dates_can_be_nothing_else():
    table = table_of("day,visits", [(f"2024-01-{day:02}", day) for day in range(1, 20)])
    with pytest.raises(DataError, match=r"day is the only column of sales\.csv with dates") as error:
        choose_time(table, ["day"], None)
    assert "leave day to tell the time" in error.value.hint


@pytest.mark.parametrize("skus", [("00123", "0123", "123"), ("1", "01"), ("7", "07", "8")])
def test_ids_that_differ_in_leading_zeros_alone_tell_series_apart(skus):
    rows = [(day, sku, i) for i, day in enumerate(days(9)) for sku in skus]
    assert ids_of("date,sku,sales", rows)[0] == ("sku",)
    keys = series_keys(table_of("date,sku,sales", rows), ["sku"])
    assert set(keys.names) == set(skus)


def test_numbers_that_people_write_are_no_other_names_for_series():
    rows = [(day, depot, f"1'00{i % 5}", ("x", "y")[i % 2]) for i, day in enumerate(days(20)) for depot in "ab"]
    ids, findings = ids_of("day,depot,sold,kind", rows)
    assert (ids, [finding.text for finding in findings]) == (("depot",), ["depot; also possible: kind"])
