"""Lists of names in one word, as flags take them, where the names themselves may hold commas.

a,b                 two names
Load, MW            one, where a column or series is called so
"Load, MW",price    two: quotes keep a name together
Load, MW,price      the same two, where there are such
"""

import re
import shlex
from collections.abc import Sequence

_PIECE = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,]*?))\s*(?:,|$)')


class UnknownNameError(Exception):
    """A name that is not among the known ones."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def split_names(text: str | None) -> tuple[str, ...]:
    """Returns the names of a list with commas, without blanks; a name in quotes may hold commas itself."""
    return tuple(name for name, _, _, _ in _pieces(text or ""))


def join_names(names: Sequence[str]) -> str:
    """Returns names as one list with commas, those that hold a comma in quotes; a lone name as it is."""
    return names[0] if len(names) == 1 else ",".join(map(among_others, names))


def among_others(name: str) -> str:
    """Returns a name as it stands in a list with others: in quotes where it holds a comma."""
    return '"{}"'.format(name.replace('"', '""')) if {",", '"'} & set(name) else name


def flag_value(names: Sequence[str]) -> str:
    """Returns a list of names as a shell takes it after a flag."""
    return shlex.quote(join_names(names))


def find_names(wanted: Sequence[str], known: Sequence[str], *, fold: bool = True) -> tuple[str, ...]:
    """Returns the known names that are wanted, as they are spelled.

    Args:
        wanted: Names, or lists of them: what is a name as a whole is taken for one.
        known: What there is.
        fold: Whether case may differ; where several differ from what is wanted in nothing else, the first is meant.

    Raises:
        UnknownNameError: One is not there.
    """
    spelled = {_key(name, fold=fold): name for name in reversed(known)} | {name: name for name in known}
    found: list[str] = []
    for text in wanted:
        whole = text.strip() if text not in spelled else text
        name = spelled.get(whole) or spelled.get(_key(whole, fold=fold))
        found += [name] if name is not None else _parts(text, spelled, fold=fold)
    return tuple(found)


def pieces_of(names: Sequence[str]) -> list[str]:
    """Returns all that stands between commas and quotes in names and lists of them, in small letters and in order.

    Two lists of the same names have the same pieces, whether they are split or not.
    """
    parts = [part for text in names for name in split_names(text) for part in name.split(",")]
    return sorted(part.strip().casefold() for part in parts)


def _parts(text: str, spelled: dict[str, str], *, fold: bool) -> list[str]:
    """Returns the names that a list is of, as many of its pieces to a name as there is one for.

    Raises:
        UnknownNameError: A piece belongs to no name.
    """
    pieces, found = _pieces(text), list[str]()
    while pieces:
        first, start, _, is_quoted = pieces[0]
        most = 1 if is_quoted else next((i for i, piece in enumerate(pieces) if piece[3]), len(pieces))
        for count in range(most, 0, -1):
            run = first if is_quoted else text[start : pieces[count - 1][2]].strip()
            name = spelled.get(run) or spelled.get(_key(run, fold=fold))
            if name is not None:
                break
        else:
            raise UnknownNameError(
                text.strip() if not found and len(pieces) > 1 and not _is_any(pieces, spelled) else first
            )
        found.append(name)
        pieces = pieces[count:]
    return found


def _is_any(pieces: Sequence[tuple[str, int, int, bool]], spelled: dict[str, str]) -> bool:
    return any(name in spelled or _key(name, fold=True) in spelled for name, *_ in pieces)


def _key(name: str, *, fold: bool) -> str:
    tight = re.sub(r"\s*,\s*", ",", name)
    return tight.casefold() if fold else tight


def _pieces(text: str) -> list[tuple[str, int, int, bool]]:
    """Returns each name of a list, where it begins and ends there, and whether it is in quotes."""
    found = []
    for match in _PIECE.finditer(text):
        quoted, plain = match[1], match[2]
        if quoted is not None:
            found.append((quoted.replace('""', '"').strip(), match.start(1), match.end(1), True))
        elif plain:
            found.append((plain, match.start(2), match.end(2), False))
    return [piece for piece in found if piece[0]]
