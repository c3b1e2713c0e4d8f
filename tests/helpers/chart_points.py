"""The points of a drawn chart."""

import re

import numpy as np

from forecast.report.html.chart import (
    SIZE,
)


def points_of(path):
    """Returns the points of a path, (P, 2), in places from the left and from the bottom."""
    numbers = np.array(re.findall(r"-?\d+\.\d", path), dtype=float).reshape(-1, 2)
    return np.column_stack([numbers[:, 0] / SIZE, 1 - numbers[:, 1] / SIZE])
