import json
import shlex
from datetime import date, timedelta
from random import Random

import pytest

from commands import csv_bytes, launch, run, visits
from forecast.cli.input_data import flag_words
from forecast.cli.options.groups import DataFlags

COLUMNS = "grade,topic,text,flag,series,steps"


@pytest.fixture
def folder(tmp_path):
    rows = visits(120)
    rows[40] = (rows[40][0], 400)
    del rows[60:64]
    (tmp_path / "visits.csv").write_bytes(csv_bytes(rows))
    (tmp_path / "calm.csv").write_bytes(csv_bytes(visits(120)))
    (tmp_path / "short.csv").write_bytes(csv_bytes(visits(3)))
    return tmp_path


def test_json_is_pinned(folder):
    done = run("check", "visits.csv", "--json", folder=folder)
    assert (done.code, done.err) == (0, "")
    document = done.document
    keys = ["schema_version", "data", "plan", "errors", "warnings", "notes", "findings", "files"]
    assert list(document) == keys
    assert document["data"] == {
        "source": "visits.csv",
        "rows": 116,
        "time": "day",
        "target": ["visits"],
        "id": [],
        "series": 1,
        "steps": 120,
        "frequency": "D",
        "first": "2024-01-01",
        "last": "2024-04-29",
        "seasons": [
            {
                "steps": 7,
                "strength": pytest.approx(0.95, abs=0.05),
                "share": 1.0,
                "verdict": "strong",
                "low": pytest.approx(0.92, abs=0.05),
                "high": pytest.approx(0.96, abs=0.05),
            },
            {"steps": 365, "strength": 0.0, "share": 0.0, "verdict": "too short to tell", "low": 0.0, "high": 1.0},
        ],
        "covariates": [],
        "judged_by": None,
        "hierarchy": [],
    }
    assert document["plan"] == {"horizon": 24, "window": 42, "folds": 1, "seasons": [7]}
    assert [document[name] for name in ("errors", "warnings", "notes")] == [0, 1, 1]
    outlier, gap = document["findings"]
    assert outlier == {
        "grade": "warning",
        "topic": "outliers",
        "text": "1 value far from those around it: 2024-02-10 (400)",
        "flag": "correct those cells or empty them",
        "series": 1,
        "steps": 1,
        "such_as": ["visits"],
        "places": [{"series_id": "visits", "timestamp": "2024-02-10T00:00:00", "value": 400.0}],
    }
    assert (gap["grade"], gap["topic"], gap["flag"], gap["steps"]) == ("note", "gaps", "--fill", 4)


def test_table_csv_and_json_tell_the_same_findings(folder):
    found = run("check", "visits.csv", "--json", folder=folder).document["findings"]
    csv = run("check", "visits.csv", "--format", "csv", folder=folder)
    assert csv.header == COLUMNS
    assert [row["text"] for row in csv.rows] == [finding["text"] for finding in found]
    for columns in ("50", "80", "120"):
        table = run("check", "visits.csv", "--format", "table", folder=folder, COLUMNS=columns).out
        assert all(" ".join(finding["text"].split()) in " ".join(table.split()) for finding in found)
        assert max(map(len, table.splitlines())) <= int(columns)


def test_table_says_what_was_chosen_with_the_flags_that_change_it(folder):
    done = run("check", "visits.csv", "--format", "table", folder=folder, COLUMNS="80")
    for flag in ("--time", "--target", "--freq", "--season", "--horizon", "--fill"):
        assert flag in done.out
    assert "1 warning, 1 note." in done.out
    assert done.err == "Next      forecast train visits.csv\n"
    assert run("check", "visits.csv", "--format", "table", "-q", folder=folder).err == ""


def test_nothing_wrong_is_said_so(folder):
    done = run("check", "calm.csv", "--format", "table", folder=folder)
    assert done.code == 0
    assert "Nothing out of the ordinary." in done.out
    empty = run("check", "calm.csv", "--format", "csv", folder=folder)
    assert empty.out == COLUMNS + "\n"


def test_too_few_rows_are_an_error_among_the_findings(folder):
    done = run("check", "short.csv", "--json", folder=folder)
    assert done.code == 5
    assert (done.document["errors"], done.document["plan"]) == (1, None)
    finding = done.document["findings"][0]
    assert (finding["grade"], finding["topic"]) == ("error", "rows")
    assert "too few" in finding["text"]
    assert "Next" not in run("check", "short.csv", "--format", "table", folder=folder).err


def test_rows_are_checked_for_the_plan_that_is_asked_for(folder):
    plan = run("check", "calm.csv", "--horizon", "10", "--folds", "2", "--json", folder=folder).document["plan"]
    assert (plan["horizon"], plan["folds"]) == (10, 2)
    done = run("check", "calm.csv", "--horizon", "100", "--json", folder=folder)
    assert (done.code, done.error["code"]) == (2, 2)
    assert done.error["hint"].startswith("--horizon ")


