"""Numbers of trainings as TensorBoard reads them: one event file a training, a scalar a number.

DIR/lstm/until-2024-11-04/last-season(12)-mean-by-series/seed-0/events.out.tfevents.…
loss, gradient_norm, learning_rate, validation_rmse
"""

import re
from collections.abc import Mapping
from threading import Lock
from typing import Any

from forecast.models.networks.tensorflow import tf
from forecast.run import Clock

VERSION = "brain.Event:2"  # of the format, as the first record says it
STRANGE = re.compile(r"[^\w.+()-]+")


class EventLog:
    """A ``TrainingTracker`` that writes event files below a folder; several threads may add to it.

    Attributes:
        last: the latest value of each number of each training.
    """

    def __init__(self, folder: str, clock: Clock) -> None:
        self._folder, self._clock, self._lock = folder, clock, Lock()
        self._writers: dict[str, Any] = {}
        self.last: dict[str, dict[str, float]] = {}

    def add(self, training: str, step: int, values: Mapping[str, float]) -> None:
        """Writes numbers at a step of a training."""
        event = tf.compat.v1.Event(wall_time=self._clock.now().timestamp(), step=step)
        for name, value in values.items():
            event.summary.value.add(tag=name, simple_value=value)
        with self._lock:
            self._writer(training).write(event.SerializeToString())
            self.last.setdefault(training, {}).update(values)

    def close(self) -> None:
        """Writes what is left and closes all files."""
        with self._lock:
            for writer in self._writers.values():
                writer.close()
            self._writers.clear()

    def _writer(self, training: str) -> Any:
        if training not in self._writers:
            parts = [STRANGE.sub("-", part).strip("-.") or "x" for part in training.split("/")]
            folder, now = "/".join((self._folder, *parts)), self._clock.now().timestamp()
            tf.io.gfile.makedirs(folder)
            writer = tf.io.TFRecordWriter(f"{folder}/events.out.tfevents.{now:.6f}.forecast")
            writer.write(tf.compat.v1.Event(wall_time=now, file_version=VERSION).SerializeToString())
            self._writers[training] = writer
        return self._writers[training]
