from dataclasses import dataclass, field

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.errors import DataError
from forecast.evaluation.backtest import backtest
from forecast.evaluation.distribution.difficulty import difficulty
from forecast.evaluation.distribution.distribution import ErrorRecord, fit_distribution
from forecast.evaluation.member_forecasts import forecast_points
from forecast.evaluation.scales import lowest_values, series_scales
from forecast.evaluation.splits import rolling_origins
from forecast.evaluation.trained_model import TrainedModel
from forecast.models.classical.baselines import Baseline, drift, naive, seasonal_naive
from forecast.models.classical.intermittent import intermittent
from forecast.models.classical.seasonality import season_strength
from forecast.models.combination import Evidence, FewSeriesPrior, learn_combination, plain_combination
from forecast.models.forecaster import Curve, Members
from forecast.models.method_settings import CURRENT
from runs import QUIET
from tiny import SEASON, awkward_panel, random_model, tiny_spec, wave, with_values

H = 3
NAN = np.nan


@dataclass(eq=False)
class Shifted:
    """A transparent ensemble: each member is the last value, moved by so much; remembers what it was shown."""

    shifts: tuple = (0.5, -1.0)  # one a view
    seeds: tuple = (0, 1)
    name: str = "shifted"
    anchored: bool = True  # trusted against the naive forecasts
    smoothed: bool = False  # and against one that stands where exponential smoothing does
    parameters: int = 7
    curve: Curve | None = None
    train_seconds: float = 0.0
    fits: list = field(default_factory=list)
    truths: list = field(default_factory=list)
    shown: list = field(default_factory=list)

    def fit(self, panel, watcher):
        self.fits.append(panel)
        self.truths.append(watcher.truth)
        watcher.progress(0.5)
        watcher.progress(1.0)
        return self

    def predict_members(self, panel, run=None):
        self.shown.append(panel)
        last = np.array([panel.series(i)[-1] if panel.lengths[i] else 0.0 for i in range(len(panel))])
        jobs = [(view, seed) for view in range(len(self.shifts)) for seed in self.seeds]
        moves = np.array([self.shifts[view] + 0.1 * seed for view, seed in jobs])
        values = np.nan_to_num(last)[None, :, None] + moves[:, None, None] + np.zeros((1, 1, H))
        anchors = {"naive": naive(panel, H), "seasonal-naive": seasonal_naive(panel, H, SEASON)}
        if self.smoothed:
            anchors["smoothing"] = drift(panel, H)
        anchors = anchors if self.anchored else None
        return Members(tuple(f"view{view}" for view, _ in jobs), tuple(seed for _, seed in jobs), values, anchors)


def run(
    panel, forecaster, *, folds=2, refit=True, season=SEASON, progress=lambda name, share: None, kind="auto", **more
):
    origins = rolling_origins(panel, H, folds, least=5)
    given = {"refit": refit, "metric": "rmsse", "progress": progress, "run": QUIET, "kind": kind, **more}
    return backtest(panel, origins, [forecaster], season, **given)


def test_points_alone_are_the_same_and_what_the_last_fold_would_teach_is_not_asked_for():
    usual, alone = Shifted(smoothed=True), Shifted(smoothed=True)
    panel = panel_from_series([wave(40)], "D")
    [whole], [points] = (run(panel, each, **more).models for each, more in ((usual, {}), (alone, {"levels": ()})))
    assert np.array_equal(whole.forecasts, points.forecasts)
    assert np.array_equal(whole.by_seed, points.by_seed)
    assert (points.distribution, points.levels) == (None, ())
    later = [one.lengths[0] for one in usual.shown]
    assert [one.lengths[0] for one in alone.shown] == later[: -(H - 1)]  # its other origins


def ends_of(panels):
    return [list(panel.lengths) for panel in panels]


def test_refitting_trains_at_each_origin_on_what_lies_before_it():
    panel, model = awkward_panel(), Shifted()
    result = run(panel, model)
    assert ends_of(model.fits) == [list(fold.cuts) for fold in result.folds]
    assert result.refitted


