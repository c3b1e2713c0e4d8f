"""Tables of web pages under the name of a workbook, as shops and banks export them, are read as sheets are."""

import pytest

from forecast.data.files.source import read_source
from forecast.data.files.workbooks import html_table
from forecast.data.files.workbooks.html_table import read_page, tables_of_page
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError, QuestionError, UsageError

DAYS = [f"2024-01-{day:02}" for day in range(1, 15)]


def cells(*texts, tag="td"):
    return "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in texts) + "</tr>"


def table(*rows, names=("Date", "Sales")):
    return f"<table>{cells(*names, tag='th')}{''.join(rows)}</table>"


def page(body, head="<meta charset='utf-8'><style>td {color: red}</style>"):
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


SALES = table(*(cells(day, 10 + i) for i, day in enumerate(DAYS)))


def rows_of(body):
    return [made.rows() for made in tables_of_page(page(body), "x.xls")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (SALES, {"Sales": list(range(10, 24))}),
        (f"<h1>Shop 2024</h1><div>{SALES}</div><p>printed by hand</p>", {"Sales": list(range(10, 24))}),
        (f"<table><tr><td>{SALES}</td></tr></table>", {"Sales": list(range(10, 24))}),
        ("<table>" + cells("Sales of shop 7") + cells("") + SALES.removeprefix("<table>"), None),
        (SALES.replace("</table>", cells("Total", 231) + "</table>"), None),
        (SALES.replace("</td>", "").replace("</tr>", ""), None),
        (SALES.replace("</td></tr>", ",00 €</td></tr>").replace("<tr>\n", "<tr>"), None),
        (SALES.replace("<td>10<", "<td x:num='10'>10,00&nbsp;€<"), None),
        (SALES.upper().replace("DATE", "Date").replace("SALES", "Sales"), None),
        (SALES.replace("Sales", "Sales<script>var x = '<td>9</td>'</script>"), None),
    ],
)
def test_table_is_found_and_read(tmp_path, body, expected):
    (tmp_path / "export.xls").write_text(page(body))
    panel = read_panel(tmp_path / "export.xls").panel
    assert panel.values.ravel().tolist() == list(range(10, 24))
    assert expected is None or [*expected] == [panel.target]


def test_sheet_is_settled_and_a_flag_names_another(tmp_path):
    other = table(*(cells(day, i % 5) for i, day in enumerate(DAYS)), names=("Date", "Returns"))
    (tmp_path / "export.xls").write_text(page(SALES + "<table><tr><td>menu</td></tr></table>" + other))
    with pytest.raises(QuestionError, match="has 2 sheets with a table: table 1, table 3"):
        read_source(tmp_path / "export.xls")
    reading = read_panel(tmp_path / "export.xls", ReadOptions(sheet="table 3"))
    assert (reading.panel.target, reading.settled.sheet) == ("Returns", "table 3")
    with pytest.raises(UsageError, match="has no sheet"):
        read_source(tmp_path / "export.xls", sheet="table 9")


@pytest.mark.parametrize("body", ["<form>Login <input></form>", "<table><tr><td>Please log in</td></tr></table>", ""])
def test_page_that_asks_to_log_in_is_no_table(tmp_path, body):
    (tmp_path / "export.xls").write_text(page(body))
    with pytest.raises(DataError, match=r"web page \(HTML\) under the name of a workbook, and no table") as error:
        read_source(tmp_path / "export.xls")
    assert "login" in error.value.hint


def test_page_under_another_name_is_refused_as_before(tmp_path):
    (tmp_path / "export.csv").write_text(page(SALES))
    with pytest.raises(DataError, match=r"export.csv is a web page \(HTML\), not a table"):
        read_source(tmp_path / "export.csv")


def test_cells_that_are_one_over_rows_and_columns_keep_the_others_in_their_places():
    [made] = rows_of(
        "<table><tr><th rowspan=2>Date<th colspan=2>Units</tr><tr><th>a<th>b</tr>"
        "<tr><td rowspan=2>d<td>1<td>2</tr><tr><td>3<td>4</tr></table>"
    )
    assert made == [["Date", "Units", ""], ["", "a", "b"], ["d", "1", "2"], ["", "3", "4"]]


def test_series_that_is_written_once_for_its_rows_stands_in_all_of_them(tmp_path):
    body = "".join(
        f"<tr><td rowspan=14>{shop}</td>{cells(DAYS[0], base)[4:]}"
        + "".join(cells(day, base + i) for i, day in enumerate(DAYS[1:], start=1))
        for shop, base in (("north", 0), ("south", 100))
    )
    (tmp_path / "export.xls").write_text(page(f"<table>{cells('Shop', 'Date', 'Sales', tag='th')}{body}</table>"))
    panel = read_panel(tmp_path / "export.xls").panel
    assert panel.series_ids == ("north", "south")
    assert panel.values.ravel().tolist() == [*range(14), *range(100, 114)]


@pytest.mark.parametrize("span", ["colspan=99999999999", "colspan=-1", "rowspan=x", "rowspan=99999999", "colspan=0"])
def test_spans_that_make_no_sense_are_bounded(span):
    [made] = rows_of(f"<table><tr><td {span}>1<td>2</table>")
    assert len(made[0]) <= html_table.WIDEST + 1


def test_page_of_more_cells_than_the_memory_holds_is_refused(monkeypatch):
    monkeypatch.setattr(html_table, "free_memory", lambda: 120 * 5000)
    with pytest.raises(DataError, match="cells and more"):
        read_page(page("<table><tr>" + "<td colspan=1000>1" * 9 + "</table>"), "x.xls")
