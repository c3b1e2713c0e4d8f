import numpy as np
import pytest

from forecast.evaluation import metrics
from forecast.evaluation.distribution.quantile_metrics import DECILES, wql
from forecast.evaluation.groups.group_errors import ErrorTable, GroupErrors, errors_by_group
from forecast.evaluation.groups.grouping import Grouping
from forecast.models.forecaster import Quantiles

NAN = np.nan


def sample(shape=(2, 4, 5)):
    rng = np.random.default_rng(0)
    truths = rng.normal(10, 3, shape)
    truths[rng.random(shape) < 0.2] = NAN
    forecasts = {name: rng.normal(10, 3, shape) for name in ("gru", "naive")}
    quantiles = np.sort(rng.normal(10, 3, (9, *shape)), axis=0)
    quantiles[:, 0] = NAN
    return truths, forecasts, quantiles


def by_label(labels, names="abcd", is_ordered=True):
    return Grouping("kind", tuple(names), np.asarray(labels), is_ordered)


def test_errors_of_a_group_are_the_metrics_of_its_points():
    truths, forecasts, quantiles = sample()
    labels = np.random.default_rng(1).integers(0, 3, truths.shape)
    table = errors_by_group(by_label(labels), truths, forecasts, {"gru": Quantiles(DECILES, quantiles)})
    assert table.groups == ("a", "b", "c")
    assert table.models == ("gru", "naive")
    for row in table.rows:
        own = labels == "abc".index(row.group)
        truth, forecast = truths[own], forecasts[row.model][own]
        assert row.points == (~np.isnan(truth)).sum()
        assert row.rmse == pytest.approx(metrics.rmse(truth, forecast))
        assert row.mae == pytest.approx(metrics.mae(truth, forecast))
        assert row.wape == pytest.approx(metrics.wape(truth, forecast))
        assert row.bias == pytest.approx(metrics.bias(truth, forecast))
        assert row.relative_bias == pytest.approx(metrics.relative_bias(truth, forecast))
        assert row.squares == pytest.approx(np.nansum((truth - forecast) ** 2))
        expected = wql(truth, quantiles[:, own]) if row.model == "gru" else None
        assert row.wql == (None if expected is None else pytest.approx(expected))


def test_weights_count_in_every_error_of_a_group():
    truths, forecasts, quantiles = sample()
    weights = np.random.default_rng(2).uniform(0, 3, truths.shape)
    weights[0, 0] = 0.0
    labels = np.random.default_rng(1).integers(0, 2, truths.shape)
    table = errors_by_group(by_label(labels), truths, forecasts, {"gru": Quantiles(DECILES, quantiles)}, weights)
    for row in table.of("gru"):
        own = labels == "ab".index(row.group)
        truth, forecast, shares = truths[own], forecasts["gru"][own], weights[own]
        assert row.points == (~np.isnan(truth)).sum()
        assert row.rmse == pytest.approx(metrics.rmse(truth, forecast, shares))
        assert row.wape == pytest.approx(metrics.wape(truth, forecast, shares))
        assert row.bias == pytest.approx(metrics.bias(truth, forecast, shares))
        assert row.wql == pytest.approx(wql(truth, quantiles[:, own], weights=shares))
        assert row.squares == pytest.approx(np.nansum(shares * (truth - forecast) ** 2))


def test_groups_add_up_to_all():
    truths, forecasts, _ = sample()
    table = errors_by_group(by_label(np.arange(4)[None, :, None]), truths, forecasts, {})
    own = table.of("naive")
    assert sum(row.squares for row in own) == pytest.approx(np.nansum((truths - forecasts["naive"]) ** 2))
    assert sum(row.points for row in own) == (~np.isnan(truths)).sum()


def test_groups_without_an_order_stand_by_the_error_of_the_best_model():
    truths = np.zeros((1, 4, 2))
    truths[0, 3] = NAN
    sizes = np.array([1.0, 3.0, 2.0, 9.0])[None, :, None] * np.ones(2)
    forecasts = {"gru": sizes, "naive": -5 - sizes}
    labels = np.arange(4)[None, :, None]
    assert errors_by_group(by_label(labels, is_ordered=False), truths, forecasts, {}).groups == ("b", "c", "a", "d")
    assert errors_by_group(by_label(labels), truths, forecasts, {}).groups == ("a", "b", "c", "d")


def test_group_of_one_point_of_none_and_of_zeros():
    truths = np.array([[[5.0, NAN, 0.0, 0.0]]])
    table = errors_by_group(by_label([0, 1, 2, 2]), truths, {"gru": np.full((1, 1, 4), 2.0)}, {})
    one, nothing, zeros = table.rows
    assert one == GroupErrors("a", "gru", 1, 3.0, 3.0, 0.6, -3.0, -0.6, None, 5.0, 1.0)
    assert nothing == GroupErrors("b", "gru", 0, None, None, None, None, None, None, 0.0, 0.0)
    assert zeros == GroupErrors("c", "gru", 2, 2.0, 2.0, None, 2.0, None, None, 0.0, 2.0)
    assert table.best == {"a": "gru", "c": "gru"}


def test_group_that_no_step_falls_into_is_left_out():
    table = errors_by_group(by_label([0, 2]), np.ones((1, 1, 2)), {"gru": np.ones((1, 1, 2))}, {})
    assert table.groups == ("a", "c")


def test_best_is_the_lowest_of_a_group_and_the_better_model_where_they_are_alike():
    def row(group, model, rmse):
        return GroupErrors(group, model, 1, rmse, rmse, None, None, None, None, 0.0, 1.0)

    rows = (row("a", "gru", 2.0), row("a", "naive", 1.0), row("b", "gru", 3.0), row("b", "naive", 3.0))
    assert ErrorTable("series", ("gru", "naive"), rows).best == {"a": "naive", "b": "gru"}
