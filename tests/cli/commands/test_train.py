import csv
import fcntl
import io
import json
import os
import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from commands import FORECAST, FORECAST_COLUMNS, LEADERBOARD_COLUMNS, QUICK, csv_bytes, launch, run, visits
from forecast.data.reading.reader import ReadOptions
from forecast.errors import DependencyError
from forecast.experiment.final_fit import TIE, choose
from forecast.specs import Overrides, Settings
from stopped import train_until
from untrained import train_nothing

GRU = ("--model", "gru", *QUICK)
BARE = (*GRU, "--plots", "none")
JSON_KEYS = {
    "plain_verdict": str,
    "beside": dict,
    "mixture": dict,
    "importance": list,
    "notes": list,
    "schema_version": int,
    "name": str,
    "version": str,
    "champion": bool,
    "model": str,
    "spec": dict,
    "scores": dict,
    "leaderboard": list,
    "scored_on": dict,
    "verdict": str,
    "data": dict,
    "folds": list,
    "files": list,
}
DATA_KEYS = {
    "source": str,
    "rows": int,
    "time": str,
    "target": list,
    "id": list,
    "series": int,
    "frequency": str,
    "seasons": list,
    "horizon": int,
    "window": int,
    "kind": str,
    "findings": list,
}


def folder_with(path, rows=None, **files):
    path.joinpath("visits.csv").write_bytes(csv_bytes(visits() if rows is None else rows))
    for name, content in files.items():
        path.joinpath(name).write_bytes(content)
    return path


def forecast_rows(folder, name="visits"):
    text = (folder / "forecasts" / f"{name}.csv").read_text()
    assert text.partition("\n")[0] == FORECAST_COLUMNS
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """A training of a network, asked for JSON."""
    folder = folder_with(tmp_path_factory.mktemp("again"))
    return folder, run("train", "visits.csv", *GRU, "--json", folder=folder)


# What is written where


def test_stdout_is_the_leaderboard_as_csv(shop):
    assert shop.train.header.startswith(LEADERBOARD_COLUMNS)
    rows = shop.train.rows
    assert {row["model"] for row in rows} == {"gru", "seasonal-naive", "naive"}
    assert [int(row["rank"]) for row in rows] == [1, 2, 3]
    assert [float(row["rmse"]) for row in rows] == sorted(float(row["rmse"]) for row in rows)
    assert not any(cell in {"nan", "inf", "None"} for row in rows for cell in row.values())


def test_stderr_says_what_was_inferred_and_which_flag_overrides_it(shop):
    notes = shop.train.err
    for text, flag in [
        ("visits.csv: 60 rows, day → time, visits → target", "--target"),
        ("1 series, daily (D), 2024-01-01 … 2024-02-29", "--freq"),
        ("7 steps", "--season"),
        ("12 steps from a window of 21", "--horizon, --window"),
        ("1 fold × 12 steps", "--folds"),
        ("1 seed × 3 views, 25 steps each", "--seeds, --preset"),
    ]:
        assert any(text in line and f"{flag}" in line for line in notes.splitlines()), text


def test_stderr_says_what_was_saved_and_what_to_do_next(shop):
    lines = shop.train.err.splitlines()
    assert "Saved     visits v1, now champion" in lines
    assert "Forecast  forecasts/visits.csv" in lines
    assert lines[-2:] == ["Next      forecast predict visits", "          forecast compare visits.csv"]
    assert "Traceback" not in shop.train.err
    assert "\x1b" not in shop.train.err + shop.train.out