def test_one_fit_knows_least_of_all_folds():
    panel, model = awkward_panel(), Shifted()
    result = run(panel, model, refit=False)
    assert ends_of(model.fits) == [list(result.folds[0].cuts)]
    assert not result.refitted


def test_model_never_sees_beyond_the_end_of_the_fold_it_learns_from():
    panel, model = awkward_panel(), Shifted()
    result = run(panel, model)
    limits = [fold.moved(panel, H - 1).cuts for fold in result.folds]
    shown = np.array(ends_of(model.shown))
    per_fold = len(shown) // 3
    for number, limit in enumerate(limits):
        assert (shown[number * per_fold : (number + 1) * per_fold] <= limit).all()


def test_only_the_first_fit_is_watched_against_what_came():
    panel, model = awkward_panel(), Shifted()
    result = run(panel, model)
    np.testing.assert_array_equal(model.truths[0], result.folds[0].truth(panel))
    assert model.truths[1:] == [None, None]


def test_truths_and_scales_are_those_of_the_scored_folds():
    panel = awkward_panel()
    result = run(panel, Shifted())
    for k, fold in enumerate(result.folds[1:]):
        np.testing.assert_array_equal(result.truths[k], fold.truth(panel))
        for i in range(len(panel)):
            train = fold.train(panel)
            known = train.filled[train.offsets[i] : train.offsets[i + 1]]
            lag = SEASON if len(known) > SEASON else 1
            gaps = [abs(known[t] - known[t - lag]) for t in range(lag, len(known))]
            expected = np.mean(gaps) if any(gaps) else NAN  # by a series that never varied nothing is scaled
            assert result.scales[k, i] == pytest.approx(expected, nan_ok=True)
            expected = np.sqrt(np.mean(np.square(gaps))) if any(gaps) else NAN
            assert result.rms_scales[k, i] == pytest.approx(expected, nan_ok=True)


def records_slowly(values, cut, upto, model, combination, season, fold):
    """What one fold of a single series teaches by a later origin: members and truths from each step of it."""
    evidence, errors = [], []
    for origin in range(cut, cut + H):
        known = values[:origin]
        truth = np.array([values[t] if t < min(upto, len(values)) else NAN for t in range(origin, origin + H)])
        members = model.predict_members(panel_from_series([known], "D"))
        scale = np.mean(np.abs(known[season:] - known[:-season]))
        evidence.append(Evidence(members, truth[None], np.array([scale]), fold))
        joint = np.maximum(combination.apply(members), 0)
        errors.append(ErrorRecord(fold, joint, truth[None], hardness(known, joint, members, combination.used)))
    return evidence, errors


def hardness(known, point, members, used):
    """What is known at the end of a single series of the errors of its forecast."""
    panel = panel_from_series([known], "D")
    return difficulty(panel, SEASON, series_scales(panel, SEASON), point, members, used)


