"""Effects: out of the past and back onto the future, each where it belongs."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.models.covariates.covariate_settings import NEW
from forecast.models.covariates.effects import Effects, added_size
from forecast.models.covariates.encoding import learn_encoding
from forecast.models.covariates.regressors import find_regressors
from told import AHEAD, flags, shops, told

STEPS = 40


def promo_panel(values, promo=None, **options):
    promo = promo or flags(np.random.default_rng(5), len(values), STEPS + AHEAD, 0.4)
    return told(values, {"promo": promo}, **options)


def effects_on(panel, own, common=0.0, sizes=None):
    """Returns the given effects of the panel's only cause on each of its series."""
    regressors = find_regressors(panel, learn_encoding(panel), calendar=False, country=None)
    assert len(regressors.used) == 1
    sizes = np.zeros(len(panel)) if sizes is None else np.array(sizes)
    return Effects(regressors, np.array([common]), np.array(own, dtype=float)[:, None], sizes, panel.series_ids)


def flag_of(panel, i):
    covariates = panel.covariates
    return covariates.known[covariates.known_offsets[i] : covariates.known_offsets[i + 1], 0]


def test_effects_multiply_a_series_that_is_never_negative_and_are_added_to_another():
    rng = np.random.default_rng(0)
    panel = promo_panel([rng.uniform(5, 9, STEPS), rng.normal(0, 4, STEPS)])
    rest = effects_on(panel, [0.7, -0.5], sizes=[0, 8.0]).remove(panel)
    np.testing.assert_allclose(rest.series(0), panel.series(0) / np.exp(0.7 * flag_of(panel, 0)[:STEPS]))
    np.testing.assert_allclose(rest.series(1), panel.series(1) + 4.0 * flag_of(panel, 1)[:STEPS])


def test_forecasts_get_the_effects_of_their_own_steps():
    rng = np.random.default_rng(0)
    panel = promo_panel([rng.uniform(5, 9, STEPS), rng.normal(0, 4, STEPS)])
    values = rng.uniform(1, 2, (3, 2, AHEAD))
    restored = effects_on(panel, [0.7, -0.5], sizes=[0, 8.0]).restore(values, panel)
    np.testing.assert_allclose(restored[:, 0], values[:, 0] * np.exp(0.7 * flag_of(panel, 0)[STEPS:]))
    np.testing.assert_allclose(restored[:, 1], values[:, 1] - 4.0 * flag_of(panel, 1)[STEPS:])


@pytest.mark.parametrize("calendar", [False, True])
def test_what_is_taken_out_of_the_past_is_what_would_be_put_onto_it(calendar):
    panel = shops()
    regressors = find_regressors(panel, learn_encoding(panel), calendar=calendar, country="US" if calendar else None)
    rng = np.random.default_rng(0)
    own = rng.normal(0, 0.1, (len(panel), len(regressors.used)))
    effects = Effects(regressors, own.mean(axis=0), own, np.array([0.0, 0.0, 30.0]), panel.series_ids)
    rest, steps = effects.remove(panel), int(panel.lengths[0])
    assert not np.isnan(rest.values).any()
    short = panel.until(panel.lengths - 20)
    back = effects.restore(rest.values.reshape(3, steps)[:, -20:], short)
    np.testing.assert_allclose(back, panel.values.reshape(3, steps)[:, -20:])


def test_unknown_steps_have_no_effect():
    panel = promo_panel([np.full(STEPS, 3.0)])
    values = np.ones((1, AHEAD + 4))
    np.testing.assert_array_equal(effects_on(panel, [0.7]).restore(values, panel)[:, AHEAD:], 1)


def test_closing_day_says_nothing_of_the_rest_and_is_forecast_as_nearly_nothing():
    closed = [np.tile([1.0, 0, 0, 0, 0], 10)[: STEPS + AHEAD]]
    values = np.where(closed[0][:STEPS] > 0, 0.0, 7.0)
    panel = promo_panel([values], closed)
    effects = effects_on(panel, [-4.0])
    rest = effects.remove(panel)
    np.testing.assert_array_equal(np.isnan(rest.values), closed[0][:STEPS] > 0)
    assert (rest.filled == 7).all()
    restored = effects.restore(np.full((1, AHEAD), 7.0), panel)[0]
    np.testing.assert_allclose(restored, np.where(closed[0][STEPS:] > 0, 7 * np.exp(-4), 7))
    assert not np.isnan(effects_on(panel, [NEW.closed + 0.01]).remove(panel).values).any()


def test_effects_follow_their_series_and_a_new_one_gets_what_is_common():
    rng = np.random.default_rng(0)
    series = [rng.uniform(5, 9, STEPS) for _ in range(3)]
    panel = promo_panel(series, series_ids=["a", "b", "c"])
    effects = effects_on(panel, [0.1, 0.2, 0.3], common=0.9)
    turned = panel.select([2, 0])
    np.testing.assert_array_equal(effects.remove(turned).series(0), effects.remove(panel).series(2))
    renamed = replace(turned, series_ids=("new", "a"))
    factor = renamed.series(0) / effects.remove(renamed).series(0)
    np.testing.assert_allclose(factor, np.exp(0.9 * flag_of(panel, 2)[:STEPS]))
    np.testing.assert_array_equal(effects.remove(renamed).series(1), effects.remove(panel).series(0))


def test_new_series_below_zero_gets_what_is_common_in_its_own_size():
    values = np.random.default_rng(0).normal(0, 4, STEPS)
    panel = promo_panel([values])
    effects = effects_on(panel, [0.1], common=0.5)
    renamed = replace(panel, series_ids=("new",))
    expected = values - 0.5 * np.abs(values).mean() * flag_of(panel, 0)[:STEPS]
    np.testing.assert_allclose(effects.remove(renamed).values, expected)


def test_no_effect_grows_beyond_reason():
    panel = promo_panel([np.full(STEPS, 3.0)])
    grown = effects_on(panel, [50.0]).restore(np.ones((1, AHEAD)), panel)
    assert grown.max() <= np.exp(3.0) + 1e-9
    shrunk = effects_on(panel, [-50.0]).restore(np.ones((1, AHEAD)), panel)
    assert shrunk.min() > 0


def test_effects_of_many_dates_and_series_are_those_of_few():
    panel = shops()
    regressors = find_regressors(panel, None, calendar=True, country=None)
    own = np.random.default_rng(0).normal(0, 0.1, (3, len(regressors.used)))
    effects = Effects(regressors, own[0], own, np.zeros(3), panel.series_ids)
    expected = effects.remove(panel).values
    few = replace(effects, regressors=replace(regressors, settings=replace(NEW, most_cells=10)))
    np.testing.assert_allclose(few.remove(panel).values, expected)


def test_empty_series_goes_through_unharmed():
    panel = promo_panel([np.empty(0), np.full(STEPS, 3.0)])
    effects = effects_on(panel, [0.1, 0.2])
    assert effects.remove(panel).lengths.tolist() == [0, STEPS]
    empty = panel.until([0, 0])
    assert effects.remove(empty).values.shape == (0,)
    assert np.isfinite(effects.restore(np.ones((2, 3)), empty)).all()


@pytest.mark.parametrize(
    ("values", "size"),
    [([1.0, 3], 0), ([0.0, 0], 0), ([-1.0, 3], 2), ([np.nan, -4, np.nan], 4), ([], 0), ([np.nan], 0)],
)
def test_size_to_which_effects_are_added_is_the_mean_one_of_a_series_below_zero(values, size):
    assert added_size(np.array(values)) == size
