from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.intervals import Calibration
from forecast.evaluation.trained_model import TrainedModel
from forecast.experiment.retraining import challenge
from forecast.experiment.retraining.challenge import Recipe, challenge_recipes, find_hold_out, score_on
from forecast.models.ensemble import EnsembleModel
from forecast.models.method_settings import CURRENT
from forecast.models.networks.recurrent import Network
from forecast.specs import Plan, Settings
from runs import QUIET
from tiny import SEASON, random_model, tiny_spec, wave
from told import WEEK, shops, told_model, told_spec

H = 3
DAYS = 60


def panel(ends, starts=None, ids=None):
    """Series that begin and end at these days."""
    starts = starts or [0] * len(ends)
    values = [wave(end, seed=i)[start:] for i, (start, end) in enumerate(zip(starts, ends, strict=True))]
    return panel_from_series(values, "D", series_ids=ids or [f"s{i}" for i in range(len(ends))], first=starts)


def trained_on(data, **change):
    model = EnsembleModel((random_model(tiny_spec("gru", **change), data),))
    return TrainedModel("gru", model, None, Calibration(np.ones(H), {80: 1.0}), SEASON, CURRENT, levels=(80,))


def held(ends, trained, least=H, **more):
    now = panel(ends, **more)
    return now, find_hold_out(now, panel(trained), H, least)


