import json
import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from commands import FORECAST_COLUMNS, csv_bytes, launch, run, visits
from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.decoding import encode
from forecast.production.store.store import Store

COLUMNS = (
    "version,steps,issued,points,origins,rmse,mae,bias,coverage_80,coverage_95,naive_rmse,skill,"
    "wape,relative_bias,wql_of_bounds,msis,calibration_error_of_bounds"
)
NOW = datetime(2026, 1, 2, tzinfo=UTC)
HORIZON = 8
SEASON = 7


def issued(rows, origin, version, shift=0.0, width=2.0, name="visits", seed=0):
    """A forecast from the day after row number ``origin``: the truth and some noise around it."""
    rng = np.random.default_rng([seed, origin])
    lines = [FORECAST_COLUMNS]
    for step in range(1, HORIZON + 1):
        day, truth = rows[origin + step]
        point = truth + shift + rng.normal(0, 1)
        limits = ",".join(str(point + side * width * wide) for wide in (1, 2) for side in (-1, 1))
        lines.append(f"{name},{day},{step},{point},{limits},gru,{version},{rows[origin][0]}")
    return "".join(f"{line}\n" for line in lines).encode()


def publish(folder, source, tables, name="visits", columns=(), backtest_rmse=1.0, options=None):
    """Puts a model into the store as `train` would, but for its networks, and has it issue the tables."""
    options = options or ReadOptions()
    reading = read_panel(source, options)
    panel = reading.panel
    data = {
        "source": str(source),
        "fingerprint": reading.fingerprint,
        "target": panel.target,
        "fill": panel.fill,
        "options": encode(options),
        "columns": encode(reading.columns),
        "frequency": encode(panel.frequency),
        "training_end": str(panel.frequency.timestamps(panel.last.max()[None])[0]),
    }
    manifest = {"model": "gru", "season": SEASON, "data": data}
    board = {"leaderboard": [{"model": "naive", "rmse": 9.0}, {"model": "gru", "rmse": backtest_rmse}]}
    files = {"forecast.csv": tables[0], "metrics.json": json.dumps(board).encode()}
    models = Store(folder / ".forecast").model(name)
    version = models.publish(files, manifest, NOW, champion=True)
    for day, table in enumerate(tables[1:], start=1):
        models.issue(table, version, NOW + timedelta(days=day))
    return models


@pytest.fixture
def live(tmp_path):
    """A folder with a model that was trained on 60 days and issued four forecasts, and with the 75 days since."""
    rows = visits(75)
    source = tmp_path / "visits.csv"
    source.write_bytes(csv_bytes(rows[:60]))
    publish(tmp_path, source, [issued(visits(90), origin, "v1") for origin in (59, 62, 64, 70)])
    source.write_bytes(csv_bytes(rows))
    return tmp_path


def add_version(folder, shift=4.0):
    """A second champion, trained later, whose forecasts are too high."""
    source = folder / "visits.csv"
    return publish(folder, source, [issued(visits(90), 66, "v2", shift)])


def joined(folder):
    """Every forecast in the store's files beside its truth, by pandas."""
    paths = [
        *folder.glob(".forecast/models/*/versions/*/forecast.csv"),
        *folder.glob(".forecast/models/*/issued/*.csv"),
    ]
    rows = pd.concat([pd.read_csv(path) for path in paths])
    truths = pd.read_csv(folder / "visits.csv").rename(columns={"day": "timestamp", "visits": "truth"})
    return rows.merge(truths, on="timestamp", how="left")


# What comes out


def test_scores_are_those_that_pandas_finds_in_the_files(live):
    add_version(live)
    done = run("score", folder=live)
    assert (done.code, done.err, done.header) == (0, "", COLUMNS)
    rows = joined(live)
    for row in done.rows:
        own = rows if row["version"] == "all" else rows[rows.version == row["version"]]
        if row["steps"] != "all":
            first, last = map(int, row["steps"].split("-"))
            own = own[own.step.between(first, last)]
        due = own.dropna(subset="truth")
        error = due.forecast - due.truth
        assert (int(row["issued"]), int(row["points"])) == (len(own), len(due))
        assert float(row["rmse"]) == pytest.approx(float((error**2).mean() ** 0.5))
        assert float(row["mae"]) == pytest.approx(float(error.abs().mean()))
        assert float(row["bias"]) == pytest.approx(float(error.mean()))
        assert float(row["coverage_80"]) == pytest.approx(float(due.truth.between(due.lower_80, due.upper_80).mean()))
    assert [(row["version"], row["steps"]) for row in done.rows][:6] == [
        ("all", "all"), ("all", "1-2"), ("all", "3-4"), ("all", "5-6"), ("all", "7-8"), ("v1", "all")
    ]  # fmt: skip


