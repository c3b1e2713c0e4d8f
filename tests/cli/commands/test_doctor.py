import json
import shutil

import pytest

from commands import launch, run
from forecast.production.store.store import Store
from forecast.workflows import doctor


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    return run("doctor", "--json", folder=tmp_path_factory.mktemp("doctor"))


@pytest.mark.slow
def test_json_is_pinned(checked):
    assert checked.code == 0
    document = checked.document
    assert list(document) == ["schema_version", "ok", "checks"]
    assert (document["schema_version"], document["ok"]) == (1, True)
    assert {tuple(check) for check in document["checks"]} == {("check", "status", "detail", "hint")}
    assert {check["status"] for check in document["checks"]} <= {"ok", "note"}


@pytest.mark.slow
def test_versions_threads_gpu_store_and_a_training_step_are_looked_at(checked):
    checks = {check["check"]: check["detail"] for check in checked.document["checks"]}
    machine = {"store", "versions", "disk", "memory", "clock", "permissions", "schedule"}
    assert set(checks) == {"forecast", "python", *doctor.PACKAGES, *machine, "threads", "gpu", "training"}
    assert "CPU threads" in checks["threads"]
    assert "one step on the" in checks["training"]
    assert checks["store"].endswith("can be written")


@pytest.mark.slow
def test_nothing_but_the_result_is_said(checked, tmp_path):
    done = launch("doctor", "--json", folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert [check["check"] for check in done.document["checks"]] == [c["check"] for c in checked.document["checks"]]


@pytest.mark.parametrize(
    ("look", "broken", "status", "detail", "hint"),
    [
        ("_versions", None, "ok", "1 version of 1 model can be read", ""),
        ("_versions", "manifest", "failed", "can't be read: visits ", "forecast models verify --all"),
        ("_permissions", None, "ok", "'s alone", ""),
        ("_permissions", "open", "note", "anybody may write into the store", "chmod -R o-w"),
        ("_schedule", None, "note", "nothing retrains 1 model: visits", "forecast schedule --all"),
        ("_disk", None, None, "free for the store, which takes ", ""),
    ],
)
@pytest.mark.usefixtures("tab")
def test_what_stands_in_the_way_of_a_fleet_is_said(shop, tmp_path, look, broken, status, detail, hint):
    shutil.copytree(shop.folder / ".forecast", tmp_path / "store")
    if broken == "manifest":
        next((tmp_path / "store").rglob("manifest.json")).write_text("{}")
    if broken == "open":
        (tmp_path / "store").chmod(0o777)
    found = getattr(doctor, look)(Store(tmp_path / "store"))
    assert found.status == (status or found.status)
    assert detail in found.detail
    assert hint in found.hint


def test_a_timetable_of_all_is_one_of_each(shop, tab):
    run("schedule", "--all", "--daily", "03:15", "--install", "--yes", folder=shop.folder)
    assert doctor._schedule(Store(shop.folder / ".forecast")).detail == "all 1 model are retrained by cron or systemd"


def test_store_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("numpy",))
    assert run("doctor", folder=tmp_path).code == 0
    assert list(tmp_path.iterdir()) == []


def test_csv_and_table_hold_the_same_checks(tmp_path):
    csv = run("doctor", "--format", "csv", folder=tmp_path)
    assert csv.header == "check,status,detail,hint"
    table = run("doctor", "--format", "table", folder=tmp_path, COLUMNS="50").out
    assert [line.split()[0] for line in table.splitlines() if line[2] != " "] == [row["check"] for row in csv.rows]
    assert max(map(len, table.splitlines())) <= 50


def test_package_that_is_missing_exits_3_with_its_hint(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    done = run("doctor", "--json", folder=tmp_path)
    assert done.code == 3
    assert done.document["ok"] is False
    failed = next(check for check in done.document["checks"] if check["status"] == "failed")
    assert failed == {
        "check": "no-such-package",
        "status": "failed",
        "detail": "not installed",
        "hint": "pip install no-such-package",
    }


def test_store_that_can_not_be_written_exits_3(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("doctor", "--store", "file/store", folder=tmp_path)
    assert done.code == 3
    store = next(row for row in done.rows if row["check"] == "store")
    assert store["status"] == "failed"
    assert "file/store" in store["detail"]


def test_tensorflow_that_can_not_be_imported_is_a_finding(tmp_path, monkeypatch):
    def broken(_run):
        raise ImportError("libcudnn.so: cannot open shared object file")

    monkeypatch.setattr(doctor, "_training_step", broken)
    done = run("doctor", folder=tmp_path)
    assert done.code == 3
    assert "libcudnn" in next(row for row in done.rows if row["check"] == "training")["detail"]


def test_unknown_option_is_usage(tmp_path):
    done = run("doctor", "--ping", "--json", folder=tmp_path)
    assert done.code == 2
    assert json.loads(done.err)["error"]["hint"] == "forecast doctor --help"
