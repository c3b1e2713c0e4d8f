"""All series together: sums at each step with the interval of the sums, and the promotions that most of them have."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.covariates import Column, Covariates
from forecast.data.panel import panel_from_series
from forecast.experiment.decisions.joint_forecast import together
from forecast.experiment.outputs import Outlook
from forecast.models.forecaster import Forecasts, Interval

H = 5


def panel_of(*values, **more):
    return panel_from_series(values, "D", series_ids=[f"s{k}" for k in range(len(values))], target="sales", **more)


def outlook_of(panel, point, known=None):
    point = np.asarray(point, float)
    bands = (Interval(80, point - 3, point + 5),)
    stamps = panel.future_timestamps(point.shape[1])
    return Outlook(panel, Forecasts(panel.series_ids, stamps, point, bands, levels=(80,)), known)


@dataclass(frozen=True)
class Known:
    """Joint futures that are known to the test."""

    point: np.ndarray
    futures: np.ndarray  # (S, N, H)

    @property
    def distribution(self):
        return SimpleNamespace(futures=self.futures.shape[1], rare=None)

    def paths(self, count, *, seed=0, which=None):
        return iter(self.futures[list(which)])


def test_all_series_together_are_the_sum_at_each_step_with_its_interval():
    panel = panel_of(np.arange(60.0), np.arange(40.0), first=[0, 20])
    point = np.tile([[10.0], [20.0]], (1, H))
    rng = np.random.default_rng(0)
    known = Known(point, point[:, None] + rng.normal(0, 1, (2, 300, H)) + rng.normal(0, 2, (1, 300, 1)))
    joint = together(outlook_of(panel, point, known), "total")
    assert joint.forecasts.point == pytest.approx(np.full((1, H), 30.0))
    [band] = joint.forecasts.intervals
    expected = np.quantile(known.futures.sum(axis=0), [0.1, 0.9], axis=0)
    assert np.vstack([band.lower, band.upper]) == pytest.approx(expected)
    assert joint.history.values == pytest.approx(np.arange(60.0) + np.concatenate([np.zeros(20), np.arange(40.0)]))
    assert joint.history.timestamps(0)[-1] == panel.timestamps(0)[-1]
    mean = together(outlook_of(panel, point, known), "mean")
    assert mean.forecasts.point == pytest.approx(np.full((1, H), 15.0))
    assert mean.history.values[:20] == pytest.approx(np.arange(20.0))  # of those that had begun


def test_prices_series_that_end_apart_and_one_alone_have_no_sum():
    apart = panel_of(np.ones(60), np.ones(50))
    assert together(outlook_of(apart, np.ones((2, H))), "total") is None
    level = panel_of(np.ones(60), np.ones(60))
    assert together(outlook_of(level, np.ones((2, H))), "standing") is None
    assert together(outlook_of(panel_of(np.ones(60)), np.ones((1, H))), "total") is None


def test_promotions_of_most_series_are_those_of_all_of_them():
    panel = panel_of(*[np.ones(30)] * 3)
    promo = np.zeros((3, 35))
    promo[:2, 10:12] = 1  # of two in three
    promo[0, 20] = 1
    promo[:, 31] = 1  # a plan
    known = np.stack([promo, np.linspace(1, 9, 105).reshape(3, 35)], axis=2)
    covariates = Covariates(
        (Column("promo", "known"), Column("price", "known")), known.reshape(-1, 2), 35 * np.arange(4), np.zeros(3, int),
        np.empty((90, 0)), np.empty((3, 0)),
    )  # fmt: skip
    joint = together(outlook_of(replace(panel, covariates=covariates), np.ones((3, H))), "total")
    told = joint.history.covariates
    assert [column.name for column in told.of("known")] == ["promo (most series)"]
    assert np.flatnonzero(told.known[:, 0]).tolist() == [10, 11, 31]
    assert joint.history.until([20]).covariates.known_last.tolist() == [34]
