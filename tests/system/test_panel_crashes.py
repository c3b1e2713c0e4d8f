"""A forecast of a panel by real processes that are killed and stopped: run again, it ends with the same bytes."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from commands import FORECAST, launch
from dask_processes import DaskProcesses
from panels import contents, make_panel

pytestmark = pytest.mark.slow
SHARDS = 30


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_panel(tmp_path_factory.mktemp("panel"), shards=SHARDS, series=90)


def words(out, *more):
    return ("predict", "sales", "--data", "panel", "-o", str(out), *map(str, more))


@pytest.fixture(scope="module")
def whole(shop):
    assert launch(*words("whole"), folder=shop.folder).code == 0
    return contents(shop.folder / "whole")


def lines(out):
    """What the journals of a run say: the key and the file's inode of what is done."""
    found = {}
    for path in sorted(out.glob("_journal*")):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            assert entry["job"] not in found, "done twice"
            found[entry["job"]] = (out / entry["file"]).stat().st_ino
    return found


def begin(shop, out, *more):
    """Starts a run, and waits until it has done a shard or two."""
    process = subprocess.Popen([FORECAST, *words(out, *more)], cwd=shop.folder, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and len(list(out.glob("*.parquet"))) < 2:
        time.sleep(0.01)
    assert process.poll() is None, process.stderr.read()
    return process


def ended(process):
    """How a run ended, and what it said."""
    _, told = process.communicate()
    return process.returncode, told


def workers_of(process):
    """The processes that a run started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = path.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        found += [int(path.parent.name)] if int(parent) == process.pid else []
    return found


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_worker_that_is_killed_in_the_middle_is_replaced(shop, whole, tmp_path, number):
    process = begin(shop, tmp_path / "out", "--workers", 2)
    for pid in workers_of(process):
        os.kill(pid, number)
    assert ended(process)[0] == 0
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("how", ["here", "workers", "share"])
def test_client_that_is_killed_leaves_what_is_done_and_goes_on(shop, whole, tmp_path, how):
    more = {"here": (), "workers": ("--workers", 2), "share": ("--shard", "1/1")}[how]
    process = begin(shop, tmp_path / "out", *more)
    workers = workers_of(process)
    process.kill()
    ended(process)
    while any(map(is_running, workers)):
        time.sleep(0.05)
    before = lines(tmp_path / "out")
    assert 0 < len(before) < len(whole)
    done = launch(*words(tmp_path / "out", *more), folder=shop.folder)
    assert done.code == 0, done.err
    after = lines(tmp_path / "out")
    assert contents(tmp_path / "out") == whole
    assert {name: after[name] for name in before} == before
    assert after.keys() == whole.keys()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_stops_all_of_them_and_says_what_is_done(shop, whole, tmp_path, number, code):
    process = begin(shop, tmp_path / "out", "--workers", 2)
    workers = workers_of(process)
    process.send_signal(number)
    ending, told = ended(process)
    assert ending == code
    assert f" of {len(whole)} are done in {tmp_path / 'out'}: the same command goes on." in told
    assert not any(map(is_running, workers))
    assert launch(*words(tmp_path / "out"), folder=shop.folder).code == 0
    assert contents(tmp_path / "out") == whole


def test_full_disk_is_said_and_what_is_done_stays(shop, tmp_path):
    """A limit on the size of files stands in for it: the larger shards fail, those that fit are done."""
    asked = ("--quantiles", ",".join(f"0.{i:02}" for i in range(1, 100)))
    assert launch(*words(tmp_path / "all", *asked), folder=shop.folder).code == 0
    everything = contents(tmp_path / "all")
    blocks = sorted(map(len, everything.values()))[len(everything) // 2] // 512
    too_large = {name for name, data in everything.items() if len(data) > 512 * blocks}
    command = f"ulimit -f {blocks}; exec {FORECAST} {' '.join(words(tmp_path / 'out', *asked, '--workers', 2))}"
    done = subprocess.run(["sh", "-c", command], cwd=shop.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert f"{len(too_large)} of {len(everything)} shards could not be forecast" in done.stderr
    assert "Can't write" in done.stderr
    assert contents(tmp_path / "out").keys() == everything.keys() - too_large
    assert launch(*words(tmp_path / "out", *asked), folder=shop.folder).code == 0
    assert contents(tmp_path / "out") == everything


def test_cluster_makes_the_same_bytes_whatever_dies(shop, whole, tmp_path):
    with DaskProcesses(tmp_path / "dask") as dask:
        dask.add_workers("w1", "w2", "w3")
        done = launch(*words(tmp_path / "out", "--cluster", dask.address), folder=shop.folder)
        assert done.code == 0, done.err
        assert contents(tmp_path / "out") == whole
        process = begin(shop, tmp_path / "killed", "--cluster", dask.address)
        dask.processes["w1"].kill()
        assert ended(process)[0] == 0
        assert contents(tmp_path / "killed") == whole
        process = begin(shop, tmp_path / "gone", "--cluster", dask.address)
        dask.processes["scheduler"].kill()
        code, told = ended(process)
    assert code == 3, told
    assert "went away" in told
    shutil.rmtree(tmp_path / "killed")
    before = lines(tmp_path / "gone")
    assert launch(*words(tmp_path / "gone"), folder=shop.folder).code == 0
    assert contents(tmp_path / "gone") == whole
    assert {name: lines(tmp_path / "gone")[name] for name in before} == before
