"""What the scripts of this folder share: constants and their other values, panels, origins, errors and the table.

A script is a list of constants with other values, the cases they are judged on and what is measured there:

    STUDIES = (Study((Constant("forecast.models.classical.theta", "THETA", (0.0, 0.2, 0.6, 1.0)),), cases, errors),)

    if __name__ == "__main__":
        main(__doc__, STUDIES)

Each constant is replaced in the program itself, one at a time, and what is measured runs through the program's own
code. A constant that is not there any more, that no function reads, or that changes nothing whatever its value ends
the script with an error: a table can't be about something else than it says.

What they are judged on comes from ``held_back``.

Shapes: ``U`` units (mostly series) whose errors are compared pair by pair.
"""

import argparse
import ast
import gc
import sys
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.run import ALONE, SILENT, Cache, Run
from forecast.specs import Machine

FloatArray = NDArray[np.float64]
NOISE, WORTH = 2.0, 0.1
"""Another value is better where it gains more than so many standard errors, and more than so many per cent."""
COMPILED = ("training loops", "initial weights", "smoothing maps")
"""What the program keeps that hangs on no constant, or on traced ones only."""


@dataclass(frozen=True)
class Constant:
    """A number of the program that was chosen, and other values that it might have.

    Attributes:
        module: that defines it.
        name: of it there; ``Record.field`` for the default of a frozen record's field.
        values: others, one of them so far off that it must show.
        item: the place or key of one number of a tuple, an array or a dictionary.
        cases: names of the cases that it matters to begin with one of these; all where there is none.
        traced: it is compiled into the training loop, which is then compiled anew for each value.
    """

    module: str
    name: str
    values: tuple[Any, ...]
    item: Hashable = None
    cases: tuple[str, ...] = ()
    traced: bool = False

    @property
    def label(self) -> str:
        """Such as ``exponential.THETA`` or ``seasonality.KEPT[0]``."""
        item = "" if self.item is None else f"[{' '.join(self.item) if isinstance(self.item, tuple) else self.item}]"
        return f"{self.module.rsplit('.', 1)[-1]}.{self.name}{item}"

    @property
    def today(self) -> Any:
        """The value that the program has.

        Raises:
            LookupError: there is no such constant, or no function reads it.
        """
        whole = _whole(self.module, self.name)
        if not _is_read(self.module, self.name):
            raise LookupError(f"No function of forecast reads {self.label} when it runs.")
        try:
            return whole if self.item is None else whole[self.item]
        except (LookupError, TypeError) as error:
            raise LookupError(f"{self.module}.{self.name} has no item {self.item!r}.") from error


@dataclass(frozen=True, eq=False)
class Study:
    """Constants that are judged alike.

    Attributes:
        constants: with their other values.
        cases: returns what they are judged on, by name, several in a tuple counting as one; fewer and smaller where it
            is to be quick.
        errors: returns the errors on a case, (U,); NaN for a unit that has none.
        pooled: all cases count as one, as costs do that may be nothing on some.
        most: so many values of each constant, the first ones, where it is to be quick; None for all.
    """

    constants: tuple[Constant, ...]
    cases: Callable[[bool], dict[str, Any]]
    errors: Callable[[Any], FloatArray]
    pooled: bool = False
    most: int | None = None


@dataclass(frozen=True)
class Change:
    """By how many per cent errors are larger with another value, and the standard error of that."""

    value: Any
    percent: float
    error: float
    is_idle: bool


