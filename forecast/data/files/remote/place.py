"""Where a database or an object is, its references looked up: what a driver takes, and nothing shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from forecast.addresses import DATABASES, FILES, REFERENCE, SECRETS, Database, scheme_of
from forecast.errors import DataError, UsageError


@dataclass(frozen=True)
class DatabasePlace:
    """A database, as its driver takes it; no text shows its password.

    Attributes:
        kind: of the database.
        address: what messages and the store call it, without a table.
        path: of the database: its name on a server, or the file.
        options: more that the address says, for the driver.
        variable: that the address names for the password; empty where it names none.
    """

    kind: Database
    address: str
    host: str
    port: int | None
    user: str
    path: str
    options: tuple[tuple[str, str], ...]
    secrets: tuple[str, ...]
    password: str | None
    variable: str

    @property
    def unset(self) -> str:
        """What is to be said of the variable where it is not set: the driver has looked elsewhere then."""
        return f"{self.variable} is not set; " if self.variable and self.password is None else ""

    def __repr__(self) -> str:
        return f"DatabasePlace({self.address})"

    def scrubbed(self, text: object) -> str:
        """Returns what a driver says, on one line, without what is secret."""
        line = " ".join(str(text).split())
        for secret in filter(None, (self.password, *self.secrets)):
            line = line.replace(secret, "***").replace(quote(secret, safe=""), "***")
        return line


def settled(text: str) -> str:
    """Returns the address with the path of a database file from the root on: a command elsewhere finds it again.

    Raises:
        UsageError: it names no file.
    """
    if scheme_of(text) not in FILES:
        return text
    bare, sign, table = text.partition("#")
    path = unquote(urlsplit(bare).path)
    if not path.strip("/") or urlsplit(bare).netloc:
        hint = f"{scheme_of(text)}:///FILE, or {scheme_of(text)}:////ABSOLUTE/FILE"
        raise UsageError(f"{bare} names no file.", hint)
    return f"{scheme_of(text)}:///{quote(str(Path(path[1:]).absolute()))}{sign}{table}"


def place_of(text: str, environ: Mapping[str, str]) -> DatabasePlace:
    """Returns where a database is, its references looked up.

    Raises:
        UsageError: a variable is not set, or its port is no number.
        DataError: a file that holds a secret can't be read.
    """
    bare = settled(text).partition("#")[0]
    masked = REFERENCE.sub(lambda found: found[0].replace("/", "\x01").replace("?", "\x02"), bare)
    parts = urlsplit(masked)
    kind = DATABASES[scheme_of(bare)]
    user, _, secret = parts.netloc.rpartition("@")[0].partition(":")
    found, variable = _password(_unmasked(secret), environ)

    def value(part: str) -> str:
        return _looked_up(unquote(_unmasked(part)), environ)

    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError(f"The port in {bare} is no number.", "a port such as :5432, or none") from None
    options = tuple((name, value(given)) for name, given in parse_qsl(parts.query, keep_blank_values=True))
    secrets = tuple(given for name, given in options if name.lower() in SECRETS)
    path = value(parts.path.removeprefix("/"))
    return DatabasePlace(
        kind, bare, value(_cased(parts.netloc, host)), port, value(user), path, options, secrets, found, variable
    )


def _cased(netloc: str, host: str) -> str:
    """Returns the host as it is written: the name of a variable has its case."""
    start = netloc.rpartition("@")[2]
    found = start.lower().find(host)
    return start[found : found + len(host)] if found >= 0 else host


def _unmasked(part: str) -> str:
    return part.replace("\x01", "/").replace("\x02", "?")


def _password(text: str, environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Returns the password, and the variable that should hold it; where that is not set, the driver looks elsewhere."""
    found = REFERENCE.fullmatch(text)
    variable = found[2] if found and not found[1] else ""
    if variable and variable not in environ:
        return None, variable
    return (_looked_up(unquote(text), environ) if text else None), variable


def _looked_up(text: str, environ: Mapping[str, str]) -> str:
    """Returns a text with what its references stand for.

    Raises:
        UsageError: a variable is not set.
        DataError: a file can't be read.
    """

    def content(found: re.Match[str]) -> str:
        name = found[2]
        if found[1]:
            try:
                return Path(name).read_text(encoding="utf-8").strip("\r\n")
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "it is no text"
                raise DataError(f"The file {name} can't be read: {reason}.", f"ls -l {name}") from None
        if name not in environ:
            raise UsageError(f"The variable {name} is not set.", f"export {name}=VALUE")
        return environ[name]

    return REFERENCE.sub(content, text)


def object_url(text: str, environ: Mapping[str, str]) -> str:
    """Returns the address of an object with what its references stand for, as it may never be shown.

    Raises:
        UsageError: a variable is not set.
        DataError: a file that holds a secret can't be read.
    """

    def quoted(found: re.Match[str]) -> str:
        return quote(_looked_up(found[0], environ), safe="")

    return REFERENCE.sub(quoted, text)
