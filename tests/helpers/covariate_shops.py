"""A panel of shops with covariates, as a file."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from forecast.data.reading.reader import ReadOptions
from forecast.experiment.experiment import SilentReporter
from forecast.production.store.store import Store
from forecast.specs import Settings
from forecast.workflows.train import TrainRequest, train
from untrained import train_nothing

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)

HORIZON, DAYS = 5, 90

OPTIONS = ReadOptions(known=("promo", "sky"), past=("temp",), static=("region",))


def rows(days, ahead=0, sky=("sun", "rain")):
    table = []
    for shop in ("a", "b"):
        for step in range(days + ahead):
            day = np.datetime64("2024-01-01") + step
            sales = 20 + step % 7 + 0.1 * step + (7919 * step % 13) / 13 if step < days else ""
            temp = 0.5 * step if step < days else ""
            table.append([day, shop, sales, step % 5 == 0, sky[step % len(sky)], temp, f"of {shop}"])
    return table


def write(path, table, header=("day", "shop", "sales", "promo", "sky", "temp", "region")):
    text = io.StringIO()
    csv.writer(text).writerows([header, *table])
    path.write_text(text.getvalue())
    return path


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder with a model of two shops, whose known columns go on for a horizon."""
    monkeypatch.chdir(tmp_path)
    train_nothing(monkeypatch)
    write(Path("shops.csv"), rows(DAYS, HORIZON))
    settings = Settings(horizon=HORIZON, window=14, folds=1, seeds=1)
    request = TrainRequest("shops.csv", OPTIONS, settings, "gru", None, Path("forecasts"), "none", "auto")
    train(request, Store(Path("store")), lambda: NOW, SilentReporter())
    return Store(Path("store"))
