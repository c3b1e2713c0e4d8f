"""Numbers, shares and lists, as messages, tables and pictures write them."""

import pytest

from forecast.wording import (
    about,
    counted,
    decimals_of_errors,
    decimals_that_matter,
    digits,
    fixed,
    gap_percent,
    joined,
    listed,
    measure,
    percent,
    plain,
    rare_percent,
    rounded,
    score_text,
    short,
    short_number,
    signed_gap,
)


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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (123.456789, "123.46"),
        (1234567.8, "1,234,568"),
        (1000.0, "1,000"),
        (99999.96, "100,000"),
        (3.2509e22, "3.2509e+22"),
        (0.012345678, "0.012346"),
        (3.2e-7, "3.2e-07"),
        (-0.5, "-0.5"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_errors_are_short_but_never_lost(value, text):
    assert score_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (float("-inf"), "–"),
        (0.0, "0"),
        (-0.0, "0"),
        (7, "7"),
        (1234567, "1,234,567"),
        (1.0, "1.0000"),
        (28.5651, "28.565"),
        (910.921, "910.92"),
        (1234.5678, "1,234.6"),
        (98765432.1, "98,765,432"),
        (999_999_999_999.0, "999,999,999,999"),
        (1e12, "1.0000e+12"),
        (-11_631_752_475_372_775_538_688.0, "-1.1632e+22"),
        (0.123456, "0.1235"),
        (-0.5, "-0.5000"),
        (0.00012345, "0.000123"),
        (1.8e-12, "1.8e-12"),
        ("text", "text"),
    ],
)
def test_short_keeps_five_digits_at_most(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.61234, "0.612"), (12.0, "12.000"), (float("nan"), "–"), (float("inf"), "–"), (1e22, "1.0000e+22")],
)
def test_ratio_that_is_no_number_is_a_dash_and_one_out_of_hand_is_short(value, text):
    assert fixed(value, 3) == text


def test_table_and_verdict_agree_on_numbers():
    for value in (28.5651, 910.921, 1234.5678, 98765432.1):
        assert short(value) == score_text(value)
        assert plain(value, decimals_of_errors([value, 2 * value])) == score_text(value, 4)


@pytest.mark.parametrize(
    ("value", "text"), [(26.83, "27"), (1234.5, "1,200"), (0.0834, "0.083"), (9.96, "10"), (6.02, "6"), (0.0, "0")]
)
def test_a_person_remembers_two_digits(value, text):
    assert about(value, 2) == text


@pytest.mark.parametrize(
    ("values", "forecasts", "widths", "decimals"),
    [
        ([112.0, 118.0], [446.33, 417.5], [48.6, 53.6], 0),  # passengers come whole
        ([2.0, 0.0, 3.0], [1.83, 2.07], [3.1], 1),  # so few that a tenth of one is a share of them
        ([0.0, 1.0], [0.13, 0.17], [0.0, 8.0], 1),
        ([0.0, 1.0], [0.13, 0.17], [], 2),
        ([1.0843, 1.0852], [1.0848], [0.0021], 4),  # a rate of exchange
        ([412.35, 410.1], [411.27], [16.0], 1),  # cents say nothing where a day may move 8
        ([412.35, 410.1], [411.27], [0.9], 2),
        ([1 / 3, 2 / 7], [0.31], [], 6),  # calculated: as it is
        ([float("nan")], [], [float("nan")], 0),
        ([5.0], [0.0], [0.0], 0),
    ],
)
def test_forecasts_have_the_decimals_that_matter(values, forecasts, widths, decimals):
    assert decimals_that_matter(values, forecasts, widths) == decimals


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (446.33, 0, "446"),
        (12345.678, 2, "12,346"),
        (-0.04, 0, "0"),
        (0.5, 1, "0.5"),
        (2e-5, 6, "2e-05"),
        (0.0, 1, "0.0"),
    ],
)
def test_plain_number_has_its_decimals_and_five_digits_at_most(value, decimals, text):
    assert plain(value, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (12345.6, "12,346"),
        (1234.5, "1,234"),
        (41.2134, "41.21"),
        (0.0567891, "0.05679"),
        (-3.14159, "-3.142"),
        (1.5e13, "1.500e+13"),
        (0.00001234, "1.234e-05"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_numbers_of_pictures_have_four_digits(value, text):
    assert short_number(value) == text


def test_spread_has_the_decimals_of_its_number():
    assert short_number(41.21, 3.1) == "41.21 ± 3.10"
    assert short_number(12345.6, 1000.4) == "12,346 ± 1,000"


@pytest.mark.parametrize(("share", "text"), [(None, "–"), (0.305, "30 %"), (-0.02, "-2 %"), (1.0, "100 %")])
def test_shares_are_whole_hundredths(share, text):
    assert percent(share) == text


def test_a_share_may_have_its_sign_and_decimals():
    assert percent(-0.001, signed=True) == "+0 %"
    assert percent(0.1234, 1, signed=True) == "+12.3 %"
    assert percent(-0.1234, signed=True) == "-12 %"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0001, "less than 0.1 %"), (0.0005, "0.1 %"), (0.0994, "9.9 %"), (0.1, "10 %"), (0.31, "31 %")],
)
def test_two_numbers_that_differ_do_so_by_more_than_nought(share, text):
    assert gap_percent(share) == text


@pytest.mark.parametrize(("share", "text"), [(0.31, "31 %"), (0.01, "1 %"), (0.0044, "0.4 %"), (0.00037, "0.04 %")])
def test_what_is_rare_keeps_its_first_digit(share, text):
    assert rare_percent(share) == text


@pytest.mark.parametrize(
    ("names", "text"), [(["rnn"], "rnn"), (["rnn", "gru"], "rnn or gru"), (["rnn", "lstm", "gru"], "rnn, lstm or gru")]
)
def test_names_are_joined_with_a_word_before_the_last(names, text):
    assert joined(names, "or") == text


def test_long_lists_say_how_many_more_there_are():
    assert listed(["a", "b", "c"], 3) == "a, b, c"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert listed(["a", "b"], 2, 1_300) == "a, b and 1,298 more"


def test_count_knows_one_from_many():
    assert [counted(1, "step"), counted(2, "step"), counted(1200, "fold"), counted(0, "row")] == [
        "1 step", "2 steps", "1,200 folds", "0 rows"
    ]  # fmt: skip
    assert (counted(1, "series"), counted(3, "series")) == ("1 series", "3 series")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.5, "12.5"),
        (28.0, "28"),
        (0.056789, "0.05679"),
        (123_456.0, "1.235e+05"),
        (5_121, "5,121"),
        (float("inf"), "inf"),
        (None, "–"),
        ("gru", "gru"),
    ],
)
def test_a_measure_has_four_digits_at_most_and_no_noughts_after_them(value, text):
    assert measure(value) == text


@pytest.mark.parametrize(
    ("value", "kept"), [(1.23456789, 1.23457), (1_234_567.8, 1_234_570.0), (0.0, 0.0), (None, None)]
)
def test_a_document_keeps_as_many_digits_as_it_is_told(value, kept):
    assert rounded(value, 6) == kept


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_document_keeps_no_number_that_is_none(value):
    assert rounded(value, 6) is None


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.31, "+31 %"), (-0.031, "−3.1 %"), (-0.0002, "within 0.1 %"), (0.0006, "+0.1 %"), (0.0, "0 %")],
)
def test_gap_with_its_side_never_has_the_wrong_one(share, words):
    assert signed_gap(share) == words
