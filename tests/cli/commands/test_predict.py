import csv
import subprocess
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import openpyxl
import pytest

from commands import FORECAST, FORECAST_COLUMNS, QUICK, csv_bytes, launch, run, visits

pytestmark = pytest.mark.usefixtures("untrained")

TRAIN = ("train", "--model", "gru", *QUICK, "--plots", "none")


@pytest.fixture
def data(shop):
    """The file that the shop's model was trained on, to be changed and put back."""
    content = shop.data.read_bytes()
    yield shop.data
    shop.data.write_bytes(content)


@pytest.fixture(scope="module")
def stores(untrained, tmp_path_factory):
    """A folder with a model of two series and one of business days, for the tests that ask for other data."""
    folder = tmp_path_factory.mktemp("stores")
    long = [(day, name, value + more) for name, more in (("north", 0), ("south", 50)) for day, value in visits()]
    (folder / "long.csv").write_bytes(csv_bytes(long, "day,shop,visits"))
    (folder / "work.csv").write_bytes(csv_bytes([row for row in visits(140) if row[0].weekday() < 5]))
    assert run(*TRAIN, "long.csv", "--id", "shop", folder=folder).code == 0
    assert run(*TRAIN, "work.csv", folder=folder).code == 0
    return folder


def newest(path, rows, header="day,visits"):
    path.write_bytes(csv_bytes(rows, header))
    return path


# What comes out


def test_a_workbook_holds_the_forecast_of_the_csv(stores):
    for name in ("next.xlsx", "next.csv"):
        assert run("predict", "long", "-o", name, folder=stores).code == 0
    book = openpyxl.load_workbook(stores / "next.xlsx")
    assert book.sheetnames == ["Forecast", "Chart", "All numbers", "Leaderboard"]
    header, *rows = book["All numbers"].iter_rows(values_only=True)
    wanted = list(csv.DictReader((stores / "next.csv").read_text().splitlines()))
    assert [str(row[1].date()) for row in rows] == [row["timestamp"] for row in wanted]
    for name in ("forecast", "lower_80", "upper_95"):
        assert [row[header.index(name)] for row in rows] == pytest.approx([float(row[name]) for row in wanted])
    assert book["Forecast"]["B2"].value == rows[0][3]
    assert book["Leaderboard"]["B1"].value == "model"


def test_without_a_writer_a_workbook_names_what_mends_it(shop, monkeypatch):
    monkeypatch.setattr("forecast.experiment.destinations.find_spec", lambda name: None)
    done = run("predict", "-o", "next.xlsx", folder=shop.folder)
    assert (done.code, done.out) == (3, "")
    assert "pip install 'xlsxwriter>=3.2', or -o next.csv" in done.err
    assert not (shop.folder / "next.xlsx").exists()


@pytest.mark.slow
def test_predict_prints_the_table_that_train_wrote(shop):
    done = launch("predict", "visits", folder=shop.folder)
    assert (done.code, done.err) == (0, "")
    assert done.header == FORECAST_COLUMNS
    assert done.out.encode() == (shop.folder / "forecasts/visits.csv").read_bytes()


def test_only_model_needs_no_name(shop):
    assert run("predict", folder=shop.folder).out == run("predict", "visits", folder=shop.folder).out


def test_rows_are_the_next_steps_of_the_calendar(shop):
    rows = run("predict", folder=shop.folder).rows
    assert [int(row["step"]) for row in rows] == list(range(1, 13))
    assert [row["timestamp"] for row in rows] == [str(date(2024, 3, 1) + timedelta(i)) for i in range(12)]
    assert {(row["series_id"], row["model"], row["version"], row["origin"]) for row in rows} == {
        ("visits", "gru", "v1", "2024-02-29")
    }


def test_json_holds_the_same_numbers_as_csv(shop):
    plain, document = run("predict", folder=shop.folder), run("predict", "--json", folder=shop.folder).document
    assert {key: type(value) for key, value in document.items()} == {
        "schema_version": int, "name": str, "version": str, "model": str, "widened": float, "forecasts": list,
        "files": list,
    }  # fmt: skip
    assert next(iter(document)) == "schema_version"
    assert [list(row) for row in document["forecasts"]] == [FORECAST_COLUMNS.split(",")] * 12
    for row, other in zip(plain.rows, document["forecasts"], strict=True):
        assert {name: str(value) for name, value in other.items()} == row
    kinds = [type(value) for value in document["forecasts"][0].values()]
    assert kinds == [str, str, int, float, float, float, float, float, str, str, str]


