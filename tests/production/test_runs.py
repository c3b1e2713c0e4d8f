import json
from datetime import UTC, datetime

import pytest

from forecast.errors import LockedError
from forecast.production.runs import Entry, try_entry, write_entry
from forecast.production.store.store import Store

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
KEYS = [
    "time", "command", "outcome", "reason", "champion", "challenger", "champion_rmse", "challenger_rmse", "naive_rmse",
    "trigger", "rows", "new_rows", "training_end", "seconds", "exit_code", "fingerprint", "asked",
]  # fmt: skip


def test_every_line_has_all_keys_in_the_same_order():
    assert list(Entry("prune", "pruned").line(NOW)) == KEYS
    assert list(Entry("retrain", "kept", champion_rmse=1.5, asked={"warm": True}).line(NOW)) == KEYS


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_becomes_null(value):
    line = Entry("retrain", "kept", challenger_rmse=value, champion_rmse=1.5).line(NOW)
    assert (line["challenger_rmse"], line["champion_rmse"]) == (None, 1.5)
    json.dumps(line, allow_nan=False)


def test_an_entry_is_a_line_of_the_history(tmp_path):
    models = Store(tmp_path).model("shop")
    write_entry(models, Entry("train", "trained", champion="v1"), NOW)
    assert models.history() == (Entry("train", "trained", champion="v1").line(NOW),)
    assert models.history()[0]["time"] == "2026-01-02T03:15:00+00:00"


def test_a_busy_model_refuses_an_entry_and_forgives_one_that_was_only_tried(tmp_path):
    entry = Entry("retrain", "failed")
    with Store(tmp_path).model("shop").lock():
        other = Store(tmp_path).model("shop")
        with pytest.raises(LockedError):
            write_entry(other, entry, NOW)
        try_entry(other, entry, NOW)
    assert other.history() == ()