def test_strict_fails_on_warnings_only(folder):
    assert run("check", "visits.csv", "--strict", "--json", folder=folder).code == 7
    assert run("check", "calm.csv", "--strict", "--json", folder=folder).code == 0
    assert run("check", "short.csv", "--strict", "--json", folder=folder).code == 5


def test_file_that_can_not_be_read_is_an_error_like_everywhere(folder):
    done = run("check", "nowhere.csv", "--json", folder=folder)
    assert (done.code, done.out, done.error["command"]) == (4, "", "check")


def test_fix_writes_the_clean_table_and_names_the_command_for_it(folder):
    done = run("check", "visits.csv", "--fix", "clean.csv", "--format", "table", folder=folder)
    lines = (folder / "clean.csv").read_text().splitlines()
    assert lines[0] == "day,visits"
    assert len(lines) == 121
    assert lines[61] == "2024-03-01,"
    assert done.err.splitlines() == ["Wrote     clean.csv", "Next      forecast train clean.csv"]
    assert run("check", "clean.csv", "--json", folder=folder).document["data"]["steps"] == 120


@pytest.mark.parametrize("ending", [".xlsx", ".parquet", ".tsv.gz"])
def test_the_clean_table_of_any_kind_keeps_all_columns_and_is_read_again_alike(tmp_path, ending):
    rows = [(day, f"00{i % 7}", int(value), f"note {i}") for i, (day, value) in enumerate(visits(60))]
    (tmp_path / "in.csv").write_bytes(csv_bytes(rows, "day,code,visits,note"))
    flags = ("--target", "visits", "--json")
    before = run("check", "in.csv", *flags, "--fix", f"clean{ending}", folder=tmp_path).document["data"]
    done = run("check", f"clean{ending}", *flags, "--fix", "again.csv", folder=tmp_path)
    assert {**done.document["data"], "source": before["source"]} == before
    lines = (tmp_path / "again.csv").read_text().replace('"', "").splitlines()
    assert lines == ["day,visits,code,note", *(",".join(map(str, (day, n, code, note))) for day, code, n, note in rows)]


def test_clean_table_of_too_few_rows_is_not_recommended_for_training(tmp_path):
    (tmp_path / "two.csv").write_bytes(csv_bytes(visits(2)))
    done = run("check", "two.csv", "--fix", "clean.csv", "--format", "table", folder=tmp_path)
    assert (done.code, done.err) == (5, "Wrote     clean.csv\n")


@pytest.mark.parametrize(("flag", "file"), [("--fix", "there.csv"), ("--plot", "there.png")])
def test_nothing_is_replaced_without_force(folder, flag, file):
    (folder / file).write_text("mine")
    done = run("check", "visits.csv", flag, file, "--json", folder=folder)
    assert done.code == 2
    assert done.error["hint"] == f"--force to replace it, or another name: {flag} there-2.{file[-3:]}"
    assert (folder / file).read_text() == "mine"
    done = run("check", "visits.csv", flag, file, "--force", "--json", folder=folder)
    assert done.document["files"] == [file]
    assert (folder / file).read_bytes() != b"mine"


def test_plot_is_of_the_kind_that_its_name_says(folder):
    run("check", "visits.csv", "--plot", "out.svg", folder=folder)
    assert b"<svg" in (folder / "out.svg").read_bytes()
    done = run("check", "visits.csv", "--plot", "out.bmp", "--json", folder=folder)
    assert (done.code, done.error["hint"]) == (2, "--plot out.png")
    assert done.error["message"] == "--plot writes .png, .svg or .pdf, not .bmp: the ending decides what is written."


def test_columns_that_give_the_target_away_are_no_covariates(folder):
    rows = [(day, value, round(1.19 * value, 4), i * i % 17) for i, (day, value) in enumerate(visits(60))]
    (folder / "taxed.csv").write_bytes(csv_bytes(rows, "day,visits,gross,mood"))
    document = run("check", "taxed.csv", "--target", "visits", "--json", folder=folder).document
    (leak,) = (finding for finding in document["findings"] if finding["topic"] == "leak")
    assert leak["text"].startswith("gross gives the target away")
    assert document["data"]["covariates"] == ["mood"]


