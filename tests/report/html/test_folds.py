import numpy as np
import pytest

from chart_points import points_of
from forecast.data.frequency import ROW
from forecast.report.html.folds import FoldSpan, fold_gallery

FIRST = np.datetime64("2024-01-01T00:00:00")


def day(number):
    return FIRST + np.timedelta64(number, "D")


FOLDS = [FoldSpan(number, day(40 + 10 * number), day(50 + 10 * number)) for number in range(3)]


def bars(gallery):
    """Returns from where to where each bar goes, by what is said of it before a comma."""
    found = {}
    for mark in gallery.charts[0].marks:
        edges = points_of(mark.path)[:, 0]
        found[mark.title.partition(",")[0]] = (edges.min(), edges.max())
    return found


def test_scored_parts_follow_each_other_to_the_end_of_the_data():
    found = bars(fold_gallery(FOLDS, FIRST, refit=True, together=True))
    assert found["fold 0: calibrates"] == pytest.approx((40 / 70, 50 / 70), abs=1e-3)
    assert found["fold 2: scored"] == pytest.approx((60 / 70, 1), abs=1e-3)
    for number in range(3):
        assert found[f"fold {number}: trained on"][0] == 0
    assert found["fold 1: trained on"][1] == found["fold 1: scored"][0]


def test_only_the_earliest_part_is_trained_on_where_models_are_trained_once():
    gallery = fold_gallery(FOLDS, FIRST, refit=False, together=True)
    found = bars(gallery)
    assert len({found[f"fold {number}: trained on"] for number in range(3)}) == 1
    assert found["fold 2: known"] == pytest.approx((40 / 70, 60 / 70), abs=1e-3)
    assert "known, not trained on" in [key.text for key in gallery.keys]


def test_long_history_is_cut_so_that_folds_can_be_seen():
    gallery = fold_gallery(FOLDS, day(-5000), refit=True, together=True)
    start, end = bars(gallery)["fold 2: scored"]
    assert end - start > 0.08
    assert "The data begin at 2010-04-24" in gallery.note


def test_independent_ends_are_told():
    assert "own end" in fold_gallery(FOLDS, FIRST, refit=True, together=False).note
    assert fold_gallery(FOLDS, FIRST, refit=True, together=True).note == ""


def test_folds_of_rows_are_counted_in_rows():
    stamps = ROW.timestamps(np.array([1, 40, 50, 60]))
    folds = [FoldSpan(0, stamps[1], stamps[2]), FoldSpan(1, stamps[2], stamps[3])]
    gallery = fold_gallery(folds, stamps[0], refit=True, together=True)
    assert gallery.charts[0].label == "2 folds from 1 to 60"
    assert [tick.text for tick in gallery.charts[0].days_narrow] == ["15", "30", "45", "60"]
