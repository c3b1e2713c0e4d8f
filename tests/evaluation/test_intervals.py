import numpy as np
import pytest

from forecast.evaluation.intervals import (
    EASIEST,
    LEVELS,
    OWN_FOLDS,
    SMOOTHING,
    Calibration,
    calibrate,
    calibrate_series,
)
from forecast.evaluation.metrics import coverage

NAN = np.nan
NEVER_NEGATIVE, FREE = 0.0, -np.inf
IDS = tuple(f"s{i}" for i in range(2000))


def errors_of(records, series=1, horizon=6, seed=0):
    """Exchangeable errors whose size grows with the step."""
    rng = np.random.default_rng(seed)
    return rng.standard_t(5, (records, series, horizon)) * np.sqrt(np.arange(1, horizon + 1))


def intervals_of(calibration, point, scales=None, lowest=FREE):
    series = len(point)
    scales = np.ones(series) if scales is None else np.asarray(scales)
    return {i.level: i for i in calibration.intervals(point, IDS[:series], scales, np.full(series, lowest))}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("records", [10, 40, 400])
def test_new_errors_are_covered_as_often_as_promised(level, records):
    horizon, trials = 6, 200
    rates = []
    for trial in range(trials):
        calibration = calibrate(errors_of(records, seed=trial))
        truth = errors_of(50, seed=10_000 + trial)[:, 0]
        interval = intervals_of(calibration, np.zeros((50, horizon)))[level]
        rates.append(coverage(truth, interval.lower, interval.upper))
    sampling = 4 * np.std(rates) / np.sqrt(trials)
    assert abs(np.mean(rates) - level / 100) < sampling + 1.5 / records / horizon


def test_each_step_is_covered_as_often_as_any_other():
    calibration = calibrate(errors_of(2000))
    truth = errors_of(2000, seed=1)[:, 0]
    interval = intervals_of(calibration, np.zeros((2000, 6)))[80]
    for step in range(6):
        assert coverage(truth[:, step], interval.lower[:, step], interval.upper[:, step]) == pytest.approx(
            0.8, abs=0.04
        )


def test_width_is_the_finite_sample_quantile_of_errors_over_their_mean():
    errors = errors_of(60, horizon=1)
    calibration = calibrate(errors)
    sizes = sorted(abs(errors.ravel()) / np.mean(abs(errors)))
    assert calibration.spread == pytest.approx([np.mean(abs(errors))])
    assert calibration.widths[80] == pytest.approx(sizes[49 - 1])  # the ceil(61 * 0.8)-th smallest of 60
    assert calibration.widths[95] == pytest.approx(sizes[58 - 1])


