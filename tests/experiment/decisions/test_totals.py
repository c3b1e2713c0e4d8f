"""`--total`, `--total-by` and `--paths` of four shops: totals are sums of the very paths that a file holds."""

import csv
import io
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from commands import run
from forecast import load
from forecast.evaluation.distribution.paths import FUTURES as PATHS
from forecast.evaluation.distribution.probabilistic_forecast import ProbabilisticForecast
from forecast.models.classical.baselines import Baseline

FIRST, DAYS, HORIZON = date(2024, 4, 1), 100, 28  # the forecast goes from 10 July to 6 August
COLUMNS = "series_id,period_start,period_end,steps,is_whole,forecast"
BOUNDS = "lower_80,upper_80,lower_95,upper_95"


def table(late=(), days=3):
    """Returns four shops of two regions; those of ``late`` end some days before the others."""
    rng = np.random.default_rng(0)
    rows = [("day", "region", "shop", "sales")]
    for region, shop in (("north", "a/1"), ("north", "b"), ("south", "c"), ("south", "d")):
        for k in range(DAYS - days * (shop in late)):
            sales = 20 + 5 * (k % 7 == 5) + 2 * (k // 7 % 3) + rng.normal(0, 3)
            rows.append((FIRST + timedelta(k), region, shop, round(sales, 1)))
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    folder = tmp_path_factory.mktemp("totals")
    (folder / "shops.csv").write_text(table())
    words = ("--id", "region,shop", "--model", "seasonal-naive", "--horizon", f"{HORIZON}", "--plots", "none")
    done = run("train", "shops.csv", *words, folder=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="module")
def paths(shops):
    """The paths that totals are told by, as a frame."""
    done = run("predict", "shops", "--paths", f"{PATHS}", "-o", "paths.parquet", folder=shops)
    assert done.code == 0, done.err
    frame = pq.read_table(shops / "paths.parquet").to_pandas()
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"]), region=frame["series_id"].str.split("/").str[0])


def predict(folder, *words):
    done = run("predict", "shops", *words, folder=folder)
    assert done.code == 0, done.err
    return done


def expected(paths, keys, share):
    """Returns quantiles of the sums of paths that have keys in common."""
    return paths.groupby([*keys, "path"])["value"].sum().groupby(keys).quantile(share)


def test_months_of_each_series_are_quantiles_of_the_sums_of_paths(shops, paths):
    rows = predict(shops, "--total", "month").rows
    assert ",".join(rows[0]) == f"{COLUMNS},{BOUNDS},model,version,origin"
    months = paths["timestamp"].dt.strftime("%Y-%m-01").rename("month")
    for share, name in ((0.1, "lower_80"), (0.975, "upper_95")):
        made = expected(paths.assign(month=months), ["series_id", "month"], share)
        for row in rows:
            assert float(row[name]) == pytest.approx(made[row["series_id"], row["period_start"]], rel=1e-6)
    assert [(row["period_start"], row["period_end"], row["steps"], row["is_whole"]) for row in rows[:2]] == [
        ("2024-07-01", "2024-07-31", "22", "false"),
        ("2024-08-01", "2024-08-31", "6", "false"),
    ]


def test_weeks_of_a_region_are_sums_over_series_and_steps(shops, paths):
    rows = predict(shops, "--total", "week", "--total-by", "REGION", "--quantiles", "0.3").rows
    weeks = (paths["timestamp"] - pd.to_timedelta(paths["timestamp"].dt.day_of_week, "D")).dt.strftime("%Y-%m-%d")
    made = expected(paths.assign(week=weeks), ["region", "week"], 0.3)
    assert len(rows) == len(made) == 2 * 5
    for row in rows:
        assert float(row["q0.3"]) == pytest.approx(made[row["series_id"], row["period_start"]], rel=1e-6)
    assert [row["is_whole"] for row in rows[:5]] == ["false", "true", "true", "true", "false"]
    assert [row["steps"] for row in rows[:5]] == ["5", "7", "7", "7", "2"]


def test_everything_is_added_up_step_by_step(shops, paths):
    rows = predict(shops, "--total-by", "all").rows
    made = expected(paths, ["timestamp"], 0.9)
    assert len(rows) == HORIZON
    for row in rows:
        assert (row["series_id"], row["period_start"]) == ("all", row["period_end"])
        assert float(row["upper_80"]) == pytest.approx(made[pd.Timestamp(row["period_start"])], rel=1e-6)


def test_forecast_of_a_total_is_the_sum_of_the_forecasts(shops):
    usual = predict(shops).rows
    [total] = predict(shops, "--total", "horizon", "--total-by", "all").rows
    assert float(total["forecast"]) == pytest.approx(sum(float(row["forecast"]) for row in usual))
    assert (total["period_start"], total["period_end"], total["steps"]) == ("2024-07-10", "2024-08-06", f"{HORIZON}")
    apart = sum(float(row["upper_80"]) - float(row["lower_80"]) for row in usual)
    widest = max(float(row["upper_80"]) - float(row["lower_80"]) for row in usual)
    assert widest < float(total["upper_80"]) - float(total["lower_80"]) < 0.8 * apart


def test_total_of_one_step_of_one_series_is_its_forecast(shops):
    usual, days = predict(shops).rows, predict(shops, "--total", "day").rows
    for row, day in zip(usual, days, strict=True):
        assert {name: day[name] for name in ("forecast", *BOUNDS.split(","))} == {
            name: row[name] for name in ("forecast", *BOUNDS.split(","))
        }


def test_total_beyond_the_horizon_has_no_interval(shops):
    done = predict(shops, "--total", "week", "--horizon", f"{HORIZON + 2}")
    assert f"The model was trained for {HORIZON} steps" in done.err
    last = [row for row in done.rows if row["series_id"] == "south/d"]
    assert [row["lower_80"] == "" for row in last] == [False] * 4 + [True]
    assert all(row["forecast"] for row in last)


def test_series_of_which_no_errors_are_known_counts_by_its_forecast(shops, monkeypatch):
    words, whole = ("--total-by", "all", "--total", "horizon"), ProbabilisticForecast.paths
    usual = predict(shops, *words).rows[0]

    def lacking(self, count, *, which, **named):
        for place, own in zip(which, whole(self, count, which=which, **named), strict=True):
            yield np.full_like(own, np.nan) if self.series_ids[place] == "north/b" else own

    monkeypatch.setattr(ProbabilisticForecast, "paths", lacking)
    total = predict(shops, *words).rows[0]
    assert total["forecast"] == usual["forecast"]
    assert float(usual["lower_80"]) < float(total["lower_80"]) < float(total["forecast"])
    assert float(total["forecast"]) < float(total["upper_80"]) < float(usual["upper_80"])


def test_sums_over_series_begin_after_the_newest_step_and_are_not_whole_beyond_a_late_one(shops, tmp_path):
    (tmp_path / "late.csv").write_text(table(late=("d",)))
    words = ("--data", tmp_path / "late.csv", "--total-by", "region")
    done, each = predict(shops, *words), predict(shops, *words[:2]).rows
    assert "south/d ends before the others: sums begin after the newest step of all, and are not whole where it is" in (
        " ".join(done.err.split())
    )
    assert "not whole" not in predict(shops, *words[:2], "--total", "week").err
    south = [row for row in done.rows if row["series_id"] == "south"]
    assert [row["is_whole"] for row in south] == ["true"] * (HORIZON - 3) + ["false"] * 3
    assert (south[0]["period_start"], south[-1]["period_start"]) == ("2024-07-10", "2024-08-06")
    own = [row for row in each if row["series_id"].startswith("south") and row["timestamp"] > "2024-07-09"]
    [total] = [row for row in predict(shops, *words, "--total", "horizon").rows if row["series_id"] == "south"]
    assert float(total["forecast"]) == pytest.approx(sum(float(row["forecast"]) for row in own))
    assert (total["period_start"], total["steps"], total["is_whole"]) == ("2024-07-10", f"{HORIZON}", "false")


def test_a_series_that_ended_a_forecast_before_the_others_is_in_no_sum(shops, tmp_path):
    (tmp_path / "ended.csv").write_text(table(late=("d",), days=HORIZON))
    words = ("--data", tmp_path / "ended.csv", "--total-by", "all", "--total", "horizon")
    done = predict(shops, *words)
    assert "south/d ends before the others by a whole forecast or more, and it is in no sum." in " ".join(
        done.err.split()
    )
    [total], [others] = done.rows, predict(shops, *words, "--series", "north/a/1,north/b,south/c").rows
    assert total == others
    assert total["is_whole"] == "true"


def test_totals_of_some_series_are_those_of_the_same_paths(shops):
    every = predict(shops, "--total", "horizon").rows
    [one] = predict(shops, "--total", "horizon", "--series", "south/c").rows
    other = next(row for row in every if row["series_id"] == "south/c")
    assert float(one["upper_95"]) == pytest.approx(float(other["upper_95"]), rel=1e-6)


@pytest.mark.parametrize("words", [("--total", "week"), ("--cost", "under=3,over=1"), ("--quantiles", "0.1")])
def test_the_model_forecasts_once_whatever_is_asked_of_its_distribution(words, shops, monkeypatch):
    asked, predict_members = [], Baseline.predict_members
    monkeypatch.setattr(Baseline, "predict_members", lambda *own: asked.append(own) or predict_members(*own))
    predict(shops, *words)
    assert len(asked) == 1


def test_little_memory_takes_groups_one_by_one(shops, monkeypatch):
    words = ("--total", "week", "--total-by", "region")
    usual = predict(shops, *words).out
    monkeypatch.setattr("forecast.experiment.decisions.totals.free_memory", lambda: 4 * 8 * PATHS * 6)
    assert predict(shops, *words).out == usual
    monkeypatch.setattr("forecast.experiment.decisions.totals.free_memory", lambda: 4 * 8 * PATHS * 2)
    done = run("predict", "shops", *words, folder=shops)
    assert (done.code, "--horizon with fewer steps" in done.err) == (2, True)


def test_totals_are_a_table_json_and_parquet(shops, tmp_path):
    done = predict(shops, "--total", "month", "--total-by", "region", "--format", "table")
    assert max(map(len, done.out.splitlines())) <= 80
    assert done.out.splitlines()[1].split()[:6] == ["series_id", "from", "to", "steps", "whole", "forecast"]
    document = predict(shops, "--total", "month", "--total-by", "region", "--json").document
    assert (document["total"], document["total_by"]) == ("month", "region")
    assert document["totals"][0]["is_whole"] is False
    target = tmp_path / "totals.parquet"
    assert "Wrote" in predict(shops, "--total", "month", "-o", target).err
    schema = pq.read_schema(target)
    assert [str(schema.field(name).type) for name in ("steps", "is_whole", "lower_80")] == ["int64", "bool", "double"]


def test_python_adds_up_as_the_command_line_does(shops):
    model = load("shops", store=shops / ".forecast")
    made = model.predict(total="month", total_by="region", quantiles=0.5)
    rows = predict(shops, "--total", "month", "--total-by", "region", "--quantiles", "0.5").rows
    assert made["q0.5"].tolist() == pytest.approx([float(row["q0.5"]) for row in rows])
    assert made["period_start"].dt.strftime("%Y-%m-%d").tolist() == [row["period_start"] for row in rows]
    assert made["is_whole"].tolist() == [row["is_whole"] == "true" for row in rows]


def test_file_that_is_gone_leaves_parts_that_names_tell(shops):
    (shops / "shops.csv").rename(shops / "away.csv")
    try:
        done = run("predict", "shops", "--total-by", "region", folder=shops)  # a/1 may be two parts as well as one
        some = run("predict", "shops", "--total-by", "all", folder=shops)
    finally:
        (shops / "away.csv").rename(shops / "shops.csv")
    assert (done.code, "the file that tells the parts of the id is gone" in done.err) == (2, True)
    assert some.code == 0


def test_a_column_of_the_file_that_is_no_part_of_the_id_can_become_one(shops, tmp_path):
    head, *rows = table().splitlines()
    (tmp_path / "more.csv").write_text("\n".join([f"{head},Shops", *(f"{row},x" for row in rows)]))
    done = run("predict", "shops", "--data", tmp_path / "more.csv", "--total-by", "shops", folder=shops)
    assert (done.code, done.err.splitlines()[-1].rpartition("; ")[2]) == (
        2,
        "forecast train DATA --id Shops,region,shop makes a model with it",
    )
    assert "Did you mean" not in done.err


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("--total fortnight", "--total 'fortnight' is no period.", "day, week, month, quarter, year or horizon"),
        ("--total mont", "Did you mean 'month'?", "day, week, month"),
        ("--total-by town", "no part of the id, which is region and shop", "--total-by shop or --total-by all\n"),
        ("--total-by day", "no part of the id, which is region and shop", "--total-by shop or --total-by all\n"),
        ("--total-by regoin", "Did you mean 'region'?", "--total-by region"),
        ("--total week --cost under=3,over=1", "not of totals", "--cost without --total"),
        ("--total week --set promo=1", "--set makes several of it", "--set without --total"),
        ("--total week --paths 5 -o p.csv", "--paths makes several of it", "--paths without --total"),
        ("--quantiles 0.1 --paths 5 -o p.csv", "--paths makes several of it", "--paths without --quantiles"),
        ("--paths 5", "writes into a file, and none is named", "--paths 5 -o paths.parquet"),
        ("--paths 0 -o p.csv", "--paths must be greater than or equal to 1", "forecast predict --help"),
        ("--paths 5 -o p.json", "-o writes .csv", "-o p.csv"),
        ("--paths 5 -o p.csv --horizon 29", "paths reach no further", "--horizon 28"),
        ("--paths 1000000000 -o p.csv", "is free", "--series with fewer of them"),
    ],
)
def test_what_can_not_be_asked_is_refused_with_what_can(shops, words, message, hint):
    done = run("predict", "shops", *words.split(), folder=shops)
    assert (done.code, done.out) == (2, "")
    error, last = done.err.splitlines(keepends=True)[-2:]
    assert message in error
    assert hint in last
    assert not (shops / "p.csv").exists()