def test_seasonal_naive_is_what_was_seen_a_week_before(live):
    known = dict(visits(75))
    rows = joined(live).dropna(subset="truth")
    truths = {str(day): value for day, value in known.items()}
    days = list(truths)
    errors = []
    for row in rows.itertuples():
        origin = days.index(row.origin)
        errors.append(truths[days[origin - SEASON + 1 + (row.step - 1) % SEASON]] - row.truth)
    [total, *_] = run("score", folder=live).rows
    naive = np.sqrt(np.mean(np.square(errors)))
    assert float(total["naive_rmse"]) == pytest.approx(float(naive))
    assert float(total["skill"]) == pytest.approx(1 - float(total["rmse"]) / float(naive))


def test_json_holds_the_same_numbers_as_csv(live):
    plain, document = run("score", folder=live), run("score", "--json", folder=live).document
    assert list(document) == [
        *("schema_version", "name", "champion", "source", "season", "issued", "come_true", "scores", "drift"),
        *("intervals", "recent", "age", "notes", "files"),
    ]
    assert [{name: str(value) for name, value in row.items()} for row in document["scores"]] == plain.rows
    assert (document["issued"], document["come_true"]) == (32, 8 + 8 + 8 + 4)
    assert (document["name"], document["champion"], document["source"]) == ("visits", "v1", "visits.csv")


def test_a_rule_that_is_broken_exits_with_seven_after_the_result(live):
    add_version(live)  # too high by 4
    document = run("score", "--json", folder=live).document
    recent = document["recent"]
    assert recent["points"] == 36
    assert recent["rmse"] == pytest.approx(document["scores"][0]["rmse"])
    limit = recent["skill"]
    done = run("score", "--fail-if", f"skill<{limit + 0.001}", "-q", folder=live)
    assert done.code == 7
    assert done.rows == run("score", folder=live).rows
    assert done.err.startswith("error: visits: skill is ")
    assert run("score", "--fail-if", f"skill<{limit - 0.001},age<1d", folder=live).code == 0
    assert run("score", "--fail-if", "bias>0.5", "--fail-if", "skill<-99", folder=live).code == 7


def test_of_late_are_the_newest_three_horizons_that_had_a_forecast(live):
    rows = visits(90)
    (live / "visits.csv").write_bytes(csv_bytes(rows))
    old = [issued(rows, origin, "v1", shift=50.0, name="visits") for origin in (14, 22)]
    publish(live, live / "visits.csv", [*old, *(issued(rows, origin, "v1") for origin in (60, 68, 76))])
    document = run("score", "visits", "--json", folder=live).document
    assert document["recent"]["rmse"] < 2 < document["scores"][0]["rmse"]


@pytest.mark.parametrize("columns", ["80", "44"])
def test_table_is_for_people_and_fits_their_terminal(live, columns):
    add_version(live)
    lines = run("score", "--format", "table", folder=live, COLUMNS=columns).out.splitlines()
    assert lines[1] == "  visits: 36 of 40 forecast points came true, in visits.csv"
    told = next(i for i, line in enumerate(lines) if "issued points" in line)
    width, _, late = " ".join(" ".join(lines[told:]).split()).partition(" Of late (36 points): skill ")
    assert late.endswith("%.")
    assert width == (
        "Of the last 36 issued points that came true, 75 % lay in their version's own 80 % interval: "
        "v2's intervals stay as they are."
    )
    lines = lines[:told]
    legends = 2 if "WQL" in lines[2] else 1
    assert all(" of " in line for line in lines[-legends:])
    assert [line.split()[:2] for line in lines[3:-legends]] == [
        *(["all", "all"], ["v1", "all"], ["v2", "all"]),
        *(["all", steps] for steps in ("1-2", "3-4", "5-6", "7-8")),
    ]
    assert max(map(len, lines[2:-legends])) <= int(columns)
    assert (legends == 2) == (columns == "80")


def test_one_version_is_not_told_twice(live):
    lines = run("score", "--format", "table", folder=live).out.splitlines()
    assert [line.split()[:2] for line in lines[3:5]] == [["v1", "all"], ["all", "1-2"]]


