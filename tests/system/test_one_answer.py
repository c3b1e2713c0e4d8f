"""One question, one answer: the forecast of a version, series and date is one number, whatever command is asked.

Two shops whose history has holes, and of whose future nobody tells: train's file, `predict`, what-if, a second file
with the usual values, the report, Python, `score` and retrain.
"""

import io
import re
import warnings

import numpy as np
import pandas as pd
import pytest

from commands import run
from forecast.api.verbs import load
from forecast.experiment.versions.stored_model import load_version
from forecast.production.store.store import Store
from untrained import train_nothing

WEEKS, HORIZON = 80, 4
FIRST = np.datetime64("2022-01-05")
COLUMNS = ["price", "deal", "sky"]
SHOPS = {"series_id": str, "store": str}


def weeks(number, start=0):
    """Rows with price levels that come again, a flag, a text; a tenth of them is missing."""
    rng, rows = np.random.default_rng(start), []
    for k, store in enumerate(("01", "02")):
        for step in range(start, start + number):
            deal, is_hole = int(rng.random() < 0.25), rng.random() < 0.1
            price = 2.9 + k if not deal else rng.choice([2.2, 2.5])
            sky = rng.choice(["sun", "sun", "sun", "rain", "fog"])
            units = int(1000 * (k + 1) / price**2 * np.exp(rng.normal(0, 0.05)))
            if not is_hole or step == start + number - 1:
                rows.append((FIRST + 7 * step, store, units, price, deal, sky))
    return pd.DataFrame(rows, columns=["week", "store", "units", *COLUMNS])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one_answer")
    weeks(WEEKS).to_csv(folder / "oj.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        flags = ("--target", "units", "--id", "store", "--known", ",".join(COLUMNS), "--horizon", HORIZON)
        flags += ("--window", 12, "--folds", 1, "--seeds", 1, "--plots", "none", "--model", "gru")
        done = run("train", "oj.csv", *flags, folder=folder)
    assert done.code == 0, done.err
    (folder / "said.txt").write_text(done.err)
    return folder


def numbers(text):
    """The forecasts in a table: by series and step."""
    frame = pd.read_csv(io.StringIO(text), dtype=SHOPS)
    return frame.set_index(["series_id", "step"])["forecast"]


@pytest.fixture(scope="module")
def issued(folder):
    return numbers((folder / "forecasts/oj.csv").read_text())


def assert_same(found, issued):
    both = issued.index.intersection(found.index)
    assert len(both) == min(len(issued), len(found))
    assert found[both].tolist() == issued[both].tolist()


def asked(folder, *words):
    done = run("predict", "oj", *words, folder=folder)
    assert done.code == 0, done.err
    return done


def test_the_next_step_that_train_prints_works_and_says_what_is_usual(folder, issued):
    [command] = re.findall(r"Next +(forecast predict .*)", (folder / "said.txt").read_text())
    words = command.split()[1:]
    assert run(*words, folder=folder).code == 0
    assert (folder / words[-1]).is_file()
    done = run(*words[: words.index("--future-template")], folder=folder)
    assert done.code == 0, done.err
    assert_same(numbers(done.out), issued)
    note = "price, deal, sky are not known beyond 2023-07-12: this forecast takes their usual values, price"
    assert note in done.err
    assert "deal 0, sky sun (forecast predict oj --future FILE tells them)" in done.err


@pytest.mark.parametrize(
    ("words", "horizon"),
    [((), 1), ((), 3 * HORIZON), (("--set", "deal=1"), 1), (("--set", "price=2.2,sky=rain"), HORIZON + 1)],
)
def test_predict_and_as_it_is_at_any_horizon(folder, issued, words, horizon):
    assert_same(numbers(asked(folder, *words, "--horizon", horizon).out), issued)


@pytest.mark.parametrize("value", ["deal=0,sky=sun", "sky=SUN", "deal=no,price=+0%"])
def test_setting_what_is_usual_changes_nothing(folder, issued, value):
    frame = pd.read_csv(io.StringIO(asked(folder, "--set", value).out), dtype=SHOPS)
    assert_same(frame.set_index(["series_id", "step"])["what_if"], issued)


def usual_future(folder):
    stored = load_version(Store(folder / ".forecast").model("oj").champion())
    price = stored.trained.usual.own[:, 0]
    after = [FIRST + 7 * (WEEKS + step) for step in range(HORIZON)]
    rows = [(week, store, price[k], 0, "sun") for k, store in enumerate(("01", "02")) for week in after]
    return pd.DataFrame(rows, columns=["week", "store", *COLUMNS])


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("all", lambda frame: frame),
        ("some columns", lambda frame: frame.drop(columns=["price", "sky"])),
        ("another order, letters", lambda frame: frame[["SKY" if c == "sky" else c for c in frame][::-1]]),
        ("some dates", lambda frame: frame[frame["week"] < frame["week"].max()]),
        ("one date in the middle", lambda frame: frame[frame["week"] == frame["week"].unique()[2]]),
        ("one series", lambda frame: frame[frame["store"] == "02"]),
        ("empty cells", lambda frame: frame.assign(price=[None, *frame["price"][1:]], sky=["sun", "", *["sun"] * 6])),
        ("dates beyond", lambda frame: pd.concat([frame, frame.assign(week=frame["week"] + pd.Timedelta(weeks=4))])),
    ],
)
def test_a_future_of_usual_values_whole_or_in_part(folder, issued, what, change):
    frame = usual_future(folder)
    if what == "another order, letters":
        frame = frame.rename(columns={"sky": "SKY"}).assign(SKY="Sun")
    change(frame).to_csv(folder / "usual.csv", index=False)
    done = asked(folder, "--future", "usual.csv")
    assert_same(numbers(done.out), issued)
    assert ("usual value" in done.err) == (what not in {"all", "another order, letters", "dates beyond"})


