"""Another level of prediction intervals is one more number in one constant."""

import csv
import io
import json
import subprocess
import sys

import pytest

from commands import csv_bytes, visits
from forecast.interval_levels import LEVELS
from forecast.report.tables import FORECAST_COLUMNS, LIVE_COLUMNS

PATCHED = """
import sys, forecast.interval_levels as interval_levels
interval_levels.LEVELS = (50, 80, 95)
interval_levels.BOUNDS = tuple(n for level in interval_levels.LEVELS for n in interval_levels.bounds_of(level))
from forecast.cli import main
main(sys.argv[1:])
"""


def patched(folder, *words):
    """Returns what a program with one level more prints."""
    run = [sys.executable, "-c", PATCHED, *words]
    return subprocess.run(run, capture_output=True, text=True, check=True, cwd=folder).stdout


@pytest.fixture(scope="module")
def shop_of_three(tmp_path_factory):
    folder = tmp_path_factory.mktemp("levels")
    rows = csv_bytes(visits()).decode().splitlines(keepends=True)
    (folder / "visits.csv").write_text("".join(rows[:-14]))
    (folder / "newer.csv").write_text("".join(rows))
    patched(folder, "train", "visits.csv", "--model", "seasonal-naive", "--horizon", "7", "--plots", "none")
    return folder


def test_levels_of_today_stand_in_the_columns_that_everybody_reads():
    assert LEVELS == (80, 95)
    assert ",".join(FORECAST_COLUMNS) == (
        "series_id,timestamp,step,forecast,lower_80,upper_80,lower_95,upper_95,model,version,origin"
    )
    assert LIVE_COLUMNS[8:10] == ("coverage_80", "coverage_95")


def test_another_level_is_forecast_and_its_columns_are_the_last(shop_of_three):
    [row, *_] = csv.DictReader(io.StringIO(patched(shop_of_three, "predict", "visits", "--format", "csv")))
    assert tuple(row) == (*FORECAST_COLUMNS, "lower_50", "upper_50")
    names = ("lower_95", "lower_80", "lower_50", "forecast", "upper_50", "upper_80", "upper_95")
    values = [float(row[name]) for name in names]
    assert values == sorted(values)
    assert values[2] < values[4]


def test_another_level_is_scored_and_shown(shop_of_three):
    document = json.loads(patched(shop_of_three, "score", "visits", "newer.csv", "--json"))
    assert 0 <= document["scores"][0]["coverage_50"] <= document["scores"][0]["coverage_80"]
    patched(shop_of_three, "report", "visits", "-o", "page.html")
    assert "50 % interval" in (shop_of_three / "page.html").read_text(encoding="utf-8")


def test_program_with_fewer_levels_reads_what_one_with_more_wrote(shop_of_three):
    run = [sys.executable, "-m", "forecast", "score", "visits", "newer.csv", "--format", "csv"]
    done = subprocess.run(run, capture_output=True, text=True, check=True, cwd=shop_of_three)
    assert done.stdout.splitlines()[0] == ",".join(LIVE_COLUMNS)


def test_program_with_more_levels_reads_what_one_with_fewer_wrote(shop_of_three, tmp_path):
    (tmp_path / "visits.csv").write_text((shop_of_three / "visits.csv").read_text())
    (tmp_path / "newer.csv").write_text((shop_of_three / "newer.csv").read_text())
    words = ["train", "visits.csv", "--model", "seasonal-naive", "--horizon", "7", "--plots", "none", "-q"]
    subprocess.run([sys.executable, "-m", "forecast", *words], check=True, cwd=tmp_path, capture_output=True)
    [row, *_] = csv.DictReader(io.StringIO(patched(tmp_path, "predict", "visits", "--format", "csv")))
    assert (row["lower_50"], row["lower_80"] == "") == ("", False)
    [first, *_] = json.loads(patched(tmp_path, "score", "visits", "newer.csv", "--json"))["scores"]
    assert (first["coverage_50"], first["coverage_80"] is None) == (None, False)
