"""Every way a command can end badly, as one tree of exceptions and one table of exit codes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from enum import IntEnum
from signal import Signals

LONGEST, LONGEST_HINT = 500, 2_000
"""Signs of a message, and of a hint: one that quotes a file of one line would be as long as the file; but a hint may
hold a command that is to be copied whole."""
STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: what terminals obey
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # other ways, or unseen
    "\ud800-\udfff\U000e0000-\U000e007f]"  # halves of a broken encoding, tags
)
"""Signs that steer a terminal, end lines, turn the direction of writing, or can't be seen. Not the joiners U+200C
and U+200D, without which Persian, Hindi and some emoji can't be written."""

NO_MEMORY = ("failed to map segment", "cannot allocate memory", "out of memory", "std::bad_alloc")
UPGRADE = "where forecast was cloned: git pull && pip install -e ."
"""The hint for what only a newer program can read; forecast is on no index of packages."""
NO_THREADS = ("can't start new thread", "resource temporarily unavailable")


class ExitCode(IntEnum):
    """What the shell sees. Append only: cron jobs rely on the numbers."""

    DONE = 0
    BUG = 1
    USAGE = 2
    DEPENDENCY = 3
    NOT_FOUND = 4
    BAD_DATA = 5
    TRAINING = 6
    QUALITY_GATE = 7
    NOT_PROMOTED = 10
    LOCKED = 75
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class ForecastError(Exception):
    """One sentence that says what is wrong, and a hint: the exact flag or command that mends it."""

    exit_code = ExitCode.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        self.message, self.hint = printable(shortened(message)), printable(shortened(hint, LONGEST_HINT))
        super().__init__(self.message)
        if self.hint:
            self.add_note(f"hint: {self.hint}")  # where Python shows the error

    def tell_model(self, model: str) -> None:
        """Begins the message with the model that it is about, unless it does so by itself."""
        if model and not self.message.startswith((f"{model}:", f"{model} ")):
            self.message = f"{printable(model)}: {self.message}"
            self.args = (self.message,)

    def add(self, sentence: str) -> None:
        """Adds to the message what is true all the same."""
        self.message = f"{self.message} {printable(shortened(sentence))}"
        self.args = (self.message,)


@contextmanager
def naming(model: str) -> Iterator[None]:
    """Names the model in the message of an error of the block: who reads mail of forty jobs has to know which it is."""
    try:
        yield
    except ForecastError as error:
        error.tell_model(model)
        raise


class UsageError(ForecastError):
    """A flag or argument that can't be used as given."""

    exit_code = ExitCode.USAGE


class DependencyError(ForecastError):
    """A package or device that is needed is not there."""

    exit_code = ExitCode.DEPENDENCY


class NotFoundError(ForecastError):
    """A file, model or version that is named does not exist."""

    exit_code = ExitCode.NOT_FOUND


class DataError(ForecastError):
    """The data or a stored version can't be used as it is."""

    exit_code = ExitCode.BAD_DATA


class QuestionError(DataError):
    """Data that can be read in several ways, of which only a person can say which is meant.

    Attributes:
        answers: what each means, by its flags; by its value where all are values of one flag.
        flag: that one flag, for whose value a person on a terminal is asked; empty where there is none.
        is_worded: the hint names the answers in words of its own, instead of a command for each.
    """

    def __init__(self, message: str, answers: Mapping[str, str], *, flag: str = "", hint: str = "") -> None:
        """Takes what is asked, the answers, the likeliest first, and a hint where it has words of its own."""
        self.answers, self.flag, self.is_worded = dict(answers), flag, bool(hint)
        values = ", or ".join(f"{flag} {value}" for value in answers)
        super().__init__(message, hint or (values if flag else _either(answers)))


class NameTakenError(UsageError):
    """A name in the store stands for something else: the flags of each way out, and what it means."""

    def __init__(self, message: str, answers: Mapping[str, str]) -> None:
        """Takes what is wrong, and each way out as flags with what it means."""
        super().__init__(message, _either(answers))
        self.answers = dict(answers)


