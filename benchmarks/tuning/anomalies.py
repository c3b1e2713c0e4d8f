"""Would other numbers of the detector find more of what is put into the training parts of panels, or alarm less often?

    python benchmarks/tuning/anomalies.py
    python benchmarks/tuning/anomalies.py --only memory=0.02 --only apart_most=1 --seeds 101 102

Each row is one number changed (see `AnomalySettings`). The columns are the mean VUS-PR of all scorers together by kind
of anomaly, over two panels, and `points`, that of the point scorer alone over four; then how far alarms are from the
rate asked for, the mean size of the logarithm of their ratio (0 is right, 0.405 a factor of 1.5), of points and of all
scorers at 1/100: `rates` at five origins inside the training parts of panels, `sales` on made-up intermittent demand.
No labelled series and no hold-out is looked at, and the seeds are not those of `benchmarks/anomalies.py`.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from anomalies import DATA, KINDS, SETS, injected, read
from anomaly_metrics import vus_pr
from forecast.data.panel import Panel, panel_from_series
from forecast.evaluation.anomalies.search import AnomalyInput, follow, search
from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings

SEEDS, MOST, END, RATE = (99,), 12, 100_000, 0.01
ORIGINS = (
    ("nn5_daily", "D", 56, 111),
    ("tourism_monthly", "MS", 24, 366),
    ("m3_monthly", "MS", 18, 400),
    ("m4_hourly", "h", 48, 60),
)
"""Panels, their frequency, the steps that are judged, and series."""
USUAL = (
    "memory=0.02",
    "memory=0.005",
    "recent=5",
    "young=0.01",
    "floor=0.6",
    "change_weight=1.0",
    "change_weight=0.3",
    "alike=4",
    "alike=15",
    "far=2",
    "far=4",
    "most_orders=6",
    "window_lightest=-0.3",
    "share=0.1",
    "doubt=0.01",
    "least_series=1000",
    "least_series=13",
    "most_series=50",
    "all_far=2",
    "all_belief=1",
    "all_belief=3",
    "apart_most=1",
    "apart_most=2",
    "apart_belief=1",
    "apart_belief=3",
    "apart_at=0.2",
    "apart_series=8",
    "often_nought=2",
    "stretches=0",
    "stretches=6",
    "chance_speed=0.05",
    "size_speed=0.1",
)


def measured(settings: AnomalySettings, kind: str, scorers: str, seeds: Sequence[int]) -> float:
    """Returns the mean VUS-PR on anomalies of one kind."""
    means = []
    for place, (name, freq, season) in enumerate(SETS if scorers == "point" else SETS[:2]):
        every = list(read(DATA / f"{name}.csv").values())
        for seed in seeds:
            rng = np.random.default_rng([seed, place])
            pairs = [injected(every[i], season, rng, kind) for i in rng.permutation(len(every))[:MOST]]
            panel = panel_from_series([values for values, _ in pairs], freq)
            found = search(AnomalyInput(panel, (season,)), scorers, 0.001, None, settings)  # type: ignore[arg-type]
            scores = np.split(np.nan_to_num(found.scores.score), panel.offsets[1:-1])
            each = [vus_pr(labels, own, min(season, 24)) for (_, labels), own in zip(pairs, scores, strict=True)]
            means.append(np.mean(each))
    return float(np.mean(means))


def cut() -> Iterator[tuple[Panel, int]]:
    """Yields panels that end at origins inside their training parts, and how many steps of each are judged."""
    for name, freq, steps, most in ORIGINS:
        every = list(read(DATA / f"{name}.csv").values())
        some = [every[i] for i in np.random.default_rng(0).permutation(len(every))[:most]]
        for origin in range(5):
            series = [values[: len(values) - origin * steps] for values in some]
            series = [values for values in series if len(values) >= 30 + steps]
            if len(series) >= 0.7 * len(some):
                yield panel_from_series(series, freq, first=[END - len(values) for values in series]), steps


def sales(seeds: Sequence[int]) -> Iterator[tuple[Panel, int]]:
    """Yields panels of demand that comes with some chance, some of them large, and how many steps are judged."""
    for seed in seeds:
        for chance, mean in ((0.05, 3.0), (0.1, 1.0), (0.3, 1.0), (0.5, 2.0)):
            rng = np.random.default_rng([seed, int(100 * chance)])
            chances = np.clip(rng.normal(chance, chance / 3, (150, 1)), 0.01, 0.95)
            sizes = np.ceil(rng.lognormal(np.log(mean + 1), 0.5, (150, 240)))
            yield panel_from_series(list((rng.random((150, 240)) < chances) * sizes), "D", first=[END - 240] * 150), 60


def astray(settings: AnomalySettings, panels: Iterator[tuple[Panel, int]]) -> float:
    """Returns the mean size of the logarithm of alarms beside those that were asked for; two of each are a belief."""
    each = []
    for panel, steps in panels:
        given = AnomalyInput(panel, followed=follow(AnomalyInput(panel), settings))
        asked = len(panel) * steps * RATE
        for kind in ("point", "auto"):
            count = len(search(given, kind, RATE, END - steps, settings).episodes)  # type: ignore[arg-type]
            each.append(abs(np.log((count + 2) / (asked + 2))))
    return float(np.mean(each))


def main() -> None:
    """Prints a row a setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME=NUMBER[,NAME=NUMBER]")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="of what is put in and made up")
    parser.add_argument("--points", action="store_true", help="single points and rates alone")
    given = parser.parse_args()
    kinds = KINDS[:1] if given.points else KINDS
    print("| setting | points | " + " | ".join(kinds) + " | rates | sales |\n|---|---|---|---|" + "---|" * len(kinds))
    for change in ("as it is", *(given.only or USUAL)):
        numbers = dict(each.split("=") for each in change.split(",") if "=" in each)
        kept = {name: type(getattr(SETTINGS, name))(float(number)) for name, number in numbers.items()}
        settings = replace(SETTINGS, **kept)
        row = [measured(settings, "point", "point", given.seeds)]
        row += [measured(settings, kind, "auto", given.seeds) for kind in kinds]
        row += [astray(settings, cut()), astray(settings, sales(given.seeds))]
        print(f"| {change} | " + " | ".join(f"{value:.3f}" for value in row) + " |", flush=True)


if __name__ == "__main__":
    main()
