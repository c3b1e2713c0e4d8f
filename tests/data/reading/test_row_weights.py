"""--weight and --half-life: how much a value counts, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.frequency import ROW, parse_frequency
from forecast.data.panel import panel_from_series
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel
from forecast.data.reading.row_weights import aged, half_life_steps
from forecast.data.windows import cut_windows
from forecast.errors import DataError, UsageError
from forecast.evaluation.splits import Fold, truth_weights


@pytest.mark.parametrize(
    ("text", "code", "steps"),
    [("1y", "MS", 12), ("18mo", "MS", 18), ("26w", "D", 182), ("90d", "D", 90), ("2w", "W-MON", 2), ("12h", "h", 12)],
)
def test_a_half_life_is_so_many_steps(text, code, steps):
    assert half_life_steps(text, parse_frequency(code)) == pytest.approx(steps, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "code", "words", "hint"),
    [
        ("52", "D", "'52' is not a length of time", "--half-life 90d, 26w, 18mo or 1y"),
        ("soon", "D", "'soon' is not a length of time", "--half-life 90d, 26w, 18mo or 1y"),
        ("0d", "D", "'0d' is not a length of time", "--half-life 90d, 26w, 18mo or 1y"),
        ("1m", "MS", "shorter than a step of monthly data", "--half-life 1y (m are minutes, mo months)"),
        ("1y", "row", "'1y' is not a number of rows", "--half-life 100"),
    ],
)
def test_what_is_no_half_life_of_the_data_is_refused(text, code, words, hint):
    frequency = ROW if code == "row" else parse_frequency(code)
    with pytest.raises(UsageError, match=words) as caught:
        half_life_steps(text, frequency)
    assert caught.value.hint == hint


def test_a_value_counts_half_for_each_half_life_before_the_end_and_the_mean_counts_one():
    values = np.array([1.0, np.nan, 3.0, 4.0, 5.0])
    panel, findings = aged(panel_from_series([values, values[2:]], "D", first=[0, 2]), "2d")
    raw = np.array([0.25, 0.25 * 2**0.5, 0.5, 0.5 * 2**0.5, 1.0])
    raw = np.concatenate([raw, raw[2:]])
    np.testing.assert_allclose(panel.training_weights, raw / raw[panel.observed].mean())
    assert findings[0].text.startswith("what is 2d (2 steps) older counts half where networks")


def test_age_is_counted_from_the_origin_at_which_a_panel_is_cut():
    panel, _ = aged(panel_from_series([np.arange(9.0)], "D"), "2d")
    cut = panel.until([5])
    assert cut.training_weights[-1] / cut.training_weights[0] == pytest.approx(4)


def test_series_that_end_apart_are_as_old_as_their_own_end_says():
    panel, _ = aged(panel_from_series([np.arange(9.0), np.arange(4.0), np.arange(7.0)], "D"), "2d")
    ends = panel.training_weights[panel.offsets[1:] - 1]
    np.testing.assert_allclose(ends, ends[0])


def test_where_most_series_end_together_one_that_ended_before_is_older_than_they_are():
    """An origin is one date for all of them."""
    panel, _ = aged(panel_from_series([*[np.arange(9.0)] * 9, np.arange(5.0)], "D"), "2d")
    assert panel.ends_together
    ends = panel.training_weights[panel.offsets[1:] - 1]
    np.testing.assert_allclose(ends[-1] / ends[:-1], 0.25)


def test_without_a_word_about_weights_there_are_none():
    panel, findings = aged(panel_from_series([np.arange(9.0)], "D"), None)
    assert panel.training_weights is None
    assert cut_windows(panel, 3, 2).weights is None
    assert findings == []


def test_windows_carry_the_weights_of_their_targets():
    panel, _ = aged(panel_from_series([np.arange(9.0), np.arange(4.0)], "D", first=[0, 5]), "2d")
    windows = cut_windows(panel, 3, 2)
    which = np.arange(len(windows))
    shown = windows.horizons(which)
    expected = panel.training_weights[panel.offsets[windows.series][:, None] + shown.astype(int)]
    np.testing.assert_allclose(windows.target_weights(which), expected)


def file_of(path, weights, values=None):
    values = values or [f"{10 + i % 4}" for i in range(len(weights))]
    rows = [f"2020-{i + 1:02}-01,{v},{w}\n" for i, (v, w) in enumerate(zip(values, weights, strict=True))]
    path.write_text("month,sales,trust\n" + "".join(rows))
    return path


def test_a_column_says_how_much_each_row_counts_and_is_nothing_else(tmp_path):
    path = file_of(tmp_path / "a.csv", [1, 2, 0, 0.5, 1, 1, 1, 1])
    reading = read_panel(path, ReadOptions(weight="Trust"), other_numbers=True)
    np.testing.assert_array_equal(reading.panel.weights, [1, 2, 0, 0.5, 1, 1, 1, 1])
    assert reading.columns.target == ("sales",)
    assert reading.columns.weight == reading.settled.weight == "trust"
    assert reading.panel.covariates is None
    assert reading.other_numbers == {}
    assert [each.name for each in reading.candidates] == []
    note = next(finding for finding in reading.findings if finding.topic == "weights")
    assert note.text.startswith("a row counts as trust says")
    assert note.text.endswith("take each series as it is")


def test_the_weight_of_a_step_that_rows_are_added_up_to_is_their_mean(tmp_path):
    path = tmp_path / "a.csv"
    days = np.arange(np.datetime64("2024-01-01"), np.datetime64("2024-03-01"))
    path.write_text("day,sales,trust\n" + "".join(f"{day},{i},{i % 2}\n" for i, day in enumerate(days)))
    reading = read_panel(path, ReadOptions(weight="trust", aggregate="sum", freq="MS"))
    np.testing.assert_allclose(reading.panel.weights, [15 / 31, 15 / 29])


def test_a_gap_and_an_empty_value_need_no_weight(tmp_path):
    path = file_of(tmp_path / "a.csv", [1, "", 1, 0, 1, 1, 1, 1], ["1", "", "3", "4", "5", "6", "7", "8"])
    panel = read_panel(path, ReadOptions(weight="trust")).panel
    assert panel.weights.tolist() == [1, 1, 1, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("weights", "words", "hint"),
    [
        ([1, -1, 1, 1], "trust is -1 on line 3; a weight can't be below 0", "0 in that cell"),
        ([1, "", 1, ""], "trust is empty on line 3 and 1 other row, and each row", "fill those cells: 1 for"),
        ([1, 1, 1, ""], "trust is empty on line 5, and each row", "fill those cells: 1 for"),
        ([0, 0, 0, 0], "each row with a value has a trust of 0", "--weight with another column"),
    ],
)
def test_weights_that_say_nothing_are_refused(tmp_path, weights, words, hint):
    with pytest.raises(DataError, match=words) as caught:
        read_panel(file_of(tmp_path / "a.csv", weights), ReadOptions(weight="trust"))
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "words"),
    [("trst", "has no column 'trst'. Did you mean 'trust'?"), ("sales", "Column sales is asked for twice")],
)
def test_a_weight_is_a_column_of_its_own(tmp_path, name, words):
    options = ReadOptions(weight=name, target=("sales",))
    with pytest.raises(UsageError) as caught:
        read_panel(file_of(tmp_path / "a.csv", [1] * 8), options)
    assert words in caught.value.message


def test_a_row_without_weight_is_no_target_and_no_truth_but_is_looked_back_over():
    weights = np.array([1.0, 1, 1, 0, 0, 1, 1, 1, 0, 2])
    panel = replace(panel_from_series([np.arange(10.0)], "D"), weights=weights)
    windows = cut_windows(panel, 3, 2)
    which = np.arange(len(windows))
    assert not np.isin([3, 4, 8], windows.horizons(which)).any()
    assert np.isin([3, 4, 8], windows.lookbacks(which)).any()
    fold = Fold(1, np.array([7]), np.array([True]), 3)
    np.testing.assert_array_equal(fold.truth(panel), [[7, np.nan, 9]])
    np.testing.assert_array_equal(truth_weights(panel, [fold]), [[[1, 0, 2]]])


def test_the_weights_go_with_their_series_and_steps():
    weights = np.arange(1.0, 13)
    panel = replace(panel_from_series([np.arange(7.0), np.arange(5.0)], "D"), weights=weights)
    assert panel.select([1]).weights.tolist() == [8, 9, 10, 11, 12]
    assert panel.until([2, 3]).weights.tolist() == [1, 2, 8, 9, 10]
    assert panel.tail(2).weights.tolist() == [6, 7, 11, 12]
    assert panel.training_weights[panel.observed].mean() == pytest.approx(1)
