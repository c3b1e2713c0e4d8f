import json
import re

import pytest

from commands import LEADERBOARD_COLUMNS, QUICK, csv_bytes, launch, run, visits

pytestmark = pytest.mark.usefixtures("untrained")

BARE = ("--models", "gru", *QUICK, "--plots", "none")
CHEAP = ("--models", "naive", "--folds", "1", "--plots", "none")  # no network: no TensorFlow
RIVALS = {"ridge", "boosting", "smoothing", "local-ridge", "naive", "seasonal-naive", "drift"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    return tmp_path


@pytest.fixture(scope="module")
def compared(untrained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    (folder / "visits.csv").write_bytes(csv_bytes(visits()))
    return folder, run("compare", "visits.csv", *BARE, "--json", folder=folder)


# What comes out


def test_json_is_pinned(compared):
    document = compared[1].document
    assert {key: type(value) for key, value in document.items()} == {
        "schema_version": int,
        "data": dict,
        "beside": dict,
        "folds": list,
        "leaderboard": list,
        "scored_on": dict,
        "verdict": str,
        "files": list,
        "plain_verdict": str,
    }
    assert next(iter(document)) == "schema_version"
    assert document["schema_version"] == 1
    assert document["files"] == []
    columns = LEADERBOARD_COLUMNS.split(",")
    for row in document["leaderboard"]:
        assert list(row)[: len(columns)] == columns
        assert len(row["rmse_by_step"]) == document["scored_on"]["horizon"] == 12


def test_named_models_and_all_baselines_stand_in_one_table(compared):
    assert {row["model"] for row in compared[1].document["leaderboard"]} == {"gru", *RIVALS}


def test_seasonal_naive_is_the_zero_of_skill(compared):
    rows = {row["model"]: row for row in compared[1].document["leaderboard"]}
    for row in rows.values():
        assert row["skill"] == pytest.approx(1 - row["rmse"] / rows["seasonal-naive"]["rmse"])


def test_naive_rows_are_those_of_a_hand_made_backtest(compared):
    values = [value for _, value in visits()]
    truth = values[-12:]
    seasonal = [values[-12 - 7 + step % 7] for step in range(12)]
    rows = {row["model"]: row for row in compared[1].document["leaderboard"]}
    for name, forecast in (("naive", [values[-13]] * 12), ("seasonal-naive", seasonal)):
        squares = [(a - b) ** 2 for a, b in zip(truth, forecast, strict=True)]
        assert rows[name]["rmse"] == pytest.approx((sum(squares) / 12) ** 0.5)


def test_train_and_compare_score_a_model_alike(compared, shop):
    ours = next(row for row in compared[1].document["leaderboard"] if row["model"] == "gru")
    theirs = next(row for row in shop.train.rows if row["model"] == "gru")
    assert float(theirs["rmse"]) == ours["rmse"]


def test_nothing_is_saved(compared):
    assert [path.name for path in compared[0].iterdir()] == ["visits.csv"]


@pytest.mark.slow
def test_csv_goes_to_stdout_and_the_verdict_to_stderr(folder):
    done = run("compare", "visits.csv", *CHEAP, folder=folder)
    assert done.code == 0
    assert done.header.startswith(LEADERBOARD_COLUMNS)
    assert {row["model"] for row in done.rows} == RIVALS
    verdict = json.loads(run("compare", "visits.csv", *CHEAP, "--json", folder=folder).out)["verdict"]
    assert done.err.splitlines()[-1] == verdict
    assert verdict not in done.out


@pytest.mark.slow
def test_table_has_the_verdict_below_and_fits_the_terminal(folder):
    done = run("compare", "visits.csv", *CHEAP, "--format", "table", folder=folder, COLUMNS="60")
    assert "scored on 1 fold × 12 steps, 12 points" in done.out
    assert max(map(len, done.out.splitlines())) <= 60
    wide = run("compare", "visits.csv", *CHEAP, "--format", "table", folder=folder, COLUMNS="200")
    assert "RMSE" in done.out
    assert "sMAPE" in wide.out


def test_quiet_still_says_what_was_left_out_of_the_data(folder):
    header, *rows = csv_bytes(visits()).decode().splitlines()
    rows = [f"{row},north" for row in rows] + [f"2024-01-{day:02},,south" for day in range(1, 29)]
    (folder / "south.csv").write_text("\n".join([f"{header},shop", *rows]) + "\n")
    done = run("compare", "south.csv", *CHEAP, "--quiet", folder=folder)
    assert done.code == 0
    assert done.err.split(maxsplit=1)[0] == "Warning"
    assert "1 series without a value left out" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.slow
def test_quiet_says_nothing_but_the_result(folder):
    done = run("compare", "visits.csv", *CHEAP, "--quiet", folder=folder)
    assert (done.code, done.err) == (0, "")
    assert run("compare", *CHEAP, "--quiet", folder=folder).err == ""


def test_networks_are_told_only_where_one_is_trained(folder, compared):
    assert "Networks" not in run("compare", "visits.csv", *CHEAP, folder=folder).err
    assert "Networks  1 seed × 3 views" in compared[1].err


@pytest.mark.slow
def test_plots_are_named_and_written(folder):
    done = run("compare", "visits.csv", *BARE[:-2], "--out-dir", "plots", "--json", folder=folder)
    files = done.document["files"]
    assert files == [f"plots/visits-compare-{name}.png" for name in ("scores", "steps", "convergence", "forecast")]
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in files)
    assert f"Plots     {', '.join(files)}" in done.err


def test_model_that_is_named_twice_is_compared_once(folder):
    done = run("compare", "visits.csv", "--models", "drift,naive,drift", *CHEAP[2:], folder=folder)
    assert sorted(row["model"] for row in done.rows) == sorted(RIVALS)


# Which file, where none is named


def source_of(done):
    assert done.code == 0, done.err
    return done.document["data"]["source"], done.err.splitlines()[0]


@pytest.mark.slow
def test_without_data_and_history_the_sample_is_used(tmp_path):
    source, said = source_of(run("compare", *CHEAP, "--json", folder=tmp_path))
    assert source == "airline_passengers.csv"
    assert re.fullmatch(
        r"Using /.*/sample_data/airline_passengers.csv, the bundled sample, since nothing .* yet\.", said
    )


@pytest.mark.slow
def test_without_data_the_last_train_is_taken_with_its_columns(folder):
    wide = csv_bytes([(day, -value, value) for day, value in visits()], "day,sales,visits")
    (folder / "wide.csv").write_bytes(wide)
    train = ("train", "wide.csv", "--target", "visits", "--model", "gru", *BARE[2:])
    assert run(*train, folder=folder).code == 0
    done = run("compare", *CHEAP, "--json", folder=folder)
    assert source_of(done) == ("wide.csv", f"Using {folder}/wide.csv, from the last train (wide).")
    assert done.document["data"]["target"] == ["visits"]  # `sales` would be inferred
    given = run("compare", *CHEAP, "--target", "sales", "--json", folder=folder)
    assert given.document["data"]["target"] == ["sales"]


def test_without_data_forecast_toml_comes_first(folder, shop):
    (folder / "forecast.toml").write_text('data = "visits.csv"\n')
    store = ("--store", shop.folder / ".forecast")
    assert source_of(run("compare", *CHEAP, *store, "--json", folder=folder)) == (
        "visits.csv",
        "Using visits.csv, named in forecast.toml.",
    )


def test_named_file_needs_no_explanation(folder):
    (folder / "forecast.toml").write_text('data = "other.csv"\n')
    assert "Using" not in run("compare", "visits.csv", *CHEAP, folder=folder).err


@pytest.mark.slow
def test_last_file_that_is_gone_is_said(folder):
    (folder / "gone.csv").write_bytes(csv_bytes(visits()))
    assert run("train", "gone.csv", "--model", "gru", *BARE[2:], folder=folder).code == 0
    (folder / "gone.csv").unlink()
    source, said = source_of(run("compare", *CHEAP, "--json", folder=folder))
    assert source == "airline_passengers.csv"
    assert f"since {folder}/gone.csv of the last train (gone) is not there" in said


# Errors


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (("visits.csv", "--models", "lstn"), 2, "no model 'lstn'. Did you mean 'lstm'?", "--models rnn,lstm,gru"),
        (("visits.csv", "--models", ","), 2, "--models names no model", "--models rnn,lstm,gru"),
        (("visits.csv", "--model", "gru"), 2, "No such option: --model. Did you mean '--models'?", "compare --help"),
        (("nope.csv",), 4, "There is no file nope.csv", "check the path"),
        (("visits.csv", "--out-dir", "visits.csv"), 2, "visits.csv' is a file", "compare --help"),
        (("visits.csv", "--horizon", "50", "--models", "naive"), 2, "60 rows are too few", "--horizon 20"),
    ],
)
def test_error_has_its_number_sentence_and_hint(arguments, code, message, hint, folder):
    done = run("compare", *arguments, folder=folder)
    assert (done.code, done.out) == (code, "")
    assert message in done.err.splitlines()[-2]
    assert hint in done.err.splitlines()[-1]


