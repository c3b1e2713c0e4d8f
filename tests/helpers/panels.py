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


def make_panel(folder, shards=4, series=SERIES, train=TRAIN):
    """Makes sales.csv, its shards in ``panel``, and a model of it with random weights; returns the places."""
    for name, count in (("sales.csv", series), ("few.csv", SERIES)):  # without training, a model is of a few series
        table = csv_bytes(((day, shop, value) for shop, day, value in rows(count)), "day,shop,sales")
        (folder / name).write_bytes(table)
    data = ("sales.csv",) if series <= SERIES else ("few.csv", "--name", "sales")
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        for words in (("train", *data, *train), ("shard", "sales.csv", "panel", "--shards", shards, "-q")):
            done = run(*words, folder=folder)
            assert done.code == 0, done.err
    panel = folder / "panel"
    return SimpleNamespace(folder=folder, panel=panel, names=sorted(path.name for path in panel.glob("*.parquet")))


def contents(folder):
    """The bytes of every file of forecasts in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}
