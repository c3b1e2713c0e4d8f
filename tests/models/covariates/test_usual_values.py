"""Usual values: what they are, and that a step's forecast is one number however it is asked for."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.reading.future_coverage import Known, continued
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.covariates.usual_values import UsualValues, learn_usual, usual_of_encoding
from forecast.models.ensemble import EnsembleModel
from forecast.models.method_settings import CURRENT
from told import HORIZON, told, told_model

NAN = np.nan
ROWS = 10


def panel_with(columns, levels=(), missing=(), ids=("a", "b")):
    """Two series of ten steps whose known columns end with them, without a target on some."""
    values = [np.where(np.isin(np.arange(ROWS), missing), NAN, 1.0 + np.arange(ROWS)) for _ in ids]
    return told(values, columns, series_ids=list(ids), levels=levels)


def usual_of(values, other=None, **more):
    """The usual value of one column in a series that has these values, beside one that has others."""
    panel = panel_with({"x": [np.array(values, float), np.array(other or values, float)]}, **more)
    return learn_usual(panel).of(panel)[0, 0]


# What is usual


@pytest.mark.parametrize(
    ("what", "values", "expected"),
    [
        ("the mean of a number", [1, 2, 3, 4, 5, 6, 7, 8, 9, 15], 6.0),
        ("of what is told", [1, 2, 3, NAN, NAN, 6, 7, 8, NAN, 8], 5.0),
        ("nothing, where most rows lack it", [1, NAN, NAN, NAN, NAN, 6, 7, NAN, NAN, 8], NAN),
        ("no, where it is mostly no", [0, 0, 0, 1, 1, 1, 1, 0, 0, 0], 0.0),
        ("yes, where it is mostly yes", [1, 1, 0, 1, 1, 1, 1, 0, 0, 0], 1.0),
        ("one of two prices", [2.5, 2.5, 2.5, 2.9, 2.9, 2.9, 2.9, 2.9, 2.9, 2.5], 2.9),
    ],
)
def test_usual_value_of_a_number_is(what, values, expected):
    np.testing.assert_array_equal(usual_of(values), expected)


def test_a_step_without_a_row_is_no_row_that_lacks_the_value():
    values = [1, NAN, NAN, NAN, NAN, NAN, NAN, 2, 3, 4]
    assert np.isnan(usual_of(values))
    assert usual_of(values, missing=(1, 2, 3, 4, 5, 6)) == 2.5


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([0, 0, 0, 0, 0, 0, 1, 1, 2, 2], 0),
        ([0, 0, 0, 0, 1, 1, 1, 2, 2, 2], NAN),  # no majority: none of the texts is nearer to what all do together
        ([0, 0, 0, NAN, NAN, NAN, NAN, NAN, NAN, 0], NAN),  # such as the names of holidays
    ],
)
def test_usual_text_is_that_of_most_rows(codes, expected):
    np.testing.assert_array_equal(usual_of(codes, levels={"x": ("fog", "rain", "sun")}), expected)


def test_each_series_has_its_own_and_a_tie_what_all_have():
    half = [0, 1] * 5
    assert usual_of(half, [0] * 9 + [1]) == 0
    assert usual_of(half, [1] * 9 + [0]) == 1


def test_a_series_never_trained_on_is_measured_on_its_own_rows_and_one_without_rows_gets_what_is_common():
    one, two = (
        panel_with({"x": [np.full(ROWS, v), np.arange(ROWS) + v]}, ids=ids) for v, ids in ((5, "ab"), (7, "bc"))
    )
    usual = learn_usual(one)
    assert usual.of(two)[:, 0].tolist() == [9.5, 11.5]  # what b was, and what c is
    assert usual.of(two.until([0, 0]))[:, 0].tolist() == [9.5, usual.common[0]]


def test_columns_go_by_their_names():
    rows = [np.arange(ROWS) * 1.0] * 2
    panel = panel_with({"x": rows, "y": [10 + each for each in rows]})
    turned = panel_with({"y": [10 + each for each in rows], "z": rows, "x": rows})
    np.testing.assert_array_equal(learn_usual(panel).of(turned), [[14.5, NAN, 4.5]] * 2)


def test_nothing_known_ahead_has_no_usual_values():
    panel = told([np.arange(9.0)], past={"x": [np.arange(9.0)]})
    assert learn_usual(panel) is None
    assert learn_usual(replace(panel, covariates=None)) is None
    some = learn_usual(panel_with({"x": [np.arange(ROWS) * 1.0] * 2}))
    assert some.filled(panel, 3) is panel


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        UsualValues(("x",), ("mean",), np.ones((2, 2)), np.ones(1), ("a", "b"))
    with pytest.raises(ValueError, match="do not fit"):
        UsualValues(("x",), ("guess",), np.ones((2, 1)), np.ones(1), ("a", "b"))


def test_what_is_told_stays_and_the_rest_is_usual():
    panel = panel_with({"x": [np.array([*np.arange(ROWS), 20, NAN, 30.0])] * 2})
    after = learn_usual(panel).filled(panel, 4)
    assert after.covariates.known_between(after.last + 1, 5)[0, :, 0].tolist()[:4] == [20, 4.5, 30, 4.5]
    np.testing.assert_array_equal(
        after.covariates.known_on(panel.offsets, panel.first), panel.covariates.known_on(panel.offsets, panel.first)
    )


# One question, one answer


def holed(steps=70, ahead=0, seed=1):
    """Three shops whose rows have holes, a tenth of them and some at the end, with all kinds of known columns."""
    rng, total = np.random.default_rng(seed), steps + ahead
    values, known = [], {"promo": [], "price": [], "sky": [], "open": []}
    for i in range(3):
        promo = (rng.random(total) < 0.2) * 1.0
        price = np.where(promo > 0, rng.choice([2.2, 2.5], total), 2.9 + i)
        sky, is_open = rng.choice([0.0, 1, 1, 1, 2], total), (rng.random(total) < 0.9) * 1.0
        target = 100 * (i + 1) / price * np.exp(0.3 * promo + 0.1 * sky + rng.normal(0, 0.05, total))
        gone = rng.random(total) < 0.1
        gone[[steps - 3, 5]] = True
        for name, column in zip(known, (promo, price, sky, is_open), strict=True):
            known[name].append(np.where(gone, NAN, column))
        values.append(np.where(gone, NAN, target)[:steps])
    return told(values, known, levels={"sky": ("fog", "rain", "sun")}, freq="W-MON")


def trained_on(panel, *, is_kept=True):
    learned = learn_usual(panel) if is_kept else None
    return TrainedModel("gru", EnsembleModel((told_model(panel, calendar=True),)), None, None, 7, CURRENT, learned)


@pytest.fixture(scope="module")
def panel():
    return holed()


@pytest.fixture(scope="module", params=[True, False], ids=["kept", "of an earlier program"])
def trained(request, panel):
    return trained_on(panel, is_kept=request.param)


@pytest.mark.parametrize("horizon", [1, 2, HORIZON - 1, HORIZON + 1, 3 * HORIZON])
def test_a_step_is_one_number_at_any_horizon(trained, panel, horizon):
    usual, other = trained.forecast(panel, HORIZON).point, trained.forecast(panel, horizon).point
    steps = min(horizon, HORIZON)
    np.testing.assert_array_equal(other[:, :steps], usual[:, :steps])


@pytest.mark.parametrize("told_steps", [1, 3, HORIZON, HORIZON + 9])
def test_a_future_of_usual_values_is_that_of_none(trained, panel, told_steps):
    future = trained.usual.filled(panel, told_steps)
    np.testing.assert_array_equal(trained.forecast(future, HORIZON).point, trained.forecast(panel, HORIZON).point)


@pytest.mark.parametrize(("place", "value"), [(0, 1.0), (1, 2.0), (2, 2.0), (3, 0.0)])
def test_what_is_partly_told_is_usual_elsewhere(trained, panel, place, value):
    """A column told on the second step of one series: the same as that value among usual ones everywhere."""
    change = np.full((3, 2, 4), NAN)
    change[1, 1, place] = value
    newer = Known(change.reshape(6, 4), panel.last + 1, np.arange(4) * 2)
    usual = trained.usual.filled(panel, HORIZON + 9)
    alone, among = (
        trained.forecast(replace(each, covariates=continued(each.covariates, newer)), HORIZON).point
        for each in (panel, usual)
    )
    np.testing.assert_array_equal(alone, among)
    untold = trained.forecast(panel, HORIZON).point
    assert (alone[1] != untold[1]).any()
    np.testing.assert_array_equal(alone[[0, 2]], untold[[0, 2]])


def test_a_series_is_forecast_the_same_alone(trained, panel):
    whole, alone = (trained.forecast(each, HORIZON).point for each in (panel, panel.select([1])))
    np.testing.assert_allclose(alone[0], whole[1], rtol=1e-6)


def test_a_version_of_an_earlier_program_takes_what_its_own_forecast_took(panel):
    model = told_model(panel, calendar=True)
    issued = EnsembleModel((model,)).predict_members(panel).values[0]  # nothing is told: inputs of zero
    now = TrainedModel("gru", EnsembleModel((model,)), None, None, 7, CURRENT).forecast(panel, HORIZON).point
    np.testing.assert_array_equal(now, issued)
    kept = usual_of_encoding(model.covariate_model.encoding)
    assert dict(zip(kept.columns, kept.measures, strict=True)) == {
        "promo": "fixed", "price": "mean", "sky": "fixed", "open": "fixed"
    }  # fmt: skip
    assert np.isnan(kept.own[:, 2]).all()
    assert (kept.own[:, [0, 3]] == [0, 1]).all()