@pytest.mark.slow
def test_files_that_are_named_are_there(shop, again):
    folder, outcome = again
    plots = [f"forecasts/visits-{name}.png" for name in ("forecast", "scores", "steps", "convergence")]
    assert outcome.document["files"] == ["forecasts/visits.csv", *plots]
    assert f"Plots     {', '.join(plots)}" in outcome.err.splitlines()
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in plots)
    assert [path.name for path in (shop.folder / "forecasts").iterdir()] == ["visits.csv"]
    assert "Plots" not in shop.train.err


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "magic"), [("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_plots_come_in_the_kind_that_was_asked_for(kind, magic, tmp_path):
    done = run("train", "visits.csv", *GRU, "--plots", kind, "--out-dir", "plots", folder=folder_with(tmp_path))
    assert done.code == 0
    drawn = sorted((tmp_path / "plots").glob("*-*"))
    assert [path.suffix for path in drawn] == [f".{kind}"] * 4
    assert all(path.read_bytes().startswith(magic) for path in drawn)


@pytest.mark.slow
def test_quiet_says_nothing_but_the_result(tmp_path):
    done = run("train", "visits.csv", *BARE, "--quiet", folder=folder_with(tmp_path))
    assert (done.code, done.err) == (0, "")
    assert done.header.startswith(LEADERBOARD_COLUMNS)


# JSON


def test_json_is_one_document_with_its_version_first(again):
    document = again[1].document
    assert next(iter(document)) == "schema_version"
    assert {key: type(value) for key, value in document.items()} == JSON_KEYS
    assert (document["schema_version"], document["name"], document["version"]) == (1, "visits", "v1")
    assert document["champion"] is True
    assert (document["model"], document["spec"]["cell"]) == ("gru", "gru")
    assert document["scored_on"] == {"folds": 1, "seeds": 1, "points": 12, "horizon": 12}


def test_json_tells_of_data_and_folds(again):
    document = again[1].document
    data = document["data"]
    assert {key: type(value) for key, value in data.items()} == DATA_KEYS
    assert (data["rows"], data["frequency"], data["seasons"], data["horizon"]) == (60, "D", [7], 12)
    assert [fold["number"] for fold in document["folds"]] == [0, 1]
    assert [fold["scored"] for fold in document["folds"]] == [False, True]
    assert document["folds"][-1]["origin"].startswith("2024-02-17")


def test_json_has_the_columns_of_the_table_and_the_error_by_step(again):
    first = again[1].document["leaderboard"][0]
    columns = LEADERBOARD_COLUMNS.split(",")
    assert list(first)[: len(columns)] == columns
    assert len(first["rmse_by_step"]) == 12
    assert isinstance(first["rmse"], float)
    assert isinstance(first["params"], int)
    pooled = (sum(error**2 for error in first["rmse_by_step"]) / 12) ** 0.5
    assert pooled == pytest.approx(first["rmse"])
    assert again[1].document["scores"]["rmse"] == first["rmse"]


def test_json_has_no_number_that_json_lacks(again):
    json.loads(again[1].out, parse_constant=pytest.fail)


# Numbers


@pytest.mark.slow
def test_same_seed_gives_the_same_bytes_in_another_folder(again, tmp_path):
    assert run("train", "visits.csv", *BARE, folder=folder_with(tmp_path)).code == 0
    assert (tmp_path / "forecasts/visits.csv").read_bytes() == (again[0] / "forecasts/visits.csv").read_bytes()


@pytest.mark.slow
def test_second_train_is_version_two_and_rollback_returns_the_first_forecast(tmp_path):
    folder = folder_with(tmp_path)
    assert run("train", "visits.csv", *BARE, folder=folder).code == 0
    first = run("predict", "visits", folder=folder)
    second = run("train", "visits.csv", *BARE, "--seed", "7", folder=folder)
    assert "Saved     visits v2, now champion" in second.err
    other = run("predict", "visits", folder=folder)
    assert [row["version"] for row in other.rows] == ["v2"] * 12
    assert [row["forecast"] for row in other.rows] != [row["forecast"] for row in first.rows]
    assert run("models", "rollback", "visits", folder=folder).code == 0
    assert run("predict", "visits", folder=folder).out == first.out
    assert run("predict", "visits", "--model-version", "v2", folder=folder).out == other.out


def test_intervals_hold_their_forecast(shop):
    for row in forecast_rows(shop.folder):
        bounds = [float(row[name]) for name in ("lower_95", "lower_80", "forecast", "upper_80", "upper_95")]
        assert bounds == sorted(bounds)


def test_diverging_loss_exits_6_and_saves_nothing(tmp_path):
    folder = folder_with(tmp_path)
    done = run("train", "visits.csv", *BARE, "--learning-rate", "1e38", folder=folder)
    assert done.code == 6
    assert "error: The gru diverged: its loss became NaN" in done.err
    assert "hint:  --learning-rate" in done.err
    assert run("models", "list", folder=folder).rows == []
    assert not (folder / "forecasts").exists()


@pytest.mark.slow
def test_tutorial_preset_replaces_no_champion_by_itself(tmp_path, monkeypatch):
    train_nothing(monkeypatch)
    folder = folder_with(tmp_path)
    lesson = ("train", "visits.csv", *BARE, "--preset", "tutorial", "--json")
    assert run(*lesson, "--name", "first", folder=folder).document["champion"] is True  # there is nothing else
    assert run("train", "visits.csv", *BARE, "--name", "shop", folder=folder).code == 0
    before = (folder / "forecasts/shop.csv").read_bytes()
    done = run(*lesson, "--name", "shop", folder=folder)
    assert (done.code, done.document["champion"], done.document["version"]) == (0, False, "v2")
    assert "v1 stays champion" in done.err.replace("\n          ", " ")
    assert "forecast models promote shop v2" in done.err
    assert (folder / "forecasts/shop.csv").read_bytes() == before
    assert (folder / "forecasts/shop-v2.csv").is_file()
    newest = run("history", "shop", folder=folder).rows[-1]
    assert (newest["outcome"], newest["champion"], newest["challenger"]) == ("saved", "v1", "v2")
    assert run("models", "promote", "shop", "v2", folder=folder).code == 0
    assert run("train", "visits.csv", *BARE, "--name", "shop", "--json", folder=folder).document["champion"] is True


@pytest.mark.slow
def test_tutorial_preset_is_the_textbook_network(tmp_path):
    done = run(
        *("train", "visits.csv", *BARE, "--preset", "tutorial", "--steps", "5", "--json"), folder=folder_with(tmp_path)
    )
    spec = done.document["spec"]
    assert (spec["units"], spec["layers"], spec["rolled"], spec["loss"]) == (50, 2, True, "mse")
    assert (spec["batch_size"], spec["schedule"], spec["highway"]) == (32, "constant", False)


def test_every_flag_reaches_the_training(tmp_path, monkeypatch):
    seen = []

    def listen(request, store, work):
        seen.append((request, store, work))
        raise DependencyError("seen")

    monkeypatch.setattr("forecast.workflows.train.train", listen)
    network = {"segment": 2, "units": 4, "layers": 2, "dropout": 0.1, "recurrent_dropout": 0.2, "loss": "huber",
               "steps": 3, "batch_size": 8, "learning_rate": 0.01}  # fmt: skip
    plan = {
        "horizon": 5,
        "window": 14,
        "season": 7,
        "folds": 2,
        "preset": "best",
        "seed": 3,
        "seeds": 6,
        "metric": "mae",
    }
    data = {"time": "day", "target": "a, b", "id": "shop", "freq": "D", "date_format": "%d/%m/%Y", "fill": "zero"}
    data |= {"missing": "-200,x", "decimal": ",", "aggregate": "last", "encoding": "cp1250"}
    rest = {"model": "lstm", "name": "shop-1", "plots": "svg", "out_dir": "out", "device": "cpu", "store": "st"}
    flags = [word for name, value in {**network, **plan, **data, **rest}.items() for word in (f"--{name}", value)]
    words = [str(word).replace("_", "-") if str(word).startswith("--") else word for word in flags]
    assert run("train", "x.csv", *words, "--keep-partial", "--no-dates", folder=tmp_path).code == 3
    request, store, work = seen[0]
    assert request.settings == Settings(**plan, overrides=Overrides(**network))
    assert request.options == ReadOptions(
        time="day",
        target=("a, b",),  # one name or two: the file tells
        ids=("shop",),
        freq="D",
        date_format="%d/%m/%Y",
        fill="zero",
        decimal=",",
        missing=("-200", "x"),
        aggregate="last",
        encoding="cp1250",
        keep_partial=True,
        no_dates=True,
    )
    assert (request.source, request.model, request.name, work.machine.device) == ("x.csv", "lstm", "shop-1", "cpu")
    assert (request.plots, str(request.folder), str(store.root)) == ("svg", "out", "st")


# Kinds of data


@pytest.mark.slow
def test_standard_input_is_a_file_without_a_name(tmp_path, again):
    done = run("train", "-", *BARE, folder=tmp_path, stdin=csv_bytes(visits()))
    assert done.code == 0
    assert done.err.endswith("Next      forecast predict stdin\n")
    ours, theirs = forecast_rows(tmp_path, "stdin"), forecast_rows(again[0])
    assert [row["forecast"] for row in ours] == [row["forecast"] for row in theirs]
    later = run("predict", "stdin", folder=tmp_path)
    assert [row["forecast"] for row in later.rows] == [row["forecast"] for row in theirs]
    assert "The model was trained on standard input" in later.err


@pytest.mark.slow
def test_several_targets_are_a_series_each(tmp_path):
    wide = csv_bytes([(day, value, 100 - value) for day, value in visits()], "day,a,b")
    folder = folder_with(tmp_path, **{"wide.csv": wide})
    done = run("train", "wide.csv", "--target", "a,b", *BARE, folder=folder)
    assert done.code == 0
    assert "2 series" in done.err
    assert [row["series_id"] for row in forecast_rows(folder, "wide")] == ["a"] * 12 + ["b"] * 12
    assert done.err.splitlines()[-1] == "          forecast compare"  # it knows the columns from the store


@pytest.mark.slow
def test_long_files_have_a_column_that_names_the_series(tmp_path):
    rows = [(day, name, value + bonus) for name, bonus in (("north", 0), ("süd, 2", 50)) for day, value in visits()]
    quoted = [(day, f'"{name}"', value) for day, name, value in rows]
    folder = folder_with(tmp_path, **{"long.csv": csv_bytes(quoted, "day,shop,visits")})
    done = run("train", "long.csv", "--id", "shop", *BARE, folder=folder)
    assert done.code == 0
    table = forecast_rows(folder, "long")
    assert [row["series_id"] for row in table] == ["north"] * 12 + ["süd, 2"] * 12
    assert all(float(row["forecast"]) > 50 for row in table[12:])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("my sales (2024).csv", "my_sales_2024"),
        ("--odd.csv", "odd"),
        ("Umsätze.csv", "Umsätze"),
        ("ünï 漢.tsv", "ünï_漢"),
    ],
)
def test_odd_file_names_become_names_of_models(file, name, tmp_path):
    content = csv_bytes(visits()).replace(b",", b"\t") if file.endswith(".tsv") else csv_bytes(visits())
    folder = folder_with(tmp_path, **{file: content})
    done = run("train", *BARE, "--", file, folder=folder)
    assert done.code == 0, done.err
    assert f"Saved     {name} v1" in done.err
    assert (folder / "forecasts" / f"{name}.csv").is_file()
    assert run("predict", name, folder=folder).code == 0


