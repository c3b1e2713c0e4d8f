"""Runs the command line, in this process or through the installed entry point, and small files to run it on."""

import contextlib
import csv
import io
import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from unittest import mock

from forecast.cli import main

FORECAST = Path(sys.executable).with_name("forecast")
QUICK = ("--steps", "25", "--seeds", "1", "--folds", "1")
"""Trains a network in a second, to be looked at and not to be believed."""
FORECAST_COLUMNS = (
    "series_id,timestamp,step,forecast,lower_80,upper_80,lower_95,upper_95,model,version,origin"  # CLI.md
)
LEADERBOARD_COLUMNS = (
    "rank,model,rmse,rmse_std,mae,mase,smape,skill,coverage_80,params,train_seconds,predict_ms,note"  # CLI.md
)


@dataclass(frozen=True)
class Outcome:
    """What a command ended with and wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)

    @property
    def error(self):
        """The error under --json: the last line of stderr."""
        return json.loads(self.err.splitlines()[-1])["error"]

    @property
    def rows(self):
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def header(self):
        return self.out.partition("\n")[0]


def run(*arguments, folder, stdin=b"", **environment):
    """Runs a command in this process, with a folder as its working directory."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.dict(os.environ, environment),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
    ):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            return Outcome(int(end.code), out.getvalue(), err.getvalue())
    raise AssertionError("a command ends by exiting")


def launch(*arguments, folder, **environment):
    """Runs the installed entry point as a process of its own."""
    done = subprocess.run(
        [FORECAST, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def visits(days=60, first=date(2024, 1, 1)):
    """Returns rows of a daily series with a weekly season, a trend and something like noise."""
    return [
        (first + timedelta(i), round(20 + 0.1 * i + 3 * math.sin(2 * math.pi * i / 7) + (7919 * i % 13) / 13, 3))
        for i in range(days)
    ]


def csv_bytes(rows, header="day,visits"):
    return "".join(f"{line}\n" for line in (header, *(",".join(map(str, row)) for row in rows))).encode()