@pytest.mark.parametrize("text", ["data = 7", "data = ", "\xff"])
def test_forecast_toml_that_can_not_be_read_is_an_error(text, folder):
    (folder / "forecast.toml").write_bytes(text.encode("latin-1"))
    done = run("compare", *CHEAP, "--json", folder=folder)
    assert done.code == 5
    assert "forecast.toml" in done.error["message"]


def test_classical_methods_are_compared_or_said_to_be_missing(folder):
    done = run("compare", "visits.csv", "--models", "theta", "--folds", "1", "--plots", "none", folder=folder)
    if done.code:
        assert done.code == 3
        assert "needs statsforecast" in done.err
        assert "hint:  pip install" in done.err
    else:
        assert "theta" in {row["model"] for row in done.rows}


# End to end


@pytest.mark.slow
def test_three_cells_beat_the_seasonal_naive_on_the_bundled_sample(tmp_path):
    done = launch("compare", "--models", "rnn,lstm,gru", "--json", folder=tmp_path)
    assert done.code == 0, done.err
    rows = {row["model"]: row for row in done.document["leaderboard"]}
    assert all(rows[cell]["skill"] > 0.2 for cell in ("rnn", "lstm", "gru"))
    assert all((tmp_path / name).is_file() for name in done.document["files"])
    assert len(done.document["files"]) == 4


@pytest.mark.slow
def test_tutorial_preset_runs_as_taught(folder):
    tutorial = ("--models", "lstm", "--preset", "tutorial", "--seeds", "1", "--folds", "1", "--plots", "none")
    done = run("compare", "visits.csv", *tutorial, "--json", folder=folder)
    assert done.code == 0
    assert "lstm" in {row["model"] for row in done.document["leaderboard"]}
    assert "Networks  1 seed × 1 view" in done.err


@pytest.mark.parametrize(("size", "what", "hint"), [(1e40, "large", "divide"), (1e-40, "small", "multiply")])
def test_values_in_a_unit_that_networks_cannot_count_in_are_refused(size, what, hint, tmp_path):
    (tmp_path / "far.csv").write_bytes(csv_bytes([(day, value * size) for day, value in visits()]))
    done = run("compare", "far.csv", "--models", "gru", folder=tmp_path)
    assert done.code == 5
    assert f"too {what} for networks" in done.err
    assert f"hint:  {hint} visits by a power of ten" in done.err
