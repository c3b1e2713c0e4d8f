"""What the distribution promises, on panels whose errors were drawn: new ones are drawn the same way."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.distribution import distribution as module
from forecast.evaluation.distribution.difficulty import FEATURES, Difficulty, difficulty
from forecast.evaluation.distribution.distribution import (
    DECILES,
    ErrorRecord,
    fit_distribution,
)
from forecast.evaluation.distribution.shape import GRID, SYMMETRIES, USUAL, USUAL_PLAIN
from forecast.evaluation.metrics import coverage
from forecast.evaluation.scales import learning_scales
from forecast.models.classical.baselines import baseline, naive
from forecast.models.forecaster import Members, ends_of
from forecast.models.method_settings import CURRENT
from marks import slow

NAN = np.nan
FREE, NEVER_NEGATIVE = -np.inf, 0.0
H = 7
POINT = 100.0


def known_of(series, horizon=H, scales=1.0, levels=POINT, origin=-1):
    """What is known where no feature tells anything."""
    features = np.full((len(FEATURES), series, horizon), NAN, dtype=np.float32)
    features[0] = np.log(np.arange(1, horizon + 1))
    return Difficulty(np.full(series, scales), np.full(series, levels), np.full(series, origin), features)


def some_of(told, which):
    return Difficulty(told.scales[which], told.levels[which], told.origins[which], told.features[:, which])


def record(errors, fold=0, point=POINT, **known):
    point = np.full(errors.shape, point)
    return ErrorRecord(fold, point, point + errors, known_of(*errors.shape, **known))


def ids(series):
    return tuple(f"s{i}" for i in range(series))


def fitted(errors, *, season=1, nonnegative=False, **known):
    """The distribution of (K, S, H) errors, one record a fold."""
    records = [record(own, fold, **known) for fold, own in enumerate(errors)]
    return fit_distribution(records, ids(errors.shape[1]), season, nonnegative=nonnegative)


def quantiles_of(found, series, probabilities, *, point=POINT, lowest=FREE, horizon=H, **known):
    points = np.broadcast_to(point, (series, horizon)).astype(float)
    told = known_of(series, horizon, **known)
    return found.quantiles(points, told, ids(series), probabilities, np.full(series, lowest))


def held(found, errors, level, **known):
    """The share of new errors (N, S, H) that lie inside the interval of a level."""
    interval = quantiles_of(found, errors.shape[1], ends_of(level), **known).interval(level)
    return (errors >= interval.lower - POINT) & (errors <= interval.upper - POINT)


def skewed(rng, *shape):
    """Errors whose median is 0, with a long upper tail."""
    return np.exp(rng.normal(0, 0.9, shape)) - 1


# Quantiles


@pytest.mark.parametrize("usual", [USUAL, USUAL_PLAIN])
def test_the_usual_shape_is_kept_at_the_probabilities_of_the_grid(usual):
    assert usual.shape == (len(GRID),)
    assert (np.diff(usual) > 0).all()
    np.testing.assert_allclose(usual, -usual[::-1])


@pytest.mark.parametrize(("season", "usual"), [(4, USUAL), (1, USUAL_PLAIN)])
def test_of_few_errors_the_shape_is_the_usual_one_of_series_with_a_season_or_without(season, usual, monkeypatch):
    monkeypatch.setattr(module, "USUAL_FOLDS", 1e9)
    found = fit_distribution([record(np.ones((1, H)), 0)], ids(1), season, nonnegative=False)
    np.testing.assert_allclose(found.table, usual, rtol=0.1, atol=0.05)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
@pytest.mark.parametrize("point", [0.0, 1e-12, 0.3, 100.0, 1e9, -40.0])
@pytest.mark.parametrize("level", [0.0, 1e-9, 50.0])
@pytest.mark.filterwarnings("error")
def test_quantiles_never_cross_and_lie_around_the_forecast_whatever_it_is(symmetry, point, level):
    found = replace(fitted(np.random.default_rng(0).normal(0, 3, (4, 5, H))), symmetry=symmetry, share=0.1)
    every = (1e-6, 0.001, 0.02, *DECILES, 0.97, 0.9999)
    lowest = FREE if point < 0 else NEVER_NEGATIVE
    values = quantiles_of(found, 2, every, point=point, levels=level, scales=2.0, lowest=lowest).values
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=0) >= 0).all()
    assert (values[every.index(0.1)] <= point).all()
    assert (values[every.index(0.9)] > point).all()
    assert (values >= lowest).all()


def test_any_probability_is_answered_between_its_neighbours_without_fitting_again():
    found = fitted(np.random.default_rng(0).standard_t(3, (4, 30, H)))
    every = np.round(np.linspace(0.0005, 0.9995, 400), 6)
    together = quantiles_of(found, 30, tuple(every)).values
    for place in (0, 77, 200, 399):
        np.testing.assert_array_equal(quantiles_of(found, 30, (float(every[place]),)).values[0], together[place])
    assert (np.diff(together, axis=0) > 0).all()


def test_a_series_without_a_scale_has_no_quantiles_and_the_others_have():
    found = fitted(np.random.default_rng(0).normal(size=(4, 3, H)))
    told = replace(known_of(3), scales=np.array([1.0, NAN, 1.0]))
    values = found.quantiles(np.full((3, H), POINT), told, ids(3), (0.1, 0.9), np.zeros(3)).values
    assert np.isnan(values[:, 1]).all()
    assert np.isfinite(values[:, [0, 2]]).all()


def test_series_that_never_were_negative_have_no_negative_quantile_and_others_do():
    found = fitted(np.random.default_rng(0).normal(0, 5, (4, 9, H)))
    assert (quantiles_of(found, 9, (0.01, 0.99), point=1.0, lowest=NEVER_NEGATIVE).values[0] == 0).all()
    assert (quantiles_of(found, 9, (0.01, 0.99), point=1.0).values[0] < -5).all()


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_some_series_have_the_same_bytes_as_in_their_panel_in_any_order_and_new_ones_are_as_usual(symmetry):
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(4, 40, H)) * np.linspace(0.3, 3, 40)[:, None]
    found = replace(fitted(errors), symmetry=symmetry, share=0.1)
    points, told = rng.uniform(1, 200, (40, H)), known_of(40)
    told = replace(told, features=rng.normal(0, 1, told.features.shape).astype(np.float32))
    whole = found.quantiles(points, told, ids(40), DECILES, np.zeros(40)).values
    which = [31, 2, 7]
    part = some_of(told, which)
    names = tuple(ids(40)[i] for i in which)
    some = found.quantiles(points[which], part, names, DECILES, np.zeros(3)).values
    assert some.tobytes() == np.ascontiguousarray(whole[:, which]).tobytes()
    new = found.quantiles(points[which], part, ("new", *names[1:]), DECILES, np.zeros(3)).values
    assert new[:, 1:].tobytes() == some[:, 1:].tobytes()
    assert (new[:, 0] != some[:, 0]).any()


# Paths


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_paths_of_series_that_never_were_negative_are_not_and_those_of_others_are(symmetry):
    found = replace(fitted(np.random.default_rng(0).normal(0, 5, (4, 3, H))), symmetry=symmetry, share=0.1)
    lowest = np.array([NEVER_NEGATIVE, FREE, NEVER_NEGATIVE])
    least = [own.min() for own in found.paths(np.ones((3, H)), known_of(3, levels=1.0), ids(3), 200, lowest)]
    assert least[0] == least[2] == 0
    assert least[1] < 0


def test_paths_are_as_spread_as_the_quantiles_of_each_series_and_step():
    found = fitted(skewed(np.random.default_rng(0), 5, 40, H) * np.linspace(0.5, 2, 40)[:, None])
    points, lowest = np.full((2, H), POINT), np.full(2, FREE)
    told = some_of(known_of(40), [3, 38])
    quantiles = found.quantiles(points, told, ("s3", "s38"), (0.1, 0.9), lowest).values - POINT
    paths = np.stack(list(found.paths(points, told, ("s3", "s38"), 4000, lowest))) - POINT
    np.testing.assert_allclose(np.quantile(paths, (0.1, 0.9), axis=1), quantiles, rtol=0.15)


# Coverage


@pytest.mark.parametrize("level", [50, 80, 95])
def test_tails_are_apart_and_each_is_covered(level):
    rng = np.random.default_rng(0)
    found, new = fitted(skewed(rng, 5, 300, H)), skewed(rng, 40, 300, H)
    lower, upper = quantiles_of(found, 300, ends_of(level)).values - POINT
    tail = (1 - level / 100) / 2
    assert (new < lower).mean() == pytest.approx(tail, abs=0.01)
    assert (new > upper).mean() == pytest.approx(tail, abs=0.01)
    assert upper.mean() > 1.5 * -lower.mean()


def test_series_that_err_more_than_is_expected_are_covered_more_evenly():
    rng, hardness = np.random.default_rng(0), np.repeat([0.6, 1.0, 2.0], 50)[:, None]
    found = fitted(rng.normal(size=(8, 150, H)) * hardness)
    plain = replace(found, hardness=replace(found.hardness, own=np.ones(150)))
    new = rng.normal(size=(60, 150, H)) * hardness
    own, pooled = (held(each, new, 80).reshape(60, 3, 50, H).mean(axis=(0, 2, 3)) for each in (found, plain))
    assert own.mean() == pytest.approx(0.8, abs=0.02)
    assert np.ptp(own) < 0.6 * np.ptp(pooled)


def test_steps_are_covered_alike_where_errors_grow():
    rng, growth = np.random.default_rng(0), np.sqrt(np.arange(1, 25))
    found = fitted(rng.normal(size=(5, 200, 24)) * growth)
    inside = held(found, rng.normal(size=(30, 200, 24)) * growth, 80, horizon=24).mean(axis=(0, 1))
    assert np.abs(inside[1:] - 0.8).max() < 0.05
    assert 0.8 < inside[0] < 0.92  # neighbours lend the first step their larger errors


def test_a_hard_weekday_has_wide_intervals_from_whatever_day_a_forecast_starts():
    rng = np.random.default_rng(0)

    def errors(count, origin):
        hard = (origin + np.arange(1, 15)) % 7 == 2
        return rng.normal(size=(count, 60, 14)) * np.where(hard, 6.0, 1.0)

    past = [record(errors(1, 14 * k)[0], k, origin=14 * k) for k in range(12)]
    found = fit_distribution(past, ids(60), 7, nonnegative=False)
    assert found.hardness.count == 7
    for origin in (168, 170, 173):
        lower, upper = quantiles_of(found, 60, ends_of(80), horizon=14, origin=origin).values
        widths = (upper - lower).mean(axis=0)
        hard = (origin + np.arange(1, 15)) % 7 == 2
        assert widths[hard].min() > 1.5 * widths[~hard].max()


def test_phases_that_are_alike_are_not_told_apart():
    found = fitted(np.random.default_rng(0).normal(size=(5, 60, 14)), season=7)
    assert found.hardness.count == 1


def short_series(rng, count, steps, noise):
    """Months with a season, an unsteady level and some noise, no two series alike."""
    time = np.arange(steps)
    season = np.array([np.resize(rng.normal(0, 0.15, 12), steps) for _ in range(count)])
    drift = np.cumsum(rng.normal(0, 0.03, (count, steps)), axis=1)
    return 100 * np.exp(0.005 * time + season + drift + rng.normal(0, noise, (count, steps)))


def forecast_alone(panel, cut, fold, end, horizon=12):
    """One record a series, of what smoothing forecasts after a cut; nothing is known from an end on."""
    known = panel.until(np.full(len(panel), cut))
    anchors = {
        name: baseline(name, known, horizon, (12,), CURRENT.classical)
        for name in ("naive", "seasonal-naive", "smoothing")
    }
    members, used = Members(("a",), (0,), anchors["smoothing"][None], anchors), np.ones(1, dtype=bool)
    told = difficulty(known, 12, learning_scales(known, 12), anchors["smoothing"], members, used)
    steps = np.arange(cut, cut + horizon)
    truth = np.stack(
        [np.where(steps < end, panel.series(i)[np.minimum(steps, end - 1)], NAN) for i in range(len(panel))]
    )
    return [ErrorRecord(fold, anchors["smoothing"][[i]], truth[[i]], some_of(told, [i])) for i in range(len(panel))]


@pytest.mark.parametrize(("folds", "noise"), [(1, 0.03), slow(3, 0.03), slow(1, 0.15), slow(3, 0.15)])
@pytest.mark.slow
def test_what_a_single_short_series_can_not_know_many_others_taught(folds, noise):
    """80 % intervals hold so much of series whose errors they have not seen; those of one fold alone would not."""
    steps, count = 72 + 12 * folds, 80
    panel = panel_from_series(list(short_series(np.random.default_rng(0), count, steps, noise)), "MS")
    end = steps - 12
    cuts = [(fold, end - (folds - fold) * 12 + shift) for fold in range(folds) for shift in (0, 4, 8)]
    past = [forecast_alone(panel, cut, fold, end) for fold, cut in cuts]
    now, inside, empirical = forecast_alone(panel, end, folds, steps), [], []
    for i in range(count):
        found = fit_distribution([each[i] for each in past], ("s0",), 12, nonnegative=True)
        told = now[i]
        interval = found.quantiles(told.point, told.difficulty, ("s0",), ends_of(80), np.zeros(1)).interval(80)
        inside.append(coverage(told.truth, interval.lower, interval.upper))
        width = np.nanquantile(np.abs([each[i].truth - each[i].point for each in past]), 0.8)
        empirical.append((np.abs(told.truth - told.point) <= width).mean())
    assert 0.75 < np.mean(inside) < 0.85
    assert folds > 1 or np.mean(empirical) < np.mean(inside) - 0.03


@pytest.mark.slow
def test_a_single_walk_that_is_forecast_by_its_last_value_is_held_nearly_as_often_as_promised():
    """Without a season, the scale is that of one step; errors of a walk are several of these."""
    rng, inside = np.random.default_rng(0), []
    for _ in range(150):
        values = 100 + np.cumsum(rng.normal(size=96))
        panel, records = panel_from_series([values], "D"), []
        for fold in range(4):
            known = panel.until([48 + 12 * fold])
            point, used = naive(known, 12), np.ones(1, dtype=bool)
            members = Members(("a",), (0,), point[None], {"naive": point})
            told = difficulty(known, 1, learning_scales(known, 1), point, members, used)
            records.append(ErrorRecord(fold, point, values[None, 48 + 12 * fold : 60 + 12 * fold], told))
        found, now = fit_distribution(records[:3], ("s0",), 1, nonnegative=False), records[3]
        interval = found.quantiles(now.point, now.difficulty, ("s0",), ends_of(80), np.full(1, FREE)).interval(80)
        inside.append(coverage(now.truth, interval.lower, interval.upper))
    assert 0.7 < np.mean(inside) < 0.85


# The median


def test_the_median_is_the_forecast_where_folds_err_this_way_and_that():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(4, 100, H)) + np.array([2.0, -1.5, 1.0, -0.5])[:, None, None]
    median = quantiles_of(fitted(errors), 100, (0.5,)).at(0.5)
    assert np.abs(median - POINT).max() < 0.1


def test_one_fold_is_no_reason_to_move_the_median():
    errors = np.random.default_rng(0).normal(size=(1, 100, H)) + 2
    assert np.abs(quantiles_of(fitted(errors), 100, (0.5,)).at(0.5) - POINT).max() < 0.2


def test_the_median_moves_where_all_folds_agree_and_the_forecast_stays():
    errors = np.random.default_rng(0).normal(size=(6, 100, H)) + 1.5
    median = quantiles_of(fitted(errors), 100, (0.5,)).at(0.5)
    assert (median - POINT > 1).all()


def test_what_a_fold_has_in_common_widens_both_tails():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(2, 200, H)) + np.array([3.0, 0.0])[:, None, None]
    lower, upper = quantiles_of(fitted(errors), 200, (0.05, 0.95)).values - POINT
    assert -lower.mean() > 0.6 * upper.mean()


# The scale on which errors are alike


def grown(kind, series=80, seed=3):
    """Records of series some of which err little, some much, on a scale of their own."""
    rng, sizes = np.random.default_rng(seed), np.where(np.arange(series) % 2, 1.2, 0.1)[:, None]
    records = []
    for fold in range(6):
        drawn, point = sizes * rng.normal(size=(series, 12)), np.full((series, 12), POINT)
        truth = point * np.exp(drawn) if kind == "log" else np.maximum(point + 40 * drawn, 0)
        told = replace(known_of(series, 12), scales=POINT * sizes[:, 0])
        records.append(ErrorRecord(fold, point, truth, told))
    return records


@pytest.mark.parametrize("kind", ["level", "log"])
def test_errors_are_alike_on_the_scale_that_they_were_made_on(kind):
    records = grown(kind)
    assert fit_distribution(records, ids(80), 1, nonnegative=True).symmetry == kind
    assert fit_distribution(records, ids(80), 1, nonnegative=False).symmetry == "level"


def test_few_forecasts_choose_no_scale(monkeypatch):
    some = grown("log", series=9)[:4]
    assert fit_distribution(some, ids(9), 1, nonnegative=True).symmetry == "level"
    monkeypatch.setattr(module, "MANY", 0)
    assert fit_distribution(some, ids(9), 1, nonnegative=True).symmetry == "log"  # were they many


def test_a_series_that_ended_with_zeros_has_bounds_of_its_own_size_on_the_logarithm_too():
    found = fit_distribution(grown("log"), ids(80), 1, nonnegative=True)
    upper = quantiles_of(found, 80, (0.9,), point=0.0, levels=0.0, scales=2.0, horizon=12, lowest=0.0).values
    assert np.median(upper) < 20 * 2.0


# What is known and what is not


def test_unknown_truths_change_nothing_but_what_they_would_have_told():
    errors = np.random.default_rng(0).normal(size=(4, 10, H))
    gaps = errors.copy()
    gaps[1, 3] = NAN
    gaps[:, 7] = NAN  # a series that was never seen
    found = fitted(gaps)
    assert found.hardness.own[7] == 1
    without = np.delete(gaps, 7, axis=1)
    np.testing.assert_allclose(found.table, fitted(without).table)
    np.testing.assert_allclose(found.spread.profile, fitted(without).spread.profile)
    records = [record(own, fold) for fold, own in enumerate(gaps)]
    more = [*records, record(np.full((10, H), NAN), 4)]
    assert fit_distribution(more, ids(10), 1, nonnegative=False).table.tobytes() == found.table.tobytes()


def test_nothing_known_is_no_distribution():
    assert fitted(np.full((2, 3, H), NAN)) is None
    assert fitted(np.ones((2, 3, H)), scales=NAN) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("errors", [np.zeros((3, 2, H)), np.full((3, 2, H), 1e12), np.ones((1, 1, 1))])
def test_awkward_errors_give_finite_quantiles(errors):
    found = fitted(errors, nonnegative=True)
    horizon = errors.shape[2]
    values = quantiles_of(found, errors.shape[1], (0.01, 0.5, 0.99), horizon=horizon).values
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=0) >= (0 if not errors.any() else 1e-9)).all()


def test_one_error_says_little():
    found = fitted(np.full((1, 1, 1), 30.0))
    interval = quantiles_of(found, 1, ends_of(80), horizon=1).interval(80)
    assert 0.5 < (interval.upper - POINT).item() < 40
