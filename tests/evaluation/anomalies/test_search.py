"""What is found in made-up series, what is not, and what no forecast may know."""

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.errors import DataError
from forecast.evaluation.anomalies.detector import score_steps
from forecast.evaluation.anomalies.episodes import Episode, expectation
from forecast.evaluation.anomalies.reasons import reason_of
from forecast.evaluation.anomalies.residuals.autoregression import corrected
from forecast.evaluation.anomalies.residuals.residuals import residuals_of
from forecast.evaluation.anomalies.residuals.smoothing_bank import step_forecasts
from forecast.evaluation.anomalies.search import LEAST_STEPS, AnomalyInput, search
from forecast.evaluation.anomalies.settings import SETTINGS

STEPS, SPIKE, DIP, SHIFT = 350, 120, 160, 250


def wave(seed=0, steps=STEPS):
    rng, t = np.random.default_rng(seed), np.arange(steps)
    return 100 + 10 * np.sin(2 * np.pi * t / 7) + rng.normal(0, 2, steps)


@pytest.fixture(scope="module")
def spoilt():
    values = wave()
    values[SPIKE] += 40
    values[DIP] -= 40
    values[SHIFT:] += 30
    return panel_from_series([values], "D", target="sold")


@pytest.fixture(scope="module")
def found(spoilt):
    return search(AnomalyInput(spoilt, (7,)), "auto", 0.001)


def test_spikes_dips_and_levels_are_told_apart_each_once(found):
    told = {(episode.kind, episode.onset) for episode in found.episodes if episode.false_discoveries < 0.1}
    assert {("spike", SPIKE), ("dip", DIP), ("level shift", SHIFT)} <= told
    assert len(found.episodes) <= 4


def test_an_outage_is_one_dip_from_its_first_step_to_its_last_and_a_week_above_one_spike():
    values = wave(1)
    values[SPIKE : SPIKE + 4] = 0
    values[SHIFT : SHIFT + 7] += 40
    episodes = search(AnomalyInput(panel_from_series([values], "D"), (7,)), "auto", 0.001).episodes
    told = {(one.kind, one.onset, one.end) for one in episodes if one.false_discoveries < 0.1}
    assert told == {("dip", SPIKE, SPIKE + 3), ("spike", SHIFT, SHIFT + 6)}


def test_a_spike_and_an_outage_a_week_later_are_two_episodes_though_windows_hold_both():
    values = wave(2, 330)
    values[305] = 300
    values[310:314] = 0
    panel = panel_from_series([values], "D")
    found = search(AnomalyInput(panel, (7,)), "auto", 0.001, int(panel.first[0]) + 300).episodes
    assert [(one.kind, one.onset, one.end) for one in found] == [("spike", 305, 305), ("dip", 310, 313)]


@pytest.mark.parametrize("seed", [0, 3, 5])
def test_two_stretches_of_a_short_series_do_not_hide_each_other(seed):
    """They are a tenth of all scores: a tail that holds them explains them."""
    values = wave(seed)
    values[120:124] -= 40
    values[250:257] += 40
    told = search(AnomalyInput(panel_from_series([values], "D")), "auto", 0.001).episodes
    assert [episode.kind for episode in told] == ["dip", "spike"]


def test_every_episode_holds_the_step_that_is_told_of_it(found):
    assert all(one.onset <= one.peak <= one.end for one in found.episodes)


def test_sizes_are_in_the_unit_of_the_target(found):
    sizes = {episode.kind: episode.size for episode in found.episodes}
    assert sizes["spike"] == pytest.approx(40, abs=8)
    assert sizes["level shift"] == pytest.approx(30, abs=5)


def test_reasons_tell_what_came_and_what_was_expected(found, spoilt):
    spike = next(episode for episode in found.episodes if episode.kind == "spike")
    reason = reason_of(spike, spoilt)
    assert reason.startswith("sold 1")
    assert reason.endswith("expected, a Friday")
    shift = next(episode for episode in found.episodes if episode.kind == "level shift")
    assert "more from here on than before" in reason_of(shift, spoilt)


@pytest.mark.parametrize(
    ("kind", "steps", "size", "reason"),
    [
        ("variance", 1, 4.0, "around it, values vary more than usual"),
        ("variance", 5, 1.1, "for 5 steps, values vary more than usual"),
        ("variance", 5, 2.14, "for 5 steps, values are 2.1 times as far from what was expected as usual"),
        ("shape", 1, 0.0, "around it, the series runs unlike anywhere else"),
        ("shape", 14, 0.0, "for 14 steps, the series runs unlike anywhere else"),
    ],
)
def test_reasons_of_stretches_are_sentences_of_one_step_and_of_several(spoilt, kind, steps, size, reason):
    episode = Episode(0, kind, 50, 50 + steps - 1, 50, 1.0, 1.0, 0.0, 2.0, size, 1e-4)
    assert reason_of(episode, spoilt) == reason


