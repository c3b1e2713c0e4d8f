import itertools

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.errors import DataError
from forecast.evaluation.splits import ends_together, rolling_origins
from tiny import awkward_panel, wave

NAN = np.nan


def panel_of(lengths, first=None):
    """Series whose value at each step is the step's day number, plus 100 for each series before it."""
    first = first or [0] * len(lengths)
    values = [100.0 * i + start + np.arange(lengths[i]) for i, start in enumerate(first)]
    return panel_from_series(values, "D", first=first)


def cuts_of(folds):
    return [list(fold.cuts) for fold in folds]


def scored_of(folds):
    return [list(fold.scored) for fold in folds]


def test_origins_are_one_horizon_apart_and_the_last_fold_ends_with_the_data():
    panel = panel_of([20])
    folds = rolling_origins(panel, horizon=3, folds=2, least=5)
    assert [fold.number for fold in folds] == [0, 1, 2]
    assert cuts_of(folds) == [[11], [14], [17]]
    assert [list(fold.truth(panel)[0]) for fold in folds] == [[11, 12, 13], [14, 15, 16], [17, 18, 19]]
    assert [str(fold.origin(panel)) for fold in folds] == [
        "1970-01-11T00:00:00",
        "1970-01-14T00:00:00",
        "1970-01-17T00:00:00",
    ]
    assert [list(fold.train(panel).series(0)) for fold in folds] == [list(range(n)) for n in (11, 14, 17)]


def test_series_that_end_together_share_their_dates():
    panel = panel_of([20, 8, 20], first=[0, 12, 0])  # the second starts on day 12
    folds = rolling_origins(panel, 3, 2, least=5)
    assert cuts_of(folds) == [[11, 0, 11], [14, 2, 14], [17, 5, 17]]
    assert scored_of(folds) == [[True, False, True], [True, False, True], [True, True, True]]
    assert list(folds[2].truth(panel)[1]) == [117, 118, 119]
    assert np.isnan(folds[1].truth(panel)[1]).all()  # too little history to be scored


def test_series_that_ended_early_has_only_the_truths_it_has():
    panel = panel_of([20, 16, 20])
    folds = rolling_origins(panel, 3, 2, least=5)
    assert cuts_of(folds) == [[11, 11, 11], [14, 14, 14], [17, 16, 17]]
    np.testing.assert_array_equal(folds[1].truth(panel)[1], [114, 115, NAN])
    assert scored_of(folds)[2] == [True, False, True]
    assert np.isnan(folds[2].truth(panel)[1]).all()


def test_independent_histories_count_back_each_from_its_own_end():
    panel = panel_of([20, 15, 30], first=[0, 0, 5])
    assert not ends_together(panel)
    folds = rolling_origins(panel, 3, 2, least=7)
    assert cuts_of(folds) == [[11, 6, 21], [14, 9, 24], [17, 12, 27]]
    assert scored_of(folds) == [[True, False, True], [True, True, True], [True, True, True]]
    np.testing.assert_array_equal(folds[2].truth(panel)[:, 0], [17, 112, 232])
    assert str(folds[2].origin(panel)) == "1970-02-01T00:00:00"  # the latest: day 5 + 27 - 1


def test_half_of_the_series_ending_together_is_enough_for_dates():
    assert ends_together(panel_of([20, 20, 10, 11]))
    assert not ends_together(panel_of([20, 12, 10, 11]))


def test_origin_is_no_later_for_a_series_that_begins_after_it():
    panel = panel_of([20, 2, 20], first=[0, 18, 0])
    assert str(rolling_origins(panel, 3, 2, least=5)[0].origin(panel)) == "1970-01-11T00:00:00"


def test_gap_in_the_truth_is_not_scored():
    values = np.arange(20.0)
    values[15] = NAN
    panel = panel_from_series([values], "D")
    np.testing.assert_array_equal(rolling_origins(panel, 3, 2, 5)[1].truth(panel), [[14, NAN, 16]])


def test_truth_of_one_fold_is_training_of_the_next():
    panel = awkward_panel()
    folds = rolling_origins(panel, 3, 3, least=5)
    for earlier, later in itertools.pairwise(folds):
        for i in np.flatnonzero(earlier.scored):
            learned, steps = later.train(panel).series(i), np.arange(earlier.cuts[i], later.cuts[i])
            np.testing.assert_array_equal(learned[steps], earlier.truth(panel)[i, : len(steps)])


def test_moved_fold_is_a_later_origin_that_stays_inside_its_series():
    panel = panel_of([20, 18], first=[0, 2])
    fold = rolling_origins(panel, 3, 1, 5)[1]
    moved = fold.moved(panel, 2)
    assert (list(moved.cuts), moved.number, moved.horizon) == ([19, 17], 1, 3)
    np.testing.assert_array_equal(moved.truth(panel), [[19, NAN, NAN], [119, NAN, NAN]])
    assert list(fold.moved(panel, 9).cuts) == [20, 18]
    assert np.isnan(fold.moved(panel, 9).truth(panel)).all()


def test_cutting_leaves_the_panel_as_it_was():
    panel = panel_of([20, 16])
    before = panel.values.copy()
    rolling_origins(panel, 3, 2, 5)[0].train(panel).values[:] = -1
    np.testing.assert_array_equal(panel.values, before)


def test_one_fold_and_the_least_history_are_just_enough():
    panel = panel_of([11])
    assert cuts_of(rolling_origins(panel, horizon=3, folds=1, least=5)) == [[5], [8]]
    with pytest.raises(DataError, match=r"^11 rows are too few for 1 fold of 3 steps: 12 are needed") as error:
        rolling_origins(panel, horizon=3, folds=1, least=6)
    assert error.value.hint == "--horizon 2"


def test_too_few_rows_for_several_folds():
    with pytest.raises(DataError, match="20 rows are too few for 3 folds of 5 steps: 26 are needed"):
        rolling_origins(panel_from_series([wave(20), wave(9)], "D"), horizon=5, folds=3, least=6)
    with pytest.raises(DataError) as error:
        rolling_origins(panel_of([20]), horizon=5, folds=3, least=6)
    assert error.value.hint == "--horizon 3, or --folds 1"


def test_the_last_fold_ends_before_what_is_ignored_at_the_end():
    panel = panel_of([30]).ignoring([(25, 40)])
    folds = rolling_origins(panel, horizon=3, folds=2, least=5)
    assert cuts_of(folds) == [[16], [19], [22]]
    assert list(folds[-1].truth(panel)[0]) == [22, 23, 24]


def test_a_fold_of_which_more_than_half_is_ignored_is_passed_over():
    panel = panel_of([30, 30]).ignoring([(24, 25)])
    folds = rolling_origins(panel, horizon=3, folds=2, least=5)
    assert cuts_of(folds) == [[18, 18], [21, 21], [27, 27]]
    assert not any(np.isnan(fold.truth(panel)).any() for fold in folds)


def test_a_fold_of_which_half_or_less_is_ignored_scores_the_rest():
    panel = panel_of([30]).ignoring([(25, 25)])
    folds = rolling_origins(panel, horizon=3, folds=2, least=5)
    assert cuts_of(folds) == [[21], [24], [27]]
    np.testing.assert_array_equal(folds[1].truth(panel), [[24, NAN, 26]])


def test_what_is_ignored_may_leave_too_little():
    with pytest.raises(DataError, match="What is ignored leaves too few of 30 rows"):
        rolling_origins(panel_of([30]).ignoring([(9, 29)]), horizon=3, folds=2, least=5)
