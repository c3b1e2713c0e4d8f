"""Numbers that shape forecasts name the script that measures them, and the scripts measure what they say."""

import ast
import functools
import gc
import re
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks" / "tuning"
HELPERS = {"study", "held_back", "doubt_sets"}
BY_HAND = {
    "doubt",
    "young_folds",
    "calendar_of_short_series",
    "anomalies",
    "error_slopes",
    "coverage",
    "last_fit",
    "demand_bounds",
    "hierarchy_mixtures",
    "rare_leaves",
    "lone_series",
    "demand_prior",
    "pretrain",
}  # with tables of their own
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in HELPERS | BY_HAND)
NAMED = re.compile(r"benchmarks/(?:tuning/)?\w+\.py")
SHAPING = (
    "models/**/*.py",
    "evaluation/backtest.py",
    "evaluation/drift.py",
    "evaluation/distribution/*.py",
    "evaluation/scales.py",
    "evaluation/splits.py",
    "experiment/final_fit.py",
    "experiment/plan.py",
    "experiment/time_limit.py",
    "production/promotion.py",
    "data/checks/season_evidence.py",
    "data/checks/seasons.py",
    "data/panel.py",
)
"""Where numbers shape forecasts."""
OTHERS = {
    "rounding": "tie negligible rounding same TIE NEGLIGIBLE ROUNDING SAME TINY LEAST HALVINGS NO_ERROR",
    "memory and speed": "block most_cells BLOCK TOGETHER MOST_CELLS MANY_SERIES CHUNK UNROLLED MOST_DIMENSIONS "
    "LARGEST_ITEM KEPT_BASELINES MOST_POINTS MOST_ERRORS MOST_PHASES FEW_STEPS FEW_FOLDS MOST_UNITS SHORTEST MANY "
    "seasons.MOST_STEPS DENSE DENSE_SUMS coherent_paths.KEPT MOST_WORK MOST_STEP MOST_VALUES theta.AT_ONCE "
    "fitting.MOST_FOLDS parallel.PIECE parallel.RUN persistence.FEW persistence.HISTORY persistence.MOST_STEPS "
    "persistence.MOST_VECTORS",
    "places": "NAIVE SMOOTHING PLACES sharded_projection.EVERY",
    "what a person is asked or told": "HORIZONS LEAST_KNOWN LEVELS LONGEST_HORIZON CURVE_POINTS CURVE_SERIES",
    "as papers have them": "ReconciliationSettings.sparse history speed size_speed chance_speed debias slowest fastest",
    "as tutorials teach it": "TUTORIAL_WINDOW TUTORIAL_EPOCHS TUTORIAL_MOST_STEPS",
    "the test of memory, which forecasts nothing": "FEATURES EXAM BEFORE memory_task.BATCH OF_EACH_LAG",
    "seconds": "PROBE LEAST_PROBE DEAR LEAST_START LEAST_CELL TAIL LEARNING ENOUGH MORE_SEEDS MOST_MORE WORTH",
    "what the calendar is": "CYCLES year_days month_days easter",
    "bounds that numbers seldom reach": "largest_log series_floor size_floor floor SHARES MOST_STRETCH MOST_IGNORED "
    "MOST_SHARE MOST_NORM MOST_SCORE LEAST_RATE MOST_RATE MOST_EVENTS WHOLE lift reconciler.CURRENT",
    "a judgement that nobody measured": "reconciler.ReconciliationSettings.firm "
    "reconciler.ReconciliationSettings.recent",
    "as the recipe was": "theta.ThetaSettings.seasons rounds series_share",
    "what a cell or a model is": "RATES RECORD registry.MODELS",
    "the arithmetic of a library, and of numbers": "KERAS TENSORFLOW GOLDEN MULTIPLIERS WEYL keras_draws.ROUNDS "
    "SCRAMBLE LOW HALF SEEDS_OF_A_NETWORK LARGEST_SEED",
    "results of one": "UNKNOWN STILL",
    "where a distribution is kept and scored": "_HALF GRID LADDER DECILES MSIS_LEVEL MOST_LOSS FAR MOST_KEPT FUTURES",
    "steps of a fit that ends at the same place": "ROUNDS DAMPING MOST_ROUNDS ReconciliationSettings.rounds",
    "what is left of a fold of which days are ignored": "MOST_IGNORED",
}
"""Numbers that are none to be tuned, by what they are."""


