"""Where the seconds of a `train` go, before and after: two programs in turn, beside `import tensorflow`.

    python benchmarks/seconds.py --other /path/to/older/bin/forecast --runs 3

In each round, each program trains the airline sample in a new store and once more in the same one, and Python imports
TensorFlow; a ratio is that of one round, so that a machine that others use too slows both sides of it. Processor
seconds stand beside wall seconds: what others do changes them little.
"""

import argparse
import re
import statistics
import sys
import tempfile
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data" / "airline_passengers.csv"
FLOORS = {"new store": 2.2, "same store": 1.6}
"""At most so many times `import tensorflow`, in wall seconds."""
IMPORT = "import tensorflow"
STAGE = re.compile(r"([^·]+?) (\d+\.\d+)(?: ·|$)")
STARTED = re.compile(r"([\d.]+) s of it to start")


def main() -> None:
    """Runs the rounds and prints two tables: the ratios, and the stages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    program = Path(sys.executable).with_name("forecast")
    parser.add_argument("--forecast", type=Path, default=program, help="our program; default: beside this Python")
    parser.add_argument("--other", type=Path, help="another version of it, to stand beside it")
    parser.add_argument("--runs", type=int, default=3, help="rounds; default 3")
    parser.add_argument("--flags", default="", help="of each train, such as '--plots none'")
    options = parser.parse_args()
    from report import describe_machine, number, table

    programs = {"this": options.forecast} | ({"other": options.other} if options.other else {})
    rounds = [one_round(programs, options.flags.split()) for _ in range(options.runs)]
    rows = []
    for key in rounds[0]:
        each = {unit: [float(getattr(one[key][0], unit)) for one in rounds] for unit in ("seconds", "cpu_seconds")}
        imports = {unit: [float(getattr(one[IMPORT][0], unit)) for one in rounds] for unit in each}
        ratios = {unit: [own / base for own, base in zip(each[unit], imports[unit], strict=True)] for unit in each}
        floor = FLOORS.get(key.partition(", ")[2])
        rows.append(
            [
                key,
                number(statistics.median(each["seconds"]), 1),
                number(statistics.median(each["cpu_seconds"]), 1),
                spread(ratios["seconds"]),
                spread(ratios["cpu_seconds"]),
                number(floor, 1),
                number(statistics.median(one[key][0].megabytes for one in rounds), 0),
            ]
        )
    print(
        f"{describe_machine()}\n\nMedians of {options.runs} rounds; ratios with the least and the most of any round.\n"
    )
    heads = ["what", "seconds", "processor s", f"× {IMPORT}", "in processor s", "at most", "MB"]
    print(table(heads, rows))
    for name in programs:
        print(f"Stages of {name}, new store, seconds: {stages_of([one[f'{name}, new store'][1] for one in rounds])}.\n")


def one_round(programs: dict[str, Path], flags: list[str]) -> dict[str, tuple]:
    """Returns what each run of a round cost, and what it said of its stages."""
    from measuring import measure

    python = str(programs["this"].with_name("python"))
    found = {IMPORT: (measure([python, "-c", IMPORT]).checked(), {})}
    for name, program in programs.items():
        with tempfile.TemporaryDirectory() as folder:
            for store in FLOORS:
                print(f"{name}, {store}", file=sys.stderr, flush=True)
                run = measure([str(program), "train", str(SAMPLE), "-v", *flags], Path(folder)).checked()
                found[f"{name}, {store}"] = (run, stages_in(run.err))
    return found


def stages_in(text: str) -> dict[str, float]:
    """Returns the seconds of each stage, as `train -v` tells them; empty where it told none."""
    line = " ".join(text.partition("\nSeconds ")[2].partition("\n")[0].split())
    started = STARTED.search(text)
    begun = {"start": float(started[1])} if started else {}
    return begun | {label.strip(): float(seconds) for label, seconds in STAGE.findall(line)}


def stages_of(rounds: list[dict[str, float]]) -> str:
    """Returns the median of each stage in words."""
    names = dict.fromkeys(name for one in rounds for name in one)
    return " · ".join(f"{name} {statistics.median(one.get(name, 0.0) for one in rounds):.2f}" for name in names)


def spread(ratios: list[float]) -> str:
    """Returns the median of some ratios, and how far they lie apart."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


if __name__ == "__main__":
    main()
