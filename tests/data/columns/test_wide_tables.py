import shlex

import numpy as np
import pandas as pd
import pytest

from forecast.data.columns.wide_tables import columns_of_dates, columns_of_months
from forecast.data.reading.reader import read_panel
from forecast.errors import DataError

MONTHS = pd.date_range("2020-01", periods=24, freq="MS")
YEARS = list(map(str, range(1990, 2010)))


def wide(first, cells, names):
    rows = (",".join([cell, *(str((i + 1) * (k + 5) % 19) for i in range(len(names)))]) for k, cell in enumerate(cells))
    return "\n".join([",".join([first, *names]), *rows]) + "\n"


@pytest.mark.parametrize(
    ("text", "message", "steps"),
    [
        (wide("product", "ab", MONTHS.strftime("%b-%y")), "The dates .* from 'Jan-20' to 'Dec-21'", 24),
        (wide("it's $", "ab", MONTHS.strftime("%Y-%m-%d")), "The dates .* from '2020-01-01' to '2021-12-01'", 24),
        (wide("", "ab", YEARS), "The years .* from '1990' to '2009'", 20),
        (wide("country", "ab", YEARS).replace(",", ";"), "The years .* from '1990' to '2009'", 20),
        (wide("Year", YEARS, MONTHS[:12].strftime("%b")), "The months .* from 'Jan' to 'Dec'", 240),
        (wide("Year", YEARS, ["Q1", "Q2", "Q3", "Q4"]), "The quarters .* from 'Q1' to 'Q4'", 80),
        (wide("Month", MONTHS[:12].strftime("%b"), YEARS), "The years .* from '1990' to '2009'", 240),
    ],
)
@pytest.mark.slow
def test_dates_that_are_columns_are_refused_with_the_line_that_turns_them(tmp_path, monkeypatch, text, message, steps):
    path = tmp_path / "sales.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as refused:
        read_panel(path)
    words = shlex.split(refused.value.hint.partition(" turns it")[0])
    assert words[:2] == ["python", "-c"]
    monkeypatch.chdir(tmp_path)
    exec(words[2])
    assert set(read_panel(tmp_path / "long.csv").panel.lengths.tolist()) == {steps}


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