@pytest.fixture(scope="module")
def tuning(unfrozen):
    sys.path.insert(0, str(FOLDER))
    gc.unfreeze()  # a number is replaced in what was made before the first test, too
    yield import_module
    sys.path.remove(str(FOLDER))
    for name in [*SCRIPTS, *HELPERS, *BY_HAND]:
        sys.modules.pop(name, None)


def constants_of(script):
    return [constant for study in script.STUDIES for constant in study.constants]


@functools.cache
def assignments():
    """Returns path, names and what stands beside each number that is assigned where numbers shape forecasts."""
    return [*found_assignments()]


def found_assignments():
    for pattern in SHAPING:
        for path in sorted((ROOT / "forecast").glob(pattern)):
            lines = path.read_text().split("\n")
            body = ast.parse("\n".join(lines)).body
            for node, after in zip(body, [*body[1:], None], strict=True):
                if isinstance(node, ast.ClassDef):
                    fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and has_number(each.value)]
                    if fields and is_record(node):
                        doc, names = ast.get_docstring(node) or "", [f"{node.name}.{each.target.id}" for each in fields]
                        if NAMED.search(doc):  # one for all
                            yield path, names, doc
                        else:
                            yield from ((path, [n], lines[f.lineno - 1]) for n, f in zip(names, fields, strict=True))
                if isinstance(node, ast.Assign | ast.AnnAssign) and has_number(node.value):
                    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                    names = [each.id for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
                    doc = after.value.value if is_text(after) else ""
                    above = lines[node.lineno - 2] if lines[node.lineno - 2].startswith("#") else ""
                    yield path, names, f"{above}\n{lines[node.lineno - 1]}\n{doc}"


def has_number(value):
    numbers = (int, float)
    found = [] if value is None else [each for each in ast.walk(value) if isinstance(each, ast.Constant)]
    return any(isinstance(each.value, numbers) and not isinstance(each.value, bool) for each in found)


def is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_record(node):
    """Tells whether a class is a list of settings: each of its fields has a number as its default."""
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    plain = [each for each in fields if not isinstance(each.value, ast.Call)]  # others are records of their own
    return all(has_number(each.value) for each in plain) and not any(each.value is None for each in plain)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_measures_constants_that_are_there_and_read_with_values_that_are_others(tuning, name):
    for constant in constants_of(tuning(name)):
        assert not any(np.array_equal(value, constant.today) for value in constant.values), constant.label


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_script_measures_names_a_script_that_does(tuning, name):
    beside = {(path.stem, each): text for path, names, text in assignments() for each in names}
    for constant in constants_of(tuning(name)):
        text = beside[constant.module.rsplit(".", 1)[-1], constant.name]
        named = [Path(script).stem for script in NAMED.findall(text)]
        measured = {each.name for one in named if one in SCRIPTS for each in constants_of(tuning(one))}
        assert constant.name in measured, constant.label


def test_each_number_that_shapes_a_forecast_names_a_script():
    aside = set(" ".join(OTHERS.values()).split())
    found = assignments()
    assert len(found) > 100
    silent = [f"{path.stem}.{each}" for path, names, text in found for each in names if not NAMED.search(text)]
    assert [each for each in silent if not {each, each.rsplit(".", 1)[1]} & aside] == []


def test_scripts_that_the_program_names_are_there_and_name_the_constant():
    for path, names, text in assignments():
        for script in NAMED.findall(text):
            source = (ROOT / script).read_text()
            assert any(each.split(".")[-1] in source for each in names), f"{script} says nothing of {names} in {path}"
    for path in (ROOT / "forecast").rglob("*.py"):
        assert all((ROOT / script).exists() for script in NAMED.findall(path.read_text())), path


def test_the_readme_tells_of_each_script():
    told = (ROOT / "benchmarks" / "README.md").read_text()
    assert [name for name in [*SCRIPTS, *BY_HAND] if f"tuning/{name}.py" not in told] == []


@pytest.mark.parametrize("name", ["NO_SUCH", "WalkRule.no_such"])
def test_a_constant_that_is_no_more_is_refused(tuning, name):
    constant = tuning("study").Constant("forecast.models.classical.random_walk", name, (1.0,))
    with pytest.raises(LookupError, match="any more"):
        _ = constant.today


@pytest.mark.slow
def test_a_constant_that_no_function_reads_is_refused(tuning):
    constant = tuning("study").Constant("forecast.models.classical.random_walk", "RULE", (1.0,))
    with pytest.raises(LookupError, match="No function"):
        _ = constant.today


@pytest.mark.slow
def test_a_value_is_put_wherever_it_was_imported_to_and_taken_back(tuning):
    from forecast.models import views
    from forecast.models.networks import linear_init

    study = tuning("study")
    with study.replaced(study.Constant("forecast.models.views", "CLIP", (0.5,)), 0.5):
        assert (views.CLIP, linear_init.CLIP) == (0.5, 0.5)
    assert (views.CLIP, linear_init.CLIP) == (10.0, 10.0)


@pytest.mark.slow
def test_one_number_of_several_is_replaced_alone(tuning):
    from forecast.models.covariates import effect_fit
    from forecast.models.method_settings import CURRENT

    study = tuning("study")
    kept = study.Constant("forecast.models.classical.seasonality", "SeasonalitySettings.kept", (), item=1)
    with study.replaced(kept, 0.1):
        assert CURRENT.classical.seasonality.kept == (0.9, 0.1)
    with study.replaced(study.Constant(effect_fit.__name__, "LEAST_STEPS", (), item=("month", "easter")), 1):
        assert (effect_fit.LEAST_STEPS["month", "easter"], effect_fit.LEAST_STEPS["month", "length"]) == (1, 48)
    assert (CURRENT.classical.seasonality.kept, effect_fit.LEAST_STEPS["month", "easter"]) == ((0.9, 0.5), 60)


@pytest.mark.slow
def test_a_field_is_replaced_in_new_records_and_in_those_that_functions_have_as_defaults(tuning):
    from forecast.models.classical import random_walk

    study, before = tuning("study"), random_walk.behaves_like_walk.__defaults__[0]
    with study.replaced(study.Constant(random_walk.__name__, "WalkRule.drift", ()), 99.0):
        assert (before.drift, random_walk.RULE.drift, random_walk.WalkRule().drift) == (99.0, 99.0, 99.0)
    assert (before.drift, random_walk.RULE.drift, random_walk.WalkRule().drift) == (2.2, 2.2, 2.2)


@pytest.mark.slow
def test_a_table_ends_with_an_error_where_a_constant_changes_nothing(tuning, monkeypatch, capsys):
    study = tuning("study")
    monkeypatch.setattr(sys, "argv", ["made.py", "--quick"])
    read = study.Constant("forecast.models.classical.theta", "ThetaSettings.theta", (0.0,))
    idle = study.Constant("forecast.models.classical.theta", "ThetaSettings.leads", (1,))

    def errors(case):
        from forecast.models.method_settings import CURRENT

        return case + CURRENT.classical.theta.theta

    with pytest.raises(SystemExit, match=r"no value changes anything of theta\.ThetaSettings\.leads:"):
        study.main("", (study.Study((read, idle), lambda quick: {"one": np.arange(4.0)}, errors),))
    assert "| `theta.ThetaSettings.theta` | 0.5 | 0: -25.00 ±" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([(1.0, 0.1), (0.5, 0.1)], "best"),
        ([(-0.3, 0.2), (0.5, 0.1)], "within noise of the best"),
        ([(-0.05, 0.01), (0.5, 0.1)], "within noise of the best"),
        ([(-0.3, 0.2), (-0.25, 0.1)], "**worse than 1**"),
    ],
)
def test_a_verdict_tells_a_better_value_from_noise(tuning, changes, words):
    study = tuning("study")
    made = [study.Change(value, *change, is_idle=False) for value, change in enumerate(changes)]
    assert study.verdict(made) == words


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT.parent / "shared" / "data").exists(), reason="the panels are not here")
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_measures_errors_with_the_program_of_today(tuning, name):
    for study in tuning(name).STUDIES:
        case = next(iter(study.cases(True).values()))
        errors = study.errors(case[0] if isinstance(case, tuple) else case)
        assert np.isfinite(errors).any()
        assert (errors[np.isfinite(errors)] >= 0).all()
