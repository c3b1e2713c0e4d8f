"""What a forecast is made of, in a page: a picture a part, a row a series."""

import numpy as np

from forecast.report.html.parts import parts_section

DATES = np.arange("2024-07-01", "2024-07-05", dtype="datetime64[D]").astype("datetime64[s]")


def test_each_part_is_a_picture_and_each_series_a_row():
    parts = {"level": np.full(4, 10.0), "rest: growth": np.array([1.0, -1.0, 2.0, -2.0])}
    section = parts_section(DATES, parts, [("a", (40.0, 0.0, 40.0))], target="sales", intro="made of")
    gallery, table = section.blocks
    assert [chart.title for chart in gallery.charts] == [
        "level (40 over all dates)", "rest: growth (0 over all dates)",
    ]  # fmt: skip
    assert [mark.look.colour for mark in gallery.charts[1].marks] == ["#0072B2", "#D55E00"]
    assert [column.title for column in table.columns] == ["", "level", "rest", "forecast"]
    assert [cell.text for cell in table.rows[0]] == ["a", "40", "0", "40"]


def test_one_series_needs_no_table():
    section = parts_section(DATES, {"level": np.full(4, 10.0)}, (), target="sales", intro="")
    assert len(section.blocks) == 1