@pytest.mark.parametrize("smoothed", [False, True])
def test_combination_and_intervals_of_a_fold_come_from_earlier_folds_alone(smoothed):
    values = wave(60, trend=0.3, noise=3.0)  # so much noise that the season is no stronger than 0.8, and never the same
    panel, model, season = panel_from_series([values], "D"), Shifted(smoothed=smoothed), SEASON
    result = run(panel, Shifted(smoothed=smoothed), folds=3)
    tested = result.models[0]
    cuts = [48, 51, 54, 57]

    def handful_at(origin):
        return FewSeriesPrior(
            1,
            60,
            season_strength(panel_from_series([values[:origin]], "D"), season, 500, CURRENT.classical.seasonality)[0],
        )

    strengths = [handful_at(cut).strength for cut in (*cuts, 60)]
    assert len(set(strengths)) == 5
    assert max(strengths) < 0.9
    combinations = [plain_combination(model.predict_members(panel), handful_at(48))]
    assert combinations[0].anchor == ("smoothing" if smoothed else "naive")
    for k in (1, 2, 3, 4):  # 4: after the last fold, for the forecast that is issued
        evidence, errors = [], []
        handful = handful_at(cuts[k] if k < 4 else 60)
        for j in range(k):
            known = cuts[k] if k < 4 else 60
            more, wrong = records_slowly(values, cuts[j], known, model, combinations[j], season, j)
            evidence, errors = evidence + more, errors + wrong
        combinations.append(learn_combination(evidence, "rmsse", few=handful))
        distribution = fit_distribution(errors, panel.series_ids, season, nonnegative=True)
        if k == 4:
            np.testing.assert_array_equal(tested.combination.used, combinations[4].used)
            assert tested.combination.trust == pytest.approx(combinations[4].trust)
            assert tested.combination.anchor == combinations[4].anchor
            np.testing.assert_allclose(tested.distribution.spread.profile, distribution.spread.profile)
            np.testing.assert_allclose(tested.distribution.table, distribution.table)
            break
        members = model.predict_members(panel_from_series([values[: cuts[k]]], "D"))
        point = combinations[k].apply(members)
        np.testing.assert_allclose(tested.forecasts[k - 1], point)
        known = hardness(values[: cuts[k]], point, members, combinations[k].used)
        quantiles = distribution.quantiles(point, known, panel.series_ids, tested.quantiles.probabilities, np.zeros(1))
        np.testing.assert_allclose(tested.quantiles.values[:, k - 1], quantiles.values, rtol=1e-6)
        for interval in tested.intervals:
            np.testing.assert_array_equal(interval.upper[k - 1], tested.quantiles.at(0.5 + interval.level / 200)[k - 1])


def test_how_long_a_few_series_are_is_the_same_for_all_folds_and_the_forecast_that_is_issued(monkeypatch):
    seen = []

    def spying(evidence, metric, *, few, **told):
        seen.append((few.series, few.length))
        return learn_combination(evidence, metric, few=few, **told)

    monkeypatch.setattr("forecast.evaluation.backtest.learn_combination", spying)
    run(panel_from_series([wave(60), wave(40)], "D"), Shifted(), folds=3)
    assert seen == [(2, 60)] * 5
    seen.clear()
    monkeypatch.setattr("forecast.evaluation.backtest.FEW", 1)
    with pytest.raises(AttributeError, match="series"):  # two are no longer few
        run(panel_from_series([wave(60), wave(40)], "D"), Shifted(), folds=3)


def walk(steps=120, seed=0):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, steps)))


@pytest.mark.parametrize(("code", "kind", "told"), [
    ("B", "auto", (False, True)), ("D", "auto", (False, True)), ("MS", "auto", (False, True)),
    ("D", "price", (True, True)), ("B", "sales", (False, False)),
])  # fmt: skip
def test_walks_of_any_calendar_are_told_as_such_unless_they_are_sales(code, kind, told, monkeypatch):
    seen = []

    def spying(evidence, metric, *, few, is_price, is_walk):
        seen.append((is_price, is_walk))
        return learn_combination(evidence, metric, few=few, is_price=is_price, is_walk=is_walk)

    monkeypatch.setattr("forecast.evaluation.backtest.learn_combination", spying)
    tested = run(panel_from_series([walk()], code), Shifted(smoothed=True), kind=kind).models[0]
    assert set(seen) == {told}
    assert (tested.combination.anchor == "naive") == any(told)


@pytest.mark.parametrize("code", ["B", "D"])
def test_a_shop_is_doubted_by_no_calendar(code, monkeypatch):
    seen = []

    def spying(evidence, metric, *, few, is_price, is_walk):
        seen.append((is_price, is_walk))
        return learn_combination(evidence, metric, few=few, is_price=is_price, is_walk=is_walk)

    monkeypatch.setattr("forecast.evaluation.backtest.learn_combination", spying)
    run(panel_from_series([wave(120)], code), Shifted(smoothed=True))
    assert set(seen) == {(False, False)}


