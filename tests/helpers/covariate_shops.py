"""A panel of shops with covariates, as a file."""

import csv
import io
from datetime import UTC, datetime

import numpy as np

from forecast.data.reading.reader import ReadOptions

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
