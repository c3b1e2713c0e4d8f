"""Documents from the disk as typed values, and back: what does not fit is named by its place (standard library only).

    decode(Frequency, {"unit": "day", "every": 0.5})  ->  ValueError: every is 0.5, not a whole number
    encode(Frequency("day"))                          ->  {"unit": "day", "every": 1, …}

A checksum says that nobody touched a document since it was sealed, not that a program wrote it. So nothing of it is
used before it has the type that the program would have given it: numbers are finite and no longer than 53 bits, texts
can be written as UTF-8, a record has all its fields and no other. A record that outlives the program that wrote it is a
``Document``, or where early programs wrote less, a ``PartialDocument``.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from forecast.errors import ForecastError

_T = TypeVar("_T")

LARGEST = 2**53
"""Whole numbers beyond are no count of anything, and no float holds them."""
_MOST = sys.float_info.max
SHOWN = 40
"""Signs of a wrong value that a message quotes."""
_LEFT_OUT = "left out"
MayLack: TypeAlias = Annotated[_T | None, _LEFT_OUT]
"""Of a field of a document, with None as its default: the document leaves it out, and never says null."""


class Document:
    """A record as a JSON object that other programs read and wrote: keys of newer ones are left aside."""


class PartialDocument(Document):
    """One of which early programs wrote less: a field that is not there has no value, and asking for it raises."""

    def get(self, name: str) -> Any:
        """Returns a field, or None where the document does not have it."""
        return vars(self).get(name)

    if not TYPE_CHECKING:  # or any name would pass for a field

        def __getattr__(self, name: str) -> Any:
            """Is reached only where there is no value.

            Raises:
                Exception: what ``decode`` was given as ``lacks``; of a name that is no field, AttributeError.
            """
            lacks = vars(self).get("_lacks")
            if lacks is None or name not in getattr(type(self), "__dataclass_fields__", {}):
                raise AttributeError(f"{type(self).__name__} has no {name}")
            raise lacks(name)


PLAIN = frozenset({str, int, float, bool, type(None)})
"""What JSON takes as it is."""
Lacks: TypeAlias = Callable[[str], Exception]


def _lacking(name: str) -> Exception:
    return ValueError(f"does not say what its '{name}' is")


def decode(kind: type[_T], value: Any, place: str = "", lacks: Lacks = _lacking) -> _T:
    """Returns a value of JSON as the type: dataclasses and tuples are built, all else is as it was.

    Args:
        kind: a dataclass, or any type made of those, of Literal, unions, lists, tuples, mappings, and of bool, int,
            float, str and None; object for what is not looked at.
        value: as ``json.loads`` gave it.
        place: what the value is called in messages.
        lacks: makes the error that is raised when somebody asks for what a ``PartialDocument`` does not have.

    Raises:
        ValueError: it is not of that type; the text names the place, what stands there, and what should.
    """
    return cast("_T", _decode(kind, value, place, lacks))


def encode(value: Any) -> Any:
    """Returns a value as ``json.dumps`` takes it: records as objects in the order of their fields."""
    if type(value) in PLAIN:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        values, left_out = vars(value), _may_lack(type(value))
        names = [field.name for field in fields(value) if field.name in values]
        return {name: encode(values[name]) for name in names if name not in left_out or values[name] is not None}
    if isinstance(value, Mapping):
        return {key: encode(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):  # thousands of names and numbers are plain
        return [inner if type(inner) in PLAIN else encode(inner) for inner in value]
    return value


def check_word(value: Any, words: Sequence[Any], place: str) -> None:
    """Refuses a value that is none of the words.

    Raises:
        ValueError: as ``decode`` does.
    """
    if not any(value == word and type(value) is type(word) for word in words):
        raise _wrong(place, value, f"one of {', '.join(map(str, words))}")


def fits(kind: Any, value: Any) -> bool:
    """Returns whether a value of JSON is of the type."""
    try:
        _decode(kind, value, "", _lacking)
    except ValueError:
        return False
    return True


def _decode(kind: Any, value: Any, place: str, lacks: Lacks) -> Any:
    if kind is Any or kind is object:
        return value
    if kind in _PLAIN:
        if not _is_plain(kind, value):
            raise _wrong(place, value, _PLAIN[kind])
        return value
    if is_dataclass(kind):
        return _record(kind, value, place, lacks)
    return _made_of(kind, get_origin(kind), value, place, lacks)


def _made_of(kind: Any, origin: Any, value: Any, place: str, lacks: Lacks) -> Any:
    """Returns a value of a type that is made of others."""
    inner = get_args(kind)
    if origin is Annotated:
        return _decode(get_args(inner[0])[0] if inner[1] is _LEFT_OUT else inner[0], value, place, lacks)
    if origin is Literal:
        check_word(value, inner, place)
        return value
    if origin in {Union, UnionType}:
        return _one_of(inner, value, place, lacks)
    if origin in {tuple, list, Sequence}:
        return _several(inner, origin, value, place, lacks)
    if origin in {dict, Mapping}:
        return {
            _decode(inner[0], key, place, lacks): _decode(inner[1], one, _within(place, key), lacks)
            for key, one in _mapping(value, place).items()
        }
    raise TypeError(f"no decoder for {kind}")


def _several(inner: tuple[Any, ...], origin: Any, value: Any, place: str, lacks: Lacks) -> Any:
    """Returns a list or a tuple."""
    if not isinstance(value, list | tuple):
        raise _wrong(place, value, "a list")
    if origin is tuple and inner[-1] is not Ellipsis:
        if len(value) != len(inner):
            raise _wrong(place, value, f"a list of {len(inner)}")
        pairs = enumerate(zip(inner, value, strict=True))
        return tuple(_decode(each, one, _within(place, i), lacks) for i, (each, one) in pairs)
    if inner[0] is str and all(type(one) is str for one in value) and "".join(value).isascii():
        decoded = value  # many series: no need to look at each
    else:
        decoded = [_decode(inner[0], one, _within(place, i), lacks) for i, one in enumerate(value)]
    return tuple(decoded) if origin is tuple else list(decoded)


def _one_of(kinds: tuple[Any, ...], value: Any, place: str, lacks: Lacks) -> Any:
    if value is None and NoneType in kinds:
        return None
    rest = [kind for kind in kinds if kind is not NoneType]
    for kind in rest[:-1]:
        if fits(kind, value):
            return _decode(kind, value, place, lacks)
    return _decode(rest[-1], value, place, lacks)


def _record(kind: Any, value: Any, place: str, lacks: Lacks) -> Any:
    hints, given = _hints(kind), _mapping(value, place)
    is_document, is_partial = issubclass(kind, Document), issubclass(kind, PartialDocument)
    for field in () if is_partial else fields(kind):
        if field.name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{_within(place, field.name)} is missing")
    strange = [name for name in given if name not in hints]
    if strange and not is_document:
        raise ValueError(f"{_within(place, strange[0])} is nothing that this program knows")
    known = {
        name: _decode(hints[name], one, _within(place, name), lacks) for name, one in given.items() if name in hints
    }
    if is_partial:
        return _partial(kind, known, lacks)
    try:
        return kind(**known)
    except ForecastError as error:  # what the record itself refuses
        raise ValueError(f"{place or kind.__name__} makes no sense: {error.message.rstrip('.')}") from error


def _partial(kind: Any, known: dict[str, Any], lacks: Lacks) -> Any:
    """Returns a partial document of what is known; fields without a value and a default have none."""
    made = object.__new__(kind)
    usual = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    usual |= {f.name: f.default_factory() for f in fields(kind) if f.default_factory is not MISSING}
    vars(made).update({**usual, **known, "_lacks": lacks})
    return made


_PLAIN: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    NoneType: "null",
}


def _is_plain(kind: Any, value: Any) -> bool:
    if kind is float:
        return type(value) in {int, float} and -_MOST <= value <= _MOST
    if kind is int:
        return type(value) is int and -LARGEST <= value <= LARGEST
    return type(value) is kind and (kind is not str or _is_unicode(value))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a sign, which JSON can write as \\ud800
        return False
    return True


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(place, value, "an object")
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


@cache
def _may_lack(kind: Any) -> frozenset[str]:
    """Returns the fields of a record that its document leaves out where they are None."""
    hints = _hints(kind).items()
    return frozenset(name for name, hint in hints if get_origin(hint) is Annotated and _LEFT_OUT in hint.__metadata__)


def _within(place: str, name: object) -> str:
    name = str(name)
    name = name if len(name) <= SHOWN else f"{name[:SHOWN]}…"
    return f"{place}.{name}" if place else name


def _wrong(place: str, value: Any, wanted: str) -> ValueError:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        shown = "a number that is too large"
    elif isinstance(value, dict | list):
        shown = "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    else:
        shown = repr(value) if len(repr(value)) <= SHOWN else f"{repr(value)[:SHOWN]}…"
    return ValueError(f"{place or 'it'} is {shown}, not {wanted}")
