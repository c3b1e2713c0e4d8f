import re

import numpy as np
import pytest

from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.evaluation import metrics
from forecast.evaluation.scales import series_scales
from forecast.models.classical.baselines import seasonal_naive
from places import SHARED
from tiny import with_values

DATA = SHARED / "data"
NAN = np.nan


def sample(shape=(2, 4, 5), seed=0):
    """Truths with gaps, one step and one series without any, and forecasts of all."""
    rng = np.random.default_rng(seed)
    truth, forecast = rng.normal(10, 3, shape), rng.normal(10, 3, shape)
    truth[rng.random(shape) < 0.2] = NAN
    truth[..., 2, :] = NAN
    truth[..., 1] = NAN
    return truth, forecast


def pairs_of(truth, forecast):
    return [(y, f) for y, f in zip(truth.ravel(), forecast.ravel(), strict=True) if not np.isnan(y)]


def pairs_by_series(truth, forecast):
    folds = truth.reshape(-1, *truth.shape[-2:]), forecast.reshape(-1, *truth.shape[-2:])
    series = [pairs_of(folds[0][:, i], folds[1][:, i]) for i in range(truth.shape[-2])]
    return [pairs for pairs in series if pairs]


def test_bias_is_above_zero_where_forecasts_are_too_high():
    truth, forecast = sample()
    pairs = pairs_of(truth, forecast)
    assert metrics.bias(truth, forecast) == pytest.approx(sum(f - y for y, f in pairs) / len(pairs))
    assert metrics.bias(np.array([1.0, NAN]), np.array([3.0, 9.0])) == 2.0
    size = sum(abs(y) for y, _ in pairs)
    assert metrics.relative_bias(truth, forecast) == pytest.approx(sum(f - y for y, f in pairs) / size)
    assert metrics.relative_bias(np.array([10.0, -10.0, NAN]), np.array([14.0, -8.0, 99.0])) == pytest.approx(6 / 20)


def test_rmse_and_mae_are_pooled_over_all_scored_points():
    truth, forecast = sample()
    errors = [y - f for y, f in pairs_of(truth, forecast)]
    assert metrics.rmse(truth, forecast) == pytest.approx(np.sqrt(sum(e**2 for e in errors) / len(errors)))
    assert metrics.mae(truth, forecast) == pytest.approx(sum(abs(e) for e in errors) / len(errors))


def test_errors_are_those_computed_by_hand():
    truth, forecast = np.array([[2.0, 4.0], [NAN, 10.0]]), np.array([[3.0, 2.0], [7.0, 10.0]])
    assert metrics.rmse(truth, forecast) == pytest.approx(np.sqrt(5 / 3))
    assert metrics.mae(truth, forecast) == pytest.approx(1.0)
    assert metrics.smape(truth, forecast) == pytest.approx(((200 / 5 + 400 / 6) / 2 + 0) / 2)
    assert metrics.mase(truth, forecast, np.array([3.0, 1.0])) == pytest.approx((1.5 / 3 + 0) / 2)
    assert metrics.rmsse(truth, forecast, np.array([2.0, 1.0])) == pytest.approx(np.sqrt((2.5 / 4 + 0) / 2))


def test_smape_is_the_mean_over_series():
    truth, forecast = sample()
    each = [
        np.mean([200 * abs(y - f) / (abs(y) + abs(f)) for y, f in pairs]) for pairs in pairs_by_series(truth, forecast)
    ]
    assert metrics.smape(truth, forecast) == pytest.approx(np.mean(each))


def test_smape_of_zero_forecast_as_zero_is_no_error():
    assert metrics.smape(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])) == 0
    assert metrics.smape(np.array([[0.0, 4.0]]), np.array([[3.0, 4.0]])) == 100


def test_scaled_errors_are_means_over_series_of_each_in_its_own_scale():
    truth, forecast = sample((4, 5))
    scales = np.array([2.0, 0.5, 1.0, 4.0])
    used = scales[[0, 1, 3]]  # series 2 has no truth
    pairs = pairs_by_series(truth, forecast)
    absolute = [np.mean([abs(y - f) for y, f in p]) / s for p, s in zip(pairs, used, strict=True)]
    squared = [np.mean([(y - f) ** 2 for y, f in p]) / s**2 for p, s in zip(pairs, used, strict=True)]
    assert metrics.mase(truth, forecast, scales) == pytest.approx(np.mean(absolute))
    assert metrics.rmsse(truth, forecast, scales) == pytest.approx(np.sqrt(np.mean(squared)))


@pytest.mark.parametrize("useless", [0.0, NAN])
def test_series_that_was_constant_or_unseen_is_left_out_of_scaled_errors(useless):
    truth, forecast = np.array([[1.0, 2.0], [5.0, 5.0]]), np.array([[2.0, 3.0], [50.0, 50.0]])
    assert metrics.mase(truth, forecast, np.array([2.0, useless])) == 0.5
    assert metrics.rmsse(truth, forecast, np.array([2.0, useless])) == 0.5