@pytest.mark.slow
def test_command_that_is_recommended_can_be_pasted(tmp_path):
    folder = folder_with(tmp_path, **{"my sales.csv": csv_bytes(visits())})
    done = run("train", "my sales.csv", *BARE, "--store", "a store", folder=folder)
    assert done.err.splitlines()[-2:] == [
        "Next      forecast predict my_sales --store 'a store'",
        "          forecast compare --store 'a store' 'my sales.csv'",
    ]


# Errors


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (("nope.csv",), 4, "There is no file nope.csv in /", "check the path"),
        (("visit.csv",), 4, "Did you mean 'visits.csv'?", "check the path"),
        ((".",), 5, "is a directory, not a file", "name one of its files"),
        (("empty.csv",), 5, "empty.csv is empty", "header line"),
        (("binary.csv",), 5, "binary.csv is not text", "save the table as CSV"),
        (("header.csv",), 5, "header.csv has a header but no rows", "day, visits"),
        (("constant.csv",), 5, "nothing to learn from: every value is 5", "--target"),
        (("words.csv",), 5, "words.csv line 3: 'many' in column visits is not a number", "correct it"),
        (("one.csv",), 5, "one.csv: the frequency can't be told from a single date", "--freq"),
        (("three.csv",), 5, "3 rows are too few to forecast 1 step .* on 1 fold: 4 are needed", "add rows: 4"),
        (("visits.csv", "--target", "vists"), 2, "no column 'vists'. Did you mean 'visits'?", "--target takes one of"),
        (("visits.csv", "--time", "date"), 2, "visits.csv has no column 'date'", "--time takes one of: day, visits"),
        (("visits.csv", "--freq", "fortnight"), 2, "'fortnight' is not a frequency", "--freq takes"),
        (("visits.csv", "--freq", "MS"), 5, "2024-01-01 is a second date in 2024-01", "--aggregate"),
        (("visits.csv", "--fill", "zeros"), 2, "--fill: 'zeros' is not one of", "forecast train --help"),
        (("visits.csv", "--horizon", "0"), 2, "--horizon must be greater than or equal to 1", "train --help"),
        (("visits.csv", "--horizon", "many"), 2, "--horizon takes a whole number", "train --help"),
        (("visits.csv", "--horizon", "40"), 2, "60 rows are too few to forecast 40 steps", "--horizon 20"),
        (("visits.csv", "--folds", "40"), 2, "on 40 folds: 504 are needed", "--horizon 1, or --folds 3"),
        (("visits.csv", "--season", "500"), 2, "A season of 500 steps is longer", "--season"),
        (("visits.csv", "--window", "5000"), 2, "A window of 5,000 steps and 12 steps after it", "--window 24"),
        (("visits.csv", "--model", "lstn"), 2, "no model 'lstn'. Did you mean 'lstm'?", r"--model auto\|rnn"),
        (("visits.csv", "--model", "bosting"), 2, "no model 'bosting'. Did you mean 'boosting'?", r"--model auto\|rnn"),
        (("visits.csv", "--name", "a/b"), 2, "'a/b' can't name a model", "--name a_b"),
        (("visits.csv", "--dropout", "1"), 2, "--dropout 1.0 is not a share", "--dropout 0.1"),
        (("visits.csv", "--learning-rate", "nan"), 2, "--learning-rate nan is not a number", "--learning-rate 0.003"),
        (("visits.csv", "--out-dir", "visits.csv/x"), 2, "visits.csv is a file, so no folder", "--out-dir"),
        (("visits.csv", "--plots", "gif"), 2, "--plots: 'gif' is not one of", "train --help"),
        (("visits.csv", "--verbos"), 2, "No such option: --verbos", "train --help"),
        (("visits.csv", "--horizn", "3"), 2, "No such option: --horizn. Did you mean '--horizon'?", "train --help"),
        (("visits.csv", "more.csv"), 2, "unexpected extra argument: more.csv", "train --help"),
        ((), 2, "Missing argument 'DATA'", "train --help"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_error_is_a_sentence_a_hint_and_a_number(arguments, code, message, hint, form, tmp_path):
    folder = folder_with(
        tmp_path,
        **{
            "empty.csv": b"",
            "binary.csv": b"\x00\x01" * 100,
            "header.csv": b"day,visits\n",
            "constant.csv": csv_bytes([(day, 5) for day, _ in visits()]),
            "words.csv": csv_bytes([(day, "many" if i == 1 else value) for i, (day, value) in enumerate(visits())]),
            "one.csv": csv_bytes(visits(1)),
            "three.csv": csv_bytes(visits(3)),
        },
    )
    json_flag = ("--json",) if form == "json" else ()
    done = run("train", *arguments, *json_flag, folder=folder)
    assert done.code == code
    assert done.out == ""
    assert "Traceback" not in done.err
    assert "This is a bug" not in done.err
    if form == "json":
        error = done.error
        assert list(error) == ["code", "message", "hint", "command"]
        assert (error["code"], error["command"]) == (code, "train")
        said, advised = error["message"], error["hint"]
    else:
        said, advised = done.err.splitlines()[-2:]
        assert said.startswith("error: ")
        assert advised.startswith("hint:  ")
    assert re.search(message, said), said
    assert re.search(hint, advised), advised
    assert not (folder / ".forecast").exists() or run("models", "list", folder=folder).rows == []


def test_typo_leaves_no_store_behind(tmp_path):
    assert run("train", "visit.csv", folder=folder_with(tmp_path)).code == 4
    assert not (tmp_path / ".forecast").exists()


def test_missing_graphics_card_exits_3_with_the_reason(tmp_path):
    from forecast.models.networks.tensorflow import GPUS  # imports TensorFlow

    if GPUS:
        pytest.skip("this machine has a GPU")
    done = run("train", "visits.csv", *BARE, "--device", "gpu", folder=folder_with(tmp_path))
    assert done.code == 3
    assert "There is no GPU to train on: " in done.err
    assert "hint:  --device cpu" in done.err


def test_busy_lock_exits_75_before_any_training(tmp_path, shop):
    folder = folder_with(tmp_path)
    lock = folder / ".forecast/models/visits/lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        done = run("train", "visits.csv", folder=folder)
    assert done.code == 75
    assert "holds the lock of visits" in done.err
    assert "Networks" not in done.err


def test_bug_is_a_sentence_and_with_debug_a_traceback(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("forecast.workflows.train.train", broken)
    folder = folder_with(tmp_path)
    done = run("train", "visits.csv", folder=folder)
    assert done.code == 1
    assert done.err == (
        "error: This is a bug in forecast: ZeroDivisionError: oh\n"
        "hint:  run it again with --debug and report what it prints\n"
    )
    with pytest.raises(ZeroDivisionError):
        run("train", "visits.csv", "--debug", folder=folder)


def test_memory_that_is_not_enough_exits_6(tmp_path, monkeypatch):
    def greedy(*_, **__):
        raise MemoryError

    monkeypatch.setattr("forecast.workflows.train.train", greedy)
    assert run("train", "visits.csv", folder=folder_with(tmp_path)).code == 6


# End to end


@pytest.mark.slow
def test_auto_takes_the_best_network_and_says_by_which_measure(tmp_path):
    folder = folder_with(tmp_path)
    done = launch("train", "visits.csv", *QUICK, "--plots", "none", "--json", "--metric", "mae", folder=folder)
    assert done.code == 0
    chatter = r"tensorflow|onednn|cuda|xla|keras|warning|^[iwef]\d{4}"
    assert not re.search(chatter, done.err, re.MULTILINE | re.IGNORECASE)
    networks = [row for row in done.document["leaderboard"] if "naive" not in row["model"]]
    assert {row["model"] for row in networks} == {"rnn", "lstm", "gru", "ensemble"}
    error = {row["model"]: row["mae"] for row in networks}
    best = min(error, key=lambda name: error[name])
    is_tie = error["ensemble"] <= (1 + TIE) * error[best]
    assert done.document["model"] == ("ensemble" if is_tie else best)
    reason = "the network with the lowest MAE in the backtest"
    said = f"{best}, {reason}"
    if is_tie and best != "ensemble":
        said = f"ensemble, all networks together, within 1 % of {said}: the steadier"
    assert f"Saved {said}, as visits v1, now champion" in " ".join(done.err.split())


@pytest.mark.parametrize(("gru", "chosen"), [(0.995, "ensemble"), (0.98, "gru"), (1.02, "ensemble")])
def test_a_tie_goes_to_the_ensemble(gru, chosen):
    errors = {"rnn": 1.1, "lstm": 1.05, "gru": gru, "ensemble": 1.0}
    rows = {name: SimpleNamespace(model=name, error={"rmsse": error}.__getitem__) for name, error in errors.items()}
    board = SimpleNamespace(rows=list(rows.values()), row=rows.__getitem__)
    name, reason = choose(SimpleNamespace(board=board, settings=Settings()), "auto")
    assert name == chosen
    assert ("within 1 % of gru" in reason) == (chosen == "ensemble" and gru < 1)


@pytest.mark.slow
@pytest.mark.parametrize("press", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_training_leaves_the_store_as_it_was(press, tmp_path):
    folder = folder_with(tmp_path)
    assert run("train", "visits.csv", *BARE, folder=folder).code == 0
    before = run("predict", "visits", folder=folder).out
    words = ("train", "visits.csv", "--model", "gru", "--steps", "2000000", "--plots", "none")
    done = train_until(press, 20, *words, folder=folder)
    out, err = done.stdout, done.stderr
    assert out == ""
    assert done.returncode == (-press if press == signal.SIGKILL else 128 + press)
    if press != signal.SIGKILL:
        by = "" if press == signal.SIGINT else " by SIGTERM"
        assert err.splitlines()[-1] == f"visits: stopped{by}. The store is as it was."
        assert "Traceback" not in err
    assert run("predict", "visits", folder=folder).out == before
    assert len(run("models", "show", "visits", folder=folder).rows) == 1
    assert run("train", "visits.csv", *BARE, folder=folder).code == 0  # nothing of it is in the way


@pytest.mark.slow
def test_training_goes_on_when_nobody_listens_to_its_notes(tmp_path):
    folder = folder_with(tmp_path)
    command = f"'{FORECAST}' train visits.csv {' '.join(BARE)} 2>&1 >/dev/null | head -1"  # the shell waits for both
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Read")
    assert len(done.stdout.splitlines()) == 1
    assert run("predict", "visits", folder=folder).code == 0


@pytest.mark.slow
def test_module_is_the_program(tmp_path):
    command = [sys.executable, "-m", "forecast", "--version"]
    assert (
        subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout == "forecast 0.1.0\n"
    )
