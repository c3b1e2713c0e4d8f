import json
from datetime import UTC, datetime

import pytest

from forecast.errors import DataError
from forecast.production.run_log import open_log

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)


def test_events_are_appended_as_json_lines(tmp_path):
    path = tmp_path / "logs" / "retrain.log"
    for number in (1, 2):
        open_log(path, lambda: NOW)("started", {"run": number, "rmse": float("nan"), "file": path})
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines == [
        {"time": "2026-01-02T03:15:00.000+00:00", "event": "started", "run": run, "rmse": None, "file": str(path)}
        for run in (1, 2)
    ]


def test_no_file_no_log():
    open_log(None, lambda: NOW)("started", {})


def test_a_log_that_cannot_be_written_is_told_before_any_work(tmp_path):
    with pytest.raises(DataError, match="Can't write the log") as raised:
        open_log(tmp_path, lambda: NOW)
    assert "--log-file" in raised.value.hint
