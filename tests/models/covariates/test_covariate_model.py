"""What a model is told beside the target: of each step, of its own series, and no step too early."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.covariates import Column
from forecast.data.windows import cut_windows, last_lookbacks
from forecast.errors import DataError
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.classical.baselines import naive, seasonal_naive
from forecast.models.covariates.covariate_model import fit_covariate_model, learn_covariates
from forecast.models.ensemble import EnsembleModel
from forecast.models.method_settings import CURRENT
from tiny import awkward_panel
from told import AHEAD, HORIZON, WEEK, flags, season, shops, told, told_model, told_spec

WINDOW = 8
SPEC = told_spec("gru")


def known_at(panel, covariate_model, i, step):
    """Returns the known inputs of one step of a series, counted from its first."""
    covariates = panel.covariates
    return covariate_model.encoding.known_of(panel).known[covariates.known_offsets[i] + step]


def past_at(panel, covariate_model, i, step):
    centers = covariate_model.encoding.centers_of(panel, "past")[i]
    return covariate_model.encoding.encode("past", panel.covariates.past[panel.offsets[i] + step], centers)


def seen_slowly(panel, covariate_model, i, steps, ahead):
    """Returns the inputs of some observed steps and of those ahead, numbers less their mean over the former."""
    observed = np.array(
        [np.concatenate([known_at(panel, covariate_model, i, t), past_at(panel, covariate_model, i, t)]) for t in steps]
    )
    coming = np.array([known_at(panel, covariate_model, i, t) for t in ahead])
    for f, each in enumerate((*covariate_model.encoding.of("known"), *covariate_model.encoding.of("past"))):
        if not each.is_binary:
            mean = observed[:, f].mean()
            observed[:, f] -= mean
            if f < coming.shape[1]:
                coming[:, f] -= mean
    return observed, coming


def test_networks_are_sized_by_the_inputs():
    spec = fit_covariate_model(shops(), SPEC).sized(SPEC)
    assert (spec.known, spec.past, spec.static) == (6, 1, 2)
    assert spec.with_(known=0, past=0, static=0) == SPEC


def test_end_of_a_series_shows_its_last_steps_and_those_to_come():
    panel = shops()
    covariate_model = fit_covariate_model(panel, SPEC)
    seen = covariate_model.at_end(panel, WINDOW, HORIZON, WEEK)
    traits = covariate_model.encoding.encode("static", panel.covariates.static, np.zeros((3, 2)))
    for i, length in enumerate(panel.lengths):
        steps = np.arange(length - WINDOW, length + HORIZON)
        observed, ahead = seen_slowly(panel, covariate_model, i, steps[:WINDOW], steps[WINDOW:])
        np.testing.assert_allclose(seen.observed[i], observed, atol=1e-6)
        np.testing.assert_allclose(seen.ahead[i], ahead, atol=1e-6)
        np.testing.assert_allclose(seen.static[i], traits[i], atol=1e-6)


def test_window_of_training_shows_what_a_forecast_from_its_end_would_have_seen():
    panel = shops()
    covariate_model = fit_covariate_model(panel, SPEC)
    windows = cut_windows(panel, WINDOW, HORIZON, WEEK)
    which = np.array([0, 5, len(windows) - 1])
    seen = covariate_model.in_windows(panel, windows, which)
    starts = windows.starts[which] - panel.offsets[windows.series[which]]
    for row, (i, start) in enumerate(zip(windows.series[which], starts, strict=True)):
        there = covariate_model.at_end(panel.until(np.full(3, start + WINDOW)), WINDOW, HORIZON, WEEK)
        for part in ("observed", "ahead", "static"):
            np.testing.assert_allclose(getattr(seen, part)[row], getattr(there, part)[i], atol=1e-6)


def test_effects_are_put_back_into_each_anchor_under_its_name():
    panel = shops()
    model = told_model(panel)
    rest, anchors = model.covariate_model.remove(panel), model.predict_members(panel).anchors
    expected = {"naive": naive(rest, HORIZON), "seasonal-naive": seasonal_naive(rest, HORIZON, WEEK)}
    assert list(anchors) == list(expected)
    for name, own in expected.items():
        np.testing.assert_allclose(anchors[name], model.covariate_model.restore(own[None], panel)[0])


def test_padded_steps_show_the_covariates_of_the_steps_that_they_repeat():
    panel = shops(steps=16)
    short = panel.until([16, 5, 0])
    covariate_model = fit_covariate_model(panel, SPEC)
    observed, shown = covariate_model.observed(short), last_lookbacks(short, WINDOW, 4)
    seen = covariate_model.at_end(short, WINDOW, HORIZON, 4).observed[1]
    flags_only = covariate_model.drifting == 0
    own = short.series(1)
    for step in range(WINDOW):
        place = int(np.flatnonzero(own == shown[1, step])[0])
        np.testing.assert_array_equal(seen[step, flags_only], observed[16 + place, flags_only])
    assert not covariate_model.at_end(short, WINDOW, HORIZON, 4).observed[2].any()  # nothing was ever seen of that one


def test_shift_of_a_number_over_the_whole_window_changes_no_input():
    rng = np.random.default_rng(0)
    steps = 60
    index = [rng.normal(0, 1, steps + AHEAD) for _ in range(3)]
    promo = flags(rng, 3, steps + AHEAD)
    values = [50 * season(steps) * np.exp(0.5 * index[i][:steps] + rng.normal(0, 0.05, steps)) for i in range(3)]
    panel = told(values, {"index": index, "promo": promo})
    covariate_model = fit_covariate_model(panel, SPEC)
    assert "index" in {each.column for each in covariate_model.encoding.inputs}
    moved = panel.covariates.known.copy()
    moved[:, 0] += 0.7
    other = replace(panel, covariates=replace(panel.covariates, known=moved))
    first, second = (covariate_model.at_end(one, WINDOW, HORIZON, WEEK) for one in (panel, other))
    np.testing.assert_allclose(first.observed, second.observed, atol=1e-5)
    np.testing.assert_allclose(first.ahead, second.ahead, atol=1e-5)


def drifting(promo=()):
    """Shops beside which an index drifts that moves nothing, and the flags that are handed in."""
    rng = np.random.default_rng(1)
    panel = shops(steps=200)
    drift = [np.linspace(1, 2, 206) + np.cumsum(rng.normal(0, 0.02, 206)) for _ in range(3)]
    known = {"index": drift} | ({"promo": promo, "again": promo} if len(promo) else {})
    return told([panel.series(i) for i in range(3)], known, {"guests": [one[:200] for one in drift]})


def test_known_number_without_an_effect_reaches_no_network():
    bare = drifting()
    covariate_model = fit_covariate_model(bare, SPEC)
    assert [each.label for each in covariate_model.encoding.inputs] == ["guests"]
    assert covariate_model.effects is None
    np.testing.assert_array_equal(covariate_model.remove(bare).values, bare.values)


@pytest.mark.parametrize("make", [shops, drifting, lambda: drifting(flags(np.random.default_rng(2), 3, 206, 0.4))])
def test_what_is_learned_comes_with_the_covariates_as_its_encoding_makes_them(make):
    panel = make()
    learned = learn_covariates(panel, SPEC)
    anew = learned.model.encoding.known_of(panel)
    np.testing.assert_array_equal(learned.encoded.known, anew.known)
    assert learned.encoded.known.flags.c_contiguous == anew.known.flags.c_contiguous  # sums of another order round


def test_nothing_beside_the_target_teaches_nothing():
    assert fit_covariate_model(awkward_panel(), SPEC) is None


def test_dates_alone_size_no_network():
    panel = replace(shops(steps=300), covariates=None)
    spec = told_spec("gru", country="US")
    covariate_model = fit_covariate_model(panel, spec)
    assert covariate_model.encoding is None
    assert covariate_model.sized(spec) == spec


# A model that is told


@pytest.fixture(scope="module")
def panel():
    return shops()


@pytest.fixture(scope="module")
def model(panel):
    return told_model(panel)


def forecasts(model, panel):
    return model.predict_members(panel).values


def test_order_of_series_changes_nothing(model, panel):
    order = [2, 0, 1]
    np.testing.assert_allclose(forecasts(model, panel.select(order)), forecasts(model, panel)[:, order], rtol=1e-5)


def test_columns_are_found_by_their_names_and_others_left_aside(model, panel):
    covariates = panel.covariates
    turned = covariates.only(tuple(reversed(covariates.columns)))
    assert [column.name for column in turned.columns][:2] == ["size", "region"]
    np.testing.assert_array_equal(forecasts(model, replace(panel, covariates=turned)), forecasts(model, panel))
    extra = told([panel.series(i) for i in range(3)], {"new": np.split(covariates.known[:, 0], 3)}).covariates
    more = replace(
        covariates,
        columns=(*extra.columns, *covariates.columns),
        known=np.concatenate([extra.known, covariates.known], axis=1),
    )
    np.testing.assert_array_equal(forecasts(model, replace(panel, covariates=more)), forecasts(model, panel))


def test_lost_column_is_named(model, panel):
    for covariates in (panel.covariates.without("sky"), None):
        with pytest.raises(DataError, match=r"trained with .*sky.*, which the data doesn't have") as error:
            forecasts(model, replace(panel, covariates=covariates))
        assert "train anew without it" in error.value.hint


def test_column_of_another_kind_is_another_column(model, panel):
    covariates = panel.covariates
    guests = Column("guests", "known")
    columns = (guests, *(column for column in covariates.columns if column.name != "guests"))
    known = np.concatenate([np.ones((len(covariates.known), 1)), covariates.known], axis=1)
    turned = replace(covariates, columns=columns, known=known, past=np.empty((len(panel.values), 0)))
    with pytest.raises(DataError, match="trained with guests, which the data doesn't have"):
        forecasts(model, replace(panel, covariates=turned))


def test_new_shop_is_forecast_by_what_is_common(model, panel):
    renamed = replace(panel, series_ids=("new", *panel.series_ids[1:]))
    ours, theirs = forecasts(model, panel), forecasts(model, renamed)
    np.testing.assert_allclose(theirs[:, 1:], ours[:, 1:], rtol=1e-6)
    np.testing.assert_allclose(theirs[:, 0], ours[:, 0], rtol=0.25)


def test_end_of_the_data_with_a_season_before_it_is_enough_to_forecast_the_same():
    is_open, steps = np.ones(60 + AHEAD), 60
    is_open[[20, 30, 31, steps - WINDOW]] = 0  # the last window begins on a closing day
    rng = np.random.default_rng(0)
    values = [50 * season(steps) * is_open[:steps] * rng.uniform(0.9, 1.1, steps) for _ in range(3)]
    panel = told(values, {"open": [is_open] * 3})
    model = told_model(panel)
    np.testing.assert_allclose(forecasts(model, panel.tail(WINDOW + WEEK)), forecasts(model, panel), rtol=1e-6)
    assert np.abs(forecasts(model, panel.tail(WINDOW)) / forecasts(model, panel) - 1).max() > 1e-3


def test_longer_horizon_is_told_of_its_later_steps_too(model, panel):
    trained = TrainedModel("gru", EnsembleModel((model,)), None, None, WEEK, CURRENT)
    covariates, short = panel.covariates, panel.until(panel.lengths - 4)
    far = trained.forecast(short, HORIZON + 4).point
    np.testing.assert_allclose(far[:, :HORIZON], trained.forecast(short, HORIZON).point)
    known = covariates.known.copy()
    at = covariates.known_offsets[1] - AHEAD - 4 + HORIZON + 2
    known[at, 0] = 1 - known[at, 0]
    other = replace(panel, covariates=replace(covariates, known=known)).until(short.lengths)
    moved = trained.forecast(other, HORIZON + 4).point
    changed = np.argwhere(moved != far).tolist()
    assert changed == [[0, HORIZON + 2]]


@pytest.mark.parametrize("freq", ["h", "D", "B", "W-SUN", "MS", "QS"])
def test_every_frequency_can_be_told(freq):
    panel = shops(freq=freq, steps=50)
    model = told_model(panel, calendar=True, country="US")
    assert np.isfinite(forecasts(model, panel)).all()