def main(doc: str | None, studies: Sequence[Study]) -> None:
    """Prints the table of some studies; ends with an error where a constant changed nothing."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few series: under a minute on one core")
    parser.add_argument("--only", default="", help="constants whose label holds this")
    parser.add_argument("--each", action="store_true", help="the change on each case beside that on all")
    given = parser.parse_args()
    began, idle = time.process_time(), []
    how = " --quick" if given.quick else ""
    print(f"`python benchmarks/tuning/{Path(sys.argv[0]).name}{how}`, {datetime.now(UTC):%-d %B %Y}\n")
    print("| constant | today | by how many per cent errors are larger with another value | today's value is |")
    print("|---|---|---|---|", flush=True)
    for study in studies:
        constants = [each for each in study.constants if given.only in each.label]
        if not constants:
            continue
        cases = study.cases(given.quick)
        _kept[:] = [CompiledOnly()]
        today = {name: _all_errors(study, case) for name, case in cases.items()}
        for constant in constants:
            some = {name: case for name, case in cases.items() if not constant.cases or name.startswith(constant.cases)}
            values = constant.values[: study.most] if given.quick else constant.values
            changes = [changed(study, constant, value, some, today, given.each) for value in values]
            said = "; ".join(f"{shown(c.value)}: {c.percent:+.2f} ± {c.error:.2f}" for c in changes)
            print(f"| `{constant.label}` | {shown(constant.today)} | {said} | {verdict(changes)} |", flush=True)
            if all(each.is_idle for each in changes):
                idle.append(constant.label)
    print(f"\n{time.process_time() - began:.0f} s of one core", flush=True)
    if idle:
        sys.exit(f"error: no value changes anything of {', '.join(idle)}: they are not read here.")


def changed(
    study: Study,
    constant: Constant,
    value: Any,
    cases: dict[str, Any],
    today: dict[str, FloatArray],
    each: bool = False,
) -> Change:
    """Returns the geometric mean over cases of the errors with another value over those with today's.

    The standard error is that of ratios of means over pairs of units, case by case, or that of the mean over cases:
    whichever is larger.
    """
    if not cases:
        raise LookupError(f"No case begins with {constant.cases}.")
    with replaced(constant, value):
        pairs = {name: (_all_errors(study, case), today[name]) for name, case in cases.items()}
    is_idle = all(np.array_equal(*pair, equal_nan=True) for pair in pairs.values())
    if study.pooled:
        pairs = {"all": tuple(np.concatenate(side) for side in zip(*pairs.values(), strict=True))}
    logs, errors = np.array([_compared(*pair) for pair in pairs.values()]).T
    for name, log, error in zip(pairs, logs, errors, strict=True):
        if each:
            print(f"    {constant.label} {shown(value)}, {name}: {100 * np.expm1(log):+.2f} ± {100 * error:.2f}")
    error = float((errors**2).sum()) ** 0.5 / len(logs)
    if len(logs) > 2:
        error = max(error, float(np.std(logs, ddof=1)) / len(logs) ** 0.5)
    return Change(value, 100 * float(np.expm1(logs.mean())), 100 * error, is_idle)


def _compared(new: FloatArray, old: FloatArray) -> tuple[float, float]:
    """Returns the logarithm of the ratio of the means of errors, (U,) each, and its standard error."""
    known = np.isfinite(new) & np.isfinite(old)
    after, before = new[known], old[known]
    if not before.size or before.mean() <= 0:
        return 0.0, 0.0
    ratio = max(float(after.mean() / before.mean()), 1e-6)
    spread = np.std(after - ratio * before) / before.size**0.5 / before.mean()
    return float(np.log(ratio)), float(spread / ratio)


def _all_errors(study: Study, case: Any) -> FloatArray:
    """Returns the errors on a case, or on several that are judged as one."""
    return np.concatenate([study.errors(one) for one in case]) if isinstance(case, tuple) else study.errors(case)


def verdict(changes: Sequence[Change]) -> str:
    """Returns what other values say of today's."""
    if all(each.is_idle for each in changes):
        return "**not read here**"
    better = [each for each in changes if -each.percent > max(NOISE * each.error, WORTH)]
    if better:
        return f"**worse than {shown(min(better, key=lambda each: each.percent).value)}**"
    return "best" if min(each.percent for each in changes) >= 0 else "within noise of the best"


def shown(value: Any) -> str:
    """Returns a value as a table shows it."""
    if isinstance(value, np.ndarray):
        return f"{len(value)} from {shown(value.min())} to {shown(value.max())}"
    if isinstance(value, tuple):
        return f"({', '.join(map(shown, value))})"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


# --- constants ---------------------------------------------------------------------------------------------------


@contextmanager
def replaced(constant: Constant, value: Any) -> Iterator[None]:
    """Lets the program run with another value of a constant, wherever it has been imported to.

    Raises:
        LookupError: there is no such constant, or no function reads it.
    """
    _ = constant.today
    whole = _whole(constant.module, constant.name)
    new = value if constant.item is None else _with_item(whole, constant.item, value)
    if "." in constant.name:
        places = _fields(constant.module, *constant.name.split("."), new)
    else:
        places = _globals(constant.module, constant.name, new)
    try:
        for put, _ in places():
            put()
        if constant.traced:
            _kept[:] = [CompiledOnly()]
        yield
    finally:
        for _, take_back in places():
            take_back()
        if constant.traced:
            _kept[:] = [CompiledOnly()]


