import json
import shutil

import numpy as np
import pytest

from commands import csv_bytes, run, visits
from forecast.evaluation.explain.memory_lesson import LAGS
from forecast.evaluation.explain.memory_test import MemoryTestResult
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import USUAL
from forecast.workflows.pages.explain_tables import RECALL, SUMMARY
from imported import imported_by
from untrained import train_nothing

FAST = ("--horizon", "7", "--folds", "1", "--seeds", "1", "--plots", "none")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A store with a model of each kind, none of them trained, and a file of several series."""
    folder = tmp_path_factory.mktemp("explained")
    (folder / "visits.csv").write_bytes(csv_bytes(visits(100)))
    rows = [(day, value * scale, f"shop {i}") for i, scale in enumerate((1, 2, -3)) for day, value in visits(60)]
    (folder / "shops.csv").write_bytes(csv_bytes(rows, "day,visits,shop"))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        for model in ("gru", "linear"):
            assert run("train", "visits.csv", "--model", model, "--name", model, *FAST, folder=folder).code == 0
        assert run("train", "shops.csv", "--model", "lstm", *FAST, folder=folder).code == 0
    return folder


def explain(*words, folder):
    return run("explain", *words, folder=folder)


@pytest.mark.slow
def test_page_panels_and_numbers_are_written(folder, tmp_path):
    done = explain("gru", "-o", tmp_path / "why", "--teach", "--json", folder=folder)
    assert done.code == 0, done.err
    names = {path.name for path in (tmp_path / "why").iterdir()}
    panels = {"memory", "flow", "gates-gru", "constants", "saturation", "spike", "cost"}
    assert names == {"explain.html", "explain.json", *(f"{name}.png" for name in panels)}
    page = (tmp_path / "why/explain.html").read_text()
    assert page.count("<svg viewBox") > len(panels) - 2  # drawn by the page itself; cost and saturation are tables
    assert page.count("data:image/png;base64,") == page.count("<image ") > 0  # the maps of gates alone
    assert len(page) < 200_000
    numbers = json.loads((tmp_path / "why/explain.json").read_text())
    document = done.document
    assert {path.rpartition("/")[2] for path in document.pop("files")} == names
    assert numbers["cells"]["gru"]["memory"] == document["cells"]["gru"]["memory"]
    assert len(document["cells"]["gru"]["memory"]["recurrent"]) == document["summary"][0]["window"]
    assert "Cho et al. 2014 (1406.1078), Keras and PyTorch: z is the share kept" in " ".join(document["lesson"])


def test_files_are_replaced_only_if_asked(folder, tmp_path):
    page = tmp_path / "why/explain.html"
    page.parent.mkdir()
    page.write_text("old")
    again = explain("gru", "-o", page.parent, folder=folder)
    assert again.code == 2
    assert "explain.html exists already" in again.err
    assert page.read_text() == "old"
    assert explain("gru", "-o", page.parent, "--force", "--plots", "none", folder=folder).code == 0


def test_csv_has_a_row_a_cell(folder, tmp_path):
    done = explain("gru", "-o", tmp_path / "why", "--plots", "none", folder=folder)
    assert done.header == ",".join(SUMMARY)
    assert [row["cell"] for row in done.rows] == ["gru"]
    assert {path.name for path in (tmp_path / "why").iterdir()} == {"explain.json"}


def test_table_reads_well_in_eighty_columns(folder, tmp_path):
    words = ("gru", "-o", tmp_path / "why", "--plots", "none", "--teach", "--format", "table")
    done = run("explain", *words, folder=folder, COLUMNS="80")
    assert "By 90 % of its sensitivity" in done.out
    assert "1. Don't read here which cell remembers best" in done.out  # a window of four segments
    assert "source: Cho et al. 2014" in done.out
    assert max(len(line) for line in done.out.splitlines() if not line.startswith(tuple("12345678"))) <= 80


@pytest.mark.slow
def test_saved_model_needs_no_tensorflow(shop, tmp_path):
    words = ("explain", "visits", "-o", str(tmp_path / "why"), "--teach", "-q")
    used = imported_by(*words, folder=shop.folder)
    assert used == {"numpy", "pyarrow", "matplotlib", "jinja2"}


def test_most_typical_series_is_shown_and_named(folder, tmp_path):
    done = explain("shops", "-o", tmp_path / "why", "--plots", "none", "--json", folder=folder)
    assert done.document["series"] in {"shop 0", "shop 1"}  # the third is upside down
    assert f"{done.document['series']}, the most typical of 3 series (--series)" in done.err
    named = explain("shops", "--series", "shop 2", "-o", tmp_path / "b", "--plots", "none", "--json", folder=folder)
    assert named.document["series"] == "shop 2"


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (
            ("linear",),
            2,
            "linear v1 is a linear model: it has no recurrent cell",
            "forecast train DATA --model lstm --name linear",
        ),
        (("visits.csv", "--models", "gru,ridge"), 2, "'ridge' has no recurrent cell", "--models rnn,lstm,gru"),
        (("visits.csv", "--models", "gur"), 2, "Did you mean 'gru'", "--models rnn,lstm,gru"),
        (("visits.csv", "--models", ","), 2, "names no model", "--models rnn,lstm,gru"),
        (("gru", "--lags", "900"), 2, "--lags 900 asks for more than the", "--lags "),
        (("shops", "--series", "shop 9"), 2, "There is no series 'shop 9'. Did you mean", "--series 'shop 2'"),
        (("shops.csv", "--models", "gru", "--series", "shop 9"), 2, "There is no series 'shop 9'", "--series 'shop 2'"),
        (("gru", "--units", "3"), 2, "can't apply to a saved model", "forecast explain DATA"),
        (("visits.csv", "--data", "shops.csv"), 2, "--data can't apply where cells are trained", "leave it out"),
        (("visits.csv", "--time-limit", "9s"), 2, "--time-limit can't apply here", "--steps"),
        (("visits.csv", "--levels", "50"), 2, "--levels can't apply here", "leave it out"),
        (("gru", "--memory-test"), 2, "takes no data", "forecast explain --memory-test"),
        (("gru", "--lesson", "memory"), 2, "takes no data", "forecast explain --lesson memory"),
        (("--lesson", "memory", "--teach"), 2, "has no equations", "forecast explain --lesson memory"),
        (("--lesson", "memory", "--series", "9"), 2, "--series can't apply to the lesson", "leave it out"),
        (("--lesson", "memory", "--memory-test"), 2, "one of them at a time", "leave out one"),
        (("--memory-test", "--lags", "9"), 2, "--lags can't apply to the memory test", "leave it out"),
        (("nobody",), 4, "There is no model 'nobody'", "forecast train DATA --name nobody"),
        (("gru", "--model-version", "v9"), 4, "v9", "forecast models show gru"),
        ((), 2, "Which model?", "forecast explain "),
    ],
)
def test_what_can_not_be_explained_is_an_error_with_the_way_on(words, code, message, hint, folder):
    done = explain(*words, folder=folder)
    assert done.code == code
    assert message in done.err
    assert "Training  " not in done.err  # nothing is trained in vain
    assert f"hint:  {hint}" in done.err.replace("\n       ", " ")


def test_version_of_another_program_is_refused(folder, tmp_path):
    shutil.copytree(folder / ".forecast", tmp_path / ".forecast")
    (manifest,) = (tmp_path / ".forecast/models/gru/versions").glob("*/manifest.json")
    document = json.loads(manifest.read_text())
    document["parts"][0]["spec"]["attention"] = 8
    manifest.write_text(json.dumps(document))
    done = explain("gru", folder=tmp_path)
    assert done.code == 5
    assert "hint:  " in done.err


@pytest.mark.slow
def test_cells_are_trained_on_a_file_and_compared(folder, tmp_path):
    words = ("visits.csv", "--models", "rnn,lstm,gru", "--seeds", "2", "--steps", "50", "-o", tmp_path / "why")
    done = explain(*words, "--json", folder=folder)
    assert done.code == 0, done.err
    cells = done.document["cells"]
    assert list(cells) == ["rnn", "lstm", "gru"]
    for own in cells.values():
        learned = own["learning"]
        assert learned["seeds"] == 2
        assert learned["steps"][0] == 0
        assert learned["steps"][-1] == 50
        bands = zip(learned["low"], learned["rmse"], learned["high"], strict=True)
        assert all(low <= mean <= high for low, mean, high in bands)
        assert own["cost"]["train_seconds"] > 0
    assert (tmp_path / "why/learning.png").is_file()
    assert [flow["path"] for flow in cells["lstm"]["flow"]] == ["hidden", "cell state"]


@pytest.mark.parametrize("form", ["csv", "json", "table"])
@pytest.mark.slow
def test_lesson_on_memory_is_one_picture_with_its_numbers(form, tmp_path, monkeypatch):
    rates = {cell: {USUAL: np.full((5, 4), 0.5 if cell == "rnn" else 1.0)} for cell in CELLS}
    found = MemoryTestResult(LAGS, dict.fromkeys(CELLS, 9), rates, 300, 15.0)
    monkeypatch.setattr("forecast.workflows.explain.run_memory_lesson", lambda seed, run: found)
    done = run("explain", "--lesson", "memory", "-o", "m", "--format", form, folder=tmp_path, COLUMNS="80")
    assert done.code == 0, done.err
    assert {path.name for path in (tmp_path / "m").iterdir()} == {"explain.html", "explain.json", "recall.png"}
    page = (tmp_path / "m/explain.html").read_text()
    assert "data:image/png" not in page  # drawn by the page itself, in the colours of its theme
    assert "0 of 4" in page
    if form == "csv":
        assert done.header == ",".join(RECALL)
    elif form == "json":
        assert done.document["gives_up"] == {"rnn": 2, "lstm": None, "gru": None}
    else:
        assert max(map(len, done.out.splitlines())) <= 80
        assert "changed" not in done.out  # of one setup there is nothing to tell apart


@pytest.mark.slow
def test_memory_test_prints_a_table(tmp_path, monkeypatch):
    from memory_results import recollection

    monkeypatch.setattr("forecast.workflows.explain.run_memory_test", lambda seed, run: recollection())
    done = explain("--memory-test", "-o", "m", folder=tmp_path)
    assert done.code == 0, done.err
    assert done.header == ",".join(RECALL)
    assert {path.name for path in (tmp_path / "m").iterdir()} == {"explain.html", "explain.json", "recall.png"}
    table = run("explain", "--memory-test", "-o", "n", "--format", "table", folder=tmp_path, COLUMNS="80").out
    assert max(map(len, table.splitlines())) <= 80
    assert "gives up" in table
