from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.ended_series import ended, ended_records
from forecast.evaluation.splits import rolling_origins
from forecast.models.combination import Combination, Evidence
from forecast.models.forecaster import Members
from forecast.run import ALONE

H, LONG, SHORT = 4, 120, 60


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    return panel_from_series([100 + rng.normal(size=LONG if i < 6 else SHORT) * (1 + i % 2 * 9) for i in range(9)], "D")


@pytest.fixture(scope="module")
def folds(panel):
    return rolling_origins(panel, H, 2, 3)


def evidence_of(panel, folds, quality):
    """Returns forecasts that miss by so many times as much as the last value, which they are trusted against."""
    found = []
    for fold in folds:
        truth = fold.truth(panel)
        naive = np.where(np.isnan(truth), 0.0, truth + 2.0)
        values = np.where(np.isnan(truth), 0.0, truth + 2.0 * quality)
        scales = np.ones(len(panel))
        found.append(Evidence(Members(("",), (0,), values[None], {"naive": naive}), truth, scales, fold.number))
    return found


def records(panel, folds, quality):
    which = ended(panel, folds)
    combination = Combination(np.array([True]))
    return which, list(ended_records(panel, which, evidence_of(panel, folds, quality), combination, (1,), ALONE))


def test_series_that_no_fold_scores_are_those_that_ended_before(panel, folds):
    assert ended(panel, folds).tolist() == [False] * 6 + [True] * 3


def test_their_errors_are_those_of_the_rule_from_their_own_ends(panel, folds):
    which, (*_, last) = records(panel, folds, 1.0)
    assert np.isnan(last.point[~which]).all()
    own = panel.series(6)
    np.testing.assert_allclose(last.truth[6], own[-H:])
    np.testing.assert_allclose(last.point[6], np.full(H, own[-H - 1]))


def test_model_that_errs_half_as_much_elsewhere_does_so_here(panel, folds):
    which, plain = records(panel, folds, 1.0)
    _, better = records(panel, folds, 0.5)
    for one, other in zip(plain, better, strict=True):
        np.testing.assert_allclose((other.truth - other.point)[which], 0.5 * (one.truth - one.point)[which])


def test_nothing_after_an_origin_tells_of_its_errors(panel, folds):
    which, before = records(panel, folds, 1.0)
    poisoned = panel_from_series(
        [np.where(np.arange(len(own)) >= len(own) - H, 1e9, own) for own in map(panel.series, range(len(panel)))], "D"
    )
    after = list(
        ended_records(poisoned, which, evidence_of(panel, folds, 1.0), Combination(np.array([True])), (1,), ALONE)
    )
    for one, other in zip(before[:-1], after[:-1], strict=True):
        np.testing.assert_array_equal(one.point, other.point)
    np.testing.assert_array_equal(before[-1].difficulty.features, after[-1].difficulty.features)


def test_of_rare_demand_there_are_none_whatever_it_is_trusted_against(panel, folds):
    """Their chances and sizes are not known, without which no counts lie around a mean."""
    which, told = ended(panel, folds), evidence_of(panel, folds, 1.0)
    sparse = [replace(each, members=replace(each.members, is_demand=True)) for each in told]
    assert list(ended_records(panel, which, sparse, Combination(np.array([True])), (1,), ALONE)) == []
