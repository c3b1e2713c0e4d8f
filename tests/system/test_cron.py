"""A real cron daemon runs the line that `forecast schedule --install` put into a real crontab."""

import os
import subprocess
import time
from pathlib import Path
from shutil import which

import pytest

from commands import QUICK, csv_bytes, launch, visits

PID = Path("/run/crond.pid")
PATIENCE = 100  # seconds: cron starts jobs on the minute, and then TensorFlow has to be imported


def missing():
    """Returns why no daemon can be started here, or an empty string."""
    if os.getuid() != 0:
        return "only root can start a cron daemon"
    absent = [program for program in ("cron", "crontab") if which(program) is None]
    return f"not installed: {', '.join(absent)} (apt-get install cron)" if absent else ""


def is_running():
    try:
        os.kill(int(PID.read_text()), 0)
    except (OSError, ValueError):
        return False
    return True


def crontab():
    return subprocess.run(["crontab", "-l"], capture_output=True, check=False).stdout


@pytest.fixture
def daemon():
    """The machine's own cron where it runs, else one for this test."""
    if is_running():
        yield
        return
    process = subprocess.Popen(["cron", "-f"])
    yield
    process.terminate()
    process.wait()


@pytest.fixture
def store(tmp_path):
    """A model, and a file that has grown since it was trained."""
    data = tmp_path / "visits.csv"
    data.write_bytes(csv_bytes(visits()))
    train = launch("train", data, "--model", "gru", *QUICK, "--plots", "none", folder=tmp_path)
    assert train.code == 0, train.err
    data.write_bytes(csv_bytes(visits(90)))
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=missing() or "-")
def test_cron_daemon_runs_the_installed_line(store, daemon):
    before = crontab()
    install = ("schedule", "visits", "--cron", "* * * * *", "--install", "--yes", "--", "--force")
    assert launch(*install, folder=store).code == 0
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and "retrain" not in launch("history", "visits", folder=store).out:
            time.sleep(2)
    finally:
        assert launch("schedule", "visits", "--remove", "--yes", folder=store).code == 0
    assert crontab() == before
    runs = [row for row in launch("history", "visits", folder=store).rows if row["command"] == "retrain"]
    log = store / ".forecast/visits.log"
    assert runs, log.read_text() if log.exists() else "cron never started it"
    assert runs[0]["exit_code"] == "0", runs[0]
    assert (runs[0]["outcome"], runs[0]["champion"]) == ("promoted", "v2")  # whatever the scores, by --force
    assert int(runs[0]["new_rows"]) == 30
    assert float(runs[0]["challenger_rmse"]) > 0
    versions = launch("models", "show", "visits", folder=store).rows
    assert [(row["version"], row["champion"]) for row in versions] == [("v1", "False"), ("v2", "True")]
    assert log.read_text().count("\n") >= 2
