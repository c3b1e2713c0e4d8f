from datetime import date, datetime, time, timedelta

import pytest

from forecast.data.files.workbooks.sheet_table import cell_text, find_table, is_data, table_text

DAYS = [date(2024, 1, day) for day in range(1, 13)]
BODY = [[day, 5.0 + i, 9.99] for i, day in enumerate(DAYS)]
NAMES = ["Date", "Units", "Price"]
HEADER, FIRST = "Date,Units,Price", "2024-01-01,5,9.99"


def text_of(rows, merged=(), *, from_1904=False):
    width = max(map(len, rows))
    rows = [[*row, *[""] * (width - len(row))] for row in rows]
    place = find_table(rows)
    return table_text(rows, place, merged, from_1904=from_1904).splitlines()


def kind_of(rows):
    place = find_table(rows)
    return place.kind if place else None


@pytest.mark.parametrize(
    ("above", "top"),
    [
        ([], 0),
        ([["Sales report"]], 1),
        ([["Sales report 2024"], []], 2),
        ([["Sales 2024", "", "page 1"], ["exported", datetime(2024, 5, 1)], []], 3),
        ([["Period", 2024.0], ["Currency", "EUR"], []], 3),
        ([[], [], ["", "Report"], []], 4),
        ([["Client:", "ACME", "Prepared by: A"], []], 2),
    ],
)
def test_titles_and_settings_above_the_names_are_blank_lines(above, top):
    lines = text_of([*above, NAMES, *BODY])
    assert lines[:top] == [""] * top
    assert lines[top : top + 2] == [HEADER, FIRST]


def test_a_line_is_a_row_of_the_sheet_even_where_cells_have_several_lines():
    lines = text_of([["Title"], [], ["Date", "Net\nsales"], [DAYS[0], "a\r\nb"], [], [DAYS[1], 2.0], [DAYS[2], 3.0]])
    assert lines == ["", "", "Date,Net sales", "2024-01-01,a b", "", "2024-01-02,2", "2024-01-03,3"]


@pytest.mark.parametrize("margin", [1, 3])
def test_a_margin_left_of_the_table_is_left_out(margin):
    lines = text_of([["", *[""] * margin], *([*[""] * margin, *row] for row in [NAMES, *BODY])])
    assert lines[1:3] == [HEADER, FIRST]


def test_an_index_without_a_name_is_kept():
    assert text_of([["", "Units"], *[row[:2] for row in BODY]])[:2] == [",Units", "2024-01-01,5"]


@pytest.mark.parametrize("notes", [[["Source: ERP"]], [[], ["* preliminary", "", "not audited"]], [["Total"]]])
def test_notes_below_the_table_are_comments(notes):
    lines = text_of([NAMES, *BODY, *notes])
    assert all(line.startswith("#") or not line for line in lines[13:])
    assert len(lines) == 13 + len(notes)


def test_totals_stay_rows():
    assert text_of([NAMES, *BODY, ["Total", 99.0, ""]])[-1] == "Total,99,"


def test_a_list_beside_the_table_is_left_out():
    rows = [[*NAMES, "", "Shop", "Rate"], *([*row, "", "", ""] for row in BODY)]
    rows[1][4:], rows[2][4:] = ["a", 2.0], ["b", 3.0]
    assert text_of(rows)[:2] == [HEADER, FIRST]


def test_columns_behind_an_empty_one_stay():
    rows = [["Date", "", "Units", "", "Price"], *([day, "", units, "", price] for day, units, price in BODY)]
    assert text_of(rows)[1] == "2024-01-01,,5,,9.99"


def test_a_column_with_values_here_and_there_stays():
    rows = [["Date", "Units", "", "Promo"], *([*row[:2], "", ""] for row in BODY)]
    rows[10][3] = 1.0
    assert text_of(rows)[10] == "2024-01-10,14,,1"


def test_both_lines_of_names_stay_where_cells_above_are_one():
    upper, lower = ["", "North", "", "South", ""], ["Date", "Units", "Price", "Units", "Price"]
    rows = [["Report"], [], upper, lower, *([day, 1.0, 2.0, 3.0, 4.0] for day in DAYS)]
    assert text_of(rows)[2:4] == [",North,,South,", "Date,Units,Price,Units,Price"]


def test_a_name_over_two_rows_is_kept():
    rows = [["Date", "Sales", ""], ["", "North", "South"], *([day, 1.0, 2.0] for day in DAYS)]
    assert text_of(rows)[:2] == ["Date,Sales,", ",North,South"]


def test_a_cell_over_several_rows_says_the_same_in_each():
    rows = [["Region", "Date", "Units"], *([("north" if i == 0 else ""), day, 1.0] for i, day in enumerate(DAYS))]
    lines = text_of(rows, [((1, 0), (12, 0))])
    assert [line.partition(",")[0] for line in lines[1:]] == ["north"] * 12


def test_months_side_by_side_are_names():
    rows = [["Sales by month"], [], ["Product", *DAYS[:5]], *([f"p{i}", *[1.0] * 5] for i in range(4))]
    assert text_of(rows)[2] == "Product,2024-01-01,2024-01-02,2024-01-03,2024-01-04,2024-01-05"


def test_a_lone_column_keeps_its_empty_cells():
    assert text_of([["Sales"], [1.0], [""], [3.0], [4.0]]) == ["Sales", "1", '""', "3", "4"]


def test_days_of_1904_are_told_by_the_name_of_their_column():
    rows = [["Date", "Units"], *([43_830.0 + i, 30_000.0] for i in range(5))]
    assert text_of(rows, from_1904=True)[1] == "2024-01-01,30000"
    assert text_of(rows)[1] == "43830,30000"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1.0, "1"),
        (-0.1, "-0.1"),
        (1e20, "1e+20"),
        (1 / 3, repr(1 / 3)),
        (True, "TRUE"),
        (7, "7"),
        (" x ", " x "),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 1, 1, 12, 59, 59, 999_999), "2024-01-01 13:00:00"),
        (datetime(2024, 12, 31, 23, 59, 59, 999_700), "2025-01-01 00:00:00"),
        (time(1, 29, 59, 999_999), "01:30:00"),
        (timedelta(hours=30, minutes=5), "30:05:00"),
    ],
)
def test_cells_are_said_in_full_and_to_the_second(cell, text):
    assert cell_text(cell) == text


@pytest.mark.parametrize(
    "text", ["1", "1.234,5", "2024-01-01", "3 May 2024", "Jan 2024", "2024-W05", "01.02.24", "2024Q1"]
)
def test_numbers_and_dates_in_words_are_data(text):
    assert is_data(text)


@pytest.mark.parametrize("text", ["Sales 2024", "2024 report", "Store 1", "n/a", "Week 1", "Total", ""])
def test_titles_are_no_data(text):
    assert not is_data(text)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([NAMES, *BODY], "dated"),
        ([["day", "n"], *([f"{day:%d.%m.%Y}", "1,5"] for day in DAYS)], "dated"),
        ([["n"], *([float(i)] for i in range(9))], "numbers"),
        ([["Who", "What"], ["a", "b"]], None),
        ([["Rate"], [0.2]], "other"),
        ([["Parameters", ""], ["alpha", 0.1], ["beta", "x"]], "other"),
    ],
)
def test_what_a_sheet_holds_is_told_by_its_columns(rows, kind):
    assert kind_of(rows) == kind
