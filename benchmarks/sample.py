"""What it costs to learn from a part of a panel: errors of one network taught by 1 %, 10 % and all of the series.

    python benchmarks/sample.py                            10,000 generated series
    python benchmarks/sample.py --set m3_monthly           an official hold-out

The last horizon of every series is held out; the rest is cut into shards, from which ``train --sample N`` learns, and
all of it is forecast from. Generated: 300 days of five kinds of weeks, levels over two orders of magnitude, drifting.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

SHARES = (0.01, 0.1, 1.0)
SERIES, POINTS, HORIZON, SEASON = 10_000, 300, 14, 7
KINDS = 5


def main() -> None:
    """Trains on each sample, forecasts all series and prints a table of their errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", help="an official set instead of generated series")
    parser.add_argument("--series", type=int, default=SERIES, help="generated series")
    parser.add_argument("--model", default="gru")
    program = Path(sys.executable).with_name("forecast")
    parser.add_argument("--forecast", type=Path, default=program, help="our program; default: beside this Python")
    options = parser.parse_args()
    from measuring import measure
    from report import describe_machine, number, table

    known, truth, horizon, season = _official(options.set) if options.set else _generated(options.series)
    scales = known.groupby("unique_id")["y"].apply(
        lambda y: np.abs(y.to_numpy()[season:] - y.to_numpy()[:-season]).mean()
    )
    rows = []
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        known.to_parquet(folder / "known.parquet")
        cut = ["shard", "known.parquet", "panel", "--id", "unique_id", "--shards", "8", "-q", "--json"]
        measure([str(options.forecast), *cut], folder).checked()
        for share in SHARES:
            count = max(2, round(share * len(scales)))
            train = ["train", "panel", "--horizon", str(horizon), "--sample", str(count), "--model", options.model]
            run = measure(
                [str(options.forecast), *train, "--name", f"m{count}", "--plots", "none", "-q"], folder
            ).checked()
            predict = ["predict", f"m{count}", "--data", "panel", "-o", f"out{count}", "-q", "--json"]
            measure([str(options.forecast), *predict], folder).checked()
            made = pd.concat(map(pd.read_parquet, sorted((folder / f"out{count}").glob("*.parquet"))))
            made = made.rename(columns={"series_id": "unique_id"}).sort_values(["unique_id", "step"])
            errors = made["forecast"].to_numpy() - truth.sort_values(["unique_id", "ds"])["y"].to_numpy()
            by_series = np.abs(errors).reshape(len(scales), horizon).mean(axis=1)
            mase = float(np.mean(by_series / scales.sort_index().to_numpy()))
            cells = [f"{count:,}", f"{share:.0%}", number(run.seconds, 0), number(run.megabytes, 0)]
            rows.append([*cells, number(float(np.sqrt(np.mean(errors**2))), 3), number(mase, 4)])
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(f"{describe_machine()}\n\n{options.set or 'generated'}, {len(scales):,} series, {options.model}\n")
    print(table(["series learned from", "of all", "train, s", "MB", "RMSE", "MASE"], rows), end="")


def _official(name: str) -> tuple[pd.DataFrame, pd.DataFrame, int, int]:
    from datasets import DATASETS, official_task

    dataset = DATASETS[name]
    task = official_task(dataset)
    return task.train[["unique_id", "ds", "y"]], task.truth, dataset.horizon, dataset.season


def _generated(series: int) -> tuple[pd.DataFrame, pd.DataFrame, int, int]:
    rng, time = np.random.default_rng(0), np.arange(POINTS + HORIZON)
    weeks = rng.normal(0, 0.25, (KINDS, SEASON))[rng.integers(0, KINDS, series)]
    drift = np.cumsum(rng.normal(0, 0.02, (series, len(time))), axis=1)
    noise = rng.normal(0, 0.1, (series, len(time)))
    level = 50 * np.exp(rng.normal(0, 1, (series, 1)))
    values = np.round(level * np.exp(drift + weeks[:, time % SEASON] + noise), 2)
    names = np.char.add("s", np.char.zfill(np.arange(series).astype(str), 5))
    days = pd.date_range("2024-01-01", periods=len(time))
    frame = pd.DataFrame({"unique_id": np.repeat(names, len(time)), "ds": np.tile(days, series), "y": values.ravel()})
    is_known = np.tile(time < POINTS, series)
    return frame[is_known], frame[~is_known], HORIZON, SEASON


if __name__ == "__main__":
    main()
