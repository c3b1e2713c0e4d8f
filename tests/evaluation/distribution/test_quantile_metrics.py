from statistics import NormalDist

import numpy as np
import pytest

from forecast.evaluation import metrics
from forecast.evaluation.distribution import quantile_metrics
from forecast.evaluation.distribution.quantile_metrics import (
    DECILES,
    MSIS_LEVEL,
    calibration_error,
    msis,
    pinball_losses,
    wql,
)

NAN = np.nan


def sample(shape=(2, 4, 5), seed=0):
    """Truths with gaps, and their nine quantiles, one fold of a series without any: (K, S, H), (Q, K, S, H)."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(10, 3, shape)
    truth[rng.random(shape) < 0.2] = NAN
    quantiles = np.sort(rng.normal(10, 3, (len(DECILES), *shape)), axis=0)
    quantiles[:, 0, 1] = NAN
    return truth, quantiles


def pinball(truth, quantile, probability):
    return np.nanmean(pinball_losses(truth, quantile, probability))


def points(truth, quantiles):
    """Each scored point with its quantiles."""
    rows = zip(truth.ravel(), quantiles.reshape(len(quantiles), -1).T, strict=True)
    return [(y, own) for y, own in rows if not np.isnan(y) and not np.isnan(own).any()]


# By hand


def test_pinball_by_hand():
    truth, quantile = np.array([[10.0, 10.0, NAN, 1.0]]), np.array([[8.0, 13.0, 5.0, NAN]])
    assert pinball(truth, quantile, 0.9) == pytest.approx((0.9 * 2 + 0.1 * 3) / 2)
    assert pinball(truth, quantile, 0.1) == pytest.approx((0.1 * 2 + 0.9 * 3) / 2)


def test_wql_by_hand():
    truth = np.array([[[10.0, -10.0], [NAN, 20.0]]])
    quantiles = np.array([[[[8.0, -12.0], [0.0, 25.0]]], [[[11.0, -9.0], [0.0, 27.0]]]])
    low = 0.1 * 2 + 0.1 * 2 + 0.9 * 5
    high = 0.2 * 1 + 0.2 * 1 + 0.2 * 7
    assert wql(truth, quantiles, (0.1, 0.8)) == pytest.approx(2 * (low + high) / 2 / 40)


def test_msis_by_hand():
    """One series that the interval holds and misses, one too high; each fold over the scale of its own origin."""
    truth = np.array([[[5.0, 9.0], [NAN, 2.0]], [[5.0, NAN], [NAN, NAN]]])
    lower, upper = np.full((2, 2, 2), 4.0), np.full((2, 2, 2), 7.0)
    scales = np.array([[2.0, 0.5], [3.0, 0.5]])
    first = (3 / 2 + (3 + 40 * 2) / 2 + 3 / 3) / 3
    second = (3 + 40 * 2) / 0.5
    assert msis(truth, lower, upper, scales) == pytest.approx((first + second) / 2)
    assert msis(truth, lower, upper, scales, level=80) == pytest.approx(
        ((3 / 2 + (3 + 10 * 2) / 2 + 3 / 3) / 3 + (3 + 10 * 2) / 0.5) / 2
    )


def test_calibration_error_by_hand():
    truth = np.array([[1.0, 2.0, 3.0, 4.0, NAN]])
    quantiles = np.array([[[1.0, 1.0, 1.0, 1.0, 1.0]], [[3.5, 3.5, 3.5, 3.5, 3.5]]])
    assert calibration_error(truth, quantiles, (0.1, 0.9)) == pytest.approx((abs(0.25 - 0.1) + abs(0.75 - 0.9)) / 2)


def test_wape_and_relative_bias_by_hand():
    truth, forecast = np.array([[10.0, -5.0], [NAN, 5.0]]), np.array([[12.0, -5.0], [7.0, 9.0]])
    assert metrics.wape(truth, forecast) == pytest.approx(6 / 20)
    assert metrics.relative_bias(truth, forecast) == pytest.approx(6 / 20)
    assert metrics.relative_bias(truth, -forecast) == pytest.approx((-22 + 10 - 14) / 20)


# Against other ways to the same number


def test_scores_are_those_of_a_loop_over_points():
    truth, quantiles = sample()
    rows = points(truth, quantiles)
    loss = [max(p * (y - q), (p - 1) * (y - q)) for y, own in rows for p, q in zip(DECILES, own, strict=True)]
    assert wql(truth, quantiles) == pytest.approx(2 * sum(loss) / 9 / sum(abs(y) for y, _ in rows))
    shares = [np.mean([y <= own[place] for y, own in rows]) for place in range(9)]
    expected = np.mean([abs(share - p) for share, p in zip(shares, DECILES, strict=True)])
    assert calibration_error(truth, quantiles) == pytest.approx(expected)


def test_pinball_at_a_half_is_half_the_absolute_error_and_wql_of_the_median_is_wape():
    truth, quantiles = sample()
    median = quantiles[4]
    assert pinball(truth, median, 0.5) == pytest.approx(metrics.mae(truth, median) / 2)
    assert wql(truth, median[None], (0.5,)) == pytest.approx(metrics.wape(truth, median))


def test_true_quantiles_have_the_lowest_wql_and_no_calibration_error():
    rng, true = np.random.default_rng(0), NormalDist(10, 2)
    truth = rng.normal(10, 2, (1, 1, 200_000))
    quantiles = {
        name: np.broadcast_to(np.array([own.inv_cdf(p) for p in DECILES])[:, None, None, None], (9, *truth.shape))
        for name, own in {"true": true, "narrow": NormalDist(10, 1), "wide": NormalDist(10, 4)}.items()
    }
    assert calibration_error(truth, quantiles["true"]) < 0.003
    assert min(quantiles, key=lambda name: wql(truth, quantiles[name])) == "true"
    assert min(calibration_error(truth, quantiles[name]) for name in ("narrow", "wide")) > 0.05


def test_scores_are_those_of_utilsforecast():
    import pandas as pd
    from utilsforecast import losses

    rng, names = np.random.default_rng(1), [f"q{p}" for p in DECILES]
    truth = rng.gamma(2, 20, (1, 3, 40))
    quantiles = np.sort(rng.gamma(2, 20, (9, 1, 3, 40)), axis=0)
    frame = pd.DataFrame({"unique_id": np.repeat(["a", "b", "c"], 40), "y": truth.ravel()})
    frame = frame.assign(**dict(zip(names, quantiles.reshape(9, -1), strict=True)))
    frame = frame.assign(**{"m-lo-80": frame["q0.1"], "m-hi-80": frame["q0.9"]})
    for place, (p, name) in enumerate(zip(DECILES, names, strict=True)):
        theirs = losses.quantile_loss(frame, {"m": name}, q=p)["m"]  # one number a series, all of one length
        assert pinball(truth, quantiles[place], p) == pytest.approx(theirs.mean())
    shares = [losses.calibration(frame, {"m": name})["m"].mean() for name in names]
    assert calibration_error(truth, quantiles) == pytest.approx(np.mean(np.abs(np.array(shares) - DECILES)))
    for series, theirs in enumerate(losses.scaled_crps(frame, {"m": names}, np.array(DECILES))["m"]):
        assert wql(truth[:, [series]], quantiles[:, :, [series]]) == pytest.approx(theirs)
    lower, upper, scales = quantiles[0], quantiles[-1], np.array([[2.0, 5.0, 0.3]])
    winkler = losses.winkler_score(frame, ["m"], level=80)["m"].to_numpy()
    assert msis(truth, lower, upper, scales, level=80) == pytest.approx((winkler / scales[0]).mean())
    assert metrics.coverage(truth, lower, upper) == pytest.approx(losses.coverage(frame, ["m"], level=80)["m"].mean())
    for series in range(3):
        own = frame[frame["unique_id"] == "abc"[series]]
        assert metrics.wape(truth[:, [series]], upper[:, [series]]) == pytest.approx(losses.wape(own, ["q0.9"])["q0.9"])
        assert metrics.bias(truth[:, [series]], upper[:, [series]]) == pytest.approx(losses.bias(own, ["q0.9"])["q0.9"])


def test_weight_of_two_is_the_point_twice():
    truth, quantiles = sample()
    twice = np.concatenate([truth, truth[:1]]), np.concatenate([quantiles, quantiles[:, :1]], axis=1)
    weights = np.ones(truth.shape)
    weights[0] = 2.0
    scales = np.full((3, 4), 2.0)
    assert wql(truth, quantiles, weights=weights) == pytest.approx(wql(*twice))
    assert msis(truth, quantiles[0], quantiles[8], scales[:2], weights=weights) == pytest.approx(
        msis(twice[0], twice[1][0], twice[1][8], scales)
    )


# What is not scored


def test_truth_or_quantile_that_is_not_there_is_not_scored():
    truth, quantiles = sample()
    known = ~(np.isnan(truth) | np.isnan(quantiles[0]))
    some, own = truth[known][None, None], quantiles[:, known][:, None, None]
    assert wql(truth, quantiles) == pytest.approx(wql(some, own))
    assert calibration_error(truth, quantiles) == pytest.approx(calibration_error(some, own))
    assert pinball(truth, quantiles[0], 0.1) == pytest.approx(pinball(some, own[0], 0.1))
    assert 0 < known.sum() < truth.size


@pytest.mark.parametrize("useless", [0.0, NAN])
def test_series_that_was_constant_is_left_out_of_msis(useless):
    truth, lower, upper = np.array([[[5.0], [5.0]]]), np.full((1, 2, 1), 4.0), np.full((1, 2, 1), 7.0)
    assert msis(truth, lower, upper, np.array([[2.0, useless]])) == 1.5


def test_nothing_to_score_is_nan_and_silent():
    truth, quantiles, zero = np.full((1, 2, 3), NAN), np.ones((9, 1, 2, 3)), np.zeros((1, 2, 3))
    for value in (
        wql(truth, quantiles),
        wql(zero, quantiles),
        calibration_error(truth, quantiles),
        msis(truth, quantiles[0], quantiles[8], np.ones((1, 2))),
        metrics.wape(zero, quantiles[0]),
        metrics.relative_bias(truth, quantiles[0]),
    ):
        assert np.isnan(value)


def test_as_many_probabilities_as_quantiles():
    truth, quantiles = sample()
    with pytest.raises(ValueError, match="zip"):
        wql(truth, quantiles[:3])


@pytest.mark.parametrize("name", ["pinball_losses", "wql", "interval_scores", "msis", "calibration_error"])
def test_definition_names_its_source(name):
    assert any(year in getattr(quantile_metrics, name).__doc__ for year in ("1978", "2020", "1972", "2018"))


def test_level_of_msis_is_the_one_of_m4():
    assert MSIS_LEVEL == 95
