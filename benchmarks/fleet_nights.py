"""A year of nightly retrains of forty models under a fake clock, some of them killed: what grows, and what is lost?

What trains is a stand-in: each night a model takes its lock, publishes a version of some kilobytes, issues a forecast,
writes its line and prunes, all through the store as `retrain --keep 10 --keep-issued 90d` does. A night that is killed
runs in a process of its own, which SIGKILL ends at a random disk operation; after it, the champion must be whole and
have the very bytes that it was published with, and the next night says that the one before was killed.

    python benchmarks/fleet_nights.py [--nights 365] [--models 40] [--kills 500]
"""

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from forecast.production.backup.verification import verify
from forecast.production.metrics import metrics_text
from forecast.production.runs import mark_of
from forecast.production.status import statuses_of
from forecast.production.store.model_store import ModelStore
from forecast.production.store.retention import size_of
from forecast.production.store.run_record import RunRecord
from forecast.production.store.store import Store

START = datetime(2026, 1, 1, 3, 15, tzinfo=UTC)
HEADER = "series_id,timestamp,step,forecast,lower_80,upper_80,lower_95,upper_95,model,version,origin\n"


def content(name: str, night: int) -> bytes:
    """Returns the weights of a night: other bytes for each."""
    return f"{name} {night};".encode() * 300


def night_of(models: ModelStore, night: int) -> None:
    """Does what a retrain does with the store."""
    now = START + timedelta(days=night)
    with models.lock(mark=mark_of("retrain", now)):
        table = f"{HEADER}{models.name},{now:%Y-%m-%d},1,{night}.5,1,2,1,2,gru,v1,{now:%Y-%m-%d}\n".encode()
        files = {"weights.npz": content(models.name, night), "forecast.csv": table}
        champion = night % 3 != 1  # two of three nights, the challenger wins
        version = models.publish(files, {"model": "gru", "night": night}, now, champion=champion or not models.exists())
        models.issue(table + f"{night}".encode(), version, now)
        outcome = "promoted" if champion else "candidate"
        record = RunRecord("retrain", outcome, "a stand-in", models.champion().label, live_points=14, live_skill=0.3)
        models.record(record.at(now).line())
        models.prune(10, now - timedelta(days=90))


def killed_night(root: Path, name: str, night: int, fatal: int) -> bool:
    """Does it in a process that is killed at a disk operation; returns whether it was, and not through before."""
    if (child := os.fork()) == 0:
        steps = 0

        def on_step(_step: str) -> None:
            nonlocal steps
            steps += 1
            if steps == fatal:
                os.kill(os.getpid(), signal.SIGKILL)

        night_of(Store(root, on_step).model(name), night)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def bytes_of(models: ModelStore) -> bool:
    """Returns whether the champion is whole, and has the bytes that its night published."""
    champion = models.champion()
    champion.verify()
    return champion.read("weights.npz") == content(models.name, champion.document["night"])


def measured(root: Path) -> tuple[float, int, float]:
    """Returns the megabytes on disk, the open descriptors, and the megabytes of memory at the peak."""
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return size_of([root]) / 1e6, descriptors, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Replays the nights, and prints what grew and what was lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for flag, default in (("nights", 365), ("models", 40), ("kills", 500)):
        parser.add_argument(f"--{flag}", type=int, default=default)
    asked = parser.parse_args()
    os.fsync = lambda _file: None  # a kill is no power cut, and the disk of the bench need not outlive it
    dice, began = random.Random(27), time.process_time()
    names = [f"shop{number:02d}" for number in range(asked.models)]
    nights = [(night, name) for night in range(asked.nights) for name in names]
    fatal = {*dice.sample(nights[len(names) :], min(asked.kills, len(nights) - len(names)))}
    with tempfile.TemporaryDirectory() as folder:
        root, killed, lost = Path(folder), 0, 0
        store = Store(root)
        for night, name in nights:
            models = store.model(name)
            if (night, name) in fatal:
                killed += killed_night(root, name, night, dice.randrange(1, 30))
                lost += not bytes_of(models)
            else:
                night_of(models, night)
            if name == names[-1] and (night + 1) % max(asked.nights // 8, 1) == 0:
                disk, descriptors, memory = measured(root)
                print(f"night {night + 1}: {disk:.1f} MB, {descriptors} descriptors, {memory:.0f} MB of memory")
        told = sum(line.get("outcome") == "killed" for name in names for line in store.model(name).history())
        problems = [problem for name in names for problem in verify(store.model(name)).problems]
        wrong = [name for name in names if not bytes_of(store.model(name))]
        text = metrics_text(statuses_of(store, names, START + timedelta(days=asked.nights)), START)
        print(f"{len(nights)} nights of models, {killed} killed, {told} of them told in the history; {lost} champions")
        print(
            f"lost, {len(problems)} problems, {len(wrong)} champions with other bytes; metrics of {len(text):,} bytes;"
        )
        print(f"{time.process_time() - began:.0f} s of CPU")
        sys.exit(bool(lost or problems or wrong))


if __name__ == "__main__":
    main()
