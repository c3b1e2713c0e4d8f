import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from forecast.production.metrics import METRICS, metrics_text
from forecast.production.schedule.next_start import Scheduled
from forecast.production.schedule.timetable import read_cron
from forecast.production.status import Surroundings, status_of
from forecast.production.store.lock import RunMark
from forecast.production.store.run_record import RunRecord
from forecast.production.store.store import Store

NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)
RUN = RunRecord("retrain", "kept", rows=110, seconds=3.5, exit_code=0, peak_bytes=9_000_000, live_skill=0.31,
                live_rmse=12.5, live_coverage=0.79, live_bias=-1.5, live_points=84, drift="")  # fmt: skip


@pytest.fixture
def shop(tmp_path):
    data = tmp_path / "shop.csv"
    data.write_text("day,sales\n")
    models = Store(tmp_path / "store").model("shop")
    entry = {"source": str(data), "rows": 100, "training_end": "2026-01-01T00:00:00"}
    models.publish({"weights.npz": b"123"}, {"model": "gru", "data": entry}, NOW - timedelta(days=10), champion=True)
    models.record(RUN.at(NOW - timedelta(hours=9)).line())
    return models


def looked(models, now=NOW, schedules=None, locks=frozenset()):
    return status_of(models, Surroundings(now, schedules or {}, locks))


def test_a_line_says_how_a_model_is(shop):
    status = looked(shop)
    assert (status.health, status.problems) == ("ok", ())
    assert (status.champion.label, status.champion.model, status.champion.training_end) == ("v1", "gru", "2026-01-01")
    assert (status.age, status.rows_behind, status.versions, status.running) == (864_000.0, 10, 1, None)
    assert status.size == sum(path.stat().st_size for path in shop.folder.rglob("*") if path.is_file())
    assert (status.known.live_skill, status.last.outcome, status.next_run) == (0.31, "kept", None)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"outcome": "failed", "exit_code": 1}, "failed"),
        ({"outcome": "refused", "exit_code": 5}, "refused"),
        ({"outcome": "killed", "exit_code": None}, "killed"),
        ({"outcome": "kept", "exit_code": 7}, "rule broken"),
        ({"live_points": 20, "live_skill": -0.01}, "below naive"),
        ({"live_points": 20, "drift": "error, range"}, "drift"),
    ],
)
def test_what_the_last_run_says_is_a_problem(shop, line, problem):
    shop.record({"time": NOW.isoformat(), "command": "retrain", **line})
    assert looked(shop).problems == (problem,)


def test_what_lies_in_the_store_is_a_problem(shop, tmp_path):
    (tmp_path / "shop.csv").unlink()
    assert looked(shop).problems == ("data gone",)
    (shop.folder / "champion").write_text("{}")
    assert looked(shop).health == "no champion"


def test_a_run_that_goes_on_is_shown_and_one_that_was_killed_is_a_problem(shop):
    mark = RunMark("retrain", "id", NOW.isoformat(), "box", 4711)
    lock = shop.folder / "lock"
    lock.write_text(f"4711\n{json.dumps(asdict(mark))}\n")
    assert looked(shop, locks={lock.stat().st_ino}).running == mark
    assert looked(shop, locks={lock.stat().st_ino}).problems == ()
    assert (looked(shop).running, looked(shop).problems) == (None, ("killed",))


def test_next_and_missed_starts_are_those_of_the_schedule(shop):
    nightly = {"--all": Scheduled(read_cron("15 3 * * *"), ZoneInfo("Europe/Berlin"))}
    assert looked(shop, schedules=nightly).next_run == datetime(2026, 1, 13, 2, 15, tzinfo=UTC)
    for days, problems in ((1, ()), (2, ("overdue",))):
        assert looked(shop, NOW + timedelta(days=days), nightly).problems == problems
    weekly = {**nightly, "shop": Scheduled(read_cron("0 0 * * 0"), UTC)}
    assert looked(shop, NOW + timedelta(days=2), weekly).problems == ()


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 12 * * *", "2026-01-13T12:00"),
        ("1 12 * * *", "2026-01-12T12:01"),
        ("*/15 * * * *", "2026-01-12T12:15"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 5 1 * mon", "2026-01-19T05:00"),
    ],
)
def test_the_next_start_is_the_first_minute_after_now(cron, expected):
    assert Scheduled(read_cron(cron), UTC).after(NOW).isoformat()[:16] == expected


def test_metrics_are_what_prometheus_reads_with_names_and_units_as_it_wants_them(shop):
    odd = Store(shop.folder.parents[1]).model("shop.2")
    text = metrics_text((looked(shop), looked(odd)), NOW)
    found = {family.name: family for family in text_string_to_metric_families(text)}
    values = {(sample.name, sample.labels.get("model")): sample.value for f in found.values() for sample in f.samples}
    assert values["forecast_live_skill_ratio", "shop"] == 0.31
    assert values["forecast_last_run_duration_seconds", "shop"] == 3.5
    assert values["forecast_last_run_timestamp_seconds", "shop"] == (NOW - timedelta(hours=9)).timestamp()
    assert values["forecast_data_rows_behind", "shop"] == 10
    assert values["forecast_model_healthy", "shop.2"] == 0
    assert ("forecast_live_skill_ratio", "shop.2") not in values
    [kept] = [s for s in found["forecast_last_run_outcome"].samples if s.value == 1]
    assert kept.labels == {"model": "shop", "outcome": "kept"}
    assert {family.type for family in found.values()} == {"gauge"}
    assert all(family.documentation.endswith(".") or "others" in family.documentation for family in found.values())
    for metric in METRICS:
        words = metric.name.split("_")
        assert not {"ms", "minutes", "days", "kb", "mb", "percent", "total", "gauge"} & {*words}
        assert "seconds" not in words or words[-1] == "seconds"
        assert "bytes" not in words or words[-1] == "bytes"
    assert text.endswith("\n")


def test_what_a_label_may_not_hold_is_escaped(shop):
    from forecast.production.metrics import _labels

    line = f"forecast_x{_labels(model=chr(34) + chr(92) + chr(10))} 1\n"
    [family] = text_string_to_metric_families(f"# TYPE forecast_x gauge\n{line}")
    assert family.samples[0].labels == {"model": chr(34) + chr(92) + chr(10)}
