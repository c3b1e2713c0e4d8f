"""Panels with covariates: made of arrays, and of causes whose effects are known."""

from dataclasses import replace

import numpy as np

from forecast.data.covariates import Column, Covariates
from forecast.data.panel import panel_from_series
from forecast.models.covariates.covariate_model import fit_covariate_model
from forecast.specs import View
from tiny import random_model, tiny_spec

AHEAD, HORIZON, WEEK = 6, 5, 7
"""Steps that the known columns go on for, of which so many are forecast; and the season."""


def told_spec(cell, **changes):
    """All tests that keep to this shape and to ``shops`` share one compiled loop a cell."""
    return tiny_spec(cell, **{"horizon": HORIZON, "season": WEEK, "views": (View("last-season", WEEK),), **changes})


def told_model(panel, cell="gru", **changes):
    """A model as if trained on the panel, without TensorFlow: its networks are random, its effects are not."""
    spec = told_spec(cell, **changes)
    covariate_model = fit_covariate_model(panel, spec)
    return replace(
        random_model(covariate_model.sized(spec), covariate_model.remove(panel)), covariate_model=covariate_model
    )


def told(values, known=(), past=(), static=(), *, freq="D", first=None, series_ids=None, levels=()):
    """Returns a panel whose covariates are given by name, as one array a series; known ones may go on further.

    Args:
        values: of each series.
        known: by name, arrays that begin where their series does.
        past: by name, arrays as long as their series.
        static: by name, one number a series.
        freq: of the steps.
        first: ordinals of the first steps.
        series_ids: names.
        levels: by name, the texts of a column of text.
    """
    known, past, static, levels = dict(known), dict(past), dict(static), dict(levels)
    panel = panel_from_series(values, freq, first=first, series_ids=series_ids)
    kinds = {"known": known, "past": past, "static": static}
    columns = [Column(name, kind, levels.get(name)) for kind, some in kinds.items() for name in some]
    lengths = [len(array) for array in next(iter(known.values()))] if known else [0] * len(panel)
    return replace(
        panel,
        covariates=Covariates(
            tuple(columns),
            known=_beside(known, sum(lengths)),
            known_offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            known_first=panel.first,
            past=_beside(past, len(panel.values)),
            static=np.array([*static.values()], dtype=float).reshape(len(static), len(panel)).T,
        ),
    )


def _beside(columns, rows):
    arrays = [np.concatenate([np.asarray(one, dtype=float) for one in column]) for column in columns.values()]
    return np.stack(arrays, axis=1) if arrays else np.empty((rows, 0))


def flags(rng, count, steps, share=0.25):
    """One array of 0 and 1 a series."""
    return [(rng.random(steps) < share).astype(float) for _ in range(count)]


def season(steps, strength=0.3, period=7):
    return 1 + strength * np.sin(2 * np.pi * np.arange(steps) / period)


def shops(count=3, steps=60, *, ahead=AHEAD, seed=0, freq="D"):
    """Shops with every kind of covariate: a frequent flag, an event, a text, a price, a past number, two traits."""
    rng = np.random.default_rng(seed)
    total = steps + ahead
    promo = flags(rng, count, total, 0.4)
    feast = [np.isin(np.arange(total), (11, 12, 40, steps + 2)).astype(float)] * count
    sky = [rng.integers(0, 3, total).astype(float) for _ in range(count)]
    price = [rng.uniform(2, 4, total) for _ in range(count)]
    guests = [rng.normal(0, 1, steps) for _ in range(count)]
    values = [
        50 * (i + 1) * season(steps) * np.exp(
            0.5 * promo[i][:steps] - 0.8 * feast[i][:steps] - 0.3 * price[i][:steps] + rng.normal(0, 0.05, steps)
        )
        for i in range(count)
    ]  # fmt: skip
    return told(
        values,
        {"promo": promo, "feast": feast, "sky": sky, "price": price},
        {"guests": guests},
        {"region": [i % 2 for i in range(count)], "size": [10.0 * i * i for i in range(count)]},
        levels={"sky": ("fog", "rain", "sun")},
        freq=freq,
    )