def test_table_is_for_people_and_fits_their_terminal(shop, stores):
    done = run("predict", "--format", "table", folder=shop.folder)
    lines = done.out.splitlines()
    assert lines[0] == "  visits v1, gru"
    assert lines[1].split() == ["timestamp", *FORECAST_COLUMNS.split(",")[2:8]]
    assert len(lines) == 14
    many = run("predict", "long", "--format", "table", folder=stores, COLUMNS="50").out.splitlines()
    assert many[1].split() == ["series_id", "timestamp", "step", "forecast"]
    assert max(map(len, many)) <= 50
    assert "No room" not in run("predict", "long", "--format", "table", folder=stores, COLUMNS="50").out


@pytest.mark.parametrize(
    ("words", "columns", "left_out"),
    [
        (("--quantiles", "0.1,0.2,0.5,0.8,0.9"), ["q0.1", "q0.2"], "q0.5, q0.8, q0.9"),
        (("--cost", "under=3,over=1", "--levels", "80"), ["order", "cost"], "expected_cost_of_forecast, lower_80"),
    ],
)
def test_what_was_asked_for_and_has_no_room_is_named_and_what_to_order_stays(words, columns, left_out, shop):
    lines = run("predict", *words, "--format", "table", folder=shop.folder, COLUMNS="45").out.splitlines()
    assert lines[1].split() == ["timestamp", "step", "forecast", *columns]
    assert f"No room here for {left_out}" in " ".join(lines)
    assert max(map(len, lines)) <= 45


def test_longer_horizon_goes_on_without_intervals_and_says_so(shop):
    done = run("predict", "visits", "--horizon", "30", folder=shop.folder)
    assert "Note      The model was trained for 12 steps" in done.err
    assert "--horizon 30" in done.err
    rows, short = done.rows, run("predict", "visits", folder=shop.folder).rows
    assert rows[:12] == short
    assert [row["timestamp"] for row in rows][-1] == "2024-03-30"
    assert {row["lower_80"] + row["upper_80"] + row["lower_95"] + row["upper_95"] for row in rows[12:]} == {""}
    assert all(15 < float(row["forecast"]) < 40 for row in rows)
    assert all(later["timestamp"] > sooner["timestamp"] for sooner, later in pairwise(rows))
    document = run("predict", "visits", "--horizon", "30", "--json", folder=shop.folder).document
    assert document["forecasts"][-1]["lower_80"] is None


def test_shorter_horizon_is_the_beginning_of_the_longer(shop):
    done = run("predict", "visits", "--horizon", "3", folder=shop.folder)
    assert (done.rows, done.err) == (run("predict", folder=shop.folder).rows[:3], "")


def test_quiet_keeps_notes_to_itself(shop):
    done = run("predict", "visits", "--horizon", "30", "--quiet", folder=shop.folder)
    assert (done.err, len(done.rows)) == ("", 30)


# Files


def test_output_file_holds_what_stdout_would(shop, tmp_path):
    target = tmp_path / "new" / "next.csv"
    done = run("predict", "-o", target, folder=shop.folder)
    assert (done.code, done.out) == (0, "")
    assert done.err == f"Wrote     {target}: 12 steps of 1 series, by gru v1\n"
    assert target.read_text() == run("predict", folder=shop.folder).out


def test_file_is_replaced_only_by_force(shop, tmp_path):
    target = tmp_path / "next.csv"
    target.write_text("precious")
    refused = run("predict", "-o", target, folder=shop.folder)
    assert refused.code == 2
    assert f"{target} exists already" in refused.err
    assert "--force" in refused.err
    assert target.read_text() == "precious"
    assert run("predict", "-o", target, "--force", folder=shop.folder).code == 0
    assert target.read_text() == run("predict", folder=shop.folder).out


def test_json_names_the_file_that_was_written(shop, tmp_path):
    target = tmp_path / "next.csv"
    assert run("predict", "-o", target, "--json", "-q", folder=shop.folder).document["files"] == [str(target)]


@pytest.mark.slow
def test_output_can_be_a_device(shop):
    assert launch("predict", "-o", "/dev/stdout", "-q", folder=shop.folder).header == FORECAST_COLUMNS


@pytest.mark.parametrize(
    ("target", "text"), [(".", "is a folder, not a file"), ("visits.csv/x.csv", "a file stands in the way of a folder")]
)
def test_output_that_can_not_be_written_is_an_error(target, text, shop):
    done = run("predict", "-o", target, folder=shop.folder)
    assert done.code in {2, 5}
    assert text in done.err


