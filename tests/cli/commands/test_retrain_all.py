"""Many models in one command: each as if it were alone, told in its own line, and none stops another."""

import contextlib
import json
import shutil
import signal
import sys
from datetime import UTC, datetime

import pytest

from commands import csv_bytes, run, visits
from forecast import process
from forecast.cli.commands import retrain
from forecast.cli.commands.retrain import RetrainFlags, retrain_job, telling_what_was_done, workers_of
from forecast.decoding import encode
from forecast.errors import Stopped
from forecast.production.store.store import Store
from forecast.run import StoppedClock
from forecast.specs import Deadline
from forecast.workflows.retrain_all import allotted
from runs import QUIET as QUIET_RUN

NAMES = ("bakery", "kiosk", "shop")
DAYS = 60
QUIET = ("--model", "seasonal-naive", "--horizon", "7", "--folds", "1", "--plots", "none", "-q")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder whose three models were trained in ``now``, and a copy of it."""
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "now").mkdir()
    for name in NAMES:
        (folder / "now" / f"{name}.csv").write_bytes(csv_bytes(visits(DAYS)))
        assert run("train", f"{name}.csv", *QUIET, folder=folder / "now").code == 0
    shutil.copytree(folder / "now", folder / "then")
    return folder


def renewed(trained):
    """Returns the place of the models, since these remember where their files are; the files have grown by a week."""
    shutil.rmtree(trained / "now")
    shutil.copytree(trained / "then", trained / "now")
    for name in NAMES:
        (trained / "now" / f"{name}.csv").write_bytes(csv_bytes(visits(DAYS + 7)))
    return trained / "now"


@pytest.fixture
def folder(trained):
    return renewed(trained)


def outcomes(folder):
    return {name: [line["outcome"] for line in Store(folder / ".forecast").model(name).history()] for name in NAMES}


def test_each_model_is_retrained_as_if_alone(folder, trained):
    done = run("retrain", "--all", folder=folder)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(NAMES)
    assert "All       3 models: 3 promoted." in done.err
    together = {name: (folder / "forecasts" / f"{name}.csv").read_text() for name in NAMES}
    renewed(trained)
    for name, line in zip(NAMES, lines, strict=True):
        assert run("retrain", name, folder=folder).out.strip() == line
        assert (folder / "forecasts" / f"{name}.csv").read_text() == together[name]


def test_one_that_fails_stops_no_other_and_is_named_with_its_own_code(folder):
    (folder / "kiosk.csv").write_text("nothing\n")
    marks = 'printf "%s %s\\n" "$FORECAST_NAME" "$FORECAST_EXIT_CODE" >> marks'
    done = run("retrain", "--all", "--json", "--log-file", "log", "--on-failure", marks, folder=folder)
    assert done.code == 6
    answer = json.loads(done.out)
    assert (answer["failed"], answer["postponed"], answer["exit_code"]) == (["kiosk"], [], 6)
    codes = {model["name"]: (model["exit_code"], model["error"] is None) for model in answer["models"]}
    assert codes == {"bakery": (0, True), "kiosk": (5, False), "shop": (0, True)}
    assert {name: runs[-1] for name, runs in outcomes(folder).items()} == {
        "bakery": "promoted",
        "kiosk": "refused",
        "shop": "promoted",
    }
    assert (folder / "marks").read_text() == "kiosk 5\n"
    events = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    assert {event["name"] for event in events} == set(NAMES)
    assert [event["name"] for event in events if event["event"] == "ended"] == list(NAMES)


@pytest.mark.slow
def test_quiet_fleet_says_its_failures_alone(folder):
    (folder / "kiosk.csv").write_text("nothing\n")
    done = run("retrain", "--all", "-q", folder=folder)
    assert (done.code, done.out) == (6, "")
    assert done.err.startswith("error: kiosk: ")
    assert "1 failed: kiosk." in done.err


@pytest.mark.slow
def test_a_bug_in_one_model_is_its_own_failure(folder, monkeypatch):
    from forecast.experiment.retraining import retrain_run

    read = retrain_run.read_alike

    def broken(source, *rest, **more):
        if "kiosk" in str(source):
            raise ZeroDivisionError("of the test")
        return read(source, *rest, **more)

    monkeypatch.setattr(retrain_run, "read_alike", broken)
    answer = run("retrain", "--all", "--json", folder=folder).document
    failed = {model["name"]: model["error"] for model in answer["models"]}["kiosk"]
    assert failed["code"] == 1
    assert "ZeroDivisionError: of the test" in failed["message"]
    assert outcomes(folder)["shop"][-1] == "promoted"


def test_patterns_and_names_choose(folder):
    done = run("retrain", "[bs]*", "--json", folder=folder)
    assert [model["name"] for model in done.document["models"]] == ["bakery", "shop"]
    done = run("retrain", "shop", "kiosk", "--json", folder=folder)
    assert {model["name"]: model["outcome"] for model in done.document["models"]} == {
        "shop": "nothing-new",
        "kiosk": "promoted",
    }


@pytest.mark.slow
def test_workers_make_the_same_as_one_process_and_one_that_fails_stops_no_other(folder, trained):
    told = []
    for words in ((), ("--workers", "2")):
        renewed(trained)
        (folder / "kiosk.csv").write_text("nothing\n")
        more = ("--log-file", "log", "--on-failure", "echo $FORECAST_NAME >> marks")
        done = run("retrain", "--all", "--json", *more, *words, folder=folder)
        models = sorted(done.document["models"], key=lambda model: model["name"])
        made = [(folder / "forecasts" / f"{name}.csv").read_text() for name in ("bakery", "shop")]
        ends = sorted(json.loads(line)["name"] for line in (folder / "log").read_text().splitlines() if "ended" in line)
        for model in models:
            for own in ("seconds", "run", "peak_bytes"):
                model.pop(own, None)
        told.append((done.code, done.document["failed"], models, made, ends, (folder / "marks").read_text()))
    assert told[0] == told[1]
    assert told[1][:2] == (6, ["kiosk"])


@pytest.mark.parametrize(
    ("count", "asked", "device", "has_card", "wanted"),
    [
        (7, None, "auto", False, 1),  # too few to be worth it
        (8, None, "auto", False, 3),
        (8, None, "auto", True, 1),  # whose memory is not shared unasked
        (8, None, "cpu", True, 3),
        (8, 1, "auto", False, 1),
        (2, 2, "auto", True, 2),
    ],
)
def test_many_models_have_as_many_processes_as_cores(count, asked, device, has_card, wanted, monkeypatch):
    monkeypatch.setattr(process, "available_cpus", lambda: 3)
    monkeypatch.setattr(retrain, "has_graphics_card", lambda: has_card)
    assert workers_of(RetrainFlags(workers=asked, device=device), count) == wanted


def test_stop_says_that_some_models_were_done_and_lets_a_truth_of_its_own_stand():
    truths = []
    for ended, own in (((), None), (("shop",), None), (("shop",), "v2 of shop is champion now.")):
        stop = Stopped(signal.SIGTERM)
        stop.truth = own or stop.truth
        with pytest.raises(Stopped), telling_what_was_done(ended, 6):
            raise stop
        truths.append(stop.truth)
    assert truths == [
        "The store is as it was.",
        "1 of 6 models were done: forecast history says what became of each.",
        "v2 of shop is champion now.",
    ]


def test_workers_are_for_several_models(folder):
    done = run("retrain", "shop", "--workers", "2", folder=folder)
    assert (done.code, "--workers is for several models" in done.err) == (2, True)


def test_each_of_several_workers_knows_when_its_time_ends(folder):
    store, clock = Store(folder / ".forecast"), StoppedClock(datetime(2026, 1, 1, tzinfo=UTC))
    times = allotted(NAMES, store, Deadline(60.0, 0.0), clock, 2)
    assert [time["name"] for time in times] == list(NAMES)
    assert {time["ends"] for time in times} == {"2026-01-01T00:01:00+00:00"}
    assert all(40 <= time["share"] <= 120 for time in times)
    assert {time["ends"] for time in allotted(NAMES, store, None, clock, 2)} == {None}


def test_time_that_is_up_before_a_worker_begins_postpones_its_model(folder):
    flags = {**encode(RetrainFlags()), "output": "forecasts"}
    time = {"name": "shop", "ends": "2020-01-01T00:00:00+00:00", "share": 10.0}
    with contextlib.chdir(folder):
        told = retrain_job({"store": str(folder / ".forecast"), "flags": flags, "time": time}, QUIET_RUN)
    assert (told["document"]["postponed"], told["document"]["error"], told["said"]) == (True, None, "")


class Clock:
    """A clock that may be made late."""

    def __init__(self, real):
        self.real, self.late = real, 0.0

    def now(self):
        return self.real.now()

    def seconds(self):
        return self.real.seconds() + self.late


def test_time_that_is_up_stops_one_and_postpones_the_rest_which_are_first_the_next_time(folder, monkeypatch):
    from forecast.experiment.retraining import retuning
    from forecast.process import SystemClock

    clock = Clock(SystemClock())
    inner = retuning.run_challenge

    def slow(reading, champion, folds, recipe, run_):
        if "kiosk" in str(reading.source):
            clock.late += 3600
            run_.reporter.progress("training", 0.5)
        return inner(reading, champion, folds, recipe, run_)

    monkeypatch.setattr(retuning, "run_challenge", slow)
    monkeypatch.setattr("forecast.process.SystemClock", lambda: clock)
    done = run("retrain", "--all", "--time-limit", "30m", "--json", folder=folder)
    answer = done.document
    assert (done.code, answer["failed"], answer["postponed"]) == (6, ["kiosk"], ["shop"])
    assert "its time" in answer["models"][1]["error"]["message"]
    assert outcomes(folder)["kiosk"][-1] == "failed"
    monkeypatch.undo()
    again = run("retrain", "--all", "--json", folder=folder).document
    assert [model["name"] for model in again["models"]] == ["kiosk", "shop", "bakery"]


@pytest.mark.parametrize(
    ("words", "code", "said", "hint"),
    [
        (("--all", "shop"), 2, "--all is every model", "--all alone"),
        (("shop", "kiosk", "shop.csv"), 2, "one file goes with one model", "forecast retrain kiosk shop.csv"),
        (("shp*",), 4, "No model matches 'shp*'", "forecast models list"),
        (("shop", "kiosk", "bakry"), 4, "No model is 'bakry'. Did you mean 'bakery'?", "forecast models list"),
        (
            ("--all", "--future", "next.csv"),
            2,
            "--future says how one file is to be read",
            "forecast retrain NAME DATA",
        ),
        (("--all", "--id", "shop"), 2, "says how one file is to be read", "forecast retrain NAME DATA"),
    ],
)
def test_what_several_models_can_not_share_is_refused(folder, words, code, said, hint):
    done = run("retrain", *words, folder=folder)
    assert (done.code, said in done.err, hint in done.err) == (code, True, True), done.err


def test_all_of_nothing_is_said(tmp_path):
    done = run("retrain", "--all", folder=tmp_path)
    assert (done.code, "There is no trained model" in done.err) == (4, True)


def test_dry_run_says_what_each_would_do_and_records_nothing(folder):
    before = outcomes(folder)
    done = run("retrain", "--all", "-n", folder=folder)
    assert done.code == 0
    assert [line.partition(":")[0] for line in done.out.splitlines()] == list(NAMES)
    assert "3 would be retrained" in done.err
    assert outcomes(folder) == before


def test_nothing_new_anywhere_imports_nothing_heavy(folder):
    run("retrain", "--all", "-q", folder=folder)
    heavy = {"tensorflow", "pandas"} & set(sys.modules)
    assert run("retrain", "--all", folder=folder).out.count("nothing new") == 3
    assert heavy == {"tensorflow", "pandas"} & set(sys.modules)
