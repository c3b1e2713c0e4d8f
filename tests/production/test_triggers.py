from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from forecast.production.store.run_record import read_line
from forecast.production.store.store import Store
from forecast.production.triggers import Past, Rules, fingerprint_of, is_finished, is_same, read_past, trigger

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
DAY = timedelta(days=1)


def champion(label="v1", fingerprint="aa"):
    manifest = SimpleNamespace(data=SimpleNamespace(fingerprint=fingerprint, rows=100))
    return SimpleNamespace(label=label, created=NOW, manifest=manifest)


def run(outcome="kept", **facts):
    return read_line("shop", line(outcome, **facts))


def line(outcome="kept", **facts):
    usual = {"time": NOW.isoformat(), "outcome": outcome, "champion": "v1", "fingerprint": "bb", "asked": {}}
    return {**usual, "rows": 107, "new_rows": 7, **facts}


def fired(rules, new=0, seen=0, revised=0, age=timedelta(0), other="", drift=""):
    return trigger(rules, (new, seen), revised, age, other, lambda: drift)


def test_fingerprint_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_bytes(b"abc")
    assert fingerprint_of(str(path)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert fingerprint_of("-") is None
    assert fingerprint_of(str(tmp_path / "none.csv")) is None


@pytest.mark.parametrize(
    ("looked", "fingerprint", "asked", "same"),
    [
        (None, "aa", {}, True),  # what the champion was trained on
        (None, "aa", {"warm": True}, False),
        (None, "cc", {}, False),
        (run(), "bb", {}, True),
        (run(), "bb", {"min_gain": 0.1}, False),
        (run(asked={"min_gain": 0.1}), "bb", {"min_gain": 0.1}, True),
        (run(), None, {}, False),
    ],
)
def test_the_same_bytes_with_the_same_settings_are_not_looked_at_twice(looked, fingerprint, asked, same):
    assert is_same(Past(looked, looked, champion()), fingerprint, asked) is same


def test_a_run_is_finished_when_its_line_is_there_and_its_champion_in_use():
    past = Past(run(), run(), champion())
    assert is_finished(past, "bb")
    assert not is_finished(past, "cc")
    assert not is_finished(Past(run(), run(), champion("v2")), "bb")  # rolled back since
    assert not is_finished(Past(None, None, champion()), "aa")


def test_past_takes_the_newest_line_of_each_kind(tmp_path):
    models = Store(tmp_path).model("shop")
    models.publish({"weights.npz": b"w"}, {"data": {"rows": 100}}, NOW, champion=True)
    for number, (command, outcome, fingerprint) in enumerate(
        [("train", "trained", "aa"), ("retrain", "kept", "bb"), ("retrain", "nothing-new", "bb"),
         ("retrain", "refused", None), ("promote", "promoted", "zz")]
    ):  # fmt: skip
        models.record({**line(outcome, rows=number, fingerprint=fingerprint), "command": command})
    past = read_past(models)
    assert (past.judged.outcome, past.looked.outcome, past.rows) == ("kept", "nothing-new", 1)


def test_rows_of_a_champion_without_history_are_those_of_its_manifest():
    assert Past(None, None, champion()).rows == 100
    assert Past(None, run(), champion()).rows == 107


@pytest.mark.parametrize(
    ("judged", "asked", "seen"),
    [
        (None, {}, 0),
        (run(), {}, 7),
        (run("candidate"), {}, 7),
        (run("promoted"), {}, 0),
        (run(), {"min_gain": 0.1}, 0),
        (run(champion="v0"), {}, 0),
    ],
)
def test_rows_count_as_seen_when_the_champion_stood_its_ground_on_them(judged, asked, seen):
    assert Past(judged, judged, champion()).seen_rows(asked) == seen


def test_any_new_row_is_enough_without_rules():
    assert fired(Rules(), new=1) == ("1 new row", "")
    assert fired(Rules(), new=0) == ("", "no new rows")
    assert fired(Rules(), revised=3) == ("3 old values changed", "")


def test_rows_that_were_judged_before_count_once_against_min_new_rows():
    assert fired(Rules(min_new_rows=7), new=13, seen=7) == ("", "6 new rows, but fewer than 7 (--min-new-rows)")
    assert fired(Rules(min_new_rows=7), new=14, seen=7) == ("7 new rows", "")


@pytest.mark.parametrize("age", [7 * DAY, 30 * DAY])
def test_age_fires_from_the_day_on_and_only_with_something_new(age):
    assert fired(Rules(max_age=7 * DAY), new=1, age=age)[0] == f"the champion is {age.days} days old (--max-age)"
    assert fired(Rules(max_age=7 * DAY), new=0, age=age) == ("", "no new rows")
    assert fired(Rules(max_age=7 * DAY), new=1, age=5 * timedelta(hours=1))[0] == ""


def test_the_first_rule_that_fires_is_named():
    rules = Rules(5, 7 * DAY, on_drift=True)
    assert fired(rules, 5, age=8 * DAY, drift="moved.")[0] == "5 new rows"
    assert fired(rules, 4, age=8 * DAY, drift="moved.")[0] == "the champion is 8 days old (--max-age)"
    assert fired(rules, 4, age=DAY, drift="moved.")[0] == "drift: moved."
    assert fired(rules, 4, age=DAY)[1] == (
        "4 new rows, but fewer than 5 (--min-new-rows) and the champion is only 1 day old (--max-age) "
        "and no drift (--on-drift)"
    )


def test_drift_is_not_looked_for_unasked():
    def look():
        raise AssertionError

    assert trigger(Rules(min_new_rows=5), (1, 0), 0, DAY, "", look)[0] == ""


def test_another_recipe_needs_no_new_rows():
    assert fired(Rules(), other="--model lstm instead of gru") == ("--model lstm instead of gru", "")