def test_whether_a_fold_behaves_like_a_walk_is_told_by_what_lies_before_it(monkeypatch):
    seen = []

    def looking(known, horizon, season):
        seen.append(list(known.lengths))
        return False

    monkeypatch.setattr("forecast.evaluation.scales.behaves_like_walk", looking)
    panel = awkward_panel()
    folds = run(panel, Shifted()).folds
    assert seen == [*(list(fold.cuts) for fold in folds), list(panel.lengths)]


@pytest.mark.parametrize("refit", [True, False])
def test_forecast_of_a_fold_does_not_depend_on_what_came_after_its_origin(refit):
    panel = awkward_panel()
    expected = run(panel, Shifted(), folds=3, refit=refit)
    for k in (1, 2, 3):
        values = panel.values.copy()
        for i in range(len(panel)):
            future = slice(panel.offsets[i] + expected.folds[k].cuts[i], panel.offsets[i + 1])
            values[future] = np.resize([1e9, NAN, -1e9, 0.0], future.stop - future.start)
        tested = run(with_values(panel, values), Shifted(), folds=3, refit=refit).models[0]
        np.testing.assert_array_equal(tested.forecasts[:k], expected.models[0].forecasts[:k])
        np.testing.assert_array_equal(tested.by_seed[:, :k], expected.models[0].by_seed[:, :k])
        np.testing.assert_array_equal(tested.quantiles.values[:, :k], expected.models[0].quantiles.values[:, :k])
        for found, interval in zip(tested.intervals, expected.models[0].intervals, strict=True):
            np.testing.assert_array_equal(found.lower[:k], interval.lower[:k])
            np.testing.assert_array_equal(found.upper[:k], interval.upper[:k])


def test_each_seed_s_forecast_is_made_of_its_own_networks():
    panel = panel_from_series([wave(60)], "D")
    tested = run(panel, Shifted(shifts=(0.5,), seeds=(0, 1)), folds=1).models[0]
    assert tested.by_seed.shape == (2, 1, 1, H)
    np.testing.assert_allclose(tested.forecasts[0], tested.by_seed[:, 0].mean(axis=0))
    apart = tested.by_seed[1] - tested.by_seed[0]  # 0.1, times the trust that both share
    assert 0 < apart.min() <= apart.max() <= 0.1 + 1e-9
    np.testing.assert_allclose(apart, apart[0, 0, 0])


def test_forecasts_and_bounds_are_not_negative_where_the_history_never_was():
    panel = panel_from_series([np.full(40, 2.0) + 0.1 * wave(40, trend=0), wave(40, level=0.0, trend=0)], "D")
    tested = run(panel, Shifted(shifts=(-50.0, -51.0), anchored=False), folds=1).models[0]
    assert (tested.forecasts[:, 0] >= 0).all()
    assert (tested.forecasts[:, 1] < 0).all()
    assert not any((interval.lower[:, 0] < 0).any() for interval in tested.intervals)


def test_lowest_values_are_zero_or_nothing():
    panel = panel_from_series([[1, 0, NAN], [1, -1, 2], [], [NAN]], "D")
    np.testing.assert_array_equal(lowest_values(panel), [0, -np.inf, 0, 0])
    members = Members(("a",), (0,), np.full((1, 4, 2), -3.0))
    np.testing.assert_array_equal(forecast_points(members, None, lowest_values(panel))[:, 0], [0, -3, 0, 0])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [1e60, 1e33, 1e-6])
def test_quantiles_of_numbers_beyond_single_precision_are_those_of_others_in_another_unit(unit):
    plain, far = (
        run(panel_from_series([size * wave(60)], "D"), Baseline("naive", H, SEASON, CURRENT.classical)).models[0]
        for size in (1.0, unit)
    )
    known = ~np.isnan(plain.quantiles.values)
    assert known.any()
    np.testing.assert_allclose(far.quantiles.values[known] / unit, plain.quantiles.values[known], rtol=1e-4)


