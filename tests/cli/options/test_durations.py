from datetime import UTC, datetime, timedelta

import pytest

from forecast.cli.options.arguments import parse_since, parse_time_limit
from forecast.durations import parse_duration
from forecast.errors import UsageError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LENGTHS = [
    ("60s", 60),
    ("2m", 120),
    ("30min", 1800),
    ("1.5h", 5400),
    (".5h", 1800),
    ("1.5 h", 5400),
    (" 2 Min", 120),
    ("12h", 43200),
    ("7d", 604800),
    ("3 days", 259200),
    ("2W", 1209600),
    ("1h30m", 5400),
    ("1d 2h", 93600),
]
NONE = ["", "soon", "d", "-5s", "-3d", "1e3", "1:30", "nan", "60 s s", "1m1m", "1y", "7x", "7donkeys", "3month", "5 7d"]


@pytest.mark.parametrize(("text", "seconds"), LENGTHS)
def test_every_flag_reads_one_grammar(text, seconds):
    assert parse_duration("--max-age", text) == timedelta(seconds=seconds)
    assert parse_time_limit(text) == seconds
    assert parse_since(text, NOW) == NOW - timedelta(seconds=seconds)


def test_number_alone_is_seconds_where_no_date_could_be_meant():
    assert parse_time_limit("90") == 90
    with pytest.raises(UsageError, match="is neither a date nor a length of time"):
        parse_since("90", NOW)


@pytest.mark.parametrize("text", [*NONE, "0", "0m"])
def test_what_is_no_length_of_time_is_refused(text):
    with pytest.raises(UsageError, match="is not a length of time") as caught:
        parse_time_limit(text)
    assert "--time-limit 90s" in caught.value.hint


@pytest.mark.parametrize("text", [*NONE, "yesterday", "2026-13-01", "99999999d", "999999999w", "0d"])
def test_since_that_is_no_time_is_refused(text):
    with pytest.raises(UsageError, match="is neither a date nor a length of time") as caught:
        parse_since(text, NOW)
    assert "--since 2026-01-31" in caught.value.hint


def test_nothing_may_be_waited_for():
    assert parse_duration("--lock-timeout", "0", may_be_zero=True) == timedelta(0)