def test_scales_of_each_fold_are_used_for_that_fold():
    truth, forecast = np.zeros((2, 1, 3)), np.ones((2, 1, 3))
    scales = np.array([[1.0], [4.0]])
    assert metrics.mase(truth, forecast, scales) == pytest.approx((1 + 1 / 4) / 2)
    assert metrics.rmsse(truth, forecast, scales) == pytest.approx(np.sqrt((1 + 1 / 16) / 2))


def test_mean_by_series_leaves_out_series_without_a_point():
    errors = np.array([[[1.0, NAN], [NAN, NAN]], [[3.0, 5.0], [NAN, NAN]]])  # (K, S, H)
    np.testing.assert_array_equal(metrics.mean_by_series(errors), [3.0])


def test_rmse_by_step_is_that_of_each_column():
    truth, forecast = sample()
    by_step = metrics.rmse_by_step(truth, forecast)
    assert by_step.shape == (5,)
    assert np.isnan(by_step[1])
    for step in (0, 2, 3, 4):
        assert by_step[step] == pytest.approx(metrics.rmse(truth[..., step], forecast[..., step]))


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("season", [1, 3, 12])
def test_naive_scale_is_the_mean_seasonal_difference(season, power):
    values = np.random.default_rng(0).normal(0, 1, 30)
    values[[4, 9, 10]] = NAN
    terms = [abs(values[t] - values[t - season]) ** power for t in range(season, 30)]
    terms = [term for term in terms if not np.isnan(term)]
    expected = (sum(terms) / len(terms)) ** (1 / power)
    assert metrics.naive_scale(values, season, power) == pytest.approx(expected)


def test_naive_scale_of_a_series_without_a_season_goes_from_step_to_step():
    assert metrics.naive_scale(np.array([1.0, 2.0, 5.0]), 3) == 2
    assert metrics.naive_scale(np.array([1.0, 2.0, 5.0]), 2) == 4


@pytest.mark.parametrize("values", [[], [3.0], [NAN, NAN], [1.0, NAN]])
def test_naive_scale_of_too_little_is_unknown(values):
    assert np.isnan(metrics.naive_scale(np.array(values), 1))


def test_coverage_counts_truths_inside_ends_included():
    truth = np.array([[1.0, 2.0, 3.0, NAN, 9.0]])
    lower, upper = np.array([[1.0, 2.5, 2.0, 0.0, NAN]]), np.array([[2.0, 9.0, 3.0, 1.0, NAN]])
    assert metrics.coverage(truth, lower, upper) == pytest.approx(2 / 3)
    assert np.isnan(metrics.coverage(truth, np.full_like(lower, NAN), np.full_like(upper, NAN)))


def test_nothing_to_score_is_nan_and_silent():
    truth, forecast, scales = np.full((2, 3), NAN), np.ones((2, 3)), np.ones(2)
    for value in (
        metrics.rmse(truth, forecast),
        metrics.mae(truth, forecast),
        metrics.smape(truth, forecast),
        metrics.mase(truth, forecast, scales),
        metrics.rmsse(truth, forecast, scales),
        metrics.mase(forecast, forecast, np.zeros(2)),
    ):
        assert np.isnan(value)
    assert np.isnan(metrics.rmse_by_step(truth, forecast)).all()


@pytest.mark.parametrize("metric", [metrics.rmse, metrics.mae, metrics.smape])
def test_errors_do_not_depend_on_the_order_of_series(metric):
    truth, forecast = sample()
    order = [3, 1, 0, 2]
    assert metric(truth[:, order], forecast[:, order]) == pytest.approx(metric(truth, forecast))


def published():
    """The seasonal-naive table of the data's README: name, RMSE, MASE, sMAPE as printed."""
    readme = DATA / "README.md"
    if not readme.exists():
        return []
    return re.findall(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", readme.read_text(), re.MULTILINE)


SEASONS = {"h": 24, "D": 7, "MS": 12}


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")
def test_published_table_is_found():
    assert [row[0] for row in published()] == [
        "m4_hourly",
        "tourism_monthly",
        "m3_monthly",
        "nn5_daily",
        "m4_monthly_sub200",
    ]


@pytest.mark.parametrize(("name", "rmse", "mase", "smape"), published())
def test_seasonal_naive_scores_are_the_published_ones(name, rmse, mase, smape):
    """The table's author filled gaps with the value before, also for the scale of MASE; only nn5_daily has any."""
    options = ReadOptions(time="ds", target=("y",), ids=("unique_id",), fill="previous")
    train = read_panel(DATA / f"{name}.csv", options).panel
    test = read_panel(DATA / f"{name}_test.csv", options).panel
    place = {series_id: i for i, series_id in enumerate(test.series_ids)}
    truth = np.array([test.series(place[series_id]) for series_id in train.series_ids])
    season = SEASONS[train.frequency.code]
    forecast = seasonal_naive(train, truth.shape[1], season)
    by_series = np.sqrt(metrics.mean_by_series((truth - forecast) ** 2))
    assert f"{by_series.mean():.{len(rmse.split('.')[1])}f}" == rmse
    scales = series_scales(with_values(train, train.filled), season)
    assert f"{metrics.mase(truth, forecast, scales):.3f}" == mase
    assert f"{metrics.smape(truth, forecast):.2f}" == smape
