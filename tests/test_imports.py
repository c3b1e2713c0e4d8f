"""What each command costs to import, and that imports go one way through the rooms of the house."""

import ast
import functools
import shutil
import subprocess
import sys

import pytest

from imported import first_importers, imported_by
from marks import slow_but
from places import PACKAGE, ROOT
from sources import sources, tree_of

ROOMS = (
    "cli",
    "api",
    "workflows",
    "experiment",
    "execution",
    "report",
    "production",
    "evaluation",
    "models",
    "data",
)  # top first
FOUNDATION = (
    "addresses",
    "errors",
    "interval_levels",
    "metric_records",
    "name_lists",
    "records",
    "specs",
    "widening",
    "decoding",
    "probabilities",
    "durations",
    "wording",
    "run",
)  # all may use them
PROCESS = "process"  # the faces alone may use it
LISTS = {"forecast.models.networks.cells"}  # of records, whose names cost no import
FILE_ROOMS = ("data", "production", "execution", "experiment", "workflows")
FILE_MODULES = {"cli/options/config_file.py"}  # it finds and opens forecast.toml
FILE_CALLS = {
    *("open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "touch"),
    *("unlink", "rename", "rmdir", "iterdir", "glob", "rglob"),
}


@functools.cache
def imports_of(path):
    """Returns line, name and whether it is at import time, of each import but those for type checkers."""

    def visit(node, is_late):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, is_late) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} is a relative import"
            yield node.lineno, node.module, is_late
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, is_late or is_function)

    return tuple(visit(tree_of(path), is_late=False))


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_light_commands_import_nothing_but_typer(shop, tmp_path):
    light = [("--version",), ("models", "list", "--store", "nowhere"), ("config", "show"), ("config", "init")]
    light += [("skill",), ("config", "schema"), ("config", "schema", "train"), ("mcp", "--dry-run")]
    light += [("models", "list"), ("models", "show", "visits"), ("history",)]  # of a full store
    light += [("schedule", "visits", "--daily", "3:15", "-q"), ("models", "prune", "visits", "--keep", "1", "-n", "-q")]
    shutil.copytree(shop.folder, tmp_path / "shop")
    assert first_importers(*light, folder=tmp_path / "shop") == {}


def test_help_imports_nothing_but_typer_and_rich():
    assert imported_by("train", "--help") == {"rich"}


def test_check_predict_score_and_anomalies_need_neither_tensorflow_nor_pandas(shop):
    predict = ("predict", "visits", "--format")
    commands = [(*predict, "csv"), (*predict, "json"), ("score", "visits"), ("anomalies", "visits")]
    commands += [("check", "visits.csv"), ("anomalies", "visits.csv")]
    found = first_importers(*commands, folder=shop.folder)
    assert found.keys() == {"numpy", "pyarrow", "scipy"}
    assert found["scipy"] == "check visits.csv"


@pytest.mark.slow
def test_report_of_a_version_needs_no_tensorflow(shop, tmp_path):
    words = ("report", "visits", "-o", str(tmp_path / "page.html"))
    assert imported_by(*words, folder=shop.folder) & {"tensorflow", "keras", "pandas", "sklearn"} == set()


@pytest.mark.slow
def test_compare_of_baselines_needs_no_network_but_its_regressions(shop):
    used = imported_by("compare", "visits.csv", "--models", "naive", "--plots", "none", folder=shop.folder)
    assert "tensorflow" not in used
    assert "matplotlib" not in used


CONTRACTS = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], tuple(sys.argv[2:])))"
)


def contracts_of(folder, *contracts):
    """Returns the exit code and the words of import-linter on the package in a folder, by this project's contracts."""
    words = [sys.executable, "-c", CONTRACTS, str(ROOT / "pyproject.toml"), *contracts]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, check=False)
    return done.returncode, done.stdout + done.stderr


def test_contracts_of_the_rooms_hold():
    code, words = contracts_of(ROOT)
    assert code == 0, words


