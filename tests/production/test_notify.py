import socket
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from forecast.errors import DataError, LockedError, UsageError
from forecast.production import notify
from forecast.production.notify import Alarm, ping, run_on_failure, watched
from watchdog import watchdog


def test_success_is_told_as_start_and_zero():
    with watchdog() as (url, heard), watched(Alarm(f"{url}/uuid"), "shop"):
        pass
    assert heard == ["/uuid/start", "/uuid/0"]


def test_the_last_twenty_lines_go_with_the_end_and_none_with_the_start():
    with watchdog() as (url, heard), watched(Alarm(url), "shop") as watch:
        watch.say("\n".join(f"line {number}" for number in range(30)))
    assert heard == ["/start", "/0"]
    assert heard.bodies == ["", "\n".join(f"line {number}" for number in range(10, 30))]


def test_an_error_is_the_last_line():
    with watchdog() as (url, heard), suppress(DataError), watched(Alarm(url), "shop") as watch:
        watch.say("Champion v1 …")
        raise DataError("shop.csv is cut off.")
    assert heard.bodies[-1] == "Champion v1 …\nerror: shop.csv is cut off."


def test_a_command_that_fails_itself_is_told():
    told = []
    run_on_failure("exit 3", "shop", 5, "cut off", lambda *what: told.append(what))
    assert told == [("ended", "The command of --on-failure failed itself: it ended with 3.")]


def test_query_of_the_address_stays_behind_the_signal():
    with watchdog() as (url, heard):
        assert ping(f"{url}/uuid/?rid=7", "start") == ""
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
    told = []
    with watchdog(status) as (url, heard), watched(Alarm(url), "shop", lambda *words: told.append(words)):
        pass
    assert len(heard) == 2
    assert told == [("unheard", f"The watchdog (--ping-url) does not hear: it answers {status}.")]  # once


@contextmanager
def speaking(say):
    """A server that takes one connection and lets ``say`` write into it until the client has enough."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(1000)
                say(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def silent(connection):
    connection.recv(1)


def dripping(head, drop):
    def say(connection):
        connection.sendall(head)
        while True:
            connection.sendall(drop)
            time.sleep(0.02)

    return say


@pytest.mark.slow
@pytest.mark.parametrize(
    "say",
    [
        silent,
        dripping(b"HTTP/1.0 200 OK\r\nX: ", b"y"),
        dripping(b"", b"H"),
        dripping(b"HTTP/1.0 200 OK\r\n", b"a: b\r\n"),
    ],
    ids=["silent", "a header without an end", "a status without an end", "headers without an end"],
)
def test_a_watchdog_has_so_long_in_all_and_not_a_byte(say, monkeypatch):
    monkeypatch.setattr(notify, "PATIENCE", 0.3)
    with speaking(say) as url:
        assert ping(url, "start") in {"no answer within 0.3 s", "got more than 100 headers", "timed out"}


def test_a_watchdog_that_is_away_is_said_to_be():
    with watchdog() as (url, _):
        pass
    assert ping(url, "start") == "Connection refused"


def test_user_and_password_of_the_address_are_sent_as_the_web_does_it():
    with watchdog() as (url, heard):
        assert ping(url.replace("//", "//me:p%40ss@") + "/uuid", "start") == ""
    assert heard == ["/uuid/start"]


def test_without_an_address_nothing_is_called():
    assert ping(None, "start") == ""


def test_a_command_that_hangs_is_ended_with_all_it_started_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(notify, "LIMIT", 0.3)
    told, pids = [], tmp_path / "pids"
    command = f"trap '' TERM; sleep 1000 & echo $$ $! > {pids}; wait; sleep 1000"
    monkeypatch.setattr(notify, "GRACE", 0.1)
    with pytest.raises(DataError), watched(Alarm(on_failure=command), "shop", lambda *words: told.append(words)):
        raise DataError("cut off")
    assert told == [("ended", "The command of --on-failure took longer than 0.3 s, and was ended.")]
    for pid in pids.read_text().split():
        assert ends(int(pid))


def ends(pid):
    for _ in range(500):  # a signal that is sent is obeyed when a busy machine comes to it
        if not is_alive(pid):
            return True
        time.sleep(0.01)
    return False


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_message_can_run_nothing(tmp_path):
    told, evil = tmp_path / "told", tmp_path / "evil"
    alarm_ = Alarm(on_failure=f'printf %s "$FORECAST_MESSAGE" > {told}')
    with pytest.raises(DataError), watched(alarm_, "shop"):
        raise DataError(f"$(touch {evil}); `touch {evil}`")
    assert told.read_text() == f"$(touch {evil}); `touch {evil}`"
    assert not evil.exists()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "hc-ping.com/uuid",
        "file:///etc/passwd",
        "http://",
        "http://a b",
        "http://[",
        "x",
        "http://x:99999/uuid",
        "http://x:abc",
        "http://x:0",
        "http://x\ty",
        "https:/x",
        "http://a:b@",
    ],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(UsageError, match="not the address of a watchdog"):
        Alarm(url)


def test_password_in_a_wrong_address_is_not_shown():
    with pytest.raises(UsageError) as caught:
        Alarm("https://me:secret@host:99999/uuid")
    assert "secret" not in caught.value.message
