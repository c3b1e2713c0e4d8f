"""The command as cron runs it: what it prints, where, and what it exits with."""

import csv
import importlib
import json
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from commands import FORECAST_COLUMNS, csv_bytes, run, visits
from forecast.production.store.store import Store
from forecast.production.store.version import Version
from imported import imported_by
from untrained import train_nothing
from watchdog import watchdog

BARE = ("--model", "gru", "--horizon", "7", "--folds", "1", "--seeds", "1", "--plots", "none")
DAYS = 100
JSON_KEYS = {
    "schema_version", "name", "command", "outcome", "reason", "champion", "challenger", "champion_rmse",
    "challenger_rmse", "naive_rmse", "trigger", "rows", "new_rows", "training_end", "seconds", "exit_code",
    "widened", "held", "live_skill", "live_rmse", "live_coverage", "live_bias", "live_points", "drift", "run",
    "peak_bytes", "challenged", "scored_on", "plan", "notes", "alarms", "files", "changed",
    "left_out", "tuned", "tuned_settings",
}  # fmt: skip


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        (folder / "visits.csv").write_bytes(csv_bytes(visits(DAYS)))
        done = run("train", "visits.csv", *BARE, folder=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def folder(trained_once, tmp_path, monkeypatch):
    """A copy of the shop in which the file may grow and nothing is really trained."""
    train_nothing(monkeypatch)
    shutil.copytree(trained_once, tmp_path, dirs_exist_ok=True)
    return tmp_path


def grow(folder, days):
    (folder / "visits.csv").write_bytes(csv_bytes(visits(days)))


def retrain(folder, *arguments):
    """The path of the file in the store is that of the fixture's first folder, so the data is named."""
    return run("retrain", "visits", "visits.csv", *arguments, folder=folder)


def issue_far_off(folder, days):
    """Makes the store hold forecasts of the week after so many days that are far too high."""
    shop = Store(folder / ".forecast").model("visits")
    rows, champion = visits(days + 7), shop.champion()
    name = champion.document["series_ids"][0]
    far = [f"{name},{day},{step},999,990,1010,980,1020,gru,v1,{rows[days - 1][0]}" for step, (day, _) in
           enumerate(rows[days:], start=1)]  # fmt: skip
    shop.issue("\n".join([FORECAST_COLUMNS, *far, ""]).encode(), champion, datetime(2026, 1, 1, tzinfo=UTC))


def forecast_of(folder):
    with (folder / "forecasts" / "visits.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def attribute(place):
    module, _, name = place.rpartition(".")
    return getattr(importlib.import_module(module), name)


def history(folder):
    path = folder / ".forecast" / "models" / "visits" / "history.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_stdout_is_one_sentence_with_both_scores_and_the_outcome(folder):
    grow(folder, DAYS + 7)
    done = retrain(folder, "--min-gain", "0.99")
    assert done.code == 0
    assert re.fullmatch(
        r"visits: 7 new rows since 2024-04-09\. Champion v1 [\d.]+, challenger [\d.]+ on the newest 7 days: v1 stays; "
        r"the challenger's error is .*\.\n",
        done.out,
    )
    assert "Forecast  forecasts/visits.csv" in done.err.splitlines()


def test_promotion_says_how_to_undo_it_and_that_works(folder):
    grow(folder, DAYS + 7)
    done = retrain(folder, "--force")
    assert ": v2 is the champion now; " in done.out
    undo = next(line for line in done.err.splitlines() if line.startswith("Undo")).split()[2:]
    assert run(*undo, folder=folder).code == 0
    assert run("predict", "visits", "--json", folder=folder).document["version"] == "v1"


@pytest.mark.slow
def test_candidate_says_how_to_promote_it(folder):
    grow(folder, DAYS + 7)
    done = retrain(folder, "--candidate-only")
    assert "Next      forecast models promote visits v2" in done.err.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("--min-gain", "0.99")])
def test_a_rollback_while_it_trains_is_at_once_and_the_challenger_finds_that_it_lost(folder, monkeypatch, flags):
    grow(folder, DAYS + 7)
    retrain(folder, "--force")
    grow(folder, DAYS + 14)
    before = run("predict", "visits", "--model-version", "v1", "--data", "visits.csv", folder=folder)
    place, done = "forecast.experiment.retraining.retuning.run_challenge", []
    train = attribute(place)

    def rolled_back_meanwhile(*arguments):
        done.append(run("models", "rollback", "visits", folder=folder))
        return train(*arguments)

    monkeypatch.setattr(place, rolled_back_meanwhile)
    after = retrain(folder, *flags)
    assert [rollback.code for rollback in done] == [0]
    outcome, reason = ("kept", "is the least") if flags else ("candidate", "v1 was put in use meanwhile in place of v2")
    rows = run("history", "visits", folder=folder).rows[-2:]
    assert [(row["command"], row["outcome"], row["champion"]) for row in rows] == [
        ("rollback", "rolled-back", "v1"),
        ("retrain", outcome, "v1"),
    ]
    assert reason in rows[1]["reason"]
    assert "v1 stays" in after.out
    assert run("predict", "visits", folder=folder).rows[0]["version"] == "v1"
    assert [row["forecast"] for row in before.rows] == [row["forecast"] for row in forecast_of(folder)]


