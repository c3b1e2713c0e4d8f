"""Small files written in the test, read, and summed up."""

import datetime as dt
import math

import numpy as np

from forecast.data.files.source import Source
from forecast.data.read_options import ReadOptions
from forecast.data.reading.reader import read_panel

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(1)


def read(header, rows, **options):
    """Reads rows of text, the last cell of each a value that varies."""
    lines = [header, *(f"{row}|{100 + 9 * math.sin(i / 5) + i * 7919 % 13:.2f}" for i, row in enumerate(rows))]
    source = Source("x.csv", "x", None, "\n".join([*lines, ""]).encode(), "", "UTF-8")
    return read_panel(source, ReadOptions(**options), now=NOW)


def summary(reading):
    """The code of the frequency, the first and last timestamp, how many steps and how many of them have no value."""
    panel = reading.panel
    ends = panel.frequency.timestamps(np.array([panel.first.min(), panel.last.max()]))
    first, last = (str(end).removesuffix("T00:00:00").removesuffix(":00:00") for end in ends)
    return panel.frequency.code, first, last, panel.values.size, int((~panel.observed).sum())


def told(reading, topic):
    return [finding.text for finding in reading.findings if finding.topic == topic]
