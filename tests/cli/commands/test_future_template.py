"""`forecast predict --future-template`: the rows that --future wants, to be edited."""

import json
from datetime import date, timedelta

import openpyxl
import pytest
from jsonschema import validate

from commands import QUICK, run
from forecast.cli.packaged import schema_text

pytestmark = [pytest.mark.usefixtures("untrained"), pytest.mark.slow]

DAYS = [date(2024, 1, 1) + timedelta(i) for i in range(120)]


@pytest.fixture(scope="module")
def shops(untrained, tmp_path_factory):
    """A folder with a model of two shops that is told of promotions and prices ahead, and what its training said."""
    folder = tmp_path_factory.mktemp("shops")
    rows = [
        f"{day:%d/%m/%Y},{shop},{20 + i % 7 + 5 * (i % 5 == 0)},{int(i % 5 == 0)},{2.5 - i % 3 / 4}"
        for shop in ("north", "south")
        for i, day in enumerate(DAYS)
    ]
    (folder / "sales.csv").write_text("\n".join(["date,shop,sales,promo,price", *rows]) + "\n")
    done = run(
        "train", "sales.csv", "--model", "gru", *QUICK, "--plots", "none", "--known", "promo,price", folder=folder
    )
    assert done.code == 0, done.err
    return folder, done


def test_train_names_the_template_as_the_next_step(shops):
    assert "Next      forecast predict sales --future-template sales_future.xlsx" in shops[1].err.splitlines()


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".csv.gz", ".parquet"])
def test_a_template_that_nobody_edited_gives_the_forecast_as_usual(shops, ending):
    folder, _ = shops
    done = run("predict", "--future-template", f"next{ending}", "--horizon", "5", folder=folder)
    assert (done.code, done.out) == (0, "")
    assert f"Wrote     next{ending}: 10 rows, promo, price of 5 steps, as told or as usual: edit them" in done.err
    assert f"forecast predict sales --horizon 5 --future next{ending}" in done.err
    told = run("predict", "--future", f"next{ending}", "--horizon", "5", folder=folder)
    usual = run("predict", "--horizon", "5", folder=folder)
    assert "usual" in usual.err
    assert told.err == ""
    for one, other in zip(told.rows, usual.rows, strict=True):
        assert float(one["forecast"]) == pytest.approx(float(other["forecast"]), rel=1e-3)


def test_a_workbook_that_was_edited_is_the_plan(shops):
    folder, _ = shops
    assert run("predict", "--future-template", "plan.xlsx", folder=folder).code == 0
    book = openpyxl.load_workbook(folder / "plan.xlsx")
    sheet = book["Table"]
    assert [cell.value for cell in sheet[1]] == ["date", "shop", "promo", "price"]
    assert sheet["A2"].value.date() == DAYS[-1] + timedelta(1)
    sheet["C2"] = 7
    book.save(folder / "plan.xlsx")
    done = run("predict", "--future", "plan.xlsx", folder=folder)
    assert (done.code, done.out) == (5, "")
    assert "promo is 0 or 1, never 7, as for 2024-04-30 in series north" in done.err


def test_its_document_is_what_its_schema_says(shops):
    done = run("predict", "--future-template", "j.csv", "--json", folder=shops[0])
    assert done.document["columns"] == ["date", "shop", "promo", "price"]
    validate(done.document, json.loads(schema_text("predict")))


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("--future-template", "sales.csv"), "sales.csv exists already", "--force to replace it"),
        (("--future-template", "n.json"), "--future-template writes .csv", "--future-template n.csv"),
        (("--future-template", "n.csv", "-o", "f.csv"), "and -o asks of a forecast", "leave out -o"),
        (("--future-template", "n.csv", "--set", "promo=1"), "and --set asks of a forecast", "leave out --set"),
        (("--future-template", "n.csv", "--horizon", "0"), "--horizon must be", "forecast predict --help"),
    ],
)
def test_what_goes_with_no_template_is_refused(shops, words, message, hint):
    done = run("predict", *words, folder=shops[0])
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert hint in done.err
    assert not (shops[0] / "n.csv").exists()


def test_a_model_that_is_told_nothing_has_no_template(shop):
    done = run("predict", "--future-template", "next.csv", folder=shop.folder)
    assert (done.code, done.out) == (2, "")
    assert "visits was trained without known covariates" in done.err
