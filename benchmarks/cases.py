"""Files that went wrong once, each with its command and what must come: `python benchmarks/cases.py [NR ...]`.

The files are in ../shared/cases (its README says what each is); nothing is copied. Prints a row a case; exits with 1
where one is wrong. tests/system/test_cases.py runs the same list.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "cases"
FAST = ("--preset", "fast", "--model", "linear", "--seeds", "1", "--plots", "none")


@dataclass(frozen=True)
class Case:
    """What is asked of a file, and what must come.

    Attributes:
        asked: in words.
        commands: one after the other, in a store of their own; the last one's output is judged. FILE is a file's name.
        shows: patterns, each of which the output must hold.
        never: patterns, none of which it may hold.
        codes: exit codes that the last command may have.
    """

    nr: str
    asked: str
    commands: tuple[tuple[str, ...], ...]
    shows: tuple[str, ...]
    never: tuple[str, ...] = ()
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Outcome:
    """What came.

    Attributes:
        wrong: what of the case does not hold; empty where it is right.
        line: the line of the output that tells most.
    """

    code: int
    output: str
    wrong: tuple[str, ...] = field(default=())
    line: str = ""


def _check(file: str, *flags: str) -> tuple[str, ...]:
    return ("check", file, *flags, "--format", "table")


def _data(file: str, *flags: str) -> tuple[str, ...]:
    return ("check", file, *flags, "--json")


def _train(file: str, *flags: str) -> tuple[str, ...]:
    return ("train", file, *FAST, *flags)


CASES = (
    Case("01", "two-digit years, 1948 to 2009", (_data("01_two_digit_years.csv"),),
         (r'"first": "1948-01-01', r'"last": "2009-12-01', r'"steps": 744'), (r"without a row",)),
    Case("03", "a day of 25 hours", (_data("03_day_of_25_hours.csv"),),
         (r'"frequency": "h"', r'"first": "2022-10-01', r'"last": "2022-11-20[T ]23', r'"steps": 1224')),
    Case("05", "close, not volume", (_check("05_volume_before_close.csv"),),
         (r"Target +Close/Last",), (r"Target +Volume",)),
    Case("07", "day and month swapped", (_train("07_day_and_month_swapped.csv"),),
         (r"(?s)2 January.*13 January|lines? \d+", r"hint:"), codes=(5,)),
    Case("08", "pairs of years", (_check("08_fiscal_years.csv"),), (r"(?i)yearly|pairs? of years",), (r"13-monthly",),
         codes=(0, 5)),
    Case("10", "a sum over days without rows", (_check("10_sum_over_outage.csv", "--aggregate", "sum", "--freq", "D"),),
         (r"47 days", r"--fill interpolate")),
    Case("10b", "... and --fill obeyed", (
        _data("10_sum_over_outage.csv", "--aggregate", "sum", "--freq", "D", "--fill", "interpolate"),),
         (r'"fill": "interpolate"|interpolated',), (r"counted as 0",)),
    Case("12", "names of files with dots", (
        _train("12_sales.2023.csv", "--horizon", "7"), _train("12_sales.2024.csv", "--horizon", "7"),
        ("models", "list")),
         (r"12_sales\.2023", r"12_sales\.2024")),
    Case("13", "three seasons", (_check("13_three_seasons.csv"),), (r"12",), (r"--season 1\b",)),
    Case("14", "36 months by 12", (_train("14_three_years_36_rows.csv", "--horizon", "12"),), (r"1 fold × 12 steps",)),
    Case("16", "hours from to", (_data("16_hours_from_to.csv"),),
         (r'"first": "2022-01-01', r'"last": "2022-01-30[T ]23', r'"series": 1,', r'"steps": 720')),
    Case("18", "stamps that are ranges", (_data("18_interval_stamps.csv"),), (r'"frequency": "h"', r'"steps": 624')),
    Case("20", "periods of 4, 4 and 5 weeks", (_train("20_periods_445.csv"),),
         (r"4 and 5 weeks|--no-dates",), codes=(5,)),
    Case("22", "stamps beside the grid", (_data("22_jitter_around_grid.csv", "--freq", "5min"),), (r'"steps": 600',),
         (r"without a row|counted as 0",)),
    Case("24", "three header lines", (_check("24_three_header_lines.csv"),), (r"Close", r"(?i)2 lines|lines? 2")),
    Case("25", "a comma in a column's name", (_check("25_comma_in_column_name.csv", "--target", "Load, MW"),),
         (r"Target +Load, MW",)),
    Case("27", "0/100 for 0/1", (
        _train("27_promo_in_percent_data.csv", "--known", "promo", "--horizon", "8"),
        ("predict", "27_promo_in_percent_data", "--future", "27_promo_in_percent_future.csv")),
         (r"100",), (r"\b34\d\.",), codes=(2, 5)),
    Case("28", "trading hours", (_train("28_trading_hours.csv"),), (r"--no-dates",), codes=(5,)),
    Case("30", "a jump at a gap", (_check("30_jump_at_a_gap.csv"),), (r"jumps and stays",), (r"\(nan\)",)),
    Case("31", "ids that differ in zeros", (_check("31_ids_with_zeros.csv"),), (r"(?i)id +sku", r"3 series")),
    Case("32", "every 10 seconds", (_check("32_every_10_seconds.csv"),), (r"(?i)second", r"--aggregate|--no-dates"),
         (r"from 10 seconds to 10 seconds",), codes=(5,)),
    Case("34", "one empty row too many", (_check("34_one_empty_row_too_many.csv"),), (r"(?i)left out|line 43",),
         (r"2005-01-03 is not",), codes=(0, 5)),
    Case("35", "Shift-JIS", (_check("35_japanese_shift_jis.csv"),), (r"(?i)shift|cp932",), codes=(0, 5)),
    Case("37", "a timestamp beside an hour", (_check("37_timestamp_beside_hour.csv"),), (r"timestamp",)),
    Case("38", "dates to come", (_check("38_dates_to_come.csv"),), (r"(?i)warning.*(to come|future)",)),
    Case("39", "less than one", (_check("39_less_than_one.csv"),), (r"<1",), codes=(0, 5)),
    Case("40", "half months", (_check("40_half_months.csv"),), (r"--no-dates",), codes=(0, 5)),
    Case("41", "fiscal quarters", (_check("41_fiscal_quarters.csv"),), (r"(?i)quarterly|%q",), codes=(0, 5)),
    Case("42", "weekday, zone, year", (_check("42_weekday_zone_year.csv"),), (r"hourly", r"2023-01-01")),
    Case("43", "a market closed on Fridays", (_check("43_market_closed_friday.csv"),),
         (r"--fill previous",), (r"--fill zero",), codes=(0, 5)),
    Case("44", "a series that ended", (_train("44_series_that_ended.csv"),),
         (r"Warning +1 of 4 series ends before 2022-07-19: b",)),
    Case("45", "weeks whose day changes", (_data("45_weekday_of_weeks_changes.csv"),), (r'"steps": 120',),
         (r"without a row",)),
    Case("47", "a total with a colon", (_check("47_total_with_colon.csv"),), (r"(?i)left out", r"Total: Account")),
    Case("49", "a yearly season of days", (_train("49_yearly_season_weekly_baseline.csv", "--horizon", "90"),),
         (r"365",), (r"82 % below",)),
    Case("50", "a new series of two rows", (
        _train("50_new_series_two_rows_train.csv", "--horizon", "4"),
        ("predict", "50_new_series_two_rows_train", "--data", "50_new_series_two_rows_data.csv", "--format", "csv")),
         (r"(?m)^west,",), (r"(?m)^west,[^,]*,1,20\d(\.\d*)?,(19[89]|20\d)(\.\d*)?,20",)),
    Case("51", "text in capitals", (
        _train("51_text_in_capitals_data.csv", "--known", "weather", "--horizon", "8"),
        ("predict", "51_text_in_capitals_data", "--future", "51_text_in_capitals_future.csv", "--format", "csv")),
         (r",(99|100|101)(\.\d*)?,", r",(129|130|131)(\.\d*)?,")),
)  # fmt: skip


def run_case(case: Case, program: tuple[str, ...] = (sys.executable, "-m", "forecast")) -> Outcome:
    """Returns what came of a case's commands, run in a folder of their own."""
    with tempfile.TemporaryDirectory() as scratch:
        for command in case.commands:
            words = [str(FOLDER / word) if (FOLDER / word).is_file() else word for word in command]
            done = subprocess.run(
                [*program, *words], cwd=scratch, capture_output=True, text=True, encoding="utf-8", check=False
            )
    output = done.stdout + done.stderr
    wrong = [] if done.returncode in case.codes else [f"exit {done.returncode}"]
    wrong += [f"no {pattern}" for pattern in case.shows if not re.search(pattern, output)]
    wrong += [f"{pattern}" for pattern in case.never if re.search(pattern, output)]
    return Outcome(done.returncode, output, tuple(wrong), _telling_line(case, output))


def _telling_line(case: Case, output: str) -> str:
    """Returns the first line that holds the case's last pattern, or the first of all."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    found = [line for line in lines if case.shows and re.search(case.shows[-1], line)]
    return (found or lines or [""])[0]


def main() -> int:
    """Runs the cases that were named, or all of them, and prints a row each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nr", nargs="*", help="such as 01 49; all if left out")
    parser.add_argument("-v", "--verbose", action="store_true", help="the whole output of what is wrong")
    asked = parser.parse_args()
    if not FOLDER.is_dir():
        sys.exit(f"There are no cases here: {FOLDER} is missing.")
    chosen = [case for case in CASES if not asked.nr or case.nr in asked.nr]
    wrong = 0
    for case in chosen:
        outcome = run_case(case)
        wrong += bool(outcome.wrong)
        verdict = "WRONG: " + "; ".join(outcome.wrong) if outcome.wrong else "right"
        print(f"{case.nr:<4}{case.asked:<34}{verdict:<7} exit {outcome.code}  {outcome.line[:110]}", flush=True)
        if asked.verbose and outcome.wrong:
            print(outcome.output)
    print(f"{len(chosen) - wrong} of {len(chosen)} right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
