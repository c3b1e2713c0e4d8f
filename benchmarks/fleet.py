"""What many models in one command cost beside a command each: `retrain --all` against a loop of `retrain NAME`.

    python benchmarks/fleet.py --models 40
    python benchmarks/fleet.py --models 40 --singles 10     a shorter one

Models of one short daily series each, which differ in length; all have a week of new rows.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

LIMIT = 0.35
"""Of the seconds of a command each."""
WAYS = {"together": ("--all",), "in-turn": ("--all", "--workers", "1")}
"""What is measured beside a command each, and its words: by itself, and one model after another."""
DAYS, NEW = 200, 7


def main() -> None:
    """Trains the models, lets both ways retrain them from the same store, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=40, help="how many; default 40")
    parser.add_argument("--singles", type=int, help="of which so many are retrained alone, the rest counted as they")
    parser.add_argument("--flags", default="--model gru --preset fast", help="of each train")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a program that pip installed is compiled
    program = Path(sys.executable).with_name("forecast")
    parser.add_argument("--forecast", type=Path, default=program, help="our program; default: beside this Python")
    options = parser.parse_args()
    from measuring import measure
    from report import describe_machine, number, table

    names = [f"shop-{place:02d}" for place in range(options.models)]
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        first = str(options.forecast)
        for place, name in enumerate(names):
            write_series(folder / f"{name}.csv", place, DAYS + place % 5)
            print(f"train {name}", file=sys.stderr, flush=True)
            measure([first, "train", f"{name}.csv", *options.flags.split(), "--plots", "none", "-q"], folder).checked()
            write_series(folder / f"{name}.csv", place, DAYS + place % 5 + NEW)
        for way in ("alone", *WAYS):
            shutil.copytree(folder / ".forecast", folder / way)
        some = names[: options.singles]
        alone = [measure([first, "retrain", name, "--store", "alone", "-q"], folder).checked() for name in some]
        together = {
            way: measure([first, "retrain", *words, "--store", way, "-q"], folder).checked()
            for way, words in WAYS.items()
        }
    seconds, busy = (
        sum(getattr(run, unit) for run in alone) * len(names) / len(some) for unit in ("seconds", "cpu_seconds")
    )
    largest = number(max(run.megabytes for run in alone), 0)
    rows = [["`retrain NAME`, one after the other", number(seconds, 1), number(busy, 1), largest, "–", "–"]]
    for way, run in together.items():
        costs = [number(run.seconds, 1), number(run.cpu_seconds, 1), number(run.megabytes, 0)]
        shares = [number(run.seconds / seconds), number(run.cpu_seconds / busy)]
        rows.append([f"`retrain {' '.join(WAYS[way])}`", *costs, *shares])
    about = f"{len(names)} models, {len(some)} of them alone; at most {LIMIT:g} of the seconds is allowed. "
    print(f"{describe_machine()}\n\n{about}Load at the end: {os.getloadavg()[1]:.1f}.\n")
    heads = ["way", "seconds", "processor s", "peak MB", "share", "in processor s"]
    print(table(heads, rows), end="")


def write_series(path: Path, seed: int, days: int) -> None:
    """Writes a daily series with a weekly season, the same beginning for the same seed."""
    import numpy as np

    noise = np.random.default_rng(seed).normal(0, 3, 10 * DAYS)
    start = np.datetime64("2023-01-01")
    values = 100 + 10 * np.sin(np.arange(days) * 2 * np.pi / 7) + noise[:days]
    lines = [f"{start + day},{value:.2f}" for day, value in enumerate(values)]
    path.write_text("date,sold\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
