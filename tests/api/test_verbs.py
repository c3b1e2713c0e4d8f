"""Python use: the verbs as functions, their tables as frames, the same numbers and errors as on the command line."""

import ast
import re
import runpy
import sqlite3
import subprocess
import sys
import traceback
import typing
from contextlib import closing
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

import forecast
from commands import FORECAST_COLUMNS, csv_bytes, run, visits
from forecast import ForecastError, compare, load, read_panel, train
from forecast.api.settings import ReadSettings, RunSettings
from forecast.data.read_options import ReadOptions
from forecast.specs import Overrides, Settings
from imported import imported_by
from marks import slow_but
from places import ROOT
from untrained import train_nothing

BARE = {"horizon": 7, "folds": 1, "seeds": 1}


@pytest.fixture
def path(tmp_path, monkeypatch):
    train_nothing(monkeypatch)
    path = tmp_path / "visits.csv"
    path.write_bytes(csv_bytes(visits()))
    return path


def frame():
    return pd.DataFrame(visits(), columns=["day", "visits"]).astype({"day": "datetime64[s]"})


# Import


def test_package_imports_nothing_until_asked():
    script = (
        'import json, sys, forecast; json.dump([0, sorted({n.partition(".")[0] for n in sys.modules})], sys.stderr)'
    )
    assert imported_by(script=script) == set()


def test_every_name_is_there_and_typed():
    assert set(dir(forecast)) == set(forecast.__all__)
    for name in forecast.__all__:
        assert getattr(forecast, name)
    with pytest.raises(AttributeError, match="module 'forecast' has no attribute 'predict'"):
        forecast.predict  # noqa: B018 - looking is the test
    for verb in (compare, train, load, read_panel, forecast.Model.predict):
        hints = typing.get_type_hints(verb)
        assert "return" in hints
        assert "Raises:" in verb.__doc__


def test_settings_are_those_of_the_command_line():
    reading = {{"ids": "id"}.get(field.name, field.name) for field in fields(ReadOptions)}
    assert set(typing.get_type_hints(ReadSettings)) == reading
    run_fields = {field.name for field in (*fields(Settings), *fields(Overrides))} - {"overrides"}
    assert set(typing.get_type_hints(RunSettings)) == reading | run_fields


# Data


@pytest.mark.slow
@pytest.mark.parametrize("shape", slow_but(["path", "frame"], ["path", "text", "frame", "indexed", "reading"]))
def test_same_data_gives_the_same_scores_however_it_comes(shape, path):
    data = {
        "path": path,
        "text": str(path),
        "frame": frame(),
        "indexed": frame().set_index("day"),
        "reading": read_panel(path),
    }[shape]
    wanted = run("compare", path, "--models", "naive", "--plots", "none", "--json", folder=path.parent).document
    found = compare(data, "naive").leaderboard
    assert found["rmse"].tolist() == pytest.approx([row["rmse"] for row in wanted["leaderboard"]])


def test_frame_is_left_as_it_was():
    own, same = frame(), frame()
    read_panel(own.set_index("day"))
    read_panel(own)
    pd.testing.assert_frame_equal(own, same)


def test_panel_is_read_with_settings(path):
    wide = frame().assign(more=1.5 * frame()["visits"])
    assert len(read_panel(wide, target=["visits", "more"]).panel) == 2
    assert read_panel(wide, target="more").columns.target == ("more",)


# Compare


def test_comparison_holds_the_tables_of_the_command(path):
    found = compare(path, ["naive"], folds=2, horizon=7)
    assert list(found.forecasts.columns) == [*FORECAST_COLUMNS.split(","), "actual"]
    assert len(found.forecasts) == len(found.leaderboard) * 2 * 7
    assert list(found.by_step.columns) == found.leaderboard["model"].tolist()
    assert found.verdict.endswith(".")


def test_forecasts_and_truths_give_the_scores_of_the_leaderboard(path):
    found = compare(path, "naive", folds=2, horizon=7)
    errors = found.forecasts["forecast"] - found.forecasts["actual"]
    rmse = (errors**2).groupby(found.forecasts["model"]).mean() ** 0.5
    for row in found.leaderboard.itertuples():
        assert rmse[row.model] == pytest.approx(row.rmse)
    truth = dict(zip(frame()["day"], frame()["visits"], strict=True))
    assert [truth[day] for day in found.forecasts["timestamp"]] == found.forecasts["actual"].tolist()


