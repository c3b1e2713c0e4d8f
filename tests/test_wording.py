"""Numbers in what is said of data, as a person writes them."""

import pytest

from forecast.data.findings import digits


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (123_450.4, "123,450"),  # a nought before the point is no decimal
        (999_999.9, "1,000,000"),
        (-100_000.5, "-100,000"),
        (1_468_512.25, "1,468,512"),
        (20, "20"),
        (3.5, "3.5"),
        (3.10, "3.1"),
        (0.0012, "0.0012"),
        (0.1 + 0.2, "0.3"),
        (0, "0"),
        (float("nan"), "nan"),
    ],
)
def test_numbers_keep_six_digits_and_their_size(value, text):
    assert digits(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(250_000, "250,000"), (123_456.7, "123,457"), (2.83126, "2.8313"), (1, "1")]
)
def test_five_digits_are_enough_where_so_many_are_asked_for(value, text):
    assert digits(value, 5) == text