@pytest.mark.parametrize("form", ["csv", "table", "json"])
def test_nothing_come_true_is_an_empty_table_and_a_note(tmp_path, form):
    source = tmp_path / "visits.csv"
    source.write_bytes(csv_bytes(visits(60)))
    publish(tmp_path, source, [issued(visits(90), 59, "v1")])
    done = run("score", "--format", form, folder=tmp_path)
    assert done.code == 0
    text = (
        "Nothing has come true yet: the first of 8 forecast points is for 2024-03-01, and visits.csv ends 2024-02-29."
    )
    assert done.err == f"Note      {text}\n"
    if form == "csv":
        assert done.out == COLUMNS + "\n"
    elif form == "json":
        assert (done.document["scores"], done.document["notes"]) == ([], [text])
    else:
        assert done.out.splitlines()[2].split()[:3] == ["version", "steps", "points"]
        assert len(done.out.splitlines()) == 3
    assert run("score", "--quiet", folder=tmp_path).err == ""


def test_version_that_nothing_is_known_of_yet_is_named(live):
    publish(live, live / "visits.csv", [issued(visits(90), 74, "v2")])
    done = run("score", folder=live)
    assert "Note      Nothing that v2 forecast has come true yet." in done.err
    assert {row["version"] for row in done.rows} == {"all", "v1"}


# The drift rule


def test_drift_is_told_with_its_numbers(live):
    publish(
        live, live / "visits.csv", [issued(visits(90), o, "v2", 9.0, seed=o) for o in (60, 63, 66)], backtest_rmse=2
    )
    done = run("score", folder=live)
    assert (
        "Drift     The last 24 forecasts of v2 that came true have an RMSE of 8.8775, 4.4 times the 2 of its backtest"
        in done.err
    )
    assert "Drift     The 80 % intervals of v2 held 0 % of the last 24 truths (limit: 60 %)." in done.err
    signals = run("score", "--json", folder=live).document["drift"]
    assert [signal["name"] for signal in signals] == ["error", "coverage"]


def test_old_errors_are_forgotten_and_those_of_other_versions_are_not_its_own(live):
    """Judged is what the champion said of the last three horizons, 24 days."""
    rows = visits(200)
    (live / "visits.csv").write_bytes(csv_bytes(rows[:140]))
    early = [issued(rows, origin, "v2", 9.0) for origin in (60, 63, 66)]
    late = [issued(rows, origin, "v2") for origin in (120, 126, 130)]
    publish(live, live / "visits.csv", [*early, *late, issued(rows, 131, "v1", 9.0)], backtest_rmse=1)
    assert run("score", "--json", folder=live).document["drift"] == []


def test_values_that_leave_the_range_are_told(live):
    far = [(day, value + (100 if i >= 60 else 0)) for i, (day, value) in enumerate(visits(75))]
    (live / "visits.csv").write_bytes(csv_bytes(far))
    text = "15 of 15 new values (100 %) lie out of the range that v1 was trained on (limit: 20 %)."
    assert text in run("score", folder=live).err


# What is scored


def test_forecasts_of_versions_that_are_gone_count_as_before(live):
    add_version(live)
    before = run("score", folder=live).out
    assert run("models", "prune", "visits", "--keep", "1", folder=live).code == 0
    assert len(Store(live / ".forecast").model("visits").versions()) == 1
    assert run("score", folder=live).out == before


def test_torn_and_foreign_files_are_named_and_left_out(live):
    before = run("score", folder=live).out
    folder = live / ".forecast/models/visits/issued"
    (folder / "notes.txt").write_text("mine")
    Store(live / ".forecast").model("visits").issue(
        b"day,visits\n", Store(live / ".forecast").model("visits").champion(), NOW
    )
    done = run("score", folder=live)
    assert (done.code, done.out) == (0, before)
    assert "notes.txt is left out: it is not one of the files that forecast writes." in done.err
    assert ".csv is left out: it is not a table of forecasts." in done.err


def test_other_file_may_hold_the_actuals(live):
    expected = run("score", folder=live).out
    shutil.move(live / "visits.csv", live / "newest.csv")
    assert run("score", "visits", "newest.csv", folder=live).out == expected
    assert run("score", "newest.csv", folder=live).out == expected
    piped = run("score", "visits", "-", folder=live, stdin=(live / "newest.csv").read_bytes())
    assert piped.out == expected


def test_file_of_the_newest_days_alone_has_no_history_for_seasonal_naive(live):
    (live / "few.csv").write_bytes(csv_bytes(visits(75)[62:]))
    done = run("score", "visits", "few.csv", folder=live)
    assert done.code == 0
    assert (
        "few.csv has nothing before the origins of 6 points: seasonal naive, and with it the skill, is scored"
        in done.err
    )
    assert int(done.rows[0]["points"]) == 26


def test_flags_read_a_file_that_is_written_otherwise(live):
    rows = [(f"{day:%d/%m/%Y}", value) for day, value in visits(75)]
    (live / "other.csv").write_bytes(csv_bytes(rows, "when,guests"))
    flags = ("--time", "when", "--target", "guests", "--date-format", "%d/%m/%Y")
    assert run("score", "visits", "other.csv", *flags, folder=live).out == run("score", folder=live).out


