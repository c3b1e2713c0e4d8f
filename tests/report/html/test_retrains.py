from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from chart_points import points_of
from forecast.report.figures.pictures import Retrains
from forecast.report.html.retrains import run_gallery

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def retrains(champion, challenger, naive, promoted):
    times = [NOW + timedelta(days=day) for day in range(len(champion))]
    return Retrains(
        times, *(np.array(values, dtype=float) for values in (champion, challenger, naive)), np.array(promoted)
    )


def test_challengers_are_told_apart_by_what_became_of_them():
    gallery = run_gallery(retrains([4, 4, 3], [3, 5, 3.5], [8, 8, 8], [True, False, False]))
    dots = {mark.title: mark for mark in gallery.charts[0].marks if mark.shape == "dots"}
    assert len(points_of(dots["challenger, put in use"].path)) == 1
    assert len(points_of(dots["challenger, left"].path)) == 2
    assert dots["challenger, left"].look.name == "hollow"
    heights = points_of(dots["champion"].path)[:, 1]
    assert heights / heights[2] == pytest.approx([4 / 3, 4 / 3, 1], rel=1e-2)


def test_what_no_run_has_is_neither_drawn_nor_explained():
    nothing = [np.nan]
    gallery = run_gallery(retrains([4.0], nothing, nothing, [False]))
    assert [key.text for key in gallery.keys] == ["champion"]