def test_rows_at_the_end_of_the_data_whole_or_in_part(folder, issued):
    future = usual_future(folder).assign(units="")
    future.loc[[0, 5], "price"] = None
    pd.concat([pd.read_csv(folder / "oj.csv", dtype=str), future]).to_csv(folder / "more.csv", index=False)
    assert_same(numbers(asked(folder, "--data", "more.csv").out), issued)


def test_one_series_alone(folder, issued):
    alone = numbers(asked(folder, "--series", "02").out)
    np.testing.assert_allclose(alone, issued[alone.index], rtol=1e-6)


def test_python_says_the_same(folder, issued):
    model = load("oj", store=folder / ".forecast")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames = [
            model.predict(data=folder / "oj.csv"),
            model.predict(1, data=pd.read_csv(folder / "oj.csv", dtype=str)),
        ]
        frames.append(model.predict(data=folder / "oj.csv", future=usual_future(folder)[["week", "store", "price"]]))
        frames.append(model.what_if({"deal": 1}, data=folder / "oj.csv"))
    for frame in frames:
        assert_same(frame.set_index(["series_id", "step"])["forecast"], issued)


def test_what_score_and_the_report_look_at_is_what_was_issued(folder, issued):
    version = Store(folder / ".forecast").model("oj").champion()
    assert_same(numbers(version.read("forecast.csv").decode()), issued)
    page = run("report", "oj", "-o", "page.html", folder=folder)
    assert page.code == 0, page.err
    table = [line for line in (folder / "page.html").read_text().splitlines() if "<svg" in line]
    assert table  # its chart is drawn from that file


def test_retrain_that_keeps_the_champion_issues_the_same(folder, issued):
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        rows = pd.read_csv(folder / "oj.csv", dtype=str)
        rows.to_csv(folder / "again.csv", index=False, lineterminator="\r\n")  # other bytes, the same rows
        done = run("retrain", "oj", "again.csv", "-o", "newer", "--min-new-rows", 5, folder=folder)
    assert done.code == 0, done.err
    assert_same(numbers((folder / "newer/oj.csv").read_text()), issued)