def test_columns_that_could_serve_are_named_with_the_flag_that_takes_them(folder):
    rows = []
    for shop in ("north", "south"):
        for i, (day, value) in enumerate(visits(60)):
            ahead = i >= 55
            rows.append((day, shop, "" if ahead else value, i % 5, i % 9 == 0, i * i % 37 / 7, f"of {shop}", 7))
    header = "day,shop,visits,level,promo,wind,region,same"
    (folder / "wide.csv").write_bytes(csv_bytes(rows, header))
    command = ("check", "wide.csv", "--target", "visits", "--id", "shop")
    document = run(*command, "--json", folder=folder).document
    assert document["data"]["covariates"] == ["level", "promo", "wind", "region"]
    flags = [finding["flag"] for finding in document["findings"] if finding["topic"] == "candidates"]
    assert flags == ["--static region", "--known level,promo,wind"]  # all of them go on after the visits
    taken = run(*command, "--known", "promo,level", "--static", "region", "--format", "table", folder=folder).out
    assert "Known     promo, level" in taken
    assert "Static    region" in taken
    assert "Beside    wind goes on after the target: known in advance         (--known wind)" in taken
    assert "promo, level are known 5 days beyond the last visits (2024-02-24)" in taken


def test_series_too_short_to_be_scored_are_counted(folder):
    rows = [(day, shop, value) for shop, days in (("a", 120), ("b", 120), ("c", 20)) for day, value in visits(days)]
    (folder / "shops.csv").write_bytes(csv_bytes(rows, "day,shop,visits"))
    findings = run("check", "shops.csv", "--json", folder=folder).document["findings"]
    short = next(finding for finding in findings if finding["topic"] == "short")
    assert "1 of 3 series have less than the" in short["text"]
    assert short["such_as"] == ["c"]


def test_numbers_for_not_measured_are_told_even_where_they_are_kept(folder):
    rows = [(day, -999 if i in {20, 50, 51} else value) for i, (day, value) in enumerate(visits(60))]
    (folder / "codes.csv").write_bytes(csv_bytes(rows))
    read = run("check", "codes.csv", "--json", folder=folder).document["findings"]
    assert {finding["topic"] for finding in read} == {"sentinel", "gaps"}
    (kept,) = run("check", "codes.csv", "--missing", "none", "--json", folder=folder).document["findings"]
    assert (kept["flag"], kept["steps"]) == ("--missing -999", 3)


def test_newest_first_is_told(folder):
    back = visits(60)[::-1]
    (folder / "back.csv").write_bytes(csv_bytes(back))
    shops = [(day, shop, value) for day, value in back for shop in "ab"]
    (folder / "shops.csv").write_bytes(csv_bytes(shops, "day,shop,visits"))
    for file in ("back.csv", "shops.csv"):
        findings = run("check", file, "--json", folder=folder).document["findings"]
        assert [finding["topic"] for finding in findings] == ["order"]


def test_season_that_is_not_there_is_told_with_the_flag_for_none(folder):
    dice = Random(1)
    rows = [(day, dice.randint(50, 90)) for day, _ in visits(120)]
    (folder / "flat.csv").write_bytes(csv_bytes(rows))
    findings = run("check", "flat.csv", "--json", folder=folder).document["findings"]
    assert [finding["flag"] for finding in findings] == ["--season 1"]
    assert run("check", "flat.csv", "--season", "1", "--json", folder=folder).document["findings"] == []


def test_next_command_keeps_the_flags_that_the_file_needs(folder):
    assert flag_words(DataFlags()) == ""
    given = DataFlags(target="a b", aggregate="sum", freq="W", keep_partial=True)
    assert flag_words(given) == " --target 'a b' --freq W --aggregate sum --keep-partial"
    done = run("check", "calm.csv", "--freq", "D", "--format", "table", folder=folder)
    assert done.err == "Next      forecast train calm.csv --freq D\n"


@pytest.mark.slow
def test_standard_input_is_checked_by_the_installed_program(folder):
    done = launch("check", "calm.csv", "--json", folder=folder)
    assert done.code == 0
    assert json.loads(done.out)["data"]["source"] == "calm.csv"
    piped = run("check", "-", "--json", folder=folder, stdin=(folder / "calm.csv").read_bytes())
    assert piped.document["data"]["source"] == "standard input"


def test_a_longer_step_keeps_the_series_apart(tmp_path):
    weeks = [date(2024, 1, 1) + timedelta(weeks=i) for i in range(60)]
    rows = [f"{week},{shop},{i % 5 * (i % 3 == 0)}\n" for i, week in enumerate(weeks) for shop in "ab"]
    (tmp_path / "rare.csv").write_text("week,my shop,sold\n" + "".join(rows))
    found = run("check", "rare.csv", "--json", folder=tmp_path).document["findings"]
    [flag] = [finding["flag"] for finding in found if finding["topic"] == "zeros"]
    assert flag == "--id 'my shop' --aggregate sum --freq MS"
    again = run("check", "rare.csv", *shlex.split(flag), "--json", folder=tmp_path).document["data"]
    assert (again["series"], again["frequency"]) == (2, "MS")