@pytest.mark.slow
def test_a_lesson_is_a_candidate_until_somebody_promotes_it(folder):
    grow(folder, DAYS + 7)
    done = retrain(folder, "--preset", "tutorial")
    assert done.code == 0, done.err
    assert "saved as a candidate, v1 stays; --preset tutorial is a lesson" in done.out.replace("\n", " ")
    assert "Next      forecast models promote visits v2" in done.err.splitlines()
    assert history(folder)[-1]["champion"] == "v1"


def test_nothing_new_is_said_with_its_date(folder):
    done = retrain(folder)
    assert done.code == 0
    assert re.fullmatch(r"visits: nothing new since \d{4}-\d\d-\d\d \d\d:\d\d UTC; v1 stays\.\n", done.out)


@pytest.mark.parametrize("outcome", ["nothing-new", "kept", "promoted", "candidate"])
@pytest.mark.slow
def test_quiet_is_silent_on_success(folder, outcome):
    flags = {"kept": ("--min-gain", "0.99"), "promoted": ("--force",), "candidate": ("--candidate-only",)}
    grow(folder, DAYS + 7 * (outcome != "nothing-new"))
    done = retrain(folder, "-q", *flags.get(outcome, ()))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert history(folder)[-1]["outcome"] == outcome


@pytest.mark.slow
def test_live_accuracy_is_an_alarm_by_the_rules_of_a_file_and_said_first_unasked(folder):
    issue_far_off(folder, DAYS + 3)
    grow(folder, DAYS + 10)
    (folder / "forecast.toml").write_text('[retrain]\nfail-if = ["skill<-50%", "age>30d"]\n')
    done = retrain(folder, "-q", "--on-failure", 'echo "$FORECAST_MESSAGE" > told')
    record, said = history(folder)[-1], (folder / "told").read_text()
    assert done.code == record["exit_code"] == 7
    assert (done.out, done.err.splitlines()[0]) == ("", f"error: visits: {said.strip()}.")
    assert said.startswith("skill is -")
    assert record["reason"].endswith(f"; {said.strip()}")
    assert record["live_points"] == 14
    assert record["live_skill"] < -0.5
    again = retrain(folder)  # nothing is new: the alarm stays
    assert again.code == 7
    assert again.out.startswith("visits: Live, the champion is worse than seasonal naive: its error is ")
    assert "Live, the champion is worse" in run("history", "visits", "--format", "table", folder=folder).out
    both = run("retrain", "--all", "--fail-if", "coverage<99%", "-q", folder=folder)
    assert both.code == 7
    assert any(line.startswith("error: visits: coverage is ") for line in both.err.splitlines())
    assert "All       1 model: 1 with nothing new; 1 broke a rule: visits." in both.err.splitlines()


def test_quiet_is_not_silent_on_failure(folder):
    grow(folder, DAYS - 1)
    done = retrain(folder, "-q")
    assert done.code == 5
    assert done.err.splitlines() == [
        "error: visits: visits.csv has 99 rows, but had 100 last time.",
        "hint:  --allow-shorter if that is right",
    ]


@pytest.mark.parametrize(
    ("flags", "code"), [(("--min-gain", "0.99"), 10), (("--force",), 0), (("--candidate-only",), 10), ((), None)]
)
@pytest.mark.slow
def test_detailed_exitcode_is_ten_where_the_champion_stays(folder, flags, code):
    grow(folder, DAYS + 7 * (code is not None))
    assert retrain(folder, "--detailed-exitcode", *flags).code == (code or 0)


def test_json_is_one_object_with_all_keys(folder):
    grow(folder, DAYS + 7)
    done = retrain(folder, "--json", "-q", "--force")
    assert next(iter(done.document)) == "schema_version"
    assert set(done.document) == JSON_KEYS
    assert done.document["files"] == ["forecasts/visits.csv"]
    assert set(retrain(folder, "--json").document) == JSON_KEYS


def test_dry_run_prints_a_plan_and_writes_nothing(folder):
    grow(folder, DAYS + 7)
    done = retrain(folder, "--dry-run")
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == ["read", "train", "score", "write", "write"]
    assert len(history(folder)) == 1
    assert all(len(line) <= 100 for line in done.out.splitlines())


def test_name_may_be_left_out_where_there_is_one_model(folder):
    assert run("retrain", "visits.csv", folder=folder).out.startswith("visits: nothing new")
    (folder / "other.csv").write_bytes(csv_bytes(visits(DAYS)))
    run("train", "other.csv", *BARE, folder=folder)
    done = run("retrain", folder=folder)
    assert done.code == 2
    assert "Which model? The store has other, visits." in done.err
    assert "hint:  forecast retrain other" in done.err


