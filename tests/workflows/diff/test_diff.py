"""What changed between forecasts of a panel with plans, by networks with random weights: trained once for all."""

import csv
import shutil
import time

import numpy as np
import pytest

from commands import QUICK, run
from covariate_shops import rows, write
from forecast import load
from forecast.data.files.written.forecast_csv import parse_forecasts
from forecast.experiment.changes.choice import marks_of
from forecast.experiment.changes.comparison import compare_issued
from forecast.experiment.changes.issued_forecast import load_issued
from forecast.experiment.changes.newest_data import NewestData
from forecast.process import start_run
from forecast.production.store.store import Store
from untrained import train_nothing

pytestmark = pytest.mark.slow
PARTS = ("from_data", "from_covariates", "from_weights")
KNOWN = ("--id", "shop", "--known", "promo,sky", "--past", "temp", "--static", "region", "--target", "sales")


def shops(folder, days, *, more_promo=False):
    table = rows(days, ahead=20)
    for row in table:
        if more_promo and row[2] == "" and (row[0].astype(int)) % 3 == 0:
            row[3] = True
    write(folder / "shops.csv", table)


def retrain(folder, *flags):
    done = run("retrain", "shops", *flags, "--json", folder=folder)
    assert done.code == 0, done.err
    return done.document


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Issued: by v1 at 90 days and at 92, with another plan at 92, and by v2 on the same; what the retrains said."""
    folder = tmp_path_factory.mktemp("told")
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        shops(folder, 90)
        train = ("train", "shops.csv", "--model", "gru", *QUICK, *KNOWN, "--horizon", "8", "--plots", "none")
        done = run(*train, folder=folder)
        assert done.code == 0, done.err
        answers = []
        for days, more, flags in (
            (92, False, ("--min-new-rows", "999")),
            (92, True, ("--min-new-rows", "999")),
            (92, True, ("--force",)),
        ):
            shops(folder, days, more_promo=more)
            time.sleep(1.01)  # forecasts are told apart by the second in which they were issued
            answers.append(retrain(folder, *flags))
    return folder, answers


def sorted_marks(folder):
    """The four forecasts in their order; of the two in the middle, which may be of one second, by their promotions."""
    first, *middle, last = marks_of(Store(folder / ".forecast").model("shops"))
    return first, *sorted(middle, key=lambda mark: parse_forecasts(mark.read()).known["promo"].sum()), last


def changes(folder, before, after):
    """The rows of the difference between two of the four forecasts, by their place."""
    models, marks = Store(folder / ".forecast").model("shops"), sorted_marks(folder)
    versions = {version.number: version for version in models.versions()}
    pair = [load_issued(marks[place], versions) for place in (before, after)]
    source = str(folder / "shops.csv")
    return compare_issued("shops", *pair, NewestData(start_run(), source), start_run())


def sizes(comparison):
    return {name: float(np.abs(own).max()) for name, own in comparison.parts.items()}


def test_newer_data_alone_is_all_data(told):
    found = changes(told[0], 0, 1)
    assert sizes(found)["data"] > 0.01
    assert (sizes(found)["covariates"], sizes(found)["weights"]) == (0, 0)


def test_another_plan_alone_is_all_plans_and_named(told):
    found = changes(told[0], 1, 2)
    assert sizes(found)["covariates"] > 0.001
    assert (sizes(found)["data"], sizes(found)["weights"]) == (pytest.approx(0, abs=1e-9), 0)
    assert found.columns == ("promo",)
    assert found.notes == ()


def test_other_weights_alone_are_all_weights(told):
    found = changes(told[0], 2, 3)
    assert sizes(found)["weights"] > 0.01
    assert sizes(found)["data"] == pytest.approx(0, abs=1e-9)
    assert sizes(found)["covariates"] == 0


@pytest.mark.parametrize(("before", "after"), [(0, 3), (3, 0), (1, 3), (0, 2)])
def test_all_parts_add_up(told, before, after):
    found = changes(told[0], before, after)
    assert np.allclose(sum(found.parts.values()), found.points.difference, rtol=0, atol=1e-9)


def test_the_part_of_weights_is_that_of_predict_with_the_earlier_version(told):
    folder = told[0]
    done = run("diff", "shops", "v1", "v2", "--format", "csv", folder=folder)
    assert done.code == 0, done.err
    again = run("predict", "shops", "--model-version", "v1", "--data", "shops.csv", "--format", "csv", folder=folder)
    by_old = {(row["series_id"], row["timestamp"]): float(row["forecast"]) for row in again.rows}
    issued = run("predict", "shops", "--model-version", "v2", "--format", "csv", folder=folder)
    by_new = {(row["series_id"], row["timestamp"]): float(row["forecast"]) for row in issued.rows}
    assert len(done.rows) == 16
    for row in done.rows:
        key = row["series_id"], row["timestamp"]
        assert float(row["after"]) == pytest.approx(by_new[key])
        assert float(row["from_weights"]) == pytest.approx(by_new[key] - by_old[key], abs=1e-9)


def test_totals_add_up_to_the_steps_in_every_form(told, tmp_path):
    folder = told[0]
    document = run("diff", "shops", "2", "1", "--json", folder=folder).document  # backwards, too
    total = document["total"]
    assert sum(total[part] for part in PARTS) == pytest.approx(total["after"] - total["before"], abs=1e-9)
    file = tmp_path / "changes.csv"
    assert run("diff", "shops", "2", "1", "--total", "month", "--total-by", "all", "-o", file, folder=folder).code == 0
    with file.open() as text:
        months = list(csv.DictReader(text))
    for column in ("before", "after", *PARTS):
        assert sum(float(row[column]) for row in months) == pytest.approx(
            sum(row[column] for row in document["differences"]), abs=1e-9
        )
    one = run("diff", "shops", "2", "1", "--series", "b", "--json", folder=folder).document
    assert {row["series_id"] for row in one["differences"]} == {"b"}
    frame = load("shops", store=folder / ".forecast").diff("v2", "v1", data=folder / "shops.csv")
    assert frame["from_weights"].tolist() == [row["from_weights"] for row in document["differences"]]
    assert frame.attrs["sentences"] == document["sentences"]


def test_retrain_says_what_it_changed(told):
    first, second, third = (answer["changed"] for answer in told[1])
    assert "all of it from the data since" in first
    assert "all of it from what is now planned (promo)" in second
    assert "from new weights (v2 instead of v1)" in third


def test_the_page_and_the_picture_tell_it(told, tmp_path):
    folder = told[0]
    assert run("report", "shops", "-o", tmp_path / "page.html", folder=folder).code == 0
    page = (tmp_path / "page.html").read_text()
    assert 'id="changes"' in page
    assert "from new weights (v2 instead of v1)" in page
    done = run("diff", "shops", "--plot", tmp_path / "changes.svg", folder=folder)
    assert (done.code, (tmp_path / "changes.svg").stat().st_size > 5000) == (0, True)


def test_a_version_that_was_pruned_leaves_the_difference_alone(told, tmp_path):
    shutil.copytree(told[0] / ".forecast", tmp_path / ".forecast")
    shutil.copy(told[0] / "shops.csv", tmp_path)
    Store(tmp_path / ".forecast").model("shops").prune(1)
    document = run("diff", "shops", "v1", "v2", "--json", folder=tmp_path).document
    assert [document["total"][part] for part in PARTS] == [None] * 3
    assert document["total"]["difference"] != 0
    assert document["notes"][0] == ("v1 is not in the store any more: what comes from what can't be told apart.")
    assert "what comes from what can't be told" in document["sentences"][0]
    assert run("diff", "shops", "v1", "v2", "--format", "table", folder=tmp_path).code == 0


def test_series_of_a_hierarchy_are_added_up_by_a_part_of_their_id(tmp_path):
    def data(days):
        table = rows(days)
        return write(tmp_path / "tree.csv", [[row[0], "west", f"x{row[1]}", *row[2:3]] for row in table], HEAD)

    data(90)
    tree = ("--id", "region,shop", "--hierarchy", "region/shop", "--model", "smoothing", "--horizon", "8")
    assert run("train", "tree.csv", *tree, "--folds", "1", "--plots", "none", folder=tmp_path).code == 0
    data(93)
    assert run("retrain", "tree", "--min-new-rows", "999", folder=tmp_path).code == 0
    flags = ("--total", "horizon", "--json")
    by_part = run("diff", "tree", "--total-by", "region", *flags, folder=tmp_path).document["differences"]
    alone = run("diff", "tree", *flags, folder=tmp_path).document["differences"]
    assert [row["series_id"] for row in by_part] == ["west"]
    assert {row["series_id"] for row in alone} == {"total", "west", "west/xa", "west/xb"}
    for row in alone[:2]:  # the total, and its one region
        assert row["from_data"] == pytest.approx(by_part[0]["from_data"], abs=1e-9)


HEAD = ("day", "region", "shop", "sales")
