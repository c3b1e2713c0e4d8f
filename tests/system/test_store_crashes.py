"""Real processes: killed by SIGKILL at every disk step, and many at once."""

import json
import random
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from forecast.production.store.disk import is_hidden
from forecast.production.store.store import Store
from marks import slow
from places import ROOT

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
SIZE = 150_000  # bytes; three chunks, so that a kill can tear a file in the middle

# Reads lines of [root, verb, fatal step]; for each forks a child that SIGKILL ends at that step.
WORKER = """
import json, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from forecast.errors import NotFoundError
from forecast.production.store.store import Store

def run(root, verb, fatal):
    steps = []
    def on_step(step):
        steps.append(step)
        if len(steps) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
    shop = Store(Path(root), on_step).model("shop")
    now = datetime(2026, 1, 5, tzinfo=UTC)
    files = {"weights.npz": b"new!" * (SIZE // 4), "plots/a.png": b"png"}
    {
        "publish": lambda: shop.publish(files, {}, now, champion=True),
        "publish candidate": lambda: shop.publish(files, {}, now, champion=False),
        "promote": lambda: shop.promote("v3", now),
        "rollback": lambda: shop.rollback(None, now),
        "prune": lambda: shop.prune(1),
        "record": lambda: shop.record({"run": 2}),
        "issue": lambda: shop.issue(b"later" * SIZE, shop.champion(), now),
    }[verb]()

for line in sys.stdin:
    if (child := os.fork()) == 0:
        try:
            run(*json.loads(line))
        except NotFoundError:  # nothing to roll back to, or pruned before: an answer, not a failure
            pass
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
""".replace("SIZE", str(SIZE))

# Works on the model for some rounds, and says how often which error came.
ACTOR = """
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from forecast.errors import ForecastError
from forecast.production.store.store import Store

root, role, rounds = sys.argv[1:]
shop, now, seen = Store(Path(root)).model("shop"), datetime(2026, 1, 5, tzinfo=UTC), Counter()

def write():
    with shop.lock():
        number = len(shop.history()) + 1
        weights = b"%d;" % number * 20_000
        version = shop.publish({"weights.npz": weights}, {"run": number}, now, champion=True)
        shop.record({"run": number, "version": version.number})

def prune():
    shop.prune(2)

def roll():
    with shop.lock():
        oldest = shop.versions()[0]
        if oldest != shop.champion():
            shop.promote(oldest.label, now)
            shop.rollback(None, now)

def read():
    number, weights = shop.with_champion(lambda found: (found.document["run"], found.read("weights.npz")))
    assert weights == b"%d;" % number * 20_000, "torn read"
    numbers = [version.number for version in shop.versions()]
    assert numbers == sorted(set(numbers)) and not shop.damaged(), "torn list"
    assert all(entry["run"] == place for place, entry in enumerate(shop.history(), start=1)), "torn history"

for _ in range(int(rounds)):
    try:
        {"write": write, "prune": prune, "roll": roll, "read": read}[role]()
        seen[0] += 1
    except ForecastError as error:
        seen[int(error.exit_code)] += 1
        if error.exit_code != 75:
            print(role, error, file=sys.stderr)
print(*(f"{code}:{count}" for code, count in sorted(seen.items())))
"""


