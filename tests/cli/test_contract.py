"""What programs rely on: the keys of every JSON document, and the number that every kind of end exits with.

Keys may be added; one that goes or changes its meaning needs a new ``schema_version``.
"""

import json

import pytest
from jsonschema import ValidationError, validate

from commands import csv_bytes, launch, run, visits
from every_command import PROGRAM
from forecast.cli.output.console import SCHEMA_VERSION
from forecast.cli.packaged import FAILED, schema_names, schema_text
from forecast.errors import DependencyError, ExitCode, TrainingError, exit_code_of
from forecast.production.store.store import Store
from places import ROOT
from untrained import train_nothing

BARE = ("--model", "gru", "--horizon", "7", "--folds", "1", "--seeds", "1", "--plots", "none")
TRAIN = ("train", "visits.csv", *BARE)
COMPARE = ("compare", "visits.csv", "--models", "naive", "--plots", "none")
PANEL = ("predict", "--store", "panels", "--data", "panel")
DATA = "source rows time target id series frequency seasons horizon window kind findings"
ROW = (
    "rank model rmse rmse_std mae mase smape skill coverage_80 params train_seconds predict_ms note "
    "rmse_fold_std rmse_mean_series rmsse p_above p_best same rmse_by_step "
    "wape bias relative_bias wql msis calibration_error coverage_95"
)
CONTEST = {
    "data": DATA,
    "beside": "known past static levels effects calendar country seen idle",
    "folds": "number origin steps series scored",
    "leaderboard": ROW,
    "scored_on": "folds seeds points horizon",
    "verdict": str,
    "files": list,
    "plain_verdict": str,
}
SPEC = (
    "cell window horizon season anchors segment units layers dropout recurrent_dropout views highway rolled loss steps "
    "batch_size learning_rate schedule seeds preset calendar country known past static"
)
REHEARSAL = {"dry_run": bool, "steps": "verb what seconds", "networks": int, "seconds": float, "files": list}
VERSIONS = {"models": "name version champion model created training_end id widened"}
BACKUP = {"models": list, "versions": int, "size_bytes": int, "damaged": list, "files": list}
CHAMPION = {"name": str, "version": str, "champion": bool, "id": str}
FORECAST = "series_id timestamp step forecast lower_80 upper_80 lower_95 upper_95 model version origin"
RETRAIN = {
    **dict.fromkeys(["name", "command", "outcome", "reason", "champion", "trigger", "training_end", "challenged"], str),
    **dict.fromkeys(["challenger", "champion_rmse", "challenger_rmse", "naive_rmse", "scored_on"], None),
    "rows": int,
    "new_rows": int,
    "seconds": float,
    "exit_code": int,
    "widened": None,
    "held": None,
    **dict.fromkeys(["live_skill", "live_rmse", "live_coverage", "live_bias", "live_points"], None),
    **dict.fromkeys(["drift", "run", "peak_bytes", "left_out", "tuned", "tuned_settings"], None),
    "plan": list,
    "notes": list,
    "alarms": list,
    "changed": None,
    "files": list,
}
SIDE = "issued version model origin steps"
RUN = (
    "name time command outcome reason trigger champion challenger champion_rmse challenger_rmse naive_rmse rows "
    "new_rows training_end seconds exit_code widened held live_skill live_rmse live_coverage live_bias live_points "
    "drift run peak_bytes left_out tuned"
)
DOCUMENTS = {
    ("check", "visits.csv"): {
        "data": "source rows time target id series steps frequency first last seasons covariates judged_by hierarchy",
        "plan": "horizon window folds seasons",
        "errors": int, "warnings": int, "notes": int, "findings": list, "files": list,
    },
    TRAIN: {
        "name": str, "version": str, "champion": bool, "model": str,
        "spec": SPEC, "scores": "model rmse skill coverage_80", "mixture": "anchor share",
        "importance": list, "notes": list, **CONTEST,
    },
    (*TRAIN, "--name", "visits"): None,  # once more, for a second version
    COMPARE: CONTEST,
    (*COMPARE, "--by", "weekday"): {**CONTEST, "errors_by": "by model words groups"},
    (*COMPARE, "--dry-run"): REHEARSAL,
    ("tune", "visits.csv", *BARE, "--name", "best", "--trials", "3", "--search", "learning-rate", "--confirm", "1"): {
        "name": str, "data": "source rows fingerprint", "search": "folds confirm horizon until space rung",
        "trials": "trial state error full_error values seconds why", "best": int, "importances": dict,
        "confirmation": None,
        "model": str, "settings": dict, "verdict": str, "files": list,
    },
    ("predict",): {"name": str, "version": str, "model": str, "widened": float, "forecasts": FORECAST, "files": list},
    ("shard", "panel.csv", "panel", "--shards", "2"): {
        "folder": str, "source": str, "ids": list, "time": str, "columns": dict, "hash": str, "modulus": int,
        "rows": int, "series": int, "shards": "file rows series first last size sha256", "files": list,
    },
    ("train", "panel.csv", *BARE, "--store", "panels"): None,  # another store: here, one model needs no name
    (*PANEL, "-o", "out"): {
        "name": str, "version": str, "model": str, "panel": str, "output": str, "where": str, "shards": int,
        "kept": int, "done": int, "failed": list, "series": int, "rows": int, "peak_bytes": int, "notes": list,
        "files": list,
    },
    (*PANEL, "-o", "out", "--dry-run"): {
        "dry_run": bool, "name": str, "version": str, "model": str, "panel": str, "output": str, "where": str,
        "shards": "shard file series is_done where",
    },
    ("retrain", "--dry-run"): RETRAIN,
    ("retrain", "--force"): RETRAIN,
    ("retrain", "--all"): {"models": list, "failed": list, "postponed": list, "exit_code": int},
    ("score",): {
        "name": str, "champion": str, "source": str, "season": int, "issued": int, "come_true": int,
        "scores": list, "drift": list, "notes": list, "files": list,
        "intervals": "level promised held points origins widened next_widened", "recent": None, "age": float,
    },
    ("diff",): {
        "name": str, "target": str, "before": SIDE, "after": SIDE, "sentences": list,
        "total": "manner when series steps before after difference share from_data from_covariates from_weights",
        "since": None, "columns": list, "left_out": "before after", "notes": list,
        "differences": "series_id timestamp step before after difference from_data from_covariates from_weights actual",
        "files": list,
    },
    ("anomalies", "visits"): {
        "name": str, "version": str, "source": str, "kind": str, "rate": float, "first": str, "last": str,
        "series": int, "judged": int, "judged_by_model": int, "by_chance": float, "summary": str, "episodes": list,
        "notes": list, "files": list,
    },
    ("schedule", "visits", "--daily", "03:15"): {"name": str, "kind": str, "cron": str, "line": str},
    ("history",): {"runs": RUN, "files": list},
    ("report",): {"name": str, "version": str, "files": list},
    ("report", "--all"): {"models": list, "unread": list, "files": list},
    ("models", "list"): {"models": f"{VERSIONS['models']} health"},
    ("status",): {
        "ok": bool,
        "models": "name health champion model created age training_end last_run command outcome exit_code next_run "
        "live_skill live_coverage live_points drift rows_behind data_changed versions size_bytes running problems",
    },
    ("models", "show", "visits"): VERSIONS,
    ("models", "rollback", "visits"): CHAMPION,
    ("models", "promote", "visits", "v2"): CHAMPION,
    ("models", "prune", "visits", "--keep", "1"): {
        "name": str, "removed": list, "damaged": list, "dry_run": bool, "issued": int, "freed_bytes": int,
    },
    ("models", "backup", "backup.tar"): BACKUP,
    ("models", "restore", "backup.tar", "--force"): BACKUP,
    ("models", "verify", "--all"): {"ok": bool, "models": "name versions files size_bytes problems"},
    ("models", "prune", "--all", "--keep-issued", "2y"): {"models": list, "dry_run": bool},
    ("explain", "visits", "--plots", "none"): {
        "title": str, "target": str, "series": str, "seasons": list, "lags": int, "notes": list,
        "sentences": "text panel", "cells": dict, "lesson": list, "files": list,
        "summary": "cell networks window lags_50 lags_90 whole_lags_90 half_life median_tau idle_units saturated "
        "spectral_radius parameters predict_ms",
    },
    ("config", "show"): {"file": None, "settings": "setting value origin"},
    ("config", "init"): {"files": list},
    ("config", "schema"): {"schemas": dict},
    ("skill",): {"skill": str},
    ("mcp", "--dry-run"): {
        "root": str, "store": str, "command": str, "args": list, "tools": "name description arguments",
    },
}  # fmt: skip
HEAVY = {  # they need TensorFlow
    ("doctor",): {"ok": bool, "checks": "check status detail hint"},
    ("models", "export", "visits", "champion", "x.keras"): {
        "name": str, "version": str, "model": str, "lookback": int, "horizon": int, "series": list, "files": list,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract")
    (folder / "visits.csv").write_bytes(csv_bytes(visits(100)))
    panel = [(*row, shop) for shop in "abc" for row in visits(100)]
    (folder / "panel.csv").write_bytes(csv_bytes(panel, "day,visits,shop"))
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        yield folder


@pytest.fixture(scope="module")
def documents(folder):
    """Runs every command in turn, each on what the others left behind."""
    return {words: run(*words, "--json", folder=folder) for words in DOCUMENTS}


def check(document, wanted):
    assert document.pop("schema_version") == SCHEMA_VERSION
    assert document.keys() == wanted.keys()
    for key, kind in wanted.items():
        value = document[key]
        if isinstance(kind, str):
            for part in value if isinstance(value, list) else [value]:
                assert set(part) == set(kind.split()), key
        elif kind is not None:
            assert isinstance(value, kind), key


@pytest.mark.parametrize("words", [words for words, wanted in DOCUMENTS.items() if wanted], ids=" ".join)
def test_json_document_has_the_keys_that_programs_rely_on(words, documents):
    done = documents[words]
    assert done.code == 0, done.err
    assert next(iter(done.document)) == "schema_version"
    check(done.document, DOCUMENTS[words])


@pytest.mark.slow
@pytest.mark.parametrize("words", HEAVY, ids=" ".join)
def test_json_document_of_a_heavy_command_too(words, documents, folder):
    done = launch(*words, "--json", folder=folder)  # Keras itself warns
    assert done.code == 0, done.err
    check(done.document, HEAVY[words])


def test_every_command_is_among_them():
    from every_command import COMMANDS  # the walk over all commands

    known = {*DOCUMENTS, *HEAVY}
    assert all(any(words[: len(name)] == name for words in known) for name in COMMANDS)


def strict(schema):
    """The same schema, of which an object may have no key that it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: each if key == "enum" else strict(each) for key, each in schema.items()}
    is_object = isinstance(made.get("properties"), dict) and made.get("type") == "object"
    return {"additionalProperties": False, **made} if is_object else made


def schema_of(words):
    names = schema_names(PROGRAM)
    name = next(name for name in ("-".join(words[:2]), words[0]) if name in names)
    return strict(json.loads(schema_text(name)))


@pytest.mark.parametrize("words", DOCUMENTS, ids=" ".join)
def test_document_is_what_its_schema_says_and_nothing_else(words, documents):
    validate(documents[words].document, schema_of(words))


VARIANTS = [
    ("predict", "visits", "--total", "week"),
    ("predict", "visits", "--paths", "3", "-o", "paths.csv"),
    ("predict", "visits", "--cost", "under=3,over=1"),
    ("predict", "visits", "--quantiles", "0.1,0.5,0.975"),
    ("schedule", "visits", "--daily", "03:15", "--kind", "systemd"),
    ("retrain", "--all", "--dry-run"),
]


@pytest.mark.parametrize("words", VARIANTS, ids=" ".join)
def test_document_of_another_kind_is_what_its_schema_says(words, folder, documents):
    done = run(*words, "--json", folder=folder)
    assert done.code == 0, done.err
    validate(done.document, schema_of(words))


def test_error_is_what_its_schema_says(tmp_path):
    validate({"error": run("predict", "nobody", "--json", folder=tmp_path).error}, schema_of(("error",)))


def test_schema_refuses_what_it_should(documents):
    document = documents[COMPARE].document
    schema = schema_of(COMPARE)
    for path, wrong in (("verdict", None), ("leaderboard", [{}]), ("schema_version", 2), ("stranger", 1)):
        with pytest.raises(ValidationError):
            validate({**document, path: wrong}, schema)


def test_schemas_are_those_of_the_types_and_of_every_command(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from make_schemas import schemas

    wanted = schemas()
    assert {name.removesuffix(".json") for name in wanted} == set(schema_names(PROGRAM))
    for name, text in wanted.items():
        assert schema_text(name.removesuffix(".json")) == text, "run: python docs/make_schemas.py"
    assert FAILED in schema_names(PROGRAM)


def test_schema_of_a_command_is_printed_as_it_is(tmp_path):
    assert run("config", "schema", "models", "list", folder=tmp_path).out == schema_text("models-list")
    done = run("config", "schema", "trian", folder=tmp_path)
    assert done.code == ExitCode.USAGE
    assert done.err.startswith("error: No command 'trian' prints a document. Did you mean 'train'?\nhint:  ")


def test_error_is_one_object_with_four_keys(tmp_path):
    done = run("predict", "nobody", "--json", folder=tmp_path)
    assert list(done.error) == ["code", "message", "hint", "command"]


# Exit codes


def raising(monkeypatch, place, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(f"forecast.workflows.{place}", fail)


ENDS = {
    ExitCode.DONE: ("models", "list"),
    ExitCode.USAGE: ("compare", "visits.csv", "--horizon", "soon"),
    ExitCode.NOT_FOUND: ("predict", "nobody"),
    ExitCode.BAD_DATA: ("check", "empty.csv"),
    ExitCode.QUALITY_GATE: ("check", "gaps.csv", "--strict"),
}
RAISED = {
    ExitCode.BUG: ValueError("a bug"),
    ExitCode.DEPENDENCY: DependencyError("no GPU"),
    ExitCode.TRAINING: TrainingError("NaN"),
    ExitCode.INTERRUPTED: KeyboardInterrupt(),
}
ELSEWHERE = {ExitCode.NOT_PROMOTED, ExitCode.LOCKED, ExitCode.HUNG_UP, ExitCode.TERMINATED}


@pytest.mark.parametrize(("code", "words"), ENDS.items())
def test_end_has_its_exit_code(code, words, tmp_path):
    rows = visits()
    (tmp_path / "visits.csv").write_bytes(csv_bytes(rows))
    (tmp_path / "gaps.csv").write_bytes(csv_bytes(rows[:20] + rows[30:]))
    (tmp_path / "empty.csv").touch()
    assert run(*words, folder=tmp_path).code == code


@pytest.mark.parametrize(("code", "error"), RAISED.items())
def test_error_of_a_workflow_has_its_exit_code(code, error, tmp_path, monkeypatch):
    raising(monkeypatch, "compare.run_experiment", error)
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    assert run(*COMPARE, folder=tmp_path).code == code


class ResourceExhaustedError(RuntimeError):
    """As TensorFlow says it; its tests would wait three seconds for the real one."""


@pytest.mark.parametrize("error", [MemoryError(), ResourceExhaustedError("OOM when allocating tensor")])
def test_want_of_memory_is_a_training_that_failed(error, tmp_path, monkeypatch):
    raising(monkeypatch, "compare.run_experiment", error)
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    done = run(*COMPARE, folder=tmp_path)
    assert done.code == ExitCode.TRAINING
    assert (
        "error: There is not enough memory for this.\nhint:  fewer rows or columns; of networks, smaller --units"
        in done.err
    )
    assert exit_code_of(error) == ExitCode.TRAINING  # what the history of a retrain says


def test_champion_that_stays_is_ten_only_if_asked(folder, documents):
    kept = ("retrain", "--min-gain", "0.99", "--seed")
    assert run(*kept, "5", folder=folder).code == ExitCode.DONE
    assert run(*kept, "6", "--detailed-exitcode", folder=folder).code == ExitCode.NOT_PROMOTED


def test_lock_that_another_run_holds_is_75(folder):
    with Store(folder / ".forecast").model("visits").lock():
        assert run("retrain", "visits", folder=folder).code == ExitCode.LOCKED


def test_every_exit_code_is_among_them():
    assert {*ENDS, *RAISED, *ELSEWHERE} == {*ExitCode}
