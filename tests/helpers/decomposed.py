"""The season of one series as the papers have it, one number after another: what two test modules recompute with."""

from itertools import pairwise
from math import exp, log

from forecast.models.classical.seasonality import SeasonalitySettings

TODAY = SeasonalitySettings()


def mean(values):
    return sum(values) / len(values)


def season_of(values, season):
    """Returns what the season adds at each phase, counted from the first value, and whether that are logarithms."""
    if season == 1 or len(values) < 2 * season:
        return [0.0] * season, False
    summands, missed, _ = decompose(values, season, lambda expected: expected, values)
    if min(values) <= 0:
        return summands, False
    factors, missed_by_factors, _ = decompose([log(value) for value in values], season, exp, values)
    size = sum(value**2 for value in values)
    positive = missed_by_factors <= missed * (1 + TODAY.tie) + 1e-18 * size
    return factors if positive else summands, positive


def decompose(values, season, unit, truths):
    """Returns what the season adds at each phase, the squares it leaves unexplained, and the share it explains."""
    half, deviations, around = season // 2, [[] for _ in range(season)], {}
    for t in range(half, len(values) - half):
        near = values[t - half : t + half + 1]
        if season % 2 == 0:
            near = [mean(pair) for pair in pairwise(near)]
        around[t] = mean(near)
        deviations[t % season].append(((len(values) - 1 - t) // season, values[t] - around[t]))
    means = [mean([weighted_mean(own, kept) for kept in TODAY.kept]) for own in deviations]
    means = [own - mean(means) for own in means]
    every = [deviation for own in deviations for _, deviation in own]
    left = sum((deviation - m) ** 2 for own, m in zip(deviations, means, strict=True) for _, deviation in own)
    changes = [later - one for one, later in zip(values, values[season:], strict=False)]
    changed = sum((change - mean(changes)) ** 2 for change in changes) / (len(changes) - 1) / 2
    noise = (left + TODAY.differences * changed) / (len(every) - season + TODAY.differences)
    spread = sum(m**2 for m in means) / (season - 1)
    by_chance = noise / (TODAY.worth * len(every) / season) * max(season - 3, 1) / (season - 1)
    kept = min(max(1 - by_chance / spread, 0), 1) if spread else 0
    means = [kept * m for m in means]
    missed = sum((truths[t] - unit(own + means[t % season])) ** 2 for t, own in around.items())
    variance = mean([(deviation - mean(every)) ** 2 for deviation in every])
    strength = min(max(1 - noise / variance, 0), 1) if variance > 1e-18 * mean([v**2 for v in values]) else 0
    return means, missed, strength


def weighted_mean(aged, kept):
    return sum(kept**age * value for age, value in aged) / sum(kept**age for age, _ in aged)
