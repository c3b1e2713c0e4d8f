"""Networks of a comparison trained by workers: the same numbers, and what can't be done there is said."""

import pytest

from commands import csv_bytes, run, visits
from forecast.errors import ExitCode, error_of

TIMES = ("train_seconds", "predict_ms")
FAST = ("--preset", "fast", "--steps", "4", "--seeds", "1", "--folds", "1", "--plots", "none", "--json")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "visits.csv").write_bytes(csv_bytes(visits(90)))
    return tmp_path


def without_times(document):
    rows = [{key: value for key, value in row.items() if key not in TIMES} for row in document["leaderboard"]]
    return {**document, "leaderboard": rows}


@pytest.mark.slow
def test_two_workers_find_what_one_process_finds(folder):
    words = ("compare", "visits.csv", "--models", "rnn,ensemble", *FAST)
    alone, several = run(*words, folder=folder), run(*words, "--workers", "2", folder=folder)
    assert alone.code == several.code == 0
    assert without_times(alone.document) == without_times(several.document)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--alone",), "--alone is about trainings in one process"),
        (("--ablate", "--known", "day"), "--ablate is about trainings in one process"),
        (("--log-dir", "logs"), "--log-dir is about trainings in one process"),
        (("--time-limit", "1h"), "can't be used with --time-limit"),
        (("--match", "seconds"), "can't be used with --time-limit or --match seconds"),
    ],
)
def test_what_needs_one_process_is_refused(flags, message, folder):
    found = run("compare", "visits.csv", "--workers", "2", *flags, folder=folder)
    assert found.code == ExitCode.USAGE
    assert message in " ".join(found.err.split())


@pytest.mark.parametrize(
    ("flags", "message"), [(("--log-dir", "logs"), "in one process"), (("--time-limit", "1h"), "depend")]
)
def test_a_train_refuses_it_likewise(flags, message, folder):
    found = run("train", "visits.csv", "--workers", "2", *flags, folder=folder)
    assert found.code == ExitCode.USAGE
    assert message in " ".join(found.err.split())


@pytest.mark.slow
def test_a_version_trained_with_workers_is_that_of_one_process(folder):
    words = ("train", "visits.csv", "--model", "rnn", *FAST)
    for name, workers in (("alone", "1"), ("several", "2")):
        assert run(*words, "--name", name, "--workers", workers, folder=folder).code == 0
    alone, several = (run("predict", name, "--format", "csv", folder=folder) for name in ("alone", "several"))
    assert alone.code == 0
    assert alone.out == several.out


def test_standard_input_and_a_database_can_t_be_read_by_several(folder):
    found = run("compare", "-", "--workers", "2", folder=folder, stdin=csv_bytes(visits(90)))
    assert found.code == ExitCode.USAGE
    assert "standard input is read once" in " ".join(found.err.split())
    found = run("compare", "sqlite:///shop.db", "--workers", "2", folder=folder)
    assert found.code == ExitCode.USAGE
    assert "each would ask sqlite:///shop.db for all of it" in " ".join(found.err.split())


@pytest.mark.parametrize("code", [code for code in ExitCode if 2 <= code <= 6 or code == 75])
def test_an_error_that_a_worker_told_ends_the_command_as_it_would_have_ended_there(code):
    assert error_of(code, "no room", "--units 4").exit_code == code
