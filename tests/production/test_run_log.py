import json
import os
from datetime import UTC, datetime

import pytest

from forecast.errors import DataError
from forecast.production import run_log
from forecast.production.run_log import level_of, open_log

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)


def test_events_are_appended_as_json_lines(tmp_path):
    path = tmp_path / "logs" / "retrain.log"
    for number in (1, 2):
        open_log(path, lambda: NOW, lambda: 7)("started", {"run": number, "rmse": float("nan"), "file": path})
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    head = {"schema_version": 1, "time": "2026-01-02T03:15:00.000+00:00", "level": "info", "event": "started"}
    whose = {"host": os.uname().nodename, "pid": os.getpid()}
    assert lines == [{**head, **whose, "run": run, "rmse": None, "file": str(path), "peak_bytes": 7} for run in (1, 2)]
    assert next(iter(lines[0])) == "schema_version"


@pytest.mark.parametrize(
    ("event", "facts", "level"),
    [
        ("started", {}, "info"),
        ("ended", {"outcome": "kept", "exit_code": 10}, "info"),
        ("ended", {"outcome": "kept", "exit_code": 7}, "warning"),
        ("ended", {"outcome": "refused", "exit_code": 5}, "error"),
        ("ended", {"outcome": "failed", "exit_code": 1}, "error"),
        ("unheard", {"reason": "no answer"}, "warning"),
    ],
)
def test_a_line_says_how_grave_it_is(event, facts, level):
    assert level_of(event, facts) == level


def test_a_log_that_has_grown_long_is_moved_aside_in_whole_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(run_log, "LONGEST", 1_000)
    path, write = tmp_path / "log", open_log(tmp_path / "log", lambda: NOW)
    for number in range(100):
        write("started", {"number": number})
    kept = [
        json.loads(line)["number"] for name in ("log.1", "log") for line in (tmp_path / name).read_text().splitlines()
    ]
    assert kept == list(range(kept[0], 100))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log", "log.1"]
    assert path.stat().st_size <= 1_000 + 300


def test_a_run_without_a_log_file_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    open_log(None, lambda: NOW)("started", {})
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_be_written_is_told_before_any_work(tmp_path):
    with pytest.raises(DataError, match="Can't write the log") as raised:
        open_log(tmp_path, lambda: NOW)
    assert "--log-file" in raised.value.hint
