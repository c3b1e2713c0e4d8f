"""Similar days against loops over one series, and on days that tell what follows."""

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.models.classical.similar_days import SimilarDaySettings, similar_days

HOW = SimilarDaySettings(power=3.0, other_day=1.5)


def slowly(values, horizon, day, week):
    """Returns the forecast of one series; None where no day is known with a horizon after it."""
    size = max(map(abs, values), default=0.0) or 1.0
    values = [value / size for value in values]
    last, days = values[-day:], []
    for back in range(day * -(-horizon // day), len(values) - day + 1, day):
        end = len(values) - back
        own = values[end - day : end]
        off = [a - sum(own) / day - b + sum(last) / day for a, b in zip(own, last, strict=True)]
        far = (sum(x * x for x in off) / day) ** 0.5 * (1.5 if back % week else 1.0) + HOW.negligible
        days.append((far**-3, [value - sum(own) / day for value in values[end : end + horizon]]))
    if not days:
        return [np.nan] * horizon
    total = sum(weight for weight, _ in days)
    return [size * (sum(last) / day + sum(w * after[h] for w, after in days) / total) for h in range(horizon)]


@pytest.mark.parametrize(("horizon", "day", "week"), [(5, 4, 12), (4, 4, 12), (9, 3, 6), (1, 2, 7)])
def test_forecasts_are_those_of_loops_whatever_stands_beside(horizon, day, week):
    rng = np.random.default_rng(1)
    series = [rng.normal(20, 3, steps) for steps in (60, 31, 14, 8, 4, 2)]
    found = similar_days(panel_from_series(series, "h"), horizon, (day, week), 50, HOW)
    expected = [slowly(own.tolist()[-50:], horizon, day, week) for own in series]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_what_came_after_the_one_day_like_the_last_comes_again_at_its_level():
    rng = np.random.default_rng(2)
    quiet = [10 + rng.permutation([0.0, 1.0, 2.0, 3.0]) for _ in range(12)]
    storm, after = np.array([9.0, 30.0, 2.0, 8.0]), np.array([5.0, 5.0, 6.0, 40.0])
    values = np.concatenate([*quiet[:6], storm, after, *quiet[6:], storm + 7])
    panel = panel_from_series([values, np.zeros(40), np.full(40, 3.0)], "h")
    found = similar_days(panel, 4, (4, 28), 500, SimilarDaySettings(power=8.0))
    np.testing.assert_allclose(found[0], after + 7, atol=0.01)
    np.testing.assert_array_equal(found[1:], [[0.0] * 4, [3.0] * 4])
