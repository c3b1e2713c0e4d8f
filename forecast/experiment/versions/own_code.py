"""Code of the user in a model: a recurrent cell from a Python file. It is run only where it was named.

    forecast train sales.csv --model my_cells.py:MyCell      named here, kept as code/my_cells.py with the version
    forecast --cells my_cells.py:MyCell predict sales        and named again by whoever uses the version

A version keeps the file and its digest. Nothing ever runs the copy by itself: whoever lost the file may name the copy.
"""

import importlib.util
import re
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from forecast.decoding import Document, decode
from forecast.errors import DataError, DependencyError, NotFoundError, UsageError, did_you_mean
from forecast.models.ensemble import EnsembleModel
from forecast.models.forecaster import Issuable
from forecast.models.networks.cells import CELLS
from forecast.models.networks.cells.cell import OwnCode, RecurrentCell
from forecast.models.registry import MODELS
from forecast.production.store.version import Version, unreadable

FOLDER = "code"
"""Of a version, where the files are kept."""
_NAMED = re.compile(r"(?P<path>.+\.py):(?P<name>[A-Za-z_]\w*)")


@dataclass(frozen=True)
class CodeEntry(Document):
    """What a manifest says of a cell that is a user's code.

    Attributes:
        cell: its name.
        file: without folders.
        name: of the cell in the file.
        sha256: of the file's content.
    """

    cell: str
    file: str
    name: str
    sha256: str


def is_own(word: str) -> bool:
    """Tells whether a word names a cell in a file: ``FILE.py:NAME``."""
    return _NAMED.fullmatch(word) is not None


def named_cell(word: str, *, must_name: bool = False) -> str:
    """Returns the name of a model: of ``FILE.py:NAME``, whose file is run, that of the cell in it.

    Args:
        word: such a name, or that of a model of this program.
        must_name: refuse what is no ``FILE.py:NAME``.

    Raises:
        UsageError: there is no such file or cell, or its code fails.
    """
    named = _NAMED.fullmatch(word)
    if named is None:
        if must_name:
            raise UsageError(f"--cells '{word}' names no cell in a file.", "--cells my_cells.py:MyCell")
        return word
    path, name = Path(named["path"]), named["name"]
    content = _read(path)
    if re.search(rb"\b(keras|tensorflow)\b", content):
        importlib.import_module("forecast.models.networks.tensorflow")  # quietly, before the file does
    code = OwnCode(path.name, name, content, word)
    return register_own(_of_module(_run(path, content, code.digest), name, path), code)


def register_own(made: Any, code: OwnCode, called: str | None = None) -> str:
    """Adds a cell of a user to those that are found by name, and returns that name.

    Args:
        made: a record, or what makes a Keras layer of so many units.
        code: that it is.
        called: its name; that of the code if left out.

    Raises:
        UsageError: it is no cell, or has the name of a model of this program.
    """
    if isinstance(made, RecurrentCell):
        record = replace(made, own=code)
    elif callable(made):
        from forecast.models.networks.own.own_layers import own_cell  # imports TensorFlow

        record = own_cell(called or code.name, made, code)
    else:
        raise UsageError(f"{code.name} is no recurrent cell.", "a Keras layer class, or a RecurrentCell")
    if record.name in MODELS and record.name not in CELLS.unlisted:
        raise UsageError(f"There is a model called '{record.name}' already.", "give the cell another name")
    CELLS.add_unlisted(record)
    return record.name


def spelled_cell(model: str) -> str:
    """Returns a model as the command line takes it: a cell of the user by its file."""
    own = CELLS[model].own if model in CELLS.unlisted else None
    return own.path if own and own.path else model


def own_code_of(model: Issuable) -> dict[str, OwnCode]:
    """Returns the user's code in a model, by cell."""
    parts = model.parts if isinstance(model, EnsembleModel) else ()
    cells = dict.fromkeys(part.spec.cell for part in parts if part.spec.is_recurrent)
    return {cell: own for cell in cells if (own := CELLS[cell].own)}


def code_entries(model: Issuable) -> tuple[CodeEntry, ...]:
    """Returns what a manifest says of the user's code in a model."""
    return tuple(CodeEntry(cell, own.file, own.name, own.digest) for cell, own in own_code_of(model).items())


