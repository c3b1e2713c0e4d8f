"""The fleet at a glance, and its numbers for a monitor."""

import shutil

import pytest

from commands import csv_bytes, run, visits


@pytest.fixture
def folder(shop, tmp_path):
    shutil.copytree(shop.folder, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_status_is_a_line_a_model_and_strict_makes_a_gate_of_it(folder):
    done = run("status", "--format", "table", "--strict", folder=folder)
    assert done.code == 0
    assert done.out.splitlines()[1].split()[:2] == ["visits", "ok"]
    assert done.err.endswith("all well.\n")
    (folder / "visits.csv").write_bytes(csv_bytes(visits(3)))
    assert run("retrain", "visits", "visits.csv", "-q", folder=folder).code == 5
    done = run("status", "--strict", "--json", folder=folder)
    assert (done.code, done.document["ok"], done.document["models"][0]["problems"]) == (7, False, ["refused"])
    assert "1 not well: visits (refused)" in done.err
    assert run("status", "vis*", folder=folder).rows[0]["health"] == "refused"
    listed = run("models", "list", "--json", folder=folder).document["models"]
    assert [row["health"] for row in listed] == ["refused"]


def test_status_of_an_empty_store_is_a_header(tmp_path):
    done = run("status", "--strict", folder=tmp_path)
    assert (done.code, done.out.count("\n"), done.out[:12]) == (0, 1, "name,health,")


def test_metrics_are_written_whole_into_a_folder_that_is_there(folder):
    done = run("retrain", "--all", "-q", "--metrics-file", "forecast.prom", folder=folder)
    assert done.code == 0
    text = (folder / "forecast.prom").read_text()
    assert 'forecast_last_run_outcome{model="visits",outcome="nothing-new"} 1\n' in text
    assert [path.name for path in folder.iterdir() if "prom" in path.name] == ["forecast.prom"]
    (folder / "visits.csv").write_bytes(csv_bytes(visits(3)))
    assert run("retrain", "visits", "visits.csv", "--metrics-file", "forecast.prom", folder=folder).code == 5
    assert 'outcome="refused"} 1\n' in (folder / "forecast.prom").read_text()


@pytest.mark.parametrize("command", ["status", "retrain"])
@pytest.mark.parametrize(
    ("file", "code", "message"),
    [
        ("nosuch/forecast.prom", 4, "There is no folder nosuch"),
        ("forecast.txt", 2, "does not end in .prom"),
        (".forecast.prom/x.prom", 4, "There is no folder .forecast.prom"),
    ],
)
def test_a_place_that_no_monitor_reads_from_is_refused_before_any_work(command, file, code, message, folder):
    done = run(command, "visits", "--metrics-file", file, folder=folder)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--watch",), 2, "--watch is for a person at a terminal"),
        (("vists",), 4, "No model is or matches 'vists'. Did you mean 'visits'?"),
    ],
)
def test_error_has_its_number_and_sentence(words, code, message, folder):
    done = run("status", *words, folder=folder)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
