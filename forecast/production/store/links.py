"""Links in shared folders: whose they are, and which are not written through (standard library only)."""

import os
import stat
from pathlib import Path

from forecast.errors import DataError

ROOT = 0
"""The number of the user who may do everything anyway."""


def check_links(path: Path, flag: str = "-o FILE") -> None:
    """Refuses a path that leads through a link of somebody else, who decides what would be replaced.

    What counts as one's own are links of one's own and of root; of the folders above, also links of the owner of the
    folder that they are in, as the kernel has it in shared folders.

    Raises:
        DataError: There is such a link.
    """
    trusted = {ROOT, os.geteuid()}
    last = path.absolute()
    for place in (last, *last.parents):
        try:
            status = place.lstat()
            above = place.parent.stat().st_uid
        except (OSError, ValueError):
            continue  # whoever opens it is told why
        mine = trusted if place == last else trusted | {above}
        if stat.S_ISLNK(status.st_mode) and status.st_uid not in mine:
            raise DataError(
                f"{place} is a link of {user_name(status.st_uid)}, and nothing is written through links of others.",
                f"remove the link, or choose another place with {flag}",
            )


def link_out_of(folder: Path, root: Path) -> Path | None:
    """Returns the first link in a folder, whatever its depth, that leads to somewhere outside of another; else None.

    Args:
        folder: need not be there.
        root: without a link on its way.
    """
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                return path
    return None


def user_name(number: int) -> str:
    """Returns what a user is called, as in ``the user mallory``."""
    try:
        import pwd  # noqa: PLC0415 - Windows has none

        return f"the user {pwd.getpwuid(number).pw_name}"
    except (ImportError, KeyError):
        return f"the user {number}"
