"""A dry run says what the run then does, and does nothing itself."""

import pytest

from commands import QUICK, csv_bytes, run, visits
from forecast.models.networks.time_budget import Pace
from marks import slow_but
from untrained import train_nothing

NAIVE = ("compare", "visits.csv", "--models", "naive")
TRAIN = ("train", "visits.csv", "--model", "gru", *QUICK)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits()))
    return tmp_path


@pytest.fixture
def paced(monkeypatch):
    """Nothing is trained, and every network is said to take a second and each step a hundredth."""
    train_nothing(monkeypatch)

    def measure(specs, *_):
        return dict.fromkeys(specs, Pace(fit=0.0, network=1.0, step=0.01, forecast=0.0))

    monkeypatch.setattr("forecast.workflows.dry_run.measure_paces", measure)
    monkeypatch.setattr("forecast.workflows.dry_run._compile", lambda *_: 0.0)


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


QUICKEST = [(*NAIVE, "--plots", "none"), (*TRAIN, "--plots", "svg")]


@pytest.mark.slow
@pytest.mark.parametrize("words", slow_but(QUICKEST, [NAIVE, *QUICKEST, TRAIN]))
def test_dry_run_writes_nothing_and_names_the_files_of_the_run(words, folder, paced):
    before = files_of(folder)
    planned = run(*words, "--dry-run", "--json", folder=folder)
    assert planned.code == 0, planned.err
    assert sorted(folder.iterdir()) == [folder / "visits.csv"]
    assert files_of(folder) == before
    done = run(*words, "--json", folder=folder).document
    files = {name for name in planned.document["files"] if not name.startswith(".forecast")}
    assert files == set(done["files"])


def test_next_version_is_named(folder, paced):
    assert run(*TRAIN, "-n", "--json", folder=folder).document["files"][0] == (
        ".forecast/models/visits: v1, the new champion"
    )
    assert run(*TRAIN, "--plots", "none", folder=folder).code == 0
    assert "v2" in run(*TRAIN, "-n", "--json", folder=folder).document["files"][0]


def test_seconds_are_networks_times_steps_times_views_seeds_and_folds(folder, paced):
    def seconds(*more):
        done = run(*TRAIN, "--folds", "2", "--steps", "50", "--seeds", "3", "-n", "--json", *more, folder=folder)
        steps = [step for step in done.document["steps"] if step["verb"] == "train"]
        return done.document["networks"], [step["seconds"] for step in steps]

    networks, (backtest, last) = seconds()
    views = networks // (3 * 4)  # 3 seeds; an unscored fold, two scored ones and the last fit
    assert networks == views * 3 * 4
    assert backtest == pytest.approx(views * 3 * 3 * (1 + 50 * 0.01))
    assert last == pytest.approx(views * 3 * (1 + 50 * 0.01))


def test_table_fits_eighty_columns_and_ends_with_the_total(folder, paced):
    done = run(*TRAIN, "-n", "--format", "table", folder=folder, COLUMNS="80")
    assert max(map(len, done.out.splitlines())) <= 80
    assert "networks, about" in done.out.splitlines()[-1]
    assert [line.split()[0] for line in done.out.splitlines()[:2]] == ["read", "start"]


def test_csv_has_a_row_a_step(folder):
    done = run(*NAIVE, "-n", folder=folder)
    assert done.header == "verb,what,seconds"
    assert {row["verb"] for row in done.rows} == {"read", "start", "score", "finish", "write"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("compare", "visits.csv", "--models", "lstn"), 2),
        (("train", "visits.csv", "--model", "lstn"), 2),
        (("train", "nowhere.csv"), 4),
        (("compare", "visits.csv", "--models", "naive", "--horizon", "50"), 2),
        (("train", "visits.csv", "--out-dir", "visits.csv/x"), 2),
    ],
)
def test_what_would_fail_fails_at_once(words, code, folder):
    assert run(*words, "-n", folder=folder).code == code
    assert sorted(folder.iterdir()) == [folder / "visits.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("limit", [(), ("--time-limit", "40s")])
def test_dry_run_of_a_real_training_names_its_files(limit, folder):
    words = ("compare", "visits.csv", "--models", "linear,gru", *limit)
    planned = run(*words, "--dry-run", "--json", folder=folder).document
    done = run(*words, "--json", folder=folder).document
    assert sorted(planned["files"]) == sorted(done["files"]) == files_of(folder)[:-1]
