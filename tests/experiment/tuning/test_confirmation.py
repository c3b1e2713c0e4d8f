"""The confirmation: settings win only where time, series and seeds all say so."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.columns.roles import Columns
from forecast.data.reading.reader import Reading
from forecast.errors import DataError
from forecast.experiment.tuning.confirmation import FRESH, Contestant, fresh_seeds, judge
from forecast.experiment.tuning.confirmation_span import search_part, tuning_plan
from forecast.specs import Settings
from forecast_examples import panel_of

K, S, H, R = 3, 12, 6, 3


def contestant(truths, errors_of):
    """A contestant whose forecasts err as told, by seed."""
    by_seed = np.stack([truths + errors_of(seed) for seed in range(R)])
    joint = by_seed.mean(axis=0)

    def size(forecasts):
        return np.sqrt(np.nanmean((truths - forecasts) ** 2, axis=-1))

    return Contestant(truths, joint, by_seed, size(joint), np.stack([size(each) for each in by_seed]), "2024-01-01")


@pytest.fixture
def truths():
    return np.random.default_rng(0).normal(100, 5, (K, S, H))


def noise(seed, size=1.0):
    return size * np.random.default_rng(100 + seed).normal(size=(K, S, H))


def test_settings_that_err_half_as_much_win(truths):
    base = noise(99)
    found = judge(
        contestant(truths, lambda seed: base + noise(seed, 0.1)),
        contestant(truths, lambda seed: 0.5 * base + noise(seed, 0.1)),
        "rmsse",
        1,
    )
    assert found.is_better
    assert 0.4 < found.gain < 0.6
    assert found.words.endswith("They win.")
    assert (found.seeds_won, found.seeds) == (R, R)


def test_more_looks_at_one_span_ask_for_more(truths):
    base = noise(99)
    default, best = (contestant(truths, lambda seed, f=f: f * base + noise(seed, 0.1)) for f in (1.0, 0.9))
    p = judge(default, best, "rmsse", 1).p
    looks = int(0.05 / p) + 2
    assert judge(default, best, "rmsse", 1).is_better
    later = judge(default, best, "rmsse", looks)
    assert not later.is_better
    assert f"looked at {looks} times" in later.words


def test_settings_that_err_a_little_less_by_chance_are_a_tie_and_the_default_stays(truths):
    found = judge(contestant(truths, noise), contestant(truths, lambda seed: noise(seed + 7) * 0.995), "rmsse", 1)
    assert not found.is_better
    assert found.words.endswith("The default stays.") or found.words.endswith("the default stays.")


def test_settings_that_err_more_are_said_to(truths):
    base = noise(1)
    found = judge(contestant(truths, lambda _: base), contestant(truths, lambda _: 1.2 * base), "mase", 1)
    assert "err 20 % more than the default" in found.words
    assert not found.is_better


@pytest.mark.parametrize(("share", "is_better"), [(0.985, False), (0.97, True)])
def test_a_gain_that_the_next_origin_may_turn_round_is_a_tie_however_many_series_agree(share, is_better):
    truths = np.random.default_rng(0).normal(100, 5, (1, 200, H))
    base = np.random.default_rng(1).normal(size=truths.shape)
    default, best = (contestant(truths, lambda _, f=f: f * base) for f in (1.0, share))
    found = judge(default, best, "rmsse", 1)
    assert found.p < 0.001
    assert found.least_gain == pytest.approx(1.96 * 0.012)
    assert found.is_better is is_better
    if not is_better:
        assert "err 1.5 % less than the default" in found.words
        assert found.words.endswith("at least 2.4 % is asked for. That is a tie, and the default stays.")


def test_gain_of_one_seed_alone_is_no_gain(truths):
    base = noise(3)
    lucky = contestant(truths, lambda seed: (0.05 if seed == 0 else 1.02) * base)
    assert not judge(contestant(truths, lambda _: base), lucky, "rmsse", 1).is_better


def test_chance_wins_seldom():
    """One in forty would, if errors were as the tests suppose; of 60 confirmations of nothing, few may."""
    won = 0
    for draw in range(60):
        rng = np.random.default_rng(draw)
        truths = rng.normal(size=(K, 4, H))
        common = rng.normal(size=(K, 4, H))
        first, second = (rng.normal(size=(K, 4, H)) for _ in range(2))
        default, best = (contestant(truths, lambda seed, own=common + 0.5 * own: own) for own in (first, second))
        won += judge(default, best, "rmsse", 1).is_better
    assert won <= 4


def test_seeds_of_the_confirmation_are_none_of_the_search():
    fresh = fresh_seeds(Settings(seed=3, seeds=1))
    assert (fresh.seed, fresh.seeds) == (3 + FRESH, 2)


@pytest.mark.parametrize(
    ("folds", "span"), [(1, "On the last 6 steps, which"), (3, "On the last 3 folds × 6 steps, which")]
)
def test_the_span_is_said_as_a_person_would(truths, folds, span):
    found = judge(contestant(truths, noise), contestant(truths, noise), "rmsse", 1)
    assert replace(found, folds=folds).words.startswith(span)


def planned(reading, settings, confirm):
    plan = tuning_plan(reading.panel, settings, confirm)
    return search_part(reading, settings, plan.folds if confirm is None else confirm)


@pytest.mark.parametrize(
    ("steps", "horizon", "folds", "confirm"),
    [
        *((60, 12, None, 30), (60, 12, 20, None), (60, 30, None, None), (60, 12, 9, 1), (26, 5, 4, 4)),
        *((26, None, None, 8), (29, 12, 1, 1)),
    ],
)
def test_what_is_offered_where_data_is_short_has_room_for_search_and_confirmation(steps, horizon, folds, confirm):
    panel = panel_of(steps=steps)
    reading = Reading("a.csv", None, steps, Columns("day", ("sales",), ()), panel, (), "")
    settings = Settings(horizon=horizon, folds=folds)
    with pytest.raises(DataError, match=r"too few to search on .* and to confirm on .* more are needed") as refused:
        planned(reading, settings, confirm)
    words = refused.value.hint.split(",")[0].split()
    offered = {flag: int(number) for flag, number in zip(words[::2], words[1::2], strict=True)}
    settings = replace(settings, folds=offered["--folds"], horizon=offered.get("--horizon", horizon))
    assert len(planned(reading, settings, offered["--confirm"]).panel)


def test_rows_that_hold_no_confirmation_at_all_are_to_be_added():
    with pytest.raises(DataError, match="1 row more is needed") as refused:
        planned(SimpleNamespace(panel=panel_of(steps=4)), Settings(), None)
    assert refused.value.hint == "add rows: 5 are the least to search and to confirm with"
