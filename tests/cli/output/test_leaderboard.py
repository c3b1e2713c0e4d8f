"""The leaderboard on a terminal: ties are a group, errors have the digits that matter, the best row stands out."""

import io
import sys
from dataclasses import replace

import numpy as np

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.leaderboard import leaderboard_table, print_leaderboard
from forecast.evaluation.leaderboard import Leaderboard, LeaderboardRow

ROW = LeaderboardRow(1, "", 1.0, 0.0, 1, 1, 1, 0.2, None, None, 0, 0, "", 0, 0, 1, None)


def board():
    scores = [
        ("gru", 26.8345, None),
        ("lstm", 26.9, 0.8),
        ("rnn", 26.95, 0.01),
        ("ridge", 27.0, 0.7),
        ("naive", 104, 0),
    ]
    notes = {
        "lstm": "tie with gru (p = 0.80, 3 origins)",
        "ridge": "tie with gru (p = 0.7, 3 origins); hardly differs",
    }
    rows = tuple(
        replace(ROW, rank=rank, model=name, rmse=rmse, mae=rmse, p_best=p, note=notes.get(name, ""))
        for rank, (name, rmse, p) in enumerate(scores, 1)
    )
    return Leaderboard(rows, 3, 1, 36, 12, "gru leads.", {row.model: np.ones(12) for row in rows})


def test_models_of_a_tie_share_a_rank_and_are_named_once_below():
    lines = leaderboard_table(board(), "visits").splitlines()
    assert [line.split()[:3] for line in lines[3:8]] == [
        ["1=", "gru", "26.83"],
        ["1=", "lstm", "26.90"],
        ["3", "rnn", "26.95"],
        ["1=", "ridge", "27.00"],
        ["5", "naive", "104.00"],
    ]
    assert lines[8:10] == ["  1=  gru, lstm and ridge can't be told apart on these points", "  ridge: hardly differs"]


def test_best_or_saved_row_and_the_plain_verdict_stand_out(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    document = {"data": {"target": ["visits"]}, "plain_verdict": "Off by about 27."}
    for chosen, name in ((None, "gru"), ("ridge", "ridge")):
        out = io.StringIO()
        monkeypatch.setattr(sys, "stdout", out)
        print_leaderboard(board(), OutputFlags(format="table"), document, chosen)
        assert [line.split()[2] for line in out.getvalue().splitlines() if line.startswith("\x1b[1;32m")] == [name]
        assert out.getvalue().endswith("\x1b[1mOff by about 27.\x1b[0m\ngru leads.\n")
