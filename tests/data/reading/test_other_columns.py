import numpy as np
import pytest

from forecast.data.reading.covariates import candidates
from forecast.data.reading.reader import ReadOptions, read_panel

TABLE = """day,shop,sales,temp,note
2024-01-03,b,7,1.5,x
2024-01-01,a,1,10,
2024-01-02,a,2,,y
2024-01-04,a,4,13,
2024-01-02,b,6,0.5,
2024-01-05,b,,9.9,
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "shops.csv"
    file.write_text(TABLE)
    return file


def test_numbers_beside_the_target_lie_on_its_steps(path):
    reading = read_panel(path, ReadOptions(target=("sales",)), other_numbers=True)
    np.testing.assert_array_equal(reading.panel.values, [1, 2, np.nan, 4, 6, 7])
    assert list(reading.other_numbers) == ["temp"]
    np.testing.assert_array_equal(reading.other_numbers["temp"], [10, np.nan, np.nan, 13, 0.5, 1.5])


def test_there_are_none_unless_asked_for_or_where_rows_are_added_up(path):
    assert read_panel(path).other_numbers == {}
    assert read_panel(path, ReadOptions(aggregate="sum", freq="2D"), other_numbers=True).other_numbers == {}


def test_of_a_long_file_the_first_steps_are_kept(path, monkeypatch):
    monkeypatch.setattr(candidates, "MOST_VALUES", 3)
    kept = read_panel(path, ReadOptions(target=("sales",)), other_numbers=True).other_numbers["temp"]
    np.testing.assert_array_equal(kept, [10, np.nan, np.nan])
