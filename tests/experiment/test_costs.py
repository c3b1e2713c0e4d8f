import functools

import numpy as np
import pytest

from forecast.cli import main
from forecast.data.files.free_memory import VARIABLE
from forecast.data.panel import panel_from_series
from forecast.errors import ExitCode, TrainingError, UsageError, exit_code_of, lacks_memory, lacks_threads
from forecast.experiment.costs import Task, _lessened, check_memory, memory_needed, time_text, training_seconds
from forecast.experiment.experiment import count_windows
from forecast.experiment.plan import make_plan
from forecast.experiment.stored_forecast import MOST_REPEATS, _check_reach
from forecast.models.networks.presets import make_spec
from forecast.specs import Overrides, Settings

GB = 1 << 30


@pytest.fixture(autouse=True)
def eight_gigabytes(monkeypatch):
    monkeypatch.setenv(VARIABLE, "8GB")


@functools.cache
def planned(steps=60_000, cell="lstm", series=1, **asked):
    given = Settings(overrides=Overrides(**{k: asked.pop(k) for k in ("units", "layers") if k in asked}), **asked)
    wave = 100 + np.sin(np.arange(steps) * 2 * np.pi / 24)
    panel = panel_from_series([wave] * series, "h")
    plan = make_plan(panel, given)
    windows = count_windows(panel, plan)
    return Task.of(panel, plan, windows, threads=2), {cell: make_spec(cell, plan, given, windows)}


def test_what_is_usual_fits():
    task, specs = planned()
    check_memory(task, specs)
    assert memory_needed(task, specs) < 3 * GB
    assert time_text(training_seconds(task, specs)) == ""


@pytest.mark.parametrize(
    ("asked", "flag"),
    [
        ({"horizon": 10_000}, "--horizon"),
        ({"window": 9_000}, "--window"),
        ({"units": 10_000}, "--units"),
        ({"layers": 50, "units": 2_000}, "--units"),
    ],
)
@pytest.mark.slow
def test_what_could_never_be_held_is_refused_with_a_value_that_fits(asked, flag):
    task, specs = planned(**asked)
    with pytest.raises(TrainingError, match=r"would take about [\d.]+ GB of memory, and 8.0 GB is free") as refused:
        check_memory(task, specs)
    word, value = refused.value.hint.split(";")[0].split()
    assert word == flag
    name = flag.removeprefix("--")
    lessened = {cell: _lessened(spec, name, int(value)) for cell, spec in specs.items()}
    check_memory(task, lessened)


def test_more_memory_is_heeded(monkeypatch):
    task, specs = planned(horizon=10_000)
    monkeypatch.setenv(VARIABLE, "32GB")
    check_memory(task, specs)


def test_where_not_even_the_libraries_fit_no_setting_is_blamed(monkeypatch):
    monkeypatch.setenv(VARIABLE, "100MB")
    with pytest.raises(TrainingError, match="100 MB is free") as refused:
        check_memory(*planned())
    assert "ulimit" in refused.value.hint
    assert "--" not in refused.value.hint


@pytest.mark.slow
def test_memory_grows_with_each_setting_that_takes_it():
    least = memory_needed(*planned())
    for more in ({"horizon": 2_000}, {"window": 3_000}, {"units": 4_000}, {"series": 40}):
        assert memory_needed(*planned(**more)) > 1.2 * least, more


@pytest.mark.parametrize("asked", [{"layers": 100}, {"units": 4_000}])
def test_what_takes_hours_is_said(asked):
    assert "hour" in time_text(training_seconds(*planned(**asked)))


def test_hints_for_absurd_values_are_no_absurd_ones():
    with pytest.raises(UsageError) as refused:
        planned(horizon=50_000)
    assert refused.value.hint.startswith("--horizon 400 (at most ")
    with pytest.raises(UsageError) as refused:
        planned(window=600_000)
    assert refused.value.hint.startswith("--window 400 (at most ")


def test_a_forecast_repeated_for_ever_is_refused(monkeypatch):
    _check_reach(12, 1, 12 * MOST_REPEATS)
    with pytest.raises(UsageError, match="--horizon 100000 is 8,333 times the 12 steps") as refused:
        _check_reach(12, 1, 100_000)
    assert "--horizon 12000 or less" in refused.value.hint
    with pytest.raises(UsageError, match=r"need .* of memory, and 8.0 GB is free"):
        _check_reach(100, 10_000, 100_000)
    _check_reach(100_000, 10_000, 100_000)  # what it was trained for was paid for


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ImportError("libtensorflow.so: failed to map segment from shared object"), ExitCode.TRAINING),
        (OSError(12, "Cannot allocate memory"), ExitCode.TRAINING),
        (MemoryError(), ExitCode.TRAINING),
        (RuntimeError("can't start new thread"), ExitCode.DEPENDENCY),
        (BlockingIOError(11, "Resource temporarily unavailable"), ExitCode.DEPENDENCY),
        (ImportError("No module named x"), ExitCode.BUG),
        (RuntimeError("dictionary changed size"), ExitCode.BUG),
        (KeyError("out of memory"), ExitCode.BUG),
    ],
)
def test_too_little_of_the_machine_is_no_bug(error, code):
    assert exit_code_of(error) == code
    assert lacks_memory(error) == (code == ExitCode.TRAINING)
    assert lacks_threads(error) == (code == ExitCode.DEPENDENCY)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ImportError("failed to map segment"), ExitCode.TRAINING, "There is not enough memory"),
        (RuntimeError("can't start new thread"), ExitCode.DEPENDENCY, "allows this user no more threads"),
    ],
)
def test_commands_say_what_the_machine_lacks(tmp_path, monkeypatch, capsys, error, code, words):
    def fail(*_):
        raise error

    (tmp_path / "x.csv").write_text("date,v\n2024-01-01,1\n")
    monkeypatch.setattr("forecast.data.files.source.take", fail)
    monkeypatch.setattr("forecast.data.files.source._stored", fail)
    with pytest.raises(SystemExit) as ended:
        main(["check", str(tmp_path / "x.csv")])
    assert ended.value.code == code
    assert words in capsys.readouterr().err
