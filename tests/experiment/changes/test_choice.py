from datetime import UTC, datetime, timedelta

import pytest

from forecast.errors import ForecastError, NotFoundError, UsageError
from forecast.experiment.changes.choice import choose_pair, last_pair
from forecast.production.store.store import Store

NOW = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)


def days(count):
    return NOW + timedelta(days=count)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A model with v1 of 1 November and of the 8th, v2 of the 15th and of December, and a candidate v3."""
    models = Store(tmp_path_factory.mktemp("store")).model("shop")

    def publish(day, champion=True):
        files = {"weights.npz": b"w", "forecast.csv": b"day %d" % day}
        return models.publish(files, {}, days(day), champion=champion)

    first = publish(0)
    models.issue(b"later", first, days(7))
    second = publish(14)
    publish(20, champion=False)
    models.issue(b"in december", second, days(30))
    models.issue(b"in the same night", second, days(30) + timedelta(hours=1))
    return models


def told(pair):
    return [(mark.label, (mark.moment - NOW).days, mark.read()) for mark in (pair.before, pair.after)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [("v2", 30, b"in december"), ("v2", 30, b"in the same night")]),
        (("v1", "v2"), [("v1", 7, b"later"), ("v2", 14, b"day 14")]),  # the nearest to each other
        (("v2", "v1"), [("v2", 14, b"day 14"), ("v1", 7, b"later")]),
        (("1", "v2"), [("v1", 7, b"later"), ("v2", 14, b"day 14")]),
        (("v1",), [("v1", 7, b"later"), ("v2", 30, b"in the same night")]),
        (("2026-11-01", "2026-11-15"), [("v1", 0, b"day 0"), ("v2", 14, b"day 14")]),
        (("20261101", "2026-12-01T04"), [("v1", 0, b"day 0"), ("v2", 30, b"in the same night")]),
        (("2026-12-01 03:15", "v1"), [("v2", 30, b"in december"), ("v1", 7, b"later")]),
        (("2026-12-01T04:15:00",), [("v2", 30, b"in december"), ("v2", 30, b"in the same night")]),
        (("v1", "v3"), [("v1", 7, b"later"), ("v3", 20, b"day 20")]),
    ],
)
def test_words_name_two_forecasts(shop, words, expected):
    assert told(choose_pair(shop, words)) == expected


def test_of_a_candidate_is_said_that_it_was_never_in_use(shop):
    assert choose_pair(shop, ("v1", "v3")).notes == (
        "v3 was never in use: this is the forecast that it was saved with.",
    )


@pytest.mark.parametrize(
    ("words", "kind", "message", "hint"),
    [
        (("2026-11", "v2"), UsageError, "'2026-11' can be any of 3 forecasts: 2026-11-15 .v2.", "diff shop 2026-11-15"),
        (("2026-12-01",), UsageError, "2 forecasts: 2026-12-01T04:15:00 .v2., 2026-12-01T03", "2026-12-01T04:15:00"),
        (("2026-11-02",), NotFoundError, "at 2026-11-02 .UTC.; the nearest are of 2026-11-01 .v1. and 2026-11-08",
         "diff shop 2026-11-01"),
        (("2027",), NotFoundError, "the nearest are of 2026-12-01", "forecast diff shop"),
        (("v1", "v1"), UsageError, "v1 and v1 are one forecast of shop", "forecast diff shop compares the last two"),
        (("v3", "v3"), UsageError, "v3 and v3 are one forecast", "the last two"),
        (("2026-11-08", "2026-11-08"), UsageError, "are one forecast", "the last two"),
        (("v9",), NotFoundError, "shop has no version 'v9'", "models show shop"),
        (("champ", "v1"), NotFoundError, "has no version 'champ'", "models show shop"),
    ],
)  # fmt: skip
def test_a_word_that_names_no_single_forecast_is_asked_back(shop, words, kind, message, hint):
    with pytest.raises(kind, match=message) as error:
        choose_pair(shop, words)
    assert hint in error.value.hint


@pytest.mark.parametrize("words", [(), ("v1",), ("2026-11-01",)])
def test_one_forecast_alone_can_not_be_compared(tmp_path, words):
    models = Store(tmp_path).model("shop")
    models.publish({"weights.npz": b"w", "forecast.csv": b"one"}, {}, NOW, champion=True)
    with pytest.raises(NotFoundError, match=r"issued one forecast, of 2026-11-01 .v1.: there is no other") as e:
        choose_pair(models, words)
    assert "forecast retrain shop" in e.value.hint
    assert last_pair(models) is None


def test_a_model_that_issued_none_says_how_it_issues_one(tmp_path):
    models = Store(tmp_path).model("shop")
    models.publish({"weights.npz": b"w"}, {}, NOW, champion=True)
    with pytest.raises(NotFoundError, match="shop has issued no forecast yet") as error:
        choose_pair(models, ("v1", "v1"))
    assert error.value.hint == "forecast retrain shop issues one"


def test_what_a_prune_kept_is_compared_still(tmp_path):
    models = Store(tmp_path).model("shop")
    for day in range(3):
        models.publish({"weights.npz": b"w", "forecast.csv": b"day %d" % day}, {}, days(day), champion=True)
    before = told(choose_pair(models, ("2026-11-01", "v3")))
    models.prune(1)
    assert told(choose_pair(models, ("2026-11-01", "v3"))) == before
    assert told(choose_pair(models, ("v1", "v3"))) == before


def test_a_kept_forecast_that_was_cut_off_is_told(tmp_path):
    models = Store(tmp_path).model("shop")
    version = models.publish({"weights.npz": b"w", "forecast.csv": b"one"}, {}, NOW, champion=True)
    models.issue(b"whole", version, days(1)).write_bytes(b"who")
    with pytest.raises(ForecastError, match="can't be compared: it is cut off or was changed"):
        choose_pair(models, ()).after.read()
