"""A panel of a few series as shards, and a model for it, made in no time."""

import math
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from commands import QUICK, csv_bytes, run
from untrained import train_nothing

SERIES, DAYS = 9, 60
TRAIN = ("--model", "gru", *QUICK, "--plots", "none", "-q")


def rows(series=SERIES, days=DAYS):
    """Rows of daily series with a week, of which no two are alike."""
    return [
        (
            f"S{k}",
            date(2024, 1, 1) + timedelta(i),
            round(20 + k + 3 * math.sin(2 * math.pi * (i + k) / 7) + i % 5 / 9, 3),
        )
        for i in range(days)
        for k in range(series)
    ]


def make_panel(folder, shards=4, train=TRAIN):
    """Makes sales.csv, its shards in ``panel``, and a model of it with random weights; returns the places."""
    (folder / "sales.csv").write_bytes(csv_bytes(((day, shop, value) for shop, day, value in rows()), "day,shop,sales"))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        for words in (("train", "sales.csv", *train), ("shard", "sales.csv", "panel", "--shards", shards, "-q")):
            done = run(*words, folder=folder)
            assert done.code == 0, done.err
    return SimpleNamespace(
        folder=folder, panel=folder / "panel", names=sorted(p.name for p in (folder / "panel").glob("*.parquet"))
    )


def contents(folder):
    """The bytes of every file of forecasts in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}
