"""The section of what was not expected: a picture an episode, and why in words."""

import numpy as np

from forecast.report.figures.episodes.episodes import Excerpt
from forecast.report.html.episodes import EpisodeRow, episode_section


def test_an_episode_is_marked_where_it_is_and_told_in_words():
    values = np.array([10.0, 11.0, 90.0, np.nan, 10.0])
    stamps = np.datetime64("2024-05-01") + np.arange(5)
    excerpt = Excerpt("spike, sold 90", stamps, values, values * 0 + 8, values * 0 + 12, (2, 2))
    row = EpisodeRow("north", "2024-05-03", "2024-05-03", "spike", "sold 90, 8 to 12 expected")
    gallery, table = episode_section([excerpt], [row], "sold", "Two sentences.").blocks
    [chart] = gallery.charts
    dots = next(mark for mark in chart.marks if mark.shape == "dots")
    assert dots.path.count("M") == 1
    assert dots.path.startswith("M500.0")  # the third of five steps
    assert [cell.text for cell in table.rows[0]] == ["2024-05-03", "spike", "sold 90, 8 to 12 expected"]
    assert gallery.keys[1].text == "expected: 95 of 100 usual values"


def test_series_are_named_where_there_are_several():
    rows = [EpisodeRow(name, "2024-05-03", "2024-05-04", "dip", "why") for name in ("a", "b")]
    table = episode_section([], rows, "sold", "").blocks[1]
    assert [column.title for column in table.columns] == ["series", "when", "what", "why"]
    assert table.rows[1][1].note == "to 2024-05-04"
