"""How often the rule of seasons is wrong: false alarms on noise and walks, hits on seasons of known size.

    python benchmarks/tuning/season_rule.py [SERIES]

Prints one table each, in per cent of so many series (1,000 by default). The figures in ``season_evidence`` are its.
"""

import sys

import numpy as np

from forecast.data.checks.season_evidence import season_evidence
from forecast.data.checks.seasons import judged

CASES = (
    (365, (740, 1100, 1500)),
    (12, (24, 30, 36, 48, 60, 120, 240)),
    (4, (8, 12, 24, 60)),
    (7, (21, 60, 365)),
    (24, (72, 240)),
    (52, (104, 130, 156, 260)),
    (1440, (4320, 15000)),
    (5, (60, 250, 1000)),
)
VERDICTS = ("strong", "weak", "none", "too short to tell")


def noise(rng: np.random.Generator, steps: int) -> np.ndarray:
    """Returns white noise."""
    return rng.normal(0, 1, steps)


def walk(rng: np.random.Generator, steps: int) -> np.ndarray:
    """Returns a random walk."""
    return np.cumsum(rng.normal(0, 1, steps))


def price(rng: np.random.Generator, steps: int) -> np.ndarray:
    """Returns a price with fat tails and volatility that comes in clusters, less 100."""
    volatility = np.exp(0.5 * np.cumsum(rng.normal(0, 0.1, steps)) * 0.5)
    return 100 * np.exp(np.cumsum(0.01 * volatility * rng.standard_t(4, steps))) - 100


def wandering(rng: np.random.Generator, steps: int) -> np.ndarray:
    """Returns noise on a level that wanders half as fast."""
    return noise(rng, steps) + 0.5 * walk(rng, steps)


KINDS = {"white": noise, "walk": walk, "price": price, "wandering": wandering}


def season_of(rng: np.random.Generator, shape: str, season: int, steps: int) -> np.ndarray:
    """Returns a season with a standard deviation of 1, repeated."""
    cycle = np.sin(2 * np.pi * np.arange(season) / season) if shape == "wave" else rng.normal(0, 1, season)
    if shape == "spike":
        cycle = (np.arange(season) == season // 2).astype(float)
    return np.resize((cycle - cycle.mean()) / cycle.std(), steps)


def verdicts(season: int, series: list[np.ndarray]) -> str:
    """Returns the share of each verdict on series of one length, in per cent."""
    evidence = season_evidence([100 + own for own in series], season)
    found = [judged(season, series[0].size / season, [one]).verdict for one in evidence]
    return "  ".join(f"{100 * found.count(verdict) / len(found):5.1f}" for verdict in VERDICTS)


def main(count: int) -> None:
    """Prints the tables."""
    print(f"{'':34}  strong  weak  none  too short")
    for season, lengths in CASES:
        for steps in lengths:
            many = count
            for name, kind in KINDS.items():
                rng = np.random.default_rng(steps)
                row = verdicts(season, [kind(rng, steps) for _ in range(many)])
                print(f"no season: {season:4} in {steps:5} {name:10}  {row}", flush=True)
            for name in ("white", "wandering"):
                for shape in ("wave", "any", "spike"):
                    for swing in (0.5, 1.0, 2.0):
                        rng = np.random.default_rng(steps)
                        row = verdicts(
                            season,
                            [
                                KINDS[name](rng, steps) + swing * season_of(rng, shape, season, steps)
                                for _ in range(max(10, many // 10))
                            ],
                        )
                        print(f"{shape:5} × {swing}: {season:4} in {steps:5} {name:10}  {row}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
