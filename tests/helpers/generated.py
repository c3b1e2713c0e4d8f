"""Series whose truth is known: without any trouble, to be looked at as they are or with one thing put in."""

import numpy as np


def noise(rng, steps):
    return rng.normal(100, 5, steps)


def random_walk(rng, steps):
    return 100 + np.cumsum(rng.normal(0, 1, steps))


def prices(rng, steps):
    return 100 * np.exp(np.cumsum(rng.normal(0, 0.02, steps)))


def growing_season(rng, steps):
    """Twelve steps a season, with swings that grow with the level."""
    t = np.arange(steps)
    return (100 + t / 2) * (1 + 0.3 * np.sin(2 * np.pi * t / 12)) + rng.normal(0, 3, steps)


def counts(rng, steps):
    return rng.poisson(3, steps).astype(float)


def trend(rng, steps):
    return np.arange(steps) + rng.normal(0, 3, steps)


CLEAN = (noise, random_walk, prices, growing_season, counts, trend)
STATIONARY = (noise, growing_season, counts)


def usual_step(series):
    """Returns the standard deviation of the changes, in which what is put in is measured."""
    return float(np.std(np.diff(series)))