@pytest.fixture
def worker():
    command = [sys.executable, "-c", WORKER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, cwd=ROOT, **pipes) as process:

        def run(root, verb, fatal):
            """Returns whether the child was killed, and not through before."""
            process.stdin.write(json.dumps([str(root), verb, fatal]) + "\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            assert code in (0, -9), f"{verb} failed by itself"
            return code == -9

        yield run
        process.stdin.close()


@pytest.fixture
def stored(tmp_path):
    """A store with champions v1 and v2, a candidate v3, and a history of one run."""
    shop = Store(tmp_path / "stored").model("shop")
    for number, champion in ((1, True), (2, True), (3, False)):
        content = f"v{number}".encode() * (SIZE // 2)
        files = {"weights.npz": content, "plots/a.png": b"png", "forecast.csv": b"by v%d" % number}
        shop.publish(files, {}, NOW, champion=champion)
    shop.record({"run": 1})
    return tmp_path / "stored"


def champion_bytes(root):
    return Store(root).model("shop").champion().read("weights.npz")


def assert_whole(root):
    shop = Store(root).model("shop")
    for version in shop.versions():
        version.verify()
    assert not shop.damaged()
    visible = {path.name for path in shop.folder.iterdir() if not is_hidden(path.name)}
    assert visible - {"issued"} == {"champion", "champion.lock", "history.jsonl", "lock", "versions"}
    issued = shop.issued()
    assert [table.data for table in issued.tables if table.data[:2] == b"by"] == [b"by v1", b"by v2"]
    assert {table.data for table in issued.tables} <= {b"by v1", b"by v2", b"later" * SIZE}
    assert not issued.notes
    listed = {path.name for path in (shop.folder / "versions").iterdir() if not is_hidden(path.name)}
    assert listed == {version.id for version in shop.versions()}
    assert shop.history() in (({"run": 1},), ({"run": 1}, {"run": 2}))


def assert_next_run_succeeds_and_sweeps(root):
    shop = Store(root).model("shop")
    numbers = [version.number for version in shop.versions()]
    version = shop.publish({"weights.npz": b"next"}, {}, NOW, champion=True)
    shop.record({"run": 2})
    assert version.number == max(numbers) + 1
    assert champion_bytes(root) == b"next"
    assert not list(shop.folder.rglob(".*"))


V1, V2, V3, NEW = (name * (SIZE // len(name)) for name in (b"v1", b"v2", b"v3", b"new!"))


@pytest.mark.parametrize(
    ("verb", "before", "after", "fewest_steps"),
    [
        ("publish", V2, NEW, 20),
        slow("publish candidate", V2, V2, 20),
        slow("promote", V2, V3, 5),
        ("rollback", V2, V1, 5),
        slow("prune", V2, V2, 3),
        ("record", V2, V2, 2),
        slow("issue", V2, V2, 8),
    ],
)
def test_a_kill_at_any_disk_step_leaves_a_whole_store(tmp_path, worker, stored, verb, before, after, fewest_steps):
    outcomes = []
    for fatal in range(1, 1000):
        root = tmp_path / "victim"
        shutil.copytree(stored, root)
        killed = worker(root, verb, fatal)
        outcomes.append(champion_bytes(root) == after)
        assert champion_bytes(root) in (before, after)
        assert_whole(root)
        assert_next_run_succeeds_and_sweeps(root)
        shutil.rmtree(root)
        if not killed:
            break
    assert len(outcomes) > fewest_steps
    assert outcomes == sorted(outcomes)  # once the champion has moved, it never moves back
    assert outcomes[-1]


@pytest.mark.slow
def test_a_first_publication_killed_at_any_step_shows_no_model_or_a_whole_version(tmp_path, worker):
    for fatal in range(1, 1000):
        root = tmp_path / f"victim{fatal}"
        killed = worker(root, "publish", fatal)
        store = Store(root)
        for name in store.names():
            [version] = store.model(name).versions()
            version.verify()
        assert_next_run_succeeds_and_sweeps_from_nothing(store)
        if not killed:
            break
    assert fatal > 20


def assert_next_run_succeeds_and_sweeps_from_nothing(store):
    shop = store.model("shop")
    shop.publish({"weights.npz": b"next"}, {}, NOW, champion=True)
    assert shop.champion().read("weights.npz") == b"next"
    assert not list(shop.folder.rglob(".*"))


@pytest.mark.slow
def test_a_run_killed_again_and_again_at_random_steps_never_harms_the_champion(worker, stored):
    dice = random.Random(4)
    verbs = ["publish", "publish candidate", "promote", "rollback", "prune", "issue"]
    for _ in range(100):
        worker(stored, dice.choice(verbs), dice.randrange(1, 40))
        assert champion_bytes(stored) in (V1, V2, V3, NEW)
        assert_whole(stored)
    assert_next_run_succeeds_and_sweeps(stored)


def start(root, role, rounds):
    command = [sys.executable, "-c", ACTOR, str(root), role, str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def act_at_once(root, roles, rounds):
    """Returns how often any actor met each exit code, after all are through."""
    shop = Store(root).model("shop")
    shop.publish({"weights.npz": b"1;" * 20_000}, {"run": 1}, NOW, champion=True)
    shop.record({"run": 1, "version": 1})
    actors = [start(root, role, rounds) for role in roles]
    totals = {}
    for actor in actors:
        out, err = actor.communicate()
        assert (actor.returncode, err) == (0, "")
        for code, count in (part.split(":") for part in out.split()):
            totals[int(code)] = totals.get(int(code), 0) + int(count)
    return totals


@pytest.mark.slow
def test_hundreds_of_steps_of_two_writers_a_pruner_and_ten_readers_meet_no_error_but_the_lock(tmp_path):
    roles = ["write", "write", "prune", "roll", *["read"] * 10]
    totals = act_at_once(tmp_path, roles, rounds=75)
    assert set(totals) <= {0, 75}
    assert totals[0] > 200, totals
