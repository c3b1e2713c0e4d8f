"""Addresses of data that is no file here, and the passwords in them, which nothing but a driver gets to see.

    postgresql://ann:${DATABASE_PASSWORD}@db.example:5432/shop?sslmode=require#public.sales
    ─scheme───   ─user─ ─reference──────  ─host───── port ─path ─options──────── ─table────

A password that is written out is taken out of the words of the command line before anything else sees them, and what
goes on, into the store too, is the name of an environment variable (stdlib only).
"""

import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from forecast.errors import UsageError, did_you_mean
from forecast.wording import joined

Database = Literal["postgresql", "mysql", "sqlite", "duckdb"]
DATABASES: Mapping[str, Database] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
}
OBJECTS = ("s3", "gs", "gcs", "az", "abfs", "https", "http")
SHOWN = ("postgresql", "mysql", "sqlite", "duckdb", "s3", "gs", "az", "https")
"""Schemes that messages name."""
FILES = ("sqlite", "duckdb")
"""Databases that are a file on this machine."""
LOCAL = (*FILES, "file")
"""Schemes of what lies on this machine, which have no host and so three slashes."""
PASSWORD, URL_PASSWORD = "DATABASE_PASSWORD", "URL_PASSWORD"
"""Variables that stand for a password that was written out."""
SECRETS = frozenset(
    (
        *("password", "passwd", "pwd", "sslpassword", "token", "access_token", "auth", "sig", "signature", "secret"),
        *("key", "api_key", "apikey", "x-amz-signature", "x-amz-security-token", "x-amz-credential"),
        *("x-goog-signature", "x-goog-credential"),
    )
)
"""Options of an address that are as good as a password."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SLASH = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):/(?!/)")
_FLAGGED = re.compile(rf"(?:--[\w-]+=|-[a-zA-Z])?{_SCHEME.pattern}")
CALLED = ("--ping-url", "--on-failure", "--cluster")
"""Flags whose values are called or run as they are."""
REFERENCE = re.compile(r"\$\{(file:)?([^{}]*)\}")
_OPTION = re.compile(r"[?&]([^=&#]+)=(\$\{[^{}]*\})(?=[&#]|$)")
_MADE = re.compile(rf"({PASSWORD}|{URL_PASSWORD}|URL_(?P<option>\w+?))(_\d+)?")
_USER = re.compile(r"(?P<user>[^:@/?#]*):(?P<password>.*)")


def scheme_of(text: str) -> str:
    """Returns the scheme of an address in lower case, without a driver; empty for a path."""
    found = _SCHEME.match(text)
    return found[1].lower().partition("+")[0] if found else ""


def is_address(text: str) -> bool:
    """Returns whether a name of data is no path: it begins as an address does."""
    return bool(scheme_of(text))


def address_of(path: object) -> str | None:
    """Returns the address that was taken for a path, which has lost a slash then; None of what is a path."""
    text = str(path)
    slashes = "///" if scheme_of(text.replace(":/", "://", 1)) in LOCAL else "//"
    text = _SLASH.sub(rf"\1:{slashes}", text)
    return text if is_address(text) else None


def is_database(text: str) -> bool:
    """Returns whether it is the address of a database."""
    return scheme_of(text) in DATABASES


def is_object(text: str) -> bool:
    """Returns whether it is the address of an object, such as ``s3://bucket/sales.csv``, or of a page."""
    return scheme_of(text) in OBJECTS


def check_scheme(text: str) -> None:
    """Refuses an address that nothing here reads.

    Raises:
        UsageError: it is one.
    """
    scheme = scheme_of(text)
    if scheme == "file":
        path = unquote(urlsplit(text).path)
        raise UsageError(f"{text} is a file on this machine.", f"{path} in place of it")
    if scheme not in DATABASES and scheme not in OBJECTS:
        known = joined([f"{each}://" for each in SHOWN], "or")
        meant = did_you_mean(scheme, [*DATABASES, *OBJECTS])
        raise UsageError(f"Nothing here reads {scheme}:// addresses.{meant}", f"a path, or an address with {known}")


def stem_of_address(text: str) -> str:
    """Returns what results of an address are called by: its table, its database, or the object's file name."""
    parts = urlsplit(text)
    if is_database(text) and parts.fragment:
        return unquote(parts.fragment).replace('"', "").rpartition(".")[2]
    last = unquote(parts.path).rstrip("/").rpartition("/")[2]
    return last or parts.hostname or "data"


def with_table(text: str, table: str) -> str:
    """Returns the address of a table in a database."""
    return f"{text.partition('#')[0]}#{quote(table, safe='.')}"


def table_of(text: str) -> str:
    """Returns the table that the address of a database names; empty for none."""
    return unquote(text.partition("#")[2])


