from dataclasses import replace

import numpy as np
import pytest

from forecast.evaluation import metrics
from forecast.evaluation.backtest import Backtest, ModelBacktest
from forecast.evaluation.leaderboard import leaderboard
from forecast.evaluation.significance import diebold_mariano
from forecast.evaluation.verdict import REFERENCE
from forecast.models.forecaster import Quantiles

K, S, H = 3, 4, 5
NAN = np.nan
NETWORKS = ("rnn", "lstm", "gru")


def truths():
    rng = np.random.default_rng(0)
    values = rng.normal(50, 10, (K, S, H))
    values[rng.random((K, S, H)) < 0.1] = NAN
    values[:, 3] = NAN  # never scored
    return values


def model_of(name, noise, seeds=1, seed=0, covers=True):
    rng = np.random.default_rng(seed)
    by_seed = np.nan_to_num(truths(), nan=50.0) + rng.normal(0, noise, (seeds, K, S, H))
    bounds = np.stack([by_seed[0] - 1.3 * noise, by_seed[0] + 1.3 * noise])
    bounds[:, 0] = NAN  # the first fold has nothing to be calibrated by
    return ModelBacktest(
        name=name,
        forecasts=by_seed.mean(axis=0),
        by_seed=by_seed,
        quantiles=Quantiles((0.1, 0.9), bounds),
        levels=(80,) if covers else (),
        combination=None,
        distribution=None,
        parameters=None if seeds == 1 else 321,
        train_seconds=1.5,
        predict_seconds=0.004,
        curve=None,
    )


MODELS = (
    model_of("lstm", 3, seeds=3),
    model_of("gru", 2, seeds=3, seed=1),
    model_of(REFERENCE, 5, seed=2, covers=False),
)


def board_of(models=MODELS, repeats=None):
    scales, rms = np.full((K, S), 4.0), np.full((K, S), 5.0)
    return leaderboard(Backtest((), truths(), scales, rms, tuple(models), refitted=True), NETWORKS, repeats)


def test_rows_are_ranked_by_pooled_rmse():
    board = board_of()
    assert [(row.rank, row.model) for row in board.rows] == [(1, "gru"), (2, "lstm"), (3, REFERENCE)]
    assert board_of(MODELS[::-1]).rows == board.rows
    assert board.row("lstm").rank == 2


@pytest.mark.parametrize("place", range(3))
def test_scores_are_recomputed_from_the_raw_errors(place):
    entry, truth = MODELS[place], truths()
    row = board_of().row(entry.name)
    errors = truth - entry.forecasts
    known = errors[~np.isnan(errors)]
    assert row.rmse == pytest.approx(np.sqrt((known**2).mean()))
    assert row.mae == pytest.approx(np.abs(known).mean())
    own = [errors[:, i][~np.isnan(errors[:, i])] for i in range(3)]
    assert row.mase == pytest.approx(np.mean([np.abs(e).mean() for e in own]) / 4)
    assert row.rmsse == pytest.approx(np.sqrt(np.mean([(e**2).mean() for e in own])) / 5)
    assert row.rmse_mean_series == pytest.approx(np.mean([np.sqrt((e**2).mean()) for e in own]))
    assert row.smape == pytest.approx(metrics.smape(truth, entry.forecasts))
    seeds = [np.sqrt(np.nanmean((truth - values) ** 2)) for values in entry.by_seed]
    assert row.rmse_std == pytest.approx(np.std(seeds, ddof=1) if len(seeds) > 1 else 0)
    folds = [np.sqrt(np.nanmean(errors[k] ** 2)) for k in range(K)]
    assert row.rmse_fold_std == pytest.approx(np.std(folds, ddof=1))


def test_skill_is_measured_against_the_seasonal_naive_on_the_same_points():
    board = board_of()
    base = board.row(REFERENCE).rmse
    assert board.row("gru").skill == pytest.approx(1 - board.row("gru").rmse / base)
    assert board.row(REFERENCE).skill == 0
    assert board_of(MODELS[:2]).row("gru").skill is None


def test_coverage_counts_only_folds_that_had_an_interval():
    truth, interval = truths(), MODELS[0].intervals[0]
    inside = [
        interval.lower[k, i, h] <= truth[k, i, h] <= interval.upper[k, i, h]
        for k in (1, 2)
        for i in range(3)
        for h in range(H)
        if not np.isnan(truth[k, i, h])
    ]
    assert board_of().row("lstm").coverage_80 == pytest.approx(np.mean(inside))
    assert board_of().row(REFERENCE).coverage_80 is None


