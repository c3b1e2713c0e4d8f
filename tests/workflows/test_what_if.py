"""`forecast predict --set`: the same as telling another future, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from commands import run
from forecast.api.verbs import load
from untrained import train_nothing

DAYS, HORIZON = 120, 10
FIRST = np.datetime64("2024-01-01")
HEADER = "series_id,timestamp,step,forecast,what_if,difference"


def price_on(step):
    """A share of the usual price, for a week or so, so that it moves the level."""
    return 0.7 + (37 * (step // 8) % 11) / 20


def days(number, start=0):
    return pd.DataFrame(
        [
            {
                "day": FIRST + step,
                "shop": shop,
                "sales": (20 + step % 7 + (7919 * step % 13) / 5) * (1.5 if step % 5 == k else 1) / price_on(step),
                "promo": int(step % 5 == k),
                "price": 3 * price_on(step),
                "sky": ("sun", "rain", "fog")[step % 3],
                "region": f"of {shop}",
            }
            for k, shop in enumerate(("a", "b"))
            for step in range(start, start + number)
        ]
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model of two shops that knows nothing of the future, and files that tell it."""
    folder = tmp_path_factory.mktemp("what_if")
    days(DAYS).to_csv(folder / "shops.csv", index=False)
    days(HORIZON, DAYS).drop(columns=["sales", "region"]).to_csv(folder / "next.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        flags = ("--target", "sales", "--id", "shop", "--horizon", HORIZON, "--window", "14", "--folds", "1")
        flags = (*flags, "--model", "gru", "--seeds", "1", "--plots", "none")
        known = ("--known", "promo,price,sky", "--static", "region")
        patch.setenv("COLUMNS", "200")
        done = run("train", "shops.csv", *flags, *known, folder=folder)
        assert done.code == 0, done.err
        (folder / "train.txt").write_text(done.err)
        assert run("train", "shops.csv", *flags, "--name", "bare", folder=folder).code == 0
    return folder


def ask(folder, *words, name="shops", **more):
    return run("predict", name, *words, folder=folder, **more)


def frame_of(done):
    assert done.code == 0, done.err
    return pd.DataFrame(done.rows).astype(dict.fromkeys(["step", *HEADER.split(",")[3:]], float))


def other_future(folder, change):
    """Returns what `predict` says of a future that was changed by hand."""
    future = pd.read_csv(folder / "next.csv")
    change(future)
    future.to_csv(folder / "other.csv", index=False)
    done = ask(folder, "--future", "other.csv")
    assert done.code == 0, done.err
    return np.array([float(row["forecast"]) for row in done.rows])


# What comes out


@pytest.mark.parametrize(
    ("values", "change"),
    [
        ("promo=1", {"promo": lambda was: 1}),
        ("price=-10%,sky=rain", {"price": lambda was: 0.9 * was, "sky": lambda was: "rain"}),
        ("sky=hail", {"sky": lambda was: "snow"}),
    ],
)
def test_what_if_is_what_predict_says_of_such_a_future(folder, values, change):
    at = ("2024-05-04", "2024-05-06")
    asked = frame_of(ask(folder, "--future", "next.csv", "--set", values, "--at", "..".join(at)))

    def changed(future):
        rows = future["day"].between(*at)
        for column, new in change.items():
            future.loc[rows, column] = future.loc[rows, column].map(new)

    np.testing.assert_allclose(asked["what_if"], other_future(folder, changed), rtol=1e-9)
    np.testing.assert_allclose(asked["forecast"], other_future(folder, lambda future: None), rtol=1e-9)
    np.testing.assert_allclose(asked["difference"], asked["what_if"] - asked["forecast"])
    moved = asked["difference"] != 0
    assert moved.any()
    assert asked[moved]["timestamp"].between(*at).all()


def test_csv_has_all_steps_and_the_table_those_that_differ(folder):
    words = ("--set", "promo=1", "--at", "2024-05-04..2024-05-06", "--future", "next.csv", "--series", "b")
    done = ask(folder, *words)
    assert (done.header, len(done.rows)) == (HEADER, HORIZON)
    table = ask(folder, *words, "--format", "table")
    lines = table.out.splitlines()
    assert lines[0] == "  shops v1, gru; what if promo=1 at 2024-05-04..2024-05-06"
    assert lines[1].split() == HEADER.split(",")[1:]
    assert [line.split()[0] for line in lines[2:]] == ["2024-05-04", "2024-05-05", "2024-05-06"]
    assert max(map(len, lines)) <= 80
    rows = frame_of(done)
    change = rows["what_if"].sum() - rows["forecast"].sum()
    share = 100 * change / rows["forecast"].sum()
    assert f"({share:+.1f} %), from 2024-05-04 to 2024-05-05." in table.err
    assert table.err.startswith("Total     sales over 10 days: ")
    whole = ask(folder, *words[:2], *words[4:], "--format", "table").out.splitlines()
    promoted = {str(FIRST + step) for step in range(DAYS, DAYS + HORIZON) if step % 5 == 1}
    assert len(whole) == 2 + HORIZON - len(promoted)
    assert not {line.split()[0] for line in whole} & promoted


def test_json_holds_the_question_the_rows_and_the_total(folder):
    words = ("--future", "next.csv", "--set", "promo=1", "--set", "price=3.1")
    done = ask(folder, *words, "--json")
    document, rows = done.document, frame_of(ask(folder, *words))
    keys = "schema_version name version model set at total notes forecasts files"
    assert list(document) == keys.split()
    assert (document["set"], document["at"], document["notes"]) == (["promo=1", "price=3.1"], None, [])
    assert [list(row) for row in document["forecasts"]] == [HEADER.split(",")] * 2 * HORIZON
    assert document["total"]["what_if"] == pytest.approx(rows["what_if"].sum())
    assert document["total"]["share"] == pytest.approx(rows["what_if"].sum() / rows["forecast"].sum() - 1)


def test_total_begins_after_the_newest_step_of_all(folder, tmp_path):
    shops = days(DAYS)
    newest = shops["day"].max()
    shops[(shops["shop"] == "a") | (shops["day"] < newest)].to_csv(tmp_path / "late.csv", index=False)
    done = ask(folder, "--data", tmp_path / "late.csv", "--set", "promo=1", "--json")
    ahead = [row for row in done.document["forecasts"] if row["timestamp"] > str(newest)]
    assert len(ahead) == 2 * HORIZON - 1
    assert done.document["total"]["forecast"] == pytest.approx(sum(row["forecast"] for row in ahead))


def test_file_holds_what_stdout_would(folder, tmp_path):
    target, words = tmp_path / "if.csv", ("--set", "promo=1", "--future", "next.csv")
    done = ask(folder, *words, "-o", target)
    assert (done.code, done.out) == (0, "")
    assert f"{target}: 10 steps of 2 series, as they are and what if" in done.err
    assert target.read_text() == ask(folder, *words).out
    assert ask(folder, *words, "-o", target).code == 2
    assert ask(folder, *words, "-q").err == ""


def test_nothing_differs_where_it_is_so_anyway(folder):
    done = ask(folder, "--set", "promo=0", "--at", "2024-05-02", "--future", "next.csv")
    assert set(frame_of(done)["difference"]) == {0}
    assert "either way; nothing differs." in done.err


def test_what_nobody_tells_is_usual_in_both_and_said(folder):
    done = ask(folder, "--set", "promo=1", "--at", "2024-05-04..2024-05-05")
    rows = frame_of(done)
    assert (rows["difference"] != 0).sum() == 4
    note = "promo, price, sky are not known beyond 2024-04-29: both forecasts take their usual values"
    assert f"Note      {note}, promo 0, price 2" in done.err
    assert ", sky none of its texts (forecast predict shops --future FILE tells them)." in done.err
    usual = pd.read_csv(folder / "shops.csv").groupby("shop")["price"].mean()

    def settle(future):
        future["promo"], future["sky"] = 0, "none of them"
        future["price"] = future["shop"].map(usual)

    np.testing.assert_allclose(rows["forecast"], other_future(folder, settle), rtol=1e-9)
    share = frame_of(ask(folder, "--set", "price=*1"))
    np.testing.assert_array_equal(share["difference"], 0)


def test_longer_horizon_is_asked_too(folder):
    done = ask(folder, "--set", "promo=1", "--at", "2024-05-14", "--horizon", "16")
    rows = frame_of(done)
    assert "The model was trained for 10 steps" in done.err
    assert rows[rows["difference"] != 0]["timestamp"].min() == "2024-05-14"


def test_series_are_chosen_for_a_plain_forecast_too(folder):
    whole, some = (ask(folder, "--future", "next.csv", *more) for more in ((), ("--series", "b")))
    rows = [row for row in whole.rows if row["series_id"] == "b"]
    assert [row["timestamp"] for row in some.rows] == [row["timestamp"] for row in rows]
    for one, other in zip(some.rows, rows, strict=True):
        assert float(one["forecast"]) == pytest.approx(float(other["forecast"]), rel=1e-9)


def test_python_asks_the_same(folder):
    model = load("shops", store=folder / ".forecast")
    data = pd.read_csv(folder / "shops.csv")
    with pytest.warns(UserWarning, match="both forecasts take their usual values"):
        frame = model.what_if({"promo": 1, "price": "-10%"}, "2024-05-03", data=data)
    done = frame_of(ask(folder, "--set", "promo=1,price=-10%", "--at", "2024-05-03"))
    np.testing.assert_allclose(frame["difference"], done["difference"])
    assert list(frame) == HEADER.split(",")


# Misuse


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--at", "2024-05-03"), "--at says when --set holds, and nothing is set"),
        (("--set", "promo=7"), "promo is 0 or 1, never 7"),
        (("--set", "promo=1", "--at", "2025-01-01"), "goes on after the steps that are forecast"),
        (("--set", "promo=1", "--series", "c"), "There is no series 'c' among a, b."),
        (("--set", "promo=1", "--horizon", "0"), "--horizon"),
    ],
)
def test_what_can_not_be_asked_is_a_misuse(folder, words, message):
    done = ask(folder, *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_model_without_covariates_can_not_be_asked(folder):
    done = ask(folder, "--set", "promo=1", name="bare")
    assert done.code == 2
    assert "the model was trained without any of that" in done.err
    assert "forecast train DATA --known COLUMNS" in done.err


# What `train` says


def test_train_says_what_its_forecast_had_to_guess_and_what_to_do(folder):
    said = (folder / "train.txt").read_text()
    note = "promo, price, sky are not known beyond 2024-04-29: this forecast takes their usual values"
    assert f"Note      {note}, promo 0, price" in said
    assert "Next      forecast predict shops --future-template " in said
    assert "Beside    promo, price, sky known ahead; region by series" in said
