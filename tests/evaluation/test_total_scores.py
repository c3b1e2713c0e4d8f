import numpy as np
import pytest

from forecast.evaluation.total_scores import total_rows

H, SERIES = 4, 30


class Drawn:
    """A forecast whose paths are draws of its own."""

    sums = None

    def __init__(self, spread, together, seed=0):
        self.spread, self.together, self.seed = spread, together, seed

    def paths(self, count):
        rng = np.random.default_rng(self.seed)
        common = rng.normal(size=(count, 1))
        for _ in range(SERIES):
            own = rng.normal(size=(count, 1))
            level = self.together * common + np.sqrt(1 - self.together**2) * own
            yield 100 + self.spread * level.repeat(H, axis=1)


def truths(together, origins=40):
    rng = np.random.default_rng(9)
    common, own = rng.normal(size=(origins, 1, 1)), rng.normal(size=(origins, SERIES, 1))
    return 100 + (together * common + np.sqrt(1 - together**2) * own).repeat(H, axis=2)


def shares(rows):
    return {(row.total, row.level): row.share for row in rows}


def test_right_paths_hold_what_they_promise_of_both_totals():
    rows = list(total_rows("gru", truths(0.5), [Drawn(1.0, 0.5, k) for k in range(40)], (50, 80)))
    held = shares(rows)
    assert held["horizon", 80] == pytest.approx(0.8, abs=0.04)
    assert held["horizon", 50] == pytest.approx(0.5, abs=0.04)
    assert held["all series", 80] == pytest.approx(0.8, abs=0.15)
    assert {row.points for row in rows} == {40 * SERIES, 40 * H}


def test_paths_that_pretend_independence_hold_too_few_sums_of_all_series():
    held = shares(total_rows("gru", truths(0.9), [Drawn(1.0, 0.0, k) for k in range(40)], (80,)))
    assert held["horizon", 80] == pytest.approx(0.8, abs=0.08)
    assert held["all series", 80] < 0.4


def test_narrow_paths_score_worse_than_right_ones():
    right, narrow = (
        next(iter(total_rows("gru", truths(0.0), [Drawn(spread, 0.0)] * 40, (80,)))) for spread in (1.0, 0.2)
    )
    assert narrow.share < 0.3
    assert narrow.wql > right.wql > 0


def test_unknown_truths_are_left_out_of_forecast_and_truth_alike():
    known = truths(0.0, origins=1)
    holed = known.copy()
    holed[:, 0, 2:] = np.nan  # half of a horizon
    holed[:, 1] = np.nan  # a whole series
    own, _ = (row for row in total_rows("gru", holed, [Drawn(0.001, 0.0)], (80,)))
    assert own.points == SERIES - 1
    assert own.wql < 0.01


def test_a_series_without_paths_is_left_out_of_the_sum_of_all_and_of_its_truth():
    class Lacking(Drawn):
        def paths(self, count):
            for i, paths in enumerate(super().paths(count)):
                yield np.full_like(paths, np.nan) if i == 4 else paths

    own, every = total_rows("gru", truths(0.0, origins=1), [Lacking(0.001, 0.0)], (80,))
    assert (own.points, every.points) == (SERIES - 1, H)
    assert every.wql < 0.01  # a thirtieth of the sum, were its truth counted


def test_fold_without_distribution_has_no_totals():
    assert list(total_rows("gru", truths(0.0, origins=2), [None, None], (80,))) == []
