"""How results look: three lines as text; as HTML the verdict, the table and the picture, with nothing unescaped."""

import re

import numpy as np
import pandas as pd
import pytest

from commands import visits
from forecast import compare, read_panel, train
from forecast.api.notebook import MOST_ROWS, leaderboard_html
from forecast.models.forecaster import Members
from untrained import train_nothing

BARE = {"horizon": 7, "folds": 1, "seeds": 1, "calendar": False}
NAME = "<b>A & B</b>"


class Flat:
    """A forecaster of one's own: the last value, for ever."""

    name = "flat<i>"

    def fit(self, panel, watcher):
        return self

    def predict_members(self, panel, run=None):
        last = np.array([panel.series(i)[-1] for i in range(len(panel))])
        return Members(("last",), (0,), np.repeat(last[None, :, None], 7, axis=2))


@pytest.fixture
def data(monkeypatch):
    train_nothing(monkeypatch)
    table = pd.DataFrame(visits(), columns=["day", NAME]).astype({"day": "datetime64[s]"})
    return read_panel(table)


@pytest.mark.slow
def test_everything_is_told_in_three_lines(data):
    for thing in (data, compare(data, [Flat()], **BARE), train(data, "gru", **BARE)):
        lines = repr(thing).splitlines()
        assert len(lines) == 3
        assert max(map(len, lines)) < 300
    assert repr(data).startswith("Reading of the data frame: 60 rows, 1 series, daily, 2024-01-01 … 2024-02-29")


@pytest.mark.slow
def test_html_holds_title_sentences_table_and_picture_and_escapes_what_the_data_says(data):
    found = compare(data, [Flat()], **BARE)
    for thing in (data, found, train(data, "gru", **BARE)):
        html = thing._repr_html_()
        assert html.startswith("<div>")
        assert html.endswith("</div>")
        assert "<b>A" not in html
        assert "<i>" not in html
        assert len(re.findall(r'<img alt="[^"]+" [^>]+ src="data:image/png;base64,', html)) == 1
        assert "color:" not in html.replace("background", "")
    html = found._repr_html_()
    assert html.count("<tr>") == len(found.leaderboard) + 1
    assert found.verdict.split()[0] in html


def test_forecaster_of_ones_own_is_scored_as_the_naive_one_that_it_is(data):
    found = compare(data, ["gru", Flat()], **BARE)
    board = found.leaderboard.set_index("model")
    assert board.loc["flat<i>", "rmse"] == pytest.approx(board.loc["naive", "rmse"])
    assert board.loc["flat<i>", "coverage_80"] == board.loc["naive", "coverage_80"]
    assert len(found.forecasts[found.forecasts["model"] == "flat<i>"]) == 7
    labels = [text.get_text() for text in found.plot().figure.legends[0].get_texts()]
    assert {"gru", "flat<i>"} <= set(labels)


def test_long_leaderboard_says_what_it_leaves_out():
    table = pd.DataFrame({"model": [f"m{i}" for i in range(MOST_ROWS + 3)], "rmse": 1.0, "skill": np.nan})
    html = leaderboard_html(table)
    assert html.count("<tr>") == MOST_ROWS + 1
    assert "and 3 more in .leaderboard" in html
    assert "–" in html
    assert leaderboard_html(None) == leaderboard_html(table.head(0)) == ""
