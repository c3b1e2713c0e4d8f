"""What a model can be asked in Python, saved or not: the answers of the command line, in the forms of Python."""

import gc
import html
import warnings

import numpy as np
import pandas as pd
import pytest

from commands import csv_bytes, run, visits
from forecast import ForecastError, load, train
from forecast.api.frames import summary_frame
from forecast.evaluation.summary import Summary, SummaryRow
from untrained import train_nothing

BARE = {"horizon": 7, "folds": 1, "seeds": 1, "calendar": False}


def frame(rows=60):
    return pd.DataFrame(visits(rows), columns=["day", "visits"]).astype({"day": "datetime64[s]"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def saved(folder):
    """A model in a store, its file beside it."""
    (folder / "visits.csv").write_bytes(csv_bytes(visits()))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        return train(folder / "visits.csv", "gru", store=folder / ".forecast", **BARE)


@pytest.fixture(scope="module")
def unsaved():
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        return train(frame(), "gru", name="loose", **BARE)


@pytest.fixture(params=["saved", "loaded", "unsaved"])
def model(request, saved, unsaved, folder):
    return {"saved": saved, "loaded": load(store=folder / ".forecast"), "unsaved": unsaved}[request.param]


def test_leaderboard_and_verdict_are_those_of_the_training(model):
    assert set(model.leaderboard["model"]) == {"gru", "seasonal-naive", "naive"}
    assert model.leaderboard["rmse"].is_monotonic_increasing
    assert model.verdict.endswith(".")


def test_loaded_leaderboard_is_that_of_the_training(saved, folder):
    pd.testing.assert_frame_equal(load(store=folder / ".forecast").leaderboard, saved.leaderboard)
    assert {"rmse", "mase", "skill", "wql"} <= set(saved.leaderboard.columns)


def test_version_that_keeps_no_scores_has_no_leaderboard():
    assert summary_frame(Summary(leaderboard=(SummaryRow(model="gru", rmse=1.0),))) is None


def test_report_is_the_page_of_the_command(model, tmp_path):
    page = model.report(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html
    assert page.html.startswith("<!doctype html>")
    assert "<script" not in page.html
    assert "v1, the champion" in page.html
    assert page._repr_html_().startswith("<iframe ")
    assert page.html.count('"') > 10
    assert page._repr_html_().count('"') < 20  # what stands in the attribute is escaped


@pytest.mark.slow
def test_picture_is_saved_as_its_ending_says(unsaved, tmp_path):
    picture = unsaved.plot(3)
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for ending, begin in begins.items():
        assert picture.save(tmp_path / f"f.{ending}").read_bytes().startswith(begin)
    assert picture._repr_png_().startswith(begins["png"])
    with pytest.raises(ForecastError, match=r"f.gif is no picture") as caught:
        picture.save(tmp_path / "f.gif")
    assert caught.value.hint == "f.png, .svg or .pdf"


def test_explanation_is_that_of_the_command(model, tmp_path, folder):
    found = model.explain(lags=5, teach=True)
    assert found.sentences
    assert found.lesson
    assert found.numbers["cells"].keys() == {"gru"}
    assert repr(found).count("\n") == 2
    assert all(sentence in html.unescape(found._repr_html_()) for sentence in found.sentences)


@pytest.mark.slow
def test_explanation_is_saved_whole(unsaved, tmp_path):
    found = unsaved.explain(lags=5)
    names = {path.name for path in found.save(tmp_path / "why")}
    assert {"explain.html", "explain.json", "cost.png"} <= names
    assert found.page().html == (tmp_path / "why/explain.html").read_text(encoding="utf-8")


def test_score_is_that_of_the_command(saved, folder):
    (folder / "more.csv").write_bytes(csv_bytes(visits(70)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = saved.score(folder / "more.csv")
    wanted = run("score", "visits", "more.csv", "--format", "csv", folder=folder).rows
    assert list(found.columns) == list(wanted[0])
    assert found["points"].tolist() == [int(row["points"]) for row in wanted]
    assert found["rmse"].tolist() == pytest.approx([float(row["rmse"]) for row in wanted])


def test_unsaved_model_is_scored_by_a_frame(unsaved):
    assert unsaved.score(frame(70))["points"].max() == 7
    with pytest.warns(UserWarning, match="Nothing has come true yet"):
        assert unsaved.score(frame()).empty
    with pytest.raises(ForecastError, match=r"There is no setting 'dta'\. Did you mean 'data'"):
        unsaved.score(dta=frame())


@pytest.mark.slow
def test_unsaved_model_leaves_nothing_behind(monkeypatch, tmp_path):
    train_nothing(monkeypatch)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = train(frame(), "naive", **BARE)
    assert len(list(tmp_path.iterdir())) == 1
    assert model.report().html
    del model
    gc.collect()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ForecastError, match="folds"):
        train(frame(), "naive", **{**BARE, "folds": 60})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_keras_model_predicts_what_the_model_does(unsaved, tmp_path):
    network = unsaved.keras()
    values = np.full((1, network.input_shape[1]), np.nan)
    past = frame()["visits"].to_numpy(float)[-values.shape[1] :]
    values[0, -len(past) :] = past
    expected = unsaved.predict()["forecast"]
    np.testing.assert_allclose(np.asarray(network(values))[0], expected, rtol=1e-5)


def test_what_can_not_be_exported_is_refused(unsaved, monkeypatch, tmp_path):
    train_nothing(monkeypatch)
    naive = train(frame(), "naive", name="plain", **BARE)
    for ask in (naive.keras, lambda: naive.export(tmp_path / "x.keras")):
        with pytest.raises(ForecastError, match="Keras opens networks only"):
            ask()
    with pytest.raises(ForecastError, match=r"end in .keras"):
        unsaved.export(tmp_path / "x.h5")
    with pytest.raises(ForecastError, match="no recurrent cell to look into"):
        naive.explain()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda model: model.predict(horizn=3), "There is no setting 'horizn'. Did you mean 'horizon'"),
        (lambda model: model.predict(quantile=[0.1]), "There is no setting 'quantile'. Did you mean 'quantiles'"),
        (lambda model: model.predict(cost=5), "cost is 5; it must be a text, or values by name"),
        (lambda model: model.predict(data=5), "Data can't be int"),
        (lambda model: model.predict(future=[1]), "Data can't be list"),
        (lambda model: model.what_if({"promo": 1}, at=5), "at is 5; it must be a text"),
        (lambda model: model.explain(series=3), "series is 3; it must be a text"),
        (lambda model: model.explain(lags="all"), "lags is 'all'; it must be a whole number"),
        (lambda model: model.report(5), "path is 5; it must be a path"),
        (lambda model: model.export(None), "path is None; it must be a path"),
        (lambda model: model.plot("3"), "it must be a whole number of steps"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence_with_a_hint(ask, message, unsaved):
    with pytest.raises(ForecastError, match=message) as caught:
        ask(unsaved)
    assert caught.value.hint
