"""Numbers of trainings, read back from event files with TensorFlow's own reader."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from forecast.models.forecaster import Watcher
from forecast.models.networks.event_log import EventLog
from forecast.models.networks.fitting import RecurrentForecaster
from forecast.models.networks.tensorflow import tf
from forecast.run import ALONE, StoppedClock
from forecast.specs import Machine
from tiny import awkward_panel, tiny_spec

CLOCK = StoppedClock(datetime(2026, 1, 2, tzinfo=UTC))


def read_events(folder):
    """Returns what each event file below a folder holds, by the folders that lead to it."""
    found = {}
    for path in sorted(folder.rglob("events.out.tfevents.*")):
        events = [tf.compat.v1.Event.FromString(raw.numpy()) for raw in tf.data.TFRecordDataset(str(path))]
        assert events[0].file_version == "brain.Event:2"
        assert {event.wall_time for event in events} == {CLOCK.time.timestamp()}
        values = defaultdict(list)
        for event in events[1:]:
            for value in event.summary.value:
                values[value.tag].append((event.step, value.simple_value))
        found[path.parent.relative_to(folder).as_posix()] = dict(values)
    return found


def test_what_is_added_is_read_back(tmp_path):
    log = EventLog(str(tmp_path / "logs"), CLOCK)
    log.add("gru/log last-season(12), mean/../seed 0", 25, {"loss": 0.5, "gradient_norm": 2.0})
    log.add("gru/log last-season(12), mean/../seed 0", 50, {"loss": 0.25})
    log.add("lstm", 25, {"loss": 1.5})
    log.close()
    assert read_events(tmp_path) == {
        "logs/gru/log-last-season(12)-mean/x/seed-0": {"loss": [(25, 0.5), (50, 0.25)], "gradient_norm": [(25, 2.0)]},
        "logs/lstm": {"loss": [(25, 1.5)]},
    }


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """The events of a training that was tracked, its weights, and those of one that was not."""
    folder, panel, spec = tmp_path_factory.mktemp("logs"), awkward_panel(), tiny_spec("gru", steps=30, seeds=(0, 1))
    run = replace(ALONE, machine=Machine(jit=False))
    log, truth = EventLog(str(folder), CLOCK), np.full((len(panel), spec.horizon), 3.0)
    tracked = RecurrentForecaster("gru", spec, replace(run, tracker=log)).fit(panel, Watcher(truth=truth))
    log.close()
    plain = RecurrentForecaster("gru", spec, run).fit(panel, Watcher(truth=truth))
    return read_events(folder), tracked, plain


@pytest.mark.slow
def test_training_is_the_same_with_a_log_and_without(logged):
    _, tracked, plain = logged
    for one, other in zip(tracked.networks, plain.networks, strict=True):
        for name, array in one.weights.items():
            np.testing.assert_allclose(array, other.weights[name], rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.slow
def test_each_network_has_its_curves(logged):
    events, tracked, _ = logged
    assert len(events) == len(tracked.networks)
    for values in events.values():
        assert [step for step, _ in values["loss"]] == [25, 30]
        assert all(np.isfinite(value) and value > 0 for name in ("loss", "gradient_norm") for _, value in values[name])
        warm = min(25 / min(30, 30 / 4 + 1), 1)
        rate = tracked.spec.learning_rate * warm * 0.5 * (1 + np.cos(np.pi * 25 / 30))
        assert values["learning_rate"][0][1] == pytest.approx(rate, rel=1e-5)
        assert values["learning_rate"][1][1] == pytest.approx(0, abs=1e-9)


@pytest.mark.slow
def test_validation_error_is_that_of_the_learning_curve(logged):
    events, tracked, _ = logged
    found = defaultdict(list)
    for values in events.values():
        for step, value in values.get("validation_rmse", ()):
            found[step].append(value)
    assert sorted(found) == tracked.curve.steps.tolist()
    np.testing.assert_allclose([np.mean(found[step]) for step in sorted(found)], tracked.curve.rmse, rtol=1e-5)