def references(text: str) -> tuple[tuple[str, bool], ...]:
    """Returns what an address has looked up: each variable, or ``file:`` and a path, and whether a secret stands there.

    It does before the host, and in options that are called as such.
    """
    if not is_address(text):
        return ()
    start = text.index("://") + 3
    secret = range(start, start + max(0, _authority(text).rfind("@")))
    options = {found.span(2) for found in _OPTION.finditer(text) if found[1].lower() in SECRETS}
    return tuple(
        (f"{found[1] or ''}{found[2]}", found.start() in secret or found.span() in options)
        for found in REFERENCE.finditer(text)
    )


def host_of(text: str) -> str:
    """Returns the host of an address as it is written, in lower case: the bucket of an object, the path of a file."""
    if scheme_of(text) in LOCAL:
        return urlsplit(text).path
    return _authority(text).rpartition("@")[2].lower()


def is_made_name(name: str) -> bool:
    """Returns whether ``hide_secrets`` calls variables so, and so nobody calls another secret so."""
    found = _MADE.fullmatch(name)
    return bool(found and (not found["option"] or found["option"] in {_upper(each) for each in SECRETS}))


def _authority(text: str) -> str:
    """Returns user, password, host and port of an address."""
    rest = text.partition("://")[2]
    masked = REFERENCE.sub(lambda found: "x" * len(found[0]), rest)
    return rest[: len(re.split(r"[/?#]", masked, maxsplit=1)[0])]


def hide_all_secrets(words: Sequence[str], environ: MutableMapping[str, str]) -> list[str]:
    """Returns the words of a command line with references in place of passwords; see ``hide_secrets``."""
    pairs = zip(["", *words], words, strict=False)
    is_called = (before in CALLED or word.partition("=")[0] in CALLED for before, word in pairs)
    return [word if called else hide_secrets(word, environ) for word, called in zip(words, is_called, strict=True)]


def hide_secrets(text: str, environ: MutableMapping[str, str]) -> str:
    """Returns a word with references in place of the passwords in its address; they are put into the environment.

    Args:
        text: of the command line, a variable or a file of settings; it may begin with a flag.
        environ: where the values go. A variable that has another value stays, and the next number is taken.
    """
    found = _FLAGGED.match(text)
    if not found or ("$" in text and _is_settled(text)):
        return text
    scheme, rest = found[1].lower().partition("+")[0], text[found.end() :]
    is_base = scheme in DATABASES
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, sign, after = authority.rpartition("@")
    if not sign and is_base and _hides_password(authority, rest):
        user, sign, after = rest.rpartition("@")  # a password with / ? or # in it, as it is
        rest_after = after
    else:
        rest_after = rest[len(authority) - len(after) :]
    named = _USER.fullmatch(user)
    if sign and named and named["password"] and not REFERENCE.fullmatch(named["password"]):
        variable = _kept(PASSWORD if is_base else URL_PASSWORD, unquote(named["password"]), environ)
        user = f"{named['user']}:${{{variable}}}"
    elif sign and not named and not is_base and user and scheme in {"http", "https"} and not REFERENCE.search(user):
        user = f"${{{_kept(URL_PASSWORD, unquote(user), environ)}}}"  # a token alone
    bare, mark, options = rest_after.partition("?")
    if mark:
        options, hash_sign, fragment = options.partition("#")
        pairs = [_hidden(pair, environ) for pair in options.split("&")]
        options = "&".join(pairs) + hash_sign + fragment
    return f"{text[: found.end()]}{user}{sign}{bare}{mark}{options}"


def _hides_password(authority: str, rest: str) -> bool:
    """Returns whether what looks like a host and a port is a user with a password that has / ? or # in it."""
    _, colon, port = authority.partition(":")
    return bool(colon) and "@" in (rest.partition("?")[0] if port.isdecimal() else rest)


def _is_settled(text: str) -> bool:
    """Returns whether all that could be secret is a reference already."""
    bare = REFERENCE.sub("", text)
    return "@" not in bare.partition("://")[2].replace(":@", "") and "=" not in bare


def _hidden(pair: str, environ: MutableMapping[str, str]) -> str:
    name, equals, value = pair.partition("=")
    if name.lower() not in SECRETS or not value or REFERENCE.fullmatch(value):
        return pair
    variable = f"URL_{_upper(name)}"
    return f"{name}{equals}${{{_kept(variable, unquote(value), environ)}}}"


def _upper(option: str) -> str:
    return re.sub(r"\W", "_", option.upper())


def _kept(variable: str, value: str, environ: MutableMapping[str, str]) -> str:
    name, number = variable, 1
    while environ.get(name, value) != value:
        number += 1
        name = f"{variable}_{number}"
    environ[name] = value
    return name
