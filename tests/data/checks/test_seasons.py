import numpy as np
import pytest

from forecast.data.checks import seasons
from forecast.data.checks.season_evidence import season_evidence
from forecast.data.checks.seasons import season_line, seasons_of
from forecast.data.panel import panel_from_series
from forecast.decoding import decode
from forecast.experiment.versions.stored_model import naive_season_of
from forecast.production.store.manifest import Manifest
from generated import growing_season, noise, random_walk
from marks import slow


def calm(steps, seed=1):
    return np.random.default_rng(seed).normal(100, 5, steps)


def cycles(steps, season, swing, noise=1.0, seed=0):
    t = np.arange(steps)
    return 100 + swing * np.sin(2 * np.pi * t / season) + np.random.default_rng(seed).normal(0, noise, steps)


def test_seasons_say_how_many_series_have_them():
    rng = np.random.default_rng(30)
    panel = panel_from_series([growing_season(rng, 120), growing_season(rng, 120), calm(120), calm(120, 2)], "MS")
    (season,) = seasons_of(panel)
    assert (season.steps, season.share) == (12, 0.5)
    assert season.strength > 0.8
    assert season.verdict == "strong"
    (short,) = seasons_of(panel.tail(20))
    assert (short.verdict, short.is_seen) == ("too short to tell", False)


def test_one_outlier_does_not_hide_the_season():
    series = growing_season(np.random.default_rng(32), 120)
    series[50] = 9000
    assert seasons_of(panel_from_series([series], "MS"))[0].strength > 0.9


def test_longer_season_is_what_the_shorter_one_leaves():
    t = np.arange(24 * 7 * 6)
    hours = 100 + 20 * np.sin(2 * np.pi * t / 24) + np.random.default_rng(31).normal(0, 1, t.size)
    day, week = seasons_of(panel_from_series([hours], "h"))
    assert day.strength > 0.9
    assert week.strength < 0.1


@pytest.mark.parametrize(
    ("frequency", "steps", "season"),
    [("MS", 24, 12), ("MS", 37, 12), ("QS", 12, 4), ("D", 21, 7), ("h", 72, 24), ("W-SUN", 110, 52), ("D", 760, 365)],
)
def test_two_or_three_clean_cycles_are_a_strong_season(frequency, steps, season):
    panel = panel_from_series([cycles(steps, season, 12)], frequency)
    found = {one.steps: one for one in seasons_of(panel)}[season]
    assert found.verdict == "strong"
    assert 0.9 < found.low < found.strength < found.high <= 1


@pytest.mark.parametrize("shape", ["with a trend", "multiplicative", "a spike a year", "on a level that wanders"])
def test_season_is_seen_in_any_usual_form(shape):
    rng, t = np.random.default_rng(6), np.arange(48)
    wave = np.sin(2 * np.pi * t / 12)
    series = {
        "with a trend": 100 + 3 * t + 10 * wave + rng.normal(0, 2, 48),
        "multiplicative": 100 * 1.03**t * (1 + 0.3 * wave) * np.exp(rng.normal(0, 0.05, 48)),
        "a spike a year": 100 + 40 * (t % 12 == 11) + rng.normal(0, 4, 48),
        "on a level that wanders": 100 + np.cumsum(rng.normal(0, 2, 48)) + 15 * wave,
    }[shape]
    assert seasons_of(panel_from_series([series], "MS"))[0].is_seen


@pytest.mark.parametrize("kind", [noise, random_walk])
@pytest.mark.parametrize(
    ("frequency", "steps"), [("MS", 30), slow("MS", 60), ("D", 90), slow("W-SUN", 130), slow("B", 250)]
)
def test_noise_and_walks_are_said_to_have_a_season_once_in_a_hundred(kind, frequency, steps):
    rng = np.random.default_rng(7)
    found = [seasons_of(panel_from_series([kind(rng, steps)], frequency))[0] for _ in range(30)]
    assert sum(season.is_seen for season in found) <= 2


def test_few_cycles_without_a_season_are_too_short_to_tell_and_many_are_none():
    for steps in (23, 24, 36, 47):
        assert seasons_of(panel_from_series([calm(steps)], "MS"))[0].verdict == "too short to tell"
    assert seasons_of(panel_from_series([calm(240)], "MS"))[0].verdict == "none"


@pytest.mark.slow
def test_chance_seasons_among_many_series_are_none_of_the_panel():
    rng = np.random.default_rng(8)
    panels = [panel_from_series(list(rng.normal(100, 5, (10, 60))), "MS") for _ in range(50)]
    found = [seasons_of(panel)[0] for panel in panels]
    assert sum(season.share > 0 for season in found) > 2  # of five hundred series, some seem to
    assert sum(season.is_seen for season in found) <= 2


def test_season_that_was_asked_for_is_judged_in_place_of_the_usual_ones():
    panel = panel_from_series([cycles(90, 9, 5)], "MS")
    assert [(one.steps, one.verdict) for one in seasons_of(panel, (9,))] == [(9, "strong")]


def test_constant_and_empty_series_have_none():
    panel = panel_from_series([np.full(60, 7.0), np.full(60, 0.0)], "MS")
    assert seasons_of(panel)[0].verdict == "none"
    assert seasons_of(panel_from_series([[*np.full(59, np.nan), 1.0]], "MS"))[0].is_seen is False


def test_line_says_verdict_strength_and_its_range():
    panel = panel_from_series([cycles(900, 7, 5)], "D")
    line = season_line(seasons_of(panel))
    assert line == "7 steps (strong, 95 % of the movement, likely 94 to 96)"
    assert season_line(seasons_of(panel.tail(13))) == "7 steps (too short to tell), 365 steps (too short to tell)"
    assert season_line(()) == "none"


def test_versions_of_early_programs_are_compared_with_the_season_of_the_model():
    assert naive_season_of(decode(Manifest, {"season": 7})) == 7
    assert naive_season_of(decode(Manifest, {"season": 7, "naive_season": 365})) == 365


def test_large_panel_is_judged_by_a_hundred_series_or_more(monkeypatch):
    asked = []

    def evidence(series, season):
        asked.append(len(series))
        return season_evidence(series, season)

    monkeypatch.setattr(seasons, "season_evidence", evidence)
    [season] = seasons_of(panel_from_series([cycles(24, 12, 30.0)] * 20_000, "MS"))
    assert season.verdict == "strong"
    assert asked[0] >= seasons.MOST_SERIES