def test_expected_ranges_hold_about_95_of_100_usual_values(spoilt, found):
    inside = (spoilt.values >= found.told.lower) & (spoilt.values <= found.told.upper)
    assert 0.9 < inside[found.scores.residuals.forward > 0].mean() < 0.98


def followed(values):
    made = step_forecasts(values[None], (7,), SETTINGS)
    return corrected(values[None], made, (7,), SETTINGS)


def test_no_forecast_and_no_scale_knows_its_own_step_or_a_later_one():
    values = wave(steps=120)
    poisoned = values.copy()
    poisoned[80:] = 1e6 * np.arange(40)
    plain, other = followed(values), followed(poisoned)
    unit = plain.scale[0, 80] / other.scale[0, 80]
    assert other.expected[0, :81] == pytest.approx(plain.expected[0, :81], rel=1e-6)
    assert unit == pytest.approx(1, rel=1e-6)
    assert other.expected[0, 90] != pytest.approx(plain.expected[0, 90])  # the test can fail


def test_a_series_is_followed_alike_alone_and_beside_others_that_are_young_have_gaps_or_new_levels():
    together = np.stack([wave(seed, 120) for seed in range(4)])
    together[1, :60] = np.nan
    together[2, 70:] += 50
    together[3, 40:44] = np.nan
    made = step_forecasts(together, (7,), SETTINGS)
    for row, values in enumerate(together):
        alone = step_forecasts(values[None], (7,), SETTINGS)
        assert made.expected[row] == pytest.approx(alone.expected[0], rel=1e-12)
        assert made.scale[row] == pytest.approx(alone.scale[0], rel=1e-12)


def test_an_outlier_moves_the_next_forecasts_little():
    values = wave(steps=120)
    spoilt = values.copy()
    spoilt[80] += 1e6
    assert followed(spoilt).expected[0, 81:] == pytest.approx(followed(values).expected[0, 81:], abs=6)


def test_a_spike_of_the_past_does_not_hide_the_next(spoilt):
    values = spoilt.values.copy()
    values[SPIKE + 7] += 40  # a season later
    again = search(AnomalyInput(panel_from_series([values], "D"), (7,)), "point", 0.001)
    assert {SPIKE, SPIKE + 7} <= {episode.peak for episode in again.episodes}


@pytest.mark.parametrize("kind", ["flat", "backwards"])
def test_a_season_of_another_shape_is_found_where_no_value_is_unusual(kind):
    t = np.arange(900)
    values = 10 * ((t % 12) / 12) ** 2 + np.random.default_rng(0).normal(0, 0.3, 900)
    own = values[480:504]
    values[480:504] = own[::-1] if kind == "backwards" else own.mean()
    found = search(AnomalyInput(panel_from_series([values], "h"), (12,)), "shape", 0.001)
    assert len(found.episodes) == 1
    assert found.episodes[0].onset < 504
    assert found.episodes[0].end >= 480


def test_series_without_a_change_are_expected():
    values = np.full(200, 5.0)
    assert search(AnomalyInput(panel_from_series([values], "D"), ()), "auto", 0.001).episodes == ()
    values[150] = 6.0
    found = search(AnomalyInput(panel_from_series([values], "D"), ()), "point", 0.001)
    assert [episode.peak for episode in found.episodes] == [150]


def test_gaps_are_neither_scored_nor_told():
    values = wave(steps=200)
    values[100:110] = np.nan
    panel = panel_from_series([values], "D")
    scores = score_steps(panel, residuals_of(panel, (7,)), 7)
    assert np.isnan(scores.rarity[100:110]).all()
    assert np.isfinite(expectation(panel, scores).expected[100:110]).all()


def test_too_little_history_says_how_much_is_needed():
    panel = panel_from_series([np.arange(12.0)], "D")
    with pytest.raises(DataError, match=f"12 values of a series say too little .* {LEAST_STEPS} are needed"):
        search(AnomalyInput(panel), "auto", 0.001)
    with pytest.raises(DataError, match="before --since"):
        search(AnomalyInput(panel_from_series([wave()], "D")), "auto", 0.001, since=10)


def test_even_noise_within_bounds_makes_no_alarm_beyond_chance():
    steps = np.arange(100)
    values = 20 + 0.1 * steps + 3 * np.sin(2 * np.pi * steps / 7) + (7919 * steps % 13) / 13
    found = search(AnomalyInput(panel_from_series([values], "D"), (7,)), "auto", 0.001)
    assert [episode for episode in found.episodes if episode.false_discoveries < 0.1] == []


def test_a_spike_is_told_alone_without_the_steps_around_it(found):
    [spike] = [episode for episode in found.episodes if episode.kind == "spike"]
    assert (spike.onset, spike.end) == (SPIKE, SPIKE)
