"""A job: the name of a function and a small spec for it, as JSON; and what became of it.

Nothing else travels: no arrays, no objects. Who does a job reads what the paths of its spec name, writes what it makes
beside and renames it, and answers with a few numbers; so a job that is done twice leaves what it leaves when done once.

    {"key": "part-00003.parquet", "function": "forecast.experiment.shard_forecast:forecast_shard", "spec": {…}}
"""

import json
import os
import platform
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any, Protocol

import forecast
from forecast.decoding import Document, decode, encode
from forecast.errors import ExitCode, ForecastError, exit_code_of, lacks_memory
from forecast.run import Run


@dataclass(frozen=True)
class JobOrder:
    """Something to do.

    Attributes:
        key: by which it is called, in journals and messages.
        function: ``module:name``; it takes the spec and a ``Run``, and returns what JSON can say.
        spec: for it: paths, versions, numbers.
    """

    key: str
    function: str
    spec: Mapping[str, Any]


@dataclass(frozen=True)
class Program(Document):
    """Which program does a job: two of the same make the same of it, to the last byte.

    Attributes:
        sources: digest of its own files.
    """

    version: str
    sources: str
    python: str
    numpy: str

    def __str__(self) -> str:
        return f"forecast {self.version} ({self.sources[:8]}), Python {self.python}, numpy {self.numpy}"


@dataclass(frozen=True)
class Failure(Document):
    """Why a job was not done.

    Attributes:
        code: the exit code of such an error.
        is_refused: the worker is one of another program, and did not try.
    """

    message: str
    hint: str = ""
    code: int = int(ExitCode.BAD_DATA)
    is_refused: bool = False


@dataclass(frozen=True)
class JobResult(Document):
    """What became of a job.

    Attributes:
        value: what its function returned; None where it failed.
        peak: of the memory of the process that did it, in bytes; 0 where it can't be known.
        worker: who did it, in words.
    """

    key: str
    value: dict[str, Any] | None = None
    failure: Failure | None = None
    peak: int = 0
    worker: str = ""


@dataclass(frozen=True)
class _Travelling(Document):
    """A job as it travels."""

    key: str
    function: str
    spec: dict[str, Any] = field(default_factory=dict)
    program: Program | None = None


class Function(Protocol):
    """What does a job."""

    def __call__(self, spec: Mapping[str, Any], run: Run, /) -> Mapping[str, Any]:
        """Returns what JSON can say."""
        ...


@cache
def this_program() -> Program:
    """Returns which program this process runs."""
    digest, root = sha256(), Path(forecast.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    python = ".".join(platform.python_version_tuple()[:2])
    return Program(forecast.__version__, digest.hexdigest(), python, package_version("numpy"))


def packed(job: JobOrder, program: Program) -> str:
    """Returns a job as one line of JSON; whoever is another program than this will refuse it."""
    return json.dumps(encode(_Travelling(job.key, job.function, dict(job.spec), program)), allow_nan=False)


def unpacked(line: str | bytes) -> JobResult:
    """Returns what became of a job.

    Raises:
        ValueError: the line is no such result.
    """
    return decode(JobResult, json.loads(line))


def perform(line: str | bytes, run: Run, worker: str) -> str:
    """Does a job and returns what became of it, as one line of JSON; it fails only by a signal.

    Products of matrices keep to one thread, so that they are the same to the last bit wherever they are made.

    Args:
        line: the job, see ``packed``.
        run: what to work with.
        worker: who does it, in words.
    """
    order = decode(_Travelling, json.loads(line))
    mine = this_program()
    if order.program is not None and order.program != mine:
        failure: Failure | None = other_program(worker, mine, order.program)
        return _answer(JobResult(order.key, failure=failure, worker=worker))
    value: dict[str, Any] | None = None
    try:
        value, failure = _done(order, run), None
    except Exception as error:  # noqa: BLE001 whatever it is, it is told by name where the job was ordered
        failure = _failure(error)
    return _answer(JobResult(order.key, value, failure, peak_memory(), worker))


def other_program(worker: str, its: Program, mine: Program) -> Failure:
    """Returns that a worker runs another program than the one that orders its work."""
    message = f"{worker} runs {its}, and this is {mine}: their forecasts need not be the same."
    return Failure(message, "install the same program on all workers, and start them anew", 3, is_refused=True)


def one_thread() -> AbstractContextManager[Any]:
    """Returns within which products of matrices keep to one thread."""
    import numpy  # noqa: F401, PLC0415 before the limit, which holds for what is loaded
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def _done(order: _Travelling, run: Run) -> dict[str, Any]:
    module, _, name = order.function.partition(":")
    function: Function = getattr(import_module(module), name)
    with one_thread():
        return dict(function(order.spec, run))


def _failure(error: Exception) -> Failure:
    """Returns why a job was not done, in a sentence."""
    if isinstance(error, ForecastError):
        return Failure(error.message, error.hint, int(error.exit_code))
    if lacks_memory(error):
        hint = "smaller shards: forecast shard DATA DIR --shards with a larger number; or fewer workers"
        return Failure("There is not enough memory for it.", hint, int(exit_code_of(error)))
    return Failure(f"This is a bug in forecast: {type(error).__name__}: {error}", "report it", int(ExitCode.BUG))


def _answer(result: JobResult) -> str:
    try:
        return json.dumps(encode(result), allow_nan=False)
    except (TypeError, ValueError) as error:
        failure = Failure(f"This is a bug in forecast: its answer is no JSON: {error}", "report it", int(ExitCode.BUG))
        return json.dumps(encode(replace(result, value=None, failure=failure)))


def peak_memory() -> int:
    """Returns the most memory that this process took so far, in bytes; 0 where the system does not tell."""
    if os.name != "posix":
        return 0
    with suppress(OSError):  # what the system's own call tells begins with the peak of whoever started this process
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    import resource  # noqa: PLC0415 Windows has none

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else 1024 * peak)
