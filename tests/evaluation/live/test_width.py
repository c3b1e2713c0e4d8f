"""How wide the next intervals are to be: errors of known sizes, issued night by night, and learned from."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.evaluation.live.points import LivePoints
from forecast.evaluation.live.width import MOST, next_width, own_sizes

HALF = {80: 1.2815515655446004, 95: 1.959963984540054}
LEVELS = (80, 95)


def issued(origins, errors, widened=1.0, levels=LEVELS, version=1):
    """Points of nights and steps, (N, H, S), of which a normal error of size 1 was expected."""
    nights, horizon, series = errors.shape
    places = np.broadcast_to(np.arange(series), errors.shape).ravel()
    steps = np.broadcast_to(np.arange(1, horizon + 1)[None, :, None], errors.shape).ravel()
    starts = np.broadcast_to(np.asarray(origins)[:, None, None], errors.shape).ravel()
    factors = np.broadcast_to(np.asarray(widened, dtype=float), (nights,))
    factors = np.broadcast_to(factors[:, None, None], errors.shape).ravel()
    middle = 50.0 + steps
    bounds = np.stack([middle + side * HALF[level] * factors for level in levels for side in (-1, 1)])
    nothing, count = np.full(errors.size, np.nan), np.full(errors.size, version)
    return LivePoints(
        places, count, starts, steps, middle, bounds, middle + errors.ravel(), nothing, nothing, factors, levels
    )


def errors(nights, horizon=1, series=1, seed=0):
    return np.random.default_rng(seed).normal(size=(nights, horizon, series))


def joined(*parts):
    names = ("series", "versions", "origins", "steps", "forecasts", "truths", "naive", "scales", "widened")
    return LivePoints(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
        bounds=np.concatenate([part.bounds for part in parts], axis=1),
        levels=parts[0].levels,
    )


def test_nothing_issued_or_nothing_come_true_leaves_the_versions_own_width():
    points = issued(range(5), errors(5))
    waiting = replace(points, truths=np.full(5, np.nan))
    for few in (points.some(points.steps > 1), waiting):
        assert (next_width(few).factor, next_width(few).held, next_width(few).points) == (1.0, None, 0)


def test_few_misses_may_be_chance_and_move_nothing():
    wild = np.full((10, 1, 1), 9.0)
    few, more = next_width(issued(range(7), wild[:7])), next_width(issued(range(10), wild))
    assert (few.factor, few.held, few.points, few.origins) == (1.0, 0.0, 7, 7)
    assert more.factor > 1.3


@pytest.mark.parametrize(("horizon", "series"), [(1, 1), (7, 1), (1, 20)])
def test_where_nothing_changes_the_factor_stays_near_one(horizon, series):
    """Each seed is a store of half a year, looked at from its last night back."""
    made = [errors(180, horizon, series, seed) for seed in range(8)]
    factors = [next_width(issued(range(n), own[:n])).factor for own in made for n in (60, 120, 180)]
    assert np.mean([abs(np.log(factor)) < np.log(1.1) for factor in factors]) >= 0.9
    assert np.mean(np.abs(np.log(factors))) < 0.03


def test_a_small_error_of_the_width_shows_in_the_long_run():
    """Of 10 % too narrow, ten months teach each store; a tracker that follows changes would take it for chance."""
    made = [np.log(next_width(issued(range(300), 1.1 * errors(300, 1, 20, seed))).factor) for seed in range(8)]
    assert np.mean(made) == pytest.approx(np.log(1.1), abs=0.03)
    assert min(made) > np.log(1.05)


@pytest.mark.parametrize(("size", "least", "most"), [(2.0, 1.6, 2.4), (1.4, 1.2, 1.65), (0.6, 0.5, 0.75)])
@pytest.mark.parametrize(("horizon", "series"), [(1, 10), (3, 10)])
def test_errors_of_another_size_are_followed(size, least, most, horizon, series):
    made = errors(160, horizon, series)
    made[60:] *= size
    found = next_width(issued(range(160), made))
    assert least < found.factor < most
    assert (found.level, found.points % series) == (80, 0)
    assert found.held == pytest.approx(np.mean(np.abs(made[-60:]) < HALF[80]), abs=0.1)


def test_what_was_issued_wider_is_not_counted_twice():
    """The same errors teach the same, whatever width they were issued with: it is no new evidence."""
    made = 1.8 * errors(120, series=5)
    plain = next_width(issued(range(120), made))
    widths = np.linspace(1, 2.2, 120).round(2)
    widened = next_width(issued(range(120), made, widened=widths))
    assert widened == plain
    assert plain.factor > 1.4


def test_a_change_that_passes_is_forgotten():
    made = errors(300, series=5)
    made[100:140] *= 2
    at_its_end, later = (next_width(issued(range(n), made[:n])).factor for n in (140, 300))
    assert at_its_end > 1.4
    assert abs(later - 1) < 0.1


def test_no_factor_leaves_its_bounds():
    far, still = 1e6 * errors(400, series=10), 1e-6 * errors(400, series=10)
    assert next_width(issued(range(400), far)).factor == MOST
    assert next_width(issued(range(400), still)).factor == 0.5


def test_errors_of_one_horizon_count_for_less_than_as_many_horizons():
    """A miss that lasts a whole horizon is one piece of luck; as many misses apart are a fault."""
    missed = np.full((2, 14, 1), 2.0)
    assert next_width(issued((0, 14), missed)).factor == 1.0
    assert next_width(issued(range(28), missed.reshape(28, 1, 1))).factor > 1.3


def test_bounds_apart_and_forecasts_outside_of_them_are_measured_by_their_own_side():
    points = issued(range(6), np.zeros((6, 1, 1)), levels=(80,))
    lower, upper = np.array([-1.0, -1, -1, 0, 2, -1]), np.array([4.0, 4, 4, 0, 3, 4])
    middle, truth = np.array([0.0, 0, 0, 0, 1, 0]), np.array([2.0, -2, 0, 1, 0, 4])
    points = replace(points, forecasts=middle, bounds=np.stack([lower, upper]), truths=truth)
    sizes = np.exp(own_sizes(points, 80))
    assert sizes.tolist() == pytest.approx([0.5, 2, 0, np.inf, np.inf, 1])
    inside = (truth >= lower) & (truth <= upper)
    assert ((own_sizes(points, 80) <= 0) == inside).all()


@pytest.mark.parametrize(("levels", "judged"), [((50, 80), 80), ((50, 90), 90), ((75, 99), 75)])
def test_widths_are_judged_by_the_level_that_is_nearest_to_the_usual(levels, judged, monkeypatch):
    monkeypatch.setitem(HALF, 50, 0.6745)
    for level, half in ((75, 1.1503), (90, 1.6449), (99, 2.5758)):
        monkeypatch.setitem(HALF, level, half)
    found = next_width(issued(range(200), 2 * errors(200, series=5), levels=levels))
    assert found.level == judged
    assert 1.6 < found.factor < 2.4


def test_a_successor_goes_on_with_what_its_predecessors_learned():
    made = 1.7 * errors(120, series=5)
    first, second = issued(range(100), made[:100]), issued(range(100, 120), made[100:], version=2)
    assert next_width(joined(first, second)) == next_width(issued(range(120), made))


def test_bounds_are_as_wide_as_asked_whatever_they_were_issued_with():
    points = issued(range(4), errors(4, 2, 3), widened=[1, 1.5, 2, 0.5])
    own = issued(range(4), errors(4, 2, 3))
    np.testing.assert_allclose(points.as_wide_as(1.0).bounds, own.bounds)
    np.testing.assert_allclose(points.as_wide_as(2.0).bounds - points.forecasts, 2 * (own.bounds - own.forecasts))
    assert (own.as_wide_as(1.0).bounds == own.bounds).all()
