"""Core code works with what it is handed: no clock, environment, chance or memory of its own (docs/architecture.md)."""

import ast
import functools

import pytest

from places import PACKAGE
from sources import tree_of

CORE = ("data", "models", "evaluation", "experiment", "report", "workflows")
WITHOUT_FILES = ("models", "evaluation", "report")
FILES = {"os", "pathlib", "shutil", "tempfile", "glob"}
MODULES = {"time", "random", "multiprocessing", "subprocess", "weakref", "signal"}
CACHES = {"cache", "lru_cache"}
CALLS = {"getenv", "now", "utcnow", "today", "cpu_count", "sched_getaffinity", "id"}
THREADS = {"ThreadPoolExecutor", "ProcessPoolExecutor", "Thread", "Process", "Parallel"}
ALLOWED = {
    ("data/files/free_memory.py", "os.environ"): "the one place that asks how much memory is free, when it is needed",
    ("data/files/remote/database.py", "os.environ"): "the passwords that an address names, when it is opened",
    ("data/files/remote/forecast_table.py", "os.environ"): "likewise",
    ("data/files/remote/objects.py", "os.environ"): "likewise",
    ("data/files/remote/mysql.py", "os.environ"): "MYSQL_PWD, as other clients look there",
    ("models/networks/tensorflow.py", "os.environ"): "TensorFlow reads its settings there, when it is imported",
    ("models/networks/tensorflow.py", "os"): "what TensorFlow writes while it is imported goes nowhere",
    ("models/networks/tensorflow.py", "pathlib"): "where its libraries for a GPU lie",
    ("models/networks/own/own_layers.py", "random"): "Keras seeds a user's layer from there: it is set and put back",
    (
        "models/networks/own/own_layers.py",
        "lru_cache",
    ): "the layer of a user's code, a shape each, without weights",
    ("workflows/pages/tracking.py", "os.environ"): "MLflow asks there whether it may keep runs in a folder",
    ("workflows/schedule.py", "os.environ"): "what the job of a crontab finds is what the person's shell has",
    ("data/target_names.py", "cache"): "tables of words and what a name says: text alone, the same in every process",
    ("data/dates/form_counts.py", "lru_cache"): "how many texts each form reads: text alone, the same in every process",
    ("data/dates/date_forms.py", "cache"): "the pattern of a form: text alone, the same in every process",
    ("experiment/versions/stored_model.py", "cache"): "which libraries are installed: the same until the process ends",
    ("models/parallel.py", "ThreadPoolExecutor"): "as many threads as it is told",
    ("models/networks/fitting.py", "ThreadPoolExecutor"): "as many networks side by side as the machine says",
    ("models/classical/statsforecast.py", "Parallel"): "as many processes as the machine has threads",
    ("evaluation/explain/memory_test.py", "ThreadPoolExecutor"): "at most as many threads as the machine has",
    ("evaluation/explain/memory_lesson.py", "ThreadPoolExecutor"): "at most as many threads as the machine has",
}
"""What the rule does not hold for, and why."""


def impurities(tree):
    """Yields what code takes from anywhere but its arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from MODULES & {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            yield from MODULES & {node.module.partition(".")[0]}
            yield from (CACHES | {"environ", "getenv"}) & {each.name for each in node.names}
        elif isinstance(node, ast.Attribute):
            home = getattr(node.value, "id", "")
            yield from {"os.environ"} & {f"{home}.{node.attr}"}
            yield from {node.attr} & CACHES if home == "functools" else ()
        elif isinstance(node, ast.Call):
            yield from impure_call(node)


def impure_call(node):
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if (name in CALLS and "clock" not in ast.unparse(node.func)) or (name == "default_rng" and not node.args):
        yield f"{name}()"
    if name in THREADS:
        yield name


def files_touched(tree):
    """Yields the modules by which code would get at files, and the call that opens one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from FILES & {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            yield from FILES & {node.module.partition(".")[0]}
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open":
            yield "open()"


@functools.cache
def found():
    return {
        (str(path.relative_to(PACKAGE)), what)
        for room in CORE
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for rule in ((impurities, files_touched) if room in WITHOUT_FILES else (impurities,))
        for what in rule(tree_of(path))
    }


def test_core_takes_nothing_that_it_was_not_handed():
    assert found() - set(ALLOWED) == set()


def test_each_exception_is_needed():
    assert set(ALLOWED) - found() == set()


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import time", "time"),
        ("from time import perf_counter", "time"),
        ("import os\nos.environ.get('X')", "os.environ"),
        ("from os import environ", "environ"),
        ("from functools import lru_cache", "lru_cache"),
        ("import functools\n@functools.cache\ndef f(): ...", "cache"),
        ("datetime.now(UTC)", "now()"),
        ("date.today()", "today()"),
        ("key = id(panel)", "id()"),
        ("from weakref import WeakKeyDictionary", "weakref"),
        ("np.random.default_rng()", "default_rng()"),
        ("pool = ThreadPoolExecutor(4)", "ThreadPoolExecutor"),
    ],
)
def test_rule_sees(code, what):
    assert set(impurities(ast.parse(code))) == {what}


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import os.path", "os"),
        ("from pathlib import Path", "pathlib"),
        ("with open('x') as file: pass", "open()"),
    ],
)
def test_rule_sees_files(code, what):
    assert set(files_touched(ast.parse(code))) == {what}


@pytest.mark.parametrize(
    "code", ["now = run.clock.now()", "np.random.default_rng(seed)", "run.cache.get('a', 1, make, 1)"]
)
def test_rule_lets_pass_what_was_handed_in(code):
    assert set(impurities(ast.parse(code))) == set()
