"""The container's files: what they promise is in them; the loop that they run is run for real, without a container."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import yaml

from command_lines import parse
from commands import csv_bytes, run, visits
from places import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
BUILD, LAST = (
    [line.split(maxsplit=1) for line in stage.splitlines() if line and not line.startswith("#")]
    for stage in re.split(r"^FROM .*\n", DOCKERFILE, flags=re.MULTILINE)[1:]
)
NIGHTLY = COMPOSE["services"]["nightly"]
LOOP = NIGHTLY["command"][0].replace("$$", "$")  # as compose hands it on


def told(stage, instruction):
    return [line.strip() for word, line in stage if word == instruction]


def test_what_is_copied_is_there_and_is_not_ignored():
    names = [name for line in told(BUILD, "COPY") for name in line.split()[:-1]]
    let_through = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert all((ROOT / name).exists() for name in names)
    assert set(names) == set(let_through)


def test_the_extras_that_are_installed_are_those_of_the_program():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    asked = re.search(r"'\.\[(.*?)\]'", " ".join(told(BUILD, "RUN")))[1].split(",")
    assert set(asked) <= set(extras)


def test_the_last_stage_is_nobody_s_root_and_builds_nothing():
    assert told(LAST, "USER") == ["10001:10001"] == [NIGHTLY["user"]]
    assert not re.search(r"\b(pip|apt|apt-get|gcc|make|curl)\b", " ".join(told(LAST, "RUN")))
    assert json.loads(told(LAST, "VOLUME")[0]) == ["/data"]
    assert told(LAST, "WORKDIR") == ["/data"]


def test_the_root_is_read_only_and_what_is_written_lies_in_the_volume_or_in_tmp():
    assert NIGHTLY["read_only"] is True
    assert NIGHTLY["cap_drop"] == ["ALL"]
    assert NIGHTLY["volumes"] == ["./data:/data"]
    assert NIGHTLY["tmpfs"] == ["/tmp"]
    places = dict(pair.split("=", 1) for pair in told(LAST, "ENV")[0].split())
    assert all(places[name].startswith("/tmp") for name in ("HOME", "MPLCONFIGDIR"))


def test_each_command_is_one_of_the_program():
    health = json.loads(told(LAST, "HEALTHCHECK")[0].partition("CMD ")[2])
    lines = [
        health,
        *(shlex.split(line.replace("&", ";").split(";")[0]) for line in LOOP.splitlines() if "forecast " in line),
    ]
    assert len(lines) == 2
    for words in lines:
        assert words[0] == "forecast"
        parse(words[1:])


@pytest.mark.slow
def test_the_loop_retrains_again_and_again_and_ends_when_it_is_told_to(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    assert run("train", "visits.csv", "--model", "smoothing", "--plots", "none", folder=tmp_path).code == 0
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(70)))
    places = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path / "home"), "EVERY": "0.1"}
    loop = subprocess.Popen([*NIGHTLY["entrypoint"], LOOP], cwd=tmp_path, env=places, start_new_session=True)
    try:
        for _ in range(600):
            log = tmp_path / "retrain.log"
            if log.is_file() and log.read_text().count('"event": "end"') >= 2:
                break
            time.sleep(0.1)
        loop.send_signal(signal.SIGTERM)
        assert loop.wait(30) == 0
    finally:
        loop.kill()
    outcomes = [row["outcome"] for row in run("history", "visits", "--format", "csv", folder=tmp_path).rows]
    assert outcomes[:3] == ["trained", "promoted", "nothing-new"] or outcomes[:3] == ["trained", "kept", "nothing-new"]
    assert (tmp_path / "site/index.html").is_file()
    assert run("status", "--strict", "--json", folder=tmp_path).code == 0
