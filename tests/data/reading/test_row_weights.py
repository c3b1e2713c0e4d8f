"""--half-life: how much a value counts where models learn, and what is refused."""

import numpy as np
import pytest

from forecast.data.frequency import ROW, parse_frequency
from forecast.data.panel import panel_from_series
from forecast.data.reading.row_weights import aged, half_life_steps
from forecast.data.windows import cut_windows
from forecast.errors import UsageError


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
