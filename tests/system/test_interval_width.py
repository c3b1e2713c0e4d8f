"""Issued forecasts that held too little, from one command to the next: retrain, predict, score, history, models."""

import csv
import io
import shutil

import numpy as np
import pytest

from commands import csv_bytes, run, visits
from forecast.production.store.model_store import ModelStore
from forecast.production.store.store import Store
from untrained import train_nothing

DAYS, NEW, HORIZON = 100, 30, 7
BOUNDS = ("lower_80", "upper_80", "lower_95", "upper_95")
RETRAIN = ("retrain", "visits", "--min-new-rows", "9999")
HEAD = "series_id,timestamp,step,forecast,lower_80,upper_80,lower_95,upper_95,model,version,origin"


def issue(models, rows, known):
    """Issues at each of the last nights what misses most truths by little, as the champion."""
    champion, noise = models.champion(), np.random.default_rng(0)
    for origin in range(known - NEW - 1, known - 1):
        lines = [HEAD]
        for step, (day, truth) in enumerate(rows[origin + 1 : origin + 1 + HORIZON], start=1):
            point = truth + 1.8 * noise.normal()
            bounds = ",".join(str(point + side * wide) for wide in (1.28, 1.96) for side in (-1, 1))
            lines.append(f"visits,{day},{step},{point},{bounds},gru,{champion.label},{rows[origin][0]}")
        models.issue("".join(f"{line}\n" for line in lines).encode(), champion, champion.created)


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """A folder with a model, its forecasts of the last thirty days, and the days themselves."""
    folder = tmp_path_factory.mktemp("width")
    rows = visits(DAYS + NEW + HORIZON)
    with pytest.MonkeyPatch.context() as patch:
        train_nothing(patch)
        (folder / "visits.csv").write_bytes(csv_bytes(rows[:DAYS]))
        bare = ("--model", "gru", "--horizon", str(HORIZON), "--folds", "2", "--seeds", "1", "--plots", "none")
        assert run("train", "visits.csv", *bare, folder=folder).code == 0
    (folder / "visits.csv").write_bytes(csv_bytes(rows[: DAYS + NEW]))
    issue(Store(folder / ".forecast").model("visits"), rows, DAYS + NEW)
    return folder


@pytest.fixture
def folder(issued, tmp_path, monkeypatch):
    train_nothing(monkeypatch)
    shutil.copytree(issued, tmp_path, dirs_exist_ok=True)
    return tmp_path


def model(folder):
    return Store(folder / ".forecast").model("visits")


def table(text):
    return [{name: float(row[name]) for name in ("forecast", *BOUNDS)} for row in csv.DictReader(io.StringIO(text))]


def assert_widened(rows, own, factor):
    for row, plain in zip(rows, own, strict=True):
        assert row["forecast"] == plain["forecast"]
        for level in (80, 95):
            width, before = (each[f"upper_{level}"] - each[f"lower_{level}"] for each in (row, plain))
            assert width == pytest.approx(factor * before)


def test_score_says_what_retrain_then_does_and_changes_nothing(folder):
    before = (model(folder).folder / "champion").read_bytes()
    told = run("score", "visits", "--json", folder=folder).document["intervals"]
    assert (told["promised"], told["widened"], told["level"]) == (0.8, 1.0, 80)
    assert told["next_widened"] > 1.3
    assert told["held"] < 0.7
    assert "intervals are from the next retrain on" in run("score", "visits", "--format", "table", folder=folder).out
    assert (model(folder).folder / "champion").read_bytes() == before
    done = run(*RETRAIN, "--json", folder=folder)
    assert done.document["widened"] == told["next_widened"] == model(folder).widening().factor
    assert done.document["held"] == told["held"]
    after = run("score", "visits", "--json", folder=folder).document["intervals"]
    assert after["widened"] == after["next_widened"] == told["next_widened"]
    assert "intervals stay" in " ".join(run("score", "visits", "--format", "table", folder=folder).out.split())


def test_champion_forecasts_wider_and_its_version_as_ever(folder):
    own = run("predict", "visits", folder=folder)
    assert own.err == ""
    run(*RETRAIN, folder=folder)
    factor = model(folder).widening().factor
    wider, plain = run("predict", "visits", folder=folder), run("predict", "--model-version", "v1", folder=folder)
    assert plain.out == own.out
    assert plain.err == ""
    assert_widened(table(wider.out), table(own.out), factor)
    assert f"Intervals are {round(100 * factor - 100)} % wider than v1's own" in wider.err
    assert (folder / "forecasts/visits.csv").read_text() == wider.out
    assert run("predict", "visits", "--json", folder=folder).document["widened"] == factor
    quantiles = run("predict", "visits", "--quantiles", "0.1,0.5,0.9", folder=folder).rows
    assert [float(row["q0.1"]) for row in quantiles] == [row["lower_80"] for row in table(wider.out)]