class CompiledOnly(Cache):
    """Keeps what hangs on no constant, or on traced ones only."""

    def get(self, shelf: str, key: Hashable, make: Callable[[], Any], most: int) -> Any:
        """Returns what was made before of what is kept, and makes all else anew."""
        return super().get(shelf, key, make, most) if shelf in COMPILED else make()


_kept = [CompiledOnly()]


def run_with(room: int) -> Run:
    """Returns what networks are trained with, one after the other; their compiled loops outlive a constant's value."""
    return Run(Machine(room=room), SILENT, ALONE.clock, _kept[-1])


def _whole(module: str, name: str) -> Any:
    try:
        home = import_module(module)
    except ModuleNotFoundError as error:
        raise LookupError(f"There is no module {module} any more.") from error
    record, _, field = name.partition(".")
    if not hasattr(home, record):
        raise LookupError(f"{module} has no {record} any more.")
    found = getattr(home, record)
    if not field:
        return found
    if not is_dataclass(found) or field not in {each.name for each in fields(found)}:
        raise LookupError(f"{module}.{record} has no field {field} any more.")
    return signature(found).parameters[field].default


def _with_item(whole: Any, item: Any, value: Any) -> Any:
    if isinstance(whole, dict):
        return whole | {item: value}
    changed_ = list(whole)
    changed_[item] = value
    return np.array(changed_) if isinstance(whole, np.ndarray) else tuple(changed_)


Place = tuple[Callable[[], None], Callable[[], None]]


def _globals(module: str, name: str, new: Any) -> Callable[[], list[Place]]:
    """Returns a function that tells, of all modules that have been loaded, how to put the value in and take it out."""
    old = getattr(import_module(module), name)

    def places() -> list[Place]:
        found: list[Place] = []
        for where, own in _names(module, name):
            if where in sys.modules:
                names = vars(sys.modules[where])
                found.append(
                    (lambda names=names, own=own: names.update({own: new}), lambda n=names, o=own: n.update({o: old}))
                )
        return found

    return places


def _fields(module: str, record: str, field: str, new: Any) -> Callable[[], list[Place]]:
    """Returns the same for the default of a field, and for all instances that have it."""
    cls = getattr(import_module(module), record)
    start, keywords = cls.__init__, cls.__init__.__kwdefaults__
    defaults, names = start.__defaults__ or (), [each.name for each in fields(cls) if each.init]
    old = signature(cls).parameters[field].default
    with_default = names[len(names) - len(defaults) :]
    other = tuple(new if name == field else value for name, value in zip(with_default, defaults, strict=True))
    instances = [each for each in gc.get_objects() if type(each) is cls and getattr(each, field) is old]

    def put(values: Any, value: Any) -> None:
        start.__defaults__ = values
        if keywords and field in keywords:
            keywords[field] = value
        if not hasattr(cls, "__slots__"):
            setattr(cls, field, value)
        for each in instances:
            object.__setattr__(each, field, value)

    return lambda: [(lambda: put(other, new), lambda: put(defaults, old))]


def _is_read(module: str, name: str) -> bool:
    field = name.partition(".")[2]
    if field:
        return any(field in attributes for _, _, attributes in _sources().values())
    home = module.rsplit(".", 1)[-1]
    for where, own in _names(module, name):
        if own in _sources()[where][1]:
            return True
    return any(f"{home}.{name}" in attributes for _, _, attributes in _sources().values())


def _names(module: str, name: str) -> list[tuple[str, str]]:
    """Returns the modules that have a name of another one, and how they call it; its own first."""
    found = [(module, name)]
    for where, (imports, _, _) in _sources().items():
        found += [(where, own) for source, original, own in imports if (source, original) == (module, name)]
    return found


@cache
def _sources() -> dict[str, tuple[tuple[tuple[str, str, str], ...], frozenset[str], frozenset[str]]]:
    """Returns of each module what it imports by name, and the names and attributes that its functions read."""
    root = Path(import_module("forecast").__file__ or "").parent
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        tree = ast.parse(path.read_text())
        imports = [
            (node.module or "", alias.name, alias.asname or alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        ]
        names, attributes = set(), set()
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Lambda)):
            for part in function.body if isinstance(function, ast.FunctionDef) else [function.body]:
                for node in ast.walk(part):
                    if isinstance(node, ast.Name):
                        names.add(node.id)
                    elif isinstance(node, ast.Attribute):
                        attributes.add(node.attr)
                        if isinstance(node.value, ast.Name):
                            attributes.add(f"{node.value.id}.{node.attr}")
        module = ".".join(parts).removesuffix(".__init__")
        found[module] = (tuple(imports), frozenset(names), frozenset(attributes))
    return found