@pytest.mark.slow
def test_broken_pipe_is_silent(shop):
    command = f"set -o pipefail; '{FORECAST}' predict visits --horizon 700 | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=shop.folder, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [FORECAST_COLUMNS]
    assert "Note" in done.stderr.splitlines()[0]
    assert len(done.stderr.splitlines()) == 1
    assert done.returncode == 0


# The data it forecasts from


def test_rows_that_were_added_move_the_origin(shop, data):
    newest(data, visits(70))
    done = run("predict", "visits", folder=shop.folder)
    assert (done.code, done.err) == (0, "")
    assert done.rows[0]["origin"] == "2024-03-10"
    assert done.rows[0]["timestamp"] == "2024-03-11"
    assert done.rows[0]["forecast"] != run("predict", "--horizon", "11", folder=shop.folder).rows[-1]["forecast"]


def test_file_that_is_gone_is_replaced_by_what_the_model_saw(shop, data):
    before = run("predict", "visits", folder=shop.folder)
    data.unlink()
    done = run("predict", "visits", folder=shop.folder)
    assert done.code == 0
    assert f"Note      {data} is not there any more: forecasting from the end of the data that it saw" in done.err
    assert [row["timestamp"] for row in done.rows] == [row["timestamp"] for row in before.rows]
    for now, then in zip(done.rows, before.rows, strict=True):
        assert float(now["forecast"]) == pytest.approx(float(then["forecast"]), rel=0.01)


def test_a_file_that_is_gone_changes_no_interval_of_a_long_series(untrained, tmp_path):
    """How far it varied more than five hundred rows ago still counts."""
    rng = np.random.default_rng(3)
    rows = [(day, 100 + rng.normal() * (9 if i < 200 else 1)) for i, (day, _) in enumerate(visits(720))]
    data = newest(tmp_path / "long.csv", rows)
    assert run("train", data, "--model", "naive", "--plots", "none", folder=tmp_path).code == 0
    with_it = run("predict", "--quantiles", "0.05,0.95", folder=tmp_path)
    data.unlink()
    without = run("predict", "--quantiles", "0.05,0.95", folder=tmp_path)
    assert with_it.code == without.code == 0
    assert without.out == with_it.out


def test_gaps_in_new_data_are_told(shop, tmp_path):
    rows = [row for i, row in enumerate(visits()) if i % 5 or i < 10]
    done = run("predict", "--data", newest(tmp_path / "gaps.csv", rows), folder=shop.folder)
    assert done.code == 0
    assert "Note      10 dates missing, interpolated" in done.err


def test_other_file_gives_the_same_forecast_where_it_holds_the_same(shop, tmp_path):
    done = run("predict", "--data", newest(tmp_path / "copy.csv", visits()), folder=shop.folder)
    piped = run("predict", "--data", "-", folder=shop.folder, stdin=csv_bytes(visits()))
    expected = run("predict", folder=shop.folder).rows  # the name of the series, too, is that of the model's data
    assert done.rows == expected
    assert piped.rows == expected
    assert done.err == ""


@pytest.mark.parametrize("days", [1, 20])
def test_one_row_or_a_quiet_stretch_is_worth_forecasting_from(days, shop, tmp_path):
    """The model knows the frequency, and has learned what there is to learn."""
    rows = [(day, 20.0) for day, _ in visits(days)]
    done = run("predict", "--data", newest(tmp_path / "quiet.csv", rows), folder=shop.folder)
    assert done.code == 0
    assert float(done.rows[0]["forecast"]) == pytest.approx(20, abs=5)
    assert "never change" in done.err


def test_history_shorter_than_the_window_is_said(shop, tmp_path):
    done = run("predict", "--data", newest(tmp_path / "few.csv", visits()[-10:]), folder=shop.folder)
    assert done.code == 0
    assert "1 of 1 series in few.csv has fewer than the 21 steps that the model looks back on" in done.err


def test_rule_that_had_no_longer_history_has_none_that_is_too_short(tmp_path):
    """Smoothing looks back on 500 steps where they are there; nothing is repeated where they are not."""
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(60)))
    assert run("train", "visits.csv", "--model", "smoothing", "--plots", "none", folder=tmp_path).code == 0
    assert run("predict", "--data", "visits.csv", folder=tmp_path).err == ""
    few = newest(tmp_path / "few.csv", visits(60)[-10:])
    assert "1 of 1 series in few.csv has fewer than the 60 steps that the model looks back on." in " ".join(
        run("predict", "--data", few, folder=tmp_path).err.split()
    )


