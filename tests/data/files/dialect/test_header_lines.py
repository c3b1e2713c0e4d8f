import numpy as np
import pytest

from forecast.data.files.header_peek import column_names
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.errors import DataError

DAYS = [str(np.datetime64("2024-01-01") + i) for i in range(30)]


def written(tmp_path, *header, width, decimal=".", between=","):
    """Returns a file with numbers below several lines of names: in column c of day i stands 100 c + i + 0.5."""
    rows = [between.join([day, *(f"{100 * c + i}{decimal}5" for c in range(1, width))]) for i, day in enumerate(DAYS)]
    (tmp_path / "x.csv").write_text("\n".join([*header, *rows]) + "\n")
    return tmp_path / "x.csv"


@pytest.mark.parametrize(
    ("header", "target"),
    [
        (("Price,Close,High,Low,Open,Volume", "Ticker,ABC,ABC,ABC,ABC,ABC", "Date,,,,,"), "Close"),
        (("Ticker,ABC,ABC,ABC,ABC,ABC", "Price,Close,High,Low,Open,Volume", "Date,,,,,"), "Close"),
        (("Price,Close,High,Low,Open,Volume", "Ticker,7203.T,7203.T,7203.T,7203.T,7203.T", "Date,,,,,"), "Close"),
        ((",Close,High,Low,Open,Volume", "Date,,,,,"), "Close"),
        (("Date,load,temp,wind,sun,rain", ",MW,°C,m/s,h,mm"), "load"),
        (("date,sales,a,b,c,d", "Datum,Umsatz,a,b,c,d"), "sales"),
        (("date,sales,a,b,c,d", "[-],[pcs],[-],[-],[-],[-]"), "sales"),
        ((",EUR,EUR,EUR,EUR,EUR", "date,sales,a,b,c,d"), "sales"),
    ],
)
def test_lines_below_the_names_that_tell_nothing_apart_are_left_out(header, target, tmp_path):
    reading = read_panel(written(tmp_path, *header, width=6))
    assert (reading.columns.target, len(reading.panel), reading.rows) == ((target,), 1, 30)
    assert reading.panel.values[0] == 100.5
    [finding] = [finding for finding in reading.findings if finding.topic == "header"]
    many = len(header) - 1
    assert finding.text == f"{many} line{'s' if many > 1 else ''} below the names left out"


@pytest.mark.parametrize(
    ("header", "time", "entity", "target"),
    [
        (("Price,Close,Close,Volume,Volume", "Ticker,ABC,XYZ,ABC,XYZ", "Date,,,,"), "Date", "Ticker", "Close"),
        (("Ticker,ABC,ABC,XYZ,XYZ", "Price,Close,Volume,Close,Volume", "Date,,,,"), "Date", "Ticker", "Close"),
        ((",Adj Close,Adj Close,Close,Close", ",ABC,XYZ,ABC,XYZ", "Date,,,,"), "Date", "series", "Close"),
        (("Date,Close,Close,Volume,Volume", ",ABC,XYZ,ABC,XYZ"), "Date", "series", "Close"),
        ((",ABC,,XYZ,", "Date,Sales,Price,Sales,Price"), "Date", "series", "Sales"),
        (("shop,ABC,ABC,XYZ,XYZ", "day,sales,price,sales,price"), "day", "shop", "sales"),
    ],
)
def test_columns_of_several_things_are_a_series_each(header, time, entity, target, tmp_path):
    path = written(tmp_path, *header, width=5)
    reading = read_panel(path)
    assert (reading.columns.time, reading.columns.target, reading.columns.ids) == (time, (target,), (entity,))
    assert (reading.panel.series_ids, reading.rows) == (("ABC", "XYZ"), 60)
    first = {reading.panel.series_ids[i]: reading.panel.series(i)[0] % 100 for i in range(2)}
    assert first == {"ABC": 0.5, "XYZ": 0.5}
    assert reading.panel.series(0)[-1] - reading.panel.series(0)[0] == 29
    assert set(column_names(path)) >= {time, target}


def test_the_right_column_goes_to_the_right_series(tmp_path):
    path = written(tmp_path, "Price,Close,Close,Volume,Volume", "Ticker,ABC,XYZ,ABC,XYZ", "Date,,,,", width=5)
    close = read_panel(path).panel
    assert [close.series(i)[3] for i in (0, 1)] == [103.5, 203.5]
    volume = read_panel(path, ReadOptions(target=("volume",), past=("Close",))).panel
    assert [volume.series(i)[3] for i in (0, 1)] == [303.5, 403.5]
    assert volume.covariates.past[[3, 33], 0].tolist() == [103.5, 203.5]


def test_one_measure_of_several_things(tmp_path):
    reading = read_panel(written(tmp_path, "Price,Close,Close", "Ticker,00123,123", "Date,,", width=3))
    assert (reading.panel.series_ids, reading.columns.target) == (("00123", "123"), ("Close",))


def test_a_thing_that_lacks_a_column_has_no_values_in_it(tmp_path):
    reading = read_panel(
        written(tmp_path, "Price,Close,Close,Volume", "Ticker,ABC,XYZ,XYZ", "Date,,,", width=4),
        ReadOptions(target=("Volume",)),
    )
    assert reading.panel.series_ids == ("XYZ",)


def test_lines_are_counted_from_the_top(tmp_path):
    path = written(tmp_path, "Price,Close,Close", "Ticker,ABC,XYZ", "Date,,", width=3)
    path.write_text(path.read_text().replace("2024-01-05,104.5,204.5", "2024-01-05,104.5,many"))
    with pytest.raises(DataError, match=r"x\.csv line 8: 'many' in column Close is not a number"):
        read_panel(path)


def test_semicolons_and_decimal_commas_go_with_it(tmp_path):
    header = ("Datum;Last;Preis", ";MW;EUR/MWh")
    reading = read_panel(written(tmp_path, *header, width=3, between=";", decimal=","), ReadOptions(target=("Last",)))
    assert reading.panel.values[:2].tolist() == [100.5, 101.5]


@pytest.mark.parametrize(
    "lines",
    [
        ("date,shop,sales", "2024-01-01,a,5", "2024-01-02,a,6", "2024-01-03,a,7"),
        ("month,sales", "January 2024,5", "February 2024,6", "March 2024,7"),
        ("date,sales", "2024-01-01,", "2024-01-02,6", "2024-01-03,7"),
        ("date,note,sales", "2024-01-01,new,", "2024-01-02,old,6", "2024-01-03,old,7"),
        ("date,sales", ",", "2024-01-02,6", "2024-01-03,7"),
    ],
)
def test_rows_are_no_names(lines, tmp_path):
    (tmp_path / "x.csv").write_text("\n".join(lines))
    reading = read_panel(tmp_path / "x.csv")
    assert not [finding for finding in reading.findings if finding.topic == "header"]


def test_two_columns_of_one_name_are_refused_as_before(tmp_path):
    with pytest.raises(DataError, match="more than one column called Close"):
        read_panel(written(tmp_path, "Date,Close,Close", width=3))
    with pytest.raises(DataError, match="more than one column called Close"):
        read_panel(written(tmp_path, "Date,Close,Close", ",ABC,ABC", width=3))
