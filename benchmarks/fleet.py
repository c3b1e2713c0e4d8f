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
    parser.add_argument("--other", type=Path, help="another version of the program, which retrains the same ones alone")
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
        programs = [first, *([str(options.other)] if options.other else [])]
        for place in range(len(programs)):
            shutil.copytree(folder / ".forecast", folder / f"alone{place}")
        some = names[: options.singles]
        alone = [
            [measure([own, "retrain", name, "--store", f"alone{place}", "-q"], folder).checked() for name in some]
            for place, own in enumerate(programs)
        ]
        together = measure([first, "retrain", "--all", "-q"], folder).checked()
    rows = [
        [
            "`retrain --all`",
            *(number(value, 1) for value in (together.seconds, together.cpu_seconds)),
            number(together.megabytes, 0),
            "–",
            "–",
        ]
    ]
    for own, runs in zip(("this", "the other"), alone, strict=False):
        seconds, busy = (
            sum(getattr(run, unit) for run in runs) * len(names) / len(some) for unit in ("seconds", "cpu_seconds")
        )
        shares = (together.seconds / seconds, together.cpu_seconds / busy)
        rows.append(
            [
                f"`retrain NAME` by {own}, one after the other",
                *(number(value, 1) for value in (seconds, busy)),
                number(max(run.megabytes for run in runs), 0),
                *map(number, shares),
            ]
        )
    print(f"{describe_machine()}\n\n{len(names)} models, {len(some)} of them alone; at most {LIMIT:g} is allowed.\n")
    print(table(["way", "seconds", "processor s", "peak MB", "--all's share", "in processor s"], rows), end="")


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