@pytest.mark.slow
def test_errors_by_group_are_those_that_pandas_finds(path):
    found = compare(path, "naive", by="weekday", folds=2, horizon=7)
    forecasts = found.forecasts.assign(error=lambda table: table["forecast"] - table["actual"])
    by_day = forecasts.groupby(["model", forecasts["timestamp"].dt.day_name()])
    rmse, bias = (by_day["error"].agg(lambda e: (e**2).mean() ** 0.5), by_day["error"].mean())
    assert set(found.errors["by"]) == {"weekday"}
    assert len(found.errors) == len(rmse) == 7 * len(found.leaderboard)
    for row in found.errors.itertuples():
        assert row.rmse == pytest.approx(rmse[row.model, row.group])
        assert row.bias == pytest.approx(bias[row.model, row.group])
    assert compare(path, "naive", folds=2, horizon=7).errors is None
    with pytest.raises(ForecastError, match="One step is forecast"):
        compare(path, "naive", by="step", horizon=1)


def test_origin_is_the_step_before_the_first_forecast(path):
    found = compare(path, "naive", folds=2, horizon=7).forecasts
    first = found[found["step"] == 1]
    assert ((first["timestamp"] - first["origin"]) == pd.Timedelta(days=1)).all()


@pytest.mark.slow
def test_rows_without_dates_are_numbered(path):
    found = compare(pd.DataFrame({"x": [float(i % 5) for i in range(50)]}), "naive", no_dates=True, target="x")
    assert found.forecasts["timestamp"].dtype.kind == "i"
    assert found.forecasts["timestamp"].max() == 50


# Train, load, predict


def test_saved_model_is_what_the_command_line_finds(path):
    store = path.parent / ".forecast"
    model = train(path, "gru", store=store, **BARE)
    assert (model.name, model.model, model.version) == ("visits", "gru", "v1")
    assert sorted(item.name for item in path.parent.iterdir()) == [".forecast", "visits.csv"]
    shown = run("predict", "visits", "--json", folder=path.parent).document["forecasts"]
    for each in (model, load("visits", store=store), load(store=store, version="v1")):
        table = each.predict()
        assert list(table.columns) == FORECAST_COLUMNS.split(",")
        assert table["forecast"].tolist() == pytest.approx([row["forecast"] for row in shown])
        assert table["timestamp"].dt.strftime("%Y-%m-%d").tolist() == [row["timestamp"] for row in shown]


def test_model_that_is_not_saved_leaves_nothing_and_predicts_the_same(path):
    kept, loose = (train(path, "gru", store=store, **BARE) for store in (path.parent / "store", None))
    assert loose.version is None
    assert not (path.parent / ".forecast").exists()
    assert loose.predict()["forecast"].tolist() == kept.predict()["forecast"].tolist()


@pytest.mark.slow
def test_levels_and_quantiles_are_asked_for_as_on_the_command_line(path):
    model = train(path, "naive", name="x", levels=[50, 99.5], **BARE)
    assert list(model.predict(3).columns)[4:-3] == ["lower_50", "upper_50", "lower_99.5", "upper_99.5"]
    table = model.predict(3, levels=80, quantiles=[0.9, 0.1])
    assert list(table.columns)[4:-3] == ["lower_80", "upper_80", "q0.1", "q0.9"]
    pd.testing.assert_series_equal(table["lower_80"], table["q0.1"], check_names=False)
    with pytest.raises(ForecastError, match="shares, not per cent"):
        model.predict(quantiles=90)
    made = compare(path, "naive", folds=2, horizon=7, levels="50").forecasts
    assert list(made.columns)[4:6] == ["lower_50", "upper_50"]


def test_model_predicts_from_other_data(path):
    model = train(frame(), "gru", name="x", **BARE)
    longer = pd.DataFrame(visits(70), columns=["day", "visits"]).astype({"day": "datetime64[s]"})
    tables = [model.predict(3, data=data) for data in (longer, read_panel(longer))]
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["origin"].unique().tolist() == [pd.Timestamp("2024-03-10")]