def test_few_series_forecast_from_more_origins_and_many_from_one():
    few, many = Shifted(), Shifted()
    run(panel_from_series([wave(60)], "D"), few)
    run(panel_from_series([wave(60, seed=i) for i in range(50)], "D"), many)
    assert len(few.shown) == 3 * H
    assert len(many.shown) == 3


class Untrained:
    """Networks whose weights are random, trusted against what is usual."""

    name = "linear"

    def fit(self, panel, watcher):
        return random_model(tiny_spec("linear", anchors=("naive", "smoothing")), panel)


def test_a_series_that_ended_before_all_folds_has_intervals_by_its_own_errors(monkeypatch):
    """Nothing scores it, but what the networks are trusted against tells how hard it is."""
    rng = np.random.default_rng(0)
    own = [20 + rng.normal(0, size, 60) for size in (1.0, 1.0, 1.0, 1.0)]
    wild = np.concatenate([20 + rng.normal(0, 0.2, 16), 20 + 8 * (-1.0) ** np.arange(16)])  # of late
    panel = panel_from_series([*own, wild], "D")
    hardness = run(panel, Untrained(), refit=False).models[0].distribution.hardness.own
    assert hardness[-1] > 1.05
    monkeypatch.setattr("forecast.evaluation.backtest.ended", lambda panel, folds: np.zeros(len(panel), dtype=bool))
    assert run(panel, Untrained(), refit=False).models[0].distribution.hardness.own[-1] == 1


def test_progress_of_a_model_goes_from_nought_to_one():
    told = []
    run(awkward_panel(), Shifted(), progress=lambda name, share: told.append((name, share)))
    assert {name for name, _ in told} == {"shifted"}
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_costs_and_curve_are_kept():
    curve = Curve(np.array([1]), np.array([0.1]), np.array([2.0]))
    tested = run(awkward_panel(), Shifted(curve=curve)).models[0]
    assert tested.parameters == 7
    assert tested.curve is curve
    assert tested.train_seconds >= 0
    assert tested.predict_seconds > 0


@pytest.mark.parametrize("name", ["naive", "seasonal-naive", "drift"])
def test_baselines_are_one_member_without_seeds(name):
    tested = run(awkward_panel(), Baseline(name, H, SEASON, CURRENT.classical)).models[0]
    assert len(tested.by_seed) == 1
    np.testing.assert_array_equal(tested.by_seed[0], tested.forecasts)


def test_baselines_are_scored_as_they_are_and_not_drawn_to_one_another():
    panel = panel_from_series([wave(60, trend=0.3), wave(60, seed=1)], "D")
    result = run(panel, Baseline("drift", H, SEASON, CURRENT.classical), folds=3)
    for fold, forecast in zip(result.folds[1:], result.models[0].forecasts, strict=True):
        np.testing.assert_allclose(forecast, drift(fold.train(panel), H))


def test_what_comes_around_a_mean_of_rare_demand_are_counts():
    sold = np.random.default_rng(0).poisson(0.4, (6, 48)).astype(float)
    sold[0] = 0
    rule = Baseline("tsb", H, SEASON, CURRENT.classical, is_demand=True)
    tested = run(panel_from_series(list(sold), "MS"), rule, folds=3).models[0]
    assert tested.distribution.counts is not None
    bounds = np.stack([[each.lower, each.upper] for each in tested.intervals])
    np.testing.assert_array_equal(bounds[~np.isnan(bounds)] % 1, 0)
    assert np.nanmin(bounds) == 0


def lone_panel():
    """Five series that sell every day, and one that sells one to three pieces now and then."""
    rng = np.random.default_rng(0)
    rare = (rng.random(120) < 0.2) * rng.integers(1, 4, 120)
    return panel_from_series([*(wave(120, seed=k) + 30 for k in range(5)), rare], "D")


