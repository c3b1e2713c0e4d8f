"""`forecast compare --by`: where the errors are."""

import csv
import io
import json
import math

import pytest

from commands import csv_bytes, run, visits
from forecast.cli.output.error_groups import _errors_text
from forecast.evaluation.groups.group_errors import ErrorTable, GroupErrors
from forecast.report.tables import ERROR_COLUMNS
from html_reader import Reader

CHEAP = ("--models", "naive", "--folds", "1", "--plots", "none")  # no network: no TensorFlow
SHOPS = ("compare", "shops.csv", "--id", "region,shop", "--target", "visits", "--horizon", "7", *CHEAP)
REGIONS = {"north": ("a", "b"), "so/uth": ("c",)}


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """Three shops of two regions, one of them called with the sign that joins the parts of an id."""
    folder = tmp_path_factory.mktemp("shops")
    rows = [
        (day, region, shop, round(value * (1 + place) ** 2, 2))
        for place, (region, shop) in enumerate((r, s) for r, names in REGIONS.items() for s in names)
        for day, value in visits()
    ]
    (folder / "shops.csv").write_bytes(csv_bytes(rows, "day,region,shop,visits"))
    (folder / "visits.csv").write_bytes(csv_bytes(visits()))
    (folder / "months.csv").write_bytes(
        csv_bytes([(f"20{y}-{m:02}", y + m) for y in range(10, 20) for m in range(1, 13)])
    )
    return folder


@pytest.fixture(scope="module")
def by_region(shops):
    done = run(*SHOPS, "--by", "region", "--json", "--out-dir", "of_region", folder=shops)
    assert done.code == 0, done.err
    return done


def test_json_holds_the_leaderboard_and_every_group_of_every_model(by_region, shops):
    found = by_region.document["errors_by"]
    assert list(found) == ["by", "model", "words", "groups"]
    best = by_region.document["leaderboard"][0]["model"]
    assert (found["by"], found["model"]) == ("region", best)
    assert {row["group"] for row in found["groups"]} == set(REGIONS)
    assert list(found["groups"][0]) == list(ERROR_COLUMNS[1:])
    models = [row["model"] for row in by_region.document["leaderboard"]]
    assert [row["model"] for row in found["groups"]] == models * 2
    assert {row["group"]: row["points"] for row in found["groups"]} == {"north": 14, "so/uth": 7}


def test_groups_make_up_the_error_of_all(by_region):
    for row in by_region.document["leaderboard"]:
        own = [each for each in by_region.document["errors_by"]["groups"] if each["model"] == row["model"]]
        squares = sum(each["points"] * each["rmse"] ** 2 for each in own)
        assert math.sqrt(squares / 21) == pytest.approx(row["rmse"])


def test_all_groups_are_written_beside_the_plots(by_region, shops):
    assert by_region.document["files"] == ["of_region/shops-compare-by-region.csv"]
    assert "Errors    of_region/shops-compare-by-region.csv" in by_region.err
    rows = list(csv.DictReader(io.StringIO((shops / "of_region" / "shops-compare-by-region.csv").read_text())))
    told = by_region.document["errors_by"]["groups"]
    assert [row["by"] for row in rows] == ["region"] * len(told)
    assert [float(row["rmse"]) for row in rows] == [row["rmse"] for row in told]


@pytest.mark.slow
def test_csv_is_that_of_the_groups_and_the_words_go_to_stderr(shops, tmp_path):
    done = run(*SHOPS, "--by", "weekday", "--out-dir", tmp_path, folder=shops)
    assert done.header == ",".join(ERROR_COLUMNS)
    assert list(dict.fromkeys(row["group"] for row in done.rows))[:2] == ["Monday", "Tuesday"]
    assert "errs most on " in done.err
    assert "has the lowest RMSE, " in done.err


@pytest.mark.slow
def test_table_fits_and_marks_the_lowest_of_each_row(shops, tmp_path):
    done = run(*SHOPS, "--by", "series", "--format", "table", "--out-dir", tmp_path, folder=shops, COLUMNS="80")
    assert "RMSE by series, * the lowest; WQL, WAPE and bias of " in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    rows = [line for line in done.out.splitlines() if line.startswith(("  north/", "  so/uth/"))]
    assert [line.split()[0] for line in rows] == ["so/uth/c", "north/b", "north/a"]
    assert all(line.count("*") <= 1 for line in rows)
    assert "so/uth/c holds " in done.out
    wide = run(*SHOPS, "--by", "series", "--format", "table", "--out-dir", tmp_path, folder=shops, COLUMNS="200")
    marked = [line for line in wide.out.splitlines() if line.startswith(("  north/", "  so/uth/"))]
    assert [line.count("*") for line in marked] == [1, 1, 1]
    assert "no room" not in wide.out


def test_model_that_leads_where_there_is_no_room_for_it_is_named(monkeypatch):
    models = ("gru", "lstm", "seasonal-naive", "local-ridge")
    rows = tuple(
        GroupErrors(day, model, 40, 1.0 + (place + len(day)) % 4, 1.0, 0.1, 0.2, 0.02, None, 9.0, 40.0)
        for day in ("Monday", "Tuesday", "Wednesday", "Saturday")
        for place, model in enumerate(models)
    )
    monkeypatch.setenv("COLUMNS", "75")
    text = _errors_text(ErrorTable("weekday", models, rows), "Words.", "errors.csv")
    head, *lines = text.strip().splitlines()[1:6]
    assert head.split() == ["weekday", "points", "gru", "lstm", "seasonal-naive", "WAPE", "bias"]
    assert [line.count("*") for line in lines] == [1, 1, 0, 1]
    said = " ".join(text.split())
    assert (
        "In rows without *, local-ridge is the lowest, for which there is no room. All are in errors.csv. Words."
        in said
    )
    monkeypatch.setenv("COLUMNS", "90")
    assert "no room" not in _errors_text(ErrorTable("weekday", models, rows), "Words.", "errors.csv")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["errors.csv", "errors.tsv.gz", "errors.parquet", "errors.json"])
