"""How time and memory grow with the number of series: generated panels through the command line.

    python benchmarks/scale.py --sizes 100,1000,10000 --points 1000
    python benchmarks/scale.py --panel 100000 --points 100          shards, and their forecast by one and two workers

Each series is daily, with its own level, trend, weekly season and noise. ``train`` runs with its defaults, then
``predict`` from the model that it saved; both read the CSV.
"""

import argparse
import sys
import tempfile
from pathlib import Path

SEED = 0
FLOOR, POINTS = 1_000_000, 100
"""Series, and points of each, that a panel is to be cut and forecast of."""
FLOORS = {
    "shard, from Parquet": (360, 2048),
    "shard, from CSV": (600, 2048),
    "train": (600, 4096),
    "predict, 1 worker": (None, 2048),
    "predict, 2 workers": (900, 2048),
}
"""Seconds and megabytes a process that this may take, on two cores."""
SMALL, FLAT = 10_000, 1.2
"""Series beside which the memory of a forecast is held, and how many times as much it may be."""
LIMITS = {"train": (180, 4096), "predict": (30, 4096)}
"""Seconds and megabytes that 10,000 series of 1,000 points may take."""


def main() -> None:
    """Generates, trains, predicts and prints a table of the growth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100,1000,10000", help="numbers of series, with commas")
    parser.add_argument("--points", type=int, help="days of each series; default 1000, of a panel 100")
    parser.add_argument(
        "--panel", type=int, metavar="SERIES", help="cut and forecast a panel of so many series instead"
    )
    program = Path(sys.executable).with_name("forecast")
    parser.add_argument("--forecast", type=Path, default=program, help="our program; default: beside this Python")
    parser.add_argument("--flags", default="", help="added to train: --flags='--model lstm'")
    parser.add_argument("--folder", type=Path, help="where the CSVs are written for the time being; default: /tmp")
    options = parser.parse_args()
    from measuring import measure
    from report import describe_machine, number, table

    if options.panel:
        print(f"{describe_machine()}\n")
        print_panel(options.panel, options.points or POINTS, options.forecast, options.folder)
        return
    options.points = options.points or 1000
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


def print_panel(size: int, points: int, program: Path, place: Path | None) -> None:
    """Cuts a panel into shards, trains on them, forecasts them by one and two workers, and prints what it took.

    What is said of a million series is extrapolated from the processor seconds, which grow with the rows but for those
    of ``train``: two idle cores take half of what ``predict`` takes. A million series take half an hour on idle cores.
    """
    import json

    from measuring import measure
    from report import number, table

    commands = {
        "shard, from Parquet": ["shard", "panel.parquet", "panel"],
        "shard, from CSV": ["shard", "panel.csv", "again"],
        "train": ["train", "panel", "--plots", "none"],
        "predict, 1 worker": ["predict", "panel", "--data", "panel", "-o", "one"],
        "predict, 2 workers": ["predict", "panel", "--data", "panel", "-o", "two", "--workers", "2"],
    }
    rows, taken, peaks, shards = [], {}, {}, 0
    with tempfile.TemporaryDirectory(dir=place) as text:
        folder = Path(text)
        write_parquet(folder, size, points)
        for name, words in commands.items():
            print(f"{size:,} series: {name}", file=sys.stderr, flush=True)
            run = measure([str(program), *words, "--json", "-q"], folder).checked()
            taken[name] = run
            told = json.loads(run.out)
            shards = shards or len(told.get("shards", ()))
            peak = peaks[name] = told.get("peak_bytes", 0) / 2**20 or run.megabytes
            times = 1 if name == "train" else FLOOR * POINTS / (size * points)
            cores = 2 if name.endswith("2 workers") else 1
            seconds, megabytes = FLOORS[name]
            cells = [number(run.seconds, 1), number(run.cpu_seconds, 1), number(peak, 0)]
            cells += [number(run.cpu_seconds * times / cores, 0), number(seconds, 0), f"{megabytes:,}"]
            rows.append([name, *cells])
        write_parquet(folder, SMALL, points)
        few = ["shard", "panel.parquet", "few", "--shards", "1"]  # as many series in a shard as in those of the others
        for words in (few, ["predict", "panel", "--data", "few", "-o", "three"]):
            run = measure([str(program), *words, "--json", "-q"], folder).checked()
        small = json.loads(run.out)["peak_bytes"] / 2**20
        same = all(
            (folder / "two" / path.name).read_bytes() == path.read_bytes()
            for path in (folder / "one").glob("*.parquet")
        )
    heads = [
        "what",
        "seconds",
        "CPU s",
        "peak MB a process",
        f"CPU s / cores at {FLOOR:,}, extrapolated",
        "floor, s",
        "MB",
    ]
    print(table(heads, rows), end="")
    one, two = (taken[f"predict, {name}"] for name in ("1 worker", "2 workers"))
    print(f"\n{size:,} series of {points} points, {shards} shards (one a million rows).")
    peak = peaks["predict, 1 worker"]
    print(
        f"{SMALL:,} series take {small:.0f} MB to forecast, {size:,} {peak / small:.2f} times as much (floor {FLAT})."
    )
    words = f"Two workers take {two.seconds / one.seconds:.2f} of the time of one (floor 0.62)"
    print(f"{words}, and their files are {'the same bytes' if same else 'OTHER BYTES'}.")


def write_parquet(folder: Path, series: int, points: int) -> None:
    """Writes a panel as panel.parquet and panel.csv."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv, parquet

    rng, time = np.random.default_rng(SEED), np.arange(points)
    days = (np.datetime64("2024-01-01") + time).astype("datetime64[D]")
    schema = pa.schema([("store", pa.string()), ("date", pa.date32()), ("sales", pa.float64())])
    with (
        parquet.ParquetWriter(folder / "panel.parquet", schema) as one,
        csv.CSVWriter(folder / "panel.csv", schema) as other,
    ):
        for start in range(0, series, 10_000):
            count = min(10_000, series - start)
            level, week = 20 * np.exp(rng.normal(0, 1, (count, 1))), rng.normal(0, 0.2, (count, 7))
            trend, noise = rng.normal(0, 0.3, (count, 1)) / points, rng.normal(0, 0.1, (count, points))
            sales = np.round(level * np.maximum(0, 1 + trend * time + week[:, time % 7] + noise), 2)
            stores = np.char.add("S", np.char.zfill(np.arange(start, start + count).astype(str), 7))
            columns = [np.repeat(stores, points), np.tile(days, count), sales.ravel()]
            table = pa.table(list(map(pa.array, columns)), schema=schema)
            one.write_table(table)
            other.write_table(table)


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