def test_table_says_what_it_stands_on():
    board = board_of()
    assert (board.folds, board.seeds, board.horizon) == (K, 3, H)
    assert board.points == np.isfinite(truths()).sum()
    assert set(board.by_step) == {"lstm", "gru", REFERENCE}
    np.testing.assert_allclose(board.by_step["gru"], metrics.rmse_by_step(truths(), MODELS[1].forecasts))
    row = board.row("lstm")
    assert (row.params, row.train_seconds, row.predict_ms) == (321, 1.5, 4.0)


def test_fold_without_a_truth_does_not_spoil_the_spread_over_folds():
    gaps = truths()
    gaps[1] = NAN
    scales = np.ones((K, S))
    row = leaderboard(Backtest((), gaps, scales, scales, MODELS, refitted=True), NETWORKS).row("lstm")
    folds = [np.sqrt(np.nanmean((gaps[k] - MODELS[0].forecasts[k]) ** 2)) for k in (0, 2)]
    assert row.rmse_fold_std == pytest.approx(np.std(folds, ddof=1))


def test_each_row_is_tested_once_against_the_best():
    best, *others = (board := board_of()).rows
    assert best.p_best is None
    forecasts = {entry.name: entry.forecasts for entry in MODELS}
    for row in others:
        assert row.p_best == diebold_mariano(truths(), forecasts[best.model], forecasts[row.model])
    assert board.rows[2].p_best != board.rows[2].p_above


def forecasts_off_by(name, error, seed):
    noise = np.random.default_rng(seed).normal(0, 0.1, (K, S, H))
    return replace(model_of(name, 1), forecasts=np.nan_to_num(truths(), nan=50.0) + error + noise)


def test_ties_are_with_the_best_and_not_chained_from_row_to_row():
    """Each is less than a twentieth above the one before, so that all were ties of their neighbours."""
    chain = [forecasts_off_by(name, 10 * 1.04**i, seed=i) for i, name in enumerate(("gru", "lstm", "rnn", "ridge"))]
    swing = np.where(np.arange(K)[:, None, None] % 2, 1.0, -1.0) * np.ones((K, S, H))
    wild = replace(chain[0], name="drift", forecasts=np.nan_to_num(truths(), nan=50.0) + 14 + 12 * swing)
    board = board_of([*chain, wild])
    assert [row.model for row in board.rows] == ["gru", "lstm", "rnn", "ridge", "drift"]
    assert not board.rows[0].note
    assert all("tie" not in row.note for row in board.rows[2:])
    drift = board.rows[-1]
    assert drift.p_best > 0.05
    assert drift.note.startswith("gru is 35 % below it, but that may be chance (p = ")
    assert drift.note.endswith(", 3 origins)")


def test_baselines_that_forecast_the_same_share_one_row():
    naive = model_of("naive", 5.0, seed=2, covers=False)
    board = board_of([*MODELS, naive])
    assert [row.model for row in board.rows] == ["gru", "lstm", "naive"]
    assert board.row(REFERENCE) is board.row("naive")
    assert (board.rows[2].same, board.rows[2].skill) == (REFERENCE, 0.0)
    assert [row.same for row in board_of().rows] == ["", "", ""]


def test_forecast_that_repeats_the_last_value_is_named():
    naive = model_of("naive", 5.0, seed=7)
    shadow = replace(naive, name="lstm", forecasts=naive.forecasts + 1e-3)
    scales = np.ones((K, S))
    board = leaderboard(Backtest((), truths(), scales, scales, (naive, shadow), refitted=True), NETWORKS)
    assert "last value" in board.row("lstm").note
    assert "last value" not in board.row("naive").note


def test_naive_row_says_which_season_it_repeats_where_there_are_several():
    def note(repeats):
        return board_of(repeats=repeats).row(REFERENCE).note

    assert note(365).startswith("repeats the last 365 steps")
    assert note(1).startswith("repeats the last step")
    assert "repeats" not in note(None)


@pytest.mark.parametrize(
    ("gap", "p", "words", "chance"),
    [
        (0.099, 0.1, "9.9 % below", "p = 0.10"),
        (0.07, 0.5, "7.0 % below", "p = 0.50"),
        (0.3, 0.24, "30 % below", "p = 0.24"),
    ],
)
def test_verdict_and_note_tell_one_gap_and_one_chance_in_the_same_words(gap, p, words, chance, monkeypatch):
    monkeypatch.setattr("forecast.evaluation.leaderboard.diebold_mariano", lambda *_, **__: p)
    board = board_of([model_of("gru", 2 * (1 - gap)), model_of("lstm", 2)])
    assert board.rows[1].note.startswith(f"gru is {words} it, but that may be chance ({chance}, ")
    assert f"It is {words} lstm, but that may be chance ({chance}, " in board.verdict