def test_what_is_to_be_said_is_warned_of(path):
    model = train(path, "gru", **BARE)
    with pytest.warns(UserWarning, match="The model was trained for 7 steps"):
        assert len(model.predict(9)) == 9


# Errors


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        (lambda data: compare(data, "lstn"), "no model 'lstn'. Did you mean 'lstm'?", "--models"),
        (lambda data: compare(data, horizn=3), "There is no setting 'horizn'. Did you mean 'horizon'?", "one of time"),
        (lambda data: compare(data, fill="zera"), "fill is 'zera'. Did you mean 'zero'?", "fill='interpolate'"),
        (lambda data: compare(data, horizon=0), "horizon is 0; it must be a whole number", "horizon=1 or more"),
        (lambda data: compare(data, seed=-1), "seed is -1; it must be a whole number", "seed=0 or more"),
        (lambda data: compare(data, target="sales"), "sales", "visits"),
        (lambda data: compare(read_panel(data), target="x"), "The data has been read already", "read_panel"),
        (lambda data: train(data, "lstn"), "no model 'lstn'. Did you mean 'lstm'?", "--model"),
        (lambda data: read_panel("nowhere.csv"), "There is no file nowhere.csv", "check the path"),
        (lambda data: load("nobody", store="nowhere"), "There is no model 'nobody'", "forecast train"),
        (lambda data: train(data, "gru", **BARE).predict(0), "0 is not a number of steps", "1 or more"),
    ],
)
def test_errors_are_those_of_the_command_line(call, message, hint, path):
    with pytest.raises(ForecastError, match=re.escape(message)) as error:
        call(path)
    assert hint in error.value.hint
    assert error.value.__notes__ == [f"hint: {error.value.hint}"]


# The example


def test_example_is_a_notebook_that_uses_every_verb():
    text = (ROOT / "docs" / "example.py").read_text(encoding="utf-8")
    assert text.count("# %% [markdown]") == text.count("\n# %%\n")
    imports = next(node for node in ast.walk(ast.parse(text)) if getattr(node, "module", "") == "forecast")
    assert {name.name for name in imports.names} >= {"compare", "load", "read_panel", "train"}


@pytest.mark.slow
def test_example_runs(monkeypatch, capsys):
    train_nothing(monkeypatch)
    runpy.run_path(str(ROOT / "docs" / "example.py"))
    said = capsys.readouterr().out
    assert "passengers v1 gru" in said
    assert "Did you mean 'lstm'?" in said


