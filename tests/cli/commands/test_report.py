"""`forecast report`, and `--report` of train, compare and retrain, from the command to the page."""

import json
import re
import shutil
from datetime import UTC, datetime

import pytest

from commands import csv_bytes, run, visits
from forecast.production.store.store import Store
from forecast.workflows.pages.version import version_page
from html_reader import Reader
from untrained import train_nothing

BARE = ("--model", "gru", "--horizon", "7", "--folds", "2", "--seeds", "1", "--plots", "none")
REPORT = ["forecasts/visits-report.html", "forecasts/visits-report.xlsx"]
COMPARED = ["forecast", "leaderboard", "steps", "coverage", "folds", "inferred", "findings", "settings", "reproduce"]
SECTIONS = [COMPARED[0], "parts", "backtest", *COMPARED[1:]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which a model was trained, with its report; to be read only."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "visits.csv").write_bytes(csv_bytes(visits(100)))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        done = run("train", "visits.csv", *BARE, "--report", "--json", folder=folder)
    assert done.code == 0, done.err
    return folder, done


@pytest.fixture
def folder(trained, tmp_path, monkeypatch):
    train_nothing(monkeypatch)
    shutil.copytree(trained[0], tmp_path / "copy")
    return tmp_path / "copy"


def read(path):
    return Reader(path.read_text(encoding="utf-8"))


def sections(page):
    return [value for name, value in page.attributes if name == "id"]


def without_clock(path):
    return re.sub(r"Made by .*? UTC", "", path.read_text(encoding="utf-8"))


# train


def test_train_lists_its_report_among_the_files(trained):
    folder, done = trained
    assert done.document["files"] == ["forecasts/visits.csv", *REPORT]
    assert "Report    forecasts/visits-report.html" in done.err
    assert sections(read(folder / "forecasts" / "visits-report.html")) == SECTIONS


def test_report_says_what_the_command_printed(trained):
    folder, done = trained
    words = " ".join(read(folder / "forecasts" / "visits-report.html").words)
    assert done.document["verdict"] in words
    for row in done.document["leaderboard"]:
        assert row["model"] in words
        assert f"{row['mase']:.3f}" in words
    assert "--horizon 7" in words
    assert "forecast train visits.csv --model gru --horizon 7 --folds 2 --seeds 1" in words


def test_report_says_first_what_is_expected_and_then_by_which_model(trained):
    folder, done = trained
    page = read(folder / "forecasts" / "visits-report.html")
    lead, *_ = (words for words in page.words if "next 7 days" in words)
    assert re.fullmatch(r"visits, next 7 days: [\d,.]+ \(80 %: [\d,.]+ to [\d,.]+\), .* the last 7 days\.", lead)
    order = [next(i for i, words in enumerate(page.words) if text in words) for text in (
        lead, "Forecasts of visits by gru are off by about", done.document["verdict"],
    )]  # fmt: skip
    assert order == sorted(order)


def test_without_the_flag_there_is_no_report(folder):
    done = run("train", "visits.csv", *BARE, "--out-dir", "bare", "--json", folder=folder)
    assert done.document["files"] == ["bare/visits.csv"]


def test_dry_run_names_the_report_and_writes_none(folder):
    words = ("compare", "visits.csv", "--models", "naive", "--report", "--plots", "none", "--dry-run", "--json")
    done = run(*words, folder=folder)
    assert done.document["files"] == ["forecasts/visits-compare-report.html"]
    assert not (folder / "forecasts" / "visits-compare-report.html").exists()


@pytest.mark.slow
def test_names_from_data_stay_text(tmp_path, monkeypatch):
    train_nothing(monkeypatch)
    rows = [(day, name, value) for name in ("<script>alert(1)</script>", "b & c") for day, value in visits(100)]
    (tmp_path / "shops.csv").write_bytes(csv_bytes(rows, header="day,shop,<b>visits</b>"))
    assert run("train", "shops.csv", *BARE, "--report", folder=tmp_path).code == 0
    page = read(tmp_path / "forecasts" / "shops-report.html")
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.words
    assert any("<b>visits</b>" in words for words in page.words)


# compare


@pytest.mark.slow
def test_compare_shows_the_last_fold_beside_what_came(folder):
    done = run("compare", "visits.csv", "--models", "gru,lstm", *BARE[2:], "--report", "--json", folder=folder)
    assert done.document["files"] == ["forecasts/visits-compare-report.html"]
    page = read(folder / "forecasts" / "visits-compare-report.html")
    assert sections(page) == [COMPARED[0], "backtest", *COMPARED[1:]]
    assert {"The last fold", "what came"} <= set(page.words)
    assert "forecast compare visits.csv --models gru,lstm --horizon 7 --folds 2 --seeds 1" in page.words


@pytest.mark.slow
def test_one_step_needs_no_chart_of_steps(folder):
    words = ("--models", "naive", "--horizon", "1", "--folds", "2", "--plots", "none", "--report")
    assert run("compare", "visits.csv", *words, folder=folder).code == 0
    page = read(folder / "forecasts" / "visits-compare-report.html")
    assert "steps" not in sections(page)
    assert any("one step is forecast" in words for words in page.words)


@pytest.mark.slow
def test_folds_of_data_without_dates_are_told_in_rows(folder):
    (folder / "rows.csv").write_text("y\n" + "".join(f"{i % 7}.5\n" for i in range(300)))
    words = ("--no-dates", "--models", "naive", "--horizon", "5", "--folds", "2", "--plots", "none", "--report")
    assert run("compare", "rows.csv", *words, folder=folder).code == 0
    page = read(folder / "forecasts" / "rows-compare-report.html")
    assert "The data begin at 1, left of the picture." in page.words
    assert "3 folds from 1 to 300" in [value for name, value in page.attributes if name == "aria-label"]


# report


def test_page_from_the_store_is_the_page_of_the_train(folder):
    done = run("report", "visits", "--json", folder=folder)
    assert done.document == {
        "schema_version": 1,
        "name": "visits",
        "version": "v1",
        "files": [f"visits-report{end}" for end in (".html", ".csv", ".xlsx")],
    }
    shown, first = (without_clock(folder / at / "visits-report.html") for at in ("", "forecasts"))
    shown = shown.replace("visits-report.csv", "visits.csv")
    assert (folder / "visits-report.csv").read_bytes() == (folder / "forecasts" / "visits.csv").read_bytes()
    assert (folder / "visits-report.xlsx").read_bytes() == (folder / REPORT[1]).read_bytes()
    assert shown == first


def test_page_is_where_it_was_asked_for_and_nothing_is_replaced_unasked(folder):
    done = run("report", "-o", "page.html", folder=folder)
    assert (done.code, done.out, done.err) == (
        0, "", "Wrote     page.html: visits v1; beside it page.csv and page.xlsx\n",
    )  # fmt: skip
    again = run("report", "-o", "page.html", folder=folder)
    assert again.code == 2
    assert "page.html exists already." in again.err
    assert "--force" in again.err
    (folder / "page.html").unlink()
    beside = run("report", "-o", "page.html", folder=folder).err
    assert "page.csv, which would stand beside the page, exists already." in beside
    assert "another name: -o page-2.html" in beside
    assert run("report", "-o", "page.html", "--force", "-q", folder=folder).err == ""
    assert "-o writes .html or .htm, not .csv" in run("report", "-o", "page.csv", "--force", folder=folder).err


def test_without_the_writer_of_workbooks_the_page_says_how_to_come_by_one(folder, monkeypatch):
    monkeypatch.setattr("forecast.workflows.pages.version.can_write", lambda: False)
    done = run("report", "visits", "--json", folder=folder)
    assert done.document["files"] == ["visits-report.html", "visits-report.csv"]
    assert "pip install 'xlsxwriter>=3.2'" in " ".join(read(folder / "visits-report.html").words)


def test_a_page_alone_leads_to_no_file_that_is_not_there(folder):
    models = Store(folder / ".forecast").model("visits")
    page = version_page(models, models.champion(), datetime(2024, 7, 1, tzinfo=UTC)).decode()
    assert {value for name, value in Reader(page).attributes if name == "href"} <= {
        "data:,", *(f"#{anchor}" for anchor in sections(Reader(page))),
    }  # fmt: skip


def test_values_are_called_as_asked(folder):
    assert run("report", "--label", "guests a day", folder=folder).code == 0
    words = read(folder / "visits-report.html").words
    told = [line for line in words if "visits" in line and "forecast train" not in line and "visits-report" not in line]
    assert any(line.startswith("guests a day, next 7 days:") for line in words)
    assert any(line.startswith("Forecasts of guests a day by gru are off by") for line in words)
    assert all("next 7 days" not in line and "Forecasts of" not in line for line in told)


def test_unknown_model_and_version_are_said(folder):
    assert "There is no model 'nobody'" in run("report", "nobody", folder=folder).err
    assert "has no version 'v9'" in run("report", "visits", "--model-version", "v9", folder=folder).err


def test_version_of_an_early_program_says_what_it_lacks(folder):
    models = Store(folder / ".forecast").model("visits")
    old = models.champion()
    summary = json.loads(old.read("metrics.json"))
    rows = [{key: value for key, value in row.items() if key != "rmse_by_step"} for row in summary["leaderboard"]]
    files = {name: old.read(name) for name in old.files}
    files["metrics.json"] = json.dumps({"leaderboard": rows, "verdict": summary["verdict"]}).encode()
    manifest = {key: old.document[key] for key in old.document if key in {"kind", "model", "data", "parts"}}
    fresh = {key: value for key, value in old.document.items() if key in VERSIONED}
    models.publish(files, {**manifest, **fresh}, old.created, champion=True)
    assert run("report", "visits", folder=folder).code == 0
    page = read(folder / "visits-report.html")
    assert sections(page) == ["forecast", "leaderboard", "left-out"]
    assert any(words.startswith("No interval of the total is known for v2") for words in page.words)
    [why] = [words for words in page.words if "early programs" in words]
    assert why.startswith("Error by step, Intervals, Folds on the calendar, What was inferred, Data findings, Settings")


VERSIONED = {"series_ids", "trust", "anchor", "season", "widths", "distribution", "settings", "libraries"}


# retrain


@pytest.mark.slow
def test_retrain_says_what_was_decided_by_which_rules_and_all_runs(folder):
    (folder / "visits.csv").write_bytes(csv_bytes(visits(130)))
    done = run("retrain", "visits", "visits.csv", "--min-gain", "0.99", "--report", "--json", folder=folder)
    assert done.document["files"] == ["forecasts/visits.csv", *REPORT]
    page = read(folder / "forecasts" / "visits-report.html")
    assert sections(page)[:4] == ["forecast", "parts", "backtest", "decision"]
    assert "runs" in sections(page)
    words = " ".join(page.words)
    assert "The champion stays" in words
    assert done.document["reason"] in words
    assert "at least 99 % lower than the champion's (--min-gain)" in words
    assert f"RMSE on {done.document['scored_on']}" in words


@pytest.mark.slow
def test_page_of_a_promoted_version_tells_how_it_won(folder):
    (folder / "visits.csv").write_bytes(csv_bytes(visits(130)))
    assert run("retrain", "visits", "visits.csv", "--force", folder=folder).code == 0
    assert run("report", "visits", folder=folder).code == 0
    words = " ".join(read(folder / "visits-report.html").words)
    assert "v2, the champion" in words
    assert "The challenger is the champion now" in words
    assert "it is put in use (--force)" in words


def test_retrain_without_news_still_leaves_a_current_page(folder):
    done = run("retrain", "visits", "--report", folder=folder)
    assert "nothing new" in done.out
    words = " ".join(read(folder / "forecasts" / "visits-report.html").words)
    assert "Nothing new, and the champion stays: the same data and settings as before." in words


def test_dry_retrain_writes_no_page(folder):
    (folder / "forecasts" / "visits-report.html").unlink()
    assert run("retrain", "visits", "--force", "--dry-run", "--report", folder=folder).code == 0
    assert not (folder / "forecasts" / "visits-report.html").exists()


# report --all


def test_site_has_a_row_and_a_page_of_each_model_and_says_which_can_t_be_read(folder):
    models = folder / ".forecast" / "models"
    shutil.copytree(models / "visits", models / "torn")
    next((models / "torn" / "versions").iterdir()).joinpath("weights.npz").write_bytes(b"x")
    done = run("report", "--all", "-o", "site", "--json", folder=folder)
    assert (done.code, done.document["unread"]) == (0, ["torn"])
    assert done.document["files"] == [
        "site/index.html",
        *(f"site/models/visits.{end}" for end in ("html", "csv", "xlsx")),
    ]
    index = (folder / "site" / "index.html").read_text(encoding="utf-8")
    assert index.index("can&#39;t be read") < index.index('<a href="models/visits.html">visits</a>')
    assert "1 of 2 models needs a look: torn" in index
    page = (folder / "site" / "models" / "visits.html").read_text(encoding="utf-8")
    assert '<a href="../index.html">All models</a>' in page
    assert '<a href="visits.csv" download>' in page
    assert run("report", "--all", "-o", "site", "-q", folder=folder).code == 0


@pytest.mark.slow
def test_any_number_of_processes_writes_the_same_pages(folder):
    models = folder / ".forecast" / "models"
    for place in range(9):
        shutil.copytree(models / "visits", models / f"shop{place}")
    for workers in "1", "2":
        assert run("report", "--all", "-o", f"site{workers}", "--workers", workers, "-q", folder=folder).code == 0
    one, two = ({path.name for path in (folder / f"site{n}" / "models").iterdir()} for n in "12")
    assert len(one) == 30
    assert one == two
    for name in one:
        if name.endswith(".csv"):
            assert (folder / "site1/models" / name).read_bytes() == (folder / "site2/models" / name).read_bytes()


def test_site_replaces_no_page_of_somebody_else(folder):
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("mine", encoding="utf-8")
    for words in (("report", "--all", "-o", "site"), ("retrain", "--all", "--site", "site")):
        done = run(*words, folder=folder)
        assert (done.code, "was not written by forecast report --all" in done.err) == (2, True)
    assert (folder / "site" / "index.html").read_text(encoding="utf-8") == "mine"
    assert run("report", "--all", "-o", "site", "--force", folder=folder).code == 0


def test_site_is_of_all_models(folder):
    for more in (("visits",), ("--label", "x"), ("--model-version", "v1")):
        assert run("report", "--all", *more, folder=folder).code == 2
    assert run("report", "visits", "--workers", "2", folder=folder).code == 2
    done = run("retrain", "visits", "--site", "site", folder=folder)
    assert (done.code, "--site is of several models" in done.err) == (2, True)


def test_retrain_of_all_writes_the_site_after_the_run_and_a_dry_one_does_not(folder):
    assert run("retrain", "--all", "--site", "site", "--dry-run", folder=folder).code == 0
    assert not (folder / "site").exists()
    assert run("retrain", "--all", "--site", "site", folder=folder).code == 0
    assert "nothing-new" in (folder / "site" / "index.html").read_text(encoding="utf-8")