def test_series_of_long_files_are_scored_each_by_its_own_truths(tmp_path):
    rows = visits(90)
    long = [(day, name, value + more) for name, more in (("north", 0), ("south", 50)) for day, value in rows[:75]]
    source = tmp_path / "long.csv"
    source.write_bytes(csv_bytes(long, "day,shop,visits"))
    north, south = (issued(rows, 60, "v1", shift, name=name) for name, shift in (("north", 0), ("south", 50)))
    west = issued(rows, 60, "v1", name="west")
    tables = [north + b"".join(south.splitlines(keepends=True)[1:]), west]
    publish(tmp_path, source, tables, name="long", options=ReadOptions(ids=("shop",)))
    done = run("score", folder=tmp_path)
    assert "8 forecast points fit no series or step of long.csv" in done.err
    assert int(done.rows[0]["points"]) == 16
    assert float(done.rows[0]["rmse"]) < 3


@pytest.mark.slow
def test_model_that_the_program_trained_is_scored(shop, tmp_path):
    """The same, from a real `train` through the installed program."""
    shutil.copytree(shop.folder, tmp_path / "shop")
    (tmp_path / "newest.csv").write_bytes(csv_bytes(visits(70)))
    done = launch("score", "visits", tmp_path / "newest.csv", folder=tmp_path / "shop")
    assert (done.code, done.err) == (0, "")
    issued_then = pd.read_csv(shop.folder / "forecasts/visits.csv").head(10)
    truths = np.array([value for _, value in visits(70)[60:]])
    assert int(done.rows[0]["points"]) == 10
    assert float(done.rows[0]["rmse"]) == pytest.approx(float(np.sqrt(np.mean((issued_then.forecast - truths) ** 2))))


# Misuse


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("nobody",), 4, "There is no model 'nobody'"),
        (("vists",), 4, "Did you mean 'visits'?"),
        (("nope.csv",), 4, "There is no file nope.csv"),
        (("visits", "nope.csv"), 4, "There is no file nope.csv"),
        (("visits", "a.csv", "b.csv"), 2, "unexpected extra argument: b.csv"),
        (("--store", "empty"), 4, "There is no trained model in empty"),
        (("visits", "--target", "guests"), 2, "has no column 'guests'"),
        (("visits", "--horizon", "3"), 2, "No such option: --horizon"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_error_has_its_number_and_sentence(arguments, code, message, form, live):
    done = run("score", *arguments, *(("--json",) if form == "json" else ()), folder=live)
    assert (done.code, done.out) == (code, "")
    if form == "json":
        assert (done.error["code"], done.error["command"]) == (code, "score")
        assert message in done.error["message"]
    else:
        assert message in done.err
        assert "hint:  " in done.err


def test_training_file_that_is_gone_asks_for_another(live):
    (live / "visits.csv").unlink()
    done = run("score", folder=live)
    assert done.code == 4
    assert f"{live}/visits.csv, which visits v1 was trained on, is not there" in done.err
    assert "hint:  forecast score visits DATA" in done.err


def test_other_frequency_is_refused(live):
    weekly = [(day, value) for day, value in visits(400) if day.weekday() == 0]
    (live / "weekly.csv").write_bytes(csv_bytes(weekly))
    done = run("score", "visits", "weekly.csv", folder=live)
    assert done.code == 2
    assert "weekly.csv is weekly (W-MON), but the model was trained on daily data (D)" in done.err


def test_several_models_need_a_name(live):
    publish(live, live / "visits.csv", [issued(visits(90), 59, "v1")], name="other")
    done = run("score", folder=live)
    assert done.code == 2
    assert "Which model? The store has other, visits." in done.err
    assert "hint:  forecast score other" in done.err


# The plot


def test_plot_is_written_only_when_asked_and_where_told(live):
    assert run("score", folder=live).code == 0
    assert not (live / "forecasts").exists()
    done = run("score", "--plot", "png", "--out-dir", "pictures", "--json", folder=live)
    assert done.document["files"] == ["pictures/visits-live.png"]
    assert done.err == "Plot      pictures/visits-live.png\n"
    assert (live / "pictures/visits-live.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_drawn_where_nothing_has_come_true(live):
    (live / "visits.csv").write_bytes(csv_bytes(visits(60)))
    done = run("score", "--plot", "svg", "--json", "--quiet", folder=live)
    assert (done.code, done.document["files"], done.err) == (0, [], "")
    assert not (live / "forecasts").exists()
