"""How long the commands take that should feel instant: the median of seven runs each, beside their budget.

Usage: python benchmarks/startup.py
"""

import argparse
import sys
import tempfile
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data" / "airline_passengers.csv"
BUDGETS = {"--help": 0.15, "--version": 0.15, "models list": 0.15, "predict": 0.6}
"""Seconds, as the house plans them."""


def main() -> None:
    """Trains a small model once, times the commands and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    program = Path(sys.executable).with_name("forecast")
    parser.add_argument("--forecast", type=Path, default=program, help="our program; default: beside this Python")
    parser.add_argument("--runs", type=int, default=7, help="runs of each command; default 7")
    options = parser.parse_args()
    from measuring import measure, median_run
    from report import describe_machine, number, table

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
    print(f"{describe_machine()}\n")
    print(table(["command", f"median of {options.runs}, s", "fastest, s", "budget, s", "kept"], rows), end="")


if __name__ == "__main__":
    main()