def code_files(model: Issuable) -> dict[str, bytes]:
    """Returns the user's code in a model as files of a version."""
    return {f"{FOLDER}/{own.file}": own.content for own in own_code_of(model).values()}


def cells_words(version: Version) -> tuple[str, ...]:
    """Returns the words before the verb of a command that loads a version: ``--cells FILE.py:NAME`` of own cells."""
    words: list[str] = []
    for entry in _entries(version):
        own = CELLS[entry.cell].own if entry.cell in CELLS else None
        words += ["--cells", own.path if own and own.path else f"{entry.file}:{entry.name}"]
    return tuple(words)


def given_cells() -> tuple[str, ...]:
    """Returns the words before the verb of a command that needs the cells which this one was given."""
    paths = (own.path for cell in CELLS.unlisted if (own := CELLS[cell].own) and own.path)
    return tuple(word for path in paths for word in ("--cells", path))


def check_code(version: Version, verb: str = "predict") -> None:
    """Refuses a version that needs code of the user which was not named, or is not what it was.

    Raises:
        DependencyError: it needs code that nobody named.
        DataError: the file that was named is another one.
    """
    for entry in _entries(version):
        kept, title = version.folder / FOLDER / entry.file, f"{version.name} {version.label}"
        if entry.cell not in CELLS:
            raise DependencyError(
                f"{title} needs {entry.name} of {entry.file}: code of your own, which is run only where you name it.",
                f"forecast --cells {entry.file}:{entry.name} {verb} {version.name}, in Python "
                f"register_cell({entry.name})",
            )
        own = CELLS[entry.cell].own
        if own is None or own.digest != entry.sha256:
            digest = own.digest[:12] if own else "none"
            raise DataError(
                f"{title} was trained with another {entry.file} (sha256 {entry.sha256[:12]}, not {digest}).",
                f"the file as it was: forecast --cells {shlex.quote(f'{kept}:{entry.name}')} {verb} {version.name}",
            )


def _entries(version: Version) -> tuple[CodeEntry, ...]:
    document = version.document.get("code")
    if not document:
        return ()
    try:
        return decode(tuple[CodeEntry, ...], document, "code")
    except ValueError as error:
        raise unreadable(version.name, version.label, "manifest.json", error) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().replace(b"\r\n", b"\n")
    except FileNotFoundError:
        raise NotFoundError(f"There is no file {path}.", "--model FILE.py:NAME with the path of your file") from None
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror}.", f"ls -l {path}") from None


def _run(path: Path, content: bytes, digest: str) -> ModuleType:
    """Returns the module that a file is, once it has run.

    Raises:
        UsageError: it fails.
    """
    called = f"forecast_cells_{digest[:12]}"
    spec = importlib.util.spec_from_loader(called, loader=None, origin=str(path))
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(path.absolute())
    sys.modules[called] = module  # Keras and dataclasses look for the module of a class
    try:
        exec(compile(content, str(path), "exec"), module.__dict__)
    except Exception as error:
        del sys.modules[called]
        line = _line_in(path, error)
        raise UsageError(f"{path}{line}: {type(error).__name__}: {error}", f"python {path} shows where") from error
    return module


def _line_in(path: Path, error: Exception) -> str:
    """Returns the line of the file at which an error arose, as a message shows it."""
    if isinstance(error, SyntaxError):
        return f" line {error.lineno}"
    trace, line = error.__traceback__, None
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == str(path) else line
        trace = trace.tb_next
    return "" if line is None else f" line {line}"


def _of_module(module: ModuleType, name: str, path: Path) -> Any:
    if not hasattr(module, name):
        known = [own for own, value in vars(module).items() if _may_be_cell(value, module)]
        meant = did_you_mean(name, known)
        raise UsageError(f"{path} has no {name}.{meant}", ", ".join(f"{path}:{own}" for own in known or ["MyCell"]))
    return getattr(module, name)


def _may_be_cell(value: object, module: ModuleType) -> bool:
    """Tells whether a value of a module is a record or something that the file itself wrote and that can be called."""
    return isinstance(value, RecurrentCell) or (callable(value) and value.__module__ == module.__name__)
