"""How time and memory grow with the number of series: generated panels through the command line.

    python benchmarks/scale.py --sizes 100,1000,10000 --points 1000

Each series is daily, with its own level, trend, weekly season and noise. ``train`` runs with its defaults, then
``predict`` from the model that it saved; both read the CSV.
"""

import argparse
import sys
import tempfile
from pathlib import Path

SEED = 0
LIMITS = {"train": (180, 4096), "predict": (30, 4096)}
"""Seconds and megabytes that 10,000 series of 1,000 points may take."""


def main() -> None:
    """Generates, trains, predicts and prints a table of the growth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100,1000,10000", help="numbers of series, with commas")
    parser.add_argument("--points", type=int, default=1000, help="days of each series; default 1000")
    program = Path(sys.executable).with_name("forecast")
    parser.add_argument("--forecast", type=Path, default=program, help="our program; default: beside this Python")
    parser.add_argument("--flags", default="", help="added to train: --flags='--model lstm'")
    parser.add_argument("--folder", type=Path, help="where the CSVs are written for the time being; default: /tmp")
    options = parser.parse_args()
    from measuring import measure
    from report import describe_machine, number, table

    rows: list[list[str]] = []
    before: dict[str, float] = {}
    for size in map(int, options.sizes.split(",")):
        with tempfile.TemporaryDirectory(dir=options.folder) as text:
            folder = Path(text)
            write_panel(folder / "panel.csv", size, options.points)
            megabytes = (folder / "panel.csv").stat().st_size / 2**20
            commands = {
                "train": ["train", "panel.csv", "--plots", "none", "-q", *options.flags.split()],
                "predict": ["predict", "panel", "--format", "csv", "-q"],
            }
            for verb, command in commands.items():
                print(f"{size:,} series: {verb}", file=sys.stderr, flush=True)
                run = measure([str(options.forecast), *command], folder).checked()
                growth = f"{run.seconds / before[verb]:.1f}" if verb in before else "–"
                before[verb] = run.seconds
                limits = "/".join(f"{limit:,}" for limit in LIMITS[verb]) if size == 10_000 else "–"
                cells = [f"{size * options.points:,}", number(megabytes, 0), verb, number(run.seconds, 1), growth]
                rows.append([f"{size:,}", *cells, number(run.megabytes, 0), limits])
    headers = ["series", "rows", "CSV, MB", "command", "seconds", "× the size before", "peak MB", "limit, s/MB"]
    print(f"{describe_machine()}\n")
    print(table(headers, rows), end="")


def write_panel(path: Path, series: int, points: int) -> None:
    """Writes a panel of ``series`` × ``points`` daily rows, the same for the same numbers."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    rng = np.random.default_rng(SEED)
    days = (np.datetime64("2020-01-01") + np.arange(points)).astype("datetime64[D]").astype(str)
    time, dates = np.arange(points), pa.array(days)
    schema = pa.schema([("store", pa.string()), ("date", pa.string()), ("sales", pa.float64())])
    with csv.CSVWriter(path, schema, write_options=csv.WriteOptions(quoting_style="none")) as writer:
        for number in range(series):
            level, week = 20 * np.exp(rng.normal(0, 1)), rng.normal(0, 0.2, 7)
            trend, noise = rng.normal(0, 0.3) / points, rng.normal(0, 0.1, points)
            sales = np.round(level * np.maximum(0, 1 + trend * time + week[time % 7] + noise), 2)
            store = pa.array([f"S{number:05d}"] * points)
            writer.write_table(pa.table([store, dates, pa.array(sales)], schema=schema))


if __name__ == "__main__":
    main()
