import json
from datetime import UTC, datetime

import pytest

from forecast.errors import DataError
from forecast.production.runs import try_run, write_run
from forecast.production.store.run_record import COLUMNS, RunRecord, is_sound, read_line
from forecast.production.store.store import Store

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
KEYS = [
    "time", "command", "outcome", "reason", "champion", "challenger", "champion_rmse", "challenger_rmse", "naive_rmse",
    "trigger", "rows", "new_rows", "training_end", "seconds", "exit_code", "widened", "held",
    "live_skill", "live_rmse", "live_coverage", "live_bias", "live_points", "drift", "run", "peak_bytes",
    "left_out", "tuned", "tuned_settings", "fingerprint", "asked",
]  # fmt: skip


def test_every_line_has_all_keys_in_the_same_order():
    assert list(RunRecord("prune", "pruned").at(NOW).line()) == KEYS
    assert list(RunRecord("retrain", "kept", champion_rmse=1.5, asked={"warm": True}).at(NOW).line()) == KEYS


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_becomes_null(value):
    line = RunRecord("retrain", "kept", challenger_rmse=value, champion_rmse=1.5).at(NOW).line()
    assert (line["challenger_rmse"], line["champion_rmse"]) == (None, 1.5)
    json.dumps(line, allow_nan=False)


def test_an_entry_is_a_line_of_the_history(tmp_path):
    models = Store(tmp_path).model("shop")
    write_run(models, RunRecord("train", "trained", champion="v1"), NOW)
    record = RunRecord("train", "trained", champion="v1", name="shop").at(NOW)
    assert [read_line("shop", line) for line in models.history()] == [record]
    assert models.history()[0]["time"] == "2026-01-02T03:15:00+00:00"


def test_an_entry_that_is_only_tried_is_forgiven_where_the_disk_refuses(tmp_path):
    models, record = Store(tmp_path).model("shop"), RunRecord("retrain", "failed")
    (tmp_path / "models" / "shop" / "history.jsonl").mkdir(parents=True)
    with pytest.raises(DataError, match="a folder stands in the way"):
        write_run(models, record, NOW)
    try_run(models, record, NOW)


def test_what_a_line_says_in_another_type_is_not_said_and_the_line_is_not_sound():
    line = RunRecord("retrain", "kept", "why", champion_rmse=1, new_rows=3).at(NOW).line()
    assert is_sound(line | {"of a newer program": {}})
    for odd in ({"new_rows": "3"}, {"champion_rmse": 10**400}, {"time": "yesterday"}, {"time": None}, {"asked": [1]}):
        assert not is_sound(line | odd)
        [name] = odd
        told = read_line("shop", line | odd)
        assert told.ended is None if name == "time" else getattr(told, name) is None
        assert (told.name, told.outcome, told.reason) == ("shop", "kept", "why")


def test_a_row_of_the_history_has_its_time_in_utc_and_what_was_not_said_empty():
    row = read_line("shop", {"time": "2026-01-02T04:15:00+01:00", "outcome": "kept"}).row()
    assert tuple(row) == COLUMNS
    assert (row["time"], row["outcome"], row["reason"], row["exit_code"]) == (NOW.isoformat(), "kept", None, None)
    assert read_line("shop", {"time": "2026-01-02T03:15:00"}).ended == NOW  # a time without a zone is UTC


def test_the_challenge_of_a_version_comes_back_from_its_manifest(tmp_path):
    facts = {"challenged": "v1", "scored_on": "the newest 7 days", "warm": True, "gate": {"force": True}}
    record = RunRecord(outcome="promoted", reason="why", champion_rmse=2.0, trigger="7 new rows", **facts)
    models = Store(tmp_path).model("shop")
    version = models.publish({"a": b""}, {"retrain": record.entry()}, NOW, champion=True)
    assert version.manifest.retrain.entry() == record.entry()
    assert RunRecord(naive_rmse=float("nan")).entry()["naive_rmse"] is None
