"""Would other numbers of the detector find more of what is put into the training parts of panels?

    python benchmarks/tuning/anomalies.py
    python benchmarks/tuning/anomalies.py --only memory=0.02 --only floor=0.6

Each row is one number changed (see `AnomalySettings`); the columns are the mean VUS-PR of all scorers together by kind
of anomaly, over two panels, and `points`, that of the point scorer alone over four. No labelled series is
looked at, and the seeds are not those of `benchmarks/anomalies.py`.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from anomalies import DATA, KINDS, SETS, injected, read
from anomaly_metrics import vus_pr
from forecast.data.panel import panel_from_series
from forecast.evaluation.anomalies.search import Looked, search
from forecast.evaluation.anomalies.settings import SETTINGS, AnomalySettings

SEED, MOST = 99, 12
USUAL = (
    "memory=0.02",
    "memory=0.005",
    "floor=0.6",
    "change_weight=1.0",
    "change_weight=0.3",
    "speaks=4",
    "speaks=15",
    "loud=2",
    "loud=4",
    "heard=6",
    "window_lightest=-0.3",
    "share=0.1",
    "doubt=0.01",
)


def measured(settings: AnomalySettings, kind: str, scorers: str) -> float:
    """Returns the mean VUS-PR on anomalies of one kind."""
    means = []
    for place, (name, freq, season) in enumerate(SETS if scorers == "point" else SETS[:2]):
        rng, every = np.random.default_rng([SEED, place]), list(read(DATA / f"{name}.csv").values())
        pairs = [injected(every[i], season, rng, kind) for i in rng.permutation(len(every))[:MOST]]
        panel = panel_from_series([values for values, _ in pairs], freq)
        found = search(Looked(panel, (season,)), scorers, 0.001, None, settings)  # type: ignore[arg-type]
        scores = np.split(np.nan_to_num(found.scores.score), panel.offsets[1:-1])
        means.append(
            np.mean([vus_pr(labels, own, min(season, 24)) for (_, labels), own in zip(pairs, scores, strict=True)])
        )
    return float(np.mean(means))


def main() -> None:
    """Prints a row a setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME=NUMBER")
    changes = parser.parse_args().only or USUAL
    print("| setting | points | " + " | ".join(KINDS) + " |\n|---|---|" + "---|" * len(KINDS))
    for change in ("as it is", *changes):
        name, _, number = change.partition("=")
        settings = replace(SETTINGS, **{name: float(number)}) if number else SETTINGS
        row = [measured(settings, "point", "point"), *(measured(settings, kind, "auto") for kind in KINDS)]
        print(f"| {change} | " + " | ".join(f"{value:.3f}" for value in row) + " |", flush=True)


if __name__ == "__main__":
    main()
