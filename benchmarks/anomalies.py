"""How well are anomalies found, and how many false alarms are there?

    python benchmarks/anomalies.py                  # all of it
    python benchmarks/anomalies.py --only rates

`labelled`: the series of ../shared/data/anomalies. `injected`: spikes and dips, shocks, new levels, changes of trend,
bursts of noise and other shapes put into the training parts of panels at seeded places; a spike is 5 to 10 standard
deviations of the difference to a season ago (over root 2), one step in a hundred. `rates`: alarms on the official
hold-outs and on made-up series, where nothing was put in, as a multiple of the rate that was asked for.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomaly_metrics import period_of, range_f1, vus_pr
from anomaly_rivals import RIVALS, lstm
from forecast.data.panel import panel_from_series
from forecast.evaluation.anomalies.search import Looked, search

FloatArray = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = (
    ("nn5_daily", "D", 7),
    ("m4_hourly", "h", 24),
    ("tourism_monthly", "MS", 12),
    ("walmart_weekly_sub200", "W", 52),
)
KINDS = ("point", "shock", "shift", "trend", "noise", "shape")
OURS = {"auto": "forecast", "point": "forecast --kind point", "level": "… level", "shape": "… shape"}


def read(path: Path) -> dict[str, FloatArray]:
    """Returns the series of a long table without gaps, by their ids."""
    found: dict[str, list[float]] = defaultdict(list)
    with path.open() as lines:
        for row in csv.DictReader(lines):
            found[row["unique_id"]].append(float(row["y"] or "nan"))
    return {name: _bridged(np.array(values)) for name, values in found.items()}


def _bridged(values: FloatArray) -> FloatArray:
    known = np.flatnonzero(~np.isnan(values))
    return np.interp(np.arange(len(values)), known, values[known])


def injected(
    values: FloatArray, season: int, rng: np.random.Generator, kind: str
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Returns a series with anomalies of a kind, and their labels."""
    values, labels, count = values.copy(), np.zeros(len(values), dtype=np.int64), len(values)
    size = float((values[season:] - values[:-season]).std()) / np.sqrt(2) or float(values.std()) + 1e-9
    start, length = min(3 * season, count // 3), max(min(season, count // 8), 7)
    if kind == "point":
        for at in rng.choice(np.arange(start, count), max(1, count // 100), replace=False):
            values[at] += rng.choice([-1, 1]) * rng.uniform(5, 10) * size
            labels[at] = 1
        return values, labels
    for _ in range(1 if kind in ("shift", "trend") else max(1, count // 700)):
        at = int(rng.integers(start, count - 2 * length))
        own, sign, height = slice(at, at + length), rng.choice([-1, 1]), rng.uniform(2, 4) * size
        labels[own] = 1
        if kind == "shock":
            values[own] += sign * height
        elif kind == "shift":
            values[at:] += sign * height
        elif kind == "trend":
            values[at:] += sign * height / length * np.arange(count - at)
        elif kind == "noise":
            values[own] += rng.normal(0, height, length)
        else:
            piece = values[own].copy()
            shapes = (piece[::-1], np.full(length, piece.mean()), np.roll(piece, length // 3))
            values[own] = shapes[int(rng.integers(3))]
    return values, labels


def labelled() -> Iterator[tuple[str, FloatArray, NDArray[np.int64], str, int]]:
    """Yields the labelled series: name, values, labels, frequency and season."""
    for path in sorted((DATA / "anomalies").glob("*.csv")):
        rows = list(csv.DictReader(path.open()))
        labels = np.array([int(float(row["label"])) for row in rows])
        stamps = np.array([row["timestamp"] for row in rows], dtype="datetime64[s]")
        minutes = int(np.median(np.diff(stamps).astype(int))) / 60
        freq = "h" if minutes > 40 else "5min" if minutes < 7 else "10min"
        if labels.any():
            yield path.stem, np.array([float(row["value"]) for row in rows]), labels, freq, round(1440 / minutes)


def our_scores(series: list[FloatArray], freq: str, kind: str, seasons: tuple[int, ...] | None) -> list[FloatArray]:
    """Returns the scores of a panel, series by series."""
    panel = panel_from_series(series, freq)
    found = search(Looked(panel, seasons), kind, 0.001)  # type: ignore[arg-type]
    scores = np.nan_to_num(found.scores.score)
    return [scores[panel.offsets[i] : panel.offsets[i + 1]] for i in range(len(series))]


def all_scores(
    series: list[FloatArray], freq: str, season: int, widths: list[int], kinds: tuple[str, ...]
) -> Iterator[tuple[str, list[FloatArray]]]:
    """Yields the scores of each detector."""
    for kind in kinds:
        yield OURS[kind], our_scores(series, freq, kind, None)
    for name, rival in RIVALS.items():
        yield name, [rival(values, width, season) for values, width in zip(series, widths, strict=True)]
    yield "LSTM", lstm(series)


def print_table(title: str, rows: dict[str, dict[str, float]]) -> None:
    """Prints a row a detector and a column a set."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    print(f"\n{title}\n\n| detector | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(f"{row[column]:.3f}" for column in columns) + " |", flush=True)


def on_labelled() -> None:
    """Prints VUS-PR and range-F1 on the labelled series, and their means."""
    vus: dict[str, list[float]] = defaultdict(list)
    ranges: dict[str, list[float]] = defaultdict(list)
    for _, values, labels, freq, season in labelled():
        buffer = period_of(values)
        width = min(max(buffer, 10), 100)
        for name, (scores,) in all_scores([values], freq, season, [width], ("auto", "point", "level", "shape")):
            vus[name].append(vus_pr(labels, scores, buffer))
            ranges[name].append(range_f1(labels, scores))
    means = {name: {"VUS-PR": np.mean(vus[name]), "range-F1": np.mean(ranges[name])} for name in vus}
    print_table(f"Labelled series ({len(vus['forecast'])})", means)


def on_injected(most: int) -> None:
    """Prints VUS-PR by kind of anomaly, and on spikes and dips by panel."""
    for kind in KINDS:
        rows: dict[str, dict[str, float]] = defaultdict(dict)
        for place, (name, freq, season) in enumerate(SETS if kind == "point" else SETS[:2]):
            rng = np.random.default_rng([7, place])
            every = list(read(DATA / f"{name}.csv").values())
            chosen = [every[i] for i in rng.permutation(len(every))[:most]]
            pairs = [injected(values, season, rng, kind) for values in chosen]
            series, width = [values for values, _ in pairs], max(min(season, 24), 10)
            kinds = ("auto", "point") if kind == "point" else ("auto", "point", "level", "shape")
            for detector, scores in all_scores(series, freq, season, [width] * len(series), kinds):
                each = [vus_pr(labels, own, min(season, 24)) for (_, labels), own in zip(pairs, scores, strict=True)]
                rows[detector][name] = float(np.mean(each))
        for row in rows.values():
            row["mean"] = float(np.mean(list(row.values())))
        print_table(f"Injected: {kind}", rows)


def made_up(rng: np.random.Generator, tail: float | None, count: int, steps: int) -> list[FloatArray]:
    """Returns clean series: a wandering level, a week, and normal noise or noise with tails."""
    t = np.arange(steps)
    noise = rng.normal(size=(count, steps)) if tail is None else rng.standard_t(tail, (count, steps))
    levels = rng.normal(0, 0.1, (count, steps)).cumsum(axis=1)
    return list(100 + levels + 8 * np.sin(2 * np.pi * t / 7) + 2 * noise)


def on_clean() -> None:
    """Prints how many alarms there are for each one that was asked for."""
    rows: dict[str, dict[str, float]] = defaultdict(dict)
    cases: list[tuple[str, list[FloatArray], str, int]] = [
        ("normal noise", made_up(np.random.default_rng(1), None, 100, 600), "D", 150),
        ("t(5) noise", made_up(np.random.default_rng(2), 5.0, 100, 600), "D", 150),
        ("one series", made_up(np.random.default_rng(3), 5.0, 1, 12_000), "D", 6_000),
    ]
    for name, freq, most in (
        ("nn5_daily", "D", 111),
        ("m4_hourly", "h", 100),
        ("tourism_monthly", "MS", 366),
        ("m3_monthly", "MS", 700),
    ):
        known, came = read(DATA / f"{name}.csv"), read(DATA / f"{name}_test.csv")
        some = list(known)[:: max(1, len(known) // most)]
        cases.append((name, [np.concatenate([known[i], came[i]]) for i in some], freq, len(came[some[0]])))
    for name, series, freq, horizon in cases:
        first = [100_000 - len(values) for values in series]
        panel = panel_from_series(series, freq, first=first)
        for kind in ("point", "auto"):
            for rate in (0.01, 0.001):
                found = search(Looked(panel), kind, rate, 100_000 - horizon)  # type: ignore[arg-type]
                alarms = len(found.episodes) / (found.judged & panel.observed).sum()
                rows[name][f"{kind}, {rate:g}"] = alarms / rate
    print_table("Alarms on clean held-back data, as a multiple of the rate", rows)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=("labelled", "injected", "rates"))
    parser.add_argument("--series", type=int, default=20, help="of each panel that anomalies are put into")
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "injected": lambda: on_injected(given.series),
        "rates": on_clean,
        "labelled": on_labelled,
    }
    for name, part in parts.items():
        if given.only in (None, name):
            part()


if __name__ == "__main__":
    main()
