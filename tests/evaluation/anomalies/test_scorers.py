"""What is reckoned piece by piece, side by side or of all series at once is what it would be otherwise."""

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.evaluation.anomalies import calibration, detector, scorers
from forecast.evaluation.anomalies.calibration import calibrate, episode_scale
from forecast.evaluation.anomalies.search import AnomalyInput, search
from forecast.evaluation.anomalies.subsequence import distances_in_size, in_size, over_steps, usual_shapes, windows_of
from forecast.models import parallel
from forecast.models.parallel import in_pieces


def shops(count=30, steps=90):
    rng, t = np.random.default_rng(3), np.arange(steps)
    values = 100 + 10 * np.sin(2 * np.pi * t / 7) + rng.standard_t(4, (count, steps)) * 3
    values[5, 40:44] = np.nan
    return [own[: steps - (i % 3)] for i, own in enumerate(values)]


def test_pieces_and_threads_change_nothing():
    values = np.random.default_rng(0).normal(size=5 * parallel.PIECE + 3)
    whole = np.exp(values) + values
    for threads in (1, 2):
        assert (in_pieces(lambda x, y: np.exp(x) + y, values, values, threads=threads) == whole).all()


def test_alarms_are_the_same_whatever_the_threads_and_the_blocks(monkeypatch):
    panel = panel_from_series(shops(), "D")

    def told(threads):
        found = search(AnomalyInput(panel, (7,)), "auto", 0.01, threads=threads)
        return found.episodes, found.scores.rarity

    episodes, rarity = told(1)
    for module, name, size in ((scorers, "TOGETHER", 200), (scorers, "BLOCKS", 1), (parallel, "PIECE", 64)):
        monkeypatch.setattr(module, name, size)
    monkeypatch.setattr(parallel, "RUN", 256)
    monkeypatch.setattr(detector, "MANY", 1)
    again, other = told(2)
    assert len(episodes) > 3
    assert [(one.series, one.kind, one.onset, one.peak) for one in again] == [
        (one.series, one.kind, one.onset, one.peak) for one in episodes
    ]
    assert other == pytest.approx(rarity, rel=1e-9, nan_ok=True)


def test_scores_of_which_only_the_topmost_are_put_in_order_are_as_rare(monkeypatch):
    monkeypatch.setattr(calibration, "MOST", 5_000)
    scores = np.abs(np.random.default_rng(1).standard_t(5, 60_000))
    usual = calibrate(scores).rarity(scores)
    monkeypatch.setattr(calibration, "SOME", 20_000)
    fewer = calibrate(scores).rarity(scores)
    top = usual < 0.1
    assert fewer[top] == pytest.approx(usual[top], rel=1e-6)
    assert fewer == pytest.approx(usual, abs=0.01)


def test_the_ranks_of_most_scores_are_looked_up_to_a_thousandth():
    scores = np.abs(np.random.default_rng(2).normal(size=20_000))
    scale = calibrate(scores)
    assert scale.rarity(scores) == pytest.approx((scores[:, None] <= np.sort(scores)[::40]).mean(axis=1), abs=4e-3)
    told = scale.rarity(np.linspace(0, 5, 5_000))
    assert (np.diff(told) <= 1e-12).all()


@pytest.mark.parametrize("steps", [14, 48])
def test_shapes_of_many_series_are_as_far_as_those_of_each(steps):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4, 300)).cumsum(axis=1) + 1e6
    values[1, 50:60] = np.nan
    values[2] = 5.0
    values[3] = np.nan
    usual = usual_shapes(in_size(windows_of(values[0], steps)))
    far = distances_in_size(values, usual, steps)
    for own, told in zip(values[:3], far, strict=False):
        seen = np.flatnonzero(~np.isnan(own))
        distances = usual.distances(in_size(windows_of(np.interp(np.arange(300), seen, own[seen]), steps)))
        assert told == pytest.approx(over_steps(distances / np.median(distances), 300), rel=1e-4)
    assert np.isnan(far[3]).all()


@pytest.mark.parametrize("span", [5, 40])
def test_an_episode_that_began_before_the_judged_span_is_counted_in_it(span):
    rng = np.random.default_rng(0)
    rare = np.repeat(rng.random(60_000), 8)  # eight steps each
    starts = np.arange(len(rare)) == 0
    scale = episode_scale(rare, starts, 1, span=span)
    judged = np.repeat(rng.random(60_000), 8).reshape(-1, 480)[:, 100 : 100 + span]
    told = scale.rarity(judged.ravel()).reshape(judged.shape) <= 0.002
    episodes = told[:, 0].sum() + (told[:, 1:] & ~told[:, :-1]).sum()
    assert 1 / 1.4 < episodes / judged.size / 0.002 < 1.4
    without = episode_scale(rare, starts, 1).rarity(judged.ravel()).reshape(judged.shape) <= 0.002
    assert without.sum() > told.sum()