@pytest.mark.parametrize(("came", "origins"), [(2, 0), (3, 1), (4, 1), (7, 1), (8, 2), (12, 2), (14, 3)])
def test_the_newer_half_is_held_out_in_blocks_of_one_horizon(came, origins):
    now, folds = held([DAYS + came], [DAYS])
    assert len(folds) == origins
    if folds:
        steps = max(H, came // 2)
        assert folds[0].cuts[0] == DAYS + came - steps
        truths = np.concatenate([fold.truth(now)[0] for fold in folds])
        np.testing.assert_array_equal(truths[:steps], now.series(0)[-steps:])
        assert np.isnan(truths[steps:]).all()


def tie_of(old, new, shape=(3, 1, 8), spread=0.0):
    """Whether errors that wander as given are a tie, on truths of nought."""
    truths = np.zeros(shape)
    return challenge.tie_between(truths, np.resize(old, shape), np.resize(new, shape), spread, None)


def test_a_tie_is_what_compare_calls_one():
    wave = np.resize([1.0, -2.0, 3.0, -1.0, 2.0, 0.5, -3.0], 24)
    assert tie_of(wave, wave * 1.001) == ""  # always a little worse is no chance
    noise = np.resize([0.2, -0.2, 0.3, -0.25, 0.1], 24)
    assert tie_of(wave, wave + noise).startswith("which may be chance (p = ")
    assert tie_of(wave, wave * 0.9) == ""  # it is better
    assert tie_of(wave, wave + 3 * noise) == ""  # too large a gap
    assert tie_of(wave, wave * 1.001, spread=0.01).startswith("which may be chance")  # smaller than between seeds


def test_where_too_few_points_tell_a_small_difference_is_none():
    one_fold = {"shape": (1, 1, 8)}
    assert tie_of([1.0], [1.01], **one_fold) == "and too few points tell whether that is chance"
    assert tie_of([1.0], [1.2], **one_fold) == ""
    assert tie_of([1.0], [np.nan], **one_fold) == ""


def test_no_point_that_the_champion_was_trained_on_is_scored():
    ends, trained = [DAYS + 6, DAYS + 6, DAYS + 6], [DAYS, DAYS, DAYS + 5]
    now, folds = held(ends, trained)
    for fold in folds:
        assert fold.scored.tolist() == [True, True, False]
        assert np.isnan(fold.truth(now)[2]).all()


def test_series_that_are_new_are_scored_and_those_that_stopped_are_not():
    _, folds = held([DAYS + 4, DAYS + 4, DAYS - 9], [DAYS, DAYS, DAYS - 9], ids=["s0", "new", "s2"])
    assert folds[0].scored.tolist() == [True, True, False]


def test_a_series_that_begins_in_the_hold_out_has_no_origin():
    _, folds = held([DAYS + 4, DAYS + 4, DAYS + 4], [DAYS, DAYS], starts=[0, 0, DAYS + 2])
    assert folds[0].scored.tolist() == [True, True, False]
    assert folds[0].cuts[2] == 0


def test_series_that_end_apart_are_each_held_out_at_their_own_end():
    _, folds = held([70, 50, 33, 28], [66, 46, 29, 24])
    assert folds[0].cuts.tolist() == [67, 47, 30, 25]


def test_no_common_series_no_hold_out():
    assert held([DAYS + 9], [DAYS], ids=["other"])[1] == ()


def test_score_is_the_pooled_rmse_of_the_stored_weights_and_the_share_inside():
    now = panel([DAYS, DAYS])
    trained = trained_on(now.until([40, 40]))
    folds = find_hold_out(now, now.until([45, 45]), H, H)
    errors, inside = [], []
    for fold in folds:
        for i in range(2):
            known = now.until(fold.cuts)
            forecasts = trained.forecast(known, H)
            [interval] = forecasts.intervals
            for h in range(H):
                position = fold.cuts[i] + h
                if position < DAYS:
                    truth = now.series(i)[position]
                    errors.append((truth - forecasts.point[i, h]) ** 2)
                    inside.append(interval.lower[i, h] <= truth <= interval.upper[i, h])
    score = score_on(trained, now, folds, QUIET)
    assert score.rmse == pytest.approx(np.sqrt(np.mean(errors)), rel=1e-12)
    assert score.coverage == pytest.approx(np.mean(inside), rel=1e-12)


def test_score_follows_the_unit_of_the_data():
    small = panel([DAYS])
    large = panel_from_series([1000 * small.values], "D", series_ids=["s0"])
    scores = []
    for now in (small, large):
        folds = find_hold_out(now, now.until([DAYS - 6]), H, H)
        scores.append(score_on(trained_on(now.until([DAYS - 6])), now, folds, QUIET))
    assert scores[1].rmse == pytest.approx(1000 * scores[0].rmse, rel=1e-5)


def test_points_without_a_truth_are_not_scored_and_a_forecast_that_is_no_number_is_not_hidden():
    now = panel([DAYS])
    trained = trained_on(now.until([DAYS - 6]))
    folds = find_hold_out(now, now.until([DAYS - 6]), H, H)
    holed = now.values.copy()
    holed[-2] = np.nan
    gap = panel_from_series([holed], "D", series_ids=["s0"])
    assert np.isfinite(score_on(trained, gap, folds, QUIET).rmse)
    [part] = trained.model.parts
    weights = {name: array * np.nan for name, array in part.networks[0].weights.items()}
    broken = EnsembleModel((replace(part, networks=(Network(part.spec.views[0], 0, weights),)),))
    assert np.isnan(score_on(TrainedModel("gru", broken, None, None, SEASON, CURRENT), now, folds, QUIET).rmse)


def test_a_model_without_intervals_has_no_coverage():
    now = panel([DAYS])
    trained = TrainedModel("gru", trained_on(now).model, None, None, SEASON, CURRENT)
    assert score_on(trained, now, find_hold_out(now, now.until([DAYS - 6]), H, H), QUIET).coverage is None


@pytest.mark.parametrize("changes", [{}, {"units": 9}, {"country": "US"}])
def test_recipe_that_has_not_changed_is_not_trained_twice_whatever_covariates_sized_it(changes, monkeypatch):
    now, spec = shops(), told_spec("gru")
    model = told_model(now)
    assert model.spec.known > 0
    champion = TrainedModel("gru", EnsembleModel((model,)), None, None, WEEK, CURRENT)
    truths = np.ones((1, 3, 5))
    without = {"forecasts": truths, "interval": lambda _level: None, "by_seed": ()}
    models = tuple(SimpleNamespace(name=name, **without) for name in ("gru", "seasonal-naive"))
    folds = (None, SimpleNamespace(train=lambda panel: panel))
    experiment = SimpleNamespace(
        backtest=SimpleNamespace(models=models, truths=truths, folds=folds, weights=None),
        specs={"gru": spec.with_(**changes)},
        plan=Plan(5, 10, (WEEK,), 1, refit=True, nonnegative=True),
        machine=None,
    )
    trained = []
    monkeypatch.setattr(challenge, "run_experiment", lambda *_: experiment)
    monkeypatch.setattr(
        challenge, "backtest", lambda *asked, **__: trained.append(asked) or SimpleNamespace(models=models[:1])
    )
    reading = SimpleNamespace(panel=now)
    assert challenge_recipes(reading, champion, Recipe("gru", Settings()), QUIET).champion.rmse == 0
    assert len(trained) == (1 if changes else 0)