def test_spread_of_a_step_is_its_own_where_errors_are_many_and_borrowed_where_few():
    many = errors_of(SMOOTHING, horizon=4)
    np.testing.assert_allclose(calibrate(many).spread, np.abs(many).mean(axis=(0, 1)))
    few = errors_of(SMOOTHING // 2, horizon=4)
    steps = [np.abs(few[..., max(0, s - 1) : s + 2]).mean() for s in range(4)]
    np.testing.assert_allclose(calibrate(few).spread, steps)
    very_few = errors_of(5, horizon=4)
    np.testing.assert_allclose(calibrate(very_few).spread, np.abs(very_few).mean())


def test_wider_levels_hold_narrower_ones_and_the_point():
    point = np.random.default_rng(0).normal(0, 5, (3, 6))
    inner, outer = (intervals_of(calibrate(errors_of(50)), point, [1.0, 2.0, 0.1])[level] for level in (80, 95))
    for a, b in ((outer.lower, inner.lower), (inner.lower, point), (point, inner.upper), (inner.upper, outer.upper)):
        assert (a <= b).all()


def test_series_without_a_scale_has_no_interval_rather_than_one_of_no_width():
    for interval in intervals_of(calibrate(errors_of(50)), np.ones((3, 6)), [0.0, np.nan, 1.0]).values():
        assert np.isnan(interval.lower[:2]).all()
        assert np.isnan(interval.upper[:2]).all()
        assert (interval.lower[2] < interval.upper[2]).all()


def test_bounds_stand_in_the_unit_of_each_series():
    calibration = Calibration(np.array([1.0, 2.0]), {80: 1.5})
    interval = intervals_of(calibration, np.array([[10.0, 10.0], [0.0, 0.0]]), [2.0, 100.0])[80]
    np.testing.assert_allclose(interval.upper, [[13, 16], [150, 300]])
    np.testing.assert_allclose(interval.lower, [[7, 4], [-150, -300]])


def test_series_that_never_was_negative_has_no_negative_bound():
    point = np.array([[1.0, 0.0, 50.0]])
    calibration = Calibration(np.array([1.0, 1.0, 1.0]), {80: 3.0, 95: 5.0})
    for interval in intervals_of(calibration, point, lowest=NEVER_NEGATIVE).values():
        assert (interval.lower >= 0).all()
        assert (interval.upper >= point).all()
    assert intervals_of(calibration, point)[80].lower[0, 0] == -2


def test_series_of_unknown_scale_has_no_interval():
    interval = intervals_of(Calibration(np.ones(2), {80: 1.0}), np.ones((2, 2)), [NAN, 1.0])[80]
    assert np.isnan(interval.lower[0]).all()
    assert np.isnan(interval.upper[0]).all()
    assert np.isfinite(interval.lower[1]).all()


@pytest.mark.parametrize("known", [0, 1, 19])
def test_too_few_errors_give_no_interval_rather_than_a_guess(known):
    errors = np.full(60, NAN)
    errors[:known] = 1.0
    assert calibrate(errors.reshape(10, 2, 3)) is None


def test_twenty_errors_are_enough_and_the_widest_is_the_largest():
    errors = np.full((20, 1, 2), NAN)
    errors[:, 0, 0] = np.arange(1, 21)
    calibration = calibrate(errors)
    assert calibration.widths[95] * calibration.spread[0] == pytest.approx(20)
    assert np.isfinite(calibration.spread).all()  # step 2 was never seen: it borrows from step 1


def test_one_wild_series_does_not_widen_the_intervals_of_all():
    calm = errors_of(3, series=50, horizon=12)
    wild = calm.copy()
    wild[:, 0] = 0  # hardly moved in training, so its scale is tiny, and then it jumps
    wild[:, 0, 6:] = 1e6
    expected = calibrate(calm).spread * calibrate(calm).widths[80]
    np.testing.assert_allclose(calibrate(wild).spread * calibrate(wild).widths[80], expected, rtol=0.35)


def test_unknown_errors_change_nothing():
    errors = errors_of(60)
    gaps = np.concatenate([errors, np.full((3, 1, 6), NAN)])
    first, second = calibrate(errors), calibrate(gaps)
    np.testing.assert_array_equal(first.spread, second.spread)
    assert first.widths == second.widths


def test_sign_of_an_error_does_not_matter():
    errors = errors_of(60)
    assert calibrate(errors).widths == calibrate(-errors).widths


def test_forecasts_that_were_always_right_get_an_interval_without_width():
    interval = intervals_of(calibrate(np.zeros((30, 1, 2))), np.array([[3.0, 4.0]]))[95]
    np.testing.assert_allclose([interval.lower, interval.upper], [[[3, 4]], [[3, 4]]])


# Series that are harder than their scale tells


def panel_errors(hardness, folds=4, horizon=8, seed=0):
    """Errors of one record a fold, of series that each err so many times as much as usual."""
    return errors_of(folds, len(hardness), horizon, seed) * np.asarray(hardness)[None, :, None]


def own_of(errors, folds=None):
    folds = np.arange(len(errors)) if folds is None else np.asarray(folds)
    return calibrate_series(errors, folds, IDS[: errors.shape[1]]).own_of(IDS[: errors.shape[1]])


def test_harder_series_have_wider_intervals_and_each_is_covered_more_evenly():
    hardness = np.repeat([0.5, 1.0, 2.0], 40)
    past, future = panel_errors(hardness, folds=6), panel_errors(hardness, folds=60, seed=1)
    rates = []
    for calibration in (calibrate(past), calibrate_series(past, np.arange(6), IDS[:120])):
        interval = intervals_of(calibration, np.zeros((120, 8)))[80]
        inside = (np.abs(future) <= interval.upper).mean(axis=(0, 2))
        rates.append(inside.reshape(3, 40).mean(axis=1))
    pooled, own = rates
    assert np.ptp(own) < 0.6 * np.ptp(pooled)
    assert own.mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("level", LEVELS)
def test_series_that_are_all_alike_are_covered_as_often_as_promised_in_spite_of_widths_of_their_own(level):
    rates = []
    for seed in range(20):
        calibration = calibrate_series(panel_errors(np.ones(50), seed=seed), np.arange(4), IDS[:50])
        interval = intervals_of(calibration, np.zeros((50, 8)))[level]
        rates.append((np.abs(panel_errors(np.ones(50), 20, seed=100 + seed)) <= interval.upper).mean())
    assert np.mean(rates) == pytest.approx(level / 100, abs=0.01)


def test_what_a_series_errs_more_counts_beside_folds_in_which_it_erred_like_all():
    errors = np.ones((2, 4, 3)) * np.array([2.0, 1.0, 1.0, 0.0])[:, None]
    errors[0, 2] = NAN  # known in one fold only
    means = np.array([2.0, 1.0, 1.0, 0.0]) / (7 / 7)  # over the mean of all seven that are known
    seen = np.array([2, 2, 1, 2])
    expected = np.clip(means, EASIEST, 1 / EASIEST) ** (seen / (seen + OWN_FOLDS))
    np.testing.assert_allclose(own_of(errors), expected)


def test_records_of_one_fold_are_one_piece_of_evidence():
    errors = panel_errors([1.0, 3.0, 1.0], folds=2)
    twice = np.repeat(errors, 5, axis=0)
    np.testing.assert_allclose(own_of(twice, np.repeat([0, 1], 5)), own_of(errors))
    assert (own_of(twice, np.zeros(10, dtype=int)) == 1).all()  # of one fold alone nothing is told apart


def test_errors_of_a_fold_do_not_calibrate_themselves():
    """The widths are those of each fold's errors over what the other fold says."""
    errors = panel_errors(np.repeat([1.0, 3.0], 50), folds=2, horizon=1)
    by_other = [own_of(errors[[1, 1]]), own_of(errors[[0, 0]])]  # one fold twice says more than one does: as if of two
    once = [np.exp(np.log(own) * (1 / (1 + OWN_FOLDS)) / (2 / (2 + OWN_FOLDS))) for own in by_other]
    expected = calibrate(errors / np.stack(once)[..., None])
    found = calibrate_series(errors, np.arange(2), IDS[:100])
    assert found.widths == pytest.approx(expected.widths)
    np.testing.assert_allclose(found.spread, expected.spread)


@pytest.mark.parametrize("folds", [4, 7])
def test_single_series_and_perfect_or_unknown_ones_count_as_usual(folds):
    assert own_of(panel_errors([5.0], folds)) == pytest.approx([1])
    assert own_of(np.zeros((folds, 9, 4))).tolist() == [1] * 9
    assert own_of(panel_errors([1.0, NAN, 1.0], folds))[1] == 1


def test_extremes_are_bounded():
    own = own_of(panel_errors([1e9, 1e-9, 1.0, 0.0]))
    assert (own > EASIEST).all()
    assert (own < 1 / EASIEST).all()


def test_series_that_were_never_seen_count_as_usual():
    calibration = calibrate_series(panel_errors([3.0, 0.5, 1.0]), np.arange(4), ("a", "b", "c"))
    new, *_ = calibration.own_of(("new", "a", "b"))
    assert new == 1
    assert calibration.own_of(("b", "a")).tolist() == [calibration.own["b"], calibration.own["a"]]


def test_too_few_errors_calibrate_nothing_in_a_panel_either():
    assert calibrate_series(np.ones((2, 2, 4)), np.arange(2), ("a", "b")) is None
