import os
import sys

import pytest

from forecast.errors import DependencyError, ExitCode
from forecast.models.networks import tensorflow
from forecast.models.networks.tensorflow import find_machine, report_gpus, silent_stderr
from forecast.specs import Machine

NO_GPU = pytest.mark.skipif(bool(tensorflow.GPUS), reason="this machine has a GPU")


@NO_GPU
def test_missing_gpu_is_an_error_that_says_why():
    with pytest.raises(DependencyError, match="There is no GPU to train on: ") as error:
        find_machine(Machine("gpu"))
    assert report_gpus().reason in error.value.message
    assert error.value.hint == "--device cpu, or --device auto"
    assert error.value.exit_code == ExitCode.DEPENDENCY


@NO_GPU
@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_without_a_gpu_networks_train_on_all_cores_with_xla(device):
    machine = find_machine(Machine(device, threads=3))
    assert (machine.device, machine.jit, machine.networks) == ("cpu", True, 3)


@NO_GPU
@pytest.mark.parametrize(
    ("nodes", "cuda", "reason"),
    [
        ([], True, "this machine has no NVIDIA device"),
        (["nvidia0"], False, "the installed TensorFlow is built without CUDA"),
        (["nvidia0"], True, "the CUDA libraries are missing"),
    ],
)
def test_reason_for_no_gpu_is_the_first_that_holds(nodes, cuda, reason, monkeypatch):
    monkeypatch.setattr(tensorflow.Path, "glob", lambda self, pattern: iter(nodes))
    monkeypatch.setattr(tensorflow.tf.test, "is_built_with_cuda", lambda: cuda)
    report = report_gpus()
    assert report.names == ()
    assert report.reason.startswith(reason)


def test_gpu_is_taken_without_xla_and_one_network_at_a_time(monkeypatch):
    monkeypatch.setattr(tensorflow, "GPUS", ("gpu0",))
    for device in ("auto", "gpu"):
        machine = find_machine(Machine(device, threads=3))
        assert (machine.device, machine.jit, machine.networks) == ("gpu", False, 1)


def test_native_chatter_is_swallowed_and_stderr_comes_back(capfd):
    with silent_stderr():
        os.write(2, b"chatter")
    os.write(2, b"news")
    assert capfd.readouterr().err == "news"


def test_stderr_comes_back_after_an_error(capfd):
    with pytest.raises(KeyError), silent_stderr():
        raise KeyError
    sys.stderr.write("news")
    assert capfd.readouterr().err == "news"


def test_closed_stderr_is_nothing_to_silence(monkeypatch):
    def closed(descriptor):
        raise OSError

    monkeypatch.setattr(tensorflow.os, "dup", closed)
    with silent_stderr():
        pass