FAULTS = {
    "an import up": ("rooms", "data/panel.py", "from forecast.models import forecaster"),
    "an import up in a function": ("rooms", "models/views.py", "def see():\n    from forecast.workflows import train"),
    "two faces that know each other": ("rooms", "api/verbs.py", "from forecast.cli import app"),
    "a clock that was not handed in": ("rooms", "models/views.py", "from forecast.process import SystemClock"),
    "a room that nobody placed": ("rooms", "attic/__init__.py", ""),
    "a circle for types": (
        "circles",
        "data/panel.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from forecast.data.reading import reader",
    ),
    "matplotlib in a page": ("matplotlib", "report/html/page.py", "import matplotlib.ticker"),
    "TensorFlow by a second door": ("tensorflow", "models/networks/training.py", "def fit():\n    import tensorflow"),
}


@pytest.fixture
def model_house(tmp_path):
    """A package of our rooms, nearly empty, that keeps the contracts."""
    house = {"": ("__main__", PROCESS, *FOUNDATION), **dict.fromkeys(ROOMS, ()), "api": ("verbs",), "cli": ("app",)}
    house |= {"data": ("panel",), "data/reading": ("reader",), "models": ("forecaster", "views")}
    house |= {"models/networks": ("training", "tensorflow"), "workflows": ("train",)}
    house |= {"report/html": ("page",), "report/explain": (), "report/figures": ("figure",)}
    for room, modules in house.items():
        (tmp_path / "forecast" / room).mkdir(parents=True, exist_ok=True)
        for module in ("__init__", *modules):
            (tmp_path / "forecast" / room / f"{module}.py").write_text("")
    (tmp_path / "forecast/__init__.py").write_text("from forecast.api import verbs")
    (tmp_path / "forecast/report/figures/figure.py").write_text("import matplotlib")
    (tmp_path / "forecast/models/networks/tensorflow.py").write_text("import keras, tensorflow")
    (tmp_path / "forecast/data/reading/reader.py").write_text("from forecast.data import panel")
    return tmp_path


def test_contracts_hold_in_the_model_house(model_house):
    code, words = contracts_of(model_house, *{contract for contract, _, _ in FAULTS.values()})
    assert code == 0, words


@pytest.mark.parametrize("fault", slow_but(["an import up", "a circle for types"], FAULTS))
def test_contracts_refuse(fault, model_house):
    contract, path, source = FAULTS[fault]
    (model_house / "forecast" / path).parent.mkdir(exist_ok=True)
    (model_house / "forecast" / path).write_text(source)
    code, words = contracts_of(model_house, contract)
    assert code == 1
    assert "BROKEN" in words


def test_foundation_and_store_need_the_standard_library_only():
    allowed = {*sys.stdlib_module_names, "forecast"}
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for path in sources()
        if room_of(path) in {*FOUNDATION, "production"}
        for line, name, _ in imports_of(path)
        if name.partition(".")[0] not in allowed
    ]
    assert not wrong


def test_command_line_imports_its_workflows_late():
    early = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for path in sources()
        if room_of(path) == "cli"
        for line, name, is_late in imports_of(path)
        if name not in LISTS
        if not is_late and name.startswith("forecast.") and name.split(".")[1] not in {"cli", PROCESS, *FOUNDATION}
        if path.name != "config_file.py"  # forecast.toml and the store are found with the standard library alone
    ]
    assert not early


def test_only_five_rooms_and_the_settings_touch_files():
    """The null device is no file, nor is what the kernel says of its graphics cards; a data frame renames columns."""
    wrong = []
    for path in sources():
        if room_of(path) in FILE_ROOMS or str(path.relative_to(PACKAGE)) in FILE_MODULES:
            continue
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name not in FILE_CALLS:
                continue
            text = ast.unparse(node)
            if "devnull" not in text and "'/dev'" not in text and "frame" not in text:
                wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {text}")
    assert not wrong
