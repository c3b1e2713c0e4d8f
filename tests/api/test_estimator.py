"""The forecaster in the manner of scikit-learn: forecasts of the form of y, parameters that can be searched."""

import copy
import pickle
import warnings
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_validate

from forecast import Forecaster, ForecastError, train
from forecast.api.settings import ReadSettings, RunSettings

STEPS = 48
SEASON = 12
VALUES = 100 + np.tile(np.arange(SEASON) ** 1.5, STEPS // SEASON)  # repeats itself to the last digit
INDEXES = {
    "month ends": pd.date_range("2016-01-31", periods=STEPS, freq="ME"),
    "month begins": pd.date_range("2016-01-01", periods=STEPS, freq="MS", name="month"),
    "periods": pd.period_range("2016-01", periods=STEPS, freq="M", name="month"),
    "hours with a clock change": pd.date_range("2024-03-30", periods=STEPS, freq="h", tz="Europe/Berlin"),
    "numbers": pd.RangeIndex(5, 5 + STEPS),
    "every second number": pd.RangeIndex(0, 2 * STEPS, 2),
}


def series(index="month begins", name="sales"):
    return pd.Series(VALUES, index=INDEXES[index], name=name)


def naive(**params):
    return Forecaster(**{"model": "seasonal-naive", "horizon": 4, "folds": 1, "season": SEASON, **params})


# The form of what comes back


@pytest.mark.parametrize("index", INDEXES)
def test_forecasts_have_the_index_that_goes_on(index):
    y = series(index)
    found = naive(horizon=5).fit(y[:-6]).predict([1, 2, 5])
    pd.testing.assert_series_equal(found, y[-6:].iloc[[0, 1, 4]], check_freq=False, check_index_type=False)


def test_whole_forecast_keeps_the_frequency_of_the_index():
    assert naive().fit(series("month ends")[:-6]).predict().index.freq == "ME"


@pytest.mark.parametrize("fh", [3, [1, 2, 3], np.array([1, 2, 3]), series()[-6:-3].index, None])
def test_steps_are_a_number_a_list_or_dates(fh):
    y = series()
    found = naive(horizon=3).fit(y[:-6]).predict(fh)
    np.testing.assert_allclose(found, y[-6:-3])


def test_horizon_may_be_told_to_fit():
    assert len(naive(horizon=None).fit(series(), fh=[2, 5]).predict()) == 5


def test_columns_are_series_and_come_back_as_columns():
    y = pd.DataFrame({"b": series(), 7: 2 * series()})
    found = naive().fit(y[:-4]).predict()
    pd.testing.assert_frame_equal(found, y[-4:], check_freq=False)


def test_panel_comes_back_as_a_panel_and_shorter_series_end_with_the_others():
    y = series()
    rows = [("s", shop, month) for shop in (2, 1) for month in y.index]
    index = pd.MultiIndex.from_tuples(rows, names=["kind", "shop", "month"])
    whole = pd.DataFrame({"sales": np.concatenate([y, 3 * y])}, index=index)
    known = pd.concat([whole.iloc[: STEPS - 4], whole.iloc[STEPS:-5]])
    with pytest.warns(UserWarning, match="repeated from its own end"):
        found = naive().fit(known).predict()
    assert found.index.names == ["kind", "shop", "month"]
    for shop in (1, 2):
        rows = found.index.get_level_values("shop") == shop
        np.testing.assert_allclose(found[rows], (5 - 2 * shop) * y[-4:].to_frame())


def test_values_that_are_missing_at_the_end_are_no_steps_after_it():
    y = series()
    known = y[:-2].copy()
    known.iloc[-2:] = np.nan
    with pytest.warns(UserWarning, match="repeated from its own end"):
        found = naive(horizon=2).fit(known).predict()
    pd.testing.assert_series_equal(found, y[-2:], check_freq=False)


def test_order_of_rows_does_not_matter():
    y = series()
    pd.testing.assert_series_equal(naive().fit(y[::-1]).predict(), naive().fit(y).predict())


def test_plain_numbers_are_a_series():
    np.testing.assert_allclose(naive().fit(VALUES[:-4]).predict(), VALUES[-4:])


def test_intervals_and_quantiles_are_named_as_sktime_names_them():
    fitted = naive().fit(series() + np.random.default_rng(0).normal(0, 1, STEPS))
    bounds, quantiles = fitted.predict_interval([1, 3], coverage=[0.5, 0.9]), fitted.predict_quantiles(2, alpha=0.25)
    assert list(bounds.columns) == [("sales", c, side) for c in (0.5, 0.9) for side in ("lower", "upper")]
    assert list(quantiles.columns) == [("sales", 0.25)]
    assert len(bounds) == len(quantiles) == 2
    assert (bounds["sales", 0.9, "lower"] < bounds["sales", 0.5, "lower"]).all()
    point = fitted.predict([1, 3])
    assert ((bounds["sales", 0.5, "lower"] < point) & (point < bounds["sales", 0.5, "upper"])).all()


# Covariates


@pytest.mark.parametrize("index", ["month begins", "periods", "numbers"])
@pytest.mark.slow
def test_covariates_of_the_steps_to_come_are_heeded(index):
    y = series(index)
    X = pd.DataFrame({"promo": (np.arange(STEPS) % 5 == 0).astype(float)}, index=y.index)
    y = y + 50 * X["promo"]
    fitted = Forecaster("ridge", horizon=6, folds=1).fit(y[:-6].rename("v"), X[:-6])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = fitted.predict(X=X[-6:])
    with pytest.warns(UserWarning, match="promo is not known beyond") as said:
        untold = fitted.predict()
    assert "test_estimator" in said[0].filename
    np.testing.assert_allclose((told - untold)[X["promo"][-6:].to_numpy() == 1], 50, atol=15)


# scikit-learn


def test_parameters_are_those_of_train():
    names = set(Forecaster().get_params()) - {"model", "time_limit", "device"}
    assert names == set(get_type_hints(RunSettings)) - set(get_type_hints(ReadSettings))


def test_clone_has_the_parameters_and_nothing_learned():
    fitted = naive(levels=[50]).fit(series())
    twin = clone(fitted)
    assert twin.get_params() == fitted.get_params()
    assert not hasattr(twin, "model_")
    assert repr(fitted).splitlines()[0] == (
        "Forecaster(model='seasonal-naive', horizon=4, season=12, folds=1, levels=[50])"
    )
    assert len(repr(fitted).splitlines()) == len(repr(twin).splitlines()) == 3


def test_score_is_minus_the_rmse():
    y = series()
    fitted = naive(horizon=6).fit(y[:-6])
    assert fitted.score(y[-6:]) == pytest.approx(0)
    assert fitted.score(y[-6:] + np.array([3, 0, 0, 0, 0, 0])) == pytest.approx(-np.sqrt(9 / 6))
    assert fitted.score(y[-6:].where(y[-6:] > y[-6:].min(), np.nan) + 1) == pytest.approx(-1)


def test_cross_validation_scores_each_origin():
    y = series().where(np.arange(STEPS) < STEPS - 4, series() + 10)
    found = cross_validate(naive(), y, cv=TimeSeriesSplit(2, test_size=4))
    np.testing.assert_allclose(found["test_score"], [0, -10], atol=1e-9)


def test_grid_search_finds_the_better_model():
    search = GridSearchCV(naive(), {"model": ["naive", "seasonal-naive"]}, cv=TimeSeriesSplit(2, test_size=4))
    assert search.fit(series()).best_params_ == {"model": "seasonal-naive"}
    assert len(search.best_estimator_.predict()) == 4


def test_fitted_forecaster_survives_a_copy_and_a_process_boundary():
    fitted = naive().fit(series())
    twin = pickle.loads(pickle.dumps(fitted))
    for other in (twin, copy.deepcopy(fitted)):
        pd.testing.assert_series_equal(other.predict(3), fitted.predict(3), check_freq=False)
    assert twin.model_.version is None
    assert twin.model_.report().html


def test_saved_model_that_is_sent_keeps_its_version(tmp_path):
    table = series().reset_index()
    model = train(table, "naive", name="x", store=tmp_path / "store", horizon=4, folds=1)
    twin = pickle.loads(pickle.dumps(model))
    assert (twin.name, twin.version) == ("x", "v1")
    pd.testing.assert_frame_equal(twin.predict(), model.predict())


# Errors


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda y, X: Forecaster().predict(), "not fitted yet"),
        (lambda y, X: Forecaster().set_params(modl=3), "no parameter 'modl'. Did you mean 'model'"),
        (lambda y, X: naive(model="naiv").fit(y), "no model 'naiv'. Did you mean 'naive'"),
        (lambda y, X: naive(horizon="x").fit(y), "horizon is 'x'; it must be a whole number"),
        (lambda y, X: naive().fit("abc"), "y can't be str"),
        (lambda y, X: naive().fit(["a"]), "y can't be list"),
        (lambda y, X: naive().fit(y[:0]), "y has no rows"),
        (lambda y, X: naive().fit(pd.Series([1.0, 2.0], index=["a", "b"])), "The index of y holds str, not dates"),
        (lambda y, X: naive().fit(y, X[:-3]), "X has 45 rows and y 48"),
        (lambda y, X: naive().fit(y, X.reset_index(drop=True)), "X has a|X has another index"),
        (lambda y, X: naive().fit(y, X.shift(freq="MS")), "X has another index than y"),
        (lambda y, X: naive().fit(y, X.rename(columns={"promo": "sales"})), "both have a column 'sales'"),
        (lambda y, X: naive().fit(y, X.rename(columns={"promo": "time"})), "X has a column 'time'"),
        (lambda y, X: naive().fit(y, 3), "X can't be int"),
        (lambda y, X: naive().fit(y).predict(0), "fh is 0; nothing can be forecast there"),
        (lambda y, X: naive().fit(y).predict([1.5]), "nothing can be forecast there"),
        (lambda y, X: naive().fit(y).predict(y.index[:2]), "dates that are no steps after 2019-12-01"),
        (lambda y, X: naive().fit(y).predict(X=X), "fitted without X"),
        (lambda y, X: naive().fit(y).predict_interval(coverage=95), "coverage is 95; it must be between 0 and 1"),
        (lambda y, X: naive().fit(y).predict_quantiles(alpha="x"), "alpha is 'x'; it must be between 0 and 1"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence_with_a_hint(ask, message):
    y = series()
    with pytest.raises(ForecastError, match=message) as caught:
        ask(y, pd.DataFrame({"promo": np.arange(STEPS) % 2}, index=y.index))
    assert caught.value.hint
