from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from watchdog import watchdog

from forecast.errors import DataError, LockedError, UsageError
from forecast.production import alarm
from forecast.production.alarm import Alarm, ping, watched


def test_success_is_told_as_start_and_zero():
    with watchdog() as (url, heard), watched(Alarm(f"{url}/uuid"), "shop"):
        pass
    assert heard == ["/uuid/start", "/uuid/0"]


def test_query_of_the_address_stays_behind_the_signal():
    with watchdog() as (url, heard):
        assert ping(f"{url}/uuid/?rid=7", "start")
    assert heard == ["/uuid/start?rid=7"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(DataError("cut off"), 5), (LockedError("busy"), 75), (KeyboardInterrupt(), 130), (OSError(), 1)],
)
def test_failure_is_told_by_its_exit_code_and_goes_on(error, code, tmp_path):
    told = tmp_path / "told"
    command = f'echo "$FORECAST_NAME|$FORECAST_EXIT_CODE|$FORECAST_MESSAGE" > {told}'
    with watchdog() as (url, heard), pytest.raises(type(error)), watched(Alarm(url, command), "shop"):
        raise error
    assert heard == ["/start", f"/{code}"]
    assert told.read_text() == f"shop|{code}|{error}\n"


def test_not_promoted_is_told_and_is_no_failure(tmp_path):
    told = tmp_path / "told"
    with watchdog() as (url, heard), watched(Alarm(url, f"touch {told}"), "shop") as watch:
        watch.exit_code = 10
    assert heard == ["/start", "/10"]
    assert not told.exists()


@pytest.mark.parametrize("status", [404, 500])
def test_an_angry_watchdog_does_not_fail_the_job(status):
    with watchdog(status) as (url, heard), watched(Alarm(url), "shop"):
        pass
    assert len(heard) == 2


def test_a_watchdog_that_is_away_or_slow_does_not_fail_the_job(monkeypatch):
    with watchdog() as (url, _):
        pass
    assert not ping(url, "start")
    monkeypatch.setattr(alarm, "PATIENCE", 0.05)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:  # listens, never answers
        assert not ping(f"http://127.0.0.1:{server.server_port}", "start")


def test_without_an_address_nothing_is_called():
    assert not ping(None, "start")


def test_message_can_run_nothing(tmp_path):
    told, evil = tmp_path / "told", tmp_path / "evil"
    alarm_ = Alarm(on_failure=f'printf %s "$FORECAST_MESSAGE" > {told}')
    with pytest.raises(DataError), watched(alarm_, "shop"):
        raise DataError(f"$(touch {evil}); `touch {evil}`")
    assert told.read_text() == f"$(touch {evil}); `touch {evil}`"
    assert not evil.exists()


@pytest.mark.parametrize(
    "url", ["ftp://x", "hc-ping.com/uuid", "file:///etc/passwd", "http://", "http://a b", "http://[", "x"]
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(UsageError, match="not the address of a watchdog"):
        Alarm(url)
