"""How long the commands take that should feel instant: the median of seven rounds, beside their budget.

Usage: python benchmarks/startup.py

Those that need nothing but Typer stand beside `import typer` as well, in processor seconds of the same round.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data" / "airline_passengers.csv"
BUDGETS = {"--help": 0.15, "--version": 0.15, "models list": 0.15, "predict": 0.6}
"""Seconds, as the house plans them."""
LIGHT, MOST = ("--help", "models list", "models list --help", "history", "history --help"), 3.5
"""At most so many times the processor seconds of `import typer`."""


def main() -> None:
    """Trains a small model once, times the commands and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    program = Path(sys.executable).with_name("forecast")
    parser.add_argument("--forecast", type=Path, default=program, help="our program; default: beside this Python")
    parser.add_argument("--runs", type=int, default=7, help="runs of each command; default 7")
    options = parser.parse_args()
    from measuring import measure, median_run
    from report import describe_machine, number, table

    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a program that pip installed is compiled
    program = str(options.forecast)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        training = f"train {SAMPLE} --model lstm --preset fast --steps 25 --plots none --quiet"
        measure([program, *training.split()], folder).checked()
        python = str(options.forecast.with_name("python"))
        median, least = median_run([python, "-c", "pass"], options.runs, folder)
        rows = [["`python -c pass`", number(median), number(least), "–", "–"]]
        for command, budget in BUDGETS.items():
            median, least = median_run([program, *command.split()], options.runs, folder)
            kept = "yes" if median <= budget else "**no**"
            rows.append([f"`forecast {command}`", number(median), number(least), f"{budget:g}", kept])
        ratios = light_ratios(program, python, options.runs, folder)
    print(f"{describe_machine()}\n")
    print(table(["command", f"median of {options.runs}, s", "fastest, s", "budget, s", "kept"], rows))
    light = [
        [f"`forecast {command}`", *(number(value, 2) for value in (statistics.median(own), min(own), max(own), MOST))]
        for command, own in ratios.items()
    ]
    print(table(["command", "× `import typer`", "least", "most", "at most"], light), end="")


def light_ratios(program: str, python: str, runs: int, folder: Path) -> dict[str, list[float]]:
    """Returns by command how many times the processor seconds of `import typer` each round took."""
    from measuring import measure

    found: dict[str, list[float]] = {command: [] for command in LIGHT}
    for _ in range(runs):
        base = measure([python, "-c", "import typer"], folder).checked().cpu_seconds
        for command, own in found.items():
            own.append(measure([program, *command.split()], folder).checked().cpu_seconds / base)
    return found


if __name__ == "__main__":
    main()
