from datetime import UTC, datetime

import pytest

from forecast.production.fleet import SLACK, Turn, are_several, in_turn, matching, share_of

NAMES = ("kiosk", "shop-1", "shop-2")


def on(day):
    return datetime(2026, 1, day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "meant", "left"),
    [
        (("shop-*",), ("shop-1", "shop-2"), ()),
        (("shop-2", "kiosk", "shop-2"), ("kiosk", "shop-2"), ()),
        (("shop-[!2]", "*osk"), ("kiosk", "shop-1"), ()),
        (("shp-*", "kiosk"), ("kiosk",), ("shp-*",)),
        (("SHOP-1",), (), ("SHOP-1",)),  # names differ by case
    ],
)
def test_words_name_models_or_match_them_each_once(words, meant, left):
    assert matching(words, NAMES) == (meant, left)


@pytest.mark.parametrize(
    ("words", "several"),
    [
        ((), False),
        (("kiosk",), False),
        (("kiosk", "newest.csv"), False),
        (("kiosk", "shop-1"), True),
        (("kiosk", "shop-1", "newest.csv"), True),
        (("shop-*",), True),
        (("kiosk", "data[1].csv"), False),  # a file is no pattern
    ],
)
def test_several_models_are_told_from_a_model_and_its_data(words, several, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data[1].csv").touch()
    assert are_several(words, NAMES) is several


def test_second_word_that_is_a_file_is_data_even_where_a_model_is_called_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop-1").touch()
    assert not are_several(("kiosk", "shop-1"), NAMES)


def test_stalest_model_comes_first_and_one_that_never_ended_before_all():
    turns = [Turn("a", on(3), 1.0), Turn("b", on(1), 1.0), Turn("c", None, None), Turn("d", on(1), 1.0)]
    assert [turn.name for turn in in_turn(turns)] == ["c", "b", "d", "a"]


def test_share_is_fair_and_larger_where_the_others_need_less():
    quick, slow = Turn("a", None, 1.0), Turn("b", None, 90.0)
    assert share_of(60, [slow, quick]) == 60 - SLACK  # the quick one needs one second
    assert share_of(60, [quick, slow]) == 30  # the slow one would want all
    assert share_of(60, [quick]) == 60
    assert (
        share_of(60, [quick, Turn("c", None, None), slow]) == 20
    )  # of unknown length: as the others are in the middle
