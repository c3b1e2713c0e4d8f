import json
import math
from datetime import UTC, datetime

import pytest

from commands import run

COLUMNS = (
    "name,time,command,outcome,champion,challenger,champion_rmse,challenger_rmse,naive_rmse,"
    "reason,trigger,rows,new_rows,training_end,seconds,exit_code,widened,held,"
    "live_skill,live_rmse,live_coverage,live_bias,live_points,drift,run,peak_bytes,left_out,tuned"
)
NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
RUNS = [
    {"time": "2026-01-04T03:15:00+00:00", "command": "train", "outcome": "trained", "champion": "v1", "exit_code": 0},
    {
        "time": "2026-01-11T03:15:00+00:00",
        "command": "retrain",
        "outcome": "promoted",
        "champion": "v2",
        "challenger": "v2",
        "champion_rmse": 211.04,
        "challenger_rmse": 204.8,
        "naive_rmse": 307.9,
        "reason": "the challenger's error is 3 % lower",
        "trigger": "7 new rows",
        "rows": 144,
        "new_rows": 7,
        "training_end": "2026-01-10T00:00:00",
        "seconds": 12.34,
        "exit_code": 0,
        "widened": 1.14,
        "held": 0.62,
        "live_skill": 0.31,
        "live_rmse": 212.4,
        "live_coverage": 0.79,
        "live_bias": -3.5,
        "live_points": 84,
        "drift": "error",
        "run": "20260111T031458Z-4711",
        "peak_bytes": 812345678,
        "left_out": 2,
        "tuned": "window 24",
    },
    {
        "time": "2026-01-18T05:15:00+02:00",
        "command": "retrain",
        "outcome": "refused",
        "reason": "cut off",
        "exit_code": 5,
    },
]
ODD = [
    {},
    {"time": 5, "outcome": ["x"], "seconds": "long", "exit_code": None, "rows": 1.5},
    {"champion_rmse": math.nan},
]


def write(folder, name="sales", lines=RUNS):
    history = folder / ".forecast/models" / name / "history.jsonl"
    history.parent.mkdir(parents=True, exist_ok=True)
    history.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"torn')
    return folder


def with_champion(folder, name):
    """Makes a name that the store lists; no command here opens the version."""
    (folder / ".forecast/models" / name / "champion").write_text("{}")


def test_csv_has_a_row_a_run_with_all_that_it_said(tmp_path):
    done = run("history", "sales", folder=write(tmp_path))
    assert (done.code, done.header, done.err) == (0, COLUMNS, "")
    assert [row["outcome"] for row in done.rows] == ["trained", "promoted", "refused"]
    assert done.rows[1] == {"name": "sales", **{key: str(value) for key, value in RUNS[1].items()}}
    assert done.rows[2]["time"] == "2026-01-18T03:15:00+00:00"
    assert done.rows[2]["seconds"] == ""


def test_json_is_pinned(tmp_path):
    document = run("history", "sales", "--json", folder=write(tmp_path)).document
    assert list(document) == ["schema_version", "runs", "files"]
    assert list(document["runs"][0]) == COLUMNS.split(",")
    assert document["runs"][1] == {"name": "sales", **RUNS[1]}
    assert document["runs"][0]["champion_rmse"] is None


def test_table_says_what_and_why_in_eighty_columns(tmp_path):
    lines = run("history", "sales", "--format", "table", folder=write(tmp_path), COLUMNS="80").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "  sales"
    assert lines[3].split() == ["2026-01-11", "03:15", "promoted", "211.04", "204.80", "v2", "12.3", "0"]
    assert lines[4] == "    the challenger's error is 3 % lower (trained because 7 new rows); intervals"
    assert lines[5] == "    14 % wider (their own held 62 %); tuned: window 24"
    assert lines[6].split() == ["2026-01-18", "03:15", "refused", "–", "–", "–", "–", "5"]
    assert lines[7] == "    cut off"


def test_what_was_promoted_or_failed_stands_out(tmp_path, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    seen = run("history", "sales", "--format", "table", folder=write(tmp_path), FORCE_COLOR="1").out.splitlines()
    runs = [line for line in seen if "2026-" in line]
    assert "\x1b" not in runs[0]
    assert [line.partition("m  2026")[0] for line in runs[1:]] == ["\x1b[1;32", "\x1b[31"]


def test_all_models_are_shown_where_none_is_named(tmp_path):
    for name in ("b", "a"):
        write(tmp_path, name)
        with_champion(tmp_path, name)
    done = run("history", folder=tmp_path)
    assert [row["name"] for row in done.rows] == ["a"] * 3 + ["b"] * 3
    shown = run("history", "--format", "table", folder=tmp_path).out.splitlines()
    assert [line for line in shown if len(line) == 3] == ["  a", "  b"]


def test_lines_that_say_little_or_nonsense_are_blank(tmp_path):
    rows = run("history", "sales", folder=write(tmp_path, lines=ODD)).rows
    assert [set(row.values()) for row in rows] == [{"sales", ""}] * 2  # NaN is no JSON
    assert run("history", "sales", "--format", "table", folder=tmp_path).code == 0


def test_empty_store_gives_the_header(tmp_path):
    assert run("history", folder=tmp_path).out == f"{COLUMNS}\n"
    assert run("history", "--format", "table", folder=tmp_path).out.split()[0] == "time"
    assert run("history", "--json", folder=tmp_path).document["runs"] == []


def test_store_that_is_not_there_is_said(tmp_path):
    assert "There is no store none, so it holds no runs" in run("history", "--store", "none", folder=tmp_path).err


@pytest.mark.parametrize(
    ("since", "kept"), [("2026-01-04", 3), ("2026-01-04T03:15:01", 2), ("2026-01-18T05:15:00+02:00", 1), ("1h", 0)]
)
def test_since_leaves_out_what_was_before(since, kept, tmp_path):
    assert len(run("history", "sales", "--since", since, folder=write(tmp_path)).rows) == kept


def test_plot_is_written_for_each_model_that_has_an_rmse(tmp_path):
    done = run("history", "sales", "--plot", "png", "--json", folder=write(tmp_path))
    assert done.document["files"] == ["forecasts/sales-history.png"]
    assert (tmp_path / "forecasts/sales-history.png").read_bytes().startswith(b"\x89PNG")
    assert (
        run("history", "sales", "--plot", "svg", "--out-dir", "o", folder=tmp_path).err
        == "Plot      o/sales-history.svg\n"
    )


def test_plot_of_no_rmse_is_an_error_with_the_way_on(tmp_path):
    done = run("history", "sales", "--plot", "png", folder=write(tmp_path, lines=RUNS[:1]))
    assert done.code == 4
    assert "no run here has scored a challenger" in done.err
    assert "hint:  forecast retrain" in done.err


def test_unknown_model_is_an_error(tmp_path):
    done = run("history", "sales", folder=tmp_path)
    assert done.code == 4
    assert "There is no model 'sales'" in done.err
