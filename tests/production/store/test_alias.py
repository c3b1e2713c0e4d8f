import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forecast.production.store.alias import Alias
from forecast.production.store.json_document import NewerStoreError
from forecast.widening import USUAL, Widening

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
A, B, C = (f"2026010{day}T031500Z-4f2a91c0" for day in (1, 2, 3))


def test_an_alias_comes_back_from_its_bytes_as_it_was():
    alias = Alias(last_number=7).moved_to(A, NOW).moved_to(B, NOW)
    assert Alias.from_bytes(alias.to_bytes()) == alias == Alias(B, NOW, (A,), 7)


def test_going_back_forgets_the_champions_since():
    alias = Alias().moved_to(A, NOW).moved_to(B, NOW).moved_to(C, NOW)
    assert alias.back_at(A, NOW) == Alias(A, NOW, ())
    assert alias.back_at(B, NOW) == Alias(B, NOW, (A,))


def test_going_back_to_a_version_that_was_champion_twice_goes_to_its_last_time():
    alias = Alias(C, NOW, (A, B, A))
    assert alias.back_at(A, NOW) == Alias(A, NOW, (A, B))


def test_going_back_to_a_version_that_was_no_champion_drops_only_the_present_one():
    alias = Alias().moved_to(A, NOW).moved_to(B, NOW)
    assert alias.back_at(C, NOW) == Alias(C, NOW, (A,))


def test_the_file_stays_small_after_ten_thousand_promotions():
    alias = Alias()
    for number in range(10_000):
        alias = alias.moved_to((A, B)[number % 2], NOW)
    assert len(alias.to_bytes()) < 8192


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [
        ("champion", None, "names no version"),
        ("champion", "../../../etc", "names no version"),
        ("before", None, "no list of earlier champions"),
        ("before", [".."], "no list of earlier champions"),
        ("last_number", None, "no last version number"),
        ("last_number", -1, "no last version number"),
        ("since", None, "has no time"),
        ("since", "noon", "has no time"),
        ("widened", None, "widened is None"),
        ("widened", {"factor": "wide"}, "widened.factor is 'wide'"),
        ("widened", {"factor": 99.0}, "widens intervals by nothing that can be"),
        ("widened", {"factor": 0.0}, "widens intervals by nothing that can be"),
    ],
)
def test_a_damaged_field_is_refused(key, value, match):
    document = json.loads(Alias(A, NOW).to_bytes())
    with pytest.raises(ValueError, match=match):
        Alias.from_bytes(json.dumps({**document, key: value}).encode())


def test_an_alias_of_a_newer_program_is_not_guessed_at():
    with pytest.raises(NewerStoreError, match="newer forecast"):
        Alias.from_bytes(b'{"schema_version": 99}')


def test_how_wide_intervals_are_comes_back_and_an_early_alias_says_nothing_of_it():
    widening = Widening(1.14, 80, 0.62, 56, 8, "2026-01-02T03:15:00+00:00")
    alias = replace(Alias(A, NOW, (), 1), widened=widening)
    assert Alias.from_bytes(alias.to_bytes()) == alias
    early = Alias(A, NOW, (), 1).to_bytes()
    assert b"widened" not in early
    assert Alias.from_bytes(early).widened == USUAL


def test_another_champion_has_its_own_intervals_unless_they_are_passed_on():
    alias = replace(Alias(A, NOW, (), 1), widened=Widening(1.14))
    assert alias.moved_to(B, NOW).widened == alias.moved_to(B, NOW).back_at(A, NOW).widened == USUAL
    assert alias.moved_to(B, NOW, Widening(1.14)).widened.factor == 1.14
