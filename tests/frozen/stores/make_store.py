"""Wrote the data of the frozen store beside it: python tests/frozen/stores/make_store.py FOLDER.

The versions in ``a984722/`` were trained by the program of that commit, in FOLDER:

    forecast train passengers.csv --store store              (sample_data/airline_passengers.csv)
    forecast train shops.csv --known promo,price --horizon 14 --model gru --seeds 1 --store store
    forecast train stocks.csv --kind price --horizon 10 --model gru --seeds 1 --store store

Those in ``0d56c31/``, the first that keep the numbers that they are recomputed by, were trained by that program, with
``--model gru --seeds 1`` for the passengers, too.

Those in ``1c99ba4/``, the first that have a distribution, were trained by that program:

    forecast train shops.csv --known promo,price --horizon 14 --model gru --seeds 1 --store store
    forecast train kiosks.csv --horizon 14 --model gru --seeds 1 --steps 1 --folds 4 --store store

and the files of quantiles and totals beside them are what ``predict --quantiles`` and ``predict --total week
--total-by all`` said of them.

A later program must forecast from them what their ``forecast.csv`` says.
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np


def shops(rng: np.random.Generator) -> list[str]:
    """Returns three shops with promotions and holes in their history, and fourteen days whose promotions are told."""
    rows = ["day,shop,sold,promo,price"]
    for shop, level in (("north", 120), ("south", 60), ("west", 30)):
        usual = round(9 + level / 100, 2)
        for t in range(154):
            day = date(2023, 1, 2) + timedelta(t)
            promo = int(rng.random() < 0.15)
            price = round(usual * (0.8 if promo else 1), 2)
            mean = level * (1 + 0.3 * (day.weekday() > 4)) * (1.5 if promo else 1) * (1 + 0.001 * t)
            sold = mean + rng.normal(0, level * 0.05)
            if t >= 140:
                rows.append(f"{day},{shop},,{promo},{price}")
            elif rng.random() >= 0.08:
                rows.append(f"{day},{shop},{sold:.2f},{promo},{price}")
    return rows


def stocks(rng: np.random.Generator) -> list[str]:
    """Returns two random walks by trading day."""
    rows = ["date,stock,close"]
    for stock in ("AAA", "BBB"):
        close, days = 100.0, (date(2021, 1, 4) + timedelta(t) for t in range(560))
        for day in [day for day in days if day.weekday() < 5][:400]:
            close *= np.exp(rng.normal(0, 0.012))
            rows.append(f"{day},{stock},{close:.2f}")
    return rows


def kiosks(rng: np.random.Generator) -> list[str]:
    """Returns fourteen kiosks of all sizes, what they sell on Saturdays being anybody's guess."""
    rows = ["day,kiosk,sold"]
    for kiosk in range(14):
        for t in range(168):
            day = date(2024, 1, 1) + timedelta(t)
            noise = 0.6 if day.weekday() == 5 else 0.06 + 0.01 * kiosk
            sold = 40 * 1.3**kiosk * np.exp(noise * rng.normal()) * (1.2 if day.weekday() > 4 else 1)
            rows.append(f"{day},k{kiosk},{sold:.1f}")
    return rows


if __name__ == "__main__":
    rng = np.random.default_rng(7)
    for name, lines in (("shops", shops(rng)), ("stocks", stocks(rng)), ("kiosks", kiosks(np.random.default_rng(11)))):
        (Path(sys.argv[1]) / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