def test_series_that_come_and_go_are_named(stores, tmp_path):
    rows = [(day, name, value) for name in ("north", "west") for day, value in visits()]
    done = run("predict", "long", "--data", newest(tmp_path / "new.csv", rows, "day,shop,visits"), folder=stores)
    assert {row["series_id"] for row in done.rows} == {"north", "west"}
    assert "1 series (west) is not among those that the model was trained on" in done.err
    assert "1 series (south) is not in new.csv, and not forecast" in done.err


def test_other_frequency_is_refused(shop, tmp_path):
    monthly = [(date(2020 + i // 12, 1 + i % 12, 1), value) for i, (_, value) in enumerate(visits())]
    done = run("predict", "--data", newest(tmp_path / "monthly.csv", monthly), folder=shop.folder)
    assert done.code == 2
    assert "monthly.csv is monthly (MS), but the model was trained on daily data (D)" in done.err
    assert f"hint:  forecast train {tmp_path}/monthly.csv" in done.err


def test_one_week_of_business_days_is_not_taken_for_daily(stores, tmp_path):
    week = [row for row in visits(140) if row[0].weekday() < 5][-5:]
    done = run("predict", "work", "--data", newest(tmp_path / "week.csv", week), folder=stores)
    assert done.code == 0
    assert [row["timestamp"] for row in done.rows][:2] == ["2024-05-20", "2024-05-21"]  # a Monday follows the Friday


def test_other_columns_are_refused_in_the_words_of_the_training_file(shop, tmp_path):
    done = run("predict", "--data", newest(tmp_path / "other.csv", visits(), "when,visits"), folder=shop.folder)
    assert done.code == 5
    assert "error: other.csv has no column 'day'" in done.err
    assert "hint:  a file with the columns that the model was trained on: day, visits" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("visits", "--future", "visits.csv"), 2, "but the model was trained without any"),
        (("nobody",), 4, "There is no model 'nobody'"),
        (("vists",), 4, "Did you mean 'visits'?"),
        (("visits", "--model-version", "v9"), 4, "visits has no version 'v9'"),
        (("visits", "--data", "nope.csv"), 4, "There is no file nope.csv"),
        (("visits", "--horizon", "0"), 2, "--horizon must be greater than or equal to 1"),
        (("visits", "--horizon", "100001"), 2, "--horizon must be less than or equal to 100000"),
        (("visits", "--horizon", "9" * 20), 2, "--horizon must be less than or equal to 100000"),
        (("visits", "--season", "7"), 2, "No such option: --season"),
        (("../visits",), 2, "'../visits' can't name a model"),
        (("--store", "empty"), 4, "There is no trained model in empty"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_error_has_its_number_and_sentence(arguments, code, message, form, shop):
    done = run("predict", *arguments, *(("--json",) if form == "json" else ()), folder=shop.folder)
    assert (done.code, done.out) == (code, "")
    if form == "json":
        assert (done.error["code"], done.error["command"]) == (code, "predict")
        assert message in done.error["message"]
    else:
        assert message in done.err
        assert "hint:  " in done.err


def test_several_models_need_a_name(stores):
    done = run("predict", folder=stores)
    assert done.code == 2
    assert "Which model? The store has long, work." in done.err
    assert "hint:  forecast predict long" in done.err


def test_damaged_version_is_refused_and_rollback_offered(tmp_path):
    newest(tmp_path / "visits.csv", visits())
    assert run(*TRAIN, "visits.csv", folder=tmp_path).code == 0
    weights = next(tmp_path.glob(".forecast/models/visits/versions/*/weights.npz"))
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    done = run("predict", folder=tmp_path)
    assert done.code == 5
    assert "weights.npz" in done.err
    assert "hint:" in done.err


def test_store_can_be_named_by_flag_or_environment(shop, tmp_path):
    store = str(shop.folder / ".forecast")
    expected = run("predict", folder=shop.folder).out
    assert run("predict", "--store", store, folder=tmp_path).out == expected
    assert run("predict", folder=tmp_path, FORECAST_STORE=store).out == expected


def test_hint_names_the_series_that_was_meant(stores):
    done = run("predict", "long", "--series", "suoth", folder=stores)
    assert (done.code, done.out) == (2, "")
    assert "Did you mean 'south'?" in done.err
    assert "hint:  --series south" in done.err
