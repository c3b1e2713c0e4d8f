"""Documents from the disk as typed values: what does not fit is named by its place (standard library only).

    decode(Frequency, {"unit": "day", "every": 0.5})  ->  ValueError: every is 0.5, not a whole number

A checksum says that nobody touched a document since it was sealed, not that a program wrote it. So nothing of it is
used before it has the type that the program would have given it: numbers are finite and no longer than 53 bits, texts
can be written as UTF-8, a record has all its fields and no other.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from forecast.errors import ForecastError

_T = TypeVar("_T")

LARGEST = 2**53
"""Whole numbers beyond are no count of anything, and no float holds them."""
_MOST = sys.float_info.max
SHOWN = 40
"""Signs of a wrong value that a message quotes."""


def decode(kind: type[_T], value: Any, place: str = "") -> _T:
    """Returns a value of JSON as the type: dataclasses and tuples are built, all else is as it was.

    Args:
        kind: a dataclass, a TypedDict (whose unknown keys are left as they are), or any type made of those, of
            Literal, unions, lists, tuples, mappings, and of bool, int, float, str and None.
        value: as ``json.loads`` gave it.
        place: what the value is called in messages.

    Raises:
        ValueError: it is not of that type; the text names the place, what stands there, and what should.
    """
    return cast("_T", _decode(kind, value, place))


def fits(kind: Any, value: Any) -> bool:
    """Returns whether a value of JSON is of the type."""
    try:
        _decode(kind, value, "")
    except ValueError:
        return False
    return True


def _decode(kind: Any, value: Any, place: str) -> Any:
    if kind is Any or kind is object:
        return value
    if kind in _PLAIN:
        if not _is_plain(kind, value):
            raise _wrong(place, value, _PLAIN[kind])
        return value
    if is_typeddict(kind):
        return _typed_dict(kind, value, place)
    if is_dataclass(kind):
        return _record(kind, value, place)
    return _made_of(kind, get_origin(kind), value, place)


def _made_of(kind: Any, origin: Any, value: Any, place: str) -> Any:
    """Returns a value of a type that is made of others."""
    inner = get_args(kind)
    if origin is Literal:
        if not any(value == word and type(value) is type(word) for word in inner):
            raise _wrong(place, value, f"one of {', '.join(map(str, inner))}")
        return value
    if origin in {Union, UnionType}:
        return _one_of(inner, value, place)
    if origin in {tuple, list, Sequence}:
        if not isinstance(value, list | tuple):
            raise _wrong(place, value, "a list")
        if origin is tuple and inner[-1] is not Ellipsis:
            if len(value) != len(inner):
                raise _wrong(place, value, f"a list of {len(inner)}")
            return tuple(_decode(each, one, _within(place, i)) for i, (each, one) in enumerate(zip(inner, value)))  # noqa: B905 - lengths are compared above
        if inner[0] is str and all(type(one) is str for one in value) and "".join(value).isascii():
            decoded = value  # many series: no need to look at each
        else:
            decoded = [_decode(inner[0], one, _within(place, i)) for i, one in enumerate(value)]
        return tuple(decoded) if origin is tuple else list(decoded)
    if origin in {dict, Mapping}:
        return {
            _decode(inner[0], key, place): _decode(inner[1], one, _within(place, key))
            for key, one in _mapping(value, place).items()
        }
    raise TypeError(f"no decoder for {kind}")


def _one_of(kinds: tuple[Any, ...], value: Any, place: str) -> Any:
    if value is None and NoneType in kinds:
        return None
    rest = [kind for kind in kinds if kind is not NoneType]
    for kind in rest[:-1]:
        if fits(kind, value):
            return _decode(kind, value, place)
    return _decode(rest[-1], value, place)


def _typed_dict(kind: Any, value: Any, place: str) -> dict[str, Any]:
    hints, given = _hints(kind), dict(_mapping(value, place))
    for name in kind.__required_keys__ - given.keys():
        raise ValueError(f"{_within(place, name)} is missing")
    for name in given.keys() & hints.keys():
        given[name] = _decode(hints[name], given[name], _within(place, name))
    return given


def _record(kind: Any, value: Any, place: str) -> Any:
    hints, given = _hints(kind), _mapping(value, place)
    for field in fields(kind):
        if field.name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{_within(place, field.name)} is missing")
    strange = [name for name in given if name not in hints]
    if strange:
        raise ValueError(f"{_within(place, strange[0])} is nothing that this program knows")
    try:
        return kind(**{name: _decode(hints[name], one, _within(place, name)) for name, one in given.items()})
    except ForecastError as error:  # what the record itself refuses
        raise ValueError(f"{place or kind.__name__} makes no sense: {error.message.rstrip('.')}") from error


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
    return get_type_hints(kind)


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
