import numpy as np
import pytest

from forecast.data.checks.season_evidence import STILL, UNKNOWN, season_evidence
from generated import growing_season, noise, random_walk


def evidence(series, season):
    return season_evidence([series], season)[0]


def test_strength_is_the_known_share_of_season_and_noise_and_lies_within_its_range():
    rng = np.random.default_rng(0)
    t = np.arange(320)
    series = np.sqrt(2) * 2 * np.sin(2 * np.pi * t / 8) + rng.normal(0, 1, t.size)  # variances 4 and 1
    found = evidence(series, 8)
    assert found.strength == pytest.approx(0.8, abs=0.05)
    assert found.low < 0.8 < found.high < found.low + 0.2


def test_range_holds_the_true_share_as_often_as_it_says():
    rng, t, held = np.random.default_rng(1), np.arange(60), 0
    for _ in range(100):
        found = evidence(np.sin(2 * np.pi * t / 12) + rng.normal(0, 0.7, t.size), 12)  # 0.5 and 0.49
        held += found.low <= 0.505 <= found.high
    assert 80 <= held <= 99


@pytest.mark.parametrize("kind", [noise, random_walk])
@pytest.mark.parametrize(("season", "steps"), [(12, 24), (12, 120), (4, 12), (7, 400), (52, 160)])
@pytest.mark.slow
def test_p_values_of_what_has_no_season_are_small_no_more_often_than_they_say(kind, season, steps):
    rng = np.random.default_rng(2)
    p = np.array([one.p_value for one in season_evidence([kind(rng, steps) for _ in range(300)], season)])
    assert (p <= 0.01).sum() <= 10
    assert (p <= 0.1).sum() <= 50


def test_season_is_seen_whatever_the_unit_and_the_level():
    series = growing_season(np.random.default_rng(2), 120)
    found = evidence(series, 12)
    assert found.strength > 0.9
    scaled, moved = evidence(1000 * series, 12), evidence(series - 500, 12)
    assert scaled.strength == pytest.approx(found.strength)
    assert moved.strength > 0.8


def test_series_are_judged_each_by_itself_whatever_stands_beside_them():
    rng = np.random.default_rng(3)
    series = [growing_season(rng, steps) for steps in (120, 40, 120, 20)]
    together = season_evidence(series, 12)
    for own, one in zip(series, together, strict=True):
        alone = evidence(own, 12)
        assert (one.p_value, one.strength) == (pytest.approx(alone.p_value), pytest.approx(alone.strength))


@pytest.mark.parametrize(("steps", "season"), [(23, 12), (30, 1), (0, 12), (4, 2)])
def test_too_short_series_say_nothing(steps, season):
    assert evidence(np.arange(steps, dtype=float), season) == UNKNOWN


def test_constant_series_has_no_season():
    assert evidence(np.full(48, 7.0), 12) == STILL
    assert evidence(np.zeros(48), 12) == STILL


@pytest.mark.parametrize("curve", ["square", "cube", "logistic", "one cycle in all"])
def test_smooth_growth_is_no_season(curve):
    t = np.linspace(-1, 1, 48)
    series = {
        "square": 100 + 40 * t**2,
        "cube": 100 + 40 * t**3,
        "logistic": 100 / (1 + np.exp(-5 * t)),
        "one cycle in all": 100 + 20 * np.sin(np.pi * t),
    }[curve] + np.random.default_rng(5).normal(0, 1, 48)
    assert evidence(series, 12).p_value > 0.01
