"""Commands of a user among others: folders that may not be entered, settings and links that others planted."""

import os
import shutil
import subprocess
import sys

import pytest

from commands import csv_bytes, visits
from marks import slow_but

NOBODY = 65534
SCRIPT = """
import ctypes, os, sys
for ability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: then root may do no more than files allow
    if ctypes.CDLL(None).prctl(24, ability, 0, 0, 0) != 0:
        sys.exit(99)
os.execv(sys.argv[1], sys.argv[1:])
"""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to somebody else")


@pytest.fixture(scope="module")
def place(shop, tmp_path_factory):
    """A folder with a model in it, and beside it a folder that only nobody may enter."""
    place = tmp_path_factory.mktemp("strangers")
    shutil.copytree(shop.folder, place / "mine")
    (place / "closed").mkdir(mode=0o700)
    (place / "closed/data.csv").write_bytes(csv_bytes(visits()))
    os.chown(place / "closed", NOBODY, NOBODY)
    done = subprocess.run([sys.executable, "-c", SCRIPT, "/bin/ls", place / "closed"], capture_output=True, check=False)
    if done.returncode != 2:
        pytest.skip("root can't be kept out of folders here")
    return place


def as_other(folder, *words):
    """Runs a command as a user who may not enter what belongs to others."""
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, sys.executable, "-m", "forecast", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


OFTEN = [
    ("predict", "visits", "-o", "{}/x.csv"),
    ("models", "show", "visits", "--store", "{}/s"),
    ("config", "init", "-o", "{}/x.toml"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    slow_but(
        OFTEN,
        [
            *OFTEN,
            ("predict", "visits", "--data", "{}/data.csv"),
            ("retrain", "visits", "-o", "{}/o"),
            ("retrain", "visits", "{}/data.csv"),
            ("retrain", "visits", "--log-file", "{}/x.log"),
            ("report", "visits", "-o", "{}/x.html"),
            ("check", "visits.csv", "--fix", "{}/x.csv"),
            ("check", "visits.csv", "--plot", "{}/x.png"),
            ("check", "{}/data.csv"),
            ("explain", "visits", "-o", "{}/x"),
            ("models", "export", "visits", "v1", "{}/x.keras"),
            ("models", "list", "--store", "{}/s"),
            ("train", "visits.csv", "--out-dir", "{}/x"),
            ("train", "visits.csv", "--store", "{}/s"),
            ("compare", "visits.csv", "--out-dir", "{}/x"),
            ("score", "visits", "{}/data.csv"),
            ("score", "visits", "--plot", "png", "--out-dir", "{}/x"),
            ("history", "visits", "--store", "{}/s"),
            ("config", "show", "--config", "{}/x.toml"),
            ("schedule", "visits", "--daily", "03:15", "--kind", "systemd", "-o", "{}/x"),
        ],
    ),
)
def test_what_lies_in_a_folder_of_somebody_else_is_said_to_be_closed(words, place):
    done = as_other(place / "mine", *(word.format(place / "closed") for word in words))
    assert done.returncode == 5, done.stderr
    assert "ermission" in done.stderr
    assert "hint:" in done.stderr


@pytest.mark.slow
def test_settings_of_others_above_are_passed_over_and_said_so(place):
    folder = place / "mine/inner"
    folder.mkdir()
    planted = place / "mine/forecast.toml"
    planted.write_text('store = "elsewhere"\n')
    os.chown(planted, 12345, 12345)
    above = as_other(folder, "config", "show")
    here = as_other(place / "mine", "config", "show")
    quiet = as_other(folder, "config", "show", "-q")
    planted.unlink()
    assert "../forecast.toml belongs to the user 12345, and is not heeded" in above.stderr
    assert "elsewhere" not in above.stdout
    assert "The settings in forecast.toml are those of the user 12345." in here.stderr
    assert quiet.stderr == ""


@pytest.mark.parametrize("name", slow_but(["run.log"], ["visits.csv", "run.log"]))
def test_links_that_others_planted_are_not_written_through(place, name, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    link = place / "mine" / "out" / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(victim)
    os.lchown(link, 12345, 12345)
    words = ("--log-file", f"out/{name}") if name == "run.log" else ("-o", "out", "--force")
    done = as_other(place / "mine", "retrain", "visits", *words)
    assert done.returncode == 5, done.stderr
    assert "is a link of the user 12345, and nothing is written through links of others" in done.stderr
    assert victim.read_text() == "mine"
