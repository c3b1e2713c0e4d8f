"""How well are anomalies found, and how many false alarms are there?

    python benchmarks/anomalies.py                  # all of it
    python benchmarks/anomalies.py --only rates
    python benchmarks/anomalies.py --only speed --panel 10000

`labelled`: the series of ../shared/data/anomalies. `points` and `others`: spikes and dips; shocks, new levels, changes
of trend, bursts of noise and other shapes; put into the training parts of panels at seeded places. A spike is 5 to 10
standard deviations of the difference to a season ago (over root 2), one step in a hundred; half as many series are
taken for the others. `rates`: alarms on the official hold-outs and on made-up series, where nothing was put in, beside
how many were asked for, and the bounds that chance leaves (Poisson). `speed`, by its name alone: processor
seconds and memory of `forecast anomalies` by a saved model, on made-up series of 1,000 steps.
"""

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from anomaly_metrics import period_of, range_f1, vus_pr
from anomaly_rivals import RIVALS, lstm
from forecast.data.panel import Panel, panel_from_series
from forecast.evaluation.anomalies.search import AnomalyInput, follow, search

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


def our_scores(given: AnomalyInput, kind: str) -> list[FloatArray]:
    """Returns the scores of a panel, series by series."""
    found = search(given, kind, 0.001)  # type: ignore[arg-type]
    return np.split(np.nan_to_num(found.scores.score), given.panel.offsets[1:-1])


def looked_at(panel: Panel) -> AnomalyInput:
    """Returns a panel that is followed once, for all that is looked for in it."""
    return AnomalyInput(panel, followed=follow(AnomalyInput(panel)))


def all_scores(
    series: list[FloatArray], freq: str, season: int, widths: list[int], kinds: tuple[str, ...]
) -> Iterator[tuple[str, list[FloatArray]]]:
    """Yields the scores of each detector."""
    given = looked_at(panel_from_series(series, freq))
    for kind in kinds:
        yield OURS[kind], our_scores(given, kind)
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


def on_injected(most: int, kinds: Sequence[str] = KINDS) -> None:
    """Prints VUS-PR by kind of anomaly, and on spikes and dips by panel."""
    for kind in kinds:
        rows: dict[str, dict[str, float]] = defaultdict(dict)
        for place, (name, freq, season) in enumerate(SETS if kind == "point" else SETS[:2]):
            rng = np.random.default_rng([7, place])
            every = list(read(DATA / f"{name}.csv").values())
            chosen = [every[i] for i in rng.permutation(len(every))[: most if kind == "point" else most // 2]]
            pairs = [injected(values, season, rng, kind) for values in chosen]
            series, width = [values for values, _ in pairs], max(min(season, 24), 10)
            ours = ("auto", "point") if kind == "point" else ("auto", "point", "level", "shape")
            for detector, scores in all_scores(series, freq, season, [width] * len(series), ours):
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


def bounds(count: int) -> tuple[float, float]:
    """Returns between which rates a Poisson count as large as this lies in 19 of 20 cases, each way."""
    return (float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0), float(chi2.ppf(0.975, 2 * count + 2)) / 2


def on_clean() -> None:
    """Prints how many alarms there are for each one that was asked for, and what chance leaves open of that."""
    daily = [100_000 + i for i in range(10)]
    cases: list[tuple[str, list[list[FloatArray]], str, int]] = [
        ("normal noise", [made_up(np.random.default_rng(1), None, 400, 600)], "D", 150),
        ("t(5) noise", [made_up(np.random.default_rng(2), 5.0, 400, 600)], "D", 150),
        ("single series", [made_up(np.random.default_rng(seed), 5.0, 1, 6_000) for seed in daily], "D", 3_000),
    ]
    for name, freq in (("nn5_daily", "D"), ("m4_hourly", "h"), ("tourism_monthly", "MS"), ("m3_monthly", "MS")):
        known, came = read(DATA / f"{name}.csv"), read(DATA / f"{name}_test.csv")
        each = [np.concatenate([known[i], came[i]]) for i in known]
        cases.append((name, [each], freq, len(next(iter(came.values())))))
    print("\nAlarms on clean held-back data\n\n| set | kind | rate | alarms | asked for | ratio | 95 % of it |")
    print("|---|---|---|---|---|---|---|")
    for name, panels, freq, horizon in cases:
        counts: dict[tuple[str, float], int] = defaultdict(int)
        judged = 0
        for series in panels:
            given = looked_at(panel_from_series(series, freq, first=[100_000 - len(values) for values in series]))
            judged += sum(min(horizon, len(values)) for values in series)
            for kind in ("point", "auto"):
                for rate in (0.01, 0.001):
                    found = search(given, kind, rate, 100_000 - horizon)  # type: ignore[arg-type]
                    counts[kind, rate] += len(found.episodes)
        for (kind, rate), count in counts.items():
            low, high = (bound / rate / judged for bound in bounds(count))
            told = f"{count} | {judged * rate:.1f} | {count / rate / judged:.2f} | {low:.2f} to {high:.2f}"
            print(f"| {name} | {kind} | {rate:g} | {told} |", flush=True)


def on_speed(count: int) -> None:
    """Prints what the command takes for so many series by a model that knows all but the newest 40 steps."""
    import pyarrow as pa
    from pyarrow import parquet

    series = np.round(np.stack(made_up(np.random.default_rng(5), 5.0, count, 1_000)), 3)
    names, days = [f"s{i:05d}" for i in range(count)], np.arange(1_000).astype("datetime64[D]") + 18_993
    with tempfile.TemporaryDirectory() as folder:
        for name, steps in (("known", 960), ("new", 1_000)):
            ids = pa.array(np.repeat(np.arange(count, dtype=np.int32), steps))
            columns = {"series_id": pa.DictionaryArray.from_arrays(ids, pa.array(names))}
            columns |= {"timestamp": pa.array(np.tile(days[:steps], count)), "y": pa.array(series[:, :steps].ravel())}
            parquet.write_table(pa.table(columns), f"{folder}/{name}.parquet")
        train = ["train", "known.parquet", "--name", "m", "--model", "smoothing", "--horizon", "14", "--plots", "none"]
        for words in (train, ["anomalies", "m", "--data", "new.parquet", "--format", "csv"]):
            began, before = time.perf_counter(), os.times()
            command = [sys.executable, "-m", "forecast", *words]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            after, seconds = os.times(), time.perf_counter() - began
            used = after.children_user - before.children_user, after.children_system - before.children_system
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{count:,} series: {used[0]:.1f} + {used[1]:.1f} processor seconds, {seconds:.1f} s, at most {most:,.0f} MB")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=("points", "rates", "labelled", "others", "speed"))
    parser.add_argument("--panel", type=int, default=1_500, help="series that speed is measured on")
    parser.add_argument("--series", type=int, default=20, help="of each panel that anomalies are put into")
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "points": lambda: on_injected(given.series, KINDS[:1]),
        "rates": on_clean,
        "labelled": on_labelled,
        "others": lambda: on_injected(given.series, KINDS[1:]),
    }
    if given.only == "speed":
        on_speed(given.panel)
    for name, part in parts.items():
        if given.only in (None, name):
            part()


if __name__ == "__main__":
    main()
