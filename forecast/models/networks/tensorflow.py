"""The one place that imports TensorFlow, quietly, and says what it will run on."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from forecast.errors import DependencyError
from forecast.specs import Machine

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
os.environ["KERAS_BACKEND"] = "tensorflow"


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Sends what native code writes to file descriptor 2 to nowhere while the block runs."""
    try:
        saved = os.dup(2)
    except OSError:  # stderr is closed: nothing to silence
        yield
        return
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


with silent_stderr(), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # TensorFlow's own deprecations are not the user's concern
    import keras
    import tensorflow as tf

    GPUS = tuple(tf.config.list_physical_devices("GPU"))
    for gpu in GPUS:  # otherwise TensorFlow takes all of the card's memory at once
        tf.config.experimental.set_memory_growth(gpu, True)


@dataclass(frozen=True)
class GpuReport:
    """Whether a GPU can be used, and why not."""

    names: tuple[str, ...]
    reason: str


def report_gpus() -> GpuReport:
    """Returns the GPUs that TensorFlow sees, or the reason why it sees none."""
    if GPUS:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in GPUS]
        return GpuReport(tuple(str(detail.get("device_name", "GPU")) for detail in details), "")
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return GpuReport((), "this machine has no NVIDIA device (/dev/nvidia0)")
    if not tf.test.is_built_with_cuda():
        return GpuReport((), "the installed TensorFlow is built without CUDA")
    return GpuReport((), "the CUDA libraries are missing: pip install 'tensorflow[and-cuda]'")


def find_machine(asked: Machine) -> Machine:
    """Returns what the networks will train on: the machine, on the device that was asked for.

    On a GPU the loop is compiled without XLA, which would exclude the cuDNN kernels, and networks take turns.

    Raises:
        DependencyError: a GPU was asked for and none can be used; the text says why.
    """
    if asked.device == "gpu" and not GPUS:
        raise DependencyError(f"There is no GPU to train on: {report_gpus().reason}.", "--device cpu, or --device auto")
    if asked.device == "cpu" and GPUS:
        tf.config.set_visible_devices([], "GPU")
    on_gpu = asked.device != "cpu" and bool(GPUS)
    return replace(asked, device="gpu" if on_gpu else "cpu", jit=not on_gpu)


__all__ = ["GpuReport", "find_machine", "keras", "report_gpus", "tf"]