def _either(answers: Mapping[str, str]) -> str:
    """Returns a hint of flags and what they mean: ``--fill 0 (nothing was sold) or --fill previous (it stayed)``."""
    return " or ".join(f"{flags} ({meaning})" for flags, meaning in answers.items())


class TrainingError(ForecastError):
    """Training ended without a usable model: NaN loss, no memory."""

    exit_code = ExitCode.TRAINING


class TimeUpError(TrainingError):
    """The time that a run was given is up; nobody goes on with something else."""


class LockedError(ForecastError):
    """Another run holds the lock of this model."""

    exit_code = ExitCode.LOCKED


class Stopped(BaseException):
    """A signal ends the run: Ctrl-C, a terminal that is closed, systemd, or a shutdown. No library is to catch it.

    Attributes:
        number: of the signal.
        name: of the model that was worked on; empty where it was none.
        truth: what is true of the store, in a sentence.
    """

    def __init__(self, number: int) -> None:
        self.number, self.name, self.truth = number, "", "The store is as it was."
        super().__init__(f"stopped by {Signals(number).name}")


def error_of(code: ExitCode, message: str, hint: str = "") -> ForecastError:
    """Returns the error that ends with a code, as another process told it."""
    kinds = (UsageError, DependencyError, NotFoundError, DataError, TrainingError, LockedError)
    kind = next((kind for kind in kinds if kind.exit_code == code), ForecastError)
    return kind(message, hint)


def exit_code_of(error: BaseException) -> ExitCode:
    """Returns what the shell will see of an error."""
    if isinstance(error, ForecastError):
        return error.exit_code
    if isinstance(error, Stopped):
        return ExitCode(128 + error.number)
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if lacks_threads(error):
        return ExitCode.DEPENDENCY
    return ExitCode.TRAINING if lacks_memory(error) else ExitCode.BUG


def worded(error: Exception) -> ForecastError:
    """Returns an error of any kind as one that says what is wrong and what mends it."""
    if isinstance(error, ForecastError):
        return error
    if lacks_memory(error):
        hint = "fewer rows or columns; of networks, smaller --units, --window or --horizon; or ulimit -v with more"
        return TrainingError("There is not enough memory for this.", hint)
    if lacks_threads(error):
        return DependencyError("The system allows this user no more threads.", "ulimit -u with a larger number")
    hint = "run it again with --debug and report what it prints"
    return ForecastError(f"This is a bug in forecast: {type(error).__name__}: {error}", hint)


def lacks_memory(error: BaseException) -> bool:
    """Returns whether an error says that memory ran out.

    Python's and NumPy's say it by their kind, TensorFlow's by its name, and a library that can't be loaded in words.
    """
    named = any(kind.__name__ in {"ResourceExhaustedError", "ArrowMemoryError"} for kind in type(error).mro())
    return isinstance(error, MemoryError) or named or _says(error, NO_MEMORY)


def lacks_threads(error: BaseException) -> bool:
    """Returns whether an error says that the system allows no more threads."""
    return isinstance(error, RuntimeError | OSError) and _says(error, NO_THREADS)


def _says(error: BaseException, words: Iterable[str]) -> bool:
    """Returns whether an error of Python's or of the system's, or what led to it, holds some words."""
    while not isinstance(error, ImportError | OSError | RuntimeError | SystemError):
        if error.__cause__ is None:
            return False
        error = error.__cause__
    return any(word in str(error).lower() for word in words)


def printable(text: str) -> str:
    """Returns text, which may quote a file, on one line and without signs that would steer a terminal."""
    return text if text.isprintable() else STEERING.sub("�", text)


def printable_lines(text: str) -> str:
    """Returns text, which may quote a file, in its lines and without signs that would steer a terminal."""
    return "\n".join(map(printable, text.split("\n")))


def shortened(text: str, most: int = LONGEST) -> str:
    """Returns text of at most so many signs: its beginning and its end where it has more."""
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end - 3]} … {text[-end:]}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Returns ``" Did you mean 'x'?"`` for the closest of the known words, or an empty string."""
    meant = closest(word, known)
    return f" Did you mean '{meant}'?" if meant is not None else ""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Returns the closest of the known words; None where none is close."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None