def test_what_is_kept_says_how_wide_it_was_issued_and_teaches_no_second_widening(folder):
    first = run(*RETRAIN, "--json", folder=folder).document["widened"]
    newest = max((model(folder).folder / "issued").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    rows = list(csv.DictReader(io.StringIO(newest.read_text())))
    assert {row["widened"] for row in rows} == {str(first)}
    assert "widened" not in (folder / "forecasts/visits.csv").read_text()
    (folder / "forecasts/visits.csv").unlink()
    for _ in range(2):
        assert run(*RETRAIN, "--json", folder=folder).document["widened"] == first


def test_history_models_and_the_note_tell_of_it(folder):
    done = run(*RETRAIN, folder=folder)
    factor = model(folder).widening().factor
    words = f"{round(100 * factor - 100)} % wider"
    assert f"Note      visits: Intervals are {words} than v1's own: of the last " in done.err
    assert float(run("history", "visits", folder=folder).rows[-1]["widened"]) == factor
    shown = " ".join(run("history", "visits", "--format", "table", folder=folder).out.split())
    assert f"(--min-new-rows); intervals {words} (their own held " in shown
    assert run("models", "show", "visits", folder=folder).rows[0]["widened"] == str(factor)
    assert run("models", "show", "visits", "--format", "table", folder=folder).out.rstrip().endswith(words)


@pytest.mark.slow
def test_a_challenger_that_takes_over_goes_on_where_the_champion_was(folder):
    done = run("retrain", "visits", "--force", "--json", folder=folder)
    assert (done.document["outcome"], done.document["champion"]) == ("promoted", "v2")
    factor = model(folder).widening().factor
    assert done.document["widened"] == factor > 1.3
    version = model(folder).champion()
    kept = version.read("forecast.csv").decode()
    assert {row["widened"] for row in csv.DictReader(io.StringIO(kept))} == {str(factor)}
    own = table(run("predict", "--model-version", "v2", folder=folder).out)
    assert_widened(table(kept), own, factor)
    assert table((folder / "forecasts/visits.csv").read_text()) == table(kept)
    assert table(run("predict", "visits", folder=folder).out) == table(kept)


def test_a_version_put_in_use_by_hand_has_its_own_intervals(folder):
    run("retrain", "visits", "--force", folder=folder)
    assert model(folder).widening().factor > 1.3
    run("models", "rollback", "visits", folder=folder)
    assert model(folder).widening().factor == 1.0
    assert run("predict", "visits", folder=folder).out == run("predict", "--model-version", "v1", folder=folder).out


def test_a_dry_run_says_how_wide_and_changes_nothing(folder):
    before = (model(folder).folder / "champion").read_bytes()
    assert run(*RETRAIN, "--dry-run", "--json", folder=folder).document["widened"] > 1.3
    assert (model(folder).folder / "champion").read_bytes() == before


def test_a_run_that_is_killed_before_its_line_leaves_a_store_that_goes_on(folder, monkeypatch):
    lines = len(model(folder).history())
    with monkeypatch.context() as patch:
        patch.setattr(ModelStore, "record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        run(*RETRAIN, folder=folder)
    factor = model(folder).widening().factor
    assert factor > 1.3
    assert len(model(folder).history()) == lines
    assert table(run("predict", "visits", folder=folder).out) == table((folder / "forecasts/visits.csv").read_text())
    assert run(*RETRAIN, "--json", folder=folder).document["widened"] == factor
    assert model(folder).history()[-1]["widened"] == factor


def test_where_issued_forecasts_can_not_be_read_intervals_stay_as_they_were(folder):
    run(*RETRAIN, folder=folder)
    factor = model(folder).widening().factor
    shutil.rmtree(model(folder).folder / "issued")
    (model(folder).folder / "issued").write_bytes(b"")
    told = run(*RETRAIN, "--dry-run", "--json", folder=folder).document
    assert told["widened"] == factor
    assert any("So intervals are as wide as before." in note for note in told["notes"])
