"""How often the rule of seasons is wrong: false alarms on noise and walks, hits on seasons of known size.

    python benchmarks/tuning/season_rule.py [--quick]       each number of the rule
    python benchmarks/tuning/season_rule.py SERIES          the verdicts themselves, in per cent of so many series

The figures in ``season_evidence`` are from the latter. The former measures the cost of verdicts: 10 for a season that
is none, 3 for saying that there is none where there is, 1 for one that is not told, half of one for strong instead of
weak or the reverse.
"""

import sys
from dataclasses import dataclass

import numpy as np
from study import Constant, FloatArray, Study
from study import main as tuned

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


EVIDENCE, RULE = "forecast.data.checks.season_evidence", "forecast.data.checks.seasons"
CONSTANTS = (
    Constant(EVIDENCE, "RATIOS", (np.array([0.0]), np.array([0.0, 1.0]), np.array([0.0, 0.01, 0.1, 1, 10, 100]))),
    Constant(EVIDENCE, "WAVES", (1, 4, 40)),
    Constant(EVIDENCE, "TREND", (0, 1, 5)),
    Constant(EVIDENCE, "MOST_SEASONS", (3, 10), cases=("long",)),
    Constant(EVIDENCE, "MOST_STEPS", (200, 500), cases=("long",)),
    Constant(EVIDENCE, "SHARE", (1, 2), cases=("many steps",)),
    Constant(EVIDENCE, "LEAST_LEFT", (0, 11, 30)),
    Constant(EVIDENCE, "SIDE", (0.2, 0.001)),
    Constant(RULE, "LEVEL", (0.2, 0.05, 0.001)),
    Constant(RULE, "STRONG", (0.4, 0.8)),
    Constant(RULE, "NOTHING", (0.05, 0.5)),
    Constant(RULE, "TELLING_CYCLES", (2, 8)),
)
PANELS = (
    Constant(RULE, "SEEN", (0.01, 0.3)),
    Constant(RULE, "MOST_SERIES", (5, 20)),
    Constant(RULE, "LEAST_CYCLES", (1, 3)),
)


@dataclass(frozen=True, eq=False)
class Truth:
    """Series of one length, and the share of their movement that a season truly explains."""

    season: int
    series: list[np.ndarray]
    share: float
    together: int = 1  # judged so many at a time


def truths(quick: bool, together: int = 1) -> dict[str, Truth | tuple[Truth, ...]]:
    """Returns noise, walks, mixtures and prices with seasons of several sizes, and without."""
    count, rng = (12 if quick else 200), np.random.default_rng(11)
    found: dict[str, Truth] = {}
    for what, season, steps in (
        ("short", 12, 36),
        ("usual", 12, 84),
        ("long", 7, 700),
        ("short", 4, 24),
        ("long", 24, 900),
    ):
        for kind, draw in KINDS.items():
            drawn = [draw(rng, steps) for _ in range(count)]
            found[f"{what} {kind} {season}"] = Truth(season, drawn, 0.0, together)
            if kind == "price":
                continue
            for shape, swing in (("any", 0.7), ("wave", 2.0)):
                made = [own + swing * season_of(rng, shape, season, steps) * movement(own, season) for own in drawn]
                found[f"{what} {kind} {season} {shape} {swing}"] = Truth(
                    season, made, swing**2 / (1 + swing**2), together
                )
    bent = [40 * np.linspace(-1, 1, 84) ** 2 + noise(rng, 84) for _ in range(count)]
    return found | {"drifting 12": Truth(12, bent, 0.0, together)} | _fine(rng, count // 4, together)


def _fine(rng: np.random.Generator, count: int, together: int) -> dict[str, Truth]:
    """Returns minutes of five days, of which not every step is looked at."""
    walks = [walk(rng, 7200) for _ in range(count)]
    made = [own + 1.5 * season_of(rng, "wave", 1440, 7200) * movement(own, 1440) for own in walks]
    return {"many steps": Truth(1440, walks, 0.0, together), "many steps, wave": Truth(1440, made, 0.7, together)}


def movement(values: np.ndarray, season: int) -> float:
    """Returns the standard deviation of a series around its mean of a season."""
    kernel = np.ones(season) / season
    return float(
        np.std(values[season // 2 : season // 2 + values.size - season + 1] - np.convolve(values, kernel, "valid"))
    )


def costs(truth: Truth) -> FloatArray:
    """Returns what the verdict on each series, or on each few together, costs."""
    from forecast.data.checks import seasons

    shifted = [100 + own for own in truth.series]
    evidence = season_evidence(shifted, truth.season)
    cycles, size, found = shifted[0].size / truth.season, truth.together, []
    for start in range(0, len(evidence), size):
        verdict = seasons.judged(truth.season, cycles, evidence[start : start + size]).verdict
        found.append(cost(verdict, truth.share))
    return np.array(found)


def cost(verdict: str, share: float) -> float:
    """Returns what a verdict costs where a season truly explains so much."""
    if share == 0:
        return {"none": 0.0, "too short to tell": 0.1}.get(verdict, 10.0)
    if verdict == "none":
        return 3.0
    return 1.0 if verdict == "too short to tell" else 0.5 * ((verdict == "strong") != (share >= 0.6))


def panels(quick: bool) -> dict[str, Truth]:
    """Returns panels, of a part of whose series a season is true."""
    rng, count = np.random.default_rng(12), 10 if quick else 100
    found = {}
    for share in (0.0, 0.05, 0.2, 1.0):
        for steps in (30, 84):
            many = [walk(rng, steps) for _ in range(count * 10)]
            made = [
                own + (3 * season_of(rng, "any", 12, steps) * np.std(np.diff(own)) if rng.random() < share else 0)
                for own in many
            ]
            found[f"{share:.0%} of {steps} months"] = Truth(12, made, 0.9 if share > 0.1 else 0.0, 10)
    return found


def panel_costs(truth: Truth) -> FloatArray:
    """Returns what the verdict on each panel costs."""
    from forecast.data.checks.seasons import seasons_of
    from forecast.data.panel import panel_from_series

    found = []
    for start in range(0, len(truth.series), truth.together):
        some = [100 + own for own in truth.series[start : start + truth.together]]
        (told,) = seasons_of(panel_from_series(some, "MS"), (truth.season,))
        found.append(cost(told.verdict, truth.share) + 0.01 * (1 - told.share))
    return np.array(found)


STUDIES = (Study(CONSTANTS, truths, costs, pooled=True), Study(PANELS, panels, panel_costs, pooled=True))

if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].isdigit():
        main(int(sys.argv[1]))
    else:
        tuned(__doc__, STUDIES)