def test_errors_go_where_they_are_sent_and_the_leaderboard_to_stdout(name, shops, tmp_path):
    target = tmp_path / name
    done = run(*SHOPS, "--by", "step", "-o", target, folder=shops)
    assert done.header.startswith("rank,model,rmse")
    assert f"Errors    {target}" in done.err
    assert target.stat().st_size > 0
    if name.endswith("json"):
        document = json.loads(target.read_text())
        assert document["schema_version"] == 1
        assert document["errors_by"]["by"] == "step"
    assert not (shops / "forecasts").exists()


@pytest.mark.slow
def test_page_shows_the_series_and_the_groups_that_were_asked_for(shops, tmp_path):
    done = run(*SHOPS, "--by", "region", "--report", "--out-dir", tmp_path, folder=shops)
    page = Reader((tmp_path / "shops-compare-report.html").read_text(encoding="utf-8"))
    anchors = [value for name, value in page.attributes if name == "id"]
    assert anchors[anchors.index("errors") + 1] == "errors-by"
    text = " ".join(" ".join(page.words).split())
    assert "Errors by series so/uth/c holds " in text
    assert "Errors by region " in text
    assert " --by region" in text.partition("How to reproduce")[2]
    assert done.code == 0


@pytest.mark.slow
def test_page_of_one_series_has_no_errors_by_series(shops, tmp_path):
    run("compare", "visits.csv", *CHEAP, "--report", "--out-dir", tmp_path, folder=shops)
    page = Reader((tmp_path / "visits-compare-report.html").read_text(encoding="utf-8"))
    assert "errors" not in [value for name, value in page.attributes if name == "id"]


def test_dry_run_says_what_would_be_written(shops, tmp_path):
    dry = ("--by", "region", "--dry-run", "--json")
    assert run(*SHOPS, *dry, folder=shops).document["files"] == ["forecasts/shops-compare-by-region.csv"]
    sent = run(*SHOPS, *dry, "-o", tmp_path / "e.csv", folder=shops).document["files"]
    assert sent == [str(tmp_path / "e.csv")]
    assert not (tmp_path / "e.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (("visits.csv", "--by", "wekday"), 2, "not 'wekday'. Did you mean 'weekday'?", "--by step, --by weekday or"),
        (("visits.csv", "--by", "series"), 2, "There is one series", "--by step, --by weekday or --by month"),
        (("visits.csv", "--by", "step", "--horizon", "1"), 2, "One step is forecast", "--by weekday or --by month"),
        (
            ("months.csv", "--by", "weekday"),
            2,
            "Monthly data can't be told apart by weekday",
            "--by step or --by month",
        ),
        (("visits.csv", "--no-dates", "--target", "visits", "--by", "month"), 2, "can't be told apart", "--by step"),
        (
            ("shops.csv", "--id", "shop", "--by", "region"),
            2,
            "no part of the id, which is shop",
            "--id region,shop --by",
        ),
        (("visits.csv", "-o", "e.csv"), 2, "errors by group, and no group is named", "--by series -o e.csv"),
        (("visits.csv", "--by", "step", "-o", "e.ods"), 2, "-o writes .csv", "-o e.xlsx"),
        (("visits.csv", "--by", "step", "-o", "visits.csv"), 2, "visits.csv exists already", "--force to replace it"),
        (("visits.csv", "--by", ""), 2, "--by is empty", "--by with a value"),
        (("visits.csv", "--by", "wekday", "--dry-run"), 2, "not 'wekday'", "--by step"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_trained(arguments, code, message, hint, shops, monkeypatch):
    monkeypatch.setattr("forecast.workflows.compare.run_experiment", None)
    done = run("compare", *arguments, *CHEAP, folder=shops)
    assert (done.code, done.out) == (code, "")
    assert message in done.err.splitlines()[-2]
    assert hint in done.err.splitlines()[-1]


@pytest.mark.slow
def test_series_without_a_scored_point_is_said(tmp_path):
    """Its rows end long before those of the others, so that nothing of it is scored with a date for an origin."""
    rows = [(day, shop, value + place) for place, shop in enumerate("ab") for day, value in visits()]
    rows += [(day, "old", value) for day, value in visits()[:20]]
    (tmp_path / "old.csv").write_bytes(csv_bytes(rows, "day,shop,visits"))
    words = ("compare", "old.csv", "--id", "shop", "--target", "visits", "--horizon", "7", *CHEAP)
    done = run(*words, "--by", "series", "--json", folder=tmp_path)
    assert done.code == 0, done.err
    rows = [row for row in done.document["errors_by"]["groups"] if row["group"] == "old"]
    assert all((row["points"], row["rmse"], row["wape"]) == (0, None, None) for row in rows)
    table = run(*words, "--by", "series", "--format", "table", folder=tmp_path)
    assert "Nothing is scored of 1 group." in table.out
    assert "\n  old " not in table.out


def test_completion_offers_the_parts_of_the_id():
    from types import SimpleNamespace

    from forecast.cli.options.completion import GROUPS, complete_grouping
    from forecast.evaluation.groups.grouping import KINDS

    assert GROUPS == KINDS
    assert complete_grouping(SimpleNamespace(params={"id": "region,shop"}), "s") == ["series", "step", "shop"]
    assert complete_grouping(SimpleNamespace(params={"id": None}), "") == list(KINDS)