@pytest.mark.slow
def test_example_runs_for_real(tmp_path):
    example = ROOT / "docs" / "example.py"
    done = subprocess.run([sys.executable, example], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


# What is handed in, and how things look


def test_what_comes_back_is_told_in_three_lines(path, tmp_path):
    found = compare(path, "naive", **BARE)
    model = train(path, "gru", name="shop", store=tmp_path / "store", **BARE)
    unsaved = train(path, "gru", **BARE)
    begins = ("Comparison of ", "Model shop, v1: gru, 7 steps ahead", "Model visits, not saved")
    for thing, begin in zip((found, model, unsaved), begins, strict=True):
        lines = repr(thing).splitlines()
        assert lines[0].startswith(begin)
        assert len(lines) == 3
        assert max(map(len, lines)) < 300
    assert "1 series up to 2024-02-29" in repr(model)
    assert found.verdict in repr(found)


@pytest.mark.parametrize("index", ["dates", "periods"])
def test_series_with_dates_in_its_index_is_data(index):
    table = frame().set_index("day")
    series = table["visits"] if index == "dates" else table["visits"].to_period("D")
    expected = read_panel(frame())
    reading = read_panel(series)
    assert reading.columns.target == expected.columns.target == ("visits",)
    assert (reading.panel.values == expected.panel.values).all()
    assert reading.panel.future_timestamps(1) == expected.panel.future_timestamps(1)
    assert read_panel(series.rename(None)).columns.target == ("value",)


POLARS = {
    "instants": lambda pl, table: table,
    "days": lambda pl, table: table.with_columns(pl.col("day").cast(pl.Date)),
    "texts": lambda pl, table: table.with_columns(pl.col("day").dt.strftime("%Y-%m-%d")),
    "a zone": lambda pl, table: table.with_columns(pl.col("day").dt.replace_time_zone("Europe/Berlin")),
    "decimals": lambda pl, table: table.with_columns(pl.col("visits").cast(pl.Decimal(20, 4))),
    "a categorical": lambda pl, table: table.with_columns(pl.lit("north").cast(pl.Categorical).alias("shop")),
    "an enum": lambda pl, table: table.with_columns(pl.lit("north").cast(pl.Enum(["north", "south"])).alias("shop")),
    "a list beside": lambda pl, table: table.with_columns(pl.lit([1, 2]).alias("more")),
    "collected": lambda pl, table: table.lazy().collect(),
}


@pytest.mark.parametrize("form", POLARS)
def test_frame_of_polars_is_data(form):
    pl = pytest.importorskip("polars", reason="polars is not installed: pip install polars")
    own = frame()
    columns = {"day": own["day"].to_numpy("datetime64[ms]"), "visits": own["visits"].to_numpy(float)}
    table = POLARS[form](pl, pl.DataFrame(columns))
    expected, found = read_panel(own).panel, read_panel(table).panel
    assert np.allclose(found.values, expected.values, atol=1e-4)
    assert found.future_timestamps(1) == expected.future_timestamps(1)


def test_lazy_frame_and_series_of_polars_are_refused_with_the_way_on():
    pl = pytest.importorskip("polars", reason="polars is not installed: pip install polars")
    for data, hint in ((pl.LazyFrame({"a": [1]}), "data.collect()"), (pl.Series([1.0]), "a frame of it with a column")):
        with pytest.raises(ForecastError) as caught:
            read_panel(data)
        assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("data", "kind"),
    [(3, "int"), ([1, 2], "list"), (visits, "function"), (np.zeros(3), "numpy.ndarray"), ({"a": [1]}, "dict")],
)
def test_what_is_no_data_is_refused_by_its_type(data, kind):
    with pytest.raises(ForecastError, match=f"Data can't be {kind}") as caught:
        read_panel(data)
    assert "a pandas or polars frame" in caught.value.hint


def test_frame_that_no_file_could_hold_is_refused():
    twice = pd.concat([frame(), frame()], axis=1)
    mixed = frame().assign(note=[1, "two"] * 30)
    for table in (twice, mixed):
        with pytest.raises(ForecastError, match="The data frame can't be read"):
            read_panel(table)


@pytest.mark.parametrize("horizon", ["3", 2.5, True, [3]])
@pytest.mark.slow
def test_horizon_that_is_no_whole_number_is_refused(path, horizon):
    model = train(path, "gru", **BARE)
    with pytest.raises(ForecastError, match="it must be a whole number of steps") as caught:
        model.predict(horizon)
    assert caught.value.hint == "predict(12)"
    assert len(model.predict(np.int64(3))) == 3


def test_names_and_questions_of_a_wrong_type_are_refused(path):
    with pytest.raises(ForecastError, match="5 is no list of names"):
        compare(path, 5)
    with pytest.raises(ForecastError, match="what_if takes values by column, not str"):
        train(path, "gru", **BARE).what_if("promo=1")


def test_query_of_a_database_is_read_and_a_password_in_its_address_is_never_shown(tmp_path, monkeypatch):
    secret = "-".join(("s3", "cret"))  # which this line does not show
    monkeypatch.setenv("DATABASE_PASSWORD", "")  # put back at the end
    monkeypatch.delenv("DATABASE_PASSWORD")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("create table sales (day text, sold real)")
        connection.executemany("insert into sales values (?, ?)", [(f"2024-01-{d:02}", d) for d in range(1, 29)])
    reading = read_panel(f"sqlite:///{tmp_path}/shop.db", query="select day, sold * 2 as twice from sales")
    assert reading.panel.values.tolist() == [2.0 * d for d in range(1, 29)]
    with pytest.raises(ForecastError) as error:
        read_panel(f"postgresql://ann:{secret}@127.0.0.1:1/shop#sales")
    assert secret not in "".join(traceback.format_exception(error.value))
