import pytest

from commands import csv_bytes, run, visits
from forecast.decoding import decode
from forecast.experiment.versions.identity import difference
from forecast.production.store.manifest import ManifestData

pytestmark = pytest.mark.usefixtures("untrained")

QUICK = ("--model", "linear", "--preset", "fast", "--folds", "1", "--seeds", "1", "--plots", "none")
DAILY = {"unit": "day", "every": 1, "phase": 0, "day": 1, "second": 0}


def entry(target=("sales",), ids=(), **frequency):
    return {"columns": {"target": list(target), "ids": list(ids)}, "frequency": {**DAILY, **frequency}}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (entry(), ""),
        (entry(target=["Sales"]), ""),
        (entry(target=["sales", "returns"]), ""),
        (entry(target=["price"]), "'price' instead of 'sales' is forecast"),
        (entry(ids=["shop"]), "series are told apart by 'shop' instead of not at all"),
        (entry(unit="month"), "the data is monthly instead of daily"),
        (entry(every=2), "the data is 2-daily instead of daily"),
        (entry(unit="week", phase=4 * 86400), "the data is weekly on Mondays instead of daily"),
        (entry(unit="week"), "the data is weekly on Thursdays instead of daily"),
        (entry(unit="quarter", phase=1), "the data is quarterly from February on instead of daily"),
        (entry(unit="hour", phase=1800), "the data is hourly from 00:30 on instead of daily"),
        (entry(every=2, phase=86400), "the data is 2-daily on other days instead of daily"),
        (entry(is_closing=None), ""),
        (entry(is_closing=True), ""),
        ({}, ""),
    ],
)
def test_difference_is_said_in_words(now, words):
    then, now = (decode(ManifestData, data) for data in (entry(), now))
    assert difference(then, now) == words
    assert bool(difference(now, then)) == bool(words)


@pytest.fixture(scope="module")
def crossed(untrained, tmp_path_factory):
    """A model whose second version forecasts another column, by --force; to be read only."""
    folder = tmp_path_factory.mktemp("crossed")
    rows = [(day, value, 2 * value + i % 5) for i, (day, value) in enumerate(visits(90))]
    (folder / "shop.csv").write_bytes(csv_bytes(rows, "day,visits,sales"))
    assert run("train", "shop.csv", "--target", "visits", *QUICK, folder=folder).code == 0
    refused = run("train", "shop.csv", "--target", "sales", *QUICK, folder=folder)
    forced = run("train", "shop.csv", "--target", "sales", *QUICK, "--force", folder=folder)
    return folder, refused, forced


@pytest.mark.slow
def test_train_on_another_target_asks_for_a_name_or_force(crossed):
    _, refused, forced = crossed
    assert (refused.code, refused.out) == (2, "")
    assert "shop stands for another question: compared with v1, 'sales' instead of 'visits' is forecast." in refused.err
    asked = f"forecast train shop.csv --target sales {' '.join(QUICK)}"
    assert f"hint:  {asked} --name shop-sales   # a model of its own\n" in refused.err
    assert f"       {asked} --force   # shop goes on with the new question\n" in refused.err
    assert forced.code == 0
    assert "shop stands for another question now" in forced.err


@pytest.mark.parametrize("words", [("rollback", "shop"), ("promote", "shop", "v1"), ("rollback", "shop", "--to", "v1")])
def test_going_back_to_another_question_is_refused_with_the_reason(words, crossed):
    folder, _, _ = crossed
    done = run("models", *words, folder=folder)
    assert done.code == 2
    assert "shop v1 answers another question: compared with v2, 'visits' instead of 'sales' is forecast." in done.err
    assert "--force puts it in use all the same" in done.err
    rows = run("models", "show", "shop", folder=folder).rows
    assert [row["champion"] for row in rows] == ["False", "True"]


def test_force_goes_back_all_the_same(crossed):
    folder, _, _ = crossed
    assert run("models", "rollback", "shop", "--force", folder=folder).code == 0
    assert run("models", "promote", "shop", "v2", "--force", folder=folder).code == 0


@pytest.mark.slow
def test_files_that_differ_after_a_dot_are_models_of_their_own(tmp_path):
    for year in ("2023", "2024"):
        (tmp_path / f"sales.{year}.csv").write_bytes(csv_bytes(visits(90)))
        done = run("train", f"sales.{year}.csv", *QUICK, folder=tmp_path)
        assert done.code == 0
        assert (tmp_path / "forecasts" / f"sales.{year}.csv").is_file()
    assert [row["name"] for row in run("models", "list", folder=tmp_path).rows] == ["sales.2023", "sales.2024"]
    (tmp_path / "copy.csv").write_bytes(csv_bytes(visits(90)))
    done = run("train", "copy.csv", "--name", "sales.2024", *QUICK, folder=tmp_path)
    assert f"sales.2024 v1 was trained on another file: {tmp_path}/sales.2024.csv" in done.err


@pytest.mark.parametrize(
    ("store", "why"),
    [
        ("me@host:/srv/store", "needs a store on this machine"),
        ("file:///srv", "file:///srv is a file on this machine"),
        ("https://x.y/z", "nothing tells there which"),
        ("postgresql://h/db", "nothing tells there which"),
    ],
)
def test_address_that_no_store_can_be_read_from_is_refused_and_no_folder_is_made(store, why, tmp_path):
    for words in (("models", "list"), ("predict", "x"), ("history",)):
        done = run(*words, "--store", store, folder=tmp_path)
        assert done.code == 2
        assert why in " ".join(done.err.split())
    done = run("train", "a.csv", "--store", store, folder=tmp_path)
    assert "needs a store on this machine" in " ".join(done.err.split())
    assert list(tmp_path.iterdir()) == []


def test_error_about_a_model_says_which_store_was_meant(tmp_path):
    done = run("predict", "sales", folder=tmp_path)
    assert f"There is no store {tmp_path}/.forecast either." in done.err
    (tmp_path / ".forecast").mkdir()
    assert f"The store is {tmp_path}/.forecast." in run("predict", "sales", folder=tmp_path).err