@pytest.mark.slow
def test_forecast_file_goes_into_the_folder_that_was_asked_for(folder):
    grow(folder, DAYS + 7)
    retrain(folder, "-o", "next")
    assert (folder / "next" / "visits.csv").is_file()


def test_log_file_gets_json_lines(folder):
    grow(folder, DAYS + 7)
    retrain(folder, "-q", "--force", "--log-file", "log.jsonl")
    grow(folder, DAYS)
    retrain(folder, "-q", "--log-file", "log.jsonl")
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == [
        "started",
        "checked",
        "decided",
        "published",
        "ended",
        "started",
        "ended",
    ]
    assert (lines[-1]["outcome"], lines[-1]["exit_code"]) == ("refused", 5)


def test_watchdog_and_failure_command_hear_of_the_end(folder):
    with watchdog() as (address, heard):
        alarm = ("--ping-url", f"{address}/uuid", "--on-failure", "echo failed > mail")
        assert retrain(folder, *alarm).code == 0
        assert not (folder / "mail").exists()
        grow(folder, DAYS - 1)
        assert retrain(folder, *alarm).code == 5
    assert heard == ["/uuid/start", "/uuid/0", "/uuid/start", "/uuid/5"]
    assert (folder / "mail").read_text() == "failed\n"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--max-age", "soon"), "--max-age 'soon' is not a length of time"),
        (("--lock-timeout", "-3"), "--lock-timeout '-3' is not a length of time"),
        (("--force", "--candidate-only"), "can't be used together"),
        (("--ping-url", "x"), "not the address of a watchdog"),
        (("--min-gain", "2"), "--min-gain"),
    ],
)
def test_misuse_is_told_with_a_hint(folder, flags, message):
    done = retrain(folder, *flags)
    assert done.code == 2
    assert message in done.err
    assert "hint:  " in done.err


@pytest.mark.slow
def test_nothing_new_needs_no_numpy(folder):
    assert imported_by("retrain", "visits", "visits.csv", folder=folder) == set()


@pytest.mark.slow
def test_rows_that_are_too_few_need_no_tensorflow(folder):
    grow(folder, DAYS + 1)
    used = imported_by("retrain", "visits", "visits.csv", "--min-new-rows", "2", folder=folder)
    assert used == {"numpy", "pyarrow"}


def test_nothing_new_reads_no_weights(folder, monkeypatch):
    names, read = [], Version.read
    monkeypatch.setattr(Version, "read", lambda version, name: names.append(name) or read(version, name))
    assert run("retrain", "visits", "visits.csv", "-q", folder=folder).code == 0
    assert "weights.npz" not in names
    assert run("predict", "visits", folder=folder).code == 0  # the test would see it
    assert "weights.npz" in names


def in_table(folder, what="count(*), max(version), max(origin)"):
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        return connection.execute(f"select {what} from forecasts where name = 'visits'").fetchall()


@pytest.mark.slow
def test_forecast_goes_into_a_table_and_one_that_is_owed_is_written_the_next_night(folder):
    sqlite3.connect(folder / "shop.db").close()
    grow(folder, DAYS + 7)
    there = ("-o", "sqlite:///shop.db#forecasts")
    done = retrain(folder, *there, "--force")
    assert done.code == 4
    assert "its forecast was not written: forecast predict visits -o 'sqlite:///shop.db#forecasts'" in done.err
    assert retrain(folder, *there, "--create-table").code == 0
    owed = run("predict", "visits", "-q", "--format", "csv", folder=folder).rows
    assert in_table(folder) == [(7, "v2", owed[0]["origin"])]
    assert in_table(folder, "forecast") == [(float(row["forecast"]),) for row in owed]
    (folder / "forecast.toml").write_text('[retrain]\noutput = "sqlite:///shop.db#forecasts"\n')
    assert "nothing new" in retrain(folder).out
    assert in_table(folder)[0][0] == 7
    with closing(sqlite3.connect(folder / "shop.db")) as connection, connection:
        connection.execute("delete from forecasts")
    assert retrain(folder).code == 0
    assert in_table(folder)[0][0] == 7


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("-o", "sqlite:///shop.db"), "names no table"),
        (("-o", "s3://bucket/forecasts"), "Forecasts can't be written to s3://bucket/forecasts"),
        (("-o", "sqlite:///shop.db#t", "--report"), "--report writes a page into the folder of -o"),
        (("--create-table",), "--create-table makes a table in the database of -o, and none is named"),
    ],
)
def test_place_where_no_forecast_can_be_written_is_refused_first(words, why, tmp_path):
    done = run("retrain", *words, folder=tmp_path)
    assert done.code == 2
    assert why in " ".join(done.err.split())
