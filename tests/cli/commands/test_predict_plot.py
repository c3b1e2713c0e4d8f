"""`predict --plot`: the forecast and its plan, a what-if as a waterfall whose parts add up, and what is refused."""

import re

import numpy as np
import pandas as pd
import pytest

from commands import run
from untrained import train_nothing

DAYS, HORIZON = 80, 7
FIRST = np.datetime64("2024-01-01")


def days(number, start=0):
    return pd.DataFrame(
        [
            {
                "day": FIRST + step,
                "shop": shop,
                "y": (20 + step % 7 + (7919 * step % 13) / 5) * (1.5 if step % 5 == k else 1),
                "promo": int(step % 5 == k),
                "price": 3 + (step // 8) % 3,
            }
            for k, shop in enumerate(("a", "b"))
            for step in range(start, start + number)
        ]
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model of two shops that knows nothing of the future, and a file that tells it."""
    folder = tmp_path_factory.mktemp("plot")
    days(DAYS).to_csv(folder / "shops.csv", index=False)
    days(HORIZON, DAYS).drop(columns="y").to_csv(folder / "plan.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        flags = ("--target", "y", "--id", "shop", "--horizon", HORIZON, "--window", "14", "--folds", "1")
        done = run(
            "train", "shops.csv", *flags, "--model", "gru", "--seeds", "1", "--plots", "none", "--known", "promo,price",
            folder=folder,
        )  # fmt: skip
    assert done.code == 0, done.err
    return folder


def words(path):
    """Returns the words of a picture; matplotlib writes each as a comment beside its outlines."""
    return " ".join(re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8"), re.DOTALL))


def test_plan_is_drawn_beside_a_forecast_as_usual(folder, tmp_path):
    done = run("predict", "shops", "--future", "plan.csv", "--plot", tmp_path / "plan.svg", folder=folder)
    assert done.code == 0, done.err
    assert f"Drew      {tmp_path / 'plan.svg'} and {tmp_path / 'plan-parts.svg'}" in done.err
    told = words(tmp_path / "plan.svg")
    assert "if all were as usual" in told
    assert re.search(r"y of all 2 series, next 7 days: [\d,.]+ \(80 %: [\d,.]+ to [\d,.]+\)", told)
    assert "promotions and other plans" in words(tmp_path / "plan-parts.svg")


@pytest.mark.slow
def test_without_a_plan_there_is_nothing_as_usual_beside_it(folder, tmp_path):
    assert run("predict", "--plot", tmp_path / "plain.svg", folder=folder).code == 0
    assert "as usual" not in words(tmp_path / "plain.svg")
    assert "promotions" not in words(tmp_path / "plain-parts.svg")


@pytest.mark.slow
def test_values_are_called_as_their_column_or_as_asked(folder, tmp_path):
    run("predict", "--plot", tmp_path / "own.svg", folder=folder)
    run("predict", "--plot", tmp_path / "asked.svg", "--label", "sold pieces", folder=folder)
    assert re.search(r"\by\b", words(tmp_path / "own.svg"))
    assert "sold pieces of all 2 series" in words(tmp_path / "asked.svg")
    assert not re.search(r"\by\b", words(tmp_path / "asked.svg"))


@pytest.mark.parametrize(("asked", "by", "names"), [
    ("promo=1,price=-10%", "column", ["promo", "price"]), ("promo=1", "series", ["a", "b"]),
])  # fmt: skip
@pytest.mark.slow
def test_parts_of_a_what_if_add_up_to_what_is_printed(asked, by, names, folder, tmp_path):
    done = run("predict", "--set", asked, "--plot", tmp_path / "w.svg", "--json", folder=folder)
    assert done.code == 0, done.err
    told, total = done.document["parts"], done.document["total"]
    assert (told["by"], [part["name"] for part in told["parts"]]) == (by, names)
    assert told["start"] + sum(part["value"] for part in told["parts"]) == pytest.approx(total["what_if"])
    assert (told["start"], told["end"]) == pytest.approx((total["forecast"], total["what_if"]))
    assert done.document["files"] == [str(tmp_path / "w.svg"), str(tmp_path / "w-waterfall.svg")]
    assert {"as it is", "what if"} <= {*re.findall(r"as it is|what if", words(tmp_path / "w-waterfall.svg"))}


@pytest.mark.slow
def test_a_kind_alone_is_called_after_the_model_or_the_file_of_the_forecast(folder, tmp_path):
    done = run("predict", "--plot", "svg", "--json", "-f", folder=folder)
    assert done.document["files"] == ["shops-forecast.svg", "shops-forecast-parts.svg"]
    done = run("predict", "--plot", "svg", "-o", tmp_path / "next.csv", "--json", folder=folder)
    assert done.document["files"] == [str(tmp_path / name) for name in ("next.csv", "next.svg", "next-parts.svg")]


@pytest.mark.parametrize(("flags", "message"), [
    (("--size", "slide"), "--size says how the picture is drawn, and none is."),
    (("--label", "x"), "--label says how the picture is drawn, and none is."),
    (("--plot", "png", "--paths", "5", "-o", "p.csv"), "--paths makes many futures of it."),
    (("--plot", "pgn"), "--plot pgn is neither a kind of picture nor a file with its ending. Did you mean 'png'?"),
    (("--plot", "next.gif"), "--plot writes .png, .svg or .pdf, not .gif"),
    (("--plot", "png", "--size", "huge"), "'huge' is not one of"),
])  # fmt: skip
def test_what_can_not_be_drawn_is_refused(flags, message, folder):
    done = run("predict", *flags, folder=folder)
    assert done.code == 2
    assert message in done.err
    assert "hint:" in done.err


@pytest.mark.slow
def test_a_picture_is_replaced_only_by_force(folder, tmp_path):
    (tmp_path / "x-parts.svg").write_text("mine")
    done = run("predict", "--plot", tmp_path / "x.svg", folder=folder)
    assert (done.code, (tmp_path / "x-parts.svg").read_text()) == (2, "mine")
    assert "exists already" in done.err
    assert not (tmp_path / "x.svg").exists()
    assert run("predict", "--plot", tmp_path / "x.svg", "-f", "-q", folder=folder).err == ""


def test_prices_have_no_parts(tmp_path):
    rng = np.random.default_rng(0)
    walk = pd.DataFrame({"day": FIRST + np.arange(90), "close": 100 + np.cumsum(rng.normal(0, 1, 90))})
    walk.to_csv(tmp_path / "walk.csv", index=False)
    assert run("train", "walk.csv", "--model", "naive", "--folds", "1", "--plots", "none", folder=tmp_path).code == 0
    done = run("predict", "--plot", "svg", "--json", folder=tmp_path)
    assert done.document["files"] == ["walk-forecast.svg"]
    assert re.search(r"close, on \d{4}-\d\d-\d\d: [\d.]+ \(80 %", words(tmp_path / "walk-forecast.svg"))
