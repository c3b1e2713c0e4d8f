"""What many models in one command cost beside a command each: `retrain --all` against a loop of `retrain NAME`.

    python benchmarks/fleet.py --models 40

Models of one short daily series each, which differ in length; all have a week of new rows.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

LIMIT = 0.35
"""Of the seconds of a command each."""
DAYS, NEW = 200, 7


def main() -> None:
    """Trains the models, lets both ways retrain them from the same store, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=40, help="how many; default 40")
    parser.add_argument("--singles", type=int, help="of which so many are retrained alone, the rest counted as they")
    parser.add_argument("--flags", default="--model gru --preset fast", help="of each train")
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
        shutil.copytree(folder / ".forecast", folder / "alone")
        some = names[: options.singles]
        alone = [measure([first, "retrain", name, "--store", "alone", "-q"], folder).checked() for name in some]
        together = measure([first, "retrain", "--all", "-q"], folder).checked()
    seconds, busy = (
        sum(getattr(run, unit) for run in alone) * len(names) / len(some) for unit in ("seconds", "cpu_seconds")
    )
    largest = number(max(run.megabytes for run in alone), 0)
    costs = [number(together.seconds, 1), number(together.cpu_seconds, 1), number(together.megabytes, 0)]
    shares = [number(together.seconds / seconds), number(together.cpu_seconds / busy)]
    rows = [
        ["`retrain NAME`, one after the other", number(seconds, 1), number(busy, 1), largest, "–", "–"],
        ["`retrain --all`", *costs, *shares],
    ]
    print(f"{describe_machine()}\n\n{len(names)} models, {len(some)} of them alone; at most {LIMIT:g} is allowed.\n")
    print(table(["way", "seconds", "processor s", "peak MB", "share", "in processor s"], rows), end="")


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