def test_one_series_that_sells_now_and_then_among_others_has_counts_and_they_have_none():
    panel, model = lone_panel(), Baseline("smoothing", H, SEASON, CURRENT.classical)
    tested = run(panel, model, folds=3).models[0]
    assert tested.distribution.rare is not None
    assert tested.distribution.rare.are_lone
    issued = TrainedModel("smoothing", model, tested.combination, tested.distribution, SEASON, CURRENT)
    found = issued.forecast(panel, H, probabilities=(0.9,)).quantiles.at(0.9)
    for values in (tested.quantiles.at(0.9)[-1], found):
        np.testing.assert_array_equal(values[5], np.round(values[5]))
        assert (values[:5] != np.round(values[:5])).all()


def test_its_mean_stands_where_networks_would_forecast_a_median():
    panel, model = lone_panel(), Shifted()
    tested = run(panel, model, folds=3).models[0]
    rule = intermittent("imapa", panel.until(panel.lengths - H).select([5]), H, CURRENT.classical.intermittent)
    assert tested.forecasts[-1, 5] == pytest.approx(rule[0])


def test_constant_panel_teaches_nothing_and_breaks_nothing():
    panel = panel_from_series([np.full(40, 5.0), np.zeros(40)], "D")
    tested = run(panel, Shifted()).models[0]
    assert list(tested.combination.used) == [True] * 4
    assert tested.combination.trust == 1
    assert tested.distribution is None
    assert tested.intervals == ()
    assert np.isfinite(tested.forecasts).all()


def test_perfectly_periodic_panel_is_forecast_perfectly():
    panel = panel_from_series([np.tile([1.0, 5.0, 2.0, 9.0], 12)], "D")
    tested = run(panel, Baseline("seasonal-naive", H, SEASON, CURRENT.classical), folds=3).models[0]
    np.testing.assert_array_equal(tested.forecasts[-1, 0], [5, 2, 9])
    assert tested.distribution is None  # its scale is zero: there is nothing to measure by


def test_nothing_observed_in_any_scored_fold_is_an_error_before_training():
    values, model = wave(40), Shifted()
    values[-6:] = NAN
    with pytest.raises(DataError, match="Nothing was observed in the last 6 steps"):
        run(panel_from_series([values], "D"), model)
    assert model.fits == []


def test_fold_without_a_truth_is_passed_over():
    values = wave(40)
    values[-9:-3] = NAN  # all of fold 0 and fold 1
    tested = run(panel_from_series([values], "D"), Shifted()).models[0]
    assert np.isfinite(tested.forecasts).all()


def test_a_series_that_varies_by_rounding_alone_is_no_scale():
    values = [np.resize([0.3, 0.1 * 3], 40), 10 + np.sin(np.arange(40.0))]
    result = run(panel_from_series(values, "D"), Shifted())
    assert np.isnan(result.scales[:, 0]).all()
    assert np.isnan(result.rms_scales[:, 0]).all()
    assert (result.rms_scales[:, 1] > 0.01).all()


def test_without_a_fold_to_warm_up_the_first_score_stands_on_what_is_usual_and_teaches_the_intervals():
    panel = panel_from_series([wave(15) + level for level in range(8)], "D")
    folds = rolling_origins(panel, H, 1, least=5, warms_up=False)
    shifted = Shifted()
    result = backtest(panel, folds, [shifted], SEASON, refit=True, metric="rmsse", run=QUIET)
    (tested,) = result.models
    plain = plain_combination(
        shifted.predict_members(panel),
        FewSeriesPrior(8, 15, season_strength(panel, SEASON, 15, CURRENT.classical.seasonality).mean()),
    )
    members = shifted.predict_members(panel.until(np.full(8, 12)))
    np.testing.assert_allclose(tested.forecasts[0], plain.apply(members))
    assert tested.intervals == ()
    assert tested.distribution is not None
    assert shifted.truths == [None, None]
    assert [known.lengths.tolist() for known in shifted.fits] == [[12] * 8] * 2
